"""The film of the demo and the contact sheet of its moments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
import queue
import threading

import cv2
import numpy as np

from pose_ros.cli.demo_statistics import GestureMoment

# The longest standstill that the film shows [s]; a longer one is cut to it.
LONGEST_GAP = 2.0
TILE = (480, 400)  # width, height [px]
CAPTION = 34  # [px]
_FONT = cv2.FONT_HERSHEY_DUPLEX
_STOP = object()


class FilmRecorder:
    """Writes pictures with their times to a film of constant rate, in a thread of its own.

    Parameters
    ----------
    path
        Of the .mp4 file.
    rate
        Pictures a second of the film [Hz]; a picture stays until the next one's time.
    """

    def __init__(self, path: Path, rate: float) -> None:
        self.path = path
        self.rate = rate
        self.first_stamp: float | None = None
        self.length = 0  # pictures in the film
        self.dropped = 0
        self.error = ''
        self._queue: queue.Queue = queue.Queue(maxsize=30)
        self._thread: threading.Thread | None = None

    def add(self, stamp: float, image: np.ndarray) -> None:
        """Take a picture, uint8 BGR [height, width, 3].

        Never waits: what is too much is dropped.
        """
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name='film', daemon=True)
            self._thread.start()
        try:
            self._queue.put_nowait((stamp, image))
        except queue.Full:
            self.dropped += 1

    def close(self) -> None:
        """Finish the film."""
        if self._thread is not None:
            self._queue.put(_STOP)
            self._thread.join()

    def index_of(self, stamp: float) -> int:
        """Number of the picture that the film shows at a time."""
        first = stamp if self.first_stamp is None else self.first_stamp
        return round((stamp - first) * self.rate)

    def _work(self) -> None:
        writer = None
        last = None
        while (item := self._queue.get()) is not _STOP:
            stamp, image = item
            if writer is None:
                size = (image.shape[1], image.shape[0])
                code = cv2.VideoWriter_fourcc(*'mp4v')
                writer = cv2.VideoWriter(str(self.path), code, self.rate, size)
                if not writer.isOpened():
                    self.error = f'OpenCV cannot write {self.path}'
                self.first_stamp, last = stamp, image
            if self.error or image.shape != last.shape:
                continue
            index = self.index_of(stamp)
            if index - self.length > LONGEST_GAP * self.rate:
                self.first_stamp += (index - self.length) / self.rate - LONGEST_GAP
                index = self.index_of(stamp)
            while self.length < index:
                writer.write(last)
                self.length += 1
            if self.length == index:
                writer.write(image)
                self.length += 1
            last = image
        if writer is not None:
            writer.release()


@dataclass(frozen=True)
class Moment:
    """A time [s] of the run, what was going on and how it is called."""

    stamp: float
    caption: str


def gesture_moments(events: Sequence[GestureMoment], last_stamp: float) -> list[Moment]:
    """Middle of each gesture, those of a kind not yet seen first."""
    spans = []
    for start in (event for event in events if event.phase == 'started'):
        ends = [
            event.stamp
            for event in events
            if event.phase == 'ended'
            and event.stamp >= start.stamp
            and (event.person, event.gesture, event.hand)
            == (start.person, start.gesture, start.hand)
        ]
        end = min(ends, default=last_stamp)
        spans.append(Moment((start.stamp + end) / 2, start.title))
    firsts = list({span.caption: span for span in reversed(spans)}.values())[::-1]
    return firsts + [span for span in spans if span not in firsts]


def choose_moments(
    events: Sequence[GestureMoment], first: float, last: float, count: int = 9
) -> list[Moment]:
    """Moments of a run from ``first`` to ``last`` [s]: gestures, the rest spread in between."""
    chosen: list[Moment] = []
    for moment in gesture_moments(events, last):
        if len(chosen) < count and first <= moment.stamp <= last:
            caption = gestures_at(events, moment.stamp) or moment.caption
            chosen.append(Moment(moment.stamp, caption))
    spread = np.linspace(first, last, 8 * count + 1)[1:-1]
    while len(chosen) < count and len(spread):
        # The time that is farthest from all that are chosen and from both ends.
        taken = np.array([first, *(moment.stamp for moment in chosen), last])
        distance = np.abs(spread[:, None] - taken).min(axis=1)
        stamp = float(spread[distance.argmax()])
        chosen.append(Moment(stamp, gestures_at(events, stamp)))
    return sorted(chosen, key=lambda moment: moment.stamp)


def gestures_at(events: Sequence[GestureMoment], stamp: float) -> str:
    """Titles of the gestures going on at a time [s]."""
    going_on: dict[tuple, str] = {}
    for event in events:
        if event.stamp > stamp:
            break
        key = (event.person, event.gesture, event.hand)
        if event.phase == 'started':
            going_on[key] = event.title
        else:
            going_on.pop(key, None)
    return ', '.join(dict.fromkeys(going_on.values()))


def film_pictures(path: Path, indices: Sequence[int]) -> dict[int, np.ndarray]:
    """Pictures of a film by their numbers; those that cannot be read are left out."""
    capture = cv2.VideoCapture(str(path))
    pictures = {}
    position = -1
    for index in sorted(set(indices)):
        if index > position + 300:
            capture.set(cv2.CAP_PROP_POS_FRAMES, index)
            position = index - 1
        while position < index and capture.grab():
            position += 1
        success, image = capture.retrieve() if position == index else (False, None)
        if success:
            pictures[index] = image
    capture.release()
    return pictures


def contact_sheet(pictures: Sequence[np.ndarray], captions: Sequence[str]) -> np.ndarray:
    """Pictures [height, width, 3] in rows of three, each over its caption (ASCII)."""
    height, width = pictures[0].shape[:2]
    scale = min(TILE[0] / width, TILE[1] / height)
    size = (round(width * scale), round(height * scale))
    gap = 6
    rows = -(-len(pictures) // 3)
    cell = (size[0] + gap, size[1] + CAPTION + gap)
    sheet = np.full((rows * cell[1] + gap, 3 * cell[0] + gap, 3), 28, np.uint8)
    for number, (picture, caption) in enumerate(zip(pictures, captions)):
        x, y = gap + number % 3 * cell[0], gap + number // 3 * cell[1]
        sheet[y : y + size[1], x : x + size[0]] = cv2.resize(
            picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        )
        text = caption.encode('ascii', 'replace').decode()
        font = 0.62
        (text_width, _), _ = cv2.getTextSize(text, _FONT, font, 1)
        font *= min(1.0, (size[0] - 12) / max(text_width, 1))
        origin = (x + 6, y + size[1] + 23)
        cv2.putText(sheet, text, origin, _FONT, font, (240, 240, 240), 1, cv2.LINE_AA)
    return sheet


def write_contact_sheet(
    path: Path, film: FilmRecorder, events: Sequence[GestureMoment], zero: float, count: int = 9
) -> int:
    """Write the contact sheet of a finished film; captions count from ``zero`` [s].

    Returns the number of pictures on it; if it is 0, nothing was written.
    """
    if film.first_stamp is None or not film.length:
        return 0
    first = film.first_stamp
    moments = choose_moments(events, first, first + (film.length - 1) / film.rate, count)
    indices = [min(film.index_of(moment.stamp), film.length - 1) for moment in moments]
    found = film_pictures(film.path, indices)
    shown = [(m, found[i]) for m, i in zip(moments, indices) if i in found]
    if not shown:
        return 0
    captions = [f'{moment.stamp - zero:.1f} s  {moment.caption}' for moment, _ in shown]
    if not cv2.imwrite(str(path), contact_sheet([picture for _, picture in shown], captions)):
        raise OSError(f'OpenCV cannot write {path}')
    return len(shown)
