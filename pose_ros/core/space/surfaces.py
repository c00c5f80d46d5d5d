"""Surfaces in windows of a depth image: what stands before what."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Between two surfaces there is a gap of this at least: [m] + [1/m] × distance².
_GAP, _GAP_GROWTH = 0.05, 0.006
# A surface fills this share of a window; less is a mixture of two at an edge, or a stray.
_MIN_SHARE, _MIN_PIXELS = 0.15, 3


@dataclass(frozen=True, eq=False)
class Surfaces:
    """Surfaces that windows show: window by window, in each the nearest first.

    Attributes
    ----------
    windows
        int [S]: of which window each is.
    depths, spreads
        float64 [S] [m]: median, and standard deviation by the quartiles.
    shares
        float64 [S]: of the window's pixels, 0 to 1.
    """

    windows: np.ndarray
    depths: np.ndarray
    spreads: np.ndarray
    shares: np.ndarray

    @classmethod
    def of(cls, depths: np.ndarray) -> Surfaces:
        """Surfaces in windows [K, N] of depths [m], NaN where unknown; strays are left out."""
        _, pixels = depths.shape
        flat = np.sort(depths, axis=1).astype(np.float64).ravel()
        known = np.isfinite(flat)
        # A surface ends before a gap, before what is unknown, and with its window.
        ends = np.ones(len(flat), dtype=bool)
        ends[:-1] = (np.diff(flat) > _GAP + _GAP_GROWTH * flat[:-1] ** 2) | ~known[1:]
        ends[pixels - 1 :: pixels] = True
        last = np.flatnonzero(ends)
        first = np.append(0, last + 1)[: len(last)]
        sizes = last - first + 1
        kept = known[first] & (sizes >= max(_MIN_SHARE * pixels, _MIN_PIXELS))
        first, sizes = first[kept], sizes[kept]
        low, middle, high = (flat[first + sizes * part // 4] for part in (1, 2, 3))
        return cls(first // pixels, middle, (high - low) / 1.349, sizes / pixels)

    def only(self, mask: np.ndarray) -> Surfaces:
        """Those of a mask [S]."""
        return Surfaces(
            self.windows[mask], self.depths[mask], self.spreads[mask], self.shares[mask]
        )
