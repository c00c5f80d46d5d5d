"""Place and velocity of a body, in the fixed frame if there is one."""

from __future__ import annotations

import numpy as np
from std_msgs.msg import Header

from pose_ros.core.space.trunk import JOINTS
from pose_ros.core.types import Person
from pose_ros.msg import SkeletonArray


def motion_header(message: SkeletonArray) -> Header:
    """Header of the values of `place_and_velocity`."""
    frame = message.fixed_frame or message.header.frame_id
    return Header(stamp=message.header.stamp, frame_id=frame)


def place_and_velocity(person: Person, message: SkeletonArray) -> tuple[np.ndarray, np.ndarray]:
    """Middle of the trunk [3] [m] and its velocity [3] [m/s]; NaN where unknown."""
    kinematics = person.kinematics
    if message.fixed_frame:
        return kinematics.fixed_position, kinematics.fixed_velocity
    if person.positions is None:
        return np.full(3, np.nan), kinematics.velocity
    joints = person.positions.points[[person.topology.index(name) for name in JOINTS]]
    known = joints[np.isfinite(joints).all(axis=1)]
    return known.mean(axis=0) if len(known) else np.full(3, np.nan), kinematics.velocity
