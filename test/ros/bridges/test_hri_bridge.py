"""bridge_node in the messages of hri_msgs, over DDS."""

from array import array
from dataclasses import replace
import math

import cv2
from geometry_msgs.msg import PointStamped, TwistStamped
import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from sensor_msgs.msg import CompressedImage, Image, JointState, MultiDOFJointState
from std_msgs.msg import Header, String
import yaml

from pose_ros.actor import Actor, Scene, skeletons
from pose_ros.core.kinematics import Kinematics, MotionState
from pose_ros.core.resources import config_file
from pose_ros.core.topology import BLAZEPOSE33, BODY25, COCO17, COCO18
from pose_ros.core.types import Box, KeypointState, Person
from pose_ros.msg import GestureEvent, JointAngles, Posture, SkeletonArray
from pose_ros.ros.gesture_node import GestureNode
from pose_ros.ros.images import ImageWriter
from pose_ros.ros.qos import EVENTS, IMAGE_RELIABLE, LATCHED, SKELETONS

pytestmark = pytest.mark.ros

WIDTH, HEIGHT = 640, 480
TRACKED = '/humans/bodies/tracked'
TOPICS = (
    *('roi', 'cropped', 'skeleton2d', 'joint_states', 'posture', 'gesture'),
    *('position', 'velocity', 'urdf', 'segments'),
)


class Hri:
    """The node, with a person who listens to the list of bodies and to some topics of b00007."""

    name = 'b00007'

    def __init__(self, bridged, spread_person):
        from hri_msgs.msg import IdsList  # noqa: PLC0415

        self.bridged, self.ros = bridged, bridged.ros
        self.person = spread_person(7)
        bridged.start('hri')
        self.tracked = self.ros.collect(IdsList, TRACKED, 10)
        self.publisher = self.ros.publisher(SkeletonArray, 'skeletons', SKELETONS)

    def show(self, *people, **options):
        """Publish people; returns the message."""
        message = self.bridged.skeletons(*people, **options)
        self.publisher.publish(message)
        return message

    def listed(self, *names):
        """Wait until these are the bodies in the list, the same people being published."""
        return self.ros.spin_until(
            lambda: self.tracked and list(self.tracked[-1].ids) == list(names), f'{names} listed'
        )

    def listen(self, kind, topic, person=None):
        """Make b00007 known and subscribe to a topic of it; returns the list of messages."""
        self.show(person or self.person)
        self.listed(self.name)
        name = f'/humans/bodies/{self.name}/{topic}'
        messages = self.ros.collect(kind, name, 10)
        # The node hears of us.
        self.ros.spin_until(
            lambda: self.bridged.node.count_subscribers(name) == 1, f'subscriber of {name}'
        )
        return messages

    def first(self, messages):
        """The first message that comes."""
        return self.ros.spin_until(lambda: messages)[0]

    def told(self, kind, topic):
        """Publisher of events of people, to which the node subscribes."""
        return self.ros.publisher(kind, topic, EVENTS)


@pytest.fixture
def hri(bridged, spread_person):
    return Hri(bridged, spread_person)


def test_list_of_bodies_follows_who_is_there(hri, spread_person):
    sent = hri.show(spread_person(7), spread_person(12))
    hri.listed('b00007', 'b00012')
    assert hri.tracked[-1].header == sent.header
    hri.show(spread_person(12))
    hri.listed('b00012')
    hri.show()
    hri.listed()


def test_a_person_without_an_id_yet_is_no_body(hri, spread_person):
    hri.show(spread_person(0), spread_person(3))
    hri.listed('b00003')
    topics = {name for name, _ in hri.ros.node.get_topic_names_and_types()}
    assert not any('b00000' in topic for topic in topics)


def test_a_body_that_has_left_has_no_topics(hri, spread_person):
    def topics():
        found = hri.ros.node.get_publisher_names_and_types_by_node('bridge_node', '/')
        return {name for name, _ in found if name.startswith('/humans/bodies/b')}

    hri.show(spread_person(7), spread_person(12))
    hri.ros.spin_until(lambda: len(topics()) == 20)
    assert topics() == {
        f'/humans/bodies/{body}/{topic}' for body in ('b00007', 'b00012') for topic in TOPICS
    }

    def others_are_gone():
        hri.show(spread_person(12))
        hri.ros.executor.spin_once(timeout_sec=0.05)
        return {topic.split('/')[3] for topic in topics()} == {'b00012'}

    hri.ros.spin_until(others_are_gone)
    # Nor does anybody stay when no more skeletons come: all who were there leave at once.
    hri.show(spread_person(7), spread_person(12))
    hri.listed('b00007', 'b00012')
    hri.tracked.clear()
    hri.ros.spin_until(lambda: not topics())
    hri.listed()
    assert len(hri.tracked) == 1


def test_region_is_a_share_of_the_image(hri):
    from hri_msgs.msg import NormalizedRegionOfInterest2D  # noqa: PLC0415

    messages = hri.listen(NormalizedRegionOfInterest2D, 'roi')
    sent = hri.show(hri.person)
    roi = hri.first(messages)
    assert roi.header == sent.header
    # Of keypoints from (100, 50) to (212, 226).
    assert (roi.xmin, roi.xmax) == pytest.approx((100 / WIDTH, 212 / WIDTH))
    assert (roi.ymin, roi.ymax) == pytest.approx((50 / HEIGHT, 226 / HEIGHT))
    assert roi.c == pytest.approx(0.75)


@pytest.mark.parametrize('topology', [COCO17, BLAZEPOSE33, COCO18, BODY25], ids=lambda t: t.name)
def test_keypoints_go_by_name(foreign_messages, topology):
    from hri_msgs.msg import Skeleton2D  # noqa: PLC0415

    from pose_ros.ros.bridges.hri_conversions import skeleton2d  # noqa: PLC0415

    count = len(topology)
    points = np.array([(10 + 5 * i, 20 + 9 * i) for i in range(count)], np.float32)
    scores = np.linspace(0.3, 0.9, count, dtype=np.float32)
    states = np.zeros(count, np.uint8)
    person = Person(topology, points, scores, states, 0.5, Box(0, 0, 1, 1), 3)
    header = Header(frame_id='camera')
    message = skeleton2d(person, header, (WIDTH, HEIGHT))
    assert message.header == header
    assert len(message.skeleton) == 18
    for name in COCO17.keypoint_names:
        point = message.skeleton[getattr(Skeleton2D, name.upper())]
        i = topology.index(name)
        expected = (points[i, 0] / WIDTH, points[i, 1] / HEIGHT, scores[i])
        assert (point.x, point.y, point.c) == pytest.approx(expected), name
    neck = message.skeleton[Skeleton2D.NECK]
    left, right = (topology.index(f'{side}_shoulder') for side in ('left', 'right'))
    middle = (points[left] + points[right]) / 2 / (WIDTH, HEIGHT)
    assert (neck.x, neck.y) == pytest.approx(tuple(middle))
    assert neck.c == pytest.approx(min(scores[left], scores[right]))


def test_keypoints_that_were_not_seen_have_no_confidence(hri, spread_person):
    from hri_msgs.msg import Skeleton2D  # noqa: PLC0415

    person = spread_person(
        7,
        {
            'left_shoulder': KeypointState.PREDICTED,
            'left_wrist': KeypointState.IMPLAUSIBLE,
            'right_wrist': KeypointState.BELOW_THRESHOLD,
            'left_knee': KeypointState.PREDICTED,
        },
    )
    person.keypoints[COCO17.index('left_knee')] = np.nan
    person.keypoints[COCO17.index('left_ankle')] = (300, HEIGHT + 10)
    messages = hri.listen(Skeleton2D, 'skeleton2d')
    hri.show(person)
    points = hri.first(messages).skeleton
    for index in (
        Skeleton2D.LEFT_SHOULDER,
        Skeleton2D.NECK,
        Skeleton2D.LEFT_WRIST,
        Skeleton2D.LEFT_KNEE,
        Skeleton2D.LEFT_ANKLE,
    ):
        assert (points[index].x, points[index].y, points[index].c) == (0, 0, 0), index
    assert points[Skeleton2D.RIGHT_WRIST].c == pytest.approx(
        person.scores[COCO17.index('right_wrist')]
    )
    assert sum(point.c > 0 for point in points) == 13


@pytest.mark.parametrize('transport', ['raw', 'compressed'])
def test_cropped_is_the_person_out_of_the_image_of_that_time(hri, transport):
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image[..., 2] = np.arange(WIDTH) // 4
    image[..., 1] = np.arange(HEIGHT)[:, None] // 4
    messages = hri.listen(Image, 'cropped')
    wrong, right = hri.bridged.header(), hri.bridged.header()
    kind, topic = (Image, 'image') if transport == 'raw' else (CompressedImage, 'image/compressed')
    images = hri.ros.publisher(kind, topic, IMAGE_RELIABLE)
    if transport == 'raw':
        writer = ImageWriter('bgr8')
        images.publish(writer.write(255 - image, wrong))
        images.publish(writer.write(image, right))
    else:
        data = array('B', cv2.imencode('.png', image)[1].tobytes())
        images.publish(CompressedImage(header=right, format='png', data=data))
    hri.show(hri.person, header=right)
    cropped = hri.first(messages)
    assert cropped.header == right
    assert cropped.encoding == 'bgr8'
    pixels = np.frombuffer(cropped.data, np.uint8).reshape(cropped.height, cropped.width, 3)
    np.testing.assert_array_equal(pixels, image[50:226, 100:212])


def test_joints_are_those_of_the_human_model(hri):
    messages = hri.listen(JointState, 'joint_states')
    publisher = hri.told(JointAngles, 'joint_angles')
    sent = JointAngles(
        header=hri.bridged.header(),
        skeleton_id=7,
        names=['left_elbow', 'right_elbow', 'left_knee', 'neck'],
        angles=[math.pi / 2, math.nan, math.pi, 0.2],
    )
    publisher.publish(sent)
    state = hri.first(messages)
    assert state.header == sent.header
    joints = dict(zip(state.name, state.position))
    assert joints == pytest.approx({'l_elbow_b00007': math.pi / 2, 'l_knee_b00007': 0.0})


def test_joints_of_shoulders_and_hips_come_with_positions(hri, spread_person):
    standing = {
        'shoulder': (0.2, -0.5, 2.0),
        'elbow': (0.5, -0.5, 2.0),
        'wrist': (0.8, -0.5, 2.0),
        'hip': (0.1, 0.0, 2.0),
        'knee': (0.1, 0.4, 2.0),
        'ankle': (0.1, 0.8, 2.0),
    }
    world = np.full((17, 3), np.nan)
    for name, (x, y, z) in standing.items():
        world[COCO17.index(f'left_{name}')] = (x, y, z)
        world[COCO17.index(f'right_{name}')] = (-x, y, z)
    hidden = {'right_elbow': KeypointState.BELOW_THRESHOLD}
    messages = hri.listen(JointState, 'joint_states', spread_person(7, hidden, world=world))
    angles = JointAngles(header=hri.bridged.header(), skeleton_id=7)
    hri.told(JointAngles, 'joint_angles').publish(angles)
    state = hri.first(messages)
    joints = dict(zip(state.name, state.position))
    assert joints['l_p_shoulder_b00007'] == pytest.approx(math.pi / 2)
    assert 'r_p_shoulder_b00007' not in joints
    assert joints['l_r_hip_b00007'] == pytest.approx(0.0, abs=1e-6)


def test_segments_come_with_positions(hri, spread_person):
    world = np.full((17, 3), np.nan)
    for name, y in (('shoulder', -0.5), ('hip', 0.0), ('knee', 0.4), ('ankle', 0.8)):
        for side, sign in (('left', 1), ('right', -1)):
            world[COCO17.index(f'{side}_{name}')] = (sign * 0.15, y, 2.0)
    messages = hri.listen(MultiDOFJointState, 'segments', spread_person(7, world=world))
    angles = JointAngles(
        header=hri.bridged.header(), skeleton_id=7, names=['left_knee'], angles=[math.pi]
    )
    hri.told(JointAngles, 'joint_angles').publish(angles)
    state = hri.first(messages)
    assert state.header == angles.header
    found = dict(zip(state.joint_names, state.transforms))
    assert found.keys() == {
        f'{name}_b00007' for name in ('torso', 'l_hip', 'l_knee', 'l_ankle', 'r_hip')
    }
    place, turn = found['l_knee_b00007'].translation, found['l_knee_b00007'].rotation
    assert (place.x, place.y, place.z) == pytest.approx((0.15, 0.4, 2.0))
    shin = Rotation.from_quat([turn.x, turn.y, turn.z, turn.w]).apply([0, 0, -1])
    assert shin == pytest.approx([0.0, 1.0, 0.0], abs=1e-6)  # down in the camera's frame


@pytest.mark.parametrize('fixed_frame', ['', 'odom'])
def test_position_and_velocity(hri, spread_person, fixed_frame):
    world = np.full((17, 3), 2.0)
    walking = Kinematics(
        MotionState.MOVING,
        velocity=np.array([0.1, 0.2, 0.3]),
        fixed_position=np.array([4.0, 1.0, 1.1]),
        fixed_velocity=np.array([0.8, -0.4, 0.0]),
    )
    person = spread_person(7, world=world, kinematics=walking)
    positions = hri.listen(PointStamped, 'position', person)
    velocities = hri.listen(TwistStamped, 'velocity', person)
    message = hri.bridged.skeletons(person)
    message.fixed_frame = fixed_frame
    positions.clear()
    velocities.clear()
    hri.publisher.publish(message)
    stamp = message.header.stamp
    for messages in (positions, velocities):
        hri.ros.spin_until(lambda m=messages: m and m[-1].header.stamp == stamp, 'a message')
    point, twist = positions[-1], velocities[-1]
    assert point.header.frame_id == twist.header.frame_id == (fixed_frame or 'camera')
    place, linear = point.point, twist.twist.linear
    if fixed_frame:
        assert (place.x, place.y, place.z) == (4.0, 1.0, 1.1)
        assert (linear.x, linear.y, linear.z) == (0.8, -0.4, 0.0)
    else:
        assert (place.x, place.y, place.z) == (2.0, 2.0, 2.0)
        assert (linear.x, linear.y, linear.z) == (0.1, 0.2, 0.3)


def test_late_subscribers_get_the_urdf(hri):
    hri.show(hri.person)
    hri.listed(hri.name)
    urdf = hri.ros.collect(String, f'/humans/bodies/{hri.name}/urdf', LATCHED)
    assert 'name="l_elbow_b00007"' in hri.first(urdf).data


def test_what_gesture_node_tells_of_a_person_reaches_their_body(hri):
    from hri_msgs.msg import BodyPosture, Gesture  # noqa: PLC0415

    hri.ros.start(GestureNode)
    actor = Actor('raise_left', start=0.3)
    video = [f.people[0] for f in skeletons(Scene(duration=2.0, fps=10, actors=(actor,)), seed=1)]
    video = [replace(person, id=7) for person in video]
    hri.person = video[0]
    postures, gestures, joints = (
        hri.listen(kind, topic)
        for kind, topic in (
            (BodyPosture, 'posture'),
            (Gesture, 'gesture'),
            (JointState, 'joint_states'),
        )
    )
    told = {'postures': Posture, 'gestures': GestureEvent, 'joint_angles': JointAngles}
    for topic in told:
        hri.ros.spin_until(lambda t=topic: hri.ros.node.count_subscribers(t) == 1, topic)
    hri.ros.spin_until(lambda: hri.publisher.get_subscription_count() == 2, 'gesture_node')
    for person in video:
        hri.show(person)
        hri.ros.spin_for(0.02)
    assert hri.first(gestures).gesture == Gesture.LEFT_HAND_RAISED
    hri.ros.spin_until(lambda: postures and postures[-1].posture == BodyPosture.STANDING)
    assert 'l_elbow_b00007' in joints[-1].name


@pytest.mark.parametrize(
    ('ours', 'theirs'),
    [
        ('STANDING', 'STANDING'),
        ('SITTING', 'SITTING'),
        ('CROUCHING', 'CROUCHING'),
        ('LYING', 'LAYING'),
        ('BENDING', 'OTHER'),
        ('UNKNOWN', 'OTHER'),
    ],
)
def test_postures_go_by_name(foreign_messages, ours, theirs):
    from hri_msgs.msg import BodyPosture  # noqa: PLC0415

    from pose_ros.ros.bridges.hri_conversions import body_posture  # noqa: PLC0415

    header = Header(frame_id='camera')
    message = body_posture(Posture(header=header, posture=getattr(Posture, ours)))
    assert message.header == header
    assert message.posture == getattr(BodyPosture, theirs)


@pytest.mark.parametrize(
    ('ours', 'hand', 'theirs', 'handedness'),
    [
        ('wave', 'LEFT', 'WAVING', 'LEFT'),
        ('hand_raised', 'LEFT', 'LEFT_HAND_RAISED', 'LEFT'),
        ('hand_raised', 'RIGHT', 'RIGHT_HAND_RAISED', 'RIGHT'),
        ('hand_raised', 'BOTH', 'BOTH_HANDS_RAISED', 'INDEPENDENT'),
        ('clap', 'BOTH', 'OTHER', 'INDEPENDENT'),
        ('my_own', 'RIGHT', 'OTHER', 'RIGHT'),
    ],
)
def test_gestures_go_by_name(foreign_messages, ours, hand, theirs, handedness):
    from hri_msgs.msg import Gesture  # noqa: PLC0415

    from pose_ros.ros.bridges.hri_conversions import body_gesture  # noqa: PLC0415

    message = body_gesture(GestureEvent(gesture=ours, hand=getattr(GestureEvent, hand)))
    assert message.gesture == getattr(Gesture, theirs)
    assert message.handedness == getattr(Gesture, handedness)


def test_gestures_of_the_table_are_ours(foreign_messages):
    from pose_ros.ros.bridges.hri_conversions import GESTURES  # noqa: PLC0415

    rules = yaml.safe_load(config_file('gestures.yaml').read_text('utf-8'))['gestures']
    assert {name for name, _ in GESTURES} <= {rule['name'] for rule in rules}


def test_posture_and_gesture_of_a_body(hri):
    from hri_msgs.msg import BodyPosture, Gesture  # noqa: PLC0415

    postures = hri.listen(BodyPosture, 'posture')
    gestures = hri.listen(Gesture, 'gesture')
    posture = hri.told(Posture, 'postures')
    posture.publish(Posture(skeleton_id=99, posture=Posture.SITTING))
    posture.publish(Posture(skeleton_id=7, posture=Posture.LYING))
    assert hri.first(postures).posture == BodyPosture.LAYING
    gesture = hri.told(GestureEvent, 'gestures')
    waving = {'skeleton_id': 7, 'gesture': 'wave', 'hand': GestureEvent.RIGHT}
    for phase in (GestureEvent.STARTED, GestureEvent.HELD, GestureEvent.ENDED):
        gesture.publish(GestureEvent(phase=phase, **waving))
    crossed = {'gesture': 'arms_crossed', 'hand': GestureEvent.BOTH}
    gesture.publish(GestureEvent(skeleton_id=7, phase=GestureEvent.STARTED, **crossed))
    hri.ros.spin_until(lambda: len(gestures) == 3)
    # The end of one is no gesture.
    assert [g.gesture for g in gestures] == [
        Gesture.WAVING,
        Gesture.WAVING,
        Gesture.ARMS_CROSSED,
    ]
