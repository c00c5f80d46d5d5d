"""Videos from files and from the network: by PyAV, or by OpenCV where PyAV is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import cache
import logging
from types import ModuleType
from typing import Protocol

import numpy as np

from pose_ros.core.media.media_errors import local_path

# How long a network source may take to answer, or be silent [s].
NETWORK_TIMEOUT = 10.0

_log = logging.getLogger(__name__)


class VideoReader(Protocol):
    """An open video.

    Attributes
    ----------
    rate
        Frames per second on average, as the video states; `DEFAULT_RATE` if it does not.
    count
        How many frames it holds, as stated or estimated from its duration; None if unknown.
    finite
        Whether it has an end: a file, or a file served over a network; not a live stream.
    """

    rate: float
    count: int | None
    finite: bool

    def frames(self) -> Iterator[tuple[np.ndarray, float]]:
        """Images, uint8 [height, width, 3] BGR and upright, and their stamps [s].

        Stamps are those of the video; they start with 0 and strictly increase. MediaError after
        the good frames if it is damaged, cut off, or the connection is lost.
        """

    def image_at(self, stamp: float) -> np.ndarray | None:
        """Image that a file shows at a time [s since its first frame]; None if unreadable."""

    def frames_from(self, stamp: float) -> Iterator[tuple[np.ndarray, float]]:
        """Images of a file from a time on [s since its first frame], found by seeking.

        Ends where the file cannot be read on.
        """

    def close(self) -> None:
        """Release the file or connection."""


@cache
def pyav() -> ModuleType | None:
    """PyAV, or None where it is missing, which is logged once."""
    try:
        import av  # noqa: PLC0415
    except ImportError as error:
        _log.warning(
            'PyAV is missing (%s), so OpenCV reads and writes videos: time stamps may be '
            'estimated, rotation ignored, and network sources have no timeout; '
            'install it with: pip install av',
            error,
        )
        return None
    # What is wrong with a video is reported in our own words. With any level, even PANIC, FFmpeg's
    # threads take the GIL for each message, and releasing a decoder waits for them while holding
    # the GIL: a deadlock.
    av.logging.set_level(None)
    return av


def open_video(source: str, timeout: float = NETWORK_TIMEOUT) -> VideoReader:
    """Open a video file, or a URL that FFmpeg reads: rtsp, http, udp, srt and others.

    Parameters
    ----------
    source
        Path or URL.
    timeout
        How long a network source may take to answer, or be silent [s].

    Raises
    ------
    MediaError
        Names the source and the reason.
    """
    source = local_path(source)
    if pyav() is not None:
        from pose_ros.core.media.pyav_reader import PyAvReader  # noqa: PLC0415

        return PyAvReader(source, timeout)
    from pose_ros.core.media.opencv_reader import OpenCvReader  # noqa: PLC0415

    return OpenCvReader(source)


def images_at(source: str, stamps: Sequence[float]) -> list[np.ndarray | None]:
    """Images that a video file shows at times [s since its first frame]; None if unreadable."""
    with closing(open_video(source)) as reader:
        return [reader.image_at(stamp) for stamp in stamps]
