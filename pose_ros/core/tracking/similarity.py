"""How alike two poses are in place, size and posture."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from pose_ros.core.models.suppression import iou
from pose_ros.core.topology import COCO17, Topology, keypoint_map
from pose_ros.core.types import Box

# Twice the standard deviation of COCO's annotators, over the person's scale (COCO keypoint
# evaluation, cocodataset.org), in COCO-17's order.
_FALLOFF = 2 * np.array(
    (
        *(0.026, 0.025, 0.025, 0.035, 0.035),  # nose, eyes, ears
        *(0.079, 0.079, 0.072, 0.072, 0.062, 0.062),  # shoulders, elbows, wrists
        *(0.107, 0.107, 0.087, 0.087, 0.089, 0.089),  # hips, knees, ankles
    )
)
# COCO's scale is the root of the area of the person, which fills about half of their box.
_AREA_OF_BOX = 0.53
# A person seen from the side, or with the arms up, is not as thin as the box says.
_LEAST_ASPECT = 0.4


@lru_cache(maxsize=16)
def coco_indices(topology: Topology) -> np.ndarray:
    """Indices [17] of COCO's keypoints in a format that holds them all."""
    return keypoint_map(topology, COCO17)


def scale_of(box: Box) -> float:
    """Scale [px] of a person in a box, as object keypoint similarity means it; at least 1."""
    width = max(box.width, _LEAST_ASPECT * box.height)
    height = max(box.height, _LEAST_ASPECT * box.width)
    return max(float(np.sqrt(_AREA_OF_BOX * width * height)), 1.0)


def keypoint_similarity(
    one: np.ndarray, other: np.ndarray, scale: float, counted: np.ndarray | None = None
) -> float:
    """Object keypoint similarity (OKS) of two poses, 0 to 1.

    Parameters
    ----------
    one, other
        [17, 2] in COCO-17's order [px].
    scale
        Of the person [px]; see `scale_of`.
    counted
        Mask [17] of the keypoints that count, at least one; None: all.
    """
    squares = ((one - other) ** 2).sum(axis=1)
    each = np.exp(-squares / (2 * (scale * _FALLOFF) ** 2))
    return float(each.mean() if counted is None else each[counted].mean())


def overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes, 0 to 1."""
    corners = np.array([(b.x, b.y, b.x + b.width, b.y + b.height) for b in (one, other)])
    return float(iou(corners[0], corners[1:])[0])
