"""gesture_node reads the hands of the same image as the skeletons."""

import numpy as np
import pytest

from pose_ros.actor.hand_pose import HAND_POSES, hand_points, seen_hand, turned
from pose_ros.core.camera_orientation import UPRIGHT, CameraOrientation
from pose_ros.core.topology import BLAZEPOSE33
from pose_ros.core.types import Box, Person
from pose_ros.msg import GestureEvent, HandArray
from pose_ros.ros.hand_conversions import hand_array
from pose_ros.ros.qos import SKELETONS

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
