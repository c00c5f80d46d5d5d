"""gesture_node reads the hands of the same image as the skeletons."""

from dataclasses import replace

import cv2
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
import numpy as np
import pytest
from sensor_msgs.msg import Image

from pose_ros.actor.hand_pose import HAND_POSES, hand_points, seen_hand, turned
from pose_ros.core.camera_orientation import UPRIGHT, CameraOrientation
from pose_ros.core.motion.rules import Hand
from pose_ros.core.topology import BLAZEPOSE33
from pose_ros.core.types import Box, Person
from pose_ros.learning.examples import MotionClass
from pose_ros.learning.training import Settings, train
from pose_ros.msg import GestureEvent, HandArray, SkeletonArray
from pose_ros.ros import diagnostics
from pose_ros.ros.gesture_node import GestureNode
from pose_ros.ros.hand_conversions import hand_array
from pose_ros.ros.pose_node import PoseNode
from pose_ros.ros.qos import DIAGNOSTICS, EVENTS, IMAGE_RELIABLE, SKELETONS

pytestmark = pytest.mark.ros
SIZE = (640, 480)


def raised_hand():
    """Person whose right forearm is up, and the wrist."""
    places = {}
    for name, sign in (('left', 1), ('right', -1)):
        wrist = 0.1 if name == 'right' else 1.0
        places |= {
            f'{name}_shoulder': (0.35 * sign, 0.0),
            f'{name}_elbow': (0.4 * sign, 0.55),
            f'{name}_wrist': (0.5 * sign, wrist),
            f'{name}_hip': (0.2 * sign, 1.0),
        }
    keypoints = np.full((33, 2), (320, 60), np.float32)
    states = np.ones(33, np.uint8)
    for name, (x, y) in places.items():
        keypoints[BLAZEPOSE33.index(name)] = 320 + 110 * x, 150 + 110 * y
        states[BLAZEPOSE33.index(name)] = 0
    scores = np.where(states == 0, 0.95, 0.1).astype(np.float32)
    person = Person(BLAZEPOSE33, keypoints, scores, states, 0.9, Box.around(keypoints), id=4)
    return person, tuple(keypoints[BLAZEPOSE33.index('right_wrist')].tolist())


@pytest.mark.parametrize('orientation', [UPRIGHT, CameraOrientation(90), CameraOrientation(180)])
def test_a_thumb_that_is_up_is_published(ros, make_stage, orientation):
    hands = ros.node.create_publisher(HandArray, 'hands', SKELETONS)
    stage = make_stage('gestures', orientation=orientation)
    ros.spin_until(lambda: hands.get_subscription_count() == 1, 'the hands subscription')
    person, wrist = raised_hand()
    points = turned(hand_points(HAND_POSES['thumb'], 'right'), roll=-90)
    hand = seen_hand(points, wrist, 300.0, 'right', skeleton_id=4)
    size = SIZE[::-1] if orientation.rotate == 90 else SIZE
    for _ in range(10):
        header = stage.play(person)
        shown = orientation.hand_in_image(hand, size)
        hands.publish(hand_array([shown], header, size, orientation))
    stage.play(person)
    event = stage.wait_for('gestures', gesture='thumb_up', phase=GestureEvent.STARTED)
    assert (event.skeleton_id, event.hand) == (4, GestureEvent.RIGHT)
    assert event.header in stage.headers
    assert {e.gesture for e in stage.heard['gestures']} == {'thumb_up'}


def test_a_hand_without_a_person_has_events_of_its_own_until_it_is_gone(ros, make_stage):
    hands = ros.node.create_publisher(HandArray, 'hands', SKELETONS)
    stage = make_stage('gestures')
    ros.spin_until(lambda: hands.get_subscription_count() == 1, 'the hands subscription')
    points = hand_points(HAND_POSES['victory'], 'left')
    hand = replace(seen_hand(points, (300, 300), 900.0, 'left', skeleton_id=0), id=9)
    for number in range(20):
        header = stage.play()
        hands.publish(hand_array([hand] if number < 10 else [], header, SIZE))
    event = stage.wait_for('gestures', gesture='victory', phase=GestureEvent.ENDED)
    assert event.duration == pytest.approx(0.7, abs=0.05)  # its speed is known after 0.2 s
    assert event.header in stage.headers
    found = {(e.gesture, e.hand, e.skeleton_id, e.hand_id) for e in stage.heard['gestures']}
    assert found == {(name, GestureEvent.LEFT, 0, 9) for name in ('victory', 'count_2')}


@pytest.mark.model('hand_lite')
@pytest.mark.test_data('real/intel__asl_gestures__no.mkv')
def test_a_real_hand_close_to_the_camera_has_gestures(ros, encoded_image, test_data):
    """From images to events, by the real models: a hand without its body."""
    capture = cv2.VideoCapture(str(test_data / 'real/intel__asl_gestures__no.mkv'))
    video = [capture.read()[1] for _ in range(37)]
    image = np.full((480, 640, 3), 90, np.uint8)
    image[60:360, 160:385] = cv2.resize(video[36][115:215, 160:235], (225, 300))
    ros.start(PoseNode, hands='all')
    ros.start(GestureNode)
    publisher = ros.publisher(Image, 'image', IMAGE_RELIABLE)
    skeletons = ros.collect(SkeletonArray, 'skeletons', SKELETONS)
    events = ros.collect(GestureEvent, 'gestures', EVENTS)
    hands = ros.collect(HandArray, 'hands', SKELETONS)
    stamp = ros.node.get_clock().now().nanoseconds

    def show():
        nonlocal stamp
        message = encoded_image(image[..., ::-1])
        stamp += 10**8
        message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp, 10**9)
        skeletons.clear()
        publisher.publish(message)
        ros.spin_until(lambda: skeletons, 'skeletons')
        return [e for e in events if e.gesture == 'victory']

    (event, *_) = ros.spin_until(show, 'the gesture')
    assert (event.phase, event.hand, event.skeleton_id) == (0, GestureEvent.RIGHT, 0)
    assert event.hand_id in {hand.id for array in hands for hand in array.hands}


@pytest.fixture(scope='module')
def sign_model(make_take, tmp_path_factory):
    """Small model of two signs that differ by their fingers alone."""
    classes = [
        MotionClass(
            shape,
            Hand.RIGHT,
            examples=tuple(make_take(shape, np.random.default_rng(seed)) for seed in range(4)),
        )
        for shape in ('fist', 'victory')
    ]
    path = tmp_path_factory.mktemp('signs') / 'motions.npz'
    train(classes, Settings(seconds=2.0, windows=200, features=336)).model.save(path)
    return path


@pytest.mark.timeout(400)  # a busy machine takes several times as long as an idle one
def test_learned_signs_are_told_apart_by_the_fingers(ros, make_stage, make_take, sign_model):
    hands = ros.node.create_publisher(HandArray, 'hands', SKELETONS)
    stage = make_stage('gestures', learned=str(sign_model))
    ros.spin_until(lambda: hands.get_subscription_count() == 1, 'the hands subscription')
    for number, shape in enumerate(('victory', 'fist'), 1):
        take = make_take(shape, np.random.default_rng(40 + number))
        for person, found in zip(take.people, take.hands):
            header = stage.play(replace(person, id=number), rate=15.0)
            own = [replace(hand, skeleton_id=number) for hand in found]
            hands.publish(hand_array(own, header, SIZE))
        event = stage.wait_for('gestures', gesture=shape, phase=GestureEvent.STARTED)
        assert (event.skeleton_id, event.hand) == (number, GestureEvent.RIGHT)
        assert event.header in stage.headers
    told = {(e.gesture, e.skeleton_id) for e in stage.heard['gestures']}
    assert {one for one in told if one[0] in ('victory', 'fist')} == {('victory', 1), ('fist', 2)}


def test_learned_signs_without_hands_are_a_warning(make_stage, make_take, sign_model, monkeypatch):
    monkeypatch.setattr(diagnostics, 'PERIOD', 0.05)
    stage = make_stage('gestures', learned=str(sign_model))
    received = stage.ros.collect(DiagnosticArray, '/diagnostics', DIAGNOSTICS)

    def warnings():
        stage.play(make_take('fist').people[0])
        statuses = [status for array in received for status in array.status]
        return [s for s in statuses if 'hands:=tracked' in s.message]

    found = stage.ros.spin_until(warnings, 'the warning in /diagnostics')
    assert found[0].level == DiagnosticStatus.WARN
