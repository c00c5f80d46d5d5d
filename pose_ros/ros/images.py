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
from numpy.typing import DTypeLike

from pose_ros.core.bit_depth import BitDepth
from pose_ros.core.encoded_image import read_encoded
from pose_ros.core.names import unknown_name
from pose_ros.core.types import Frame, FrameError, check_image_size
from pose_ros.message_types import CompressedImage, Header, Image

Channels = Literal['rgb', 'bgr']
WrittenEncoding = Literal['rgb8', 'bgr8', 'mono8', '16UC1']


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
        1 or 2; of two the highest 8 bits that the camera uses count: `BitDepth`.
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
    # cv_bridge's encodings without colour information.
    return table | {'8UC1': table['mono8'], '8UC3': table['bgr8'], '8UC4': table['bgra8']}


ENCODINGS = _encodings()


class ImageReader:
    """Frames of the images of one topic, raw or compressed."""

    def __init__(self) -> None:
        self._bit_depth = BitDepth()

    def frame(self, message: Image | CompressedImage) -> Frame:
        """Frame of the next image; FrameError says why it cannot be used."""
        if hasattr(message, 'format'):  # also of a message that rosbags has read
            return compressed_to_frame(message, self._bit_depth)
        return image_to_frame(message, self._bit_depth)


def image_to_frame(message: Image, bit_depth: BitDepth | None = None) -> Frame:
    """Frame of an image message; a view of its data where the encoding allows.

    Parameters
    ----------
    message
        Of an encoding in `ENCODINGS`.
    bit_depth
        How many bits of 16 the camera uses; by default what this image shows.

    Returns
    -------
    Frame
        FrameError says what was wrong with an image that cannot be used.
    """
    encoding = ENCODINGS.get(message.encoding)
    if encoding is None:
        raise FrameError(unknown_name('encoding', message.encoding, ENCODINGS))
    across, down = encoding.block
    if message.width % across or message.height % down:
        raise FrameError(
            f'{message.width}×{message.height} {message.encoding}: width and height must be '
            f'multiples of {across} and {down}'
        )
    dtype = np.uint8 if encoding.sample_bytes == 1 else np.uint16
    pixels = samples_of(message, dtype, encoding.samples, encoding.rows_per_row)
    if encoding.sample_bytes == 2:
        pixels = (bit_depth or BitDepth()).to_8_bits(pixels)
    if encoding.code is not None:
        pixels = cv2.cvtColor(pixels, encoding.code)
    return Frame(pixels, stamp_of(message.header), encoding.channels)


def samples_of(
    message: Image, dtype: DTypeLike, samples: int = 1, rows_per_row: float = 1
) -> np.ndarray:
    """View of the data of an image message.

    Parameters
    ----------
    message
        Padded rows are fine.
    dtype
        Of one sample, in this machine's byte order.
    samples
        In a pixel.
    rows_per_row
        Rows of data for a row of the image.

    Returns
    -------
    np.ndarray
        [rows, width], or [rows, width, samples] of several; in the byte order of the message.
        FrameError if size, step and data do not fit each other.
    """
    width, height, step = message.width, message.height, message.step
    check_image_size(width, height)
    size = f'{width}×{height} {message.encoding}'
    ordered = np.dtype(dtype).newbyteorder('>' if message.is_bigendian else '<')
    pixel = samples * ordered.itemsize
    rows = int(height * rows_per_row)
    if step < width * pixel:
        raise FrameError(f'{size}: a row needs {width * pixel} bytes, step is {step}')
    # Some drivers leave out the padding of the last row.
    least, most = step * (rows - 1) + width * pixel, step * rows
    if not least <= len(message.data) <= most:
        raise FrameError(f'{size}: expected {most} bytes of data, got {len(message.data)}')
    several = samples > 1
    shape = (rows, width, samples) if several else (rows, width)
    strides = (step, pixel, ordered.itemsize) if several else (step, pixel)
    return np.ndarray(shape, ordered, message.data, strides=strides)


def compressed_to_frame(message: CompressedImage, bit_depth: BitDepth | None = None) -> Frame:
    """Frame of a compressed image, JPEG or PNG.

    Parameters
    ----------
    message
        Of image_transport's `compressed`.
    bit_depth
        How many bits of 16 the camera uses; by default what this image shows.

    Returns
    -------
    Frame
        FrameError says what was wrong with an image that cannot be used.
    """
    if 'compressedDepth' in message.format:
        raise FrameError(f'{message.format!r} is a depth image')
    encoded = read_encoded(bytes(message.data))
    # The orientation in a photo's Exif data would turn the pixels under the caller.
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    if encoded.bits == 16:
        pixels = encoded.decode(flags | cv2.IMREAD_ANYDEPTH)
        pixels = (bit_depth or BitDepth()).to_8_bits(pixels)
    else:
        pixels = encoded.decode(flags)
    return Frame(pixels, stamp_of(message.header), 'bgr')


class ImageWriter:
    """Fills one kept image message, over and over.

    Filling a kept array takes the time of one copy; setting ``data`` from bytes takes twenty
    times, from an ndarray three thousand times as long.
    """

    def __init__(self, encoding: WrittenEncoding = 'bgr8') -> None:
        self._message = Image(encoding=encoding, is_bigendian=sys.byteorder == 'big')
        self._channels = (3,) if encoding in ('rgb8', 'bgr8') else ()
        self._view: np.ndarray = np.empty((0, 0), np.uint16 if encoding == '16UC1' else np.uint8)

    def write(self, image: np.ndarray, header: Header) -> Image:
        """Message with an image.

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
