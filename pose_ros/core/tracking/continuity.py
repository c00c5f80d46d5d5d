"""Whether two skeletons in a row are the same person."""

from __future__ import annotations

import numpy as np

from pose_ros.core.types import Box

# Fewer keypoints in common say nothing about position and size.
_LEAST_COMMON = 4


def jumped(
    before: np.ndarray,
    now: np.ndarray,
    before_seen: np.ndarray,
    now_seen: np.ndarray,
    threshold: float,
) -> bool:
    """Tell whether a person's box moved or changed its size too far for one step.

    Boxes are taken around the keypoints seen both times, so that a limb that comes into view is
    no jump.

    Parameters
    ----------
    before, now
        float32 [K, 2] keypoints [px].
    before_seen, now_seen
        Masks [K].
    threshold
        Greatest shift of the box's centre, in sides of the box, and greatest growth of the side
        less one.
    """
    common = before_seen & now_seen
    if np.count_nonzero(common) < _LEAST_COMMON:
        return False
    old, new = Box.around(before[common]), Box.around(now[common])
    old_side = max(old.width, old.height, 1.0)
    new_side = max(new.width, new.height, 1.0)
    shift = np.hypot(*np.subtract(new.centre, old.centre)) / max(old_side, new_side)
    growth = max(old_side, new_side) / min(old_side, new_side) - 1.0
    return bool(shift > threshold or growth > 2 * threshold)
