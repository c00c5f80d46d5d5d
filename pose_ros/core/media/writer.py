"""Writing MP4 videos, each image at its own time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, Protocol

import cv2
import numpy as np

from pose_ros.core.media.media_errors import display_name
from pose_ros.core.media.stamps import DEFAULT_RATE, usable_rate
from pose_ros.core.media.videos import pyav

# Of the stamps in a file; a multiple of the usual frame rates, and MPEG-4 allows no more than
# 65535 [1/s].
_TICKS = 60_000
# Encoders in the order of preference, and their options. H.264 plays in browsers; crf and qmax
# bound the loss, ultrafast takes a third of veryfast's time.
_ENCODERS: tuple[tuple[str, dict[str, str]], ...] = (
    ('libx264', {'preset': 'ultrafast', 'crf': '23'}),
    ('libopenh264', {}),
    ('mpeg4', {'qmin': '2', 'qmax': '6'}),
)


class VideoWriter:
    """Writes images at their stamps to an MP4 file; a context that finishes it.

    H.264 where PyAV has an encoder, else MPEG-4. Without PyAV the rate is constant, and images
    are repeated or left out to keep the time.

    Parameters
    ----------
    path
        The file; an existing one is replaced.
    rate
        Frames per second on average.

    Raises
    ------
    OSError
        From any method, if the file cannot be written, such as on a full disk; what was written
        is removed, as it could not be played.
    """

    def __init__(self, path: str | Path, rate: float = DEFAULT_RATE) -> None:
        self._path = Path(path)
        self._rate = usable_rate(rate)
        self._handle: BinaryIO | None = None
        self._file: _File | None = None
        self._size = (0, 0)

    def __enter__(self) -> VideoWriter:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Finish the file."""
        self.close()

    def write(self, image: np.ndarray, stamp: float) -> None:
        """Add an image.

        Parameters
        ----------
        image
            uint8 [height, width, 3] BGR; scaled to the size of the first.
        stamp
            When it is shown [s], greater than that of the image before.
        """
        # Colours are stored for two by two pixels.
        if image.shape[0] % 2 or image.shape[1] % 2:
            image = cv2.copyMakeBorder(
                image, 0, image.shape[0] % 2, 0, image.shape[1] % 2, cv2.BORDER_REPLICATE
            )
        try:
            if self._file is None:
                self._file = self._begin((image.shape[1], image.shape[0]))
            if image.shape[1::-1] != self._size:
                image = cv2.resize(image, self._size, interpolation=cv2.INTER_AREA)
            self._file.write(image, stamp)
        except OSError as error:
            self._give_up(error)

    def close(self) -> None:
        """Finish the file; without an image there is none."""
        if self._file is not None:
            try:
                self._file.close()
            except OSError as error:
                self._give_up(error)
            self._file = None
        self._close_handle()

    def _begin(self, size: tuple[int, int]) -> _File:
        self._size = size
        self._handle = self._path.open('wb')
        if pyav() is not None:
            return _PyAvFile(self._handle, size, self._rate)
        return _OpenCvFile(self._path, size, self._rate)

    def _give_up(self, error: OSError) -> NoReturn:
        """Remove what was written, which could not be played."""
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):
                file.release()
        removed = ''
        if self._handle is not None:
            self._path.unlink(missing_ok=True)
            removed = '; the incomplete file was removed'
        self._close_handle()
        text = f'{error.strerror or error}: video {display_name(self._path)}{removed}'
        raise OSError(text) from error

    def _close_handle(self) -> None:
        if self._handle is not None:
            self._handle.close()
            self._handle = None


class _File(Protocol):
    """An open video file; OSError if something cannot be written."""

    def write(self, image: np.ndarray, stamp: float) -> None: ...

    def close(self) -> None:
        """Finish it."""

    def release(self) -> None:
        """Only let go of it, after an error."""


class _PyAvFile:
    def __init__(self, handle: BinaryIO, size: tuple[int, int], rate: float) -> None:
        import av  # noqa: PLC0415

        self._av = av
        self._last = -1  # [ticks]
        self._period = round(_TICKS / rate)
        # FFmpeg takes names as UTF-8; the descriptor's name is ASCII.
        target = f'/proc/self/fd/{handle.fileno()}'
        with self._os_errors():
            self._container = av.open(target, 'w', 'mp4', options={'movflags': '+faststart'})
            name, options = next(e for e in _ENCODERS if e[0] in av.codecs_available)
            stream: Any = self._container.add_stream(name, Fraction(rate).limit_denominator(1001))
            stream.width, stream.height = size
            stream.pix_fmt = 'yuv420p'
            stream.codec_context.time_base = Fraction(1, _TICKS)
            # PyAV's default would override the quality.
            stream.codec_context.bit_rate = 0
            stream.options = options
        self._stream = stream

    def write(self, image: np.ndarray, stamp: float) -> None:
        frame = self._av.VideoFrame.from_ndarray(image, format='bgr24')
        self._last = frame.pts = max(round(stamp * _TICKS), self._last + 1)
        frame.time_base = Fraction(1, _TICKS)
        self._mux(frame)

    def close(self) -> None:
        self._mux(None)
        self.release()

    def release(self) -> None:
        with self._os_errors():
            self._container.close()

    def _mux(self, frame: Any) -> None:
        with self._os_errors():
            for packet in self._stream.encode(frame):
                # Counts only for the last one, which no other follows.
                packet.duration = packet.duration or self._period
                self._container.mux(packet)

    @contextmanager
    def _os_errors(self) -> Iterator[None]:
        try:
            yield
        except self._av.error.FFmpegError as error:
            raise OSError(error.errno, error.strerror) from error


class _OpenCvFile:
    def __init__(self, path: Path, size: tuple[int, int], rate: float) -> None:
        # OpenCV crashes on names that are not UTF-8.
        self._name = str(path)
        if display_name(path) != self._name:
            raise OSError('OpenCV cannot write a file whose name is not UTF-8')
        self._rate = rate
        self._count = 0
        self._last: np.ndarray | None = None
        code = cv2.VideoWriter.fourcc(*'mp4v')
        self._writer = cv2.VideoWriter(self._name, code, rate, size)
        if not self._writer.isOpened():
            raise OSError('OpenCV cannot begin an MP4 video; is the disk full?')

    def write(self, image: np.ndarray, stamp: float) -> None:
        index = round(stamp * self._rate)
        while self._last is not None and self._count < index:
            self._add(self._last)
        if self._count <= index:
            self._add(image)
        self._last = image

    def release(self) -> None:
        self._writer.release()

    def close(self) -> None:
        self._writer.release()
        # OpenCV reports no errors of writing.
        if not cv2.VideoCapture(self._name).isOpened():
            raise OSError('the video was not written whole; is the disk full?')

    def _add(self, image: np.ndarray) -> None:
        self._writer.write(image)
        self._count += 1
