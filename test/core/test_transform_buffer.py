"""The buffer of transforms against chains composed by hand; and bad input."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from pose_ros.core.space.transform_buffer import TransformBuffer

SECOND = 10**9


def transform(parent, child, place, turn=(0.0, 0.0, 0.0), stamp=0.0):
    """TransformStamped with a turn by Euler angles [rad]."""
    x, y, z, w = Rotation.from_euler('xyz', turn).as_quat().tolist()
    seconds = int(stamp)
    time = SimpleNamespace(sec=seconds, nanosec=round((stamp - seconds) * 1e9))
    return SimpleNamespace(
        header=SimpleNamespace(stamp=time, frame_id=parent),
        child_frame_id=child,
        transform=SimpleNamespace(
            translation=SimpleNamespace(x=place[0], y=place[1], z=place[2]),
            rotation=SimpleNamespace(x=x, y=y, z=z, w=w),
        ),
    )


@pytest.fixture
def robot():
    """A camera on a base that drives and turns in odom; odom is fixed in map."""
    buffer = TransformBuffer()
    buffer.set_transform_static(transform('base', 'camera', (0.2, 0.0, 1.0), (-1.57, 0.0, -1.57)))
    buffer.set_transform_static(transform('map', 'odom', (5.0, -1.0, 0.0), (0.0, 0.0, 0.5)))
    for stamp in np.arange(10.0, 12.01, 0.1):
        moved = stamp - 10.0
        buffer.set_transform(
            transform('odom', 'base', (moved, 0.0, 0.0), (0, 0, 0.4 * moved), stamp)
        )
    return buffer


def test_a_pose_between_two_transforms(robot):
    rotation, place = robot.pose('odom', 'camera', int(10.55 * SECOND))
    turn = Rotation.from_euler('z', 0.4 * 0.55)
    np.testing.assert_allclose(
        place, turn.apply((0.2, 0, 1.0)) + np.array([0.55, 0, 0]), atol=1e-6
    )
    own = Rotation.from_euler('xyz', (-1.57, 0.0, -1.57))
    np.testing.assert_allclose(rotation, (turn * own).as_matrix(), atol=1e-6)


def test_both_ways_and_through_a_common_parent(robot):
    robot.set_transform_static(transform('base', 'laser', (0.0, 0.3, 0.2), (0.0, 0.0, 3.0)))
    stamp = int(11.23 * SECOND)
    there = robot.pose('map', 'camera', stamp)
    back = robot.pose('camera', 'map', stamp)
    np.testing.assert_allclose(there[0] @ back[0], np.eye(3), atol=1e-12)
    np.testing.assert_allclose(there[0] @ back[1] + there[1], 0, atol=1e-12)
    # The common parent does not move against itself: any time is good.
    _, place = robot.pose('laser', 'camera', 0)
    turn = Rotation.from_euler('z', 3.0)
    np.testing.assert_allclose(place, turn.inv().apply((0.2, -0.3, 0.8)), atol=1e-12)


@pytest.mark.parametrize('stamp', [9.9, 12.1])
def test_no_pose_outside_the_stored_time(robot, stamp):
    with pytest.raises(
        LookupError, match=f"'base' is known from 10.000 to 12.000 s, not at {stamp}"
    ):
        robot.pose('odom', 'camera', int(stamp * SECOND))


def test_old_transforms_are_forgotten(robot):
    robot.set_transform(transform('odom', 'base', (0.0, 0.0, 0.0), stamp=21.0))
    with pytest.raises(LookupError, match=r'known from 11\.000'):
        robot.pose('odom', 'base', int(10.5 * SECOND))


def test_time_that_goes_back_starts_anew(robot):
    robot.clear()
    with pytest.raises(LookupError, match='time went back'):
        robot.pose('map', 'camera', 11 * SECOND)
    for stamp in (-500.0, -499.0):
        robot.set_transform(transform('odom', 'base', (stamp, 0.0, 0.0), stamp=stamp))
    _, place = robot.pose('odom', 'camera', -int(499.5 * SECOND))
    assert place == pytest.approx((-499.3, 0.0, 1.0))


def test_late_transforms_are_put_in_their_place(robot):
    robot.set_transform(transform('odom', 'base', (7.0, 0.0, 0.0), stamp=10.55))
    assert robot.pose('odom', 'base', int(10.55 * SECOND))[1][0] == pytest.approx(7.0)


def test_frames_that_are_not_connected(robot):
    with pytest.raises(LookupError, match="no transform from 'camera' to 'elsewhere'"):
        robot.pose('elsewhere', 'camera', 11 * SECOND)


def test_a_loop_is_refused():
    buffer = TransformBuffer()
    buffer.set_transform_static(transform('a', 'b', (0.0, 0.0, 0.0)))
    buffer.set_transform_static(transform('b', 'a', (0.0, 0.0, 0.0)))
    with pytest.raises(LookupError, match='loop'):
        buffer.pose('a', 'b', 0)


def test_what_is_no_transform_is_ignored(robot):
    before = robot.pose('odom', 'base', 11 * SECOND)
    broken = transform('odom', 'base', (np.nan, 0.0, 0.0), stamp=11.0)
    robot.set_transform(broken)
    robot.set_transform_static(broken)
    zero = transform('odom', 'base', (1.0, 0.0, 0.0), stamp=11.0)
    zero.transform.rotation.w = 0.0
    robot.set_transform(zero)
    for old, new in zip(before, robot.pose('odom', 'base', 11 * SECOND)):
        np.testing.assert_array_equal(old, new)
