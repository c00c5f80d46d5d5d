"""Image messages to frames and back, without copying where that can be avoided.

cv_bridge is not needed for this and not used: as shipped with ROS it is compiled against
NumPy 1 and may crash under NumPy 2, and where it works it copies every image once more.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
import sys
from typing import Literal

import cv2
import numpy as np
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from pose_ros.core.types import MAX_IMAGE_SIDE, Frame, FrameError

Channels = Literal['rgb', 'bgr']


@dataclass(frozen=True)
class Encoding:
    """How an encoding lies in memory.

    Attributes
    ----------
    samples
        Numbers in a pixel.
    channels
        Order of the channels of the frame made from it.
    code
        Conversion of OpenCV to three channels; None where the pixels can be used as they are.
    sample_bytes
        1 or 2; of two the higher one is used.
    rows_per_row
        Rows of data for a row of the image: 1.5 where a plane of colours follows.
    block
        Width and height must be multiples of this.
    """

    samples: int
    channels: Channels = 'bgr'
    code: int | None = None
    sample_bytes: int = 1
    rows_per_row: float = 1
    block: tuple[int, int] = (1, 1)


def _encodings() -> dict[str, Encoding]:
    # OpenCV names a Bayer pattern by the second row's second and third pixel, ROS by the first
    # row's: rggb here is BG there.
    bayer = {
        'rggb': cv2.COLOR_BayerBG2BGR,
        'bggr': cv2.COLOR_BayerRG2BGR,
        'gbrg': cv2.COLOR_BayerGR2BGR,
        'grbg': cv2.COLOR_BayerGB2BGR,
    }
    table = {}
    for bits, size in (('8', 1), ('16', 2)):
        table[f'rgb{bits}'] = Encoding(3, 'rgb', sample_bytes=size)
        table[f'bgr{bits}'] = Encoding(3, 'bgr', sample_bytes=size)
        table[f'rgba{bits}'] = Encoding(4, 'rgb', cv2.COLOR_RGBA2RGB, size)
        table[f'bgra{bits}'] = Encoding(4, 'bgr', cv2.COLOR_BGRA2BGR, size)
        table[f'mono{bits}'] = Encoding(1, 'bgr', cv2.COLOR_GRAY2BGR, size)
        for pattern, code in bayer.items():
            table[f'bayer_{pattern}{bits}'] = Encoding(1, 'bgr', code, size, block=(2, 2))
    uyvy = Encoding(2, 'bgr', cv2.COLOR_YUV2BGR_UYVY, block=(2, 1))
    yuyv = Encoding(2, 'bgr', cv2.COLOR_YUV2BGR_YUY2, block=(2, 1))
    nv12 = Encoding(1, 'bgr', cv2.COLOR_YUV2BGR_NV12, rows_per_row=1.5, block=(2, 2))
    nv21 = Encoding(1, 'bgr', cv2.COLOR_YUV2BGR_NV21, rows_per_row=1.5, block=(2, 2))
    table |= {'yuv422': uyvy, 'uyvy': uyvy, 'yuv422_yuy2': yuyv, 'yuyv': yuyv}
    table |= {'nv12': nv12, 'nv21': nv21}
    # What cv_bridge writes when nobody has told it the colours.
    return table | {'8UC1': table['mono8'], '8UC3': table['bgr8'], '8UC4': table['bgra8']}


ENCODINGS = _encodings()


def image_to_frame(message: Image) -> Frame:
    """Frame of an image message; a view of its data where the encoding allows.

    FrameError says what was wrong with an image that cannot be used.
    """
    encoding = ENCODINGS.get(message.encoding)
    if encoding is None:
        raise FrameError(
            f'unknown encoding {message.encoding!r}; known are {", ".join(ENCODINGS)}'
        )
    pixels = _pixels(message, encoding)
    if encoding.sample_bytes == 2:
        pixels = np.ascontiguousarray(pixels[..., 0 if message.is_bigendian else 1])
    if encoding.code is not None:
        pixels = cv2.cvtColor(pixels, encoding.code)
    return Frame(pixels, stamp_of(message.header), encoding.channels)


def _pixels(message: Image, encoding: Encoding) -> np.ndarray:
    """View [height, width, samples, bytes], without the axes of length 1 after the width."""
    width, height, step = message.width, message.height, message.step
    size = f'{width}×{height} {message.encoding}'
    if not (0 < width <= MAX_IMAGE_SIDE and 0 < height <= MAX_IMAGE_SIDE):
        raise FrameError(f'image sides must be 1 to {MAX_IMAGE_SIDE} px, got {width}×{height}')
    if width % encoding.block[0] or height % encoding.block[1]:
        across, down = encoding.block
        raise FrameError(f'{size}: width and height must be multiples of {across} and {down}')
    pixel = encoding.samples * encoding.sample_bytes
    rows = int(height * encoding.rows_per_row)
    if step < width * pixel:
        raise FrameError(f'{size}: a row needs {width * pixel} bytes, step is {step}')
    # Some drivers leave out the padding of the last row.
    least, most = step * (rows - 1) + width * pixel, step * rows
    if not least <= len(message.data) <= most:
        raise FrameError(f'{size}: expected {most} bytes of data, got {len(message.data)}')
    shape, strides = [rows, width], [step, pixel]
    if encoding.samples > 1:
        shape.append(encoding.samples)
        strides.append(encoding.sample_bytes)
    if encoding.sample_bytes > 1:
        shape.append(encoding.sample_bytes)
        strides.append(1)
    return np.ndarray(shape, np.uint8, message.data, strides=strides)


def compressed_to_frame(message: CompressedImage) -> Frame:
    """Frame of a compressed image (JPEG, PNG, whatever OpenCV reads).

    FrameError says what was wrong with an image that cannot be used.
    """
    data = bytes(message.data)
    if 'compressedDepth' in message.format:
        raise FrameError(f'{message.format!r} is a depth image')
    check_compressed(data)
    # The orientation in a photo's Exif data would turn the pixels under the caller.
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise FrameError(f'{len(data)} bytes of {message.format!r}: {error.err}') from error
    if pixels is None:
        raise FrameError(f'{len(data)} bytes of {message.format!r} cannot be decoded')
    return Frame(pixels, stamp_of(message.header), 'bgr')


def check_compressed(data: bytes) -> None:
    """Refuse what OpenCV would decode to half a picture, or to one that fills the memory."""
    if not data:
        raise FrameError('compressed image without data')
    if data[:8] == b'\x89PNG\r\n\x1a\n':
        width, height = (int.from_bytes(data[i : i + 4], 'big') for i in (16, 20))
    elif data[:2] == b'\xff\xd8':
        width, height = _jpeg_size(data)
    else:
        return
    if not (0 < width <= MAX_IMAGE_SIDE and 0 < height <= MAX_IMAGE_SIDE):
        raise FrameError(f'image sides must be 1 to {MAX_IMAGE_SIDE} px, got {width}×{height}')


def _jpeg_size(data: bytes) -> tuple[int, int]:
    """(width, height) of a JPEG; FrameError if it is not complete."""
    position = 2
    while position + 9 <= len(data) and data[position] == 0xFF:
        marker, length = (
            data[position + 1],
            int.from_bytes(data[position + 2 : position + 4], 'big'),
        )
        if marker == 0xFF:
            position += 1
        # The start of a frame: C0 to CF except tables of Huffman codes and of arithmetic coding.
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            # An FF inside the coded picture never stands before D9: this is the end of the file.
            if data.find(b'\xff\xd9', position) < 0:
                raise FrameError(f'JPEG of {len(data)} bytes is cut off')
            height, width = (int.from_bytes(data[position + i :][:2], 'big') for i in (5, 7))
            return width, height
        else:
            position += 2 + length
    raise FrameError(f'JPEG of {len(data)} bytes has no picture in it')


class ImageWriter:
    """Fills one kept image message, over and over.

    Filling a kept array takes the time of one copy; setting ``data`` from bytes takes twenty
    times, from an ndarray three thousand times as long.
    """

    def __init__(self, encoding: Literal['rgb8', 'bgr8', 'mono8', '16UC1'] = 'bgr8') -> None:
        self._message = Image(encoding=encoding, is_bigendian=sys.byteorder == 'big')
        self._channels = (3,) if encoding in ('rgb8', 'bgr8') else ()
        self._view = np.empty((0, 0), np.uint16 if encoding == '16UC1' else np.uint8)

    def write(self, image: np.ndarray, header: Header) -> Image:
        """Message with a picture.

        Parameters
        ----------
        image
            uint8 [height, width, 3], or [height, width] for mono8, of uint16 for 16UC1; in the
            writer's encoding.
        header
            Put into the message as it is.

        Returns
        -------
        Image
            Valid until the next call; publish it before.
        """
        message = self._message
        if image.shape != self._view.shape:
            kind = self._view.dtype
            if image.dtype != kind or image.ndim < 2 or image.shape[2:] != self._channels:
                found = f'{image.dtype} {image.shape}'
                raise ValueError(f'{message.encoding} needs a {kind} image, got {found}')
            message.data = array('B', bytes(image.nbytes))
            # Of the message's own array: the setter copies, except in Humble.
            self._view = np.frombuffer(message.data, kind).reshape(image.shape)
            message.height, message.width = image.shape[:2]
            message.step = image.nbytes // image.shape[0]
        np.copyto(self._view, image, casting='no')
        message.header = header
        return message


def stamp_of(header: Header) -> float:
    """Time stamp of a header [s]."""
    return header.stamp.sec + header.stamp.nanosec * 1e-9
