"""A depth image that belongs to an image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# What is nearer or farther was not measured but made up [m].
NEAREST, FARTHEST = 0.1, 20.0
# A side of the depth image may be off by rounding [px].
_ROUNDING = 2.0


@dataclass(frozen=True, eq=False)
class DepthImage:
    """Distances from the camera's plane, pixel by pixel of the image or of a smaller one.

    Attributes
    ----------
    values
        uint16 or float32 [height, width]; zero, not finite or out of range is not measured.
    unit
        Metres in a value of one.
    stamp
        Time of the exposure [s].
    """

    values: np.ndarray
    unit: float = 1.0
    stamp: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what is no depth image."""
        shape = getattr(self.values, 'shape', None)
        dtype = getattr(self.values, 'dtype', type(self.values).__name__)
        if shape is None or len(shape) != 2 or dtype not in (np.uint16, np.float32):
            raise ValueError(
                f'expected a uint16 or float32 depth image [height, width], got {dtype} {shape}'
            )
        if not min(shape) > 0:
            raise ValueError(f'the depth image has no pixels: {shape[1]}×{shape[0]}')
        if not (self.unit > 0 and np.isfinite(self.unit)):
            raise ValueError(f'unit must be positive, got {self.unit}')

    def check_covers(self, image_size: tuple[int, int]) -> None:
        """Refuse, with ValueError, an image of (width, height) [px] of another shape."""
        height, width = self.values.shape
        # As wide as it would be if it were as high as the image.
        expected = image_size[0] * height / image_size[1]
        if abs(expected - width) > _ROUNDING * max(height / image_size[1], 1.0):
            raise ValueError(
                f'depth image of {width}×{height} px for an image of '
                f'{image_size[0]}×{image_size[1]}: it must be registered to the image'
            )

    def at(self, points: np.ndarray, image_size: tuple[int, int]) -> np.ndarray:
        """Distances at points of the image.

        Parameters
        ----------
        points
            [..., 2] [px of the image].
        image_size
            (width, height) of the image [px].

        Returns
        -------
        np.ndarray
            float32 [...] [m]; NaN outside, and where nothing was measured.
        """
        height, width = self.values.shape
        scale = np.array([width / image_size[0], height / image_size[1]])
        cells = np.floor((points + 0.5) * scale)
        inside = ((cells >= 0) & (cells < (width, height))).all(axis=-1)
        columns, rows = np.moveaxis(np.where(inside[..., None], cells, 0).astype(np.intp), -1, 0)
        metres = self.values[rows, columns] * np.float32(self.unit)
        good = inside & (metres >= NEAREST) & (metres <= FARTHEST)
        return np.where(good, metres, np.float32(np.nan))
