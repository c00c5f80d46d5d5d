"""The real pose_node on a robot that drives and turns: velocities and target through /tf."""

from functools import partial
from math import atan2, pi, remainder, sin
import sys
from types import SimpleNamespace

from geometry_msgs.msg import PoseStamped, TransformStamped
import numpy as np
import pytest
from rclpy.time import Time
from scipy.spatial.transform import Rotation
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from pose_ros.actor import Action, FloorPose, Scene, Walker, frames
from pose_ros.actor.depth import with_errors
from pose_ros.core.camera import CameraModel
from pose_ros.msg import Skeleton, SkeletonArray, TargetState
from pose_ros.ros.fixed_frame import FixedFrame
from pose_ros.ros.pose_node import PoseNode
from pose_ros.ros.qos import (
    CAMERA_INFO,
    IMAGE_RELIABLE,
    LATCHED,
    SKELETONS,
    TF,
    TF_STATIC,
)
from pose_ros.srv import LockTarget

pytestmark = pytest.mark.ros

CAMERA = CameraModel.from_field_of_view(640, 480, 1.05)
RATE = 10  # [Hz]
START = 100  # [s] stamp of the first image
VELOCITY = (-0.4, -0.5)  # [m/s] of the person in odom


def person(t):
    return FloorPose(3.8 + VELOCITY[0] * t, 0.9 + VELOCITY[1] * t, atan2(*VELOCITY[::-1]))


def robot(t):
    return FloorPose(0.2 * t, 0.0, 0.25 * sin(1.2 * t))


@pytest.fixture(scope='module')
def video():
    """Walker, and images with depth as the driving robot sees them."""
    walker = Walker((Action('walk', 0.0),), path=person, camera=robot, focal=CAMERA.focal)
    scene = Scene(duration=2.5, fps=RATE, actors=(walker,))
    return walker, list(frames(scene, 1, CAMERA.focal))


class Robot:
    """Publishes images, depth, calibration and tf of a moment; receives what pose_node says."""

    def __init__(self, ros, encoded_image, walker, **parameters):
        from tf2_msgs.msg import TFMessage  # noqa: PLC0415

        self.ros, self.encoded_image, self.walker = ros, encoded_image, walker
        self.message = TFMessage
        self.node = ros.start(PoseNode, depth_wait=1.0, **parameters)
        self.skeletons = ros.collect(SkeletonArray, 'skeletons', SKELETONS)
        self.targets = ros.collect(PoseStamped, 'pose_node/target', SKELETONS)
        self.states = ros.collect(TargetState, 'pose_node/target_state', LATCHED)
        self.images = ros.publisher(Image, 'image', IMAGE_RELIABLE)
        self.depths = ros.publisher(Image, 'depth', IMAGE_RELIABLE)
        self.infos = ros.publisher(CameraInfo, 'camera_info', CAMERA_INFO)
        self.rng = np.random.default_rng(1)
        self.start = START
        if parameters.get('fixed_frame'):
            self.tf = ros.publisher(TFMessage, '/tf', TF)
            self.static = ros.publisher(TFMessage, '/tf_static', TF_STATIC)
            self.static.publish(TFMessage(transforms=[self.mount()]))

    def mount(self):
        """Camera on the base, REP-103."""
        found = TransformStamped(child_frame_id='camera')
        found.header.frame_id = 'base'
        found.transform.translation.z = self.walker.camera_height
        self.turn(found, Rotation.from_euler('ZYX', (-pi / 2, 0.0, -pi / 2)))
        return found

    def turn(self, message, rotation):
        turn = message.transform.rotation
        turn.x, turn.y, turn.z, turn.w = rotation.as_quat().tolist()

    def drive(self, time):
        """Publish where the base is in odom."""
        x, y, yaw = self.walker.camera(time)
        moved = TransformStamped(header=self.header(time, 'odom'), child_frame_id='base')
        moved.transform.translation.x, moved.transform.translation.y = x, y
        self.turn(moved, Rotation.from_euler('z', yaw))
        self.tf.publish(self.message(transforms=[moved]))

    def header(self, time, frame='camera'):
        return Header(stamp=Time(seconds=self.start + time).to_msg(), frame_id=frame)

    def show(self, time, image, depth):
        """Skeletons of an image."""
        header, before = self.header(time), len(self.skeletons)
        matrix = [CAMERA.focal, 0.0, 320.0, 0.0, CAMERA.focal, 240.0, 0.0, 0.0, 1.0]
        self.infos.publish(CameraInfo(header=header, width=640, height=480, k=matrix))
        seen = with_errors(depth, self.rng)
        message = Image(header=header, height=240, width=320, encoding='16UC1', step=640)
        message.data.frombytes(seen.tobytes())
        self.depths.publish(message)
        self.images.publish(self.encoded_image(image, header=header))
        return self.ros.spin_until(
            lambda: len(self.skeletons) > before and self.skeletons[-1], 'skeletons'
        )

    def lock(self):
        client = self.ros.node.create_client(LockTarget, 'pose_node/lock')
        self.ros.spin_until(client.service_is_ready, 'the service')
        future = client.call_async(LockTarget.Request(method=LockTarget.Request.LARGEST))
        return self.ros.spin_until(lambda: future.done() and future.result(), 'an answer')


def is_state(robot, state):
    return lambda: robot.states and robot.states[-1].state == state


@pytest.fixture
def make_robot(foreign_messages, ros, encoded_image, video):
    return partial(Robot, ros, encoded_image, video[0])


def test_velocity_and_target_of_a_person_seen_from_a_moving_robot(ros, make_robot, video):
    robot = make_robot(fixed_frame='odom', lock_timeout=1.0, coast_time=0.2)
    ros.spin_until(is_state(robot, TargetState.NONE), 'the state')
    errors = []
    for frame in video[1]:
        # Half of the transforms come only after the image.
        for time in (frame.stamp - 0.05, frame.stamp):
            robot.drive(time)
        message = robot.show(frame.stamp, frame.image, frame.depth)
        if frame.stamp >= 1.0:
            [skeleton] = message.skeletons
            found, deviation = skeleton.fixed_velocity, skeleton.fixed_velocity_deviation
            errors.append(np.array([found.x, found.y]) - VELOCITY)
            assert (np.abs(errors[-1]) < 3 * np.array([deviation.x, deviation.y])).all()
        if frame.stamp == 1.5:
            assert robot.lock().success
    robot.drive(frame.stamp + 0.05)
    [skeleton] = message.skeletons
    assert message.fixed_frame == 'odom'
    assert skeleton.motion == Skeleton.MOTION_MOVING
    assert np.median(np.abs(errors), axis=0).max() < 0.15
    assert 0 < deviation.x < 0.5
    expected = person(frame.stamp)
    assert abs(remainder(skeleton.fixed_yaw - expected.yaw, 2 * pi)) < 0.3

    ros.spin_until(is_state(robot, TargetState.VISIBLE), 'the target')
    stamp = message.header.stamp
    ros.spin_until(lambda: robot.targets and robot.targets[-1].header.stamp == stamp, 'a target')
    target = robot.targets[-1]
    assert target.header.frame_id == 'odom'
    place, turn = target.pose.position, target.pose.orientation
    assert (place.x, place.y) == pytest.approx(expected[:2], abs=0.15)
    assert place.z == 0.0
    assert 2 * atan2(turn.z, turn.w) == pytest.approx(skeleton.fixed_yaw, abs=1e-6)
    seen = robot.states[-1]
    assert (seen.id, seen.header.stamp) == (skeleton.id, seen.last_seen)

    # The person leaves: the target stays, then it is lost.
    empty = np.full_like(frame.image, 90), np.full_like(frame.depth, 5.0)
    for step in range(1, 16):
        robot.drive(frame.stamp + step / RATE)
        robot.show(frame.stamp + step / RATE, *empty)
    ros.spin_until(is_state(robot, TargetState.LOST), 'the loss')
    assert [state.state for state in robot.states] == [
        TargetState.NONE,
        TargetState.VISIBLE,
        TargetState.OUT_OF_SIGHT,
        TargetState.LOST,
    ]
    gone = robot.states[-1]
    assert gone.id == skeleton.id
    assert Time.from_msg(gone.last_seen) < Time.from_msg(gone.header.stamp)
    last = robot.targets[-1]
    assert last.pose == target.pose
    assert last.header.stamp.sec + last.header.stamp.nanosec / 1e9 > START + frame.stamp + 0.5


@pytest.mark.parametrize('paused', [False, True])
def test_a_recording_that_starts_again_has_velocities_again(ros, make_robot, video, paused):
    robot = make_robot(fixed_frame='odom')
    for robot.start in (START, START - 50):
        if paused:
            robot.node.trigger_deactivate()
            robot.node.trigger_activate()
            for publisher in (robot.images, robot.depths, robot.infos, robot.tf):
                ros.spin_until(publisher.get_subscription_count, 'pose_node subscribing')
        for frame in video[1][:8]:
            for time in (frame.stamp - 0.05, frame.stamp, frame.stamp + 0.05):
                robot.drive(time)
            message = robot.show(frame.stamp, frame.image, frame.depth)
        [skeleton] = message.skeletons
        assert np.isfinite(skeleton.fixed_velocity.x)


def test_without_transforms_the_reason_is_reported(ros, make_robot, video):
    robot = make_robot(fixed_frame='odom')
    frame = video[1][0]
    for step in range(3):
        message = robot.show(step / RATE, frame.image, frame.depth)
    [skeleton] = message.skeletons
    assert np.isnan(skeleton.fixed_velocity.x)
    assert not np.isnan(skeleton.velocity.z)
    fixed = robot.node._localizer._fixed_frame
    ros.spin_until(
        lambda: robot.show(len(robot.skeletons) / RATE, frame.image, frame.depth) and fixed.fault,
        'the fault',
    )
    assert 'odom' in fixed.fault


def test_an_idle_node_lacks_no_transforms(foreign_messages, monkeypatch):
    now = [0.0]
    monkeypatch.setattr('pose_ros.ros.fixed_frame.time.monotonic', lambda: now[0])
    fixed, inputs = FixedFrame('odom'), SimpleNamespace(keep=lambda *_: None)
    now[0] = 100.0
    for wanted in (False, True):
        fixed.listen(inputs, wanted)
    assert fixed.pose(Header(frame_id='camera')) is None
    assert fixed.fault == ''
    now[0] = 102.0
    fixed.pose(Header(frame_id='camera'))
    assert 'odom' in fixed.fault


def test_without_the_messages_of_tf_the_node_says_what_to_install(ros, monkeypatch, capfd):
    monkeypatch.setitem(sys.modules, 'tf2_msgs.msg', None)
    monkeypatch.setenv('ROS_DISTRO', 'jazzy')
    node = ros.start(PoseNode, fixed_frame='odom')
    assert 'parameter fixed_frame needs tf2_ros' in node._fault
    assert 'apt install ros-jazzy-tf2-ros' in capfd.readouterr().err
    assert node._images is None  # not active
