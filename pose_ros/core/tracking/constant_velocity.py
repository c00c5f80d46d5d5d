"""Expected place of a person, from the places before."""

from __future__ import annotations

import math

import numpy as np

# Standard deviation of the measured place [sizes of the person].
_MEASURED = 0.03
# Standard deviation of a person's speed when first seen [sizes/s].
_FIRST_SPEED = 0.6
# Spectral density of the changes of speed [sizes/s^2 per root Hz].
_ACCELERATION = 1.0
# A person out of sight is expected to stop with this time constant [s].
_STRIDE = 0.7


class ConstantVelocity:
    """Kalman filter of a point that keeps its velocity, the noise in sizes of the person.

    Both axes share one covariance, since they share all noise. Its three entries are plain
    numbers: arrays of two by two would take several times as long.

    Parameters
    ----------
    position
        [2] [px].
    stamp
        Time [s].
    size
        Of the person [px].
    """

    def __init__(self, position: np.ndarray, stamp: float, size: float) -> None:
        self._position = np.asarray(position, np.float64)
        self._velocity = np.zeros(2)
        # Variance of the position [px^2], covariance [px^2/s], variance of the speed [px^2/s^2].
        self._covariance = ((_MEASURED * size) ** 2, 0.0, (_FIRST_SPEED * size) ** 2)
        self._stamp = stamp
        self._size = size

    @property
    def velocity(self) -> np.ndarray:
        """[2] [px/s]."""
        return self._velocity

    def shift(self, stamp: float) -> np.ndarray:
        """Expected movement [2] [px] since the last update, which slows down with time."""
        gap = stamp - self._stamp
        return self._velocity * (_STRIDE * (1.0 - math.exp(-gap / _STRIDE)))

    def position(self, stamp: float) -> np.ndarray:
        """Expected position [2] [px] at a time."""
        return np.asarray(self._position + self.shift(stamp))

    def spread(self, stamp: float) -> float:
        """Standard deviation [px] of the position expected at a time."""
        return math.sqrt(self._predicted(stamp)[0])

    def update(self, position: np.ndarray, stamp: float, size: float) -> None:
        """Take in where the person is."""
        place, mixed, speed = self._predicted(stamp)
        expected = self._position + self._velocity * (stamp - self._stamp)
        total = place + (_MEASURED * size) ** 2
        gain, speed_gain = place / total, mixed / total
        error = position - expected
        self._position = expected + gain * error
        self._velocity = self._velocity + speed_gain * error
        self._covariance = (
            place - gain * place,
            mixed - gain * mixed,
            speed - speed_gain * mixed,
        )
        self._stamp, self._size = stamp, size

    def _predicted(self, stamp: float) -> tuple[float, float, float]:
        """Covariance at a time."""
        place, mixed, speed = self._covariance
        step = max(stamp - self._stamp, 0.0)
        density = (_ACCELERATION * self._size) ** 2
        return (
            place + 2 * mixed * step + speed * step**2 + density * step**3 / 3,
            mixed + speed * step + density * step**2 / 2,
            speed + density * step,
        )
