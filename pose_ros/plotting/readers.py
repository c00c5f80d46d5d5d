"""Reading what was recorded of people: JSON lines and tables of our own, and bags."""

from __future__ import annotations

import json
from pathlib import Path

from pose_ros.bags import is_bag, messages
from pose_ros.message_values import EVENT_TOPICS, EventReader
from pose_ros.plotting.recording import Recording
from pose_ros.plotting.table import read_table
from pose_ros.records import event_of
from pose_ros.tables import open_table

TOPICS = ('joint_angles', *EVENT_TOPICS)


def read_recording(path: Path, timeline: Recording, zero: float | None = None) -> None:
    """Add what a file or bag holds to a timeline.

    Parameters
    ----------
    path
        JSON lines or a table of angles that ``pose-ros analyse`` wrote, the table of events that
        ``pose-ros demo`` wrote, or a bag with some of `TOPICS`.
    timeline
        Times are those of the file; of a bag, since `zero`.
    zero
        Stamp in a bag that becomes time 0 [s]; None: its first message.

    Raises
    ------
    ValueError
        Names file, line and reason.
    MissingLibraryError
        For a bag, without rosbags.
    """
    if is_bag(path):
        _read_bag(path, timeline, zero)
        return
    if path.is_dir():
        raise ValueError(f'{path}: a folder, but not of a bag: it has no metadata.yaml')
    try:
        text = path.read_text(encoding='utf-8')
    except UnicodeDecodeError:
        raise ValueError(f'{path}: neither JSON lines, a table nor a bag') from None
    except OSError as error:
        raise ValueError(f'{path}: {error.strerror}') from None
    if text.lstrip().startswith('{'):
        _read_lines(path, text, timeline)
    elif 'kind' in text.partition('\n')[0].split(','):
        _read_events(path, text, timeline)
    else:
        read_table(path, text, timeline)


def _read_events(path: Path, text: str, timeline: Recording) -> None:
    """Table of events."""
    _, rows = open_table(path, text, ('time', 'skeleton_id', 'kind', 'score', 'duration'))
    for row in rows:
        numbers = {key: row.number(key) for key in ('time', 'score', 'duration')}
        record = {**row.cells, **numbers, 'skeleton_id': row.whole('skeleton_id')}
        try:
            event = event_of(record)
        except ValueError as error:
            raise ValueError(f'{path}, line {row.line}: {error}') from None
        timeline.add_event(str(path), event)


def _read_lines(path: Path, text: str, timeline: Recording) -> None:
    """JSON lines of ``pose-ros analyse``."""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            event = event_of(record)
        except ValueError as error:
            raise ValueError(f'{path}, line {number}: {error}') from None
        timeline.add_event(str(record.get('input', path)), event)


def _read_bag(path: Path, timeline: Recording, zero: float | None) -> None:
    """Our own topics of a bag."""
    events: EventReader | None = None
    for topic, stamp, message in messages(path, TOPICS):
        zero = stamp if zero is None else zero
        events = events or EventReader(zero)
        if topic == 'joint_angles':
            values = (message.angles.tolist(), message.standard_deviations.tolist())
            angles = zip(message.names, *values)
            timeline.add_angles(str(path), stamp - zero, message.skeleton_id, angles)
            continue
        for event in events.read(topic, message):
            timeline.add_event(str(path), event)
