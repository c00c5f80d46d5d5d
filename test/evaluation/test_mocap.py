"""Motion capture seen from virtual cameras."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pose_ros.actor.skeletons import Errors
from pose_ros.core.topology import COCO17
from pose_ros.evaluation.mocap import SIZE, Take, VirtualCamera, read_take

EXACT = Errors(noise=0.0, drift=0.0, dropout=0.0)
# A person who faces +x, z up [m]: height above the floor and distance to their left.
HEIGHTS = {
    'nose': 1.6, 'eye': 1.65, 'ear': 1.62, 'shoulder': 1.4, 'elbow': 1.1, 'wrist': 0.85,
    'hip': 0.95, 'knee': 0.5, 'ankle': 0.08,
}  # fmt: skip


@pytest.fixture
def standing():
    joints = np.zeros((2, 17, 3))
    for index, name in enumerate(COCO17.keypoint_names):
        side, _, joint = name.rpartition('_')
        joints[:, index, 1] = {'left': 0.2, 'right': -0.2, '': 0.0}[side]
        joints[:, index, 2] = HEIGHTS[joint]
    joints[:, 0, 0] = 0.1
    return Take(joints, 25.0)


def seen(take, view):
    (stamp, (first,)), (second_stamp, _) = take.seen(view, EXACT)
    assert (stamp, second_stamp) == (0.0, 0.04)
    return dict(zip(COCO17.keypoint_names, first.keypoints.tolist()))


def test_from_the_front_left_is_on_the_right_of_the_image(standing):
    points = seen(standing, VirtualCamera(0, 1.2))
    assert points['left_shoulder'][0] > points['nose'][0] > points['right_shoulder'][0]
    assert points['nose'][1] < points['left_hip'][1] < points['left_ankle'][1]
    # 0.4 m at 3.5 m with a focal length of 530 px
    width = points['left_shoulder'][0] - points['right_shoulder'][0]
    assert width == pytest.approx(0.4 / 3.5 * 530, rel=0.01)


def test_from_behind_the_sides_are_swapped(standing):
    points = seen(standing, VirtualCamera(180, 1.2))
    assert points['left_shoulder'][0] < points['right_shoulder'][0]


def test_a_camera_at_the_persons_left_sees_them_face_left(standing):
    points = seen(standing, VirtualCamera(90, 1.2))
    assert points['left_hip'][0] == pytest.approx(points['right_hip'][0], abs=1)
    assert points['nose'][0] < points['left_ear'][0]


def test_the_body_is_in_the_middle_of_the_image(standing):
    points = np.array(list(seen(standing, VirtualCamera(40, 0.6)).values()))
    assert (points > 0).all()
    assert (points < SIZE).all()


@pytest.mark.parametrize(
    ('arrays', 'reason'),
    [
        ({'other': np.zeros((3, 17, 3))}, "has no array 'coco17', but: other"),
        ({'coco17': np.zeros((3, 16, 3))}, r'coco17 must be \[T, 17, 3\], got \[3, 16, 3\]'),
        ({'coco17': np.zeros((0, 17, 3))}, r'coco17 must be \[T, 17, 3\], got \[0, 17, 3\]'),
    ],
)
def test_other_files_are_refused(tmp_path, arrays, reason):
    np.savez(tmp_path / 'walk.npz', **arrays)
    with pytest.raises(ValueError, match=rf'walk\.npz: {reason}'):
        read_take(tmp_path / 'walk.npz', 'coco17')


def test_a_damaged_file_is_refused(tmp_path):
    for content in (b'PK\3\4 no archive', b'GIF89a', b''):
        (tmp_path / 'walk.npz').write_bytes(content)
        with pytest.raises(ValueError, match=r'walk\.npz: not an .npz file'):
            read_take(tmp_path / 'walk.npz', 'coco17')


def test_the_rate_is_in_the_meta_text(tmp_path):
    np.savez(tmp_path / 'a.npz', coco17=np.zeros((3, 17, 3)), meta=json.dumps({'rate_hz': 50}))
    assert read_take(tmp_path / 'a.npz', 'coco17').rate == 50.0


@pytest.mark.parametrize(
    ('meta', 'reason'),
    [
        ('{"rate_hz": "fast"}', "rate_hz must be a number, got 'fast'"),
        ('{"rate_hz": 0}', 'rate_hz must be more than 0, got 0'),
        ('[50]', r'must be an object, got \[50\]'),
    ],
)
def test_a_wrong_meta_text_is_refused(tmp_path, meta, reason):
    np.savez(tmp_path / 'a.npz', coco17=np.zeros((3, 17, 3)), meta=meta)
    with pytest.raises(ValueError, match=rf'a\.npz: {reason}'):
        read_take(tmp_path / 'a.npz', 'coco17')
