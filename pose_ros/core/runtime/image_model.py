"""What every runtime offers: a model that takes one image, and how pixels become its input."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from pose_ros.core.runtime.errors import ModelError, require_usable

PixelRange = tuple['float | Sequence[float]', 'float | Sequence[float]']
"""What pixel values 0 and 255 become in the model's own numbers: one for all channels, or RGB."""

# Longest side of an input that is accepted [px]: larger ones would only exhaust the memory.
_MAX_SIDE = 4096


class ImageModel(Protocol):
    """A model that takes one RGB image, on any runtime and device."""

    @property
    def input_size(self) -> tuple[int, int]:
        """(width, height) of the input image [px]."""

    @property
    def output_shapes(self) -> list[tuple[int, ...]]:
        """Shape of each output."""

    def require_outputs(self, *shapes: tuple[int, ...]) -> None:
        """ModelError unless the outputs have these shapes, in this order."""

    def run(self, image: np.ndarray) -> list[np.ndarray]:
        """Run the model.

        Parameters
        ----------
        image
            uint8 [height, width, 3] of the input's size, RGB unless the model wants otherwise.

        Returns
        -------
        list of float32 arrays
            The outputs, dequantised.

        Raises
        ------
        OutputError
            A value is not finite, or impossibly large.
        ModelError
            The runtime cannot run the model.
        """

    def run_each(self, images: Sequence[np.ndarray]) -> list[list[np.ndarray]]:
        """Outputs of each image, as `run` returns them; on some runtimes several at once."""


ModelLoader = Callable[..., ImageModel]
"""Makes a model of a file, a number of threads and a pixel range."""


class ImageInput:
    """Turns pixels into the numbers of an input tensor, reusing one buffer.

    Parameters
    ----------
    path
        The model's file, for messages.
    shape
        [1, height, width, 3], or [1, 3, height, width] where channels come first.
    dtype
        Of the tensor.
    pixel_range
        What pixel values 0 and 255 become in real numbers; an integer tensor takes one range for
        all channels.
    quantization
        (scale, zero point) of an integer tensor; without a scale it takes the pixels as they are.

    Raises
    ------
    ModelError
        The tensor is not one image, or its numbers are neither float32 nor integers.
    """

    def __init__(
        self,
        path: Path,
        shape: tuple[int, ...],
        dtype: np.dtype | type,
        pixel_range: PixelRange,
        quantization: tuple[float, int] = (0.0, 0),
    ) -> None:
        dtype = np.dtype(dtype)
        if len(shape) != 4 or shape[0] != 1 or 3 not in (shape[1], shape[3]):
            raise ModelError(
                f'{path}: expected one input image [1, height, width, 3] or '
                f'[1, 3, height, width], found {dtype.name} {list(shape)}'
            )
        if not 1 <= min(shape) <= max(shape) <= _MAX_SIDE:
            raise ModelError(
                f'{path}: expected an input image of 1 to {_MAX_SIDE} px, found {list(shape)}'
            )
        if dtype != np.float32 and dtype.kind not in 'iu':
            raise ModelError(f'{path}: expected an input of float32 or integers, found {dtype}')
        self.tensor: np.ndarray = np.zeros(shape, dtype)
        self._channels_first = shape[3] != 3
        height, width = shape[2:] if self._channels_first else shape[1:3]
        self.size = (width, height)
        low, high = (np.asarray(limit, np.float32) for limit in pixel_range)
        self._factor, self._offset = self._by_channel((high - low) / 255), self._by_channel(low)
        self._table: np.ndarray | None = None
        if dtype == np.float32:
            return
        if low.ndim or high.ndim:
            raise ModelError(f'{path}: an input of {dtype} takes one pixel range for all channels')
        real = np.linspace(float(low), float(high), 256)
        scale, zero_point = quantization
        if not scale:
            scale, zero_point = 1.0, np.iinfo(np.int8).min if dtype == np.int8 else 0
            real = np.arange(256.0)
        limits = np.iinfo(dtype)
        levels = np.clip(np.round(real / scale + zero_point), limits.min, limits.max)
        if dtype != np.uint8 or (levels != np.arange(256)).any():
            self._table = levels.astype(dtype)

    def _by_channel(self, values: np.ndarray) -> np.ndarray:
        """Return a value of each channel in the shape that fits the tensor."""
        return values[:, None, None] if values.ndim and self._channels_first else values

    def fill(self, image: np.ndarray) -> np.ndarray:
        """Return the tensor of an image [height, width, 3]."""
        if self._channels_first:
            image = image.transpose(2, 0, 1)
        if self._table is not None:
            np.take(self._table, image, out=self.tensor[0])
        elif self.tensor.dtype == np.float32:
            np.multiply(image, self._factor, out=self.tensor[0])
            if self._offset.any():
                self.tensor += self._offset
        else:
            return image[None]
        return self.tensor


def require_shapes(
    path: Path, found: Sequence[tuple[int, ...]], expected: Sequence[tuple[int, ...]]
) -> None:
    """ModelError unless the outputs have the expected shapes, in this order."""
    if list(found) != list(expected):
        wanted, there = (
            ', '.join(str(list(shape)) for shape in shapes) for shapes in (expected, found)
        )
        raise ModelError(f'{path}: expected outputs {wanted}, found {there}')


def require_usable_outputs(path: Path, outputs: Sequence[np.ndarray]) -> None:
    """OutputError unless all values are finite and of a possible size."""
    for position, values in enumerate(outputs):
        require_usable(f'{path}: output {position}', values)
