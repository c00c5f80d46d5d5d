"""Depth image messages to depth images of the core."""

from __future__ import annotations

import struct

import cv2
import numpy as np
from sensor_msgs.msg import CompressedImage, Image

from pose_ros.core.space.depth_image import DepthImage
from pose_ros.core.types import MAX_IMAGE_SIDE
from pose_ros.ros.images import check_compressed, stamp_of

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
        ValueError says what was wrong with a message that cannot be used.
    """
    if isinstance(message, CompressedImage):
        return _unpacked(message)
    kind = _TYPES.get(message.encoding)
    if kind is None:
        known = ', '.join(_TYPES)
        raise ValueError(f'unknown depth encoding {message.encoding!r}, known are: {known}')
    dtype = np.dtype(kind).newbyteorder('>' if message.is_bigendian else '<')
    width, height, step = message.width, message.height, message.step
    size = f'{width}×{height} {message.encoding}'
    if not (0 < width <= MAX_IMAGE_SIDE and 0 < height <= MAX_IMAGE_SIDE):
        raise ValueError(f'image sides must be 1 to {MAX_IMAGE_SIDE} px, got {width}×{height}')
    if step < width * dtype.itemsize:
        raise ValueError(f'{size}: a row needs {width * dtype.itemsize} bytes, step is {step}')
    least = step * (height - 1) + width * dtype.itemsize
    if not least <= len(message.data) <= step * height:
        raise ValueError(f'{size}: expected {step * height} bytes, got {len(message.data)}')
    values = np.ndarray((height, width), dtype, message.data, strides=(step, dtype.itemsize))
    return _depth_image(values.astype(kind, copy=False), stamp_of(message.header))


def _unpacked(message: CompressedImage) -> DepthImage:
    encoding, _, how = message.format.partition(';')
    if 'compressedDepth' not in how or encoding not in _TYPES:
        raise ValueError(f'{message.format!r} is no depth image of the transport compressedDepth')
    if 'rvl' in how:
        raise ValueError(f'{message.format!r}: set the publisher\'s "format" to png')
    data = bytes(message.data)
    png = data[_HEADER.size :]
    check_compressed(png)
    _, quantum, offset = _HEADER.unpack_from(data)
    try:
        values = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise ValueError(f'{message.format!r}: {error.err}') from error
    if values is None or values.ndim != 2 or values.dtype != np.uint16:
        raise ValueError(f'{message.format!r}: {len(data)} bytes hold no picture of 16 bits')
    if _TYPES[encoding] is np.float32:
        # The inverse of the depth was stored, for far things are measured less well.
        values = np.where(
            values > 0, quantum / np.maximum(values - np.float32(offset), 1e-6), np.nan
        ).astype(np.float32)
    return _depth_image(values, stamp_of(message.header))


def _depth_image(values: np.ndarray, stamp: float) -> DepthImage:
    return DepthImage(values, _MILLIMETRE if values.dtype == np.uint16 else 1.0, stamp)
