"""How a node's process starts and ends."""

import os
from pathlib import Path
import platform
import signal
import subprocess
import sys
import time

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
import time
from rclpy.node import Node
from pose_ros.ros.run import run

class Stuck(Node):
    def __init__(self):
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


def signals_caught(pid):
    """Mask of the signals that a process handles by itself."""
    status = Path(f'/proc/{pid}/status').read_text()
    return int(status.split('SigCgt:')[1].split()[0], 16)


def test_a_second_signal_ends_a_node_that_is_stuck(ros_domain):
    child = subprocess.Popen([sys.executable, '-c', STUCK], stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout.readline() == 'stuck\n'
        child.send_signal(signal.SIGINT)
        # Handled once the signal is no longer caught.
        caught = 1 << (signal.SIGINT - 1)
        deadline = time.monotonic() + 10
        while signals_caught(child.pid) & caught and time.monotonic() < deadline:
            assert child.poll() is None
        child.send_signal(signal.SIGINT)
        child.wait(timeout=10)
        assert child.returncode == -signal.SIGINT
    finally:
        child.kill()
        child.communicate()


def test_a_fault_in_a_callback_is_not_hidden(ros_domain):
    result = subprocess.run(
        [sys.executable, '-c', FAILING], capture_output=True, text=True, timeout=20, check=False
    )
    assert result.returncode == 1
    assert 'ValueError: the sky is falling' in result.stderr
