"""Estimating people in a number of files, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
import json
import math
from pathlib import Path
import sys
from typing import TYPE_CHECKING, TextIO

from pose_ros.cli.console import complain, messages, progress_bars
from pose_ros.cli.people_table import PeopleTable
from pose_ros.cli.results import Overlay, overlay_paths, whole_file
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.media import Media, MediaError, resolved
from pose_ros.core.types import FrameError
from pose_ros.recordings.inputs import estimated, numbered
from pose_ros.records import frame_record

if TYPE_CHECKING:
    from pose_ros.recordings.bag_writer import BagWriter
    from pose_ros.recordings.people_tables import PeopleTableFile


def bag_paths(target: str, sources: Sequence[str], media: Sequence[Media]) -> dict[Media, Path]:
    """Choose where the bag of each input goes: the target of a single one, else in that folder."""
    if not target:
        return {}
    folder, single = Path(target), _is_single(sources, media)
    return {one: folder if single else folder / one.result_name for one in media}


def check_bags(paths: Mapping[Media, Path], media: Sequence[Media]) -> None:
    """ValueError if a bag of these media exists already."""
    for one in media:
        if one in paths and paths[one].exists():
            raise ValueError(
                f'{paths[one]} exists already: remove it, choose another name, or add '
                '--skip-existing'
            )


def without_existing(
    media: Sequence[Media], results: Sequence[Mapping[Media, Path]], shared: Sequence[str]
) -> tuple[Media, ...]:
    """Media of which a result is missing.

    ValueError without results in files of their own, or if a file that all inputs share exists and
    would lose those that are skipped.
    """
    if not any(results):
        raise ValueError('--skip-existing needs --bag or --overlay')
    left = [
        one for one in media if not all(paths[one].exists() for paths in results if one in paths)
    ]
    if len(left) < len(media):
        for name in shared if left else ():
            if Path(name).is_file():
                raise ValueError(
                    f'{name} exists already and would lose the inputs that are skipped: choose '
                    'another name'
                )
        messages.print(f'skipped, as they exist: {len(media) - len(left)}', highlight=False)
    return tuple(left)


def prepare_overlays(
    target: Path, sources: Sequence[str], media: Sequence[Media]
) -> dict[Media, Path]:
    """Choose where each input's overlay goes, and make the folder.

    `target` is a folder if there are several inputs or a folder of them, if it is one already,
    or if it has no suffix. ValueError if a name does not fit, OSError if it cannot be made.
    """
    folder = not _is_single(sources, media) or target.is_dir() or not target.suffix
    overlays = overlay_paths(target, media, folder)
    (target if folder else target.parent).mkdir(parents=True, exist_ok=True)
    return overlays


def _is_single(sources: Sequence[str], media: Sequence[Media]) -> bool:
    """Whether there is one input, which was named itself and not a folder that it is in."""
    return len(sources) == len(media) == 1 and resolved(sources[0]) == resolved(media[0].source)


def _no_frames(media: Media) -> str:
    """Why nothing was read."""
    if not media.start and media.duration == math.inf:
        return f'{media.name}: there are no images in it'
    length = ''
    if media.frame_count and media.frame_rate:
        length = f'; its length is {media.frame_count / media.frame_rate:.1f} s'
    part = f'--start {media.start:g} and --duration {media.duration:g}'
    return f'{media.name}: there are no frames in the part of {part}{length}'


def run_files(
    media: Sequence[Media],
    run: Callable[[Media, Callable[[], object]], None],
    quiet: bool,
    bags: Collection[Media] = (),
) -> int:
    """Run something on each file, with a progress bar unless it shall be quiet.

    Ctrl-C ends it with a line that says how far it came.

    Parameters
    ----------
    media
        The files.
    run
        Gets a file, and what to call after each frame.
    quiet
        Whether to hide the progress bar.
    bags
        Those of the files that get a bag.

    Returns
    -------
    int
        Number of files that have no frames, or could not be read to their end; the reasons were
        printed.
    """
    bad = 0
    with progress_bars('{task.completed:.0f} frames', quiet=quiet) as bars:
        for number, one in enumerate(media, 1):
            title = f'{number}/{len(media)} {Path(one.name).name}'
            task = bars.add_task(title, total=one.frame_count or 0)
            try:
                run(one, lambda: bars.advance(task))  # noqa: B023
                if not bars.tasks[-1].completed:
                    raise MediaError(_no_frames(one))
            except KeyboardInterrupt:
                frames = bars.tasks[-1].completed
                removed = ', but its bag is removed' if one in bags else ''
                complain(
                    f'stopped in {one.name} ({number} of {len(media)}) after {frames:.0f} frames; '
                    f'results up to there are kept{removed}'
                )
                raise
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
    path = stack.enter_context(whole_file(Path(file)))
    return stack.enter_context(path.open('w', encoding='utf-8'))


def open_bag(path: Path, estimator: PoseEstimator) -> BagWriter:
    """Bag for the people of an estimator."""
    from pose_ros.recordings.bag_writer import BagWriter  # noqa: PLC0415

    path.parent.mkdir(parents=True, exist_ok=True)
    return BagWriter(path, estimator.config.model, estimator.topology)


class FileRun:
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
        Path of the overlay of each file that gets one.
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
            wanted = estimator.config.hands != 'none'
            for index, (frame, people, found) in enumerate(estimated(estimator, media)):
                hands = found if wanted else None
                if self._lines is not None:
                    record = frame_record(media.name, index, frame, people, hands)
                    self._lines.write(json.dumps(record, allow_nan=False) + '\n')
                if self._table is not None:
                    self._table.write(media.name, index, frame.time, people)
                if bag is not None:
                    bag.write(frame, people, None, estimator.statistics.inference_time, hands)
                shown = people if media.sequence else numbered(people)
                self.table.add(shown)
                if overlay is not None:
                    overlay.add(frame, shown, hands=found)
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
