"""Interface of the ways to estimate positions, and what they share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pose_ros.core.camera import CameraModel
from pose_ros.core.positions import Positions
from pose_ros.core.space.depth_image import DepthImage
from pose_ros.core.tracking.smoothing import OneEuroSmoother
from pose_ros.core.types import Person

# Cutoff frequency at rest [Hz].
_CUTOFF = 0.5
# Gain of the cutoff frequency [Hz per relative change of the distance in a second].
_CUTOFF_GAIN = 6.0
# Maximum time that a person may be away [s].
_GRACE = 1.0


@dataclass(frozen=True, eq=False)
class CameraView:
    """How an image was taken.

    Attributes
    ----------
    camera
        Its model.
    size
        (width, height) of the image [px].
    stamp
        Time of the exposure [s].
    depth
        Image of the depths, taken at the same time; None without one.
    """

    camera: CameraModel
    size: tuple[int, int]
    stamp: float = 0.0
    depth: DepthImage | None = None


class PositionStrategy(Protocol):
    """Estimates positions of people."""

    def place(self, person: Person, view: CameraView) -> Positions | None:
        """Positions of the keypoints of a person; None if they are unknown."""


class SteadyDistance:
    """Smooths the logarithm of distances, whose uncertainty is a share of the distance."""

    def __init__(self) -> None:
        self._people: dict[int, tuple[OneEuroSmoother, float]] = {}

    def smooth(self, distance: float, person_id: int, stamp: float) -> float:
        """Smoothed distance [m] at a time [s]; unchanged for a person without an id."""
        present = {i: p for i, p in self._people.items() if 0 <= stamp - p[1] <= _GRACE}
        self._people = present
        if not person_id:
            return distance
        smoother, last = present.get(person_id, (OneEuroSmoother(_CUTOFF, _CUTOFF_GAIN), None))
        if stamp == last:
            return distance
        present[person_id] = smoother, stamp
        return float(np.exp(smoother.apply(np.log([[distance]]), stamp, 1.0)[0, 0]))
