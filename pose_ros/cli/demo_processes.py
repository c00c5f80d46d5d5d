"""The demo's node processes: started with the right environment, watched, never left over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
import ctypes
from dataclasses import dataclass
import fcntl
import json
import os
from pathlib import Path
import random
import re
import signal
import socket
import subprocess
import time

from pose_ros.process_environment import image_transport_environment

# Fast DDS's ports of these domains lie below those that Linux hands out.
DOMAINS = range(1, 102)
SHARED_MEMORY = Path('/dev/shm')
FIRST_PORT = 7400  # of domain 0
PR_SET_PDEATHSIG = 1


class DemoError(Exception):
    """Why the demo cannot go on; lines for the user."""


@contextmanager
def own_domain() -> Iterator[int]:
    """Number of a ROS domain that no other demo on this machine uses; kept while it runs.

    It is the user's where ROS_DOMAIN_ID is set; DemoError if a demo runs there already.
    """
    given = os.environ.get('ROS_DOMAIN_ID')
    if given is not None and not given.isdecimal():
        raise DemoError(f'ROS_DOMAIN_ID must be a number, got {given!r}')
    candidates = [int(given)] if given else random.sample(DOMAINS, len(DOMAINS))
    # A name in the abstract space is taken by one process only and goes away with it.
    with socket.socket(socket.AF_UNIX) as claim:
        for domain in candidates:
            try:
                claim.bind(f'\0pose_ros.demo.domain.{domain}')
            except OSError:
                continue
            yield domain
            return
    if given:
        raise DemoError(
            f'another demo runs in ROS_DOMAIN_ID={given}: unset it, and each gets its own'
        )
    raise DemoError(f'{len(DOMAINS)} demos are running on this machine')


def node_environment(domain: int) -> dict[str, str]:
    """Environment variables for the nodes, over those of this process."""
    added = {
        **image_transport_environment(),
        'ROS_DOMAIN_ID': str(domain),
        'RCUTILS_COLORIZED_OUTPUT': '0',
        'PYTHONUNBUFFERED': '1',
    }
    # Nothing of the demo leaves this machine, unless the user says so.
    if not {'ROS_AUTOMATIC_DISCOVERY_RANGE', 'ROS_LOCALHOST_ONLY'} & set(os.environ):
        humble = os.environ.get('ROS_DISTRO') == 'humble'
        name, value = (
            ('ROS_LOCALHOST_ONLY', '1')
            if humble
            else ('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
        )
        added[name] = value
    return added


def find_executable(name: str) -> Path:
    """Path of a node of this package, installed to lib/pose_ros of a ROS prefix."""
    prefixes = [p for p in os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep) if p]
    for prefix in prefixes:
        path = Path(prefix, 'lib/pose_ros', name)
        if os.access(path, os.X_OK):
            return path
    where = ', '.join(prefixes) or 'AMENT_PREFIX_PATH, which is empty'
    raise DemoError(
        f'{name} is not installed in {where}; source the workspace, or run the demo as: make demo'
    )


@dataclass
class NodeProcess:
    """One node.

    Attributes
    ----------
    name
        Of the executable.
    log
        File with all that it has said.
    """

    name: str
    process: subprocess.Popen
    log: Path

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative: the signal that ended it."""
        return self.process.poll()

    def last_lines(self, count: int = 8) -> list[str]:
        """Return the end of its log."""
        lines = self.log.read_text(errors='replace').splitlines()
        return [line for line in lines if line.strip()][-count:]

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the node and whatever it has started."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)


class Supervisor:
    """Starts nodes and ends them, whatever happens to this process."""

    def __init__(self, environment: Mapping[str, str], log_folder: Path) -> None:
        self._environment = {**os.environ, **environment}
        self._logs = log_folder
        self.nodes: list[NodeProcess] = []
        # Looked up here: between fork and exec it could wait for a lock forever.
        self._prctl = ctypes.CDLL(None, use_errno=True).prctl
        self._pid = os.getpid()
        self._shared_memory: set[str] = set()

    def start(self, name: str, parameters: Mapping[str, str | int | float | bool]) -> NodeProcess:
        """Start a node with parameters.

        Call it from the main thread, whose end is the nodes' end, before others are started.
        """
        command: list[str] = [
            str(find_executable(name)),
            '--ros-args',
            '--disable-external-lib-logs',
        ]
        for key, value in parameters.items():
            # Quoted as in YAML, so that the device "0" stays a string.
            command += ['-p', f'{key}:={json.dumps(value, ensure_ascii=False)}']
        log = self._logs / f'{name}.log'
        with log.open('wb') as output:
            process = subprocess.Popen(
                command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C reaches the demo alone, which ends the nodes in order.
                start_new_session=True,
                # The demo starts its threads after the nodes, so that none can hold a lock.
                preexec_fn=self._die_with_parent,  # noqa: PLW1509
            )
        node = NodeProcess(name, process, log)
        self.nodes.append(node)
        return node

    def _die_with_parent(self) -> None:
        self._prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != self._pid:
            os._exit(1)

    def stop(self, nodes: Sequence[NodeProcess], patience: float = 4.0) -> list[str]:
        """End nodes: ask, wait [s], kill. Names of those that had to be killed."""
        self.note_shared_memory()
        for node in nodes:
            node.send(signal.SIGINT)
        deadline = time.monotonic() + patience
        killed = []
        for node in nodes:
            try:
                node.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                killed.append(node.name)
            # Also what the node itself may have started.
            node.send(signal.SIGKILL)
            node.process.wait()
        return killed

    def note_shared_memory(self) -> None:
        """Note what the nodes and this process use of /dev/shm: who is killed leaves it behind."""
        for pid in (os.getpid(), *(node.process.pid for node in self.nodes)):
            self._shared_memory |= shared_memory_of(pid)

    def remove_shared_memory(self) -> list[str]:
        """Remove what the nodes, all of which have ended, left in /dev/shm; names of the files."""
        return [
            file
            for name in sorted(self._shared_memory)
            for file in remove_if_abandoned(SHARED_MEMORY, name)
        ]


def shared_memory_of(pid: int) -> set[str]:
    """Names of Fast DDS's segments and its domain's ports that a process has in its memory."""
    try:
        maps = Path(f'/proc/{pid}/maps').read_text()
    except OSError:
        return set()  # it has just ended
    names = set(re.findall(r'/dev/shm/(fast(?:rtps|dds)_(?:port\d+|[0-9a-f]{16}))$', maps, re.M))
    # Ports before those of the first domain belong to all that run on this machine.
    return {name for name in names if int(name.partition('port')[2] or FIRST_PORT) >= FIRST_PORT}


def remove_if_abandoned(folder: Path, name: str) -> list[str]:
    """Remove a segment or port of Fast DDS that no process uses any more; names of the files.

    Whoever uses NAME holds an flock on NAME_el; the last one to leave in good order removes that
    file, but only the owner removes NAME.
    """
    lock = folder / f'{name}_el'
    try:
        descriptor = os.open(lock, os.O_RDWR)
    except FileNotFoundError:
        pass
    except PermissionError:
        return []  # of another user
    else:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return []
        finally:
            os.close(descriptor)
    paths = [folder / file for file in (name, f'sem.{name}_mutex', lock.name)]
    present = [path for path in paths if path.exists()]
    for path in present:
        path.unlink(missing_ok=True)
    return [path.name for path in present]
