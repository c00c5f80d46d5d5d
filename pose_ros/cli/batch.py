"""Estimating people in a number of files, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
import json
from pathlib import Path
from typing import TextIO

from pose_ros.cli.results import Overlay, frame_record, overlay_paths
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.media import Media, MediaError, find_media, open_media


@dataclass(frozen=True)
class Inputs:
    """What was found at the given paths.

    Attributes
    ----------
    media
        Pictures and videos in the order given, those of folders in the order of their names.
    faults
        Why the other paths cannot be used.
    """

    media: tuple[Media, ...]
    faults: tuple[str, ...]


def find_inputs(paths: Sequence[Path]) -> Inputs:
    """Expand folders and open every file."""
    media, faults = [], []
    for path in paths:
        try:
            files = find_media(path)
        except MediaError as error:
            faults.append(str(error))
            continue
        for file in files:
            try:
                media.append(open_media(file))
            except MediaError as error:
                faults.append(str(error))
    return Inputs(tuple(media), tuple(faults))


def prepare_overlays(
    target: Path, paths: Sequence[Path], media: Sequence[Media]
) -> dict[Path, Path]:
    """Choose where each input's overlay goes, and make the folder.

    `target` is a folder if there are several inputs or a folder of them, if it is one already,
    or if it has no suffix. ValueError if a name does not fit, OSError if it cannot be made.
    """
    folder = len(paths) > 1 or paths[0].is_dir() or target.is_dir() or not target.suffix
    overlays = overlay_paths(target, [one.path for one in media], folder)
    (target if folder else target.parent).mkdir(parents=True, exist_ok=True)
    return overlays


class Batch:
    """Writes what the estimator finds, and counts.

    Parameters
    ----------
    estimator
        Starts anew with every file, so that nothing is tracked from one to the next.
    lines
        Takes one JSON object per frame and line, or None.
    overlays
        Where the overlay of a file goes; without an entry there is none.
    """

    def __init__(
        self, estimator: PoseEstimator, lines: TextIO | None, overlays: dict[Path, Path]
    ) -> None:
        self.frames = 0
        self.frames_with_people = 0
        self._estimator = estimator
        self._lines = lines
        self._overlays = overlays

    def run(self, media: Media, advance: Callable[[], object]) -> None:
        """Estimate every frame of a file; `advance` is called after each.

        MediaError or FrameError if it cannot be read to its end, OSError if a result cannot be
        written.
        """
        self._estimator.reset()
        ids: dict[int, int] = {}
        target = self._overlays.get(media.path)
        with Overlay(target, media) if target else nullcontext() as overlay:
            for index, frame in enumerate(media.frames()):
                # Every file counts its people from 1; 0 stays 0.
                people = [
                    replace(person, id=person.id and ids.setdefault(person.id, len(ids) + 1))
                    for person in self._estimator.estimate(frame)
                ]
                if self._lines is not None:
                    record = frame_record(str(media.path), index, frame, people)
                    self._lines.write(json.dumps(record, allow_nan=False) + '\n')
                if overlay is not None:
                    overlay.add(frame, people)
                self.frames += 1
                self.frames_with_people += bool(people)
                advance()
