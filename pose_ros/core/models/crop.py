"""Cutting the region that a model looks at out of the frame."""

from __future__ import annotations

import cv2
import numpy as np

from pose_ros.core.models.occlusion import OcclusionMask
from pose_ros.core.types import Crop, Frame


class CropReader:
    """Cuts, rotates and resizes regions to a model's input image, reusing one buffer.

    Parameters
    ----------
    size
        (width, height) of the input image [px]. One that is not square shows the middle part of
        the region, whose side is its longer one.
    border
        Pixels beyond the frame's edges: ``cv2.BORDER_CONSTANT`` (black) or
        ``cv2.BORDER_REPLICATE`` (the edge's own colours).
    snap
        Move upright regions to whole pixels: half the time.
    """

    def __init__(
        self, size: tuple[int, int], border: int = cv2.BORDER_CONSTANT, snap: bool = False
    ) -> None:
        self._size = size
        self._border = border
        self._snap = snap and size[0] == size[1]
        self._image = np.zeros((size[1], size[0], 3), np.uint8)
        self._rgb = np.zeros_like(self._image)  # within one image OpenCV would copy it first

    def read(
        self, frame: Frame, crop: Crop, mask: OcclusionMask | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Image of a region, and the transform back from it.

        Parameters
        ----------
        frame, crop
            Only the region is touched, however large the frame is.
        mask
            Neighbours to paint over.

        Returns
        -------
        uint8 [height, width, 3]
            RGB; valid until the next call.
        float64 [2, 3]
            Affine matrix from coordinates relative to this image's sides to the frame's.
        """
        snap = self._snap and not crop.rotation
        to_frame = self._resize(frame, crop) if snap else self._warp(frame, crop)
        image = self._image
        if frame.channels == 'bgr':
            cv2.cvtColor(self._image, cv2.COLOR_BGR2RGB, dst=self._rgb)
            image = self._rgb
        if mask is not None:
            mask.paint(image, to_frame / (*self._size, 1))
        return image, to_frame

    def _warp(self, frame: Frame, crop: Crop) -> np.ndarray:
        size = max(self._size)
        to_frame = crop.to_image(size)
        to_frame[:, 2] += to_frame[:, :2] @ ((size - np.array(self._size)) / 2)
        cv2.warpAffine(
            frame.image,
            to_frame,
            self._size,
            dst=self._image,
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=self._border,
        )
        to_frame[:, :2] *= self._size
        return to_frame

    def _resize(self, frame: Frame, crop: Crop) -> np.ndarray:
        side = max(round(crop.side), 1)
        left, top = (round(middle - side / 2) for middle in crop.centre)
        right, bottom = left + side, top + side
        inside: np.ndarray = frame.image[
            max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)
        ]
        beyond = (-top, bottom - frame.height, -left, right - frame.width)
        if not inside.size:
            self._image[:] = 0
        else:
            if max(beyond) > 0:
                above, below, before, after = (max(margin, 0) for margin in beyond)
                inside = cv2.copyMakeBorder(inside, above, below, before, after, self._border)
            cv2.resize(inside, self._size, dst=self._image)
        # cv2.resize aligns the outer edges of the first pixels of both images, where warpAffine
        # aligns their centres: a shift by half a pixel of either.
        shift = (side / self._size[0] - 1) / 2
        return np.array([[side, 0.0, left + shift], [0.0, side, top + shift]])


class FrameReader:
    """Fits whole frames into a model's input image of any shape, reusing one buffer.

    The frame keeps its aspect ratio; black bars fill the rest on both sides.

    Parameters
    ----------
    size
        (width, height) of the input image [px].
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self._size = size
        self._image = np.zeros((size[1], size[0], 3), np.uint8)

    def read(self, frame: Frame) -> tuple[np.ndarray, np.ndarray]:
        """Image of a frame, and the transform back from it.

        Returns
        -------
        uint8 [height, width, 3]
            RGB; valid until the next call.
        float64 [2, 3]
            Affine matrix from coordinates relative to the image's sides to the frame's.
        """
        width, height = self._size
        scale = min(width / frame.width, height / frame.height)
        shown_width = max(round(scale * frame.width), 1)
        shown_height = max(round(scale * frame.height), 1)
        left, top = (width - shown_width) // 2, (height - shown_height) // 2
        right, bottom = left + shown_width, top + shown_height
        shown = self._image[top:bottom, left:right]
        # The buffer may still hold a frame of another shape.
        self._image[:top], self._image[bottom:] = 0, 0
        self._image[top:bottom, :left], self._image[top:bottom, right:] = 0, 0
        cv2.resize(frame.image, (shown_width, shown_height), dst=shown)
        if frame.channels == 'bgr':
            cv2.cvtColor(shown, cv2.COLOR_BGR2RGB, dst=shown)
        # Each axis on its own: sides are rounded to whole pixels. cv2.resize lets edges meet.
        across, down = frame.width / shown_width, frame.height / shown_height
        return self._image, np.array(
            [
                [across * width, 0.0, (0.5 - left) * across - 0.5],
                [0.0, down * height, (0.5 - top) * down - 0.5],
            ]
        )


def whole_frame(frame: Frame) -> Crop:
    """Region that holds the whole frame, letterboxed."""
    return Crop((frame.width / 2, frame.height / 2), float(max(frame.width, frame.height)))


def upright(points: np.ndarray, crop: Crop) -> np.ndarray:
    """Points [N, 3] in space, of an image of a region, turned to the axes of the whole image."""
    cos, sin = np.cos(crop.rotation), np.sin(crop.rotation)
    return np.asarray(points @ np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]], np.float32))


def apply_affine(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Points [N, 2] through an affine matrix [2, 3]."""
    # Plain numbers: so few are no work for arrays.
    (xx, xy, x0), (yx, yy, y0) = matrix.tolist()
    moved = [(xx * x + xy * y + x0, yx * x + yy * y + y0) for x, y in points.tolist()]
    return np.array(moved).reshape(-1, 2)
