"""Pictures, videos and GIFs from files, as frames with time stamps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
import math
from pathlib import Path

import cv2
import numpy as np

from pose_ros.core.types import Frame

PICTURE_SUFFIXES = frozenset(
    ('.bmp', '.jpeg', '.jpg', '.pgm', '.png', '.ppm', '.tif', '.tiff', '.webp')
)
VIDEO_SUFFIXES = frozenset(
    ('.avi', '.gif', '.m4v', '.mkv', '.mov', '.mp4', '.mpeg', '.mpg', '.ogv', '.webm', '.wmv')
)

DEFAULT_RATE = 30.0  # of videos that do not tell theirs [1/s]
# Containers may only estimate how many frames they hold: share that may be missing.
ESTIMATE = 0.02


class MediaError(ValueError):
    """A file that cannot be read as a picture or video; the message names it and the reason."""


@dataclass(frozen=True)
class Media:
    """A picture or video file.

    Attributes
    ----------
    path
        The file.
    sequence
        Whether the frames follow each other in time.
    frame_rate
        Frames per second; 0 for a picture.
    frame_count
        How many frames the file says it holds, None if it does not.
    """

    path: Path
    sequence: bool
    frame_rate: float = 0.0
    frame_count: int | None = 1

    def frames(self) -> Iterator[Frame]:
        """Read the frames, one after the other.

        Stamps are seconds since the first frame: those of the container, else from the frame
        rate. MediaError if the file cannot be read, or breaks off (after the good frames);
        FrameError for pictures of absurd size.
        """
        if not self.sequence:
            yield Frame(_read_picture(self.path), channels='bgr')
            return
        capture = _open_video(self.path)
        try:
            count = 0
            for image, stamp in _read_video(capture, self.frame_rate):
                yield Frame(image, stamp, 'bgr')
                count += 1
        finally:
            capture.release()
        if count == 0:
            raise MediaError(f'{self.path}: no frame of it can be read')
        missing = 0 if self.frame_count is None else self.frame_count - count
        if missing > max(1, ESTIMATE * count):
            raise MediaError(f'{self.path}: broke off after {count} of {self.frame_count} frames')


def is_video(path: Path) -> bool:
    """Whether a file is a video by its suffix."""
    return path.suffix.lower() in VIDEO_SUFFIXES


def find_media(path: Path) -> list[Path]:
    """List the pictures and videos of a folder in the order of their names, or just the file.

    MediaError if there is nothing at the path, or nothing usable in the folder.
    """
    if not path.is_dir():
        if not path.exists():
            raise MediaError(f'{path}: there is no such file or folder')
        return [path]
    try:
        files = sorted(file for file in path.iterdir() if file.is_file())
    except OSError as error:
        raise MediaError(f'{path}: {error.strerror}') from error
    known = PICTURE_SUFFIXES | VIDEO_SUFFIXES
    media = [f for f in files if f.suffix.lower() in known and not f.name.startswith('.')]
    if not media:
        raise MediaError(f'{path}: there is no picture or video in this folder')
    return media


def open_media(path: Path) -> Media:
    """Tell pictures from videos by the file's suffix, and read what a video says of itself.

    MediaError if it is neither, or cannot be read.
    """
    if not path.is_file():
        raise MediaError(f'{path}: there is no such file')
    if path.suffix.lower() in PICTURE_SUFFIXES:
        return Media(path, sequence=False)
    if not is_video(path):
        raise MediaError(f'{path}: neither a picture nor a video by its suffix {path.suffix!r}')
    capture = _open_video(path)
    try:
        rate = capture.get(cv2.CAP_PROP_FPS)
        count = capture.get(cv2.CAP_PROP_FRAME_COUNT)
    finally:
        capture.release()
    if not (math.isfinite(rate) and 0.01 <= rate <= 10_000):
        rate = DEFAULT_RATE
    return Media(path, True, rate, int(count) if 1 <= count < 1e9 else None)


def _read_picture(path: Path) -> np.ndarray:
    """Read a picture as uint8 [height, width, 3] BGR, turned upright as its EXIF data say."""
    try:
        content = np.fromfile(path, np.uint8)
    except OSError as error:
        raise MediaError(f'{path}: {error.strerror}') from error
    if content.size == 0:
        raise MediaError(f'{path}: the file is empty')
    try:
        image = cv2.imdecode(content, cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise MediaError(f'{path}: cannot be decoded: {error.err}') from error
    if image is None:
        raise MediaError(f'{path}: not a picture that can be decoded')
    return image


def _open_video(path: Path) -> cv2.VideoCapture:
    if not path.is_file():
        raise MediaError(f'{path}: there is no such file')
    capture = cv2.VideoCapture(str(path.absolute()))
    if not capture.isOpened():
        raise MediaError(f'{path}: not a video that can be decoded')
    return capture


def _read_video(capture: cv2.VideoCapture, rate: float) -> Iterator[tuple[np.ndarray, float]]:
    """Pictures and their stamps [s], which start with 0 and strictly increase."""
    first = last = math.nan
    while True:
        good, image = capture.read()
        if not good:
            return
        if image.ndim == 2:
            image = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
        position = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        if math.isnan(first):
            # Older OpenCV tells the end of a frame, newer its start.
            first, last = position, 0.0
        else:
            stamp = position - first
            last = stamp if math.isfinite(stamp) and stamp > last else last + 1 / rate
        yield image, last
