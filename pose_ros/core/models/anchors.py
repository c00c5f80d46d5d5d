"""Detectors with fixed anchors, as in MediaPipe's pose and palm detection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pose_ros.core.models.suppression import overlapping


@dataclass(frozen=True, eq=False)
class AnchorDetection:
    """A detection, relative to the sides of the input image.

    Attributes
    ----------
    score
        0 to 1.
    corners
        [2, 2]: (x, y) of the upper left and the lower right corner.
    keypoints
        [K, 2]: (x, y).
    """

    score: float
    corners: np.ndarray
    keypoints: np.ndarray


class AnchorDecoder:
    """Decodes boxes and keypoints relative to anchors, and averages overlapping detections.

    Parameters
    ----------
    size
        Side of the square input image [px].
    layers
        (stride [px], anchors in each cell) of each layer.
    overlap
        Boxes of one object overlap more than this (IoU).
    """

    def __init__(self, size: int, layers: Sequence[tuple[int, int]], overlap: float) -> None:
        self._size = size
        self._overlap = overlap
        self._anchors = _centres(size, layers)

    def __len__(self) -> int:
        """Return the number of anchors."""
        return len(self._anchors)

    def decode(
        self, raw: np.ndarray, logits: np.ndarray, threshold: float
    ) -> list[AnchorDetection]:
        """Detections with a score of at least the threshold, the surest first.

        Parameters
        ----------
        raw
            [1, N, 4 + 2 K]: centre, size and keypoints, relative to the anchor [px].
        logits
            [1, N, 1].
        threshold
            Minimum score, 0 to 1.
        """
        scores = sigmoid(logits.reshape(-1))
        sure = scores >= threshold
        if not sure.any():
            return []
        scores, anchors = scores[sure], self._anchors[sure]
        values = raw[0, sure] / self._size
        centres = values[:, 0:2] + anchors
        keypoints = values[:, 4:].reshape(len(values), -1, 2) + anchors[:, None]
        corners = np.hstack([centres - values[:, 2:4] / 2, centres + values[:, 2:4] / 2])
        detections = []
        for members in overlapping(corners, scores, self._overlap):
            weights = scores[members] / scores[members].sum()
            detections.append(
                AnchorDetection(
                    score=float(scores[members[0]]),
                    corners=(weights @ corners[members]).reshape(2, 2),
                    keypoints=np.tensordot(weights, keypoints[members], axes=1),
                )
            )
        return detections


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """Probabilities of logits."""
    # Within the range of float32's exponential.
    return 1.0 / (1.0 + np.exp(-logits.clip(-80.0, 80.0)))


def _centres(size: int, layers: Sequence[tuple[int, int]]) -> np.ndarray:
    """Centres [N, 2] of the anchors, relative to the image's sides."""
    found = []
    for stride, repeats in layers:
        cells = size // stride
        rows, columns = np.mgrid[0:cells, 0:cells]
        centres = (np.stack([columns.ravel(), rows.ravel()], axis=1) + 0.5) / cells
        found.append(np.repeat(centres, repeats, axis=0))
    return np.concatenate(found).astype(np.float32)
