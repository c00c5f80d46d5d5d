"""Recordings and results of ``pose-ros`` in files, as the page shows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
import json
import math
from pathlib import Path
from typing import Any

from pose_ros.bags import is_bag, messages, topics_of
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.media import Media, MediaError, is_url, open_media
from pose_ros.core.motion.watcher import Motion, MotionWatcher
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.types import FrameError
from pose_ros.message_values import EVENT_TOPICS, hands_of, people_of
from pose_ros.plotting.readers import read_recording
from pose_ros.plotting.recording import Recording
from pose_ros.recordings.bag_images import BagImages
from pose_ros.recordings.inputs import estimated, open_input, watched
from pose_ros.records import hand_of, person_of
from pose_ros.tables import check_object, number_in, text_in, whole_in
from pose_ros.web.show import RecordedShow

_IMAGE_KINDS = {'sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage'}
_TEXTS = ('.json', '.jsonl', '.csv')
# By how much results may end after the images, whose length videos state roughly: share of their
# length [-], and time [s].
_LONGER, _LATER = 0.05, 1.0


@dataclass(frozen=True)
class _Source:
    """A file or URL, and what is in it; a bag is opened once for that.

    Attributes
    ----------
    name
        As it was given.
    is_bag
        Whether it is a bag.
    topics
        Last parts of the names of a bag's topics.
    kinds
        Types of their messages.
    """

    name: str
    is_bag: bool = False
    topics: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()

    @classmethod
    def of(cls, name: str) -> _Source:
        if is_url(name) or not is_bag(Path(name)):
            return cls(name)
        topics = topics_of(Path(name))
        names = frozenset(one.name.rpartition('/')[2] for one in topics)
        return cls(name, True, names, frozenset(one.kind for one in topics))

    @property
    def path(self) -> Path:
        return Path(self.name)

    @property
    def is_result(self) -> bool:
        if self.is_bag:
            return any(kind.startswith('pose_ros/') for kind in self.kinds)
        return not is_url(self.name) and self.path.suffix.lower() in _TEXTS

    @property
    def has_images(self) -> bool:
        if self.is_bag:
            return bool(self.kinds & _IMAGE_KINDS)
        return is_url(self.name) or self.path.suffix.lower() not in _TEXTS

    @cached_property
    def has_people(self) -> bool:
        """Whether results are skeletons, or lines of ``pose-ros estimate``."""
        if self.is_bag:
            return 'skeletons' in self.topics
        if self.path.is_dir():
            return False
        try:
            with self.path.open(encoding='utf-8', errors='replace') as file:
                return '"people"' in file.readline()
        except OSError as error:
            raise ValueError(f'{self.name}: {error.strerror}') from error


def open_show(paths: Sequence[str], topic: str = '') -> RecordedShow:
    """Read the results in files, and open the images of one of them.

    Parameters
    ----------
    paths
        A video or bag with images, and results: JSON lines of ``pose-ros estimate`` and
        ``analyse``, tables of angles, bags with skeletons and events.
    topic
        Of the images in a bag.

    Raises
    ------
    ValueError
        A file cannot be read, two of them have images, or there is nothing to show.
    """
    show = RecordedShow()
    sources = [_Source.of(path) for path in paths]
    results = [source for source in sources if source.is_result]
    images = [source.name for source in sources if source.has_images]
    if len(images) > 1:
        raise ValueError(f'images come from one file, got {", ".join(images)}')
    if images:
        show.media = open_input(images[0], (topic, ''))
        if not Path(images[0]).exists() or Path(images[0]).is_char_device():
            raise ValueError(f'{show.media.name}: only files can be shown, not streams')
        if isinstance(show.media, BagImages):
            _ = show.media.zero  # MediaError without an image
    people = [source for source in results if source.has_people]
    if len(people) > 1:
        names = ', '.join(source.name for source in people)
        raise ValueError(f'people come from one file, got {names}')
    inputs = [
        _read_results(source, show) for source in results if source.is_bag or not source.has_people
    ]
    show.sort()
    for source in people:
        inputs.append((_read_skeletons if source.is_bag else _read_people)(source, show))
    if show.media is None and not (show.has_people or show.events):
        raise ValueError(f'{", ".join(paths)}: nothing to show')
    if images and results:
        show.fault = _misfit(show, [name for name in inputs if name])
    return show


def analyse_show(
    show: RecordedShow,
    estimator: PoseEstimator,
    watcher: MotionWatcher,
    stopped: Callable[[], bool] = lambda: False,
) -> None:
    """Find the people in the images of a recording, and what they do unless that is known.

    Parameters
    ----------
    show
        Gets them; its `fault` says why people were not found in all images.
    estimator, watcher
        Find people, and what they do.
    stopped
        Whether to end early.
    """
    media, events_known = show.media, bool(show.events)
    assert media is not None
    convert = watched(media)
    try:
        for number, (frame, people, hands) in enumerate(estimated(estimator, media), 1):
            size = (frame.width, frame.height)
            motion = watcher.observe(convert(people, size), frame.time, hands)
            if not events_known:
                _add_motion(show, frame.time, motion)
            show.add_people(frame.time, size, people, hands=hands)
            show.progress = min(number / (media.frame_count or number + 1), 0.999)
            if stopped():
                return
    except (MediaError, FrameError, ModelError) as error:
        show.fault = '; '.join(filter(None, (show.fault, str(error))))
    if not events_known:
        for event in watcher.finish() if media.sequence else []:
            show.add_event(event)
    show.progress = 1.0


def _add_motion(show: RecordedShow, time: float, motion: Motion) -> None:
    for event in motion.events:
        show.add_event(event)
    for one in motion['angles']:
        show.add_angles(time, one.skeleton_id, one.names, one.angles.tolist())


def _misfit(show: RecordedShow, inputs: Sequence[str]) -> str:
    """Why results may be those of other images; empty if they fit.

    Parameters
    ----------
    show
        With images and results.
    inputs
        What the results were made from, as far as they say so.
    """
    media = show.media
    assert media is not None
    reasons = [f'they are of {one}' for one in dict.fromkeys(inputs) if not _same_name(one, media)]
    if show.size is not None:
        size = _image_size(media)
        if size is not None and size != show.size:
            found, expected = (f'{width}×{height}' for width, height in (show.size, size))
            reasons.append(f'their images are {found}, not {expected}')
    length = (media.frame_count or 0) / media.frame_rate if media.frame_rate else 0.0
    if length and show.end > (1 + _LONGER) * length + _LATER:
        reasons.append(f'they end at {show.end:.1f} s, it at {length:.1f} s')
    return f'the results may not be those of {media.name}: {"; ".join(reasons)}' if reasons else ''


def _same_name(name: str, media: Media) -> bool:
    """Whether an input has the name of these images; a bag that of its folder or of its file."""
    one, other = Path(name), media.path
    return one.name in (other.name, other.parent.name) or one.parent.name == other.name


def _image_size(media: Media) -> tuple[int, int] | None:
    """Size of the first image [px]; None if it cannot be read."""
    with suppress(MediaError, FrameError):
        for frame in media.frames():
            return frame.width, frame.height
    return None


def _read_results(source: _Source, show: RecordedShow) -> str:
    """Events and angles; a bag may have none. Returns what they were made from, if known."""
    if source.is_bag and not source.topics & {'joint_angles', *EVENT_TOPICS}:
        return ''
    timeline = Recording()
    read_recording(source.path, timeline, _zero(source, show) if source.is_bag else None)
    if len({track.source for track in timeline.tracks}) > 1:
        raise ValueError(f'{source.path} is about several inputs, only one can be shown')
    for track in timeline.tracks:
        for event in track.events:
            show.add_event(event)
        for time, angles in track.samples:
            show.add_angles(time, track.person, list(angles), [a for a, _ in angles.values()])
    return next((t.source for t in timeline.tracks if t.source != str(source.path)), '')


def _read_people(source: _Source, show: RecordedShow) -> str:
    """JSON lines of ``pose-ros estimate``; its images where no others are given.

    Returns what they were made from.
    """
    first, last = None, -math.inf
    with source.path.open('rb') as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
                check_object(record)
                if text_in(record, 'input') != (first or record['input']):
                    raise ValueError('the file is about several inputs, only one can be shown')
                first = record['input']
                time = number_in(record, 'time')
                if time <= last:
                    raise ValueError(f'time must increase, got {time:g} after {last:g}')
                last = time
                size = (whole_in(record, 'width'), whole_in(record, 'height'))
                people = [person_of(person) for person in record['people']]
                hands = [hand_of(hand) for hand in record.get('hands', ())]
                show.add_people(time, size, people, hands=hands)
            except KeyError as error:
                raise ValueError(f'{source.path}, line {number}: it has no {error}') from None
            except (ValueError, TypeError) as error:
                raise ValueError(f'{source.path}, line {number}: {error}') from None
            if show.media is None and number == 1:
                show.media = _source_of(record)
    return first or ''


def _source_of(record: dict[str, Any]) -> Media | None:
    """Images that a line was made from; None if they are not there any more."""
    source = str(record.get('input', ''))
    try:
        return open_media(source) if Path(source).is_file() else None
    except MediaError:
        return None


def _read_skeletons(source: _Source, show: RecordedShow) -> str:
    """Skeletons of a bag, with the hands of the same images; they do not say what they are of."""
    zero = _zero(source, show)
    hands = {}
    if 'hands' in source.topics:
        hands = {stamp: hands_of(found) for _, stamp, found in messages(source.path, ['hands'])}
    for _, stamp, message in messages(source.path, ['skeletons']):
        size = (message.image_width, message.image_height)
        show.add_people(
            stamp - zero, size, people_of(message), message.locked_id, hands.get(stamp, ())
        )
    return ''


def _zero(source: _Source, show: RecordedShow) -> float:
    """Stamp in a bag at which the time is 0 [s]: that of the first image, else of a message."""
    if isinstance(show.media, BagImages):
        return show.media.zero
    topics = ['skeletons'] if source.has_people else ['joint_angles', *EVENT_TOPICS]
    for _, stamp, _ in messages(source.path, topics):
        return stamp
    raise MediaError(f'{source.path}: there are no messages in {", ".join(topics)}')
