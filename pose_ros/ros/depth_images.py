"""Depth image messages to depth images of the core."""

from __future__ import annotations

import math
import struct

import cv2
import numpy as np
from sensor_msgs.msg import CompressedImage, Image

from pose_ros.core.encoded_image import read_encoded
from pose_ros.core.space.depth_image import DepthImage
from pose_ros.core.types import FrameError
from pose_ros.ros.images import samples_of, stamp_of

# Of image_transport's compressedDepth: format and two parameters stand before the PNG.
_HEADER = struct.Struct('<iff')
_TYPES = {'16UC1': np.uint16, 'mono16': np.uint16, '32FC1': np.float32}
_MILLIMETRE = 0.001


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
    if isinstance(message, CompressedImage):
        return _unpacked(message)
    kind = _TYPES.get(message.encoding)
    if kind is None:
        known = ', '.join(_TYPES)
        raise FrameError(f'unknown depth encoding {message.encoding!r}, known are: {known}')
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
