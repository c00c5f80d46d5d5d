"""What the demo prints while it runs and at its end."""

from __future__ import annotations

from collections.abc import Mapping
import os
from pathlib import Path
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from pose_ros.cli.demo_results import OVERLAY, SHEET
from pose_ros.cli.demo_statistics import DemoStatistics
from pose_ros.core.colours import colour_of
from pose_ros.core.motion.events import MotionEvent

# Between two lines on the state where the output is no terminal [s].
LINE_INTERVAL = 5.0
# Between two drawings of the live table [s]; drawing takes time that the nodes need.
REFRESH_INTERVAL = 0.5
# Events below the live table [-].
EVENTS_SHOWN = 6


class Display:
    """A live table in a terminal; elsewhere a line for each event, and now and then for the state.

    Use it as a context and call `update` several times a second.
    """

    def __init__(self, console: Console, title: str) -> None:
        self._console = console
        self._title = title
        self._live: Live | None = None
        self._next = 0.0
        self._printed = 0

    def __enter__(self) -> Display:
        if self._console.is_terminal:
            # transient: the summary takes the table's place.
            self._live = Live(console=self._console, auto_refresh=False, transient=True)
            self._live.start()
        else:
            self._console.print(self._title, soft_wrap=True)
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def update(self, statistics: DemoStatistics, elapsed: float | None) -> None:
        """Show the state; `elapsed` is the time with skeletons [s], None before the first."""
        if self._live is None:
            self._print_events(statistics)
        if elapsed is None or elapsed < self._next:
            return
        summary = statistics.summary()
        if self._live is None:
            self._next = elapsed + LINE_INTERVAL
            self._console.print(
                f'{statistics.since_start(statistics.last_processed):5.1f} s  '
                f'{summary["frames_per_second"]:.1f} Hz, '
                f'latency {shown(summary["latency_ms"]["median"], "ms")}, '
                f'people {statistics.people}',
                soft_wrap=True,
            )
            return
        self._next = elapsed + REFRESH_INTERVAL
        events = statistics.events_by_time()[-EVENTS_SHOWN:]
        lines = [Text(event_line(event, statistics)) for event in events]
        self._live.update(Group(self._title, summary_tables(summary), *lines), refresh=True)

    def _print_events(self, statistics: DemoStatistics) -> None:
        events = statistics.events[self._printed :]
        self._printed += len(events)
        for event in events:
            self._console.print(event_line(event, statistics), soft_wrap=True)


def event_line(event: MotionEvent, statistics: DemoStatistics) -> str:
    """One line on an event, with its time since the first image [s]."""
    if event.kind == 'exercise':
        what = f'{event.title} {event.details["repetitions"]}'
        what += ' retracted' * (event.phase == 'retracted')
    elif event.kind == 'fall':
        what = event.phase
    else:
        what = f'{event.title} {event.phase}'
    return f'{statistics.since_start(event.time):5.1f} s  person {event.skeleton_id}: {what}'


def summary_tables(summary: Mapping[str, Any]) -> Group:
    """The summary, and a row for each person."""
    table = Table(show_header=False, min_width=56)
    table.add_column(style='cyan')
    table.add_column()
    latency = summary['latency_ms']
    rows = {
        'images': f'{summary["frames_in"]}, {summary["frames_processed"]} of them processed',
        'frame rate': f'{summary["frames_per_second"]:g} Hz',
        'latency': f'median {shown(latency["median"], "ms")}, p99 {shown(latency["p99"], "ms")}',
        'inference': f'median {shown(summary["inference_ms"]["median"], "ms")}',
        'people': f'at most {summary["people_max"]} at once, {len(summary["people"])} ids',
        **{name: counted(summary[name]) for name in ('gestures', 'postures', 'falls')},
        'exercises': counted(summary['repetitions']),
    }
    error = summary.get('keypoint_error')
    if error:
        rows['keypoint error'] = (
            f'mean {error["px"]:g} px, {error["fraction_of_height"]:.1%} of the height; '
            f'{error["missed_share"]:.1%} missed'
        )
    for name, value in rows.items():
        table.add_row(name, value or 'none')
    people = Table('person', 'since', 'seen for', 'error', 'events', min_width=56)
    for person in summary['people']:
        red, green, blue = (round(255 * part) for part in colour_of(person['id']))
        people.add_row(
            Text(f'■ {person["id"]}', style=f'rgb({red},{green},{blue})'),
            f'{person["first_seen"]:.1f} s',
            f'{person["seen_for"]:.1f} s',
            shown(person['keypoint_error_px'], 'px'),
            counted({**person['gestures'], **person['repetitions'], **person['falls']}),
        )
    return Group(table, people) if summary['people'] else Group(table)


def counted(counts: Mapping[str, int]) -> str:
    """Names with their numbers."""
    return ', '.join(f'{name.replace("_", " ")} {count}×' for name, count in counts.items())


def shown(value: float | None, unit: str) -> str:
    """A number with its unit, or a dash."""
    return '–' if value is None else f'{value:g} {unit}'


def closing_lines(folder: Path, names: list[str]) -> list[str]:
    """Which files were written, which to open, and what to try next."""
    lines = [f'{folder}/: {", ".join(names) or "nothing was written"}']
    lines += [f'Open {folder / name}' for name in (OVERLAY, SHEET) if name in names]
    if 'MAKELEVEL' in os.environ:  # make sets it
        tries = 'make demo SCENE=gestures, make demo PEOPLE=3, make demo SOURCE=/dev/video0'
    else:
        tries = 'pose-ros demo with --scene gestures, --people 3, --source /dev/video0'
    return [*lines, f'Try next: {tries}']
