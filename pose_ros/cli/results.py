"""What the commands write: JSON lines, and images or videos with people drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from pose_ros.core.drawing import draw_people
from pose_ros.core.label_places import LabelPlaces
from pose_ros.core.media import IMAGE_SUFFIXES, Media, VideoWriter
from pose_ros.core.types import Frame, Person

if TYPE_CHECKING:
    from pose_ros.core.motion.events import MotionEvent


def frame_record(name: str, index: int, frame: Frame, people: Sequence[Person]) -> dict[str, Any]:
    """One line of the JSON output.

    Pixels are those of the input, to a hundredth; scores and metres to a ten-thousandth, time [s]
    to a microsecond. `state` is the number of `KeypointState`; `world` is empty if the model has
    none; `positions` [m] are there where a bag has the camera's calibration; what is not finite
    is null.
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
    world: Any = [] if person.world is None else person.world
    record = {
        'id': person.id,
        'score': _rounded(person.score, 4),
        'format': person.topology.name,
        'box': [_rounded(value, 2) for value in (box.x, box.y, box.width, box.height)],
        'keypoints': keypoints,
        'world': [[_rounded(value, 4) for value in point] for point in world],
    }
    if person.positions is not None:
        points = person.positions.points
        record['positions'] = [[_rounded(value, 4) for value in point] for point in points]
    return record


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
        'skeleton_id': event.skeleton_id,
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


def _rounded(value: float | np.floating, digits: int) -> float | None:
    value = float(value)
    return round(value, digits) if math.isfinite(value) else None


class Overlay:
    """The input once more, with people drawn: an image, or an MP4 video with the same stamps.

    Writes when used as a context. OSError if the file cannot be written.
    """

    def __init__(self, path: Path, media: Media) -> None:
        self._path = path
        self._video = VideoWriter(path, media.frame_rate) if media.sequence else None
        self._places = LabelPlaces()

    def __enter__(self) -> Overlay:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Finish the file."""
        if self._video is not None:
            self._video.close()

    def add(self, frame: Frame, people: Sequence[Person]) -> None:
        """Draw people onto the next frame of the media, which are BGR, and write it."""
        image = draw_people(frame.image, people, 'bgr', places=self._places)
        if self._video is not None:
            self._video.write(image, frame.time)
        else:
            self._write_image(image)

    def _write_image(self, image: np.ndarray) -> None:
        try:
            good, content = cv2.imencode(self._path.suffix, image)
        except cv2.error as error:
            raise OSError(f'cannot encode {self._path}: {error.err}') from error
        if not good:
            raise OSError(f'cannot encode {self._path}')
        try:
            self._path.write_bytes(content.tobytes())
        except OSError:
            self._path.unlink(missing_ok=True)
            raise


def overlay_paths(target: Path, media: Sequence[Media], folder: bool) -> dict[Media, Path]:
    """Where the overlay of each input goes.

    Parameters
    ----------
    target
        A folder, or the file for a single input.
    media
        The inputs; videos become .mp4, images keep their suffix where it can be written, else
        become .png.
    folder
        Whether `target` is a folder.

    Raises
    ------
    ValueError
        If the file name does not fit the input.
    """
    paths: dict[Media, Path] = {}
    for one in media:
        source = one.path
        suffix = '.mp4' if one.sequence else source.suffix if _writable(source) else '.png'
        path, count = target / (source.stem + suffix) if folder else target, 1
        if not (path.suffix.lower() == '.mp4' if one.sequence else _writable(path)):
            kind = 'a video: its overlay ends in .mp4' if one.sequence else 'an image'
            raise ValueError(f'{one.name} is {kind}, so {path} cannot be its overlay')
        while path in paths.values():
            count += 1
            path = target / f'{source.stem}_{count}{suffix}'
        paths[one] = path
    return paths


def _writable(path: Path) -> bool:
    """Whether images can be written with this suffix; a GIF would be a video."""
    suffix = path.suffix.lower()
    return suffix in IMAGE_SUFFIXES and cv2.haveImageWriter(f'x{suffix}')
