"""Painting over neighbours in a model's input, so that the model sees one person only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

# Width of a limb over the size of the person [-].
_LIMB = 0.08
# Width of the head over the size of the person [-].
_HEAD = 0.14
# Value of all channels where a body is painted over: the usual padding of YOLO models.
_GREY = 114
# Joints farther from the image are clipped to this [px], for the sake of whole numbers.
_MAX_COORDINATE = 1e4
# Binary digits of fractions of pixels that are drawn.
_SHIFT = 4
# In COCO-17: the trunk, the limbs from it outwards, and the face.
_TRUNK = (5, 6, 12, 11)
_LIMBS = ((5, 7, 9), (6, 8, 10), (11, 13, 15), (12, 14, 16))
_FACE = (0, 1, 2, 3, 4)


@dataclass(frozen=True, eq=False)
class BodyMask:
    """Approximate area of a person's body in a frame.

    Attributes
    ----------
    joints
        [17, 2] in COCO-17's order [px of the frame].
    size
        About the person's height [px of the frame].
    """

    joints: np.ndarray
    size: float

    def draw(self, mask: np.ndarray, to_mask: np.ndarray, value: int) -> None:
        """Fill the body in a mask.

        Parameters
        ----------
        mask
            uint8 [height, width].
        to_mask
            Affine matrix [2, 3] from pixels of the frame to those of the mask.
        value
            To fill in.
        """
        joints = self.joints @ to_mask[:, :2].T + to_mask[:, 2]
        joints = np.clip(joints, -_MAX_COORDINATE, _MAX_COORDINATE)
        size = self.size * float(np.sqrt(abs(np.linalg.det(to_mask[:, :2]))))
        limb, head = (max(round(share * size), 1) for share in (_LIMB, _HEAD))
        face, neck = joints[list(_FACE)].mean(axis=0), joints[list(_TRUNK[:2])].mean(axis=0)
        lines = [joints[list(line)] for line in (_TRUNK, *_LIMBS)]
        for points, width in (*((line, limb) for line in lines), (np.stack([face, neck]), head)):
            cv2.polylines(mask, [_fixed(points)], False, [value], width, shift=_SHIFT)
        cv2.fillConvexPoly(mask, cv2.convexHull(_fixed(lines[0])), [value], shift=_SHIFT)


def _fixed(points: np.ndarray) -> np.ndarray:
    """Points [px] as the fixed-point numbers that OpenCV draws."""
    return np.asarray((points * (1 << _SHIFT)).round().astype(np.int32))


@dataclass(frozen=True, eq=False)
class OcclusionMask:
    """Neighbours to paint over in a model's input.

    Attributes
    ----------
    neighbours
        The bodies to paint over.
    person
        Whom the model should see; larger neighbours are in front of this body, smaller ones
        behind it. None: all neighbours are painted over completely.
    """

    neighbours: Sequence[BodyMask]
    person: BodyMask | None = None

    def paint(self, image: np.ndarray, to_frame: np.ndarray) -> None:
        """Paint the neighbours grey.

        Parameters
        ----------
        image
            uint8 [height, width, 3]: a model's input, changed in place.
        to_frame
            Affine matrix [2, 3] from pixels of the image to those of the frame.
        """
        to_image = cv2.invertAffineTransform(to_frame)
        mask = np.zeros(image.shape[:2], np.uint8)
        for body in self.neighbours:
            body.draw(mask, to_image, 1)
        if self.person is not None:
            self.person.draw(mask, to_image, 0)
            for body in self.neighbours:
                if body.size > self.person.size:
                    body.draw(mask, to_image, 1)
        cv2.copyTo(np.full_like(image, _GREY), mask, image)
