"""What places people in space has one verb."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from pose_ros.core.camera import CameraModel
from pose_ros.core.positions import Positions
from pose_ros.core.space.depth_image import DepthImage
from pose_ros.core.types import Person


@dataclass(frozen=True, eq=False)
class CameraView:
    """How a picture was taken.

    Attributes
    ----------
    camera
        That took it.
    size
        (width, height) of the picture [px].
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
    """Finds where people are."""

    def place(self, person: Person, view: CameraView) -> Positions | None:
        """Positions of the keypoints of a person; None if none can be told."""
