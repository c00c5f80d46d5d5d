"""Hands in RViz and on the overlay."""

import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header
from visualization_msgs.msg import Marker, MarkerArray

from pose_ros.core.camera import CameraModel
from pose_ros.core.colours import SIDE_COLOURS
from pose_ros.core.drawing import draw_people
from pose_ros.core.positions import Positions, PositionSource
from pose_ros.core.topology import COCO17, HAND21
from pose_ros.core.types import Box, Person, TrackedHand
from pose_ros.msg import HandArray, SkeletonArray
from pose_ros.ros import qos
from pose_ros.ros.conversions import skeleton_array
from pose_ros.ros.hand_conversions import hand_array
from pose_ros.ros.hand_markers import hand_markers
from pose_ros.ros.images import ImageWriter
from pose_ros.ros.marker_node import MarkerNode
from pose_ros.ros.person_markers import MarkerStyle

SIZE = (320, 240)


def make_hand(skeleton_id=1, side='left'):
    keypoints = np.linspace((100, 100), (160, 60), 21).astype(np.float32)
    world = np.linspace((0, 0.05, 0), (0, -0.05, 0.02), 21).astype(np.float32)
    return TrackedHand(keypoints, np.zeros(21, np.float32), world, 0.9, side, 0.9, 3, skeleton_id)


def make_person(positions=None):
    points = np.linspace((50, 50), (80, 200), 17).astype(np.float32)
    ones, states = np.ones(17, np.float32), np.zeros(17, np.uint8)
    return Person(COCO17, points, ones, states, 1.0, Box(50, 50, 30, 150), 1, positions=positions)


def places(marker):
    return np.array([(p.x, p.y, p.z) for p in marker.points])


def test_a_hand_is_at_the_wrist_of_its_person():
    points = np.full((17, 3), 9.0)
    points[COCO17.index('left_wrist')] = 0.5, 0.1, 2.0
    person = make_person(Positions(points, np.full(17, 0.1), PositionSource.DEPTH))
    lines, spheres = hand_markers(Header(), [make_hand()], [person], None, MarkerStyle(2.0))
    assert (lines.type, spheres.type) == (Marker.LINE_LIST, Marker.SPHERE_LIST)
    assert (lines.action, spheres.action) == (Marker.ADD, Marker.ADD)
    found = places(spheres)
    np.testing.assert_allclose(found[0], [0.5, 0.1, 2.0])
    np.testing.assert_allclose(found[20], [0.5, 0.0, 2.02], atol=1e-6)
    np.testing.assert_allclose(places(lines), found[np.array(HAND21.edges).ravel()])
    assert len(lines.colors) == len(lines.points)


def test_other_hands_are_on_the_plane_of_people_without_positions():
    camera = CameraModel.from_field_of_view(*SIZE, 1.0)
    for hand in (make_hand(), make_hand(skeleton_id=0)):
        _, spheres = hand_markers(Header(), [hand], [make_person()], camera, MarkerStyle(3.0))
        np.testing.assert_allclose(
            places(spheres), camera.back_project(hand.keypoints, 3.0), atol=1e-6
        )
    markers = hand_markers(Header(), [make_hand()], [make_person()], None, MarkerStyle(3.0))
    assert [marker.action for marker in markers] == [Marker.DELETE, Marker.DELETE]


def test_hands_look_as_the_style_says():
    camera = CameraModel.from_field_of_view(*SIZE, 1.0)
    usual, large = (
        hand_markers(Header(), [make_hand()], [], camera, style)
        for style in (MarkerStyle(lifetime=0.0), MarkerStyle(lifetime=1.5, scale=2.0))
    )
    for before, after in zip(usual, large):
        assert after.scale.x == 2 * before.scale.x
        assert (before.lifetime.sec, before.lifetime.nanosec) == (0, 0)
        assert (after.lifetime.sec, after.lifetime.nanosec) == (1, 500_000_000)


def test_a_hand_without_a_person_has_its_label_above_it():
    camera = CameraModel.from_field_of_view(*SIZE, 1.0)
    hands = [make_hand(), make_hand(skeleton_id=0)]  # both have the id 3
    words = {1: 'standing', 3: 'of person 3', -3: 'victory left'}
    *_, label = hand_markers(
        Header(), hands, [make_person()], camera, MarkerStyle(2.0), words=words
    )
    assert (label.text, label.type) == ('victory left', Marker.TEXT_VIEW_FACING)
    top = camera.back_project(hands[1].keypoints, 2.0)[:, 1].min()
    assert label.pose.position.y < top
    assert label.lifetime.nanosec
    style = MarkerStyle(2.0)
    assert len(hand_markers(Header(), hands[:1], [make_person()], camera, style, words=words)) == 2
    drawn = draw_people(np.zeros((240, 320, 3), np.uint8), [], labels=words, hands=hands)
    plain = draw_people(np.zeros((240, 320, 3), np.uint8), [], hands=hands)
    rows, columns = np.nonzero((drawn != plain).any(axis=2))
    assert rows.max() < hands[1].keypoints[:, 1].min()
    assert 60 < columns.min() < 130 < columns.max() < 220


@pytest.mark.parametrize('channels', ['rgb', 'bgr'])
def test_hands_are_drawn_in_the_colour_of_their_side(channels):
    image = np.zeros((240, 320, 3), np.uint8)
    drawn = draw_people(image, [], channels, hands=[make_hand(side='right')])
    assert not image.any()
    colour = np.round(np.array(SIDE_COLOURS[1]) * 255)
    pixel = drawn[60, 160]
    np.testing.assert_allclose(pixel if channels == 'rgb' else pixel[::-1], colour, atol=30)


@pytest.mark.ros
def test_the_overlay_waits_for_the_hands_of_its_image(ros):
    node_hands = ros.node.create_publisher(HandArray, 'hands', qos.SKELETONS)
    ros.start(MarkerNode)
    markers = ros.collect(MarkerArray, 'skeleton_markers', qos.MARKERS)
    overlays = ros.collect(Image, 'image_overlay', qos.IMAGE_RELIABLE)
    images = ros.publisher(Image, 'image', qos.IMAGE_RELIABLE)
    skeletons = ros.publisher(SkeletonArray, 'skeletons', qos.SKELETONS)
    infos = ros.publisher(CameraInfo, 'camera_info', qos.CAMERA_INFO)
    ros.spin_until(lambda: node_hands.get_subscription_count() == 1, 'the hands subscription')
    k = [300.0, 0.0, 160.0, 0.0, 300.0, 120.0, 0.0, 0.0, 1.0]
    p = [300.0, 0.0, 160.0, 0.0, 0.0, 300.0, 120.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    infos.publish(CameraInfo(width=320, height=240, k=k, p=p))

    def send(second, hands):
        header = Header(frame_id='camera')
        header.stamp.sec = second
        images.publish(ImageWriter('bgr8').write(np.zeros((240, 320, 3), np.uint8), header))
        skeletons.publish(skeleton_array([], header, SIZE))
        if hands is not None:
            node_hands.publish(hand_array(hands, header, SIZE))

    def shown(second):
        return next((o for o in overlays if o.header.stamp.sec == second), None)

    def lit(message):
        return np.frombuffer(message.data, np.uint8).reshape(240, 320, 3)[60, 160].any()

    send(1, [make_hand()])
    ros.spin_until(lambda: shown(1), 'the overlay')
    assert lit(shown(1))
    send(2, None)  # without hands it waits for later ones
    send(3, [make_hand(skeleton_id=0)])
    ros.spin_until(lambda: shown(3), 'the next overlay')
    assert shown(2) is None or not lit(shown(2))  # two at once: the queue holds one
    assert lit(shown(3))
    for second in (4, 5, 6):  # or until more skeletons have come
        send(second, None)
        ros.spin_for(0.05)
    ros.spin_until(lambda: shown(4), 'an overlay without hands')
    assert not lit(shown(4))
    names = {marker.ns for array in markers for marker in array.markers}
    assert {'hand_bones', 'hand_keypoints'} <= names


@pytest.mark.ros
def test_hands_are_deleted_when_no_one_publishes_them_any_more(ros):
    fingers = ros.node.create_publisher(HandArray, 'fingers', qos.SKELETONS)
    arguments = ['--ros-args', '-r', 'hands:=fingers', '-p', 'field_of_view:=1.0']
    ros.add(MarkerNode(context=ros.context, cli_args=arguments))
    arrays = ros.collect(MarkerArray, 'skeleton_markers', qos.MARKERS)
    skeletons = ros.publisher(SkeletonArray, 'skeletons', qos.SKELETONS)
    ros.spin_until(lambda: fingers.get_subscription_count() == 1, 'the hands subscription')

    header = Header(frame_id='camera')

    def last_action():
        """Of the bones of hands, after one more image."""
        header.stamp.sec += 1
        skeletons.publish(skeleton_array([], header, SIZE))
        if fingers is not None:
            fingers.publish(hand_array([make_hand(skeleton_id=0)], header, SIZE))
        ros.spin_for(0.05)
        found = [m.action for array in arrays for m in array.markers if m.ns == 'hand_bones']
        return found[-1] if found else None

    ros.spin_until(lambda: last_action() == Marker.ADD, 'a hand')
    ros.node.destroy_publisher(fingers)
    fingers = None
    ros.spin_until(lambda: last_action() == Marker.DELETE, 'the deletion')
