"""The real fusion_node over DDS: two cameras with static transforms, one of which fails."""

from itertools import count
from math import pi

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from geometry_msgs.msg import TransformStamped
import numpy as np
import pytest
from rclpy.time import Time
from scipy.spatial.transform import Rotation
from sensor_msgs.msg import CameraInfo
from staged_cameras import MODEL, RATE, SIZE, around
from std_msgs.msg import Header
from visualization_msgs.msg import MarkerArray

from pose_ros.actor import FloorPose
from pose_ros.message_values import msg_to_person
from pose_ros.msg import Skeleton, SkeletonArray, SkeletonFormat
from pose_ros.ros.conversions import skeleton_array
from pose_ros.ros.fusion_node import FusionNode
from pose_ros.ros.marker_node import MarkerNode
from pose_ros.ros.qos import (
    CAMERA_INFO,
    DIAGNOSTICS,
    LATCHED,
    MARKERS,
    SKELETONS,
    TF,
    TF_STATIC,
)

pytestmark = pytest.mark.ros

START = 1_700_000_000


def path(t):
    return FloorPose(-0.5 + 0.5 * t, 0.2, pi / 2)


class Cameras:
    """Publishes what two cameras see; receives what fusion_node makes of it."""

    def __init__(self, ros, *, calibrated=('left', 'right'), placed=('left', 'right')):
        from tf2_msgs.msg import TFMessage  # noqa: PLC0415

        self.ros = ros
        self.views = dict(zip(('left', 'right'), around(2)))
        self.node = ros.start(FusionNode, cameras=['left', 'right'], fixed_frame='map')
        self.fused = ros.collect(SkeletonArray, 'skeletons', SKELETONS)
        self.status = ros.collect(DiagnosticArray, '/diagnostics', DIAGNOSTICS)
        self.skeletons = {
            n: ros.publisher(SkeletonArray, f'{n}/skeletons', SKELETONS) for n in self.views
        }
        self.arrived = {
            n: ros.collect(SkeletonArray, f'{n}/skeletons', SKELETONS) for n in self.views
        }
        self.message, self.start = TFMessage, START
        self.tf = ros.node.create_publisher(TFMessage, '/tf', TF)
        static = ros.publisher(TFMessage, '/tf_static', TF_STATIC)
        static.publish(TFMessage(transforms=[self.transform(name) for name in placed]))
        matrix = [MODEL.focal, 0.0, 320.0, 0.0, MODEL.focal, 240.0, 0.0, 0.0, 1.0]
        for name in calibrated:
            info = CameraInfo(width=SIZE[0], height=SIZE[1], k=matrix)
            ros.publisher(CameraInfo, f'{name}/camera_info', CAMERA_INFO).publish(info)
        cameras = self.node._cameras
        ros.spin_until(
            lambda: (
                all(cameras[name].calibration.known for name in calibrated)
                and all(
                    self.node._frame.pose(Header(frame_id=f'{name}_optical')) for name in placed
                )
            ),
            'calibration and transforms',
        )

    def transform(self, name):
        rotation, translation = self.views[name].pose
        message = TransformStamped(child_frame_id=f'{name}_optical')
        message.header.frame_id = 'map'
        move, turn = message.transform.translation, message.transform.rotation
        move.x, move.y, move.z = translation.tolist()
        turn.x, turn.y, turn.z, turn.w = Rotation.from_matrix(rotation).as_quat().tolist()
        return message

    def stamp(self, time):
        return Time(seconds=self.start, nanoseconds=round(time * 1e9)).to_msg()

    def move(self, name, step):
        """Publish where a camera is at a time."""
        message = self.transform(name)
        message.header.stamp = self.stamp(step / RATE)
        self.tf.publish(self.message(transforms=[message]))

    def show(self, name, step, delay=0.0):
        """Publish what a camera sees at a time, and wait until it has arrived."""
        time = step / RATE + delay
        people = self.views[name].image([path], time).people
        header = Header(stamp=self.stamp(time), frame_id=f'{name}_optical')
        before = len(self.arrived[name])
        self.skeletons[name].publish(skeleton_array(people, header, SIZE))
        self.ros.spin_until(lambda: len(self.arrived[name]) > before, name)

    def wait_until(self, time):
        """The fused message of a time."""

        def find():
            # The stamp of an image, to the nanosecond: messages are paired by it.
            wanted = self.stamp(time)
            return next((m for m in self.fused if m.header.stamp == wanted), None)

        return self.ros.spin_until(find, f'people at {time} s')

    def wait_for_status(self, text):
        """A status of fusion_node with this text."""

        def find():
            found = (s for m in self.status for s in m.status if s.name == 'fusion_node')
            return next((s for s in found if text in s.message), None)

        return self.ros.spin_until(find, text)


@pytest.fixture
def make_cameras(foreign_messages, ros):
    return lambda **options: Cameras(ros, **options)


def test_two_cameras_one_person_and_one_camera_that_fails(ros, make_cameras):
    cameras = make_cameras()
    formats = ros.collect(SkeletonFormat, 'skeleton_format', LATCHED)
    ros.start(MarkerNode)
    markers = ros.collect(MarkerArray, 'skeleton_markers', MARKERS)
    subscribers = cameras.node.count_subscribers
    ros.spin_until(lambda: subscribers('skeletons') == 2, 'marker_node')
    for step in range(10):
        cameras.show('left', step)
        cameras.show('right', step, delay=0.02)
    message = cameras.wait_until(9 / RATE + 0.02)
    assert (message.header.frame_id, message.fixed_frame) == ('map', 'map')
    [skeleton] = message.skeletons
    assert (skeleton.id, skeleton.format) == (1, 'coco17')
    assert skeleton.position_source == Skeleton.POSITIONS_TRIANGULATED
    person = msg_to_person(skeleton)
    errors = person.positions.points - cameras.views['left'].truth(path, 9 / RATE + 0.02)
    assert np.median(np.linalg.norm(errors, axis=1)) < 0.06
    assert skeleton.fixed_velocity.x == pytest.approx(0.5, abs=0.3)
    ros.spin_until(lambda: formats and formats[-1].name == 'coco17', 'the format')
    ros.spin_until(lambda: markers and markers[-1].markers, 'markers')
    assert {m.header.frame_id for m in markers[-1].markers} == {'map'}

    # The right camera fails: its first missing image delays one message, then none.
    for step in range(10, 20):
        cameras.show('left', step)
    [skeleton] = cameras.wait_until(19 / RATE).skeletons
    assert skeleton.id == 1
    assert skeleton.position_source == Skeleton.POSITIONS_HEIGHT

    cameras.status.clear()

    def only_right_failed():
        cameras.show('left', 20 + len(cameras.arrived['left']))
        found = [s for m in cameras.status for s in m.status if s.name == 'fusion_node']
        return next((s for s in found if s.message.startswith('right: no skeletons')), None)

    assert ros.spin_until(only_right_failed, 'the failure').level == DiagnosticStatus.WARN


def test_what_is_missing_is_reported_and_the_other_camera_goes_on(ros, make_cameras):
    cameras = make_cameras(calibrated=['left'], placed=['left'])
    for step in range(4):
        cameras.show('right', step)
        cameras.show('left', step)
    assert cameras.wait_until(3 / RATE).skeletons
    cameras.wait_for_status('right: no camera_info on right/camera_info')


def test_a_camera_without_a_transform_is_reported(ros, make_cameras):
    cameras = make_cameras(placed=['left'])
    cameras.show('right', 0)
    cameras.show('left', 0)
    assert cameras.wait_until(0.0)
    cameras.wait_for_status("right: no transform from 'right_optical' to 'map'")


def test_a_moving_camera_is_fused_again_when_time_starts_again(ros, make_cameras):
    cameras, steps = make_cameras(placed=[]), count()

    def people():
        step = next(steps)
        for name in cameras.views:
            cameras.move(name, step)
            cameras.show(name, step)
        return [message for message in cameras.fused if message.skeletons]

    ros.spin_until(people, 'people')
    cameras.start -= 100
    cameras.fused.clear()
    ros.spin_until(people, 'people after the restart')
