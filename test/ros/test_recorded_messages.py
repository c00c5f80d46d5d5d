"""What the nodes publish, recorded as ``ros2 bag record`` does: the bytes of rclpy."""

from __future__ import annotations

import json

import numpy as np
import pytest
from rclpy.serialization import serialize_message
from std_msgs.msg import Header

from pose_ros import bags
from pose_ros.actor import Actor, Scene, skeletons
from pose_ros.core.motion.angle_observer import AngleObserver
from pose_ros.core.motion.falls import Fall, FallPhase
from pose_ros.core.motion.gestures import Gesture, Phase
from pose_ros.core.motion.posture_observer import PostureReader
from pose_ros.core.motion.rules import Hand
from pose_ros.core.motion.watcher import MotionWatcher
from pose_ros.core.resources import shared_file
from pose_ros.core.topology import BLAZEPOSE33
from pose_ros.message_values import EventReader, people_of
from pose_ros.plotting.readers import read_recording
from pose_ros.plotting.recording import Recording
from pose_ros.ros.conversions import skeleton_array
from pose_ros.ros.motion_conversions import (
    angles_to_msg,
    fall_to_msg,
    gesture_to_msg,
    posture_to_msg,
    time_to_msg,
)

pytestmark = pytest.mark.ros
rosbag2 = pytest.importorskip('rosbags.rosbag2')


@pytest.fixture
def record(tmp_path):
    """Write (topic, time, rclpy message) with the types' hashes that rclpy tells."""

    def write(items):
        with rosbag2.Writer(tmp_path / 'bag', version=9) as writer:
            connections = {}
            for topic, time, message in items:
                if topic not in connections:
                    name = type(message).__name__
                    connections[topic] = writer.add_connection(
                        topic, f'pose_ros/msg/{name}', typestore=bags.typestore()
                    )
                    # Else no bag that a recorder wrote could be opened.
                    assert connections[topic].digest in type_hashes(name)
                writer.write(connections[topic], int(time * 1e9), serialize_message(message))
        return tmp_path / 'bag'

    return write


def type_hashes(name):
    """Hashes of a message's types, as ROS 2 has them from Iron on."""
    try:
        text = shared_file('msg', f'{name}.json').read_text()
    except FileNotFoundError:
        pytest.skip('this ROS 2 has no hashes of types')
    return [entry['hash_string'] for entry in json.loads(text)['type_hashes']]


def header(stamp):
    return Header(stamp=time_to_msg(1000.0 + stamp), frame_id='camera')


def test_skeletons_come_back_as_the_people_who_were_published(record):
    scene = Scene(duration=0.2, actors=(Actor('wave_left'),))
    frames = list(skeletons(scene, topology=BLAZEPOSE33))
    path = record(
        ('/skeletons', f.stamp, skeleton_array(f.people, header(f.stamp), (640, 480)))
        for f in frames
    )
    read = [(stamp, people_of(m)) for _, stamp, m in bags.messages(path, ['skeletons'])]
    assert len(read) == len(frames) == 6
    for frame, (stamp, [person]) in zip(frames, read):
        [true] = frame.people
        assert stamp == pytest.approx(1000.0 + frame.stamp)
        assert person.id == true.id
        for name in ('keypoints', 'scores', 'states'):
            np.testing.assert_array_equal(getattr(person, name), getattr(true, name))


def test_events_and_angles_come_back_as_they_were_told(record):
    gestures = [
        Gesture('wave', phase, Hand.LEFT, 0.75, 0.5 * i, (0.0, 0.0, 0.0), 1)
        for i, phase in enumerate(Phase)
    ]
    falls = [
        Fall(1, FallPhase.FALLING, 0.5, 1000.25, None, 0.25, 1.5),
        Fall(1, FallPhase.FALLEN, 0.75, 1000.25, 1000.75, 1.0, 1.5, True),
    ]
    items = [('/gestures', i, gesture_to_msg(g, header(0.5 * i))) for i, g in enumerate(gestures)]
    items += [('/falls', i, fall_to_msg(f, header(0.5 + i))) for i, f in enumerate(falls)]
    watcher, angles = MotionWatcher([PostureReader(), AngleObserver()]), []
    for frame in skeletons(Scene(duration=1.0)):
        motion = watcher.observe(frame.people, frame.stamp)
        for state in motion['postures']:
            items.append(('/postures', frame.stamp, posture_to_msg(state, header(frame.stamp))))
        for measured in motion['angles']:
            angles.append(measured)
            message = angles_to_msg(measured, header(frame.stamp))
            items.append(('/joint_angles', frame.stamp, message))
    items.sort(key=lambda item: item[1])

    timeline = Recording()
    read_recording(record(items), timeline)

    [track] = timeline.tracks
    [wave] = track.spans('gesture')
    assert (wave.start, wave.end, wave.hand) == (0.0, 1.0, 'left')
    assert [(s.label, s.start, s.end) for s in track.falls(9.0)] == [
        ('falling', 0.25, 0.75), ('fallen', 0.75, 9.0),
    ]  # fmt: skip
    assert [e.details['lost'] for e in track.events if e.kind == 'fall'] == [False, True]
    [posture] = track.spans('posture')
    assert posture.label == 'standing'
    expected = [measured.angle('left_knee') for measured in angles]
    np.testing.assert_allclose(track.curve('left_knee').angles, expected)


def test_messages_of_rclpy_tell_the_same_events_without_a_bag():
    """The demo listens in the same way as a bag is read."""
    scene = Scene(duration=4.0, actors=(Actor('lie_down', start=1.0),))
    watcher, events = MotionWatcher([PostureReader()]), EventReader(1000.0)
    told, heard = [], []
    for frame in skeletons(scene):
        motion = watcher.observe(frame.people, frame.stamp)
        told += motion.events
        for state in motion['postures']:
            heard += events.read('postures', posture_to_msg(state, header(frame.stamp)))
    assert [(e.name, e.phase) for e in heard] == [(e.name, e.phase) for e in told]
    assert {e.name for e in heard} >= {'standing', 'lying'}
    assert [e.time for e in heard] == pytest.approx([e.time for e in told])
