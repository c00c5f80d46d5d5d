"""All nodes together: images of a person who falls in, a fall event out."""

import numpy as np
import pytest
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from pose_ros.actor import Action, Actor, Scene, frames
from pose_ros.core.colours import FALLEN
from pose_ros.msg import FallEvent, JointAngles, Posture, SkeletonArray
from pose_ros.ros.gesture_node import GestureNode
from pose_ros.ros.images import ImageWriter
from pose_ros.ros.marker_node import MarkerNode
from pose_ros.ros.pose_node import PoseNode
from pose_ros.ros.qos import EVENTS, IMAGE_RELIABLE, SKELETONS

pytestmark = pytest.mark.ros

START = 1_700_000_000  # [s]


def test_a_drawn_fall_is_found_and_shown_in_red(ros):
    for node in (PoseNode, GestureNode, MarkerNode):
        ros.start(node)
    skeletons = ros.collect(SkeletonArray, 'skeletons', SKELETONS)
    falls = ros.collect(FallEvent, 'falls', EVENTS)
    postures = ros.collect(Posture, 'postures', EVENTS)
    angles = ros.collect(JointAngles, 'joint_angles', EVENTS)
    overlays = ros.collect(Image, 'image_overlay', IMAGE_RELIABLE)
    camera = ros.publisher(Image, 'image', IMAGE_RELIABLE, count=2)
    writer = ImageWriter('rgb8')
    actor = Actor((Action('fall_left', 2.0),), height=330.0)
    for frame in frames(Scene(duration=4.6, fps=12.0, actors=(actor,)), seed=4):
        header = Header(frame_id='camera')
        header.stamp.sec = START + int(frame.stamp)
        header.stamp.nanosec = round(frame.stamp % 1 * 1e9)
        seen = len(skeletons)
        camera.publish(writer.write(frame.image, header))
        ros.spin_until(lambda seen=seen: len(skeletons) > seen, 'skeletons')
        assert skeletons[-1].header == header
    ros.spin_until(lambda: postures and postures[-1].posture == Posture.LYING, 'lying')
    (fallen,) = [event for event in falls if event.phase == FallEvent.FALLEN]
    assert 2.0 < fallen.landing.sec + fallen.landing.nanosec * 1e-9 - START < 3.5
    assert fallen.header in [message.header for message in skeletons]
    assert {m.skeleton_id for m in (*falls, *postures, *angles)} == {fallen.skeleton_id}
    assert postures[0].posture == Posture.STANDING
    upright = np.degrees(angles[0].angles[angles[0].names.index('trunk')])
    flat = np.degrees(angles[-1].angles[angles[-1].names.index('trunk')])
    assert upright < 15
    assert flat > 60

    def red(message):
        image = np.frombuffer(message.data, np.uint8).reshape(message.height, message.width, 3)
        return (np.abs(image / 255 - FALLEN) < 0.02).all(axis=2).sum()

    ros.spin_until(lambda: red(overlays[-1]) > 500, 'red')
    assert red(overlays[5]) < 50
