"""Direction that a body faces, smoothed."""

from __future__ import annotations

import math

# Time constant [s].
_SMOOTHING = 0.2
# A body seems to turn at once by more than this [rad] when left and right are confused: it counts
# only if it lasts for the time [s].
_FLIP, _FLIP_TIME = math.radians(90), 0.5
# Unseen, people turn by about this within one second, and its square root over time [rad/√s]: the
# root mean square of turns in CMU's motion capture is 0.46, 0.72, 0.87, 1.23 rad after 0.5 to 4 s.
_TURNING = 0.65


class YawFilter:
    """Smooths an angle and its deviation, and leaves out short flips.

    The deviation is not reduced by averaging: the error of a body's direction lasts for seconds.
    """

    def __init__(self) -> None:
        self.yaw = self._deviation = self._accepted = math.nan
        self._stamp = -math.inf

    def update(self, yaw: float, deviation: float, stamp: float) -> None:
        """Take in a direction [rad] with its standard deviation [rad] at a later time [s]."""
        step, self._stamp = stamp - self._stamp, stamp
        turn = math.remainder(yaw - self.yaw, 2 * math.pi)
        if math.isnan(turn) or stamp - self._accepted > _FLIP_TIME:
            self.yaw, self._deviation = yaw, deviation
        elif abs(turn) > _FLIP:
            return
        else:
            weight = 1 - math.exp(-step / _SMOOTHING)
            self.yaw = math.remainder(self.yaw + weight * turn, 2 * math.pi)
            self._deviation += weight * (deviation - self._deviation)
        self._accepted = stamp

    def deviation(self, stamp: float) -> float:
        """Return the standard deviation [rad] at a time [s]: it grows without new directions."""
        turned = _TURNING * math.sqrt(max(stamp - self._accepted, 0))
        return min(math.hypot(self._deviation, turned), math.pi)
