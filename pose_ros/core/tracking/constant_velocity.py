"""Where somebody will be, from where they were."""

from __future__ import annotations

import numpy as np

# All in sizes of the person: how well their middle is measured, how fast they may walk when
# first seen [1/s], and the spectral density of what they do to their speed [1/s^2 per root Hz].
_MEASURED = 0.03
_FIRST_SPEED = 0.6
_ACCELERATION = 1.0
# Somebody out of sight is expected to have stopped after about this time [s].
_STRIDE = 0.7


class ConstantVelocity:
    """Kalman filter of a point that keeps its velocity, the noise in sizes of the person.

    Both axes share one covariance, since they share all noise.

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
        self._covariance = np.diag([(_MEASURED * size) ** 2, (_FIRST_SPEED * size) ** 2])
        self._stamp = stamp
        self._size = size

    @property
    def velocity(self) -> np.ndarray:
        """[2] [px/s]."""
        return self._velocity

    def position(self, stamp: float) -> np.ndarray:
        """Expected position [2] [px] at a time; the way slows down with time."""
        gap = stamp - self._stamp
        return self._position + self._velocity * _STRIDE * (1 - np.exp(-gap / _STRIDE))

    def spread(self, stamp: float) -> float:
        """Standard deviation [px] of the position expected at a time."""
        return float(np.sqrt(self._ahead(stamp)[0, 0]))

    def update(self, position: np.ndarray, stamp: float, size: float) -> None:
        """Learn where the person is."""
        covariance = self._ahead(stamp)
        expected = self._position + self._velocity * (stamp - self._stamp)
        gain = covariance[:, 0] / (covariance[0, 0] + (_MEASURED * size) ** 2)
        error = np.asarray(position, np.float64) - expected
        self._position = expected + gain[0] * error
        self._velocity = self._velocity + gain[1] * error
        self._covariance = covariance - np.outer(gain, covariance[0])
        self._stamp, self._size = stamp, size

    def _ahead(self, stamp: float) -> np.ndarray:
        """Covariance [2, 2] of position and velocity at a time."""
        step = max(stamp - self._stamp, 0.0)
        move = np.array([[1.0, step], [0.0, 1.0]])
        density = (_ACCELERATION * self._size) ** 2
        noise = density * np.array([[step**3 / 3, step**2 / 2], [step**2 / 2, step]])
        return np.asarray(move @ self._covariance @ move.T + noise)
