"""How alike two poses are in place, size and posture."""

from __future__ import annotations

from functools import lru_cache
from itertools import compress
import math
from statistics import fmean

import numpy as np

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
_NEGATIVE_RATES = (-0.5 / _FALLOFF**2).tolist()
# COCO's scale is the root of the area of the person, which fills about half of their box.
_AREA_OF_BOX = 0.53
# Minimum ratio of a box's sides [-]: a person seen from the side is not as thin as the box.
_MIN_ASPECT = 0.4
# Instead of an area of zero [px^2].
_TINY_AREA = 1e-12


@lru_cache(maxsize=16)
def coco_indices(topology: Topology) -> np.ndarray:
    """Indices [17] of COCO's keypoints in a format that holds them all."""
    return keypoint_map(topology, COCO17)


def scale_of(box: Box) -> float:
    """Scale [px] of a person in a box, as object keypoint similarity means it; at least 1."""
    width = max(box.width, _MIN_ASPECT * box.height)
    height = max(box.height, _MIN_ASPECT * box.width)
    return max(math.sqrt(_AREA_OF_BOX * width * height), 1.0)


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
    # Plain numbers: so few are no work for arrays.
    each = [
        math.exp(((x - other_x) ** 2 + (y - other_y) ** 2) * rate / scale**2)
        for (x, y), (other_x, other_y), rate in zip(one.tolist(), other.tolist(), _NEGATIVE_RATES)
    ]
    return fmean(each if counted is None else compress(each, counted))


def overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes, 0 to 1."""
    width = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    height = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    shared = max(width, 0.0) * max(height, 0.0)
    whole = one.width * one.height + other.width * other.height - shared
    return shared / max(whole, _TINY_AREA)
