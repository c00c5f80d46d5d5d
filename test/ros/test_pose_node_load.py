"""pose_node with images that come too fast, and as a process."""

from pathlib import Path
import signal
import subprocess
import sys

from builtin_interfaces.msg import Time
import numpy as np
import pytest
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from pose_ros.msg import SkeletonArray
from pose_ros.ros.images import ImageWriter
from pose_ros.ros.pose_node import PoseNode
from pose_ros.ros.qos import IMAGE_RELIABLE, SKELETONS

pytestmark = pytest.mark.ros


@pytest.fixture
def process(ros_domain):
    """Function that starts a process, which is ended after the test."""
    started = []

    def start(*command):
        child = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        started.append(child)
        return child

    yield start
    for child in started:
        child.kill()
        child.communicate()


def test_images_that_arrive_during_inference_are_dropped_except_the_newest(ros, estimators):
    writer, black = ImageWriter(), np.zeros((24, 32, 3), np.uint8)

    def publish(numbers):
        for number in numbers:
            stamp = Time(sec=1 + number)
            publisher.publish(writer.write(black, Header(frame_id=str(number), stamp=stamp)))

    def estimate(frame):
        number = round(frame.stamp) - 1
        if number < 9:
            publish(range(number + 1, number + 4))
        return []

    def make_estimator(config):
        estimator = estimators(config)
        estimator.estimate = estimate
        return estimator

    ros.start(lambda **arguments: PoseNode(make_estimator, **arguments))
    received = ros.collect(SkeletonArray, 'skeletons', SKELETONS)
    publisher = ros.publisher(Image, 'image', IMAGE_RELIABLE)
    publish([0])
    ros.spin_until(lambda: len(received) == 4, 'four skeleton messages')
    assert [message.header.frame_id for message in received] == ['0', '3', '6', '9']
    assert [message.dropped for message in received] == [0, 2, 2, 2]


@pytest.fixture
def small_image(encoded_image, actor_image):
    """Message of the actor that fits the shared memory of Fast DDS without our profile."""
    return encoded_image(actor_image[0][::2, ::2])


@pytest.mark.parametrize('executor', ['single', 'events'])
@pytest.mark.parametrize('ending', [signal.SIGINT, signal.SIGTERM])
def test_the_executable_works_and_ends_cleanly(ros, process, small_image, executor, ending):
    child = process(
        sys.executable,
        str(Path(__file__).parents[2] / 'scripts' / 'pose_node'),
        *f'--ros-args -p executor:={executor} -p track_timeout:=5'.split(),
    )
    received = ros.collect(SkeletonArray, 'skeletons', SKELETONS)
    publisher = ros.publisher(Image, 'image', IMAGE_RELIABLE)

    def publish():
        small_image.header.stamp = ros.node.get_clock().now().to_msg()
        publisher.publish(small_image)
        ros.spin_for(0.03)
        return len(received) >= 5

    ros.spin_until(publish, 'skeletons')
    assert len(received[0].skeletons) == 1
    # The signal comes while the node is at work.
    publisher.publish(small_image)
    child.send_signal(ending)
    output, _ = child.communicate(timeout=60)
    assert child.returncode == 0
    assert 'Traceback' not in output
    assert 'rror' not in output


def test_a_bad_parameter_is_one_line(process):
    child = process(
        sys.executable,
        str(Path(__file__).parents[2] / 'scripts' / 'pose_node'),
        *['--ros-args', '-p', 'smoothing:=magic'],
    )
    output, _ = child.communicate(timeout=60)
    assert child.returncode == 2
    assert output.count('\n') == 1
    assert 'smoothing must be one of none, ema, one_euro' in output
