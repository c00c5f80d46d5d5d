"""Videos as sources of source_node: files at the pace of their stamps, and live streams."""

from __future__ import annotations

from collections.abc import Callable
import threading
import time

import numpy as np

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
# How long one read waits for the next image of a stream [s].
READ_TIMEOUT = 0.1


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
    """A live stream: a thread decodes all of it, and only the newest image is kept.

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
        self._changed = threading.Condition()
        self._newest: tuple[np.ndarray, float] | None = None
        self._end = ''
        self._closed = False
        # A daemon: a stalled connection must not hold up the end of the process.
        threading.Thread(target=self._work, name='stream', daemon=True).start()

    def read(self) -> SourceImage | None:
        """Wait a moment for the next image; None if there was none."""
        with self._changed:
            self._changed.wait_for(lambda: self._newest or self._end, READ_TIMEOUT)
            newest, self._newest = self._newest, None
            if newest is None:
                if self._end:
                    raise SourceError(f'video {self._end}')
                return None
        image, arrived = newest
        return SourceImage(image, age=time.monotonic() - arrived)

    def close(self) -> None:
        """Let the thread end, which releases the connection."""
        self._closed = True

    def _work(self) -> None:
        end = f'{self._name}: the stream has ended'
        try:
            for image, _ in self._reader.frames():
                if self._closed:
                    break
                with self._changed:
                    self._newest = (image, time.monotonic())
                    self._changed.notify()
        except MediaError as error:
            end = str(error)
        finally:
            self._reader.close()
        with self._changed:
            self._end = end
            self._changed.notify()


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
