"""Videos by PyAV: FFmpeg's formats, protocols, time stamps and display matrices."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
import errno
import math
from pathlib import Path
import time
from typing import Any, BinaryIO

import av
import numpy as np

from pose_ros.core.media.containers import is_cut_off
from pose_ros.core.media.media_errors import MediaError, display_name, is_url
from pose_ros.core.media.stamps import StampCounter, usable_rate
from pose_ros.core.media.stored_orientation import UPRIGHT, Orientation, matrix_orientation
from pose_ros.core.types import MAX_IMAGE_SIDE

# Brands of HEIF: still images, whose tiles FFmpeg shows one by one.
_STILL_BRANDS = frozenset(('heic', 'heix', 'heim', 'heis', 'mif1', 'avif'))
# RTSP over TCP where the camera can: UDP loses packets.
_OPTIONS = {'rtsp_flags': 'prefer_tcp'}
# Titles and the like need not be UTF-8; PyAV replaces what is not by itself from 19 on.
_REPLACES = int(av.__version__.split('.')[0]) >= 19
_TEXTS: dict[str, Any] = {} if _REPLACES else {'metadata_errors': 'replace'}


class PyAvReader:
    """An open video, as `VideoReader`."""

    def __init__(self, source: str, timeout: float) -> None:
        self._source = source
        self._name = display_name(source)
        self._timeout = timeout
        self._network = is_url(source)
        self._file: BinaryIO | None = None
        self._container: Any = None
        try:
            self._container = self._open()
            self._stream = self._video_stream()
        except MediaError:
            self.close()
            raise
        self._find_length()
        # Threads by frames are faster, but hold back as many frames as there are threads.
        self._stream.thread_type = 'AUTO' if self.finite else 'SLICE'
        self._reformatter = av.video.reformatter.VideoReformatter()

    def _open(self) -> Any:
        started = time.monotonic()
        try:
            if self._network:
                return av.open(
                    self._source,
                    options=_OPTIONS if self._source.startswith('rtsp') else {},
                    timeout=(self._timeout, self._timeout),
                    **_TEXTS,
                )
            if self._name == self._source:
                # Absolute: a colon in a relative name would be taken for a protocol.
                target = str(Path(self._source).absolute())
            else:
                # FFmpeg takes names as UTF-8; the descriptor's name is ASCII.
                self._file = open(self._source, 'rb')  # noqa: SIM115
                target = f'/proc/self/fd/{self._file.fileno()}'
            return av.open(target, **_TEXTS)
        except (av.error.FFmpegError, OSError) as error:
            raise MediaError(f'{self._name}: {self._reason(error, started)}') from error

    def _reason(self, error: Exception, started: float) -> str:
        """Why something failed, in words."""
        # FFmpeg reports a timeout as a wish to exit, when it opens RTSP as invalid data.
        waited = time.monotonic() - started >= self._timeout
        if self._network and (waited or isinstance(error, av.error.ExitError)):
            return f'no data for {self._timeout:g} s'
        if self._network and getattr(error, 'errno', None) == errno.EIO:
            return 'the connection is lost'
        if self._cut_off():
            return 'the file is cut off and cannot be decoded'
        if isinstance(error, av.error.InvalidDataError):
            return 'not a video that can be decoded'
        return getattr(error, 'strerror', None) or str(error)

    def _cut_off(self) -> bool:
        return not self._network and is_cut_off(Path(self._source))

    def _video_stream(self) -> Any:
        """Return the first video stream that is not a cover image; MediaError."""
        brand = self._container.metadata.get('major_brand', '').strip()
        if brand in _STILL_BRANDS:
            raise MediaError(
                f'{self._name}: HEIF images ({brand}) cannot be decoded: convert it to JPEG'
            )
        attached = getattr(getattr(av.stream, 'Disposition', None), 'attached_pic', 0)
        for stream in self._container.streams.video:
            if stream.codec_context is None or (attached and stream.disposition & attached):
                continue
            return stream
        raise MediaError(f'{self._name}: there is no video in it that can be decoded')

    def _find_length(self) -> None:
        stream, container = self._stream, self._container
        self.rate = usable_rate(float(stream.average_rate or 0))
        duration = (container.duration or 0) / 1e6  # AV_TIME_BASE [1/s]
        self.finite = not self._network or duration > 0
        self.count: int | None = stream.frames or round(duration * self.rate) or None

    def frames(self) -> Iterator[tuple[np.ndarray, float]]:
        """Read on, as `VideoReader.frames`."""
        stamps = StampCounter(self.rate)
        count = 0
        damage = _Damage()
        for frame in self._decoded(damage):
            yield self._image(frame), stamps.stamp(self._position(frame))
            count += 1
        if self._cut_off():
            raise MediaError(f'{self._name}: the file is cut off, after {count} frames')
        if damage.end:
            raise MediaError(f'{self._name}: {damage.end}, after {count} frames')
        if count == 0:
            raise MediaError(f'{self._name}: no frame of it can be decoded')
        if self.finite and damage.packets:
            raise MediaError(
                f'{self._name}: {damage.packets} of its packets are damaged, '
                f'{count} frames could be decoded'
            )

    def image_at(self, stamp: float) -> np.ndarray | None:
        """Image at a time, as `VideoReader.image_at`."""
        last = None
        for frame, position in self._decoded_from(stamp):
            if last is not None and position > stamp + 1e-6:
                break
            last = frame
        return None if last is None else self._image(last)

    def frames_from(self, stamp: float) -> Iterator[tuple[np.ndarray, float]]:
        """Read on from a time, as `VideoReader.frames_from`."""
        for frame, position in self._decoded_from(stamp):
            if position >= stamp - 1e-6:
                yield self._image(frame), position

    def _decoded_from(self, stamp: float) -> Iterator[tuple[Any, float]]:
        """Frames from the key frame before a time on, and their times [s]."""
        stream = self._stream
        start = float((stream.start_time or 0) * stream.time_base)
        with suppress(av.error.FFmpegError):
            self._container.seek(int((start + stamp) / stream.time_base), stream=stream)
            for frame in self._container.decode(stream):
                yield frame, self._position(frame) - start

    def close(self) -> None:
        """Release the file or connection."""
        if self._container is not None:
            self._container.close()
        if self._file is not None:
            self._file.close()

    def _decoded(self, damage: _Damage) -> Iterator[Any]:
        """Frames in the order of their times; notes what cannot be decoded."""
        for packet in self._packets(damage):
            damaged = packet is not None and packet.is_corrupt
            frames = []
            try:
                frames = self._stream.codec_context.decode(packet)
            except av.error.EOFError:
                return
            except av.error.FFmpegError:
                damaged = True
            # Before the first frame it is only that the video begins within a group.
            damage.packets += damaged and damage.begun
            damage.begun = damage.begun or bool(frames)
            yield from frames

    def _packets(self, damage: _Damage) -> Iterator[Any]:
        """Packets of the video, then None, which makes the decoder give what it holds back."""
        packets = self._container.demux(self._stream)
        while True:
            started = time.monotonic()
            try:
                packet = next(packets, None)
            except av.error.FFmpegError as error:
                invalid = isinstance(error, av.error.InvalidDataError) and not self._network
                damage.end = 'damaged' if invalid else self._reason(error, started)
                packet = None
            # PyAV ends with an empty packet; empty ones before it are frames left out.
            if packet is None or packet.size:
                yield packet
            if packet is None:
                return

    def _position(self, frame: Any) -> float:
        """Time of a frame in its container [s]; NaN if it has none."""
        return math.nan if frame.pts is None else float(frame.pts * self._stream.time_base)

    def _image(self, frame: Any) -> np.ndarray:
        """Frame as an upright BGR image."""
        if max(frame.width, frame.height) > MAX_IMAGE_SIDE:
            raise MediaError(
                f'{self._name}: image sides must be at most {MAX_IMAGE_SIDE} px, '
                f'got {frame.width}×{frame.height}'
            )
        image: np.ndarray = self._reformatter.reformat(frame, format='bgr24').to_ndarray()
        return _orientation(frame, self._stream).apply(image)


class _Damage:
    """What could not be read of a video."""

    def __init__(self) -> None:
        self.begun = False  # whether a frame was decoded
        self.packets = 0  # that were damaged after it
        self.end = ''  # why reading ended before the end


def _orientation(frame: Any, stream: Any) -> Orientation:
    """Orientation by the display matrix; of old files by FFmpeg's entry rotate [° clockwise]."""
    try:
        return matrix_orientation(bytes(frame.side_data['DISPLAYMATRIX']))
    except (KeyError, TypeError):
        pass
    turned = {
        '90': Orientation(True, flip_x=True),
        '180': Orientation(False, flip_x=True, flip_y=True),
        '270': Orientation(True, flip_y=True),
    }
    return turned.get(stream.metadata.get('rotate', ''), UPRIGHT)
