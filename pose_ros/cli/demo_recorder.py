"""The film of the demo and the contact sheet of its moments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
import queue
import threading
from typing import Any

import cv2
import numpy as np

from pose_ros.cli.demo_statistics import going_on
from pose_ros.core.colours import colour_of
from pose_ros.core.media import VideoWriter, images_at
from pose_ros.core.motion.events import MotionEvent

# The longest standstill that the film shows [s]; a longer one is cut to it.
LONGEST_GAP = 2.0
TILE = (480, 400)  # width, height [px]
CAPTION = 34  # [px]
# An event is drawn only when it has come through the nodes [s].
SHOWN_LATER = 0.3
# Events nearer to each other [s] have the same image: a third of the shortest gestures.
APART = 0.3
# Size [px] at which images are compared, and mean difference [0 to 255] up to which they are the
# same: a person at rest with another label has about 0.5, an arm that moves 1 and more.
THUMBNAIL = (80, 60)
SAME = 0.7
_FONT = cv2.FONT_HERSHEY_DUPLEX
_STOP = object()

Look = Callable[[Sequence[float]], list[np.ndarray | None]]
Colour = tuple[float, float, float]
Caption = Sequence[tuple[str, Colour]]
WHITE: Colour = (0.94, 0.94, 0.94)


class FilmRecorder:
    """Writes images at their times to a video, in a thread of its own.

    Parameters
    ----------
    path
        Of the .mp4 file.
    rate
        Images a second on average [Hz].
    """

    def __init__(self, path: Path, rate: float) -> None:
        self.path = path
        self.first_stamp: float | None = None
        self.last_stamp = 0.0
        self.dropped = 0
        self.error = ''
        self._writer = VideoWriter(path, rate)
        self._cuts: list[tuple[float, float]] = []  # stamp after each, and what it left out [s]
        self._queue: queue.Queue = queue.Queue(maxsize=30)
        self._thread: threading.Thread | None = None

    def add(self, stamp: float, image: np.ndarray) -> None:
        """Take an image, uint8 BGR [height, width, 3].

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
        """Finish the video."""
        if self._thread is not None:
            self._queue.put(_STOP)
            self._thread.join()

    def time_of(self, stamp: float) -> float:
        """Time in the video [s] at which it shows a stamp."""
        first = stamp if self.first_stamp is None else self.first_stamp
        return stamp - first - sum(length for after, length in self._cuts if stamp >= after)

    def _work(self) -> None:
        while (item := self._queue.get()) is not _STOP:
            # After an error the queue is only emptied.
            if not self.error:
                self._try(self._write, *item)
        if not self.error:
            self._try(self._writer.close)

    def _try(self, action: Callable[..., None], *arguments: Any) -> None:
        try:
            action(*arguments)
        except OSError as error:
            self.error = f'cannot write the overlay: {error}'

    def _write(self, stamp: float, image: np.ndarray) -> None:
        if self.first_stamp is None:
            self.first_stamp = stamp
        elif stamp <= self.last_stamp:
            return
        elif stamp - self.last_stamp > LONGEST_GAP:
            self._cuts.append((stamp, stamp - self.last_stamp - LONGEST_GAP))
        self.last_stamp = stamp
        self._writer.write(image, self.time_of(stamp))


@dataclass(frozen=True)
class Moment:
    """A time [s] of the run, and what was going on: (person, title)."""

    stamp: float
    titles: tuple[tuple[int, str], ...] = ()


def event_moments(events: Sequence[MotionEvent], last_stamp: float) -> list[Moment]:
    """When gestures, falls and repetitions are seen best, in the order of the events."""
    found = []
    for event in events:
        if event.kind == 'exercise':
            found.append(Moment(event.time - event.duration / 2, ((event.person, event.title),)))
        elif event.kind == 'fall' and event.phase in ('falling', 'fallen'):
            stamp = min(event.time + SHOWN_LATER, last_stamp)
            found.append(Moment(stamp, ((event.person, event.phase),)))
        elif event.kind == 'gesture' and event.phase == 'started':
            ends = [
                end.time
                for end in events
                if end.phase == 'ended'
                and end.time >= event.time
                and (end.person, end.name, end.hand) == (event.person, event.name, event.hand)
            ]
            middle = (event.time + min(ends, default=last_stamp)) / 2
            found.append(Moment(middle, ((event.person, event.title),)))
    return found


def firsts_of(moments: Sequence[Moment]) -> list[Moment]:
    """The first moment of each kind."""
    kinds = {moment.titles[0][1]: moment for moment in reversed(moments)}
    return list(kinds.values())[::-1]


def choose_moments(
    events: Sequence[MotionEvent], first: float, last: float, look: Look, count: int = 9
) -> list[tuple[Moment, np.ndarray]]:
    """Moments of a run from ``first`` to ``last`` [s], with their images.

    The first of each kind of event, or as many kinds as there is room for; then those events and
    times whose images differ most from the others.

    Parameters
    ----------
    events
        In the order of their times.
    first, last
        Of the images [s].
    look
        Images at times [s]; None where there is none.
    count
        How many moments.
    """
    found = [m for m in event_moments(events, last) if first <= m.stamp <= last]
    firsts: list[Moment] = []
    for moment in firsts_of(found):
        # Several at the same time are one moment: its titles are all that goes on.
        if all(abs(moment.stamp - other.stamp) >= APART for other in firsts):
            firsts.append(moment)
    firsts = _some(firsts, count)
    others = [m for m in found if m not in firsts]
    spread = [Moment(stamp) for stamp in np.linspace(first, last, 4 * count + 1)[1:-1].tolist()]
    candidates = [*firsts, *_some(others, 4 * count), *spread]
    images = look([moment.stamp for moment in candidates])
    seen = [(m, i) for m, i in zip(candidates, images) if i is not None]
    kept = sum(image is not None for image in images[: len(firsts)])
    chosen = [seen[i] for i in most_different([image for _, image in seen], kept, count)]
    return [(_with_titles(events, m), i) for m, i in sorted(chosen, key=lambda c: c[0].stamp)]


def _some(moments: Sequence[Moment], count: int) -> list[Moment]:
    """At most so many of them, spread evenly."""
    if len(moments) <= count:
        return list(moments)
    return [moments[i] for i in np.linspace(0, len(moments) - 1, count).round().astype(int)]


def _with_titles(events: Sequence[MotionEvent], moment: Moment) -> Moment:
    """The moment with all that goes on then."""
    titles = dict.fromkeys([*moment.titles, *going_on(events, moment.stamp)])
    return Moment(moment.stamp, tuple(titles))


def most_different(images: Sequence[np.ndarray], kept: int, count: int) -> list[int]:
    """Indices of at most ``count`` images: the first ``kept``, then each most unlike those before.

    Images [height, width, 3] as good as equal to one before are left out.
    """
    small = [
        cv2.resize(image, THUMBNAIL, interpolation=cv2.INTER_AREA).astype(np.float32)
        for image in images
    ]
    chosen = list(range(kept)) or list(range(min(1, len(images))))
    distance = np.full(len(images), np.inf)
    for index in chosen:
        distance = np.minimum(distance, [np.abs(one - small[index]).mean() for one in small])
    while len(chosen) < count and len(images) and distance.max() > SAME:
        chosen.append(int(distance.argmax()))
        distance = np.minimum(distance, [np.abs(one - small[chosen[-1]]).mean() for one in small])
    return chosen


def caption_of(moment: Moment, zero: float, several: bool) -> Caption:
    """Words under the picture of a moment; time since ``zero`` [s].

    With several people each title stands with its person's number, in its person's colour.
    """
    words: list[tuple[str, Colour]] = [(f'{moment.stamp - zero:.1f} s', WHITE)]
    if several:
        words += [(f'{person} {title}', colour_of(person)) for person, title in moment.titles]
    else:
        words += [(title, WHITE) for title in dict.fromkeys(t for _, t in moment.titles)]
    return words


def contact_sheet(pictures: Sequence[np.ndarray], captions: Sequence[Caption]) -> np.ndarray:
    """Pictures [height, width, 3] in rows of three, each over its caption.

    A caption is words (ASCII), each with its colour (r, g, b), 0 to 1.
    """
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
        write_words(sheet[y + size[1] : y + size[1] + CAPTION, x : x + size[0]], caption)
    return sheet


def write_words(strip: np.ndarray, caption: Caption) -> None:
    """Write words one after the other into a strip of a picture [CAPTION, width, 3]."""
    texts = [(text.encode('ascii', 'replace').decode(), colour) for text, colour in caption]
    font, space, left = 0.62, 14, 6
    widths = [cv2.getTextSize(text, _FONT, font, 1)[0][0] + space for text, _ in texts]
    shrink = min(1.0, (strip.shape[1] - 2 * left) / max(sum(widths), 1))
    x = float(left)
    for (text, (red, green, blue)), width in zip(texts, widths):
        bgr = [round(255 * part) for part in (blue, green, red)]
        cv2.putText(strip, text, (round(x), 23), _FONT, font * shrink, bgr, 1, cv2.LINE_AA)
        x += width * shrink


def write_contact_sheet(
    path: Path, film: FilmRecorder, events: Sequence[MotionEvent], zero: float, count: int = 9
) -> int:
    """Write the contact sheet of a finished film; captions count from ``zero`` [s].

    Returns the number of pictures on it; if it is 0, nothing was written.
    """
    if film.first_stamp is None or film.error:
        return 0

    def look(stamps: Sequence[float]) -> list[np.ndarray | None]:
        # In order: going back in a video takes long.
        order = np.argsort(stamps)
        found = images_at(str(film.path), [film.time_of(stamps[i]) for i in order])
        return [image for _, image in sorted(zip(order, found), key=lambda pair: int(pair[0]))]

    shown = choose_moments(events, film.first_stamp, film.last_stamp, look, count)
    if not shown:
        return 0
    several = len({event.person for event in events}) > 1
    captions = [caption_of(moment, zero, several) for moment, _ in shown]
    if not cv2.imwrite(str(path), contact_sheet([picture for _, picture in shown], captions)):
        raise OSError(f'OpenCV cannot write {path}')
    return len(shown)
