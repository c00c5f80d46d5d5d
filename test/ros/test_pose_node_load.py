"""pose_node with images that come too fast, and as a process."""

from itertools import pairwise
from pathlib import Path
import signal
import subprocess
import sys
import time

import pytest
from sensor_msgs.msg import Image

from pose_ros.msg import SkeletonArray
from pose_ros.ros.pose_node import PoseNode
from pose_ros.ros.qos import IMAGE_RELIABLE, SKELETONS

pytestmark = pytest.mark.ros

INFERENCE_TIME = 0.1  # [s]

# A camera in a process of its own: image number n has the frame_id n.
CAMERA = """
import sys, time
import numpy as np
import rclpy
from std_msgs.msg import Header
from sensor_msgs.msg import Image
from pose_ros.ros.images import ImageWriter
from pose_ros.ros.qos import IMAGE_RELIABLE
rclpy.init()
node = rclpy.create_node('camera')
publisher = node.create_publisher(Image, 'image', IMAGE_RELIABLE)
writer, picture = ImageWriter(), np.zeros((240, 320, 3), np.uint8)
while not publisher.get_subscription_count():
    time.sleep(0.01)
period, due = float(sys.argv[1]), time.monotonic()
for number in range(10**6):
    header = Header(frame_id=str(number), stamp=node.get_clock().now().to_msg())
    publisher.publish(writer.write(picture, header))
    due += period
    time.sleep(max(due - time.monotonic(), 0))
"""


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


@pytest.fixture
def slow_estimator(estimators):
    """Maker of estimators that find nobody, slowly."""

    def make(config):
        estimator = estimators(config)

        def estimate(frame):
            time.sleep(INFERENCE_TIME)
            return []

        estimator.estimate = estimate
        return estimator

    return make


def test_slow_inference_drops_frames_and_does_not_lag(ros, process, slow_estimator):
    ros.start(lambda **arguments: PoseNode(slow_estimator, **arguments))
    received = ros.collect(SkeletonArray, 'skeletons', SKELETONS)
    process(sys.executable, '-c', CAMERA, str(INFERENCE_TIME / 3))
    ros.spin_until(lambda: len(received) >= 25, 'twenty-five frames')
    numbers = [int(message.header.frame_id) for message in received]
    steps = [after - before for before, after in pairwise(numbers)]
    assert sum(steps) / len(steps) == pytest.approx(3, abs=0.7)
    # Every image that was not processed is accounted for.
    assert [message.dropped for message in received[1:]] == [step - 1 for step in steps]
    assert max(message.latency for message in received) < 2 * INFERENCE_TIME


@pytest.fixture
def small_image(encoded_image, actor_picture):
    """Message of the actor that fits the shared memory of Fast DDS without our profile."""
    return encoded_image(actor_picture[0][::2, ::2])


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
    output, _ = child.communicate(timeout=10)
    assert child.returncode == 0
    assert 'Traceback' not in output
    assert 'rror' not in output


def test_a_bad_parameter_is_one_line(process):
    child = process(
        sys.executable,
        str(Path(__file__).parents[2] / 'scripts' / 'pose_node'),
        *['--ros-args', '-p', 'smoothing:=magic'],
    )
    output, _ = child.communicate(timeout=20)
    assert child.returncode == 2
    assert output.count('\n') == 1
    assert 'smoothing must be one of none, ema, one_euro' in output
