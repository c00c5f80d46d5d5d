"""Painting over the neighbours, so that a model sees one person only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from pose_ros.core.types import Frame

# Widths over the size of the person: of the limbs, and of the head.
_LIMB, _HEAD = 0.08, 0.14
_GREY = 114
# In COCO-17: the trunk, the limbs from it outwards, and the face.
_TRUNK = (5, 6, 12, 11)
_LIMBS = ((5, 7, 9), (6, 8, 10), (11, 13, 15), (12, 14, 16))
_FACE = (0, 1, 2, 3, 4)


@dataclass(frozen=True, eq=False)
class BodyMask:
    """About where a person's body is in a frame.

    Attributes
    ----------
    joints
        [17, 2] in COCO-17's order [px].
    size
        About the person's height [px].
    """

    joints: np.ndarray
    size: float


def mask_neighbours(frame: Frame, figure: BodyMask | None, others: Sequence[BodyMask]) -> Frame:
    """Frame with the others painted over in grey.

    Of those who stand behind the person only what shows beside them; the larger stand in front.
    Without a person the others are painted over as they are.
    """
    mask = np.zeros(frame.image.shape[:2], np.uint8)
    nearer = [other for other in others if figure is None or other.size > figure.size]
    for other in others:
        _paint(mask, other, 1)
    if figure is not None:
        _paint(mask, figure, 0)
        for other in nearer:
            _paint(mask, other, 1)
    image = frame.image.copy()
    image[mask.astype(bool)] = _GREY
    return replace(frame, image=image)


def _paint(mask: np.ndarray, figure: BodyMask, value: int) -> None:
    """Fill a body in the mask."""
    joints = np.clip(figure.joints, -1e4, 1e4)
    limb, head = (max(round(share * figure.size), 1) for share in (_LIMB, _HEAD))
    for line in (_TRUNK, *_LIMBS):
        cv2.polylines(mask, [_whole(joints[list(line)])], False, [value], limb)
    cv2.fillConvexPoly(mask, cv2.convexHull(_whole(joints[list(_TRUNK)])), [value])
    face, neck = joints[list(_FACE)].mean(axis=0), joints[list(_TRUNK[:2])].mean(axis=0)
    cv2.polylines(mask, [_whole(np.stack([face, neck]))], False, [value], head)


def _whole(points: np.ndarray) -> np.ndarray:
    """Points in whole pixels, as OpenCV draws them."""
    return np.asarray(points.round().astype(np.int32))
