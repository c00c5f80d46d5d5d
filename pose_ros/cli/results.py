"""Images and videos with people drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
import os
from pathlib import Path
import sys
from types import MappingProxyType

import cv2
import numpy as np

from pose_ros.cli.console import complain
from pose_ros.core.drawing import draw_people
from pose_ros.core.label_places import LabelPlaces
from pose_ros.core.media import IMAGE_SUFFIXES, Media, MediaError, VideoWriter
from pose_ros.core.types import Frame, FrameError, Person, TrackedHand


def write_text(name: str, text: str) -> None:
    """Write a text to a file, or to the output if that is '-'; OSError."""
    if name == '-':
        sys.stdout.write(text)
        return
    with whole_file(Path(name)) as path:
        path.write_text(text, encoding='utf-8')


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Name to write a result to until it is finished, such as people.part.csv for people.csv.

    It gets its own name at the end, also if Ctrl-C ends it early. If it cannot be written, as on a
    full disk, it keeps the other one, and what was at `path` stays. Pipes and devices are written
    to directly. OSError with `path` if the other one cannot be created.
    """
    part = _part_of(path)
    if part == path:
        yield path
        return
    whole = True
    try:
        yield part
    except OSError as error:
        whole = isinstance(error, BrokenPipeError)  # of the output, not of this file
        if error.errno and not whole and not part.exists():
            raise OSError(error.errno, os.strerror(error.errno), str(path)) from error
        raise
    finally:
        if not whole and part.exists():
            complain(f'{part} is incomplete')
        elif part.exists():
            part.replace(path.resolve())


def _part_of(path: Path) -> Path:
    """Name of a result until it is finished; pipes and devices are written to directly."""
    if path.exists() and not path.is_file():
        return path
    path = path.resolve()
    return path.with_stem(f'{path.stem}.part')


class Overlay:
    """The input once more, with people drawn: an image, or an MP4 video with the same stamps.

    Writes when used as a context. It gets its name at the end of the input, or where that cannot
    be read on; if something else ends it early, it keeps that of `whole_file`. OSError if the file
    cannot be written.
    """

    def __init__(self, path: Path, media: Media) -> None:
        self._path = path
        self._part = _part_of(path)
        self._video = VideoWriter(self._part, media.frame_rate) if media.sequence else None
        self._places = LabelPlaces()

    def __enter__(self) -> Overlay:
        """Begin; what a stopped run left is removed."""
        if self._part != self._path:
            self._part.unlink(missing_ok=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Finish the file."""
        if self._video is not None:
            self._video.close()
        if self._part == self._path or not self._part.exists():
            return
        if kind is None or issubclass(kind, (MediaError, FrameError)):
            self._part.replace(self._path.resolve())
        else:
            complain(f'{self._part} is incomplete')

    def add(
        self,
        frame: Frame,
        people: Sequence[Person],
        hands: Sequence[TrackedHand] = (),
        labels: Mapping[int, str] = MappingProxyType({}),
    ) -> None:
        """Draw people, hands and labels onto the next frame, which is BGR, and write it."""
        image = draw_people(frame.image, people, 'bgr', labels, places=self._places, hands=hands)
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
            self._part.write_bytes(content.tobytes())
        except OSError:
            self._part.unlink(missing_ok=True)
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
        path = target / (one.result_name + suffix) if folder else target
        if not (path.suffix.lower() == '.mp4' if one.sequence else _writable(path)):
            kind = 'a video: its overlay ends in .mp4' if one.sequence else 'an image'
            raise ValueError(f'{one.name} is {kind}, so {path} cannot be its overlay')
        paths[one] = path
    return paths


def _writable(path: Path) -> bool:
    """Whether images can be written with this suffix; a GIF would be a video."""
    suffix = path.suffix.lower()
    return suffix in IMAGE_SUFFIXES and cv2.haveImageWriter(f'x{suffix}')
