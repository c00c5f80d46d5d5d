"""What one process for all nodes saves: memory and CPU time, in turns with a process each.

tools/env.py python benchmarks/one_process.py --write docs/launch.md
"""

from __future__ import annotations

from collections.abc import Sequence
import os
from pathlib import Path
import time
from typing import Annotated

from node_speed import Watcher, cpu_seconds, processes
import numpy as np
import typer
from visualization_msgs.msg import MarkerArray

from pose_ros.cli.demo_nodes import find_executable, node_environment, own_domain
from pose_ros.evaluation.report import Column, Report
from pose_ros.msg import GestureEvent, SkeletonArray
from pose_ros.ros.qos import EVENTS, MARKERS, SKELETONS

SECONDS = 15.0
ROUNDS = 3
ARRANGEMENTS = {
    'a process each': ('pose_node', 'gesture_node', 'marker_node'),
    'one process': ('pose_ros_all',),
}
LISTENED = (
    (SkeletonArray, 'skeletons', SKELETONS),
    (MarkerArray, 'skeleton_markers', MARKERS),
    (GestureEvent, 'gestures', EVENTS),
)
REPORT = Report(
    'one process',
    'The actor at 15 Hz, 640×480, from a source_node of its own; `blazepose_full` on one thread; '
    f'with subscribers to skeletons, gestures and markers; {ROUNDS} rounds of {SECONDS:g} s in '
    'turns, medians. Of pose_node, gesture_node and marker_node together: memory with what '
    'processes share counted once (PSS), resident memory with it counted in each (RSS), and CPU '
    'time.',
    (
        Column('arrangement', 'nodes'),
        Column('proportional', 'memory [MB]', '.0f'),
        Column('resident', 'resident [MB]', '.0f'),
        Column('cpu', 'CPU time per image [ms]', '.1f'),
    ),
)


def memory(pids: Sequence[int], kind: str) -> float:
    """Memory of processes together [MB]; kind 'Pss' or 'Rss'."""
    total = 0
    for pid in pids:
        rollup = Path(f'/proc/{pid}/smaps_rollup').read_text()
        total += int(rollup.split(f'{kind}:')[1].split()[0])
    return total / 1024


def command(executable: str, *parameters: str) -> list[str]:
    """Command line of a node."""
    given = [word for parameter in parameters for word in ('-p', parameter)]
    return [str(find_executable(executable)), '--ros-args', '--log-level', 'warn', *given]


def measure(domain: int, executables: Sequence[str]) -> dict[str, float]:
    """Figures of one round."""
    watcher = Watcher(domain)
    received: dict[type, list] = {kind: [] for kind, _, _ in LISTENED}
    for kind, topic, profile in LISTENED:
        watcher.node.create_subscription(kind, topic, received[kind].append, profile)
    source = command('source_node', 'source:=actor', 'scene:=gestures', 'fps:=15.0')
    people = [command(executable, 'threads:=1') for executable in executables]
    environment = {**os.environ, **node_environment(domain)}
    try:
        with processes(environment, *people, source) as pids:
            own = pids[: len(people)]
            watcher.spin_until(lambda: len(received[MarkerArray]) > 30, deadline=120.0)
            received[SkeletonArray].clear()
            cpu = sum(map(cpu_seconds, own))
            watcher.spin_for(SECONDS)
            used = sum(map(cpu_seconds, own)) - cpu
            return {
                'proportional': memory(own, 'Pss'),
                'resident': memory(own, 'Rss'),
                'cpu': 1e3 * used / len(received[SkeletonArray]),
            }
    finally:
        watcher.close()


def main(
    write: Annotated[Path | None, typer.Option(help='Page to write the table into.')] = None,
) -> None:
    """Measure, print, write."""
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in ARRANGEMENTS}
    started = time.monotonic()
    for _ in range(ROUNDS):
        for name, executables in ARRANGEMENTS.items():
            with own_domain() as domain:
                rounds[name].append(measure(domain, executables))
            typer.echo(f'{time.monotonic() - started:4.0f} s  {name}: {rounds[name][-1]}')
    for name, measured in rounds.items():
        medians = {key: float(np.median([m[key] for m in measured])) for key in measured[0]}
        REPORT.rows.append({'arrangement': name, **medians})
    typer.echo(REPORT.markdown())
    if write is not None:
        REPORT.write_markdown(write)


if __name__ == '__main__':
    typer.run(main)
