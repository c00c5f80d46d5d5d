"""A recording as the page shows it: frames by time, events, angles."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import islice
import math
from typing import Any

from pose_ros.core.media import Media
from pose_ros.core.motion.events import MotionEvent
from pose_ros.core.types import Frame, Person, TrackedHand
from pose_ros.web.current_words import CurrentWords
from pose_ros.web.viewer_messages import (
    angles_message,
    event_message,
    frame_message,
    scene,
    small_jpeg,
)

# Largest difference between the times of an image and of its people [s].
_TOLERANCE = 0.02
# Pause that is read over instead of searched for [s].
_READ_ON = 2.0
# Time before a place from which images are read, to find the one that is shown there [s].
_BEFORE = 0.5
# Samples of joint angles in one answer [-].
_MAX_ANGLES = 600


class RecordedShow:
    """What is known of a recording; may grow in another thread while it is shown.

    Events must be added before the people of their frame.

    Attributes
    ----------
    media
        Where its images come from; None without images.
    events
        Messages of its events.
    progress
        Share that has been read, 0 to 1.
    fault
        Why reading ended early, or why the results may be those of other images; else empty.
    """

    def __init__(self) -> None:
        self.media: Media | None = None
        self.events: list[dict[str, Any]] = []
        self.progress = 0.0
        self.fault = ''
        self._waiting: list[MotionEvent] = []
        self._words = CurrentWords()
        self._times: list[float] = []
        self._scenes: list[dict[str, Any]] = []
        self._angle_times: list[float] = []
        self._angles: list[dict[str, Any]] = []

    @property
    def has_people(self) -> bool:
        """Whether people were added."""
        return bool(self._times)

    @property
    def size(self) -> tuple[int, int] | None:
        """Size (width, height) of the images that people were found in [px]; None if unknown."""
        known = (one for one in self._scenes if one['width'] and one['height'])
        return next(((one['width'], one['height']) for one in known), None)

    @property
    def end(self) -> float:
        """Time of the last frame, event or angle [s]."""
        last = (self._times[-1:], self._angle_times[-1:], [e['time'] for e in self.events[-1:]])
        return max((time for times in last for time in times), default=0.0)

    def add_event(self, event: MotionEvent) -> None:
        """Add the next event."""
        self._waiting.append(event)
        self.events.append(event_message(event))

    def sort(self) -> None:
        """Put events and angles of several files into the order of time."""
        self._waiting.sort(key=lambda event: event.time)
        self.events.sort(key=lambda event: event['time'])
        self._angles.sort(key=lambda one: one['time'])
        self._angle_times.sort()

    def add_angles(
        self, time: float, person: int, names: Sequence[str], angles: Sequence[float]
    ) -> None:
        """Add the joint angles [rad] of a person at a time [s]."""
        self._angles.append(angles_message(person, time, names, angles))
        self._angle_times.append(time)

    def add_people(
        self,
        time: float,
        size: tuple[int, int],
        people: Sequence[Person],
        locked: int = 0,
        hands: Sequence[TrackedHand] = (),
    ) -> None:
        """Add the people of the next frame, an image of (width, height) [px] at a time [s]."""
        while self._waiting and self._waiting[0].time <= time + 1e-3:
            self._words.take(self._waiting.pop(0))
        content = scene(
            people, time, size, words=self._words.at(time), fallen=self._words.fallen,
            locked=locked,
            hands=hands,
        )  # fmt: skip
        self._scenes.append(content)
        self._times.append(time)

    def scene_at(self, time: float) -> dict[str, Any] | None:
        """People of the last frame up to a time [s]; None before the first."""
        index = bisect_right(self._times, time + 1e-6) - 1
        return self._scenes[index] if index >= 0 else None

    def scene_of(self, frame: Frame) -> dict[str, Any]:
        """People of an image; no people if they are not known."""
        index = bisect_left(self._times, frame.time - _TOLERANCE)
        near = range(index, min(index + 3, len(self._times)))
        best = min(near, key=lambda i: abs(self._times[i] - frame.time), default=None)
        if best is not None and abs(self._times[best] - frame.time) <= _TOLERANCE:
            return self._scenes[best]
        return scene([], frame.time, (frame.width, frame.height), words={})

    def angles_between(self, after: float, until: float) -> list[dict[str, Any]]:
        """Joint angles after one time and until another [s], thinned out if they are many."""
        first = bisect_right(self._angle_times, after)
        last = bisect_right(self._angle_times, until)
        step = -(-(last - first) // _MAX_ANGLES) or 1
        return list(islice(self._angles, first, last, step))


class ShowReader:
    """Reads the images of a recording for one viewer, forwards and after jumps.

    Parameters
    ----------
    show
        The recording.
    max_width
        Maximum width of images [px].
    quality
        Of the JPEGs, 1 to 100.
    """

    def __init__(self, show: RecordedShow, max_width: int = 960, quality: int = 80) -> None:
        self._show = show
        self._max_width = max_width
        self._quality = quality
        self._frames: Iterator[Frame] = iter(())
        self._frame: Frame | None = None
        self._next: Frame | None = None
        self._sent: Frame | None = None
        self._content: dict[str, Any] | None = None
        self._since = math.inf  # from this time on it is the right one [s]

    def message_at(self, time: float) -> bytes | None:
        """Message with image and people at a time [s]; None if it is the last one again."""
        time = min(time, self._show.end)
        frame = self._frame_at(time) if self._show.media is not None else None
        content = self._show.scene_at(time) if frame is None else self._show.scene_of(frame)
        if content is None or (content is self._content and frame is self._sent):
            return None
        self._content, self._sent = content, frame
        if frame is None:
            return frame_message(content)
        jpeg = small_jpeg(frame, self._max_width, self._quality)
        return frame_message({**content, 'time': frame.time}, jpeg)

    def _frame_at(self, time: float) -> Frame | None:
        """Last image up to a time [s]; the nearest one before the first and after the last."""
        if not self._since <= time <= self._since + _READ_ON:
            assert self._show.media is not None
            self._frames = self._show.media.frames_from(max(time - _BEFORE, 0.0))
            self._frame = self._next = None
            self._since = time
        while self._frame is None or self._next is None or self._next.time <= time + 1e-6:
            if self._next is not None:
                self._frame, self._since = self._next, max(self._since, self._next.time)
            self._next = next(self._frames, None)
            if self._next is None:
                break
            if self._frame is None and self._next.time > time:
                self._frame = self._next
        return self._frame
