"""Joints of the human in ROS4HRI's human_description, from what is known of a body.

Its torso has x forward, y to the left, z up, and limbs hang straight down where all joints are 0:

    arm   y_shoulder about -z (left) or z (right), p_shoulder about x or -x: raised to the side,
          r_shoulder about z or -z, elbow about -y: bent by 0 to pi
    leg   y_hip about -z, p_hip about x or -x: spread, r_hip about -y: raised to the front,
          knee about -y: bent by 0 to -pi
"""

from __future__ import annotations

from collections.abc import Mapping
import math

import numpy as np

from pose_ros.core.space.body_frame import body_frame
from pose_ros.core.topology import SIDES, Topology

# Limbs that leave an axis by less than this [-] cannot tell the turn about it.
_LEAST = 0.1
# Sine of the angle from which on a knee counts as bent.
_BENT = 0.3
# By the frame's definition its torso is upright; of the head nothing is measured.
_FIXED = ('waist', 'r_head', 'y_head', 'p_head')

_LIMBS = ('shoulder', 'elbow', 'wrist', 'hip', 'knee', 'ankle')


def human_joints(
    angles: Mapping[str, float], positions: np.ndarray | None, topology: Topology
) -> dict[str, float]:
    """Angles [rad] of the joints that are known, by name, such as ``l_elbow``.

    Parameters
    ----------
    angles
        Of `AngleMeter`, by name [rad]; NaN where unknown.
    positions
        [K, 3] [m] of the keypoints, NaN where unknown; None without, and then there are only
        elbows and knees.
    topology
        Format of the positions.
    """
    frame = None if positions is None else body_frame(positions, topology)
    joints: dict[str, float] = {}
    if frame is not None:
        joints.update(dict.fromkeys(_FIXED, 0.0))
        # In the body's frame; its origin does not matter, only bones count.
        points = dict(zip(topology.keypoint_names, np.asarray(positions) @ frame.rotation))
    for side in SIDES:
        letter, sign = side[0], 1.0 if side == 'left' else -1.0
        if frame is not None:
            shoulder, elbow, wrist, hip, knee, ankle = (
                points[f'{side}_{name}'] for name in _LIMBS
            )
            turns = shoulder_joints(elbow - shoulder, wrist - elbow, sign)
            joints.update(zip((f'{letter}_{axis}_shoulder' for axis in 'ypr'), turns))
            turns = hip_joints(knee - hip, ankle - knee, sign)
            joints.update(zip((f'{letter}_{axis}_hip' for axis in 'ypr'), turns))
        joints[f'{letter}_elbow'] = math.pi - angles.get(f'{side}_elbow', math.nan)
        joints[f'{letter}_knee'] = angles.get(f'{side}_knee', math.nan) - math.pi
    return {name: angle for name, angle in joints.items() if math.isfinite(angle)}


def shoulder_joints(
    upper_arm: np.ndarray, forearm: np.ndarray, sign: float
) -> tuple[float, float, float]:
    """Angles [rad] of y, p and r_shoulder; NaN where they are not known.

    Parameters
    ----------
    upper_arm, forearm
        Bones [3] away from the trunk, in the body's frame.
    sign
        1 for the left, -1 for the right.
    """
    x, y, z = _direction(upper_arm)
    raised = math.atan2(math.hypot(x, y), -z)
    turned = 0.0 if math.hypot(x, y) < _LEAST else math.atan2(x, sign * y)
    # Where the bent elbow points: the forearm as seen along the upper arm.
    x, y, _ = _about_x(-sign * raised) @ _about_z(sign * turned) @ _direction(forearm)
    return turned, raised, 0.0 if math.hypot(x, y) < _LEAST else math.atan2(sign * y, x)


def hip_joints(thigh: np.ndarray, shin: np.ndarray, sign: float) -> tuple[float, float, float]:
    """Angles [rad] of y, p and r_hip; NaN where they are not known.

    Parameters
    ----------
    thigh, shin
        Bones [3] away from the trunk, in the body's frame.
    sign
        1 for the left, -1 for the right.
    """
    thigh = _direction(thigh)
    # The axis of the knee, across both bones; that of r_hip is parallel to it.
    across = np.cross(thigh, _direction(shin))
    bent = np.linalg.norm(across)
    if bent > _BENT and across[1] > 0:
        x, y, z = across / bent
        turned, spread = math.atan2(x, y), math.asin(sign * z)
    else:
        # A straight leg does not tell how it is turned about itself, a knee bent forwards errs.
        _, y, z = thigh
        turned, spread = 0.0, 0.0 if math.hypot(y, z) < _LEAST else math.atan2(sign * y, -z)
    x, _, z = _about_x(-sign * spread) @ _about_z(turned) @ thigh
    return turned, spread, math.atan2(x, -z)


def _direction(bone: np.ndarray) -> np.ndarray:
    """Unit vector along a bone; NaN if it has no length."""
    length = np.linalg.norm(bone)
    return bone / length if length else np.full(3, np.nan)


def _about_x(angle: float) -> np.ndarray:
    cos, sin = math.cos(angle), math.sin(angle)
    return np.array([[1.0, 0.0, 0.0], [0.0, cos, -sin], [0.0, sin, cos]])


def _about_z(angle: float) -> np.ndarray:
    cos, sin = math.cos(angle), math.sin(angle)
    return np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
