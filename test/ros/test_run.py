"""How a node's process starts and ends."""

import os
import platform
import signal
import subprocess
import sys

import pytest

from pose_ros.process_environment import MALLOC_VARIABLES

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
        time.sleep(60)

run(Stuck)
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

run(Failing)
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
        assert child.wait(timeout=10) == -signal.SIGINT
    finally:
        child.kill()
        child.communicate()


def test_a_fault_in_a_callback_is_not_hidden(ros_domain):
    result = subprocess.run(
        [sys.executable, '-c', FAILING], capture_output=True, text=True, timeout=20, check=False
    )
    assert result.returncode == 1
    assert 'ValueError: the sky is falling' in result.stderr
