"""Smoothing that knows the noise: points rest while they tremble and follow when they move."""

from __future__ import annotations

import math

import numpy as np

from pose_ros.core.body.jitter import Jitter

# Noise until it has been measured [person's sizes].
_GUESS = 0.004
# No model trembles more [person's sizes], and no point by more than twice the median of all: what
# seems to is a motion too quick for the frame rate.
_MOST = 0.01
_MAX_OF_USUAL = 2.0
# What lies ahead of a point is averaged over this time to tell motion from noise [s].
_WINDOW = 0.08
_TINY = float(np.finfo(np.float32).tiny)  # instead of a noise of zero


class NoiseAwareSmoother:
    """Averages for long what trembles as usual, and follows what goes further.

    The noise of every coordinate is measured while it runs. A point moves if what lies ahead of
    it, averaged over a twelfth of a second, is more than noise explains: then it follows, the
    more the surer, with one weight for all axes. So a point that rests is steady however much the
    model trembles, a slow motion is left behind by about that noise at most, a fast one hardly,
    and a calm model is hardly smoothed.

    Parameters
    ----------
    threshold
        How many deviations of its noise a point must be ahead to begin to move, over 0.
    rest_cutoff
        Cutoff frequency [Hz] at rest, over 0.
    """

    def __init__(self, threshold: float = 2.0, rest_cutoff: float = 0.5) -> None:
        self._threshold = threshold
        self._rest_cutoff = rest_cutoff
        self.reset()

    def reset(self) -> None:
        """Forget what came before."""
        self._jitter = Jitter()
        self._value: np.ndarray | None = None
        self._ahead = np.zeros(0)
        self._stamp = 0.0

    def apply(
        self, values: np.ndarray, stamp: float, scale: float, fresh: np.ndarray | None = None
    ) -> np.ndarray:
        """Smooth the points of one frame; see `Smoother`."""
        if self._value is not None and stamp <= self._stamp:
            return values
        noise = self._noise(values, stamp, scale)
        if self._value is None:
            self._value, self._ahead = values, np.zeros_like(values)
        else:
            apart = values - self._value
            weight = self._weight(apart, noise, stamp - self._stamp)
            if fresh is not None:
                weight = np.maximum(weight, fresh[:, None])
            self._value = self._value + weight * apart
            self._ahead = (1.0 - weight) * self._ahead
        self._stamp = stamp
        return self._value

    def _noise(self, values: np.ndarray, stamp: float, scale: float) -> np.ndarray:
        """Take in points [K, D]; deviations of their noise [K, D]."""
        noise = self._jitter.update(
            stamp, values, lambda: np.full(values.shape[1], _GUESS * scale)
        )
        limits = [
            min(_MAX_OF_USUAL * sorted(axis)[len(axis) // 2], _MOST * scale)
            for axis in noise.T.tolist()
        ]
        return np.minimum(noise, limits)

    def _weight(self, apart: np.ndarray, noise: np.ndarray, step: float) -> np.ndarray:
        """Weights [K, 1] of points that lie apart from the last ones [K, D], after a step [s]."""
        share = 1.0 - math.exp(-step / _WINDOW)
        self._ahead = self._ahead + share * (apart - self._ahead)
        usual = np.maximum(noise * math.sqrt(share / (2.0 - share)), _TINY)
        surprise = self._ahead / usual
        doubt = np.add.reduce(surprise * surprise, axis=1, keepdims=True) / usual.shape[1]
        moving = 1.0 - 1.0 / np.maximum(doubt / self._threshold**2, 1.0)
        rest = 1.0 - math.exp(-2.0 * math.pi * self._rest_cutoff * step)
        return np.asarray(rest + (1.0 - rest) * moving)
