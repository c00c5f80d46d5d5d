"""Hands of pose_node: only on request, with the header of the image, in its pixels."""

import cv2
import numpy as np
import pytest
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from pose_ros.core.topology import HAND21
from pose_ros.core.types import TrackedHand
from pose_ros.message_values import msg_to_hand
from pose_ros.msg import Hand, HandArray, SkeletonArray, SkeletonFormat
from pose_ros.ros.conversions import msg_to_format
from pose_ros.ros.pose_node import PoseNode
from pose_ros.ros.qos import IMAGE_RELIABLE, LATCHED, SKELETONS

pytestmark = pytest.mark.ros
SIZE = (64, 48)


def make_hand():
    keypoints = np.linspace((10, 5), (40, 20), 21).astype(np.float32)
    world = np.linspace((-0.1, 0, 0), (0.1, 0.05, 0), 21).astype(np.float32)
    return TrackedHand(keypoints, np.zeros(21, np.float32), world, 0.9, 'left', 0.8, 5, 3)


@pytest.fixture
def camera(ros, encoded_image):
    """Function that publishes an image and returns its header."""
    publishers = []

    def publish():
        if not publishers:  # waits for the node's subscription
            publishers.append(ros.publisher(Image, 'image', IMAGE_RELIABLE))
        image = encoded_image(np.zeros((SIZE[1], SIZE[0], 3), np.uint8))
        image.header = Header(frame_id='eye', stamp=ros.node.get_clock().now().to_msg())
        publishers[0].publish(image)
        return image.header

    return publish


def start(ros, estimators, **parameters):
    node = ros.start(lambda **options: PoseNode(estimators, **options), **parameters)
    estimators.made[-1].hands = [make_hand()]
    return node


def test_hands_come_with_the_header_of_the_image(ros, estimators, camera):
    start(ros, estimators, hands='tracked')
    formats = ros.collect(SkeletonFormat, 'hand_format', LATCHED)
    hands = ros.collect(HandArray, 'hands', SKELETONS)
    header = camera()
    ros.spin_until(lambda: hands and formats, 'hands and their format')
    assert hands[0].header == header
    assert (hands[0].image_width, hands[0].image_height) == SIZE
    (hand,) = hands[0].hands
    assert (hand.side, hand.id, hand.skeleton_id) == (Hand.LEFT, 5, 3)
    assert np.allclose(msg_to_hand(hand).keypoints, make_hand().keypoints)
    assert msg_to_format(formats[0]) == HAND21


def test_hands_are_found_only_for_subscribers(ros, estimators, camera):
    start(ros, estimators, hands='tracked')
    skeletons = ros.collect(SkeletonArray, 'skeletons', SKELETONS)
    camera()
    ros.spin_until(lambda: skeletons, 'skeletons')
    assert estimators.made[-1].hand_searches == 0
    hands = ros.collect(HandArray, 'hands', SKELETONS)
    camera()
    ros.spin_until(lambda: hands, 'hands')
    assert estimators.made[-1].hand_searches == 1


def test_without_hands_there_is_no_topic(ros, estimators):
    node = start(ros, estimators)
    assert '/hands' not in {name for name, _ in node.get_topic_names_and_types()}


def test_hands_are_in_the_image_as_published(ros, estimators, camera):
    start(ros, estimators, hands='tracked', rotate=180)
    hands = ros.collect(HandArray, 'hands', SKELETONS)
    camera()
    ros.spin_until(lambda: hands, 'hands')
    assert hands[0].rotate == 180
    found = msg_to_hand(hands[0].hands[0])
    expected = np.array(SIZE) - 1 - make_hand().keypoints
    assert np.allclose(found.keypoints, expected)
    assert np.allclose(found.world[:, :2], -make_hand().world[:, :2])


@pytest.mark.model('hand_lite')
@pytest.mark.test_data('real/intel__asl_gestures__again.mkv')
def test_a_signer_has_two_hands(ros, encoded_image, test_data):
    """The real models on a real person."""
    capture = cv2.VideoCapture(str(test_data / 'real/intel__asl_gestures__again.mkv'))
    images = [capture.read()[1] for _ in range(30)]
    ros.start(PoseNode, hands='tracked', min_hits=1)
    publisher = ros.publisher(Image, 'image', IMAGE_RELIABLE)
    arrays = ros.collect(HandArray, 'hands', SKELETONS)
    sides = set()
    for image in images[20:]:
        message = encoded_image(image[..., ::-1])
        message.header.stamp = ros.node.get_clock().now().to_msg()
        arrays.clear()
        publisher.publish(message)
        ros.spin_until(lambda: arrays, 'hands')
        sides |= {hand.side for hand in arrays[0].hands}
    assert sides == {Hand.LEFT, Hand.RIGHT}
