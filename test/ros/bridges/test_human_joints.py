import math

import numpy as np
import pytest

from pose_ros.core.topology import COCO17
from pose_ros.ros.bridges.body_id import body_id
from pose_ros.ros.bridges.human_joints import human_joints, shoulder_joints

# Axes of human_description's joints, from the trunk outwards; +1 for the left, -1 for the right.
ARM = (('y_shoulder', (0, 0, -1)), ('p_shoulder', (1, 0, 0)), ('r_shoulder', (0, 0, 1)))
LEG = (('y_hip', (0, 0, -1)), ('p_hip', (1, 0, 0)), ('r_hip', (0, -1, 0)))
REFLECTED = {'y_shoulder', 'p_shoulder', 'r_shoulder', 'p_hip'}
FORWARD, LEFT, UP = np.eye(3)


def turn(axis, angle):
    """Matrix of a turn about an axis (Rodrigues)."""
    x, y, z = axis
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross


def chain(joints, letter, axes, hinge, hinge_name):
    """Directions of the two bones of a limb, of the joints' angles."""
    sign = 1 if letter == 'l' else -1
    turned = np.eye(3)
    for name, axis in axes:
        side = sign if name in REFLECTED else 1
        turned = turned @ turn(np.array(axis) * side, joints[f'{letter}_{name}'])
    bent = turned @ turn(hinge, joints[f'{letter}_{hinge_name}'])
    return turned @ -UP, bent @ -UP


def body(**bones):
    """Positions [17, 3] of a person upright who looks along x; limbs hang unless given."""
    points = dict.fromkeys(COCO17.keypoint_names, np.full(3, np.nan))
    for side, y in (('left', 0.2), ('right', -0.2)):
        points[f'{side}_shoulder'] = np.array([0, y, 0.5])
        points[f'{side}_hip'] = np.array([0, y / 2, 0.0])
        for bone, (start, end) in {
            'upper_arm': ('shoulder', 'elbow'),
            'forearm': ('elbow', 'wrist'),
            'thigh': ('hip', 'knee'),
            'shin': ('knee', 'ankle'),
        }.items():
            direction = np.asarray(bones.get(f'{side}_{bone}', -UP), float)
            way = 0.3 * direction / np.linalg.norm(direction)
            points[f'{side}_{end}'] = points[f'{side}_{start}'] + way
    return np.array(list(points.values()))


def between(a, b):
    return math.pi - math.acos(np.dot(a, b) / np.linalg.norm(a) / np.linalg.norm(b))


@pytest.mark.parametrize('side', ['left', 'right'])
@pytest.mark.parametrize('placed', ['at home', 'anywhere'])
def test_bones_of_the_kinematic_model_lie_as_those_that_were_measured(side, placed):
    outward = LEFT if side == 'left' else -LEFT
    random = np.random.default_rng(4)
    for upper_arm, forearm, thigh, shin in (
        (outward, outward, -UP, -UP),
        (outward, UP, FORWARD, -UP),
        (FORWARD, FORWARD - outward, FORWARD + outward, FORWARD + outward - UP),
        (-UP, FORWARD, -UP + 0.5 * outward, -UP + 0.5 * outward),
        (UP, UP, -UP, -UP),
        (outward - 0.5 * FORWARD, -UP, -UP - 0.3 * FORWARD, -UP - 0.9 * FORWARD),
        (outward + UP + FORWARD, -outward, -UP + FORWARD, -UP),
    ):
        bones = {'upper_arm': upper_arm, 'forearm': forearm, 'thigh': thigh, 'shin': shin}
        positions = body(**{f'{side}_{name}': bone for name, bone in bones.items()})
        angles = {
            f'{side}_elbow': between(upper_arm, forearm),
            f'{side}_knee': between(thigh, shin),
        }
        if placed == 'anywhere':
            rotation, _ = np.linalg.qr(random.normal(size=(3, 3)))
            rotation *= np.linalg.det(rotation)
            positions = positions @ rotation.T + random.normal(size=3)
        joints = human_joints(angles, positions, COCO17)
        found = (
            *chain(joints, side[0], ARM, (0, -1, 0), 'elbow'),
            *chain(joints, side[0], LEG, (0, -1, 0), 'knee'),
        )
        for direction, (name, bone) in zip(found, bones.items()):
            assert direction == pytest.approx(bone / np.linalg.norm(bone), abs=1e-6), name


def test_all_joints_of_the_model_have_a_name():
    angles = {f'{side}_{j}': 3.0 for side in ('left', 'right') for j in ('elbow', 'knee')}
    joints = human_joints(angles, body(), COCO17)
    limbs = {
        f'{side}_{name}' for side in 'lr' for name, _ in (*ARM, *LEG, ('elbow', 0), ('knee', 0))
    }
    assert joints.keys() == {*limbs, 'waist', 'r_head', 'y_head', 'p_head'}


def test_bent_elbows_are_positive_and_bent_knees_negative():
    joints = human_joints({'left_elbow': math.pi / 2, 'right_knee': math.pi / 2}, None, COCO17)
    assert joints == pytest.approx({'l_elbow': math.pi / 2, 'r_knee': -math.pi / 2})


def test_what_is_not_known_has_no_joint():
    positions = body()
    positions[COCO17.index('left_elbow')] = np.nan
    joints = human_joints({'left_elbow': math.nan, 'right_elbow': 3.0}, positions, COCO17)
    assert not {'l_y_shoulder', 'l_p_shoulder', 'l_r_shoulder', 'l_elbow'} & joints.keys()
    assert {'r_y_shoulder', 'r_elbow', 'l_p_hip'} <= joints.keys()
    positions[COCO17.index('left_wrist')] = np.nan
    positions[COCO17.index('right_hip')] = np.nan
    assert human_joints({'right_elbow': 3.0}, positions, COCO17).keys() == {'r_elbow'}


def test_an_arm_of_no_length_has_no_direction():
    assert all(math.isnan(a) for a in shoulder_joints(np.zeros(3), UP, 1.0))


def test_names_of_bodies_begin_with_a_letter_and_differ():
    names = [body_id(i, space) for i in (1, 12, 123456) for space in ('/', '/left', '/a/b')]
    assert names[:3] == ['b00001', 'left_b00001', 'a_b_b00001']
    assert len(set(names)) == len(names)
    assert all(name[0].isalpha() and name.replace('_', '').isalnum() for name in names)
