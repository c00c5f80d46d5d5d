"""Velocity, motion and orientation of the actor on known paths, in both frames."""

from dataclasses import replace
from math import atan2, cos, pi, remainder, sin

import numpy as np
import pytest

from pose_ros.actor import Action, FloorPose, Scene, Walker, frames
from pose_ros.actor.depth import positions, with_errors
from pose_ros.core.camera import CameraModel
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.kinematics import MotionState
from pose_ros.core.positions import Positions, PositionSource
from pose_ros.core.space.depth_image import DepthImage
from pose_ros.core.space.kinematics_estimator import KinematicsEstimator
from pose_ros.core.space.position_estimator import PositionEstimator
from pose_ros.core.space.strategy import CameraView
from pose_ros.core.space.yaw_filter import YawFilter
from pose_ros.core.topology import COCO17
from pose_ros.core.types import Box, Frame, Person

SIZE = (640, 480)
CAMERA = CameraModel.from_field_of_view(*SIZE, 1.05)
RATE = 15.0
SETTLED = 1.0  # [s]
WALK = (Action('walk', 0.0),)


def line(x, y, vx, vy):
    return lambda t: FloorPose(x + vx * t, y + vy * t, atan2(vy, vx))


def circle(x, y, radius, speed):
    rate = speed / radius
    return lambda t: FloorPose(
        x + radius * cos(rate * t), y + radius * sin(rate * t), rate * t + pi / 2
    )


def still(x, y, yaw):
    return lambda t: FloorPose(x, y, yaw)


PATHS = {
    'towards': line(5.0, 0.2, -0.8, 0.0),
    'away': line(2.0, -0.2, 0.8, 0.0),
    'across': line(3.0, 1.5, 0.0, -0.9),
    'circle': circle(3.2, 0.0, 0.9, 0.8),
}
CAMERAS = {
    'still': still(0.0, 0.0, 0.0),
    'driving': line(0.0, 0.0, 0.3, 0.0),
    'turning': lambda t: FloorPose(0.0, 0.0, 0.35 * sin(1.3 * t)),
}


def walker(path, camera=CAMERAS['still'], motion=WALK):
    return Walker(motion, path=path, camera=camera, focal=CAMERA.focal, size=SIZE)


def person_at(points, deviation=0.05, source=PositionSource.DEPTH, person_id=1):
    count = len(COCO17)
    return Person(
        topology=COCO17,
        keypoints=np.zeros((count, 2), np.float32),
        scores=np.ones(count, np.float32),
        states=np.zeros(count, np.uint8),
        score=1.0,
        box=Box(0, 0, 1, 1),
        id=person_id,
        positions=Positions(points, np.full(count, deviation), source),
    )


def observed(actor, duration=3.0, seed=0, rate=RATE):
    """Time and noisy person: 2 cm along the line of sight, 1 cm across it."""
    rng = np.random.default_rng(seed)
    middle = (SIZE[0] / 2, SIZE[1] / 2)
    for index in range(int(duration * rate)):
        time = index / rate
        figure = actor.at(time)[0].in_perspective(middle, CAMERA.focal)
        true = positions(figure, middle, CAMERA.focal)
        yield time, person_at(true + rng.normal(0, (0.01, 0.01, 0.02), true.shape))


def velocity(path, time):
    """Of a place [m/s]."""
    after, before = path(time + 1e-4), path(time - 1e-4)
    return (np.array(after[:2]) - before[:2]) / 2e-4


def run(actor, **options):
    """Settled times and kinematics, with the fixed frame."""
    estimator = KinematicsEstimator()
    for time, person in observed(actor, **options):
        [found] = estimator.update([person], time, lambda t=time: actor.camera_pose(t))
        if time >= SETTLED:
            yield time, found.kinematics


@pytest.mark.parametrize('camera', CAMERAS)
@pytest.mark.parametrize('path', PATHS)
def test_velocity_in_the_fixed_frame_is_that_of_the_path(path, camera):
    errors, within = [], []
    for time, found in run(walker(PATHS[path], CAMERAS[camera])):
        off = np.abs(found.fixed_velocity[:2] - velocity(PATHS[path], time))
        errors.append(np.linalg.norm(off))
        within.append(off < 2 * found.fixed_velocity_deviation[:2])
        assert found.motion is MotionState.MOVING
        assert np.linalg.norm(found.fixed_position[:2] - PATHS[path](time)[:2]) < 0.12
        assert abs(remainder(found.fixed_yaw - PATHS[path](time).yaw, 2 * pi)) < 0.35
    assert np.median(errors) < 0.25
    assert np.mean(within) >= 0.9


def test_velocity_relative_to_the_camera_is_that_of_positions():
    actor = walker(PATHS['away'], line(0.0, 0.0, 0.5, 0.0))
    for _, found in run(actor):
        # Optical axes are right, down, away; the steps move the body up and down.
        assert found.velocity[[0, 2]] == pytest.approx([0.0, 0.3], abs=0.15)
        assert found.fixed_velocity[:2] == pytest.approx([0.8, 0.0], abs=0.15)


@pytest.mark.parametrize('camera', CAMERAS)
@pytest.mark.parametrize('motion', ['stand', 'wave_right', 'squat', 'raise_both'])
def test_standing_people_are_stationary(motion, camera):
    actor = walker(still(3.0, 0.0, pi - 0.3), CAMERAS[camera], motion)
    states = [found.motion for _, found in run(actor, duration=5.0)]
    assert states.count(MotionState.STATIONARY) >= 0.95 * len(states)


def test_a_start_and_a_stop_are_noticed():
    path = lambda t: FloorPose(4.0 - 0.8 * np.clip(t - 2.0, 0, 2), 0.0, pi)  # noqa: E731
    states = {round(t, 2): k.motion for t, k in run(walker(path), duration=6.0)}
    at = lambda t: states[min(states, key=lambda other: abs(other - t))]  # noqa: E731
    assert [at(t) for t in (1.9, 2.7, 3.9, 5.2)] == [
        MotionState.STATIONARY,
        MotionState.MOVING,
        MotionState.MOVING,
        MotionState.STATIONARY,
    ]


def test_without_a_fixed_frame_only_the_camera_counts():
    estimator = KinematicsEstimator()
    for time, person in observed(walker(PATHS['towards'])):
        [found] = estimator.update([person], time)
    found = found.kinematics
    assert found.motion is MotionState.MOVING
    assert found.velocity[2] == pytest.approx(-0.8, abs=0.15)
    assert np.isnan([*found.fixed_velocity, *found.fixed_position, found.fixed_yaw]).all()
    # The body's x axis points back at the camera.
    assert abs(np.linalg.norm(found.orientation) - 1) < 1e-6


def test_a_late_camera_pose_is_waited_for():
    actor, estimator = walker(PATHS['across'], CAMERAS['turning']), KinematicsEstimator()
    now = [0.0]
    for time, person in observed(actor):
        now[0] = time
        [found] = estimator.update(
            [person], time, lambda t=time: actor.camera_pose(t) if t < now[0] - 0.1 else None
        )
    expected = velocity(PATHS['across'], now[0])
    assert found.kinematics.fixed_velocity[:2] == pytest.approx(expected, abs=0.2)


def test_poses_that_never_come_do_not_pile_up():
    estimator = KinematicsEstimator()
    for time, person in observed(walker(PATHS['across'])):
        [found] = estimator.update([person], time, lambda: None)
    assert np.isnan(found.kinematics.fixed_velocity).all()
    assert np.isfinite(found.kinematics.velocity).all()
    assert len(estimator._waiting) <= 0.5 * RATE + 1


def test_without_further_poses_nothing_in_the_fixed_frame_is_known():
    actor, estimator = walker(PATHS['across']), KinematicsEstimator()
    for time, person in observed(actor, duration=4.0):
        pose = actor.camera_pose(time) if time < 1.5 else None
        [found] = estimator.update([person], time, lambda pose=pose: pose)
        if 1.0 < time < 1.5:
            assert found.kinematics.motion is MotionState.MOVING
    motion = found.kinematics
    assert motion.motion is MotionState.UNKNOWN
    assert np.isnan([*motion.fixed_velocity, motion.fixed_yaw, motion.fixed_yaw_deviation]).all()
    assert np.isfinite(motion.velocity).all()


def test_who_is_out_of_sight_keeps_a_velocity_that_becomes_uncertain():
    estimator = KinematicsEstimator()
    for time, person in observed(walker(PATHS['across'])):
        [found] = estimator.update([person], time)
    hidden = replace(person, positions=None)
    deviation = found.kinematics.velocity_deviation
    for gap, known in ((0.2, True), (0.8, True), (1.2, False), (3.0, False)):
        [found] = estimator.update([hidden], time + gap)
        assert np.isfinite(found.kinematics.velocity).all() == known
        if known:
            assert (found.kinematics.velocity_deviation > deviation).all()
            deviation = found.kinematics.velocity_deviation


def test_another_source_of_positions_starts_anew():
    estimator = KinematicsEstimator()
    for time, person in observed(walker(still(3.0, 0.0, pi))):
        estimator.update([person], time)
    points = person.positions.points + np.array([0.0, 0.0, 0.6])
    moved = person_at(points, 0.2, PositionSource.MODEL)
    [found] = estimator.update([moved], time + 1 / RATE)
    assert found.kinematics.motion is MotionState.UNKNOWN
    assert np.abs(found.kinematics.velocity).max() < 0.1


def test_a_joint_that_is_lost_moves_no_trunk():
    estimator = KinematicsEstimator()
    lost = [COCO17.index(name) for name in ('left_hip', 'right_hip', 'right_shoulder')]
    for time, person in observed(walker(still(3.0, 0.0, pi - 0.8)), duration=4.0):
        if time > 2.0:
            person.positions.points[lost] = np.nan
        [found] = estimator.update([person], time)
        if time > 1.0:
            assert np.abs(found.kinematics.velocity).max() < 0.25
    assert found.kinematics.motion is MotionState.STATIONARY
    assert np.isnan(found.kinematics.orientation).all()


def test_time_that_goes_back_starts_anew():
    estimator = KinematicsEstimator()
    for start in (100.0, 5.0, -2000.0):
        for time, person in observed(walker(PATHS['away'])):
            [found] = estimator.update([person], start + time, lambda: (np.eye(3), np.zeros(3)))
        assert found.kinematics.velocity[2] == pytest.approx(0.8, abs=0.15)
    again = estimator.update([person], start + time)[0].kinematics
    np.testing.assert_array_equal(again.velocity, found.kinematics.velocity)


def test_people_without_an_id_or_positions_are_unknown():
    estimator = KinematicsEstimator()
    [(_, person)] = observed(walker(PATHS['away']), duration=1 / RATE)
    for other in (replace(person, id=0), replace(person, positions=None)):
        [found] = estimator.update([other], 1.0)
        assert found.kinematics.motion is MotionState.UNKNOWN
        assert np.isnan(found.kinematics.velocity).all()


def test_a_short_flip_of_left_and_right_turns_no_body():
    yaw = YawFilter()
    for index in range(60):
        flipped = 20 <= index < 25 or index >= 40
        yaw.update(0.3 + pi * flipped, 0.1, index / RATE)
        if index == 35:
            assert yaw.yaw == pytest.approx(0.3, abs=0.01)
    assert abs(remainder(yaw.yaw - 0.3 - pi, 2 * pi)) < 0.01  # lasting, so a real turn
    assert yaw.deviation(index / RATE) == pytest.approx(0.1)


def test_a_direction_that_is_not_seen_any_more_becomes_uncertain():
    yaw = YawFilter()
    assert np.isnan(yaw.deviation(0.0))
    yaw.update(0.3, 0.1, 0.0)
    assert yaw.deviation(0.0) == pytest.approx(0.1)
    # Of CMU's motion capture: turns of people within 1 and 4 s, root mean square.
    assert yaw.deviation(1.0) == pytest.approx(0.72, abs=0.1)
    assert yaw.deviation(4.0) == pytest.approx(1.23, abs=0.15)
    assert yaw.deviation(1000.0) == pi


def test_with_the_default_model_and_a_depth_camera(measured):
    """From images: error and deviation of the velocity while the camera drives."""
    actor = walker(line(4.5, 0.9, -0.5, -0.5), line(0.0, 0.0, 0.2, 0.0))
    estimator, placement = PoseEstimator(), PositionEstimator()
    kinematics, rng = KinematicsEstimator(), np.random.default_rng(1)
    errors, within = [], []
    for shot in frames(Scene(duration=3.0, fps=10, actors=(actor,)), 1, CAMERA.focal):
        depth = DepthImage(with_errors(shot.depth, rng), 0.001)
        people = estimator.estimate(Frame(shot.image, shot.stamp))
        people = placement.place(people, CameraView(CAMERA, SIZE, shot.stamp, depth))
        people = kinematics.update(people, shot.stamp, lambda s=shot: actor.camera_pose(s.stamp))
        if shot.stamp < SETTLED:
            continue
        [found] = [person.kinematics for person in people]
        off = np.abs(found.fixed_velocity[:2] - (-0.5, -0.5))
        errors.append(np.linalg.norm(off))
        within.extend(off < 2 * found.fixed_velocity_deviation[:2])
        assert found.motion is MotionState.MOVING
    assert np.median(errors) < 0.15
    assert np.mean(within) >= 0.9
    measured(f'velocity from depth: median error {np.median(errors):.2f} m/s')
