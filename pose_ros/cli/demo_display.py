"""What the demo shows while it runs and at its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import math
from operator import itemgetter
import os
from pathlib import Path
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from pose_ros.cli.demo_statistics import Statistics, going_on
from pose_ros.core.colours import colour_of
from pose_ros.core.motion.events import MotionEvent

# Where nobody watches a terminal, a line at this interval [s].
LINE_INTERVAL = 5.0
# Drawing takes time that the nodes need.
REFRESH_INTERVAL = 0.2
EVENTS_SHOWN = 6
# Events of one image come on several topics: lines wait for this time of the images [s].
EVENT_DELAY = 1.0
PEOPLE_SHOWN = 10


class Display:
    """A live table in a terminal, else a line now and then and one for each event.

    Use it as a context; call `update` several times a second.
    """

    def __init__(self, console: Console, title: str, duration: float) -> None:
        self._console = console
        self._title = title
        self._duration = duration
        self._live: Live | None = None
        self._next_line = 0.0
        self._next_refresh = 0.0
        self._events_taken = 0
        self._waiting: list[tuple[float, str]] = []  # times since the first image [s], lines

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
        self._print_until(math.inf)

    def update(self, statistics: Statistics, now: float, elapsed: float | None) -> None:
        """Show the state at a monotonic time [s]; elapsed is None until skeletons flow."""
        if self._live is not None:
            if now >= self._next_refresh:
                self._next_refresh = now + REFRESH_INTERVAL
                self._live.update(self._table(statistics, now, elapsed), refresh=True)
            return
        first = statistics.first_stamp
        events = statistics.events[self._events_taken :]
        self._events_taken += len(events)
        self._waiting += [(event.time - first, event_line(event, first)) for event in events]
        time = statistics.last_processed - first
        if elapsed is not None and elapsed >= self._next_line:
            self._next_line = elapsed + LINE_INTERVAL
            self._waiting.append((time, self._line(statistics, now)))
        self._print_until(time - EVENT_DELAY)

    def _print_until(self, time: float) -> None:
        """Print the lines up to a time since the first image [s], in the order of their times."""
        self._waiting.sort(key=itemgetter(0))
        while self._waiting and self._waiting[0][0] <= time:
            self._console.print(self._waiting.pop(0)[1], soft_wrap=True)

    def _line(self, statistics: Statistics, now: float) -> str:
        rate, latency = statistics.recent(now)
        time = statistics.last_processed - statistics.first_stamp
        return (
            f'{time:5.1f} s  {rate:.1f} Hz, latency {shown(latency, "ms")}, '
            f'people {statistics.people}{_numbers(statistics.present())}, '
            f'markers {statistics.markers}'
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
        recent = statistics.events_by_time()[-EVENTS_SHOWN:]
        lines = [Text(event_line(event, statistics.first_stamp)) for event in recent]
        return Group(table, *self._people(statistics), *lines)

    def _people(self, statistics: Statistics) -> list[Table]:
        """Table of the people: those in view, then those who were there last."""
        present = statistics.present()
        records = sorted(
            statistics.records.values(), key=lambda record: (-record.last, record.number)
        )
        doing: dict[int, list[str]] = {}
        for person, title in going_on(statistics.events, statistics.last_processed):
            doing.setdefault(person, []).append(title)
        rows = [
            (
                record.number,
                record.first - statistics.first_stamp,
                record.time,
                record.score,
                record.error,
                ', '.join(doing.get(record.number, ())) if record.number in present else 'away',
            )
            for record in records[:PEOPLE_SHOWN]
        ]
        return [people_table(rows, 'now')] if rows else []


def _numbers(ids: Sequence[int]) -> str:
    return f' ({", ".join(map(str, ids))})' if ids else ''


def people_table(
    rows: Sequence[tuple[int, float, float, float, float | None, str]], last: str
) -> Table:
    """Table with a row per person.

    Parameters
    ----------
    rows
        Each with id, time of the first image with the person [s], time seen [s], mean score of
        the keypoints, mean distance from the true ones [px] or None, and words.
    last
        Title of the words.
    """
    table = Table(min_width=56)
    table.add_column('person')
    for title in ('since', 'seen for', 'score', 'error'):
        table.add_column(title, justify='right')
    table.add_column(last)
    for number, since, time, score, error, words in rows:
        red, green, blue = (round(255 * part) for part in colour_of(number))
        table.add_row(
            Text(f'■ {number}', style=f'rgb({red},{green},{blue})'),
            f'{since:.1f} s',
            f'{time:.1f} s',
            f'{score:.2f}',
            '–' if error is None else f'{error:.1f} px',
            words,
        )
    return table


def summary_people_table(summary: Mapping[str, Any]) -> Table | None:
    """The people of a summary; None without any."""
    rows = [
        (
            person['id'],
            person['first_seen'],
            person['seen_for'],
            person['keypoint_score'],
            person['keypoint_error_px'],
            _counted({**person['gestures'], **person['repetitions'], **person['falls']}),
        )
        for person in summary['people']
    ]
    return people_table(rows, 'did') if rows else None


def _counted(counts: Mapping[str, int]) -> str:
    return ', '.join(f'{name.replace("_", " ")} {count}×' for name, count in counts.items())


def event_line(event: MotionEvent, first: float) -> str:
    """One line on an event, with its time since the first image [s]."""
    if event.kind == 'exercise':
        what = f'{event.title} {event.details["repetitions"]}'
    elif event.kind == 'fall':
        what = event.phase
    else:
        length = f' after {event.duration:.1f} s' if event.phase == 'ended' else ''
        what = f'{event.title} {event.phase}{length}'
    return f'{event.time - first:5.1f} s  person {event.person}: {what}'


def shown(value: float | None, unit: str = '') -> str:
    """A number of a summary for people; a dash for none."""
    return '–' if value is None else f'{value:g} {unit}'.strip()


def summary_table(summary: Mapping[str, Any]) -> Table:
    """The summary as a short table."""
    table = Table(show_header=False, min_width=56)
    table.add_column(style='cyan')
    table.add_column()
    latency = summary['latency_ms']
    rows = {
        'source': summary['source'],
        'model': summary['model'],
        'mode': summary['mode'],
        'images': f'{summary["frames_in"]}, {summary["frames_processed"]} of them processed',
        'frame rate': shown(summary['frames_per_second'], 'Hz'),
        'latency': f'median {shown(latency["median"], "ms")}, p99 {shown(latency["p99"], "ms")}',
        'inference': f'median {shown(summary["inference_ms"]["median"], "ms")}',
        'people': f'at most {summary["people_max"]} at once, {summary["distinct_ids"]} ids',
        'gestures': _counted(summary['gestures_by_hand']) or 'none',
        'postures': _counted(summary['postures']) or 'none',
        'falls': _counted(summary['falls']) or 'none',
        'exercises': _counted(summary['repetitions']) or 'none',
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


def next_steps(folder: Path, names: list[str]) -> list[str]:
    """Lines that say which result to open, and which commands to try next."""
    lines = [
        f'Open {folder / name}: {what}'
        for name, what in (
            ('overlay.mp4', 'the video with the people drawn'),
            ('contact_sheet.png', 'the main moments'),
        )
        if name in names
    ]
    if 'MAKELEVEL' in os.environ:  # make sets it
        tries = 'make demo SCENE=gestures, make demo PEOPLE=3, make demo SOURCE=/dev/video0'
        return [*lines, f'Try next: {tries}', 'make shell has pose-ros on its PATH; make doctor']
    tries = '--scene gestures, --people 3, --source /dev/video0'
    return [*lines, f'Try next: pose-ros demo with {tries}; pose-ros doctor']
