"""The demo's nodes as processes: start them, end them, clean up after them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
import fcntl
import os
from pathlib import Path
import random
import re
import shutil
import signal
import socket
import subprocess
import time

from pose_ros.bringup.process import Process, ros_arguments
from pose_ros.process_environment import domain_of_environment, image_transport_environment

# Domains whose Fast DDS ports lie below the ports that Linux hands out [-].
DOMAINS = range(1, 102)
SHARED_MEMORY = Path('/dev/shm')
# Between the request to end and the kill [s]; a node under load takes about a second.
PATIENCE = 4.0
# Of util-linux; without it, the nodes outlive a demo that is killed.
_END_WITH_PARENT = ('setpriv', '--pdeathsig', 'TERM', '--') if shutil.which('setpriv') else ()


class DemoError(Exception):
    """Why the demo cannot go on; lines for the user."""


@contextmanager
def own_domain() -> Iterator[int]:
    """ROS domain that no demo or test on this machine is in: $ROS_DOMAIN_ID, or a free one."""
    try:
        given = domain_of_environment()
    except ValueError as error:
        raise DemoError(str(error)) from error
    # One process only can hold a name in the abstract namespace, and its end frees the name.
    with socket.socket(socket.AF_UNIX) as claim:
        for domain in random.sample(DOMAINS, len(DOMAINS)) if given is None else [given]:
            with suppress(OSError):
                claim.bind(f'\0pose_ros.demo.domain.{domain}')
                break
        else:
            raise DemoError(
                f'ROS_DOMAIN_ID={given} is in use by another demo or a test: unset it'
                if given is not None
                else f'{len(DOMAINS)} demos are running on this machine'
            )
        yield domain


def node_environment(domain: int) -> dict[str, str]:
    """Variables for the nodes, to add to those of this process."""
    added = {
        **image_transport_environment(),
        'ROS_DOMAIN_ID': str(domain),
        'RCUTILS_COLORIZED_OUTPUT': '0',
        'PYTHONUNBUFFERED': '1',
    }
    # Messages stay on this machine, unless the user has set one of these.
    if not {'ROS_AUTOMATIC_DISCOVERY_RANGE', 'ROS_LOCALHOST_ONLY'} & set(os.environ):
        if os.environ.get('ROS_DISTRO') == 'humble':
            added['ROS_LOCALHOST_ONLY'] = '1'
        else:
            added['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
    return added


def free_port(wanted: int) -> int:
    """Port of the loopback on which nothing listens: the wanted one, else any."""
    for port in (wanted, 0):
        with socket.socket() as probe, suppress(OSError):
            # As a server does, so that connections that have just ended do not count.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(('127.0.0.1', port))
            return int(probe.getsockname()[1])
    raise DemoError('no port is free for the page')


def find_executable(name: str) -> Path:
    """Path of a node of this package, installed to lib/pose_ros of a ROS prefix."""
    prefixes = [p for p in os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep) if p]
    for prefix in prefixes:
        path = Path(prefix, 'lib', 'pose_ros', name)
        if path.is_file():
            return path
    where = ', '.join(prefixes) or 'AMENT_PREFIX_PATH, which is empty'
    raise DemoError(
        f'{name} is not installed in {where}; source the workspace, or run the demo as: make demo'
    )


class NodeProcess:
    """A node in a process that ends with this one.

    Call it from the main thread: the end of the thread that starts the process ends it.

    Parameters
    ----------
    process
        What is started.
    environment
        All variables.
    folder
        Gets NAME.log with the output, and NAME.yaml with the parameters.
    """

    def __init__(self, process: Process, environment: Mapping[str, str], folder: Path) -> None:
        self.name = process.executable
        self.log = folder / f'{self.name}.log'
        arguments = ros_arguments(process, folder / f'{self.name}.yaml')
        executable = find_executable(self.name)
        with self.log.open('wb') as output:
            self.process = subprocess.Popen(
                [*_END_WITH_PARENT, executable, *arguments],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C reaches the demo only, which ends the nodes in order.
                start_new_session=True,
            )

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative: the signal that ended it."""
        return self.process.poll()

    def last_lines(self, count: int = 8) -> list[str]:
        """End of its output."""
        lines = self.log.read_text(errors='replace').splitlines()
        return [line for line in lines if line.strip()][-count:]

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the node and to the processes that it has started."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)


def stop(nodes: Sequence[NodeProcess], patience: float = PATIENCE) -> None:
    """End nodes: ask, wait [s], kill."""
    for node in nodes:
        node.send(signal.SIGINT)
    deadline = time.monotonic() + patience
    for node in nodes:
        with suppress(subprocess.TimeoutExpired):
            node.process.wait(max(0.0, deadline - time.monotonic()))
        node.send(signal.SIGKILL)
        node.process.wait()


def shared_memory_of(pid: int) -> set[str]:
    """Names of the Fast DDS segments that a process has mapped."""
    try:
        maps = Path(f'/proc/{pid}/maps').read_text()
    except OSError:
        return set()  # it has just ended
    return set(re.findall(r'/dev/shm/(fast(?:rtps|dds)_[0-9a-f]{16})$', maps, re.MULTILINE))


def remove_shared_memory(names: set[str], folder: Path = SHARED_MEMORY) -> None:
    """Remove segments that killed processes have left behind.

    A process that uses the segment NAME holds a lock on NAME_el.
    """
    for name in names:
        lock = folder / f'{name}_el'
        try:
            with lock.open('rb+') as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            pass  # the last process that ended in order has removed it
        except OSError:
            continue  # in use, or of another user
        for path in (folder / name, folder / f'sem.{name}_mutex', lock):
            path.unlink(missing_ok=True)
