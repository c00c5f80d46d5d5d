"""Smoothing of keypoints over time, with real time stamps."""

from __future__ import annotations

from typing import Protocol

import numpy as np

# The frame rate at which the exponential moving average's alpha is meant.
_EMA_RATE = 30.0


class Smoother(Protocol):
    """Smooths a set of points from frame to frame."""

    def apply(
        self, values: np.ndarray, stamp: float, scale: float, fresh: np.ndarray | None = None
    ) -> np.ndarray:
        """Smooth the points of one frame.

        Parameters
        ----------
        values
            [K, D], always of the same shape.
        stamp
            Time [s], later than at the last call.
        scale
            Size of the person in the unit of the values: speed counts in sizes per second.
        fresh
            Mask [K] of points to start anew with: what came before is not to be believed.

        Returns
        -------
        ndarray [K, D]
        """

    def reset(self) -> None:
        """Forget what came before."""


class NoSmoothing:
    """Leaves the points as they are."""

    def apply(
        self, values: np.ndarray, stamp: float, scale: float, fresh: np.ndarray | None = None
    ) -> np.ndarray:
        """Return the values."""
        return values

    def reset(self) -> None:
        """Do nothing."""


class ExponentialSmoother:
    """Exponential moving average.

    Parameters
    ----------
    alpha
        Weight of the new value at 30 frames per second, over 0 and at most 1; frames further
        apart weigh more.
    """

    def __init__(self, alpha: float) -> None:
        self._keep = 1.0 - alpha
        self.reset()

    def reset(self) -> None:
        """Forget what came before."""
        self._value: np.ndarray | None = None
        self._stamp = 0.0

    def apply(
        self, values: np.ndarray, stamp: float, scale: float, fresh: np.ndarray | None = None
    ) -> np.ndarray:
        """Smooth the points of one frame; see `Smoother`."""
        if self._value is None:
            self._value = values
        elif stamp <= self._stamp:
            return values
        else:
            keep = self._keep ** ((stamp - self._stamp) * _EMA_RATE)
            smoothed = values + keep * (self._value - values)
            self._value = smoothed if fresh is None else _chosen(fresh, values, smoothed)
        self._stamp = stamp
        return self._value


class OneEuroSmoother:
    """One Euro filter (Casiez, Roussel and Vogel, CHI 2012): the faster, the less smoothed.

    Speed counts in sizes of the person, as in MediaPipe's LandmarksSmoothingCalculator: the same
    motion is smoothed alike near and far.

    Parameters
    ----------
    min_cutoff
        Cutoff frequency [Hz] at rest, over 0.
    beta
        Cutoff [Hz] gained per speed [person's sizes per second].
    derivative_cutoff
        Cutoff frequency [Hz] of the speed, over 0.
    """

    def __init__(self, min_cutoff: float, beta: float, derivative_cutoff: float = 1.0) -> None:
        self._min_cutoff = min_cutoff
        self._beta = beta
        self._derivative_cutoff = derivative_cutoff
        self.reset()

    def reset(self) -> None:
        """Forget what came before."""
        self._raw: np.ndarray | None = None
        self._value = self._speed = np.zeros(0)
        self._stamp = 0.0

    def apply(
        self, values: np.ndarray, stamp: float, scale: float, fresh: np.ndarray | None = None
    ) -> np.ndarray:
        """Smooth the points of one frame; see `Smoother`."""
        if self._raw is None:
            self._value, self._speed = values, np.zeros_like(values)
        else:
            step = stamp - self._stamp
            if step <= 0.0:
                return values
            speed = (values - self._raw) / (step * scale)
            speed = self._speed + _weight(self._derivative_cutoff, step) * (speed - self._speed)
            weight = _weight(self._min_cutoff + self._beta * np.abs(speed), step)
            smoothed = self._value + weight * (values - self._value)
            if fresh is not None:
                smoothed = _chosen(fresh, values, smoothed)
                speed = _chosen(fresh, np.zeros_like(speed), speed)
            self._value, self._speed = smoothed, speed
        self._raw, self._stamp = values, stamp
        return self._value


def _weight(cutoff: np.ndarray | float, step: float) -> np.ndarray | float:
    """Weight of a new value in a low-pass filter of a cutoff [Hz], a step [s] after the last."""
    turn = 2 * np.pi * cutoff * step
    return turn / (1.0 + turn)


def _chosen(mask: np.ndarray, yes: np.ndarray, no: np.ndarray) -> np.ndarray:
    return np.where(mask[:, None], yes, no)
