"""Images, videos and GIFs as frames with time stamps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
import hashlib
import math
from pathlib import Path

from pose_ros.core.media.image_files import is_image, read_image
from pose_ros.core.media.media_errors import (
    MediaError,
    display_name,
    is_url,
    local_path,
    resolved,
)
from pose_ros.core.media.stamps import DEFAULT_RATE
from pose_ros.core.media.videos import open_video
from pose_ros.core.types import Frame

# Files that are looked for in folders. A file that is named is tried whatever its suffix.
IMAGE_SUFFIXES = frozenset(
    f'.{name}'
    for name in ('bmp', 'jfif', 'jp2', 'jpe', 'jpeg', 'jpg', 'pbm', 'pgm', 'png', 'pnm', 'ppm',
                 'tif', 'tiff', 'webp')
)  # fmt: skip
VIDEO_SUFFIXES = frozenset(
    f'.{name}'
    for name in ('3g2', '3gp', 'asf', 'avi', 'f4v', 'flv', 'gif', 'm2ts', 'm4v', 'mjpeg', 'mjpg',
                 'mkv', 'mov', 'mp4', 'mpeg', 'mpg', 'mts', 'ogv', 'vob', 'webm', 'wmv')
)  # fmt: skip


@dataclass(frozen=True)
class Media:
    """An image, a video file or a video stream.

    Attributes
    ----------
    source
        Path of the file, or URL.
    sequence
        Whether the frames follow each other in time.
    frame_rate
        Frames per second on average, as the video states; 0 for an image.
    frame_count
        How many frames there are, as stated or estimated; None if unknown.
    start, duration
        Part of a sequence that is read [s]; stamps still count from its first frame.
    """

    source: str
    sequence: bool
    frame_rate: float = 0.0
    frame_count: int | None = 1
    start: float = 0.0
    duration: float = math.inf

    @property
    def name(self) -> str:
        """Name for messages and results: always encodable, without a password."""
        return display_name(self.source)

    @property
    def path(self) -> Path:
        """Path of the file; of a URL its last part, as a name for what is made of it."""
        if not is_url(self.source):
            return Path(self.source)
        address = self.source.partition('://')[2].partition('?')[0]
        return Path(address.rstrip('/').rpartition('/')[2].rpartition('@')[2] or 'stream')

    @property
    def result_name(self) -> str:
        """Name for files with results: its own, and a fingerprint of its resolved path."""
        path = resolved(self.source).encode('utf-8', 'surrogateescape')
        return f'{self.path.stem}-{hashlib.sha256(path).hexdigest()[:8]}'

    def frames(self) -> Iterator[Frame]:
        """Read the frames from `start` on, one after the other.

        Stamps are seconds since the first frame: those of the video, else from the frame rate.
        MediaError if it cannot be read, or after the good frames if it is damaged or cut off;
        FrameError for images of absurd size.
        """
        for frame in self._all_frames():
            if self.sequence and frame.time >= self.start + self.duration:
                return
            if not self.sequence or frame.time >= self.start:
                yield frame

    def frames_from(self, time: float) -> Iterator[Frame]:
        """Read the frames from a time on [s], found by seeking; for viewers.

        Ends where the file cannot be read on; MediaError if it cannot be opened.
        """
        if not self.sequence:
            yield from self.frames()
            return
        with closing(open_video(self.source)) as reader:
            for image, stamp in reader.frames_from(time):
                yield Frame(image, stamp, 'bgr')

    def _all_frames(self) -> Iterator[Frame]:
        """Read all frames."""
        if not self.sequence:
            yield Frame(read_image(Path(self.source)), channels='bgr')
            return
        with closing(open_video(self.source)) as reader:
            for image, stamp in reader.frames():
                yield Frame(image, stamp, 'bgr')


def find_media(source: str | Path) -> list[str]:
    """List the images and videos of a folder in the order of their names, or just the source.

    MediaError if there is nothing at the path, or nothing usable in the folder.
    """
    if source == '':  # as a path this would be the current folder
        raise MediaError('the name of an input is empty')
    source = local_path(str(source))
    if is_url(source):
        return [source]
    path = Path(source)
    name = display_name(path)
    if not path.is_dir():
        if not path.exists():
            raise MediaError(f'{name}: there is no such file or folder')
        return [source]
    try:
        files = sorted(file for file in path.iterdir() if file.is_file())
    except OSError as error:
        raise MediaError(f'{name}: {error.strerror}') from error
    known = IMAGE_SUFFIXES | VIDEO_SUFFIXES
    media = [f for f in files if f.suffix.lower() in known and not f.name.startswith('.')]
    if not media:
        raise MediaError(f'{name}: there is no image or video in this folder')
    return [str(file) for file in media]


def open_media(source: str | Path) -> Media:
    """Tell images from videos, and read what a video states about itself.

    By the suffix where it is a known one, else by trying. A stream is not connected to before
    its frames are read. MediaError if the source is neither, or cannot be read.
    """
    source = local_path(str(source))
    if is_url(source):
        return Media(source, True, DEFAULT_RATE, None)
    path = Path(source)
    if not path.is_file():
        there = 'not a file' if path.exists() else 'there is no such file'
        raise MediaError(f'{display_name(path)}: {there}')
    if not path.stat().st_size:
        raise MediaError(f'{display_name(path)}: the file is empty')
    suffix = path.suffix.lower()
    if suffix in IMAGE_SUFFIXES or (suffix not in VIDEO_SUFFIXES and is_image(path)):
        return Media(source, sequence=False)
    try:
        with closing(open_video(source)) as reader:
            return Media(source, True, reader.rate, reader.count)
    except MediaError as error:
        if suffix in VIDEO_SUFFIXES:
            raise
        raise MediaError(f'{error}, nor an image') from error
