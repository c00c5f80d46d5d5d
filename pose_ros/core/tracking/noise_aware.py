"""Smoothing that knows the noise: points rest while they tremble and follow when they move."""

from __future__ import annotations

import numpy as np

from pose_ros.core.tracking.jitter import Jitter

# Noise until it has been measured [person's sizes].
_GUESS = 0.004
# No model trembles more; what seems to is a motion too quick for the frame rate.
_MOST = 0.012
# What lies ahead of a point is averaged over this time to tell motion from noise [s].
_WINDOW = 0.08


class NoiseAwareSmoother:
    """Averages for long what trembles as usual, and follows what goes further.

    The noise of every coordinate is measured while it runs. A point moves if what lies ahead of
    it, averaged over a twelfth of a second, is more than noise explains: then it follows, the
    more the surer. So a point that rests is steady however much the model trembles, no slow
    motion is left behind by more than about that noise, and a calm model is hardly smoothed.

    Parameters
    ----------
    threshold
        How many deviations of its noise a point must be ahead to begin to move; at twice as many
        it follows at once.
    rest_cutoff
        Cutoff frequency [Hz] at rest, over 0.
    """

    def __init__(self, threshold: float = 2.5, rest_cutoff: float = 0.5) -> None:
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
        guess = np.full(values.shape[1], _GUESS * scale)
        noise = np.minimum(self._jitter.update(stamp, values, guess), _MOST * scale)
        if self._value is None:
            self._value, self._ahead = values, np.zeros_like(values)
        else:
            weight = self._weight(values - self._value, noise, stamp - self._stamp)
            if fresh is not None:
                weight = np.where(fresh[:, None], 1.0, weight)
            self._value = self._value + weight * (values - self._value)
            self._ahead = (1.0 - weight) * self._ahead
        self._stamp = stamp
        return self._value

    def _weight(self, apart: np.ndarray, noise: np.ndarray, step: float) -> np.ndarray:
        """Weights [K, 1] of points that lie apart from the last ones [K, D], after a step [s]."""
        share = 1.0 - np.exp(-step / _WINDOW)
        self._ahead = self._ahead + share * (apart - self._ahead)
        usual = np.maximum(noise * np.sqrt(share / (2.0 - share)), np.finfo(np.float32).tiny)
        doubt = (np.abs(self._ahead) / usual).max(axis=1, keepdims=True)
        moving = np.clip(doubt / self._threshold - 1.0, 0.0, 1.0)
        rest = 1.0 - np.exp(-2.0 * np.pi * self._rest_cutoff * step)
        return np.asarray(rest + (1.0 - rest) * moving)
