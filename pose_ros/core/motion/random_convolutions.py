"""Features of a time series by random convolutions: MiniRocket for many channels.

A. Dempster, D. F. Schmidt and G. I. Webb, "MiniRocket: A Very Fast (Almost) Deterministic
Transform for Time Series Classification", KDD 2021. The 84 kernels have nine weights, six of -1
and three of 2. Each kernel and dilation sums over a random set of channels. A feature is the
share of the samples at which a convolution exceeds a bias, which is a quantile of the training
data.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

_LENGTH = 9
_KERNELS = np.full((84, _LENGTH), -1.0, np.float32)
for _row, _places in zip(_KERNELS, combinations(range(_LENGTH), 3)):
    _row[list(_places)] = 2.0
# Maximum number of channels that one kernel sums over, as in the authors' code.
_MAX_CHANNELS = 9
# Windows that are transformed at once: bounds the memory to some 100 MB.
_BATCH = 64


@dataclass(frozen=True, eq=False)
class RandomConvolutions:
    """Convolutions and their biases.

    Attributes
    ----------
    dilations
        int [D] [samples].
    channels
        bool [D, 84, C]: which channels each kernel sums over.
    biases
        float32 [84, Q] for each dilation.
    """

    dilations: np.ndarray
    channels: np.ndarray
    biases: tuple[np.ndarray, ...]

    def __post_init__(self) -> None:
        """Validate the shapes."""
        count = len(self.dilations)
        if self.channels.ndim != 3 or self.channels.shape[:2] != (count, len(_KERNELS)):
            raise ValueError(f'channels must be [{count}, 84, C], got {self.channels.shape}')
        if len(self.biases) != count or any(
            bias.ndim != 2 or len(bias) != len(_KERNELS) for bias in self.biases
        ):
            raise ValueError(f'biases must be {count} arrays [84, Q]')

    @property
    def count(self) -> int:
        """Number of features."""
        return sum(bias.size for bias in self.biases)

    @classmethod
    def fit(cls, series: np.ndarray, count: int, rng: np.random.Generator) -> RandomConvolutions:
        """Choose channels, and biases from the data.

        Parameters
        ----------
        series
            float32 [N, T, C], T at least 9.
        count
            Number of features, rounded down to a multiple of 84.
        rng
            Decides everything random.
        """
        samples, width = series.shape[1:]
        if samples < _LENGTH:
            raise ValueError(f'a series must have at least {_LENGTH} samples, got {samples}')
        dilations, features = _dilations(samples, count // len(_KERNELS))
        shape = len(dilations), len(_KERNELS)
        exponents = rng.uniform(0.0, np.log2(min(width, _MAX_CHANNELS) + 1), shape)
        ranks = rng.random((*shape, width)).argsort(axis=2).argsort(axis=2)
        channels = ranks < np.exp2(exponents).astype(int)[..., None]
        empty = cls(dilations, channels, tuple(np.zeros((84, 0), np.float32) for _ in dilations))
        golden = (np.arange(1, len(_KERNELS) * features.sum() + 1) * (5**0.5 + 1) / 2) % 1
        biases, begin = [], 0
        for number, size in enumerate(features):
            shown = series[rng.integers(len(series), size=len(_KERNELS))]
            found = empty._convolved(shown, number)
            own = found[np.arange(len(_KERNELS)), :, np.arange(len(_KERNELS))]
            shares = golden[begin : begin + own.shape[0] * size].reshape(-1, size)
            rows = [np.quantile(row, share) for row, share in zip(own, shares)]
            biases.append(np.array(rows, np.float32))
            begin += shares.size
        return cls(dilations, channels, tuple(biases))

    def transform(self, series: np.ndarray) -> np.ndarray:
        """Features float32 [N, F] of series float32 [N, T, C]."""
        parts = range(0, len(series), _BATCH)
        return np.concatenate([self._transform(series[i : i + _BATCH]) for i in parts])

    def _transform(self, series: np.ndarray) -> np.ndarray:
        features = [np.zeros((len(series), 0), np.float32)]
        for number, (dilation, bias) in enumerate(zip(self.dilations, self.biases)):
            found = self._convolved(series, number)
            margin = 4 * int(dilation)
            shares = np.empty((len(series), *bias.shape), np.float32)
            for parity in (0, 1):
                own = slice(parity, None, 2)
                # Every other kernel sees no moment at which it reaches beyond the ends.
                inner = found[:, margin:-margin] if (number + parity) % 2 else found
                over = inner[:, :, own, None] > bias[own]
                shares[:, own] = over.sum(axis=1, dtype=np.uint16) / np.float32(over.shape[1])
            features.append(shares.reshape(len(series), -1))
        return np.concatenate(features, axis=1)

    def _convolved(self, series: np.ndarray, number: int) -> np.ndarray:
        """All kernels [N, T, 84] at one dilation; 0 beyond the ends."""
        step, samples = int(self.dilations[number]), series.shape[1]
        # The channels are summed first: small products, which BLAS computes in one thread.
        summed = series @ self.channels[number].T.astype(np.float32)
        padded = np.zeros((len(series), samples + 8 * step, len(_KERNELS)), np.float32)
        padded[:, 4 * step : 4 * step + samples] = summed
        found = np.zeros_like(summed)
        for place, weights in enumerate(_KERNELS.T):
            found += weights * padded[:, place * step : place * step + samples]
        return found


def _dilations(samples: int, per_kernel: int) -> tuple[np.ndarray, np.ndarray]:
    """Dilations [D] [samples] up to the length of the series, and features per kernel of each."""
    steps = min(max(per_kernel, 1), 32)
    longest = np.log2((samples - 1) / (_LENGTH - 1))
    dilations, counts = np.unique(
        np.logspace(0, longest, steps, base=2).astype(int), return_counts=True
    )
    features = counts * per_kernel // steps
    features[: per_kernel - features.sum()] += 1
    return dilations, features
