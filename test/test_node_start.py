"""Ctrl-C before a node or the command runs ends its process cleanly."""

import signal
import subprocess
import sys

import pytest

# Imports a module that takes long, as those of the nodes do.
SLOW_IMPORT = """
import sys, time, types
from pose_ros import node_start

def import_module(name):
    print('importing', flush=True)
    time.sleep(60)

node_start.import_module = import_module
node_start.start('pose_node')
"""


def interrupted(program, early=False):
    """Exit code and errors of a program that is interrupted while it imports, or before."""
    child = subprocess.Popen(
        [sys.executable, '-c', program],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=_blocked if early else None,  # noqa: PLW1509
    )  # fmt: skip
    try:
        if not early:
            assert child.stdout.readline() == 'importing\n'
        child.send_signal(signal.SIGINT)
        _, errors = child.communicate(timeout=60)
    finally:
        child.kill()
        child.communicate()
    return child.returncode, errors


@pytest.mark.parametrize('early', [False, True])
def test_an_interrupt_while_the_node_is_imported(early):
    """Early: it came before Python could handle it, and launch had it wait."""
    assert interrupted(SLOW_IMPORT, early) == (0, '')


SLOW_COMMAND = """
import sys, time
from pose_ros import command_start

class Finder:
    def find_spec(name, path, target=None):
        if name == 'typer':
            print('importing', flush=True)
            time.sleep(60)

sys.meta_path.insert(0, Finder)
command_start.main()
"""


def test_an_interrupt_while_the_command_is_imported():
    assert interrupted(SLOW_COMMAND) == (130, '')


@pytest.mark.ros
@pytest.mark.parametrize('node', ['pose_node', 'gesture_node', 'marker_node'])
def test_a_node_is_imported_without_scipy(node):
    code = f'import sys; import pose_ros.ros.{node}; print("scipy" in sys.modules)'
    assert _printed(code) == 'False'


@pytest.mark.parametrize('mode', ['single', 'multi'])
def test_scipy_is_there_before_people_are_matched(mode):
    code = (
        'import sys; from pose_ros.core.configuration import EstimatorConfig; '
        'from pose_ros.core.estimator import PoseEstimator; '
        f'PoseEstimator(EstimatorConfig(mode={mode!r})); print("scipy.optimize" in sys.modules)'
    )
    assert _printed(code) == str(mode == 'multi')


def _printed(code):
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _blocked():
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
