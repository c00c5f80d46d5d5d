"""Time stamps that start at zero and increase, whatever a container says."""

from __future__ import annotations

import math

# Of a video that does not state a possible one [Hz].
DEFAULT_RATE = 30.0
# A step back by more, or forward by more, is a new time line (joined recordings, a wrapped
# counter), not a disordered frame or a pause [s].
LARGEST_STEP_BACK = 1.0
LARGEST_PAUSE = 3600.0


class StampCounter:
    """Turns the positions of frames into stamps.

    Parameters
    ----------
    rate
        Frames per second where a position is missing or wrong.
    """

    def __init__(self, rate: float) -> None:
        self._period = 1 / rate
        self._origin = math.nan
        self._last: float | None = None

    def stamp(self, position: float) -> float:
        """Stamp of the next frame [s], from its position in the container [s] or NaN."""
        expected = 0.0 if self._last is None else self._last + self._period
        if self._last is None or self._broken(position - self._origin - self._last):
            self._origin = position - expected
            stamp = expected
        else:
            stamp = position - self._origin
            if not stamp > self._last:
                stamp = expected
        self._last = stamp
        return stamp

    def _broken(self, step: float) -> bool:
        """Whether a step [s] leads to another time line, or the time line is not known yet."""
        known = math.isfinite(self._origin)
        return not known or not (math.isnan(step) or -LARGEST_STEP_BACK <= step <= LARGEST_PAUSE)


def usable_rate(rate: float) -> float:
    """Frame rate as a video states it, or the default if it is impossible [Hz]."""
    return rate if math.isfinite(rate) and 0.01 <= rate <= 10_000 else DEFAULT_RATE
