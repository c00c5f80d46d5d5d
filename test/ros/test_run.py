"""How a node's process starts and ends."""

import os
import platform
import signal
import subprocess
import sys

import pytest

from pose_ros.bringup.back_off import FIRST_PAUSE, pause_before_restart
from pose_ros.process_environment import MALLOC_VARIABLES
from pose_ros.ros.run import BAD_START

pytestmark = pytest.mark.ros

HEAP = """
from pathlib import Path
from pose_ros.ros.run import keep_freed_memory
keep_freed_memory()
block = bytearray(20_000_000)
(heap,) = [l for l in Path('/proc/self/maps').read_text().splitlines() if l.endswith('[heap]')]
start, end = (int(address, 16) for address in heap.split()[0].split('-'))
print(end - start)
"""

STUCK = """
import signal
import time
from rclpy.node import Node
from pose_ros.ros.run import run

class Stuck(Node):
    def __init__(self):
        handler = signal.getsignal(signal.SIGINT)

        def tell(*arguments):
            handler(*arguments)
            print('told', flush=True)

        signal.signal(signal.SIGINT, tell)
        print('stuck', flush=True)
        # One long sleep would not notice a signal that comes while the one before is handled.
        while True:
            time.sleep(0.05)

run('stuck', Stuck)
"""

FAILING = """
from rclpy.node import Node
from pose_ros.ros.run import run

class Failing(Node):
    def __init__(self):
        super().__init__('failing')
        self.create_timer(0.01, self.fail)

    def fail(self):
        raise ValueError('the sky is falling')

run('failing', Failing)
"""

HANDED_OVER = """
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image
from pose_ros.ros.handover import HandoverPublisher
from pose_ros.ros.image_subscription import ImageSubscription
from pose_ros.ros.run import run_all

class Sender(Node):
    def __init__(self):
        super().__init__('sender')
        self.image = HandoverPublisher(self, 'image', QoSProfile(depth=1))
        self.create_timer(0.05, lambda: self.image.publish(Image()))

class Receiver(Node):
    def __init__(self):
        super().__init__('receiver')
        self.images = ImageSubscription(self, Image, 'image', self.take)
        self.create_timer(0.1, self.images.match)

    def take(self, message, number):
        if self.images.figures()['image hand-over'] == 'in the process':
            raise ValueError('no image like this')

run_all({'sender': Sender, 'receiver': Receiver})
"""


NODE = """
from rclpy.node import Node
from pose_ros.ros.run import run

class Made(Node):
    def __init__(self):
        super().__init__('made')

run('made', Made)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != 'glibc', reason='needs glibc')
@pytest.mark.parametrize('set_by_user', [False, True])
def test_an_image_is_taken_from_the_heap_unless_the_user_wants_otherwise(set_by_user):
    environment = {k: v for k, v in os.environ.items() if k not in MALLOC_VARIABLES}
    if set_by_user:
        environment['MALLOC_MMAP_THRESHOLD_'] = '131072'
    result = subprocess.run(
        [sys.executable, '-c', HEAP], env=environment, capture_output=True, text=True, check=True
    )
    assert (int(result.stdout) > 20_000_000) != set_by_user


def test_a_node_that_is_stuck_ends_at_the_third_signal(ros_domain):
    child = subprocess.Popen([sys.executable, '-c', STUCK], stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout.readline() == 'stuck\n'
        # Launch passes on what all processes may have got: the second is no reason to break off.
        for _ in range(2):
            child.send_signal(signal.SIGINT)
            assert child.stdout.readline() == 'told\n'
        child.send_signal(signal.SIGINT)
        assert child.wait(timeout=60) == -signal.SIGINT
    finally:
        child.kill()
        child.communicate()


@pytest.mark.parametrize('domain', ['kitchen', '-1', '233', '99999', '1.5'])
def test_a_wrong_domain_is_one_line_and_final(ros_domain, domain):
    result = started(ROS_DOMAIN_ID=domain)
    assert result.stderr == f'made: ROS_DOMAIN_ID must be a number, 0 to 232, got {domain!r}\n'
    assert result.returncode == 2


def test_a_log_folder_that_cannot_be_written_to_is_one_line_and_final(ros_domain, tmp_path):
    (tmp_path / 'file').touch()
    folder = str(tmp_path / 'file/log')
    result = started(ROS_LOG_DIR=folder)
    (line,) = own_lines(result)
    assert folder in line
    assert line.endswith('; set ROS_LOG_DIR to a folder that can be written to')
    assert result.returncode == 2


@pytest.mark.parametrize('content', [None, 'made: [', 'made: {ros__parameters: {a: [1, x]}}'])
def test_a_parameter_file_that_cannot_be_read_is_one_line_and_final(ros_domain, tmp_path, content):
    path = tmp_path / 'made.yaml'
    if content is not None:
        path.write_text(content)
    result = started('--params-file', str(path))
    (line,) = own_lines(result)
    assert line.startswith('made: ')
    assert str(path) in line
    assert line.endswith('; correct the file or its permissions')
    assert result.returncode == 2


@pytest.mark.parametrize(
    ('arguments', 'reason'),
    [
        (['--nonsense'], "['--nonsense']"),
        (['-r', '__node:=a-b'], '__node:=a-b'),
        (['-p', 'use_sim_time:=3'], 'use_sim_time'),
    ],
)
def test_wrong_ros_arguments_are_one_line_and_final(ros_domain, arguments, reason):
    result = started(*arguments)
    (line,) = own_lines(result)
    assert reason in line
    assert result.returncode == 2


def started(*ros_arguments, **environment):
    """Result of a node's process that ends by itself."""
    return subprocess.run(
        [sys.executable, '-c', NODE, '--ros-args', *ros_arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def own_lines(result):
    """Lines of the standard error; rcl adds one to some errors."""
    return [line for line in result.stderr.splitlines() if '[rcl]' not in line]


def test_exit_codes_of_a_bad_start_are_final_for_launch():
    assert pause_before_restart(BAD_START, 0.0, 1.0) is None
    assert pause_before_restart(1, 0.0, 1.0) == FIRST_PAUSE


def test_a_fault_in_a_callback_is_not_hidden(ros_domain):
    result = subprocess.run(
        [sys.executable, '-c', FAILING], capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 1
    assert 'ValueError: the sky is falling' in result.stderr


def test_a_node_that_fails_on_an_image_handed_over_is_named(ros_domain):
    """Not the one that published the image."""
    result = subprocess.run(
        [sys.executable, '-c', HANDED_OVER], capture_output=True, text=True, check=False
    )
    assert '[receiver]: failed: ValueError: no image like this' in result.stderr
    assert result.returncode == 1
