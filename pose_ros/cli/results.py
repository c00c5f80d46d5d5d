"""What the commands write: JSON lines, and pictures or videos with people drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import math
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from pose_ros.core.drawing import draw_people
from pose_ros.core.label_places import LabelPlaces
from pose_ros.core.media import DEFAULT_RATE, PICTURE_SUFFIXES, Media, is_video
from pose_ros.core.types import Frame, Person

if TYPE_CHECKING:
    from pose_ros.core.motion.events import MotionEvent


def frame_record(name: str, index: int, frame: Frame, people: Sequence[Person]) -> dict[str, Any]:
    """One line of the JSON output.

    Pixels are those of the input, to a hundredth; scores and metres to a ten-thousandth, time [s]
    to a microsecond. `state` is the number of `KeypointState`; `world` is empty if the model has
    none; what is not finite is null.
    """
    return {
        'input': name,
        'frame': index,
        'time': _rounded(frame.time, 6),
        'width': frame.width,
        'height': frame.height,
        'people': [_person_record(person) for person in people],
    }


def _person_record(person: Person) -> dict[str, Any]:
    box = person.box
    keypoints = [
        [_rounded(x, 2), _rounded(y, 2), _rounded(score, 4), int(state)]
        for (x, y), score, state in zip(person.keypoints, person.scores, person.states)
    ]
    world = [] if person.world is None else person.world
    return {
        'id': person.id,
        'score': _rounded(person.score, 4),
        'format': person.topology.name,
        'box': [_rounded(value, 2) for value in (box.x, box.y, box.width, box.height)],
        'keypoints': keypoints,
        'world': [[_rounded(value, 4) for value in point] for point in world],
    }


def event_record(name: str, event: MotionEvent) -> dict[str, Any]:
    """One line of the JSON output of ``pose-ros analyse``.

    First what every event has, then what only those of its kind have. Times and durations [s] to
    a millisecond, other numbers to a ten-thousandth; what is not finite is null.
    """
    return {
        'input': name,
        'time': _rounded(event.time, 3),
        'kind': event.kind,
        'name': event.name,
        'phase': event.phase,
        'person': event.person,
        'hand': event.hand,
        'score': _rounded(event.score, 4),
        'duration': _rounded(event.duration, 3),
        **_plain(event.details),
    }


def _plain(value: Any) -> Any:
    """Value as JSON has it."""
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    # numpy's numbers are no subclasses of Python's, but for float64.
    if isinstance(value, (float, np.floating)):
        return _rounded(value, 4)
    return bool(value) if isinstance(value, np.bool_) else value


def _rounded(value: float, digits: int) -> float | None:
    value = float(value)
    return round(value, digits) if math.isfinite(value) else None


class Overlay:
    """The input once more, with people drawn: a picture, or an MP4 video.

    Writes when used as a context. OSError if the file cannot be written.
    """

    def __init__(self, path: Path, media: Media) -> None:
        self._path = path
        self._media = media
        self._video: cv2.VideoWriter | None = None
        self._places = LabelPlaces()

    def __enter__(self) -> Overlay:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Finish the file."""
        if self._video is not None:
            self._video.release()

    def add(self, frame: Frame, people: Sequence[Person]) -> None:
        """Draw people onto the next frame of the media, which are BGR, and write it."""
        picture = draw_people(frame.image, people, 'bgr', places=self._places)
        if self._media.sequence:
            self._add_to_video(picture)
        else:
            self._write_picture(picture)

    def _write_picture(self, picture: np.ndarray) -> None:
        try:
            good, content = cv2.imencode(self._path.suffix, picture)
        except cv2.error as error:
            raise OSError(f'cannot encode {self._path}: {error.err}') from error
        if not good:
            raise OSError(f'cannot encode {self._path}')
        self._path.write_bytes(content.tobytes())

    def _add_to_video(self, picture: np.ndarray) -> None:
        height, width = picture.shape[:2]
        if self._video is None:
            code = cv2.VideoWriter_fourcc(*'mp4v')
            rate = self._media.frame_rate or DEFAULT_RATE
            self._video = cv2.VideoWriter(str(self._path), code, rate, (width, height))
            self._size = (width, height)
            if not self._video.isOpened():
                raise OSError(f'cannot write the video {self._path}')
        if (width, height) != self._size:
            raise OSError(f'{self._path}: the pictures of the video change their size')
        self._video.write(picture)


def overlay_paths(target: Path, media: Sequence[Path], folder: bool) -> dict[Path, Path]:
    """Where the overlay of each input goes.

    Parameters
    ----------
    target
        A folder, or the file for a single input.
    media
        The inputs; videos become .mp4, pictures keep their suffix.
    folder
        Whether `target` is a folder.

    Raises
    ------
    ValueError
        If the file name does not fit the input, or an input would be overwritten.
    """
    paths: dict[Path, Path] = {}
    for source in media:
        suffix = '.mp4' if is_video(source) else source.suffix
        path, count = target / (source.stem + suffix) if folder else target, 1
        if path.suffix.lower() not in ({'.mp4'} if is_video(source) else PICTURE_SUFFIXES):
            kind = 'a video: its overlay ends in .mp4' if is_video(source) else 'a picture'
            raise ValueError(f'{source} is {kind}, so {path} cannot be its overlay')
        while path in paths.values():
            count += 1
            path = target / f'{source.stem}_{count}{suffix}'
        paths[source] = path
    inputs = {path.resolve() for path in media}
    for path in paths.values():
        if path.resolve() in inputs:
            raise ValueError(f'the overlay {path} would overwrite an input')
    return paths
