"""Expected place of a person, from the places before."""

from __future__ import annotations

import math

Point = tuple[float, float]

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

    Points (x, y) are complex numbers inside, which is faster than arrays. Both axes share one
    covariance, since they share all noise.

    Parameters
    ----------
    position
        (x, y) [px].
    stamp
        Time [s].
    size
        Of the person [px].
    """

    def __init__(self, position: Point, stamp: float, size: float) -> None:
        self._position = complex(*position)
        self._velocity = 0j
        # Variance of the position [px^2], covariance [px^2/s], variance of the speed [px^2/s^2].
        self._covariance = ((_MEASURED * size) ** 2, 0.0, (_FIRST_SPEED * size) ** 2)
        self._stamp = stamp
        self._size = size

    @property
    def velocity(self) -> Point:
        """(x, y) [px/s]."""
        return self._velocity.real, self._velocity.imag

    def shift(self, stamp: float) -> Point:
        """Expected movement (x, y) [px] since the last update, which slows down with time."""
        gap = stamp - self._stamp
        shift = self._velocity * (_STRIDE * (1.0 - math.exp(-gap / _STRIDE)))
        return shift.real, shift.imag

    def position(self, stamp: float) -> Point:
        """Expected position (x, y) [px] at a time."""
        x, y = self.shift(stamp)
        return self._position.real + x, self._position.imag + y

    def spread(self, stamp: float) -> float:
        """Standard deviation [px] of the position expected at a time."""
        return math.sqrt(self._predicted(stamp)[0])

    def update(self, position: Point, stamp: float, size: float) -> None:
        """Take in where the person is."""
        place, mixed, speed = self._predicted(stamp)
        expected = self._position + self._velocity * (stamp - self._stamp)
        total = place + (_MEASURED * size) ** 2
        gain, speed_gain = place / total, mixed / total
        error = complex(*position) - expected
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
