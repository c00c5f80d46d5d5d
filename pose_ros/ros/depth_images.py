"""Depth image messages to depth images of the core, and their queue."""

from __future__ import annotations

from collections import deque
import math
import struct
from typing import Any

import cv2
import numpy as np

from pose_ros.core.encoded_image import read_encoded
from pose_ros.core.names import unknown_name
from pose_ros.core.space.depth_image import DepthImage
from pose_ros.core.timeline import Step, Timeline
from pose_ros.core.types import FrameError
from pose_ros.message_types import CompressedImage, Image
from pose_ros.ros.images import samples_of, stamp_of

# Of image_transport's compressedDepth: format and two parameters stand before the PNG.
_HEADER = struct.Struct('<iff')
_TYPES = {'16UC1': np.uint16, 'mono16': np.uint16, '32FC1': np.float32}
_MILLIMETRE = 0.001
# Depth images kept: half a second at 30 Hz, while an image is processed.
KEPT_DEPTH_IMAGES = 15
# Stamps closer than this are equal [s].
_SAME = 1e-6


class DepthQueue:
    """The latest depth images; each may arrive before or after its image.

    Parameters
    ----------
    tolerance
        Maximum stamp difference of a pair [s].

    Attributes
    ----------
    gap
        From the last image to the depth image nearest to it [s]; NaN without any.
    """

    def __init__(self, tolerance: float) -> None:
        self.gap = math.nan
        self._tolerance = tolerance
        self._messages: deque[tuple[float, Any]] = deque(maxlen=KEPT_DEPTH_IMAGES)
        self._timeline = Timeline()

    def add(self, stamp: float, message: Any) -> None:
        """Take a depth image; a jump back of the stamps starts anew."""
        if self._timeline.advance(stamp) is Step.JUMP:
            self.clear()
        self._messages.append((stamp, message))

    def clear(self) -> None:
        """Forget all depth images."""
        self._messages.clear()

    def is_decided(self, stamp: float) -> bool:
        """Whether a later depth image can be no better: one as late as the image has come."""
        return any(kept >= stamp - _SAME for kept, _ in self._messages)

    def nearest(self, stamp: float) -> Any | None:
        """Depth image nearest in time to an image's stamp [s]; None without one near enough.

        Of several as near, as where stamps stand still, the newest. Those that are too old are
        let go: images go forward.
        """
        newest_first = reversed(self._messages)
        best = min(newest_first, key=lambda kept: abs(kept[0] - stamp), default=None)
        self.gap = math.nan if best is None else best[0] - stamp
        oldest = stamp - self._tolerance - _SAME
        fresh = (kept for kept in self._messages if kept[0] >= oldest)
        self._messages = deque(fresh, maxlen=KEPT_DEPTH_IMAGES)
        if best is None or abs(self.gap) > self._tolerance + _SAME:
            return None
        return best[1]


def depth_of(message: Image | CompressedImage) -> DepthImage:
    """Depth image of a message.

    Parameters
    ----------
    message
        Image of encoding 16UC1 [mm] or 32FC1 [m] (REP-118), or CompressedImage of the transport
        compressedDepth with a PNG.

    Returns
    -------
    DepthImage
        FrameError says what was wrong with a message that cannot be used.
    """
    if hasattr(message, 'format'):
        return _unpacked(message)
    kind = _TYPES.get(message.encoding)
    if kind is None:
        raise FrameError(unknown_name('depth encoding', message.encoding, _TYPES))
    values = samples_of(message, kind)
    return _depth_image(values.astype(kind, copy=False), stamp_of(message.header))


def _unpacked(message: CompressedImage) -> DepthImage:
    encoding, _, how = message.format.partition(';')
    if 'compressedDepth' not in how or encoding not in _TYPES:
        raise FrameError(f'{message.format!r} is no depth image of the transport compressedDepth')
    if 'rvl' in how:
        raise FrameError(f'{message.format!r}: set the publisher\'s "format" to png')
    data = bytes(message.data)
    png = read_encoded(data[_HEADER.size :])
    if (png.format, png.bits, png.channels) != ('png', 16, 1):
        raise FrameError(
            f'{message.format!r}: expected a PNG of one channel of 16 bits, got a {png} with '
            f'{png.channels} channels of {png.bits} bits'
        )
    values = png.decode(cv2.IMREAD_UNCHANGED)
    if _TYPES[encoding] is np.float32:
        values = _from_inverse(values, *_HEADER.unpack_from(data)[1:])
    return _depth_image(values, stamp_of(message.header))


def _from_inverse(values: np.ndarray, quantum: float, offset: float) -> np.ndarray:
    """Depth [m] of what is stored as its inverse, because far things are measured less well."""
    if not (math.isfinite(quantum) and math.isfinite(offset) and quantum > 0):
        raise FrameError(
            f'compressedDepth parameters must be finite, the first positive: {quantum}, {offset}'
        )
    inverse = np.maximum(values - np.float32(offset), 1e-6)
    return np.where(values > 0, quantum / inverse, np.nan).astype(np.float32)


def _depth_image(values: np.ndarray, stamp: float) -> DepthImage:
    return DepthImage(values, _MILLIMETRE if values.dtype == np.uint16 else 1.0, stamp)
