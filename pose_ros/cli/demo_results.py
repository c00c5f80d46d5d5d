"""What the demo leaves in its output folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
import csv
import fcntl
import json
import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from pose_ros.cli.demo_nodes import DemoError
from pose_ros.core.media import VideoWriter, images_at
from pose_ros.core.motion.events import MotionEvent

OVERLAY = 'overlay.mp4'
SHEET = 'contact_sheet.png'
EVENTS = 'events.csv'
SUMMARY = 'summary.json'
FILES = (OVERLAY, SHEET, EVENTS, SUMMARY)
LOGS = 'log'

# Layout of the contact sheet [-], [-].
COLUMNS, ROWS = 3, 3
# Maximum size of an image on it, height of the caption below, space between images [px].
TILE, CAPTION, GAP = (480, 400), 34, 6
# Background [0 to 255].
DARK = 28
# A fall is drawn on the overlay once its event has passed through the nodes [s].
FALL_DELAY = 0.3


@contextmanager
def output_folder(path: Path) -> Iterator[Path]:
    """Empty folder for one demo at a time; DemoError says why it cannot be used."""
    with ExitStack() as stack:
        try:
            (path / LOGS).mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDONLY)
            stack.callback(os.close, descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for name in FILES:
                (path / name).unlink(missing_ok=True)
            for old in (path / LOGS).glob('*_node.*'):
                old.unlink()
            (path / SUMMARY).touch()
            (path / SUMMARY).unlink()
        except BlockingIOError:
            raise DemoError(
                f'another demo is writing to {path}: wait for it, or choose a folder with --output'
            ) from None
        except OSError as error:
            raise DemoError(
                f'cannot write to {path}: {error.strerror}; choose a folder with --output'
            ) from error
        yield path


class OverlayRecorder:
    """Writes the overlay images to a video, at their stamps.

    Attributes
    ----------
    first, last
        Stamps of the first and the last image [s]; None without an image.
    error
        Why it could not be written; empty if it could.
    """

    def __init__(self, path: Path, rate: float) -> None:
        self.path = path
        self.first: float | None = None
        self.last = 0.0
        self.error = ''
        self._writer = VideoWriter(path, rate)

    def add(self, stamp: float, image: np.ndarray) -> None:
        """Write an image, uint8 BGR [height, width, 3]; one that is not newer is ignored."""
        if self.error or (self.first is not None and stamp <= self.last):
            return
        if self.first is None:
            self.first = stamp
        self.last = stamp
        try:
            self._writer.write(image, stamp - self.first)
        except OSError as error:
            self._fail(error)

    def close(self) -> None:
        """Finish the video."""
        try:
            self._writer.close()
        except OSError as error:
            self._fail(error)

    def images(self, stamps: Sequence[float]) -> list[np.ndarray | None]:
        """Images at ascending stamps [s], once the video is finished."""
        return images_at(str(self.path), [stamp - (self.first or 0.0) for stamp in stamps])

    def _fail(self, error: OSError) -> None:
        self.error = self.error or f'cannot write the overlay: {error}'


def write_results(
    folder: Path,
    summary: Mapping[str, Any],
    events: Sequence[MotionEvent],
    zero: float,
    video: OverlayRecorder,
) -> list[str]:
    """Write summary, events (times since `zero` [s]) and contact sheet; names of all files."""
    (folder / SUMMARY).write_text(json.dumps(summary, indent=2, ensure_ascii=False) + '\n')
    write_events(folder / EVENTS, events, zero)
    write_contact_sheet(folder / SHEET, events, zero, video)
    return [name for name in FILES if (folder / name).exists()]


def write_events(path: Path, events: Sequence[MotionEvent], zero: float) -> None:
    """Write a table of events; its times are since a stamp [s]."""
    columns = (
        *('time', 'stamp', 'skeleton_id', 'kind', 'name', 'phase', 'hand', 'score', 'duration'),
        *(f'direction_{axis}' for axis in 'xyz'),
    )
    with path.open('w', newline='') as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for event in events:
            direction = event.details.get('direction', (0.0, 0.0, 0.0))
            place = (event.skeleton_id, event.kind, event.name, event.phase, event.hand)
            numbers = (event.score, event.duration, *direction)
            times = (f'{event.time - zero:.3f}', f'{event.time:.6f}')
            writer.writerow((*times, *place, *(f'{number:.3f}' for number in numbers)))


def write_contact_sheet(
    path: Path, events: Sequence[MotionEvent], zero: float, video: OverlayRecorder
) -> None:
    """Write images of the first event of each kind, and of times between them."""
    if video.first is None or video.error:
        return
    entries = sheet_entries(events, video.first, video.last)
    images = video.images([stamp for stamp, _ in entries])
    shown = [(image, entry) for image, entry in zip(images, entries) if image is not None]
    if not shown:
        return
    height, width = shown[0][0].shape[:2]
    scale = min(TILE[0] / width, TILE[1] / height)
    size = (round(width * scale), round(height * scale))
    tiles = []
    for image, (stamp, title) in shown:
        tile = np.full((size[1] + CAPTION + GAP, size[0] + GAP, 3), DARK, np.uint8)
        tile[: size[1], : size[0]] = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        text = f'{stamp - zero:.1f} s  {title}'.encode('ascii', 'replace').decode()
        place, white = (GAP, size[1] + CAPTION - 11), (240, 240, 240)
        cv2.putText(tile, text, place, cv2.FONT_HERSHEY_DUPLEX, 0.62, white, 1, cv2.LINE_AA)
        tiles.append(tile)
    tiles += [np.full_like(tiles[0], DARK)] * (-len(tiles) % COLUMNS)
    rows = [np.hstack(tiles[i : i + COLUMNS]) for i in range(0, len(tiles), COLUMNS)]
    if not cv2.imwrite(str(path), np.vstack(rows)):
        raise OSError(f'OpenCV cannot write {path}')


def sheet_entries(
    events: Sequence[MotionEvent], first: float, last: float
) -> list[tuple[float, str]]:
    """Times [s] and titles of the contact sheet: first events, then the widest gaps halved."""
    titles: dict[str, float] = {}
    for event in events:
        title, stamp = event.title, event.time
        if event.kind == 'fall' and event.phase in ('falling', 'fallen'):
            title, stamp = event.phase, min(event.time + FALL_DELAY, last)
        elif event.phase == 'repetition':
            stamp = event.time - event.duration / 2
        elif event.kind != 'gesture' or event.phase != 'started':
            continue
        else:
            stamp = (event.time + _end_of(event, events, last)) / 2
        if first <= stamp <= last:
            titles.setdefault(f'{event.skeleton_id} {title}', stamp)
    entries = sorted((stamp, title) for title, stamp in titles.items())
    count = COLUMNS * ROWS
    if len(entries) > count:
        return [entries[i] for i in np.linspace(0, len(entries) - 1, count).round().astype(int)]
    while len(entries) < count:
        stamps = [first, *(stamp for stamp, _ in entries), last]
        widest = int(np.argmax(np.diff(stamps)))
        entries.insert(widest, ((stamps[widest] + stamps[widest + 1]) / 2, ''))
    return entries


def _end_of(start: MotionEvent, events: Sequence[MotionEvent], last: float) -> float:
    """Stamp at which a gesture ends [s]."""
    identity = (start.skeleton_id, start.name, start.hand, 'ended')
    ends = (e.time for e in events if (e.skeleton_id, e.name, e.hand, e.phase) == identity)
    return min((stamp for stamp in ends if stamp >= start.time), default=last)
