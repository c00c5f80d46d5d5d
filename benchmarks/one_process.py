"""What one process for all nodes saves: memory and CPU time, in turns with a process each.

tools/env.py env -u PYTHONSAFEPATH python benchmarks/one_process.py --write docs/launch.md
"""

from __future__ import annotations

from collections.abc import Sequence
import os
from pathlib import Path
import time
from typing import Annotated, Any

from node_speed import Watcher, cpu_seconds, processes
import numpy as np
import typer
from visualization_msgs.msg import MarkerArray

from pose_ros.cli.demo_processes import find_executable, node_environment, own_domain
from pose_ros.evaluation.report import Column, Report
from pose_ros.msg import GestureEvent, SkeletonArray
from pose_ros.ros.qos import EVENTS, MARKERS, SKELETONS

SECONDS = 15.0
ROUNDS = 3
ARRANGEMENTS = {
    'a process each': ('pose_node', 'gesture_node', 'marker_node'),
    'one process': ('pose_ros_all',),
}
REPORT = Report(
    'one process',
    'The actor at 15 Hz, 640×480, from a source_node of its own; `blazepose_full` on one thread; '
    f'somebody listening to skeletons, gestures and markers; {ROUNDS} rounds of {SECONDS:g} s in '
    'turns, medians. Memory is the proportional set size of all processes together (shared pages '
    'count once), CPU time that of pose_node, gesture_node and marker_node per image.',
    (
        Column('arrangement', 'nodes'),
        Column('memory', 'memory [MB]', '.0f'),
        Column('cpu', 'CPU time per image [ms]', '.1f'),
        Column('latency', 'image to skeleton [ms]', '.1f'),
        Column('marker_latency', 'image to markers [ms]', '.1f'),
    ),
)


def memory(pids: Sequence[int]) -> float:
    """Proportional set size of processes [MB]."""
    total = 0
    for pid in pids:
        rollup = Path(f'/proc/{pid}/smaps_rollup').read_text()
        total += int(rollup.split('Pss:')[1].split()[0])
    return total / 1024


def command(executable: str, *parameters: str) -> list[str]:
    """Command line of a node."""
    given = [word for parameter in parameters for word in ('-p', parameter)]
    return [str(find_executable(executable)), '--ros-args', '--log-level', 'warn', *given]


def measure(domain: int, executables: Sequence[str]) -> dict[str, float]:
    """Figures of one round."""
    watcher = Watcher(domain)
    ages: dict[type, list[float]] = {SkeletonArray: [], MarkerArray: []}

    def age(kind: type, header: Any) -> None:
        now = watcher.node.get_clock().now().nanoseconds
        ages[kind].append((now - header.stamp.sec * 10**9 - header.stamp.nanosec) * 1e-6)

    def on_markers(message: MarkerArray) -> None:
        if message.markers:
            age(MarkerArray, message.markers[-1].header)

    node = watcher.node
    node.create_subscription(
        SkeletonArray, 'skeletons', lambda m: age(SkeletonArray, m.header), SKELETONS
    )
    node.create_subscription(MarkerArray, 'skeleton_markers', on_markers, MARKERS)
    node.create_subscription(GestureEvent, 'gestures', lambda _: None, EVENTS)
    source = command('source_node', 'source:=actor', 'scene:=gestures', 'fps:=15.0')
    people = [command(executable, 'threads:=1') for executable in executables]
    environment = {**os.environ, **node_environment(domain)}
    try:
        with processes(environment, *people, source) as pids:
            own = pids[: len(people)]
            watcher.spin_until(lambda: len(ages[MarkerArray]) > 30, deadline=120.0)
            for values in ages.values():
                values.clear()
            cpu = sum(map(cpu_seconds, own))
            watcher.spin_for(SECONDS)
            used = sum(map(cpu_seconds, own)) - cpu
            return {
                'memory': memory(own),
                'cpu': 1e3 * used / len(ages[SkeletonArray]),
                'latency': float(np.median(ages[SkeletonArray])),
                'marker_latency': float(np.median(ages[MarkerArray])),
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
