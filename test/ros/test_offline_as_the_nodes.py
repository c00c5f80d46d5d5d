"""A bag read offline gives the messages that the nodes give."""

import subprocess
import sys

from image_bags import START, fall_frames, write_bag
import numpy as np
import pytest
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from pose_ros import bags
from pose_ros.cli.main import app
from pose_ros.msg import (
    FallEvent,
    GestureEvent,
    JointAngles,
    Posture,
    SkeletonArray,
    SkeletonFormat,
)
from pose_ros.ros.gesture_node import GestureNode
from pose_ros.ros.images import ImageWriter
from pose_ros.ros.pose_node import PoseNode
from pose_ros.ros.qos import EVENTS, FALLS, IMAGE_RELIABLE, LATCHED, SKELETONS

pytestmark = pytest.mark.ros

# Times of this clock are doubles, which are this apart [s].
RESOLUTION = 5e-7
TOPICS = {
    'skeletons': (SkeletonArray, SKELETONS),
    'skeleton_format': (SkeletonFormat, LATCHED),
    'gestures': (GestureEvent, EVENTS),
    'falls': (FallEvent, FALLS),
    'postures': (Posture, EVENTS),
    'joint_angles': (JointAngles, EVENTS),
}
# Where and when it ran.
INCOMPARABLE = ('latency', 'inference_time')


def analyse(source, target):
    with pytest.raises(SystemExit) as exit_:
        app(['analyse', str(source), '--bag', str(target)], prog_name='pose-ros')
    assert not exit_.value.code
    return target


@pytest.fixture(scope='module')
def images():
    return fall_frames()


@pytest.fixture(scope='module')
def fall_bag(images, tmp_path_factory):
    return write_bag(tmp_path_factory.mktemp('bags') / 'fall', images)


@pytest.fixture(scope='module')
def offline(fall_bag, tmp_path_factory):
    """Folder of the bag that pose-ros analyse makes of that of the fall."""
    return analyse(fall_bag.folder, tmp_path_factory.mktemp('offline') / 'out')


def messages_of(folder):
    """Messages by topic."""
    found = {}
    names = [topic.name for topic in bags.topics_of(folder)]
    for topic, _, message in bags.messages(folder, names):
        found.setdefault(topic.lstrip('/'), []).append(message)
    return found


def values(message):
    """Fields of a message, of rclpy or rosbags, as plain values."""
    if hasattr(message, 'sec'):
        return message.sec + message.nanosec * 1e-9
    names = (
        getattr(message, '__dataclass_fields__', None)
        or getattr(message, 'get_fields_and_field_types', lambda: ())()
    )
    if names:
        return {name: values(getattr(message, name)) for name in names if name[0].islower()}
    if hasattr(message, 'tolist') and np.ndim(message) == 0:
        return message.tolist()
    if isinstance(message, (str, bool, int, float)):
        return message
    return [values(one) for one in message]


def assert_same(found, wanted, where):
    """Compare plain values; times to the resolution of the clock."""
    if isinstance(wanted, dict):
        assert found.keys() == wanted.keys(), where
        for name in wanted.keys() - set(INCOMPARABLE):
            assert_same(found[name], wanted[name], f'{where}.{name}')
    elif isinstance(wanted, list):
        assert len(found) == len(wanted), where
        for number, (one, other) in enumerate(zip(found, wanted)):
            assert_same(one, other, f'{where}[{number}]')
    elif isinstance(wanted, float):
        assert found == pytest.approx(wanted, abs=1e-4, nan_ok=True), where
    else:
        assert found == wanted, where


def test_the_messages_are_those_of_the_nodes(ros, offline, images):
    for node in (PoseNode, GestureNode):
        ros.start(node)
    live = {topic: ros.collect(*TOPICS[topic][:1], topic, TOPICS[topic][1]) for topic in TOPICS}
    camera = ros.publisher(Image, 'image', IMAGE_RELIABLE)
    ros.spin_until(lambda: ros.node.count_subscribers('skeletons') == 2, 'gesture_node listens')
    writer = ImageWriter('rgb8')
    for frame in images:
        header = Header(frame_id='camera')
        header.stamp.sec = START + int(frame.stamp)
        header.stamp.nanosec = round(frame.stamp % 1 * 1e9)
        seen = len(live['skeletons'])
        camera.publish(writer.write(frame.image, header))
        ros.spin_until(lambda seen=seen: len(live['skeletons']) > seen, 'skeletons')
        ids = sum(bool(one.id) for message in live['skeletons'] for one in message.skeletons)
        ros.spin_until(lambda ids=ids: len(live['joint_angles']) == ids, 'angles')
    found = messages_of(offline)
    ros.spin_until(
        lambda: all(len(live[topic]) >= len(found.get(topic, ())) for topic in TOPICS),
        'the last messages',
    )

    assert len(found['skeletons']) == len(images)
    assert [event.phase for event in found['falls']] == [FallEvent.FALLING, FallEvent.FALLEN]
    for topic in TOPICS:
        wanted = [values(message) for message in live[topic]]
        assert_same([values(message) for message in found.get(topic, [])], wanted, topic)
    landing = found['falls'][-1].landing
    assert landing.sec + landing.nanosec * 1e-9 - START == pytest.approx(
        live['falls'][-1].landing.sec + live['falls'][-1].landing.nanosec * 1e-9 - START,
        abs=2 * RESOLUTION,
    )


def test_markers_show_the_fall_in_red(offline):
    markers = messages_of(offline)['skeleton_markers']
    spheres = [{m.ns: m for m in one.markers}.get('label') for one in markers]
    shown = [marker for marker in spheres if marker is not None and marker.text]
    assert 'standing' in shown[5].text
    assert 'fallen' in shown[-1].text
    assert shown[-1].color.r > 2 * shown[-1].color.b
    assert shown[5].color.r < 2 * shown[5].color.b


def test_without_ros_the_bag_is_the_same(offline, fall_bag, tmp_path):
    """Message classes of rosbags instead of rclpy's, in a Python that has no rclpy."""
    program = (
        'import sys\n'
        'for name in ("rclpy", "builtin_interfaces", "sensor_msgs", "std_msgs"):\n'
        '    sys.modules[name] = None\n'
        'from pose_ros.cli.main import main\n'
        'main()\n'
    )
    target = tmp_path / 'out'
    command = [sys.executable, '-c', program, 'analyse', fall_bag.folder, '--bag', target]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    found, wanted = messages_of(target), messages_of(offline)
    assert found.keys() == wanted.keys()
    for topic in wanted:
        assert_same(
            [values(one) for one in found[topic]], [values(one) for one in wanted[topic]], topic
        )
    assert np.isfinite(found['skeletons'][0].skeletons[0].keypoints[0].x)
