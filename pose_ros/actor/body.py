"""The actor's skeleton: joint angles in, points in space out (forward kinematics).

Lengths are fractions of the body's height. Axes are the camera's: x to the image's right, y
down, z away from the camera. A person who faces the camera has the left side at +x.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from pose_ros.actor.hand_pose import HAND_POSES, hand_points, turned
from pose_ros.core.topology import Side

Pair = tuple[float, float]
Points = dict[str, np.ndarray]


class ActorPose(NamedTuple):
    """Angles of one moment [deg], each a pair; zero everywhere is standing to attention.

    A limb's pair is (sideways, forward): sideways from hanging down (0) over stretched out to
    its own side (90) to straight up (180); forward from the image plane (0) to straight ahead
    (90). Each limb counts from the trunk, not from the limb above it.
    """

    shift: Pair = (0.0, 0.0)
    """Pelvis from the actor's place (to the image's right, up from the ground) [heights]."""
    body: Pair = (0.0, 0.0)
    """(roll clockwise in the image, turn towards the image's right)."""
    torso: Pair = (0.0, 0.0)
    """(lean clockwise in the image, bend forward)."""
    head: Pair = (0.0, 0.0)
    """(tilt clockwise in the image, turn towards the image's right), on top of the torso."""
    left_arm: Pair = (0.0, 0.0)
    right_arm: Pair = (0.0, 0.0)
    left_forearm: Pair = (0.0, 0.0)
    right_forearm: Pair = (0.0, 0.0)
    left_thigh: Pair = (0.0, 0.0)
    right_thigh: Pair = (0.0, 0.0)
    left_shin: Pair = (0.0, 0.0)
    right_shin: Pair = (0.0, 0.0)
    neck: Pair = (0.0, 0.0)
    """(tilt clockwise in the image, bend forward), between torso and head."""
    left_hand: Pair = (0.0, 0.0)
    """Added to the angles of the forearm, which it goes along with otherwise."""
    right_hand: Pair = (0.0, 0.0)
    tip: Pair = (0.0, 0.0)
    """(towards the own left, forwards) of the whole body, as a falling tree."""
    spine: Pair = (0.0, 0.0)
    """(lean clockwise in the image, bend forward) of the upper half of the back: rounds it."""
    left_fingers: Any = ''  # a name; Any: pairs by name make poses, too
    """Shape of the hand, of `HAND_POSES`, palm to the camera; empty: a hand at rest."""
    right_fingers: Any = ''

    def blend(self, other: ActorPose, weight: float) -> ActorPose:
        """Pose on the way to another: this one at weight 0, the other at 1."""
        start, end = self.angles, other.angles
        shown = other if weight > 0.5 else self
        return shown.with_angles(start + (end - start) * weight)

    @property
    def angles(self) -> np.ndarray:
        """All pairs [N, 2]."""
        return np.array(self[:-2])

    def with_angles(self, angles: np.ndarray) -> ActorPose:
        """Pose with other pairs [N, 2] and the same shapes of the hands."""
        pairs = dict(zip(self._fields, map(tuple, angles.tolist())))
        return self._replace(**pairs)


# Where joints lie in the standing body, from the middle of the hip joints:
# (side, up) and, on the head, (side, up, front).
_SHOULDER = (0.110, 0.304)
_RAISED = 0.018
_HIP = 0.072
_WAIST = 0.150
_NECK = 0.312
_HEAD = 0.404
_UPPER_ARM, _FOREARM, HAND = 0.155, 0.150, 0.080
_THIGH, _SHIN, SOLE = 0.233, 0.223, 0.031
# Toes point ahead and slightly outwards; the camera, higher up, sees them lower.
_TOES_ASIDE, _TOES_DOWN, _TOES_AHEAD = 0.022, 0.024, 0.075
NECK_OVER_SHOULDERS = _NECK - _SHOULDER[1]
_HEIGHT = 1.75  # [m] of the body whose hands `hand_points` gives
_SIDES: tuple[tuple[Side, int], ...] = (('left', 1), ('right', -1))
SKULL = {
    'nose': (0.0, -0.010, 0.058),
    'left_eye': (0.020, 0.012, 0.044),
    'right_eye': (-0.020, 0.012, 0.044),
    'left_ear': (0.047, 0.002, 0.002),
    'right_ear': (-0.047, 0.002, 0.002),
    'left_mouth': (0.014, -0.033, 0.044),
    'right_mouth': (-0.014, -0.033, 0.044),
    'left_temple': (0.030, 0.044, 0.022),
    'right_temple': (-0.030, 0.044, 0.022),
    'bridge': (0.0, 0.010, 0.048),
    'forehead': (0.0, 0.008, 0.012),
    'jaw': (0.0, -0.032, 0.020),
    'chin': (0.0, -0.056, 0.030),
    'crown': (0.0, 0.038, 0.000),
    'nape': (0.0, 0.016, -0.010),
}


def _rotation(axis: int, degrees: float) -> np.ndarray:
    """Matrix [3, 3] that turns about x (0), y (1) or z (2)."""
    angle = np.radians(degrees)
    cos, sin = np.cos(angle), np.sin(angle)
    matrix = np.eye(3)
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrix[first, first] = matrix[second, second] = cos
    matrix[first, second], matrix[second, first] = -sin, sin
    return matrix


def _direction(side: int, angles: Pair) -> np.ndarray:
    """Unit vector [3] of a limb; side is +1 for the left, -1 for the right."""
    sideways, forward = np.radians(angles)
    return np.array(
        [
            side * np.sin(sideways) * np.cos(forward),
            np.cos(sideways) * np.cos(forward),
            -np.sin(forward),
        ]
    )


def toes_of(side: float, left: np.ndarray, up: np.ndarray, front: np.ndarray) -> np.ndarray:
    """Toes [3] from the heel [heights]; side is +1 for the left, then the pelvis's axes."""
    return side * _TOES_ASIDE * left - _TOES_DOWN * up + _TOES_AHEAD * front


def _fingers(side: Side, shape: str, wrist: np.ndarray, along: np.ndarray) -> Points:
    """Points of a hand in the direction of the forearm: left_finger_0 and so on."""
    roll = np.degrees(np.arctan2(along[0], -along[1]))
    points = turned(hand_points(HAND_POSES[shape], side), roll) / _HEIGHT
    return {f'{side}_finger_{number}': wrist + point for number, point in enumerate(points)}


def joints(pose: ActorPose) -> dict[str, np.ndarray]:
    """Points of the body by name: the 17 of COCO and those that the drawing needs.

    Returns
    -------
    dict
        Name to point [3] in heights, from the middle of the hips; the pose's shift is not in.
    """
    turn = _rotation(2, pose.body[0]) @ _rotation(1, -pose.body[1])
    turn = turn @ _rotation(2, pose.tip[0]) @ _rotation(0, pose.tip[1])
    trunk = turn @ _rotation(2, pose.torso[0]) @ _rotation(0, pose.torso[1])
    chest = trunk @ _rotation(2, pose.spine[0]) @ _rotation(0, pose.spine[1])
    waist = trunk @ (0.0, -_WAIST, 0.0)
    bent = chest @ _rotation(2, pose.neck[0]) @ _rotation(0, pose.neck[1])
    skull = bent @ _rotation(2, pose.head[0]) @ _rotation(1, -pose.head[1])
    neck = waist + chest @ (0.0, _WAIST - _NECK, 0.0)
    head = neck + skull @ (0.0, _NECK - _HEAD, -0.012)
    points = {'pelvis': np.zeros(3), 'neck': neck, 'head': head}
    for name, (side, up, front) in SKULL.items():
        points[name] = head + skull @ (side, -up, -front)
    for name, side in _SIDES:
        upper_arm = _direction(side, getattr(pose, f'{name}_arm'))
        # The shoulder moves towards the neck as the arm goes up.
        inwards = max(0.0, -upper_arm[1]) * _RAISED
        beside = side * (_SHOULDER[0] - inwards)
        shoulder = waist + chest @ (beside, _WAIST - _SHOULDER[1], 0.0)
        elbow = shoulder + chest @ upper_arm * _UPPER_ARM
        forearm, hand = getattr(pose, f'{name}_forearm'), getattr(pose, f'{name}_hand')
        wrist = elbow + chest @ _direction(side, forearm) * _FOREARM
        along = chest @ _direction(side, (forearm[0] + hand[0], forearm[1] + hand[1]))
        hip = turn @ (side * _HIP, 0.0, 0.0)
        knee = hip + turn @ _direction(side, getattr(pose, f'{name}_thigh')) * _THIGH
        shin = turn @ _direction(side, getattr(pose, f'{name}_shin'))
        ankle = knee + shin * _SHIN
        toes = ankle + shin * SOLE + toes_of(side, *(turn * (1.0, -1.0, -1.0)).T)
        points |= {
            f'{name}_shoulder': shoulder,
            f'{name}_elbow': elbow,
            f'{name}_wrist': wrist,
            f'{name}_hand': wrist + along * HAND,
            f'{name}_hip': hip,
            f'{name}_knee': knee,
            f'{name}_ankle': ankle,
            f'{name}_heel': ankle + shin * SOLE,
            f'{name}_toes': toes,
        }
        shape = getattr(pose, f'{name}_fingers')
        if shape:
            points |= _fingers(name, shape, wrist, along)
    return points
