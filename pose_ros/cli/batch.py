"""Estimating people in a number of files, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
import json
import math
from pathlib import Path
import sys
from typing import TYPE_CHECKING, TextIO

from pose_ros.bags import is_bag
from pose_ros.cli.console import complain, messages, progress_bars
from pose_ros.cli.people_table import PeopleTable
from pose_ros.cli.results import Overlay, frame_record, overlay_paths
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.media import Media, MediaError, find_media, is_url, open_media
from pose_ros.core.types import Frame, FrameError, Person

if TYPE_CHECKING:
    from pose_ros.recordings.bag_people import BagPeople
    from pose_ros.recordings.bag_writer import BagWriter
    from pose_ros.recordings.people_tables import PeopleTableFile


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
    """Expand folders and open every file; URLs are opened when they are read.

    Parameters
    ----------
    sources
        Files, folders and URLs; a folder may be a bag, or hold bags, too.
    topics
        Of images and of depth images in bags.
    start, duration
        Part of videos and bags that is read [s].
    """
    media, faults = [], []
    for source in sources:
        try:
            files = [source] if _is_bag(source) else find_media(source)
        except MediaError as error:
            faults.append(str(error))
            continue
        for file in files:
            try:
                opened = _open_bag(file, *topics) if _is_bag(file) else open_media(file)
                media.append(replace(opened, start=start, duration=duration))
            except MediaError as error:
                faults.append(str(error))
    return InputFiles(tuple(media), tuple(faults))


def _is_bag(source: str) -> bool:
    return not is_url(source) and is_bag(Path(source))


def _open_bag(source: str, topic: str, depth: str) -> Media:
    # Message classes need ROS or rosbags; other inputs need neither.
    from pose_ros.recordings.bag_images import open_bag_images  # noqa: PLC0415

    return open_bag_images(source, topic, depth)


def bag_paths(target: str, sources: Sequence[str], media: Sequence[Media]) -> dict[Media, Path]:
    """Choose where the bag of each input goes: the target, or in it if there are several."""
    if not target:
        return {}
    if len(sources) == len(media) == 1:
        return {media[0]: Path(target)}
    paths: dict[Media, Path] = {}
    for one in media:
        path, count = Path(target, one.path.stem), 1
        while path in paths.values():
            count += 1
            path = Path(target, f'{one.path.stem}_{count}')
        paths[one] = path
    return paths


def without_existing(
    media: Sequence[Media], results: Sequence[Mapping[Media, Path]]
) -> tuple[Media, ...]:
    """Media of which a result is missing; ValueError without results in files of their own."""
    if not any(results):
        raise ValueError('--skip-existing needs --bag or --overlay')
    left = [
        one for one in media if not all(paths[one].exists() for paths in results if one in paths)
    ]
    if len(left) < len(media):
        messages.print(f'skipped, as they exist: {len(media) - len(left)}', highlight=False)
    return tuple(left)


def prepare_overlays(
    target: Path, sources: Sequence[str], media: Sequence[Media]
) -> dict[Media, Path]:
    """Choose where each input's overlay goes, and make the folder.

    `target` is a folder if there are several inputs or a folder of them, if it is one already,
    or if it has no suffix. ValueError if a name does not fit, OSError if it cannot be made.
    """
    several = len(sources) > 1 or Path(sources[0]).is_dir()
    folder = several or target.is_dir() or not target.suffix
    overlays = overlay_paths(target, media, folder)
    (target if folder else target.parent).mkdir(parents=True, exist_ok=True)
    return overlays


def estimated(estimator: PoseEstimator, media: Media) -> Iterator[tuple[Frame, list[Person]]]:
    """Each frame of a file and the people in it; every file counts its people from 1.

    The estimator starts anew, so that nothing is tracked from one file to the next. MediaError
    or FrameError if the file cannot be read to its end.
    """
    estimator.reset()
    ids: dict[int, int] = {}
    bag = _bag_people(media)
    for frame in media.frames():
        # 0, an unconfirmed person, stays 0.
        people = [
            replace(person, id=person.id and ids.setdefault(person.id, len(ids) + 1))
            for person in estimator.estimate(frame)
        ]
        yield frame, people if bag is None else bag.place(people, frame)


def watched(media: Media, frame: Frame, people: Sequence[Person]) -> Sequence[Person]:
    """People as motion is read from them: of a bag as gesture_node would get them."""
    # The people of an image have no ids: they are counted.
    if not media.sequence:
        return numbered(people)
    bag = _bag_people(media)
    return people if bag is None else bag.as_published(people, frame)


def _bag_people(media: Media) -> BagPeople | None:
    if not _is_bag(media.source):
        return None
    from pose_ros.recordings.bag_people import BagPeople  # noqa: PLC0415

    return BagPeople()


def run_files(
    media: Sequence[Media], run: Callable[[Media, Callable[[], object]], None], quiet: bool
) -> int:
    """Run something on each file, with a progress bar unless it shall be quiet.

    Parameters
    ----------
    media
        The files.
    run
        Gets a file, and what to call after each frame.
    quiet
        Whether to hide the progress bar.

    Returns
    -------
    int
        How many files could not be read to their end; why not was told.
    """
    bad = 0
    with progress_bars('{task.completed:.0f} frames', quiet=quiet) as bars:
        for number, one in enumerate(media, 1):
            title = f'{number}/{len(media)} {Path(one.name).name}'
            task = bars.add_task(title, total=one.frame_count or 0)
            try:
                run(one, lambda: bars.advance(task))  # noqa: B023
            except (MediaError, FrameError) as error:
                complain(str(error))
                bad += 1
            bars.remove_task(task)
    return bad


def open_lines(stack: ExitStack, file: str) -> TextIO | None:
    """Where JSON lines go: nowhere for '', the output for '-', else a file; OSError."""
    if not file:
        return None
    if file == '-':
        return sys.stdout
    return stack.enter_context(Path(file).open('w', encoding='utf-8'))


def open_bag(path: Path, estimator: PoseEstimator) -> BagWriter:
    """Bag for the people of an estimator."""
    from pose_ros.recordings.bag_writer import BagWriter  # noqa: PLC0415

    path.parent.mkdir(parents=True, exist_ok=True)
    return BagWriter(path, estimator.config.model, estimator.topology)


def numbered(people: Sequence[Person]) -> list[Person]:
    """People of a single image, numbered from 1 in their order instead of tracked."""
    return [replace(person, id=number) for number, person in enumerate(people, 1)]


class Batch:
    """Writes what the estimator finds, and counts.

    Parameters
    ----------
    estimator
        Finds the people.
    everybody
        Whether to look for all people in single images, whatever the mode.
    lines
        Takes one JSON object per frame and line, or None.
    overlays
        Where the overlay of a file goes; without an entry there is none.
    bags
        Where the bag of a file goes, likewise.
    table
        Takes a row per person and frame, or None.
    """

    def __init__(
        self,
        estimator: PoseEstimator,
        lines: TextIO | None,
        overlays: dict[Media, Path],
        everybody: bool = False,
        *,
        bags: Mapping[Media, Path] | None = None,
        table: PeopleTableFile | None = None,
    ) -> None:
        self.frames = 0
        self.frames_with_people = 0
        self.table = PeopleTable()
        self._estimator = estimator
        self._mode = estimator.config.mode
        self._everybody = everybody
        self._lines = lines
        self._overlays = overlays
        self._bags = bags or {}
        self._table = table

    def run(self, media: Media, advance: Callable[[], object]) -> None:
        """Estimate every frame of a file; `advance` is called after each.

        MediaError or FrameError if it cannot be read to its end, OSError if a result cannot be
        written.
        """
        self._choose_mode(media)
        self.table.begin(Path(media.name).name)
        estimator, target = self._estimator, self._overlays.get(media)
        bag_path = self._bags.get(media)
        with ExitStack() as stack:
            overlay = stack.enter_context(Overlay(target, media)) if target else None
            bag = stack.enter_context(open_bag(bag_path, estimator)) if bag_path else None
            for index, (frame, people) in enumerate(estimated(self._estimator, media)):
                if self._lines is not None:
                    record = frame_record(media.name, index, frame, people)
                    self._lines.write(json.dumps(record, allow_nan=False) + '\n')
                if self._table is not None:
                    self._table.write(media.name, index, frame, people)
                if bag is not None:
                    bag.write(frame, people, None, estimator.statistics.inference_time)
                shown = people if media.sequence else numbered(people)
                self.table.add(shown)
                if overlay is not None:
                    overlay.add(frame, shown)
                self.frames += 1
                self.frames_with_people += bool(people)
                advance()

    def _choose_mode(self, media: Media) -> None:
        """Look for all people in a single image, if that was asked for and a detector is there."""
        mode = 'multi' if self._everybody and not media.sequence else self._mode
        if mode == self._estimator.config.mode:
            return
        try:
            self._estimator.reconfigure(replace(self._estimator.config, mode=mode))
        except ValueError as error:
            complain(f'only one person is looked for in each image: {error}')
            self._everybody = False
