"""Samples of 16 bits of which a camera uses fewer."""

from __future__ import annotations

import numpy as np

# Images [-] in which fewer bits must do before the scale follows: about 3 s at 30 Hz.
_WINDOW = 100
# Bits [-] that must be spare before it does: light that changes by less moves nothing.
_SPARE = 2
_LEAST = 8


class BitDepth:
    """Scales 16-bit samples to 8 bits by the bits that a camera really uses.

    Cameras of 10 to 14 bits put their values into the lower bits of 16, or into the higher ones.
    Which it is shows in the largest values. The scale grows at once with a larger value. It
    shrinks only when all of the last 100 images would do with two bits fewer.

    Attributes
    ----------
    bits
        In use, 8 to 16; 0 before the first image.
    """

    def __init__(self) -> None:
        self.bits = 0
        self._images = self._largest = 0

    def to_8_bits(self, samples: np.ndarray) -> np.ndarray:
        """Scale an image.

        Parameters
        ----------
        samples
            uint16 [height, width] or [height, width, channels]; a fourth channel (alpha) does
            not count.

        Returns
        -------
        np.ndarray
            uint8, of the same shape.
        """
        colours = samples[..., :3] if samples.ndim == 3 else samples
        self._learn(int(colours.max()))
        return np.right_shift(samples, self.bits - _LEAST).astype(np.uint8)

    def _learn(self, value: int) -> None:
        self._images += 1
        self._largest = max(self._largest, value)
        bits = max(self._largest.bit_length(), _LEAST)
        if bits > self.bits or (self._images >= _WINDOW and bits <= self.bits - _SPARE):
            self.bits = bits
        elif self._images < _WINDOW:
            return
        self._images = self._largest = 0
