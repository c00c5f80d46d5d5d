"""An actor on a path in metres, seen by a camera that may move, too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import atan2, cos, degrees, sin
from typing import NamedTuple

import numpy as np

from pose_ros.actor.depth import BODY_HEIGHT
from pose_ros.actor.draw import Figure
from pose_ros.actor.scene import Actor


class FloorPose(NamedTuple):
    """Place and heading on the floor: x [m], y [m], yaw [rad] about the vertical (REP-105)."""

    x: float
    y: float
    yaw: float


def _at_origin(time: float) -> FloorPose:
    return FloorPose(0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Walker(Actor):
    """A person on a path, drawn as a level camera on another path sees them.

    The motion is played where the person is; 'walk' moves the legs, and the path moves the person.

    Attributes
    ----------
    path
        Of the person at a time of the scene [s].
    camera
        Of the camera, whose optical axis points along its yaw.
    camera_height
        Over the floor [m].
    focal
        Of the camera [px].
    size
        (width, height) of the image [px].
    """

    path: Callable[[float], FloorPose] = _at_origin
    camera: Callable[[float], FloorPose] = _at_origin
    camera_height: float = 1.1
    focal: float = 550.0
    size: tuple[int, int] = (640, 480)

    def at(self, time: float, phase: float = 0.0) -> tuple[Figure, str]:
        """Body at a time of the scene [s] and the name of what it is doing."""
        x, y, yaw = self.path(time)
        camera = self.camera(time)
        ahead, left = _turned(x - camera.x, y - camera.y, -camera.yaw)
        turn = yaw - camera.yaw
        scale = self.focal / ahead  # [px/m] at the person
        pose, label = self.pose(time, phase)
        facing = degrees(atan2(-sin(turn), -cos(turn)))
        pose = pose._replace(body=(pose.body[0], facing))
        column = self.size[0] / 2 - left * scale
        ground = self.size[1] / 2 + self.camera_height * scale
        return Figure.of(pose, self.clothes, column, ground, BODY_HEIGHT * scale), label

    def camera_pose(self, time: float) -> tuple[np.ndarray, np.ndarray]:
        """Rotation [3, 3] and translation [3] [m] from the optical frame to that of the paths."""
        x, y, yaw = self.camera(time)
        ahead, left = np.array([cos(yaw), sin(yaw), 0.0]), np.array([-sin(yaw), cos(yaw), 0.0])
        rotation = np.column_stack([-left, (0.0, 0.0, -1.0), ahead])
        return rotation, np.array([x, y, self.camera_height])


def _turned(x: float, y: float, angle: float) -> tuple[float, float]:
    return cos(angle) * x - sin(angle) * y, sin(angle) * x + cos(angle) * y
