"""Cutting the region that a model looks at out of the frame."""

from __future__ import annotations

import cv2
import numpy as np

from pose_ros.core.types import Crop, Frame


class CropReader:
    """Cuts, turns and resizes regions to a model's input picture, reusing one buffer.

    Parameters
    ----------
    size
        Side of the square input picture [px].
    border
        What lies beyond the frame's edges: ``cv2.BORDER_CONSTANT`` (black) or
        ``cv2.BORDER_REPLICATE`` (the edge's own colours).
    """

    def __init__(self, size: int, border: int = cv2.BORDER_CONSTANT) -> None:
        self._size = size
        self._border = border
        self._picture = np.zeros((size, size, 3), np.uint8)

    def read(self, frame: Frame, crop: Crop) -> np.ndarray:
        """RGB picture uint8 [size, size, 3] of the region; valid until the next call."""
        matrix = crop.to_image(self._size)
        # Only the region is touched, however large the frame is.
        cv2.warpAffine(
            frame.image,
            matrix,
            (self._size, self._size),
            dst=self._picture,
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=self._border,
        )
        if frame.channels == 'bgr':
            cv2.cvtColor(self._picture, cv2.COLOR_BGR2RGB, dst=self._picture)
        return self._picture


def whole_frame(frame: Frame) -> Crop:
    """Region that holds the whole frame, letterboxed."""
    return Crop((frame.width / 2, frame.height / 2), float(max(frame.width, frame.height)))


def apply_affine(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Points [N, 2] through an affine matrix [2, 3]."""
    return points @ matrix[:, :2].T + matrix[:, 2]
