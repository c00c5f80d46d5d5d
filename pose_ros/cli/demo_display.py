"""What the demo shows while it runs and at its end."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from pose_ros.cli.demo_statistics import GestureMoment, Statistics

# Where nobody watches a terminal, a line at this interval [s].
LINE_INTERVAL = 5.0
# Drawing takes time that the nodes need.
REFRESH_INTERVAL = 0.2
GESTURES_SHOWN = 6


class Display:
    """A live table in a terminal, else a line now and then and one for each gesture.

    Use it as a context; call `update` several times a second.
    """

    def __init__(self, console: Console, title: str, duration: float) -> None:
        self._console = console
        self._title = title
        self._duration = duration
        self._live: Live | None = None
        self._next_line = 0.0
        self._next_refresh = 0.0
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

    def update(self, statistics: Statistics, now: float, elapsed: float | None) -> None:
        """Show the state at a monotonic time [s]; elapsed is None until skeletons flow."""
        if self._live is not None:
            if now >= self._next_refresh:
                self._next_refresh = now + REFRESH_INTERVAL
                self._live.update(self._table(statistics, now, elapsed), refresh=True)
            return
        for moment in statistics.gestures[self._printed :]:
            self._printed += 1
            self._console.print(gesture_line(moment, statistics.first_stamp), soft_wrap=True)
        if elapsed is not None and elapsed >= self._next_line:
            self._next_line = elapsed + LINE_INTERVAL
            self._console.print(self._line(statistics, now), soft_wrap=True)

    def _line(self, statistics: Statistics, now: float) -> str:
        rate, latency = statistics.recent(now)
        time = statistics.last_processed - statistics.first_stamp
        return (
            f'{time:5.1f} s  {rate:.1f} Hz, latency {shown(latency, "ms")}, '
            f'people {statistics.people}, markers {statistics.markers}'
        )

    def _table(self, statistics: Statistics, now: float, elapsed: float | None) -> Group:
        table = Table(title=self._title, title_justify='left', show_header=False, min_width=56)
        table.add_column(style='cyan')
        table.add_column(justify='right')
        rate, latency = statistics.recent(now)
        state = 'starting …' if elapsed is None else f'{elapsed:.0f} of {self._duration:g} s'
        table.add_row('time', state)
        table.add_row('images published', str(statistics.frames_in))
        table.add_row('images processed', str(statistics.frames_processed))
        table.add_row('frame rate', f'{rate:.1f} Hz')
        table.add_row('latency, image to skeleton', shown(latency, 'ms'))
        table.add_row('people', str(statistics.people))
        table.add_row('markers', str(statistics.markers))
        recent = statistics.gestures[-GESTURES_SHOWN:]
        lines = [Text(gesture_line(moment, statistics.first_stamp)) for moment in recent]
        return Group(table, *lines)


def gesture_line(moment: GestureMoment, first: float) -> str:
    """One line on a gesture that begins or ends, with its time since the first image [s]."""
    length = f' after {moment.duration:.1f} s' if moment.phase == 'ended' else ''
    return (
        f'{moment.stamp - first:5.1f} s  person {moment.person}: '
        f'{moment.title} {moment.phase}{length}'
    )


def shown(value: float | None, unit: str = '') -> str:
    """A number of a summary for people; a dash for none."""
    return '–' if value is None else f'{value:g} {unit}'.strip()


def summary_table(summary: Mapping[str, Any]) -> Table:
    """The summary as a short table."""
    table = Table(show_header=False, min_width=56)
    table.add_column(style='cyan')
    table.add_column()
    latency = summary['latency_ms']
    gestures = summary['gestures_by_hand'].items()
    rows = {
        'source': summary['source'],
        'model': summary['model'],
        'images': f'{summary["frames_in"]}, {summary["frames_processed"]} of them processed',
        'frame rate': shown(summary['frames_per_second'], 'Hz'),
        'latency': f'median {shown(latency["median"], "ms")}, p99 {shown(latency["p99"], "ms")}',
        'inference': f'median {shown(summary["inference_ms"]["median"], "ms")}',
        'people': f'at most {summary["people_max"]}',
        'gestures': ', '.join(f'{name} {count}×' for name, count in gestures) or 'none',
        'markers': f'{summary["markers_published"]}',
    }
    error = summary.get('keypoint_error')
    if error is not None and error['px'] is not None:
        rows['keypoint error'] = (
            f'mean {error["px"]:g} px, {error["fraction_of_height"]:.1%} of the height; '
            f'{error["missed_share"]:.1%} missed'
        )
    for name, value in rows.items():
        table.add_row(name, value)
    return table


def files_line(folder: Path, names: list[str]) -> str:
    """Where the results lie."""
    return f'{folder}/: {", ".join(names)}' if names else f'{folder}/: nothing was written'
