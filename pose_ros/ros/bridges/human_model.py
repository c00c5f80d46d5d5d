"""Kinematic tree of ROS4HRI's human_description: URDF of a body, and rotations of its segments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np
from scipy.spatial.transform import Rotation

from pose_ros.core.anatomy import BONES, FACE_OVER_SHOULDERS, HEAD
from pose_ros.core.space.body_frame import BodyFrame
from pose_ros.core.topology import SIDES, Topology

HEIGHT = 1.7  # [m] of every body
_LIMIT = '3.2'  # [rad] of all joints
_RADIUS = '0.03'  # [m] of the drawn limbs
_LETTERS = (('l', 1), ('r', -1))


class HumanJoint(NamedTuple):
    """A joint, named as its child link unless `name` says otherwise.

    ``axis`` is that of a revolute joint, None for a fixed one; ``origin`` is the place in the
    parent link [heights].
    """

    parent: str
    child: str
    axis: tuple[int, int, int] | None = None
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0)
    name: str = ''


def _limb(letter: str, sign: int, kind: str) -> list[HumanJoint]:
    """Joints of an arm or a leg."""
    if kind == 'arm':
        parent, first, hinge, end = 'torso', 'shoulder', 'elbow', 'wrist'
        axes, side = ((0, 0, -sign), (sign, 0, 0), (0, 0, sign)), BONES['shoulder', 'shoulder'] / 2
    else:
        parent, first, hinge, end = 'body', 'hip', 'knee', 'ankle'
        axes, side = ((0, 0, -1), (sign, 0, 0), (0, -1, 0)), BONES['hip', 'hip'] / 2
    yaw, pitch, upper = f'{letter}_y_{first}', f'{letter}_p_{first}', f'{letter}_{first}'
    lower, last = f'{letter}_{hinge}', f'{letter}_{end}'
    return [
        HumanJoint(parent, yaw, axes[0], (0.0, sign * side, 0.0)),
        HumanJoint(yaw, pitch, axes[1]),
        HumanJoint(pitch, upper, axes[2], name=f'{letter}_r_{first}'),
        HumanJoint(upper, lower, (0, -1, 0), (0.0, 0.0, -BONES[first, hinge])),
        HumanJoint(lower, last, None, (0.0, 0.0, -BONES[hinge, end])),
    ]


JOINTS_OF_HUMAN = (
    HumanJoint('body', 'waist', (0, 1, 0)),
    HumanJoint('waist', 'torso', None, (0.0, 0.0, BONES['shoulder', 'hip'])),
    HumanJoint('torso', 'r_head', (1, 0, 0), (0.0, 0.0, FACE_OVER_SHOULDERS - HEAD / 2)),
    HumanJoint('r_head', 'y_head', (0, 0, 1)),
    HumanJoint('y_head', 'p_head', (0, -1, 0)),
    HumanJoint('p_head', 'head', None, (0.0, 0.0, HEAD / 2)),
    *(joint for side in _LETTERS for kind in ('arm', 'leg') for joint in _limb(*side, kind)),
)
# Links with a direction of their own, and the keypoint at their origin.
SEGMENTS = {
    'torso': 'torso',
    **{
        f'{side[0]}_{joint}': f'{side}_{joint}'
        for side in SIDES
        for joint in ('shoulder', 'elbow', 'wrist', 'hip', 'knee', 'ankle')
    },
}


def human_urdf(body: str) -> str:
    """URDF of a body, such as b00007; links and joints end with its name."""
    robot = ElementTree.Element('robot', name=f'human_{body}')
    bones = {joint.parent: joint for joint in JOINTS_OF_HUMAN if joint.origin[2] < 0}
    for link in ('body', *(joint.child for joint in JOINTS_OF_HUMAN)):
        element = ElementTree.SubElement(robot, 'link', name=f'{link}_{body}')
        if link in bones:
            length = -bones[link].origin[2] * HEIGHT
            visual = ElementTree.SubElement(element, 'visual')
            ElementTree.SubElement(visual, 'origin', xyz=f'0 0 {-length / 2:.4f}')
            geometry = ElementTree.SubElement(visual, 'geometry')
            ElementTree.SubElement(geometry, 'cylinder', length=f'{length:.4f}', radius=_RADIUS)
    for joint in JOINTS_OF_HUMAN:
        element = ElementTree.SubElement(
            robot,
            'joint',
            name=f'{joint.name or joint.child}_{body}',
            type='revolute' if joint.axis else 'fixed',
        )
        ElementTree.SubElement(element, 'parent', link=f'{joint.parent}_{body}')
        ElementTree.SubElement(element, 'child', link=f'{joint.child}_{body}')
        place = ' '.join(f'{HEIGHT * value:.4f}' for value in joint.origin)
        ElementTree.SubElement(element, 'origin', xyz=place, rpy='0 0 0')
        if joint.axis:
            ElementTree.SubElement(element, 'axis', xyz=' '.join(map(str, joint.axis)))
            limit = {'lower': f'-{_LIMIT}', 'upper': _LIMIT, 'effort': '1000', 'velocity': '10'}
            ElementTree.SubElement(element, 'limit', limit)
    return ElementTree.tostring(robot, encoding='unicode')


def segments(
    joints: Mapping[str, float], frame: BodyFrame, positions: np.ndarray, topology: Topology
) -> dict[str, tuple[np.ndarray, Rotation]]:
    """Place [3] [m] and rotation of each segment whose joints are known.

    Limbs point along -z of their segments.

    Parameters
    ----------
    joints
        Angles of `human_joints` [rad].
    frame
        Of the body, in the frame of the positions.
    positions
        [K, 3] [m] of the keypoints; NaN where unknown.
    topology
        Format of the positions.
    """
    found = {'body': Rotation.from_matrix(frame.rotation)}
    for joint in JOINTS_OF_HUMAN:
        angle = joints.get(joint.name or joint.child) if joint.axis else 0.0
        if joint.parent in found and angle is not None:
            turn = Rotation.from_rotvec(np.multiply(joint.axis or (0, 0, 1), angle))
            found[joint.child] = found[joint.parent] * turn
    places = dict(zip(topology.keypoint_names, np.asarray(positions)))
    shoulders = [places[f'{side}_shoulder'] for side in SIDES]
    places['torso'] = np.mean([p for p in shoulders if np.isfinite(p).all()], axis=0)
    return {
        name: (places[keypoint], found[name])
        for name, keypoint in SEGMENTS.items()
        if name in found and np.isfinite(places[keypoint]).all()
    }
