"""Messages of other packages, built from their definitions where the packages are missing."""

import ctypes
from dataclasses import replace
import fcntl
import hashlib
import importlib.util
import os
from pathlib import Path
import shutil
import subprocess
import sys

import numpy as np
import pytest
from std_msgs.msg import Header

from pose_ros.core.topology import COCO17
from pose_ros.core.types import Box, Person

SIZE = (640, 480)
ROOT = Path(__file__).resolve().parents[3]
DEFINITIONS = ROOT / 'test/interfaces'
CACHE = ROOT / 'build/test_interfaces'
DEPENDENCIES = {
    'foxglove_msgs': ('builtin_interfaces',),
    'hri_msgs': ('std_msgs',),
    'tf2_msgs': ('geometry_msgs',),
    'vision_msgs': ('geometry_msgs', 'std_msgs'),
}
# What Python needs of them; C++ would double the time.
GENERATORS = (
    'rosidl_cmake',
    'rosidl_generator_type_description',
    'rosidl_generator_c',
    'rosidl_typesupport_introspection_c',
    'rosidl_typesupport_fastrtps_c',
    'rosidl_typesupport_c',
    'rosidl_generator_py',
)


def pytest_collection_modifyitems(items):
    """Give the first test that needs them the time to build them."""
    for item in items:
        if 'foreign_messages' in item.fixturenames:
            item.add_marker(pytest.mark.timeout(900))


@pytest.fixture(scope='session')
def foreign_messages():
    """Make hri_msgs, vision_msgs, foxglove_msgs and tf2_msgs importable, here and in children.

    Those that are installed are taken as they are. The others are built once, from what their
    public definitions say.
    """
    missing = [name for name in DEPENDENCIES if importlib.util.find_spec(name) is None]
    if not missing:
        return
    key = hashlib.sha256(f'{sys.version} {np.__version__} {missing} {GENERATORS}'.encode())
    for path in sorted([*DEFINITIONS.glob('*.in'), *DEFINITIONS.glob('*/msg/*.msg')]):
        key.update(path.read_bytes())
    folder = CACHE / key.hexdigest()[:16]
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / 'lock').open('w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / 'done').exists():
            build(folder, missing)
            (folder / 'done').touch()
    install = folder / 'install'
    # The middleware loads these by name when a type is first used; children find them by path.
    for library in install.glob('lib/*__rosidl_typesupport_*.so'):
        ctypes.CDLL(str(library), ctypes.RTLD_GLOBAL)
    prepend('LD_LIBRARY_PATH', install / 'lib')
    prepend('AMENT_PREFIX_PATH', install)
    for packages in install.glob('**/*-packages'):
        prepend('PYTHONPATH', packages)
        sys.path.insert(0, str(packages))
    importlib.invalidate_caches()


def build(folder, packages):
    """Build message packages of the definitions into folder/install."""
    for earlier in filter(Path.is_dir, CACHE.iterdir()):
        shutil.rmtree(earlier)
    for name in packages:
        source = folder / 'src' / name
        shutil.copytree(DEFINITIONS / name, source)
        values = {
            'package': name,
            'dependencies': ' '.join(DEPENDENCIES[name]),
            'generators': ' '.join(GENERATORS),
        }
        for template in DEFINITIONS.glob('*.in'):
            text = template.read_text()
            for word, value in values.items():
                text = text.replace(f'@{word}@', value)
            (source / template.stem).write_text(text)
    python, numpy_headers = sys.executable, np.get_include()
    done = subprocess.run(
        [
            'colcon', '--log-base', 'log', 'build', '--merge-install', '--base-paths', 'src',
            '--cmake-args', '-DCMAKE_BUILD_TYPE=Debug', '-DBUILD_TESTING=OFF',
            f'-DPython3_EXECUTABLE={python}', f'-DPython3_NumPy_INCLUDE_DIR={numpy_headers}',
            '-DCMAKE_INSTALL_RPATH=$ORIGIN;$ORIGIN/../../..',
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    if done.returncode:
        pytest.fail(f'building {", ".join(packages)} failed:\n{done.stdout}{done.stderr}')


def prepend(name, path):
    """Put a path in front of a list of paths in the environment."""
    os.environ[name] = os.pathsep.join([str(path), *filter(None, [os.environ.get(name)])])


class Bridged:
    """bridge_node that speaks some standards, and skeletons for it with stamps of their own.

    Attributes
    ----------
    node
        The node; None until `start`.
    """

    def __init__(self, ros):
        self.ros = ros
        self.node = None
        self._time = 1_234_567_890_123_456_789

    def start(self, *standards, **options):
        """Start the node; then listen to its topics, and then make the publishers of its inputs.

        It subscribes only when a person listens.
        """
        from pose_ros.ros.bridge_node import BridgeNode  # noqa: PLC0415

        self.node = self.ros.start(BridgeNode, **dict.fromkeys(standards, True), **options)
        return self.node

    def header(self):
        """A new header, a tenth of a second after the last."""
        header = Header(frame_id='camera')
        header.stamp.sec, header.stamp.nanosec = divmod(self._time, 10**9)
        self._time += 10**8
        return header

    def skeletons(self, *people, header=None, size=SIZE):
        """Message of these people."""
        from pose_ros.ros.conversions import positions_to_msg, skeleton_array  # noqa: PLC0415

        message = skeleton_array(people, header or self.header(), size)
        for skeleton, person in zip(message.skeletons, people):
            skeleton.positions = positions_to_msg(person.world)
        return message

    def play_until(self, publisher, heard, *people):
        """Publish these people until a list has a message; returns the last."""
        heard.clear()

        def arrived():
            publisher.publish(self.skeletons(*people))
            self.ros.executor.spin_once(timeout_sec=0.05)
            return heard

        self.ros.spin_until(arrived)
        return heard[-1]


@pytest.fixture
def bridged(foreign_messages, ros):
    """A `Bridged` of its own."""
    return Bridged(ros)


@pytest.fixture(scope='session')
def spread_person():
    """Function that makes a COCO-17 person with each keypoint at a place of its own."""

    def make(person_id=1, states=(), **values):
        points = np.array([(100 + 7 * i, 50 + 11 * i) for i in range(17)], np.float32)
        person = Person(
            topology=COCO17,
            keypoints=points,
            scores=np.linspace(0.5, 0.9, 17, dtype=np.float32),
            states=np.zeros(17, np.uint8),
            score=0.75,
            box=Box.around(points),
            id=person_id,
        )
        for name, state in dict(states).items():
            person.states[COCO17.index(name)] = state
        return replace(person, **values)

    return make
