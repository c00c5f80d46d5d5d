"""3D positions of a person's keypoints, with their source."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np


class PositionSource(IntEnum):
    """How positions came about; the values are those of ``Skeleton.msg``."""

    NONE = 0
    DEPTH = 1
    MODEL = 2
    HEIGHT = 3
    TRIANGULATED = 4


@dataclass(frozen=True, eq=False)
class Positions:
    """Where the keypoints of one person are.

    Attributes
    ----------
    points
        float64 [K, 3] [m] in the camera's optical frame (x right, y down, z away), or in the
        fixed frame if several cameras are fused; NaN for a keypoint whose position is not known.
    deviations
        float64 [K] [m]: standard deviation along the line of sight, where a position is least
        certain; NaN where the position is.
    source
        How they came about.
    """

    points: np.ndarray
    deviations: np.ndarray
    source: PositionSource

    def __post_init__(self) -> None:
        """Refuse arrays that do not fit each other."""
        count = len(self.points)
        if self.points.shape != (count, 3) or self.deviations.shape != (count,):
            raise ValueError(
                'positions need points [K, 3] and deviations [K], got '
                f'{self.points.shape} and {self.deviations.shape}'
            )

    def __len__(self) -> int:
        """Return the number of keypoints."""
        return len(self.points)

    def at(self, index: np.ndarray) -> Positions:
        """Those of some keypoints, by index."""
        return Positions(self.points[index], self.deviations[index], self.source)
