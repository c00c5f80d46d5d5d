"""How a body moves and faces: velocity, orientation, and whether it stays in place."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
import math

import numpy as np


class MotionState(IntEnum):
    """Whether a person stays in place; the values are those of ``Skeleton.msg``."""

    UNKNOWN = 0
    STATIONARY = 1
    MOVING = 2


def _unknown() -> np.ndarray:
    return np.full(3, math.nan)


@dataclass(frozen=True, eq=False)
class Kinematics:
    """Motion and orientation of one person; NaN where unknown.

    Attributes
    ----------
    motion
        Over the ground with a fixed frame, else relative to the camera.
    orientation
        [4] quaternion (x, y, z, w) of the body frame (`core.space.body_frame`) in the camera's
        optical frame.
    velocity, velocity_deviation
        [3] [m/s] of the trunk relative to the camera, in the camera's optical frame, and the
        standard deviation of each component.
    fixed_position
        [3] [m] of the middle of the trunk, in the fixed frame.
    fixed_velocity, fixed_velocity_deviation
        [3] [m/s] in the fixed frame.
    fixed_yaw, fixed_yaw_deviation
        [rad] Direction that the body faces, about z of the fixed frame.
    """

    motion: MotionState = MotionState.UNKNOWN
    orientation: np.ndarray = field(default_factory=lambda: np.full(4, math.nan))
    velocity: np.ndarray = field(default_factory=_unknown)
    velocity_deviation: np.ndarray = field(default_factory=_unknown)
    fixed_position: np.ndarray = field(default_factory=_unknown)
    fixed_velocity: np.ndarray = field(default_factory=_unknown)
    fixed_velocity_deviation: np.ndarray = field(default_factory=_unknown)
    fixed_yaw: float = math.nan
    fixed_yaw_deviation: float = math.nan


UNKNOWN = Kinematics()
