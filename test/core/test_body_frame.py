"""The frame of a body from positions: the origin, the axes and what has none."""

import cv2
import numpy as np
import pytest

from pose_ros.core.space.body_frame import BodyFrame, body_frame
from pose_ros.core.topology import BLAZEPOSE33, COCO17, TOPOLOGIES

# Facing the camera: the person's left is at the camera's right.
TRUNK = {
    'left_hip': (0.1, 0.2, 3.0),
    'right_hip': (-0.1, 0.2, 3.0),
    'left_shoulder': (0.15, -0.3, 3.0),
    'right_shoulder': (-0.15, -0.3, 3.0),
}


def positions(topology=COCO17, **changed):
    places = np.full((len(topology), 3), np.nan)
    for name, place in (TRUNK | changed).items():
        places[topology.index(name)] = place
    return places


@pytest.mark.parametrize('topology', TOPOLOGIES.values(), ids=str)
def test_a_person_who_faces_the_camera_looks_at_it(topology):
    frame = body_frame(positions(topology), topology)
    assert frame.origin == pytest.approx([0, 0.2, 3.0])
    forward, left, up = frame.rotation.T
    assert forward == pytest.approx([0, 0, -1], abs=1e-9)
    assert left == pytest.approx([1, 0, 0], abs=1e-9)
    assert up == pytest.approx([0, -1, 0], abs=1e-9)


def test_it_turns_with_the_body_and_stays_right_handed():
    for seed in range(20):
        vector = np.random.default_rng(seed).uniform(-2, 2, 3)
        turn = cv2.Rodrigues(vector)[0]
        frame = body_frame(positions() @ turn.T + (1, 2, 3), COCO17)
        straight = body_frame(positions(), COCO17)
        np.testing.assert_allclose(frame.rotation, turn @ straight.rotation, atol=1e-9)
        np.testing.assert_allclose(frame.origin, turn @ straight.origin + (1, 2, 3))
        assert np.linalg.det(frame.rotation) == pytest.approx(1)


def test_one_shoulder_will_do():
    frame = body_frame(positions(right_shoulder=(np.nan,) * 3), COCO17)
    assert frame.rotation.T[0] == pytest.approx([0, 0, -1], abs=0.01)


@pytest.mark.parametrize(
    'changed',
    [
        {'left_hip': (np.nan,) * 3},
        {'left_shoulder': (np.nan,) * 3, 'right_shoulder': (np.nan,) * 3},
        {'left_shoulder': (0.1, 0.2, 3.0), 'right_shoulder': (-0.1, 0.2, 3.0)},  # no height
        dict.fromkeys(('left_hip', 'right_hip'), (0, 0.2, 3))
        | dict.fromkeys(('left_shoulder', 'right_shoulder'), (0, -0.3, 3)),  # no width
        {  # the left stands on the right
            'left_hip': (0, 0, 3),
            'left_shoulder': (0, -0.5, 3),
            'right_hip': (0, 0.3, 3),
            'right_shoulder': (0, -0.2, 3),
        },
    ],
)
def test_what_has_no_front_has_no_frame(changed):
    assert body_frame(positions(**changed), COCO17) is None


def test_quaternions_say_the_same():
    rotations = [np.eye(3), np.diag([1, -1, -1]), np.diag([-1, 1, -1]), np.diag([-1, -1, 1])]
    rng = np.random.default_rng(2)
    rotations += [cv2.Rodrigues(rng.normal(0, 2, 3))[0] for _ in range(50)]
    for rotation in rotations:
        x, y, z, w = BodyFrame(np.zeros(3), np.asarray(rotation, float)).quaternion
        assert w >= 0
        assert x * x + y * y + z * z + w * w == pytest.approx(1)
        cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
        np.testing.assert_allclose(
            np.eye(3) + 2 * w * cross + 2 * cross @ cross, rotation, atol=1e-9
        )


def test_other_keypoints_do_not_matter():
    places = positions(BLAZEPOSE33)
    filled = np.where(np.isfinite(places), places, 7.0)
    one, other = (body_frame(p, BLAZEPOSE33) for p in (places, filled))
    np.testing.assert_array_equal(one.rotation, other.rotation)
