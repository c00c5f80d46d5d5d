"""What the demo leaves behind in its output folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
import csv
import fcntl
import json
import os
from pathlib import Path
from typing import Any

from pose_ros.cli.demo_processes import DemoError
from pose_ros.cli.demo_recorder import FilmRecorder, write_contact_sheet
from pose_ros.core.motion.events import MotionEvent

FILM = 'overlay.mp4'
SHEET = 'contact_sheet.png'
EVENTS = 'events.csv'
SUMMARY = 'summary.json'
LOGS = 'log'
_NOWHERE = (0.0, 0.0, 0.0)


@contextmanager
def output_folder(path: Path) -> Iterator[Path]:
    """Folder for the results of one demo: made, emptied of older ones, kept from other demos.

    DemoError says why it cannot be used.
    """
    with ExitStack() as stack:
        try:
            (path / LOGS).mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDONLY)
            stack.callback(os.close, descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Results of an earlier run would look like those of one that failed.
            for old in [path / name for name in (FILM, SHEET, EVENTS, SUMMARY)]:
                old.unlink(missing_ok=True)
            for old in (path / LOGS).glob('*_node.log'):
                old.unlink()
            (path / SUMMARY).touch()
            (path / SUMMARY).unlink()
        except BlockingIOError:
            raise DemoError(
                f'another demo is writing to {path}: wait for it, or choose a folder with --output'
            ) from None
        except OSError as error:
            reason = error.strerror or str(error)
            raise DemoError(
                f'cannot write to {path}: {reason}; choose a folder with --output'
            ) from error
        yield path


def write_report(
    folder: Path,
    summary: Mapping[str, Any],
    events: Sequence[MotionEvent],
    first_stamp: float,
    film: FilmRecorder,
) -> list[str]:
    """Write everything; names of the files that are there."""
    (folder / SUMMARY).write_text(json.dumps(summary, indent=2, ensure_ascii=False) + '\n')
    write_events(folder / EVENTS, events, first_stamp)
    write_contact_sheet(folder / SHEET, film, events, first_stamp)
    return [name for name in (FILM, SHEET, EVENTS, SUMMARY) if (folder / name).exists()]


def write_events(path: Path, events: Sequence[MotionEvent], first_stamp: float) -> None:
    """Table of what began, ended or was complete; time [s] since the first image."""
    columns = (
        'time',
        'stamp',
        'person',
        'kind',
        'name',
        'phase',
        'hand',
        'score',
        'duration',
        'direction_x',
        'direction_y',
        'direction_z',
    )
    with path.open('w', newline='') as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for event in events:
            writer.writerow(
                (
                    f'{event.time - first_stamp:.3f}',
                    f'{event.time:.6f}',
                    event.person,
                    event.kind,
                    event.name,
                    event.phase,
                    event.hand,
                    f'{event.score:.3f}',
                    f'{event.duration:.3f}',
                    *(f'{part:.3f}' for part in event.details.get('direction', _NOWHERE)),
                )
            )
