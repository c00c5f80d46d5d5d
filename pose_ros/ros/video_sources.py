"""Videos as sources of source_node: files at the pace of their stamps, and live streams."""

from __future__ import annotations

from collections.abc import Callable

from pose_ros.core.media import (
    MediaError,
    VideoReader,
    display_name,
    is_url,
    local_path,
    open_media,
    open_video,
)
from pose_ros.ros.image_sources import SourceError, SourceImage
from pose_ros.ros.images import WrittenEncoding

# How long a silent stream or server may stay silent; a shutdown can take as long [s].
STREAM_TIMEOUT = 5.0


class VideoSource:
    """A video that has an end, as a file has: each image is due at its stamp.

    Parameters
    ----------
    path
        Path, or URL.
    reader
        The open video.
    loop
        Whether it starts again at its end.
    warn
        Takes what is wrong with a video that is played on nevertheless.
    """

    encoding: WrittenEncoding = 'bgr8'
    live = False

    def __init__(
        self, path: str, reader: VideoReader, loop: bool, warn: Callable[[str], object]
    ) -> None:
        self.rate = reader.rate
        self._path = path
        self._loop = loop
        self._warn = warn
        self._warned = False
        self._start = 0.0  # of this round [s]
        self._next_start = 0.0  # of the next round [s]
        self._begin(reader)

    def _begin(self, reader: VideoReader) -> None:
        self._reader = reader
        self._frames = reader.frames()

    def read(self) -> SourceImage | None:
        """Decode the next image; the first after the last when it plays in a loop."""
        try:
            image = self._read()
            if image is None and self._loop:
                self._start = self._next_start
                self._reader.close()
                self._begin(open_video(self._path, STREAM_TIMEOUT))
                image = self._read()
        except MediaError as error:
            raise SourceError(f'video {error}') from error
        return image

    def _read(self) -> SourceImage | None:
        """Next image of this round; a loop goes on after what is damaged."""
        try:
            image, stamp = next(self._frames, (None, 0.0))
        except MediaError as error:
            if not self._loop or self._next_start == self._start:
                raise
            if not self._warned:
                self._warn(f'video {error}; it is played again from its start')
                self._warned = True
            return None
        if image is None:
            return None
        due = self._start + stamp
        self._next_start = due + 1 / self.rate
        return SourceImage(image, due=due)

    def close(self) -> None:
        """Release the file or connection."""
        self._reader.close()


class StreamSource:
    """A live stream; read all of it, so that its images are new.

    Parameters
    ----------
    name
        For messages.
    reader
        The open stream.
    """

    encoding: WrittenEncoding = 'bgr8'
    live = True

    def __init__(self, name: str, reader: VideoReader) -> None:
        self.rate = reader.rate
        self._name = name
        self._reader = reader
        self._frames = reader.frames()

    def read(self) -> SourceImage | None:
        """Wait for the next image."""
        try:
            image, _ = next(self._frames)
        except StopIteration:
            raise SourceError(f'video {self._name}: the stream has ended') from None
        except MediaError as error:
            raise SourceError(f'video {error}') from error
        return SourceImage(image)

    def close(self) -> None:
        """End the connection."""
        self._reader.close()


def open_source(
    path: str, loop: bool, warn: Callable[[str], object]
) -> VideoSource | StreamSource:
    """Open a video file or URL.

    Parameters
    ----------
    path
        Path, or URL that FFmpeg reads.
    loop
        Whether it starts again at its end, if it has one.
    warn
        Takes what is wrong with a video that is played on nevertheless.

    Raises
    ------
    SourceError
        If it cannot be opened.
    """
    if not path:
        raise SourceError('source is video: the parameter path must name the file or URL')
    path = local_path(path)
    name = display_name(path)
    try:
        if not is_url(path) and not open_media(path).sequence:
            raise SourceError(f'video {name}: this is an image')
        reader = open_video(path, STREAM_TIMEOUT)
    except MediaError as error:
        raise SourceError(f'video {error}') from error
    return VideoSource(path, reader, loop, warn) if reader.finite else StreamSource(name, reader)
