"""JPEG and PNG images are checked before a decoder sees them.

Decoders allocate what a header asks for and have had holes of their own. So the structure is read
here, and the decoder gets only those parts of it that make pixels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
import re
from typing import Literal

import cv2
import numpy as np

from pose_ros.core.types import FrameError, check_image_size

# Largest area [px]: 8K video (7680×4320) fits. It decodes to 100 MB; decoders need three times
# as much in between.
MAX_PIXELS = 2**25
# Most scans of a progressive JPEG [-]; encoders write about 10, and each one costs time.
MAX_SCANS = 100

PNG_START = b'\x89PNG\r\n\x1a\n'
_PNG_ESSENTIAL = frozenset((b'IHDR', b'PLTE', b'IDAT', b'IEND'))
_PNG_ANIMATION = frozenset((b'acTL', b'fcTL', b'fdAT'))
_PNG_CHANNELS = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}  # by colour type

_JPEG_START = b'\xff\xd8'
# Frame markers by process: baseline, extended and progressive, all with Huffman codes.
_JPEG_FRAMES = frozenset((0xC0, 0xC1, 0xC2))
_JPEG_OTHER_FRAMES = frozenset(range(0xC3, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_SCAN, _JPEG_END = 0xDA, 0xD9
# Metadata: comments and application data, but for JFIF's and Adobe's, which tell the colours.
_JPEG_METADATA = frozenset((0xFE, *range(0xE1, 0xEE), 0xEF))
# The start of a segment; any number of fill bytes may precede it.
_JPEG_SEGMENT = re.compile(rb'\xff*(\xff[^\x00\xff])')
# A marker in or after entropy-coded data: FF, but not stuffed (00), a restart or a fill byte.
_JPEG_MARKER = re.compile(rb'\xff[^\x00\xd0-\xd7\xff]')


@dataclass(frozen=True)
class EncodedImage:
    """A JPEG or PNG image of sound structure.

    Attributes
    ----------
    format
        'jpeg' or 'png'.
    width, height
        [px].
    bits
        Per sample: 1 to 16.
    channels
        1 to 4.
    data
        The image without its metadata.
    """

    format: Literal['jpeg', 'png']
    width: int
    height: int
    bits: int
    channels: int
    data: bytes

    def decode(self, flags: int) -> np.ndarray:
        """Pixels as ``cv2.imdecode`` gives them with these flags; FrameError if they are bad."""
        try:
            pixels = cv2.imdecode(np.frombuffer(self.data, np.uint8), flags)
        except cv2.error as error:
            raise FrameError(f'{self} cannot be decoded: {error.err}') from error
        if pixels is None:
            raise FrameError(f'{self} cannot be decoded: its data are damaged')
        return np.asarray(pixels)

    def __str__(self) -> str:
        """Return format and size."""
        return f'{self.format.upper()} of {self.width}×{self.height} px'


def read_encoded(data: bytes, max_pixels: int = MAX_PIXELS) -> EncodedImage:
    """Check the structure of a JPEG or PNG image.

    Parameters
    ----------
    data
        The file.
    max_pixels
        Largest area [px].

    Returns
    -------
    EncodedImage
        Ready to be decoded.

    Raises
    ------
    FrameError
        Neither JPEG nor PNG, animated, too large or incomplete.
    """
    if not data:
        raise FrameError('compressed image without data')
    if data.startswith(PNG_START):
        image = _read_png(data)
    elif data.startswith(_JPEG_START):
        image = _read_jpeg(data)
    else:
        raise FrameError(
            f'compressed image of {len(data)} bytes is neither JPEG nor PNG: '
            f'it begins with {data[:8]!r}'
        )
    check_image_size(image.width, image.height)
    if image.width * image.height > max_pixels:
        raise FrameError(f'{image} is too large: at most {max_pixels} pixels are decoded')
    return image


def encode_jpeg(image: np.ndarray, channels: Literal['rgb', 'bgr'], quality: int) -> bytes:
    """JPEG of an image, uint8 [height, width, 3], of a quality of 1 to 100."""
    bgr = image if channels == 'bgr' else cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode('.jpg', bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return data.tobytes()


def _read_png(data: bytes) -> EncodedImage:
    parts, header = [PNG_START], b''
    for kind, start, end in _png_chunks(data):
        if kind in _PNG_ANIMATION:
            raise FrameError('animated PNG: only still images are decoded')
        if (kind == b'IHDR') == bool(header) or (kind == b'IHDR' and end - start != 25):
            raise FrameError(f'PNG of {len(data)} bytes must begin with one IHDR of 13 bytes')
        if kind == b'IHDR':
            header = data[start + 8 : end - 4]
        if kind in _PNG_ESSENTIAL:
            parts.append(data[start:end])
    width, height = (int.from_bytes(header[i : i + 4], 'big') for i in (0, 4))
    channels = _PNG_CHANNELS.get(header[9])
    if channels is None:
        raise FrameError(f'PNG of unknown colour type {header[9]}')
    return EncodedImage('png', width, height, header[8], channels, b''.join(parts))


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and end of each chunk, up to IEND."""
    start, kind = len(PNG_START), b''
    while kind != b'IEND':
        kind = data[start + 4 : start + 8]
        end = start + 12 + int.from_bytes(data[start : start + 4], 'big')
        if end > len(data):
            raise FrameError(f'PNG of {len(data)} bytes is cut off')
        yield kind, start, end
        start = end


def _read_jpeg(data: bytes) -> EncodedImage:
    parts, scans = [_JPEG_START], 0
    frame: tuple[int, ...] = ()  # bits, height, width, channels
    for marker, start, end in _jpeg_segments(data):
        if marker in _JPEG_OTHER_FRAMES or (marker in _JPEG_FRAMES and frame):
            raise FrameError(f'JPEG with frame marker 0x{marker:02X} cannot be decoded')
        if marker in _JPEG_FRAMES:
            frame = _jpeg_frame(data[start + 4 : end])
        scans += marker == _JPEG_SCAN
        if scans > MAX_SCANS:
            raise FrameError(f'JPEG with more than {MAX_SCANS} scans')
        if marker not in _JPEG_METADATA:
            parts.append(data[start:end])
    if not frame or not scans:
        raise FrameError(f'JPEG of {len(data)} bytes has no image in it')
    bits, height, width, channels = frame
    return EncodedImage('jpeg', width, height, bits, channels, b''.join(parts))


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of each segment up to the end of the image; scans with their data."""
    start, marker = len(_JPEG_START), 0
    while marker != _JPEG_END:
        found = _JPEG_SEGMENT.match(data, start)
        if found is None:
            raise FrameError(f'JPEG of {len(data)} bytes is cut off or damaged')
        start, marker = found.start(1), found[1][1]
        end = start + 2
        if marker != _JPEG_END:
            length = int.from_bytes(data[start + 2 : start + 4], 'big')
            end += max(length, 2)
        if marker == _JPEG_SCAN:
            following = _JPEG_MARKER.search(data, end)
            end = following.start() if following else len(data) + 1
        if end > len(data):
            raise FrameError(f'JPEG of {len(data)} bytes is cut off')
        yield marker, start, end
        start = end


def _jpeg_frame(segment: bytes) -> tuple[int, ...]:
    """(bits, height, width, channels) of the segment of a frame marker."""
    if len(segment) < 6 or segment[0] != 8 or segment[5] not in (1, 3, 4):
        raise FrameError(f'JPEG with an unusable frame header {segment[:6].hex(" ")}')
    height, width = (int.from_bytes(segment[i : i + 2], 'big') for i in (1, 3))
    return segment[0], height, width, segment[5]
