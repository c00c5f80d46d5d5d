"""Several nodes in one process: found, told apart, ended together."""

from pathlib import Path
import signal
import subprocess
import sys

from ament_index_python.packages import get_package_prefix
from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.srv import GetState
import pytest

from pose_ros.msg import GestureEvent, SkeletonArray
from pose_ros.ros import qos

pytestmark = pytest.mark.ros

EXECUTABLE = Path(get_package_prefix('pose_ros'), 'lib/pose_ros/pose_ros_all')

FAILING = """
from rclpy.node import Node
from pose_ros.ros.run import run_all

class Idle(Node):
    def __init__(self):
        super().__init__('idle')
        self.create_timer(0.01, lambda: None)

class Failing(Node):
    def __init__(self):
        super().__init__('failing', namespace='front')
        self.create_timer(0.1, self.fail)

    def fail(self):
        {}['key']

run_all({'idle': Idle, 'failing': Failing})
"""


@pytest.fixture
def all_in_one(ros_domain):
    """Function that starts the executable; what it started is ended with the test."""
    started = []

    def start(*arguments, **pipes):
        started.append(subprocess.Popen([str(EXECUTABLE), *arguments], text=True, **pipes))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def full_names(ros):
    pairs = ros.node.get_node_names_and_namespaces()
    return {f'{namespace.rstrip("/")}/{name}' for name, namespace in pairs if name != 'tester'}


def test_the_usual_nodes_with_their_parameters(ros, all_in_one, tmp_path):
    parameters = tmp_path / 'parameters.yaml'
    parameters.write_text(
        '/**/pose_node: {ros__parameters: {autostart: false}}\n'
        '/**/gesture_node: {ros__parameters: {gestures: [wave]}}\n'
    )
    remap = ('-r', '__ns:=/robot', '-r', 'skeletons:=people')
    process = all_in_one('--ros-args', '--params-file', str(parameters), *remap)
    wanted = {f'/robot/{name}' for name in ('pose_node', 'gesture_node', 'marker_node')}
    ros.spin_until(lambda: full_names(ros) == wanted, f'{wanted}')
    # pose_node heard of its parameter: it waits for its lifecycle manager.
    client = ros.node.create_client(GetState, '/robot/pose_node/get_state')
    ros.spin_until(client.service_is_ready, 'get_state')
    state = client.call_async(GetState.Request())
    ros.spin_until(state.done, 'state')
    assert state.result().current_state.label == 'unconfigured'
    # Each node speaks for itself, and the topics are renamed for all.
    told = ros.collect(DiagnosticArray, '/diagnostics', qos.EVENTS)
    ros.collect(GestureEvent, '/robot/gestures', qos.EVENTS)
    people = ros.publisher(SkeletonArray, '/robot/people', qos.SKELETONS)
    people.publish(SkeletonArray())
    names = {'/robot/pose_node', '/robot/gesture_node'}
    ros.spin_until(
        lambda: all(any(name[1:] in s.name for m in told for s in m.status) for name in names),
        'diagnostics',
    )
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0


def test_nodes_of_two_cameras(ros, all_in_one):
    process = all_in_one('/front/gesture_node', '/back/gesture_node')
    wanted = {'/front/gesture_node', '/back/gesture_node'}
    ros.spin_until(lambda: full_names(ros) == wanted, f'{wanted}')
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0


@pytest.mark.parametrize(
    ('arguments', 'reason'),
    [
        (['camera_node'], "unknown node 'camera_node', there are: pose_node, gesture_node"),
        (
            ['gesture_node', 'front/marker_node', '--ros-args', '-p', 'scale:=99.0'],
            '[front/marker_node]: parameter scale',
        ),
    ],
)
def test_who_is_refused_is_named(all_in_one, arguments, reason):
    process = all_in_one(*arguments, stderr=subprocess.PIPE)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert reason in errors


def test_the_node_whose_callback_fails_is_named(ros_domain):
    result = subprocess.run(
        [sys.executable, '-c', FAILING], capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 1
    assert "[front.failing]: failed: KeyError: 'key'" in result.stderr
    assert 'in fail' in result.stderr
