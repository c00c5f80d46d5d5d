"""Skeletons and images between two machines, over a cable that loses and delays; needs root.

    sudo -E tools/env.py python benchmarks/network.py [--write docs/network.md]

The machines are two network namespaces that this script makes and takes away again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
import json
import os
from pathlib import Path
import shutil
import signal
from statistics import median
import subprocess
import sys
import time
from typing import Annotated, Any

from ethernet_relay import Relay
import typer

from pose_ros.core.resources import config_file
from pose_ros.evaluation.report import markdown_table, show_block
from pose_ros.process_environment import PROFILE_VARIABLES, image_transport_environment

NAMESPACES = ('pose_robot', 'pose_desk')
ENDS = Path(__file__).with_name('network_ends.py')
DURATION = 10.0  # [s] of publishing
CUT = (8.0, 3.0)  # [s]: when the cable is pulled out, and for how long
LOSS, DELAY = 0.05, 0.02
PATIENCE = 90.0  # [s] for a run, in addition to its length
SERVER = '10.77.0.1:11811'
COMPRESSED = ('skeletons', 'JPEG, depth 5', 'JPEG, depth 1', 'JPEG, best effort')


@dataclass(frozen=True)
class Condition:
    """What is sent with which Fast DDS profile, over what kind of cable.

    Shares of frames that are lost, and the time that they take [s], are those of each way.
    """

    cable: str
    profile: str
    streams: tuple[str, ...] = COMPRESSED
    loss: float = LOSS
    delay: float = DELAY
    cut: bool = False
    server: bool = False


PROFILES = ('fastdds.xml', 'fastdds_network.xml')
CONDITIONS = (
    Condition('good', PROFILES[0], loss=0.0, delay=0.0),
    *(Condition('5 % lost, 20 ms', profile) for profile in PROFILES),
    Condition('5 % lost, 20 ms', PROFILES[1], ('skeletons', 'raw, reliable')),
    Condition('5 % lost, 20 ms', PROFILES[1], ('skeletons', 'raw, best effort')),
    *(Condition('20 % lost, 20 ms', profile, loss=0.2) for profile in PROFILES),
    Condition('5 % lost, 20 ms, cut for 3 s', PROFILES[1], cut=True),
    Condition('5 % lost, 20 ms, discovery server', PROFILES[1], ('skeletons',), server=True),
)
HEAD = (
    'cable',
    'profile',
    'stream',
    'sent',
    'arrived',
    'median latency',
    'longest gap',
    'longest publish()',
)

_WRITE = typer.Option(help='Markdown file with a block of the name network.')


def obstacle() -> str:
    """Why this cannot be measured here; empty if it can."""
    if os.geteuid():
        return 'needs root, to make network namespaces'
    if shutil.which('ip') is None:
        return 'needs the command ip: apt install iproute2'
    if not Path('/dev/net/tun').exists():
        return 'needs /dev/net/tun'
    return ''


@contextmanager
def cable() -> Iterator[Relay]:
    """Two namespaces and the relay between them."""
    with ExitStack() as stack:
        for name in NAMESPACES:
            subprocess.run(['ip', 'netns', 'add', name], check=True)
            stack.callback(subprocess.run, ['ip', 'netns', 'del', name], check=False)
        relay = Relay(NAMESPACES)
        stack.callback(relay.close)
        yield relay


def start(machine: str, command: list[str], **environment: str) -> subprocess.Popen[str]:
    """Start a command on a machine; shared memory is its own, as on another machine."""
    own = 'mount -t tmpfs none /dev/shm && exec "$@"'
    return subprocess.Popen(
        ['ip', 'netns', 'exec', machine, 'sh', '-c', own, 'sh', *command],
        env={
            **os.environ,
            **image_transport_environment(),
            'ROS_AUTOMATIC_DISCOVERY_RANGE': 'SUBNET',
            'ROS_DOMAIN_ID': '0',
            **environment,
        },
        stdout=subprocess.PIPE,
        text=True,
    )


def end(machine: str, streams: Sequence[str], **environment: str) -> subprocess.Popen[str]:
    """Start one of the two ends."""
    role = 'robot' if machine == NAMESPACES[0] else 'desk'
    return start(
        machine, [sys.executable, str(ENDS), role, str(DURATION), *streams], **environment
    )


def stop(process: subprocess.Popen[str]) -> str:
    """End a process that is at work; returns what it printed."""
    process.send_signal(signal.SIGINT)
    try:
        return process.communicate(timeout=20)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        return process.communicate()[0]


def run(relay: Relay, condition: Condition) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both reports of a run."""
    relay.loss, relay.delay = condition.loss, condition.delay
    variables = dict.fromkeys(PROFILE_VARIABLES, str(config_file(condition.profile)))
    if condition.server:
        variables['ROS_DISCOVERY_SERVER'] = SERVER
    with ExitStack() as stack:
        if condition.server:
            address, port = SERVER.split(':')
            command = ['fast-discovery-server', '-i', '0', '-l', address, '-p', port]
            stack.callback(stop, start(NAMESPACES[0], command))
        desk = end(NAMESPACES[1], condition.streams, **variables)
        stack.callback(stop, desk)
        robot = end(NAMESPACES[0], condition.streams, **variables)
        stack.callback(stop, robot)
        if condition.cut:
            time.sleep(CUT[0])
            relay.loss = 1.0
            time.sleep(CUT[1])
            relay.loss = condition.loss
        sent = json.loads(robot.communicate(timeout=DURATION + PATIENCE)[0])
        return sent, json.loads(stop(desk))


def offboard(relay: Relay) -> dict[str, Any]:
    """Report of a robot whose JPEGs a pose_node on the other machine looks at."""
    relay.loss, relay.delay = LOSS, DELAY
    node = str(Path(__file__).parents[1] / 'scripts/pose_node')
    words = ['-p', 'image_transport:=compressed', '-r', 'image:=deep', '-r', 'skeletons:=back']
    variables = dict.fromkeys(PROFILE_VARIABLES, str(config_file(PROFILES[1])))
    command = [sys.executable, node, '--ros-args', *words]
    pose = start(NAMESPACES[1], command, **variables)
    try:
        robot = end(NAMESPACES[0], ['JPEG, depth 5'], **variables)
        return json.loads(robot.communicate(timeout=DURATION + PATIENCE)[0])
    finally:
        stop(pose)


def rows(condition: Condition, sent: dict[str, Any], came: dict[str, Any]) -> Iterator[list[str]]:
    """Rows of the table for one run."""
    for name, robot in sent['streams'].items():
        desk = came[name]
        latency, gap = desk['median latency [ms]'], desk['longest gap [s]']
        yield [
            condition.cable,
            condition.profile,
            name,
            str(robot['sent']),
            f'{desk["received"]} ({desk["received"] / max(robot["sent"], 1):.0%})',
            '-' if latency is None else f'{latency:.0f} ms',
            '-' if gap is None else f'{gap:.1f} s',
            f'{robot["longest publish [ms]"]:.0f} ms',
        ]


def main(write: Annotated[Path | None, _WRITE] = None) -> None:
    """Measure, print, and write into a page if asked to."""
    reason = obstacle()
    if reason:
        typer.echo(f'skipped: {reason}')
        return
    table: list[list[str]] = []
    notes, found = [], []
    with cable() as relay:
        for condition in CONDITIONS:
            sent, came = run(relay, condition)
            found.append(sent['found each other [s]'])
            for row in rows(condition, sent, came):
                table.append(row)
                typer.echo(' | '.join(row))
        notes.append(
            f'the two found each other within {median(found):.1f} s (median), '
            f'{max(found):.1f} s at most'
        )
        back = offboard(relay)
        jpegs = back['streams']['JPEG, depth 5']['sent']
        notes.append(
            f'pose_node on the other machine, 5 % lost, 20 ms: {back["back"]} skeletons came back '
            f'for {jpegs} JPEGs: as many as it could look at'
        )
    text = markdown_table(HEAD, table) + '\n\n' + '\n'.join(f'- {note}' for note in notes)
    show_block('network', text, write)


if __name__ == '__main__':
    typer.run(main)
