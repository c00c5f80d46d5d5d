"""How much the points of one person tremble: noise told from motion."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
import math

import numpy as np

# A parabola through so many points less one leaves little but noise of what people do.
_POINTS = 4
# The estimate forgets with this time constant [s].
_MEMORY = 1.0
# Weight of the first guess, in measurements.
_TRUST_IN_GUESS = 5.0
# What lies off the parabola by more than this many deviations is a glitch and counts no more.
_GLITCH = 3.0
# Frames further apart in time than this do not show one motion [s].
_LONGEST_STEP = 0.25


class Jitter:
    """Standard deviation of the noise that is new in every frame, of each point and axis.

    It is what is left of a point when the parabola through the three before it is taken away: of
    a motion only the change of its acceleration. The weights of the four points follow their
    times and their squares sum to one, so that white noise measures the same at any frame rate.
    Below about 15 frames per second quick motion looks like noise: the estimate errs to the safe
    side.
    """

    def __init__(self) -> None:
        self._variance = self._guess = self._count = np.zeros(0)
        self._past: deque[tuple[float, np.ndarray]] = deque(maxlen=_POINTS)

    def update(
        self, stamp: float, points: np.ndarray, guess: Callable[[], np.ndarray]
    ) -> np.ndarray:
        """Take in the points of one time.

        Parameters
        ----------
        stamp
            Time [s], later than at the last call.
        points
            [K, D] in any units; NaN where a point is not known. Another D starts anew.
        guess
            Makes the standard deviation of each axis [D] until enough has been measured; asked
            again while it is 0, as for a person of unknown size.

        Returns
        -------
        ndarray [K, D]
            Standard deviations in the units of the points.
        """
        if self._variance.shape != points.shape or not self._guess.any():
            self._past.clear()
            self._guess = np.broadcast_to(guess() ** 2, points.shape)
            self._variance = self._guess
            self._count = np.full(points.shape, _TRUST_IN_GUESS)
        step = stamp - self._past[-1][0] if self._past else 0.0
        if step > _LONGEST_STEP:
            self._past.clear()
        self._past.append((stamp, points))
        if len(self._past) == _POINTS:
            self._learn(step)
        return np.asarray(np.sqrt(self._variance))

    def _learn(self, step: float) -> None:
        """Take in how far the last points, a step [s] after those before, lie off a parabola."""
        weights = _weights([time for time, _ in self._past])
        rest = sum(weight * points for weight, (_, points) in zip(weights, self._past))
        known = np.isfinite(rest)
        self._count = self._count + known
        gain = np.maximum(1.0 / self._count, 1.0 - math.exp(-step / _MEMORY))
        most = _GLITCH**2 * np.maximum(self._variance, self._guess)
        change = gain * (np.minimum(rest * rest, most) - self._variance)
        if np.count_nonzero(known) < known.size:
            change = np.where(known, change, 0.0)
        self._variance = self._variance + change


def _weights(times: list[float]) -> list[float]:
    """Weights of Newton's divided difference of points at some times, whose squares sum to one."""
    # Plain numbers: four of them are no work for arrays.
    raw = [1.0 / math.prod([one - other for other in times if other != one]) for one in times]
    size = math.hypot(*raw)
    return [weight / size for weight in raw]
