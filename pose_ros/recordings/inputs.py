"""Inputs of all kinds as frames and people: images, videos, bags, folders, URLs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
import math
from pathlib import Path
from typing import TYPE_CHECKING

from pose_ros.bags import is_bag
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.media import Media, MediaError, find_media, is_url, open_media, resolved
from pose_ros.core.types import Frame, Person, TrackedHand

if TYPE_CHECKING:
    from pose_ros.recordings.bag_people import BagPeople

# Beginning of the names of cameras on Linux.
_CAMERAS = '/dev/video'


@dataclass(frozen=True)
class InputFiles:
    """What was found at the given paths.

    Attributes
    ----------
    media
        Images and videos in the order given, those of folders in the order of their names.
    faults
        Why the other paths cannot be used.
    """

    media: tuple[Media, ...]
    faults: tuple[str, ...]


def find_inputs(
    sources: Sequence[str],
    topics: tuple[str, str] = ('', ''),
    start: float = 0.0,
    duration: float = math.inf,
) -> InputFiles:
    """Expand folders and open every file once; URLs are opened when they are read.

    Parameters
    ----------
    sources
        Files, folders and URLs; a folder may be a bag, or hold bags, too. One that is named twice,
        also in another spelling or by a link, is taken once, as it is named first.
    topics
        Of images and of depth images in bags.
    start, duration
        Part of videos and bags that is read [s].
    """
    media, faults = [], []
    known: set[str] = set()
    for source in sources:
        try:
            files = _files_of(source)
        except MediaError as error:
            faults.append(str(error))
            continue
        for file in files:
            if resolved(file) in known:
                continue
            known.add(resolved(file))
            try:
                opened = open_input(file, topics)
                media.append(replace(opened, start=start, duration=duration))
            except MediaError as error:
                faults.append(str(error))
    return InputFiles(tuple(media), tuple(faults))


def _files_of(source: str) -> list[str]:
    """The source itself, or the bags, images and videos of a folder; MediaError."""
    if _is_bag(source):
        return [source]
    bags = [] if is_url(source) or not Path(source).is_dir() else Path(source).iterdir()
    found = sorted(str(path) for path in bags if not path.name.startswith('.') and is_bag(path))
    try:
        return sorted([*find_media(source), *found])
    except MediaError:
        if found:
            return found
        raise


def open_input(source: str, topics: tuple[str, str] = ('', '')) -> Media:
    """Open a file, bag, camera or URL; MediaError if it cannot be read."""
    if source.startswith(_CAMERAS):
        from pose_ros.recordings.camera_media import CameraMedia  # noqa: PLC0415

        return CameraMedia(source, True, frame_count=None)
    if not _is_bag(source):
        return open_media(source)
    # Message classes need ROS or rosbags; other inputs need neither.
    from pose_ros.recordings.bag_images import open_bag_images  # noqa: PLC0415

    return open_bag_images(source, *topics)


def estimated(
    estimator: PoseEstimator, media: Media
) -> Iterator[tuple[Frame, list[Person], list[TrackedHand]]]:
    """Each frame of a file, the people in it and their hands, if the estimator finds them.

    Every file counts its people and its hands from 1.

    The estimator starts anew, so that nothing is tracked from one file to the next. MediaError
    or FrameError if the file cannot be read to its end.
    """
    estimator.reset()
    ids: dict[int, int] = {}
    hand_ids: dict[int, int] = {}
    bag = _bag_people(media)
    for frame in media.frames():
        # 0, an unconfirmed person, stays 0.
        people = [
            replace(person, id=person.id and ids.setdefault(person.id, len(ids) + 1))
            for person in estimator.estimate(frame)
        ]
        hands = [
            replace(
                hand,
                id=hand.id and hand_ids.setdefault(hand.id, len(hand_ids) + 1),
                skeleton_id=ids.get(hand.skeleton_id, 0),
            )
            for hand in estimator.find_hands()
        ]
        yield frame, people if bag is None else bag.place(people, frame), hands


def watched(media: Media) -> Callable[[Sequence[Person], tuple[int, int]], Sequence[Person]]:
    """Function that makes the people of an input those that motion is read from.

    Its arguments are people as `estimated` gives them, and (width, height) of their image [px].
    Those of a bag become what gesture_node would get; those of an image, which have no ids, are
    counted.
    """
    if not media.sequence:
        return lambda people, _: numbered(people)
    bag = _bag_people(media)
    return (lambda people, _: people) if bag is None else bag.as_published


def _bag_people(media: Media) -> BagPeople | None:
    if not _is_bag(media.source):
        return None
    from pose_ros.recordings.bag_people import BagPeople  # noqa: PLC0415

    return BagPeople()


def numbered(people: Sequence[Person]) -> list[Person]:
    """People of a single image, numbered from 1 in their order instead of tracked."""
    return [replace(person, id=number) for number, person in enumerate(people, 1)]


def _is_bag(source: str) -> bool:
    return bool(source) and not is_url(source) and is_bag(Path(source))
