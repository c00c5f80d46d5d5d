#!/usr/bin/env python3
"""Write requirements/locked anew: every package that is installed, with its version and hashes.

    tools/lock.py

To be run after each change of requirements/*.txt; needs a package index. Versions that are locked
already stay unless a changed pin needs others; `tools/lock.py --upgrade` takes the newest.
"""

from __future__ import annotations

from dataclasses import dataclass
import os
from pathlib import Path
import re
import subprocess
import sys
import tempfile

from env import LOCKED, SDISTS

REQUIREMENTS = Path(__file__).resolve().parent.parent / 'requirements'
# Its later versions are for Python up to 3.10 only; uv does not read such upper bounds.
CONSTRAINTS = ('backports-strenum<1.3',)
# With a sourced ROS 2. Up to Ubuntu 24.04 it brings modules that are compiled against NumPy 1 and
# generators that need EmPy 3. OpenCV 4.10 is the last one for NumPy 1 that animated PNGs do not
# crash.
SOURCED_CONSTRAINTS = (
    'numpy<2; python_version < "3.13"',
    'opencv-python-headless<4.11; python_version < "3.13"',
    'empy<4',
)


@dataclass(frozen=True)
class Lock:
    """One file of locked packages.

    Attributes
    ----------
    name
        Of the file, without suffix.
    requirements
        Files of requirements/ that it is made from.
    python
        Oldest Python.
    sourced
        For a machine with ROS 2: without the pins, within `SOURCED_CONSTRAINTS`.
    beside
        Lock whose versions it shares: both are installed into one environment.
    """

    name: str
    requirements: tuple[str, ...]
    python: str
    sourced: bool = False
    beside: str = ''

    @property
    def path(self) -> Path:
        """The file."""
        return LOCKED / f'{self.name}.txt'

    def wanted(self) -> list[str]:
        """Lines of the requirements."""
        lines = [
            line
            for name in self.requirements
            for line in (REQUIREMENTS / f'{name}.txt').read_text().splitlines()
            if line and not line.startswith('#')
        ]
        if not self.sourced:
            return lines
        return ['colcon-common-extensions', *(line.partition('==')[0] for line in lines)]

    def constraints(self) -> list[str]:
        """Lines of the constraints."""
        beside = LOCKED / f'{self.beside}.txt'
        pins = [
            line.removesuffix(' \\')
            for line in (beside.read_text().splitlines() if self.beside else [])
            if '==' in line and not line.startswith((' ', '#'))
        ]
        return [*pins, *CONSTRAINTS, *(SOURCED_CONSTRAINTS if self.sourced else ())]


LOCKS = (
    Lock('development', ('ros-jazzy', 'runtime', 'dev'), '3.11'),
    Lock('development-kilted', ('ros-kilted', 'runtime', 'dev'), '3.11'),
    Lock('sourced', ('runtime', 'dev'), '3.10', sourced=True),
)


def main() -> None:
    """Write all locks."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([sys.executable, '-m', 'venv', folder / 'venv'], check=True)
        pip = [folder / 'venv/bin/python', '-m', 'pip', '--disable-pip-version-check', '--quiet']
        # uv resolves for several versions of Python at once, and knows all hashes.
        uv = re.search(r'^uv==.*$', (REQUIREMENTS / 'dev.txt').read_text(), re.MULTILINE)
        subprocess.run([*pip, 'install', uv[0]], check=True)
        LOCKED.mkdir(exist_ok=True)
        for lock in LOCKS:
            write(lock, folder)


def write(lock: Lock, folder: Path) -> None:
    """Resolve the requirements of one lock and write its file."""
    wanted, constraints = folder / 'wanted.txt', folder / 'constraints.txt'
    wanted.write_text('\n'.join(lock.wanted()))
    constraints.write_text('\n'.join(lock.constraints()))
    command = [
        folder / 'venv/bin/uv', 'pip', 'compile', wanted, '--constraint', constraints,
        '--universal', '--python-version', lock.python, '--generate-hashes',
        '--only-binary', ':all:', '--no-binary', SDISTS,
        '--no-header', '--no-annotate', '--no-emit-index-url', '--no-emit-find-links',
        '--quiet', '--output-file', lock.path, *sys.argv[1:],
    ]  # fmt: skip
    environment = dict(os.environ, UV_SYSTEM_CERTS='1')
    # uv reads the place of packages from a variable of its own.
    if 'PIP_INDEX_URL' in environment:
        environment.setdefault('UV_DEFAULT_INDEX', environment['PIP_INDEX_URL'])
    done = subprocess.run(command, env=environment, check=False)
    if done.returncode:
        sys.exit(f'{lock.path.name} cannot be made: see above')
    text = lock.path.read_text()
    source = ', '.join(f'{name}.txt' for name in lock.requirements)
    lock.path.write_text(f'# Written by tools/lock.py from {source}; not to be edited.\n{text}')
    sys.stdout.write(f'{lock.path.name}: {text.count("==")} packages\n')


if __name__ == '__main__':
    main()
