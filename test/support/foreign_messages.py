"""Messages of other packages, built from their definitions where the packages are missing."""

import ctypes
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

ROOT = Path(__file__).resolve().parents[2]
DEFINITIONS = ROOT / 'test/interfaces'
# One for each ROS: each has an environment of its own.
CACHE = ROOT / 'build/test_interfaces' / Path(sys.prefix).name
DEPENDENCIES = {
    'foxglove_msgs': ('builtin_interfaces',),
    'hri_msgs': ('std_msgs',),
    'people_msgs': ('geometry_msgs', 'std_msgs'),
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


def install():
    """Make the packages of DEPENDENCIES importable, here and in children.

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
