"""Distances of people, smoothed over time."""

from __future__ import annotations

import numpy as np

from pose_ros.core.motion.per_person import PerPerson
from pose_ros.core.tracking.smoothing import OneEuroSmoother

# Cutoff at rest [Hz], and what it gains by the change of the distance [Hz per share of it in a
# second].
_CUTOFF, _CUTOFF_GAIN = 0.5, 6.0
_GRACE = 1.0  # [s] that somebody may be away


class SteadyDistance:
    """Smooths distances told by size, of which a share is uncertain: their logarithms."""

    def __init__(self) -> None:
        self._smoothers = PerPerson(lambda: OneEuroSmoother(_CUTOFF, _CUTOFF_GAIN), _GRACE)

    def smooth(self, distance: float, person_id: int, stamp: float) -> float:
        """Smoothed distance [m] at a time [s]; as it is for somebody without an id."""
        self._smoothers.leave(stamp)
        smoother = self._smoothers.take(person_id, stamp) if person_id else None
        if smoother is None:
            return distance
        return float(np.exp(smoother.apply(np.log([[distance]]), stamp, 1.0)[0, 0]))
