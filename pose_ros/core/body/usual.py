"""What is usual for somebody: a length that is seen too short more often than too long."""

from __future__ import annotations

import math


class Usual:
    """The greatest value that something has had for a while, forgotten slowly.

    Parameters
    ----------
    rise
        Time in which it follows a greater value [s].
    fall
        Time in which it follows a smaller one [s].

    Attributes
    ----------
    value
        NaN before the first.
    """

    def __init__(self, rise: float, fall: float) -> None:
        self.value = math.nan
        self._rise, self._fall = rise, fall
        self._stamp = 0.0

    def update(self, stamp: float, value: float) -> None:
        """Take the value at a time [s]."""
        if math.isnan(self.value):
            self.value = value
        else:
            time = self._rise if value > self.value else self._fall
            self.value += (value - self.value) * (1.0 - math.exp((self._stamp - stamp) / time))
        self._stamp = stamp
