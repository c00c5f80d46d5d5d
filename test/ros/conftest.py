"""A ROS of its own for every test, waiting for events, image messages, an estimator by script."""

from array import array
from collections.abc import Callable
from functools import partial
from pathlib import Path
import signal
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

from foreign_messages import install
import numpy as np
import pytest
import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from pose_ros.cli.demo_nodes import own_domain
from pose_ros.core.camera_orientation import UPRIGHT
from pose_ros.core.runtime.device import DeviceStatus
from pose_ros.core.topology import COCO17
from pose_ros.core.types import Box, KeypointState, Person

DEADLINE = 60.0  # [s] for what takes a moment on an idle machine
RGB_TO_YUV = np.array([[66, 129, 25], [-38, -74, 112], [112, -94, -18]]) / 256


def pytest_collection_modifyitems(items):
    """Give the first test that needs them the time to build them."""
    for item in items:
        if 'foreign_messages' in item.fixturenames:
            item.add_marker(pytest.mark.timeout(900))


@pytest.fixture(scope='session')
def foreign_messages():
    """Make the messages of other packages importable."""
    install()


@pytest.fixture
def ros_domain(monkeypatch):
    """A domain of which no other test and no demo on this machine is part.

    Also set for child processes.
    """
    monkeypatch.delenv('ROS_DOMAIN_ID', raising=False)
    with own_domain() as domain:
        monkeypatch.setenv('ROS_DOMAIN_ID', str(domain))
        monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
        yield domain


class Ros:
    """A context in its own domain with a node to test from, all spun by `spin_until`.

    Attributes
    ----------
    domain
        ROS_DOMAIN_ID.
    context
        For nodes made by hand.
    node
        The tester's own node.
    """

    def __init__(self, domain: int) -> None:
        self.domain = domain
        self.context = Context()
        rclpy.init(args=[], context=self.context, domain_id=domain)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.node = self.add(rclpy.create_node('tester', context=self.context))

    def add(self, node):
        """Spin a node, too."""
        self.executor.add_node(node)
        return node

    def start(self, node_class: Callable, **parameters):
        """Make a node of this class with these parameters, and spin it."""
        overrides = [Parameter(name, value=value) for name, value in parameters.items()]
        return self.add(node_class(context=self.context, parameter_overrides=overrides))

    def remove(self, node):
        """Stop spinning a node and destroy it."""
        self.executor.remove_node(node)
        node.destroy_node()

    def spin_until(self, condition: Callable[[], object], what: str = '', deadline=DEADLINE):
        """Spin until the condition holds and return what it returned; fail at the deadline."""
        end = time.monotonic() + deadline
        while not (found := condition()):
            if time.monotonic() > end:
                pytest.fail(f'not within {deadline} s: {what or condition}')
            self.executor.spin_once(timeout_sec=0.05)
        return found

    def spin_for(self, seconds: float):
        """Spin for a while: only to show that something does not happen."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.executor.spin_once(timeout_sec=0.02)

    def collect(self, message_type, topic: str, qos, count: int = 1) -> list:
        """Subscribe, wait for this number of publishers; return the list that messages go to."""
        messages: list = []
        self.node.create_subscription(message_type, topic, messages.append, qos)
        self.spin_until(
            lambda: self.node.count_publishers(topic) >= count, f'{count} publishers of {topic}'
        )
        return messages

    def publisher(self, message_type, topic: str, qos, count: int = 1):
        """Publisher that has this number of subscribers."""
        publisher = self.node.create_publisher(message_type, topic, qos)
        self.spin_until(
            lambda: publisher.get_subscription_count() >= count, f'{count} subscribers of {topic}'
        )
        return publisher

    def set_parameter(self, node, name: str, value):
        """Set a parameter as a user would, through its check; returns the result."""
        return node.set_parameters([Parameter(name, value=value)])[0]

    def close(self):
        """Destroy everything."""
        for node in self.executor.get_nodes():
            self.remove(node)
        self.executor.shutdown()
        self.context.try_shutdown()


@pytest.fixture
def ros(ros_domain):
    """A `Ros` of its own."""
    ros = Ros(ros_domain)
    yield ros
    ros.close()


class Program:
    """A Python program as a process, in the domain of the test.

    Attributes
    ----------
    lines
        What it has written so far.
    """

    def __init__(self, path: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=lambda: self.lines.extend(self._process.stdout))
        self._reader.start()

    def has_said(self, text: str) -> Callable[[], bool]:
        """Return a condition: whether a line contains this text."""
        return lambda: any(text in line for line in list(self.lines))

    def interrupt(self) -> int:
        """End it as Ctrl-C does; returns its exit code."""
        self._process.send_signal(signal.SIGINT)
        code = self._process.wait(30)
        self._reader.join()
        return code

    def close(self) -> None:
        """Kill it."""
        self._process.kill()
        self._process.wait()
        self._reader.join()


@pytest.fixture
def start_program(ros_domain):
    """Function that starts a `Program` of a path."""
    programs = []

    def start(path):
        programs.append(Program(path))
        return programs[-1]

    yield start
    for program in programs:
        program.close()


def _yuv(rgb):
    """Planes y, u, v of BT.601 in the video range, in full resolution."""
    planes = rgb.astype(float) @ RGB_TO_YUV.T + (16, 128, 128)
    return np.moveaxis(planes.round().astype(np.uint8), -1, 0)


def _encoded(rgb, encoding, bigendian=False):
    """Rows [rows, bytes] of an image in an encoding; written without the code under test."""
    height = len(rgb)
    base = encoding.rstrip('0123456789')
    grey = rgb.mean(axis=2).round().astype(np.uint8)
    opaque = np.full((*rgb.shape[:2], 1), 255, np.uint8)
    if encoding in ('8UC1', '8UC3', '8UC4'):
        base, encoding = {'8UC1': 'mono', '8UC3': 'bgr', '8UC4': 'bgra'}[encoding], 'x8'
    if base.startswith('bayer_'):
        tile = [['rgb'.index(c) for c in base[6:8]], ['rgb'.index(c) for c in base[8:10]]]
        channel = np.tile(tile, (height // 2, rgb.shape[1] // 2))
        samples = np.take_along_axis(rgb, channel[..., None], axis=2)[..., 0]
    elif base in ('uyvy', 'yuv', 'yuyv', 'yuv422_yuy'):
        y, u, v = _yuv(rgb)
        chroma = np.where(np.arange(rgb.shape[1]) % 2, v, u)
        luma_first = encoding in ('yuyv', 'yuv422_yuy2')
        samples = np.stack([y, chroma] if luma_first else [chroma, y], axis=2)
    elif base == 'nv':
        y, u, v = _yuv(rgb)
        order = [u, v] if encoding == 'nv12' else [v, u]
        chroma = np.stack([plane[::2, ::2] for plane in order], axis=2)
        samples = np.concatenate([y, chroma.reshape(height // 2, -1)])
    else:
        samples = {
            'rgb': rgb,
            'bgr': rgb[..., ::-1],
            'rgba': np.concatenate([rgb, opaque], axis=2),
            'bgra': np.concatenate([rgb[..., ::-1], opaque], axis=2),
            'mono': grey,
        }[base]
    if encoding.endswith('16'):
        # The lower byte is what a mix-up of the byte order would show.
        wide = samples.astype(np.uint16) << 8 | 0x55
        samples = wide.astype('>u2' if bigendian else '<u2')
    return np.ascontiguousarray(samples).view(np.uint8).reshape(len(samples), -1)


@pytest.fixture(scope='session')
def encoded_image():
    """Function that makes an image message of an RGB image, without the code under test."""

    def make(rgb, encoding='rgb8', padding=0, bigendian=False, header=None):
        rows = _encoded(rgb, encoding, bigendian)
        # Bright padding would be seen.
        padded = np.pad(rows, ((0, 0), (0, padding)), constant_values=255)
        return Image(
            header=header or Header(),
            height=rgb.shape[0],
            width=rgb.shape[1],
            encoding=encoding,
            is_bigendian=bigendian,
            step=padded.shape[1],
            data=array('B', padded.tobytes()),
        )

    return make


@pytest.fixture(scope='session')
def actor_image():
    """RGB [480, 640, 3]: the actor, off the middle, with the left arm up; and the truth."""
    from pose_ros.actor import Actor, Scene, frames  # noqa: PLC0415

    actor = Actor('raise_left', x=250.0, start=0.0)
    *_, last = frames(Scene(duration=2.0, actors=(actor,), background='plain'), seed=3)
    return last.image, last.people[0]


@pytest.fixture(scope='session')
def make_person():
    """Function that makes a COCO-17 person standing on a vertical line."""

    def make(person_id=1, x=60.0, state=KeypointState.OBSERVED):
        points = np.full((17, 2), np.nan, np.float32)
        points[:5] = (x, 100)
        points[5:] = np.column_stack([np.full(12, x), np.linspace(110, 200, 12)])
        box = Box(x - 5, 95, 10, 110)
        ones, states = np.ones(17, np.float32), np.full(17, state, np.uint8)
        return Person(COCO17, points, ones, states, 1.0, box, person_id)

    return make


class ScriptedEstimator:
    """Gives the people that the test puts into `people`, and keeps to one as the real one does."""

    topology = COCO17

    def __init__(self, config):
        self.config = config
        self.people = []
        self.hands = []
        self.hand_searches = 0
        self.locked_id = 0
        self.statistics = SimpleNamespace(
            inference_time=0.01,
            reinitialised=0,
            detections=0,
            person_time=0.0,
            detector_time=0.0,
            hand_time=0.0,
            hands_time=0.0,
            people=0,
            swaps=0,
            implausible=0,
            expired_lock=0,
            multi=config.mode == 'multi',
        )
        self.reconfigured = []
        self.device = DeviceStatus('cpu', 'as it was asked for')

    def close(self):
        """There is nothing to let go of."""

    @property
    def locked_seen(self):
        return any(person.id == self.locked_id for person in self.people)

    def reset(self):
        self.locked_id = 0

    def check(self, config):
        """Everything is possible."""

    def reconfigure(self, config):
        self.reconfigured.append(config)
        self.config = config

    def estimate(self, frame):
        return self.people

    def find_hands(self):
        self.hand_searches += 1
        return self.hands

    def lock(self, method, person_id=0):
        ids = sorted(person.id for person in self.people)
        if not ids:
            raise ValueError('no person is there')
        if method == 'hand_raised':
            raise ValueError('no one raises a hand')
        if method == 'id' and person_id not in ids:
            there = ', '.join(map(str, ids))
            raise ValueError(f'no person {person_id} is followed; there are: {there}')
        self.locked_id = person_id if method == 'id' else ids[-1 if method == 'largest' else 0]
        return self.locked_id

    def unlock(self):
        locked, self.locked_id = self.locked_id, 0
        return locked != 0


@pytest.fixture
def estimators():
    """Maker of scripted estimators, for PoseNode; those that were made stand in its ``made``."""

    def make(config):
        make.made.append(ScriptedEstimator(config))
        return make.made[-1]

    make.made = []
    return make


class Stage:
    """gesture_node with a person who listens; publishes skeletons with stamps of its own.

    Attributes
    ----------
    node
        The node.
    heard
        What came, by topic.
    headers
        Of the skeletons sent, in their order.
    orientation
        Of the camera: people are given as the upright image shows them, and published in its own.
    """

    def __init__(self, ros: Ros, *topics: str, orientation=UPRIGHT, **parameters) -> None:
        from pose_ros.msg import SkeletonArray  # noqa: PLC0415
        from pose_ros.ros.gesture_node import GestureNode  # noqa: PLC0415
        from pose_ros.ros.motion_outputs import OUTPUTS  # noqa: PLC0415
        from pose_ros.ros.qos import EVENTS, SKELETONS  # noqa: PLC0415

        self.ros = ros
        self.orientation = orientation
        self.node = ros.start(GestureNode, **parameters)
        kinds = {output.topic: output.kind for output in OUTPUTS}
        self.heard = {topic: ros.collect(kinds[topic], topic, EVENTS) for topic in topics}
        self.headers: list[Header] = []
        self._publisher = ros.publisher(SkeletonArray, 'skeletons', SKELETONS)
        self._arrived = ros.collect(SkeletonArray, 'skeletons', SKELETONS)
        self._time = 1_234_567_890_123_456_789

    def send(self, message):
        """Publish a message and wait until it has arrived."""
        before = len(self._arrived)
        self._publisher.publish(message)
        self.ros.spin_until(lambda: len(self._arrived) > before, 'skeletons')

    def play(self, *people, images=1, rate=10.0):
        """Publish these people for a number of images; returns the last header."""
        from pose_ros.ros.conversions import SkeletonWriter  # noqa: PLC0415

        size = (480, 640) if self.orientation.rotate in (90, 270) else (640, 480)
        people = [self.orientation.person_in_image(person, size) for person in people]
        writer = SkeletonWriter(orientation=self.orientation)
        for _ in range(images):
            header = Header(frame_id='kitchen/камера')
            header.stamp.sec, header.stamp.nanosec = divmod(self._time, 10**9)
            self.send(writer.write(people, header, size))
            self.headers.append(header)
            self._time += round(1e9 / rate)
        return header

    def video(self, scene, until=float('inf')):
        """Publish the people of a scene."""
        from pose_ros.actor import skeletons  # noqa: PLC0415

        for frame in skeletons(scene, seed=1):
            if frame.stamp < until:
                self.play(*frame.people, rate=scene.fps)

    def wait_for(self, topic, **fields):
        """The first message with these values in its fields."""

        def find():
            return next(
                (
                    message
                    for message in self.heard[topic]
                    if all(getattr(message, name) == value for name, value in fields.items())
                ),
                None,
            )

        return self.ros.spin_until(find, f'{topic} with {fields} among {self.heard[topic]}')


@pytest.fixture
def make_stage(ros):
    """Function that makes a `Stage`; takes the topics to listen to and the node's parameters."""
    return partial(Stage, ros)
