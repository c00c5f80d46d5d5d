"""How much the points of one person tremble: noise told from motion while they move."""

from __future__ import annotations

from collections import deque

import numpy as np

# A parabola through the last points leaves no more than noise of what people do.
_POINTS = 4
# The estimate forgets with this time constant [s].
_MEMORY = 1.0
# Weight of the first guess, in measurements.
_TRUST_IN_GUESS = 5.0
# What differs from the parabola by more than this many deviations is a glitch, or counts as one.
_GLITCH = 3.0
# Points further apart in time than this do not belong to one motion [s].
_LONGEST_STEP = 0.25


class Jitter:
    """Standard deviation of the noise that is new in every frame, for each point and axis.

    What is left of a point when the parabola through the three before it is taken away is motion
    only if the motion's own acceleration changes much within four frames. The weights of the four
    points follow their times, and their squares sum to one: white noise measures the same at any
    frame rate. Below about 15 frames per second quick motion is taken for noise: the estimate
    errs to the safe side.

    Parameters
    ----------
    guess
        Standard deviation until something has been measured, in the unit of the points.
    """

    def __init__(self, guess: float) -> None:
        self._guess = guess
        self._variance = np.zeros(0)
        self._count = np.zeros(0)
        self._past: deque[tuple[float, np.ndarray]] = deque(maxlen=_POINTS)

    def update(self, stamp: float, points: np.ndarray) -> np.ndarray:
        """Take in the points of one time.

        Parameters
        ----------
        stamp
            Time [s], later than at the last call.
        points
            [K, D]; NaN where a point is not known.

        Returns
        -------
        ndarray [K, D]
            Standard deviations, in the unit of the points.
        """
        if self._variance.shape != points.shape:
            self._variance = np.full(points.shape, self._guess**2)
            self._count = np.full(points.shape, _TRUST_IN_GUESS)
        step = stamp - self._past[-1][0] if self._past else 0.0
        if step > _LONGEST_STEP:
            self._past.clear()
        self._past.append((stamp, points))
        if len(self._past) == _POINTS:
            self._learn(step)
        return np.asarray(np.sqrt(self._variance))

    def _learn(self, step: float) -> None:
        """Take in how far the last points lie off a parabola."""
        times = np.array([time for time, _ in self._past])
        apart = times[:, None] - times + np.eye(_POINTS)
        weights = 1.0 / apart.prod(axis=1)  # of Newton's third divided difference
        weights /= np.linalg.norm(weights)
        rest = np.tensordot(weights, np.stack([points for _, points in self._past]), axes=1)
        known = np.isfinite(rest)
        self._count += known
        gain = np.maximum(1.0 / self._count, 1.0 - np.exp(-step / _MEMORY))
        square = np.minimum(rest**2, _GLITCH**2 * self._variance)
        self._variance += np.where(known, gain * (square - self._variance), 0.0)
