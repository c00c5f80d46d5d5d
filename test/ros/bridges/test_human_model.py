"""The URDF of a body and the rotations of its segments, against the measured bones."""

import math
from xml.etree import ElementTree

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from pose_ros.actor import Actor, Scene, frames
from pose_ros.core.space.body_frame import body_frame
from pose_ros.core.topology import COCO17
from pose_ros.ros.bridges.human_joints import human_joints
from pose_ros.ros.bridges.human_model import HEIGHT, SEGMENTS, human_urdf, segments

BODY = 'b00007'
# Segment, and the keypoints between which it lies.
BONES = [
    (f'{side[0]}_{joint}', f'{side}_{joint}', f'{side}_{end}')
    for side in ('left', 'right')
    for joint, end in (
        ('shoulder', 'elbow'),
        ('elbow', 'wrist'),
        ('hip', 'knee'),
        ('knee', 'ankle'),
    )
]


@pytest.fixture(scope='module', params=['stand', 't_pose', 'squat', 'wave_left', 'walk'])
def moment(request):
    """True positions of the actor in a motion, and the joints of the human model."""
    actor = Actor(request.param, start=0.0, facing=30.0)
    *_, shot = frames(Scene(duration=1.6, fps=5, actors=(actor,)), 1, 550.0)
    positions = shot.people[0].positions
    angles = {
        f'{side}_{hinge}': bend(positions, *(f'{side}_{name}' for name in names))
        for side in ('left', 'right')
        for hinge, names in (
            ('elbow', ('shoulder', 'elbow', 'wrist')),
            ('knee', ('hip', 'knee', 'ankle')),
        )
    }
    return positions, human_joints(angles, positions, COCO17)


def place(positions, name):
    return positions[COCO17.index(name)]


def bend(positions, first, middle, last):
    """Angle [rad] between two bones, pi if they are in line."""
    a = place(positions, first) - place(positions, middle)
    b = place(positions, last) - place(positions, middle)
    return math.acos(np.dot(a, b) / np.linalg.norm(a) / np.linalg.norm(b))


def forward(urdf, joints):
    """Pose (rotation, place) of each link of a URDF in its root."""
    robot = ElementTree.fromstring(urdf)
    poses = {f'body_{BODY}': (Rotation.identity(), np.zeros(3))}
    for joint in robot.findall('joint'):  # parents come first
        rotation, origin = poses[joint.find('parent').get('link')]
        origin = origin + rotation.apply(
            [float(v) for v in joint.find('origin').get('xyz').split()]
        )
        if joint.get('type') == 'revolute':
            axis = np.array([float(v) for v in joint.find('axis').get('xyz').split()])
            rotation = rotation * Rotation.from_rotvec(axis * joints[joint.get('name')])
        poses[joint.find('child').get('link')] = rotation, origin
    assert {link.get('name') for link in robot.findall('link')} == poses.keys()
    return poses


def direction(vector):
    return vector / np.linalg.norm(vector)


def test_links_lie_as_the_bones(moment):
    positions, joints = moment
    poses = forward(human_urdf(BODY), {f'{name}_{BODY}': a for name, a in joints.items()})
    frame = body_frame(positions, COCO17)
    ends = {'shoulder': 'elbow', 'elbow': 'wrist', 'hip': 'knee', 'knee': 'ankle'}
    for segment, start, end in BONES:
        letter, _, joint = segment.partition('_')
        link = poses[f'{letter}_{ends[joint]}_{BODY}'][1] - poses[f'{segment}_{BODY}'][1]
        bone = frame.rotation.T @ (place(positions, end) - place(positions, start))
        # A knee that bends a little sideways is beyond the model's hinge.
        assert direction(link) @ direction(bone) > math.cos(math.radians(8)), segment
        assert np.linalg.norm(link) == pytest.approx(np.linalg.norm(bone), rel=0.25), segment


def test_segments_point_along_the_bones(moment):
    positions, joints = moment
    frame = body_frame(positions, COCO17)
    found = segments(joints, frame, positions, COCO17)
    assert found.keys() == SEGMENTS.keys()
    for segment, start, end in BONES:
        origin, rotation = found[segment]
        np.testing.assert_array_equal(origin, place(positions, start))
        bone = direction(place(positions, end) - place(positions, start))
        assert rotation.apply([0, 0, -1]) @ bone > math.cos(math.radians(8)), segment
    np.testing.assert_allclose(found['torso'][1].as_matrix(), frame.rotation, atol=1e-9)
    # REP-120: the wrist has the direction of the forearm.
    wrist, elbow = found['l_wrist'][1], found['l_elbow'][1]
    np.testing.assert_allclose(wrist.as_matrix(), elbow.as_matrix())


def test_what_is_unknown_has_no_segment(moment):
    positions, joints = moment
    hidden = positions.copy()
    hidden[COCO17.index('left_elbow')] = np.nan
    known = {name: a for name, a in joints.items() if name != 'l_elbow'}
    found = segments(known, body_frame(positions, COCO17), hidden, COCO17)
    assert SEGMENTS.keys() - found.keys() == {'l_elbow', 'l_wrist'}


def test_names_are_those_of_human_description():
    robot = ElementTree.fromstring(human_urdf(BODY))
    joints = {joint.get('name').removesuffix(f'_{BODY}') for joint in robot.findall('joint')}
    moving = {'waist', 'r_head', 'y_head', 'p_head'}
    for letter in 'lr':
        moving |= {f'{letter}_{axis}_{joint}' for axis in 'ypr' for joint in ('shoulder', 'hip')}
        moving |= {f'{letter}_elbow', f'{letter}_knee'}
    assert moving <= joints
    assert joints - moving == {
        'torso',
        'head',
        *(f'{s}_{j}' for s in 'lr' for j in ('wrist', 'ankle')),
    }
    assert human_urdf(BODY).count('<cylinder') == 8
    assert HEIGHT == 1.7
