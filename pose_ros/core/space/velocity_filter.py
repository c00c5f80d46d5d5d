"""Position and velocity of a point, from noisy positions."""

from __future__ import annotations

import numpy as np

# Standard deviation of the velocity of a person just found [m/s].
_FIRST_SPEED = 1.0
# Longest time over which the noise of one position is averaged [s].
_LONGEST_STEP = 0.2


class VelocityFilter:
    """Kalman filter of a point that keeps its velocity.

    The noise of positions lasts over several images, so it is given as a spectral density: twice
    its variance times the time for which it lasts. More images a second then add no information.

    Parameters
    ----------
    position
        [3] [m].
    density
        [3, 3] spectral density of its noise [m² s].
    stamp
        Time [s].

    Attributes
    ----------
    acceleration
        Spectral density of the acceleration [m²/s³].
    """

    def __init__(self, position: np.ndarray, density: np.ndarray, stamp: float) -> None:
        self._state = np.concatenate([position, np.zeros(3)])
        self._covariance = np.zeros((6, 6))
        self._covariance[:3, :3] = density / _LONGEST_STEP
        self._covariance[3:, 3:] = _FIRST_SPEED**2 * np.eye(3)
        self._stamp = stamp
        self.acceleration = 0.0

    def update(self, position: np.ndarray, density: np.ndarray, stamp: float) -> None:
        """Take in a position at a later time."""
        step = stamp - self._stamp
        state, covariance = self._at(step)
        noise = density / min(step, _LONGEST_STEP)
        gain = np.linalg.solve(covariance[:3, :3] + noise, covariance[:3]).T
        self._state = state + gain @ (position - state[:3])
        self._covariance = covariance - gain @ covariance[:3]
        self._stamp = stamp

    def predict(self, stamp: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Position [3] [m], velocity [3] and its standard deviations [3] [m/s] at a time."""
        state, covariance = self._at(stamp - self._stamp)
        return state[:3], state[3:], np.sqrt(covariance.diagonal()[3:])

    def _at(self, step: float) -> tuple[np.ndarray, np.ndarray]:
        """State [6] and covariance [6, 6] after a time [s]."""
        if not step:
            return self._state, self._covariance
        move = np.eye(6)
        move[:3, 3:] = step * np.eye(3)
        covariance = move @ self._covariance @ move.T
        axes = np.arange(3)
        covariance[axes, axes] += self.acceleration * step**3 / 3
        covariance[axes, axes + 3] += self.acceleration * step**2 / 2
        covariance[axes + 3, axes] += self.acceleration * step**2 / 2
        covariance[axes + 3, axes + 3] += self.acceleration * step
        return move @ self._state, covariance
