"""Hands to messages and back."""

import numpy as np
import pytest
from rclpy.serialization import deserialize_message, serialize_message
from std_msgs.msg import Header

from pose_ros.core.camera_orientation import CameraOrientation
from pose_ros.core.topology import HAND21
from pose_ros.core.types import TrackedHand
from pose_ros.message_values import msg_to_hand
from pose_ros.msg import Hand, HandArray, Keypoint
from pose_ros.ros.hand_conversions import hand_array

SIZE = (640, 480)


def make_hand(**changes):
    random = np.random.default_rng(1)
    values = {
        # x and y from ranges that do not meet, so that swapping them would be seen.
        'keypoints': random.uniform((500, 10), (600, 400), (21, 2)).astype(np.float32),
        'z': random.uniform(-30, 30, 21).astype(np.float32),
        'world': random.uniform(-0.1, 0.1, (21, 3)).astype(np.float32),
        'score': 0.75,
        'side': 'left',
        'side_score': 0.5,
        'id': 9,
        'skeleton_id': 7,
        **changes,
    }
    return TrackedHand(**values)


@pytest.mark.parametrize('side', ['left', 'right', None])
def test_a_hand_comes_back_the_same(side):
    hand, header = make_hand(side=side), Header(frame_id='camera')
    message = hand_array([hand], header, SIZE, CameraOrientation(90, True), 0.125)
    message = deserialize_message(serialize_message(message), HandArray)
    assert (message.image_width, message.image_height, message.header) == (*SIZE, header)
    assert (message.rotate, message.mirrored, message.inference_time) == (90, True, 0.125)
    back = msg_to_hand(message.hands[0])
    for name in ('score', 'side', 'side_score', 'id', 'skeleton_id'):
        assert getattr(back, name) == getattr(hand, name)
    for name in ('keypoints', 'z', 'world'):
        assert (getattr(back, name) == getattr(hand, name)).all()


def test_the_side_is_that_of_gesture_events():
    (message,) = hand_array([make_hand(side='right')], Header(), SIZE).hands
    assert message.side == Hand.RIGHT == 2


def test_keypoints_beyond_the_image_are_predicted():
    keypoints = make_hand().keypoints.copy()
    keypoints[Hand.INDEX_FINGER_TIP] = 300, -1
    keypoints[Hand.WRIST] = 640, 100
    (message,) = hand_array([make_hand(keypoints=keypoints)], Header(), SIZE).hands
    predicted = [i for i, k in enumerate(message.keypoints) if k.state == Keypoint.PREDICTED]
    assert predicted == [Hand.WRIST, Hand.INDEX_FINGER_TIP]


def test_the_constants_are_the_names_of_the_format():
    for number, name in enumerate(HAND21.keypoint_names):
        assert getattr(Hand, name.upper()) == number


def test_other_formats_and_numbers_are_refused():
    (message,) = hand_array([make_hand()], Header(), SIZE).hands
    with pytest.raises(ValueError, match="must be hand21, got 'hand42'"):
        msg_to_hand(Hand(format='hand42'))
    with pytest.raises(ValueError, match=r'\(21, 2\), got \(0, 2\)'):
        msg_to_hand(Hand(format='hand21'))
    message.side = 3
    with pytest.raises(ValueError, match='side must be 0 to 2, got 3'):
        msg_to_hand(message)
