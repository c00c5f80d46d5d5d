"""Nodes go on after any message, and publish finite markers only."""

from array import array
from copy import deepcopy
from dataclasses import replace
import math

from damaged_messages import damaged, leaves, look_up
from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header
from visualization_msgs.msg import MarkerArray

from pose_ros.actor import Actor, Scene
from pose_ros.actor import skeletons as play
from pose_ros.core.positions import Positions, PositionSource
from pose_ros.message_values import msg_to_person
from pose_ros.msg import (
    ExerciseFault,
    ExerciseState,
    FallEvent,
    GestureEvent,
    HandArray,
    JointAngles,
    Posture,
    SkeletonArray,
)
from pose_ros.ros import qos
from pose_ros.ros.conversions import skeleton_array
from pose_ros.ros.gesture_node import GestureNode
from pose_ros.ros.marker_node import MarkerNode
from pose_ros.ros.message_checks import CHECKS
from pose_ros.ros.motion_outputs import OUTPUTS
from pose_ros.ros.pose_node import PoseNode

pytestmark = pytest.mark.ros

SIZE = (640, 480)
MOTIONS = ('fall_forwards', 'squat', 'wave_left', 'sit_down_heavily')
FRAMES = 8


def header(stamp):
    """Header of an image at a time [s]."""
    message = Header(frame_id='camera')
    message.stamp.sec, message.stamp.nanosec = divmod(round(stamp * 1e9), 10**9)
    return message


@pytest.fixture(scope='module')
def videos():
    """Skeletons of two people in motion, without positions and with: lists of messages."""
    found = []
    for motion in MOTIONS:
        actors = (Actor(motion, x=150.0), Actor(x=450.0))
        for world in (False, True):
            frames = play(Scene(duration=3.0, actors=actors, fps=10), seed=1, world=world)
            found.append([skeleton_array(placed(f.people), header(f.stamp), SIZE) for f in frames])
    return found


def placed(people):
    """People whose positions, if any, are 3 m in front of the camera."""
    return [
        person
        if person.world is None
        else replace(
            person,
            positions=Positions(
                person.world + np.array([0.0, 0.0, 3.0]),
                np.full(len(person.world), 0.02),
                PositionSource.MODEL,
            ),
        )
        for person in people
    ]


def events(stamp):
    """A valid message of every other type that is subscribed to, by topic."""
    top = header(stamp)
    return {
        'gestures': GestureEvent(header=top, skeleton_id=1, gesture='wave', score=0.9),
        'postures': Posture(header=top, skeleton_id=1, posture=Posture.SITTING, confidence=0.9),
        'falls': FallEvent(header=top, skeleton_id=1, phase=FallEvent.FALLEN, confidence=0.9),
        'exercise': ExerciseState(
            header=top,
            skeleton_id=1,
            exercise='squat',
            faults=[ExerciseFault(name='knees_in', certain=True)],
        ),
        'joint_angles': JointAngles(
            header=top, skeleton_id=1, names=['left_knee', 'trunk'], angles=[1.5, 0.1]
        ),
    }


def camera_info():
    """Calibration of a distorted camera."""
    return CameraInfo(
        width=SIZE[0],
        height=SIZE[1],
        distortion_model='plumb_bob',
        d=[0.1, -0.05, 0.0, 0.0, 0.0],
        k=[500.0, 0.0, 320.0, 0.0, 500.0, 240.0, 0.0, 0.0, 1.0],
        r=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        p=[500.0, 0.0, 320.0, 0.0, 0.0, 500.0, 240.0, 0.0, 0.0, 0.0, 1.0, 0.0],
    )


def image(stamp, encoding='bgr8', pixel_bytes=3):
    """A small grey image, or a depth image."""
    width, height = 64, 48
    step = width * pixel_bytes
    return Image(
        header=header(stamp),
        width=width,
        height=height,
        encoding=encoding,
        step=step,
        data=array('B', bytes([7]) * (step * height)),
    )


class Border:
    """The callbacks of a node's subscriptions, to be called without the middleware.

    Each example is later than the one before by more than anything is remembered.
    """

    def __init__(self, ros, node, *topics):
        self.node = node
        self.time = 1000.0
        ros.spin_until(lambda: set(topics) <= self.callbacks().keys(), f'subscriptions: {topics}')

    def callbacks(self):
        return {s.topic_name.lstrip('/'): s.callback for s in self.node.subscriptions}

    def receive(self, topic, message):
        """Call back as the executor does; pose_node takes the number of an image, too."""
        numbered = isinstance(self.node, PoseNode) and topic == 'image'
        more = ({'publication_sequence_number': None},) if numbered else ()
        self.callbacks()[topic](message, *more)

    def sequence(self, video, first, step):
        """Messages of a video at the node's present time."""
        self.time += 1000.0
        for message in video[first::step][:FRAMES]:
            copy = deepcopy(message)
            time = self.time + message.header.stamp.sec + message.header.stamp.nanosec / 1e9
            copy.header = header(time)
            yield time, copy


def record(publisher):
    """What a publisher publishes from now on."""
    published = []
    publish = publisher.publish

    def recording(message):
        publish(message)
        published.append(deepcopy(message))

    publisher.publish = recording
    return published


def draw_sequence(data, border, videos):
    video = data.draw(st.sampled_from(videos))
    first = data.draw(st.integers(0, len(video) - FRAMES))
    return border.sequence(video, first, data.draw(st.sampled_from((1, 2))))


def test_every_type_of_the_nodes_outputs_is_checked():
    assert CHECKS.keys() == {
        SkeletonArray,
        HandArray,
        *(o.kind for o in OUTPUTS if o.topic != 'human_joint_states'),
    }


def test_gesture_node(ros, videos):
    node = ros.start(GestureNode)
    for output in OUTPUTS:
        ros.collect(output.kind, output.topic, qos.event_profile(output.kept))
    border = Border(ros, node, 'skeletons')
    ros.spin_until(lambda: len(node._wanted) == len(OUTPUTS), 'all outputs wanted')
    published = record(node._events['joint_angles'])

    @settings(max_examples=settings.default.max_examples // 5)
    @given(data=st.data())
    def goes_on(data):
        for _, message in draw_sequence(data, border, videos):
            border.receive('skeletons', data.draw(damaged(message)))
        *_, (_, valid) = border.sequence(videos[0], 0, 1)
        published.clear()
        border.receive('skeletons', valid)
        assert {message.skeleton_id for message in published} == {1, 2}

    goes_on()


def test_marker_node(ros, videos):
    node = ros.start(MarkerNode, angles=['all'])
    ros.collect(MarkerArray, 'skeleton_markers', qos.MARKERS)
    ros.collect(Image, 'image_overlay', qos.IMAGE_RELIABLE)
    topics = ('skeletons', 'camera_info', 'image', *events(0.0))
    border = Border(ros, node, *topics)
    published, drawn = record(node._marker_publisher), record(node._overlays._raw)

    @settings(max_examples=settings.default.max_examples // 5)
    @given(data=st.data())
    def goes_on(data):
        for time, message in draw_sequence(data, border, videos):
            valid = {'camera_info': camera_info(), 'image': image(time), **events(time)}
            for topic in data.draw(st.lists(st.sampled_from(topics[1:]), max_size=3)):
                border.receive(topic, data.draw(damaged(valid[topic])))
            border.receive('skeletons', data.draw(damaged(message)))
        assert not [value for array in published for value in not_finite(array)]
        *_, (time, valid) = border.sequence(videos[0], 0, 1)
        published.clear()
        drawn.clear()
        border.receive('camera_info', camera_info())
        border.receive('image', image(time))
        border.receive('skeletons', valid)
        assert {marker.id for marker in published[-1].markers if marker.points} == {1, 2}
        assert len(drawn) == 1

    goes_on()


def not_finite(array):
    """Coordinates, sizes and colours of markers that are NaN or infinite."""
    for marker in array.markers:
        for path, kind in leaves(marker):
            if kind in ('float', 'double') and not math.isfinite(look_up(marker, path)):
                yield path


def test_pose_node(ros, videos, estimators):
    node = ros.add(PoseNode(estimators, context=ros.context))
    ros.collect(SkeletonArray, 'skeletons', qos.SKELETONS)
    ros.publisher(Image, 'depth', qos.IMAGE_RELIABLE)
    topics = ('image', 'camera_info', 'depth')
    border = Border(ros, node, *topics)
    published = record(node._skeletons)
    (estimator,) = estimators.made
    person = msg_to_person(videos[0][0].skeletons[0])

    @settings(max_examples=settings.default.max_examples // 5)
    @given(data=st.data())
    def goes_on(data):
        estimator.people = [person]
        border.time += 1000.0
        for number in range(3):
            time = border.time + 0.1 * number
            valid = {
                'image': image(time),
                'camera_info': camera_info(),
                'depth': image(time, '16UC1', 2),
            }
            for topic in topics:
                border.receive(topic, data.draw(damaged(valid[topic])))
        published.clear()
        border.receive('image', image(border.time + 1.0))
        node._localizer.flush()
        assert [skeleton.id for skeleton in published[-1].skeletons] == [person.id]

    goes_on()
