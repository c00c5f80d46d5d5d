"""How an image must be turned to be upright, from EXIF data or a display matrix."""

from __future__ import annotations

from dataclasses import dataclass
import struct

import cv2
import numpy as np


@dataclass(frozen=True)
class Orientation:
    """What makes a stored image upright: rows and columns are exchanged, then it is flipped.

    Attributes
    ----------
    transpose
        Whether rows and columns are exchanged first.
    flip_x, flip_y
        Whether left and right, top and bottom are exchanged then.
    """

    transpose: bool = False
    flip_x: bool = False
    flip_y: bool = False

    def apply(self, image: np.ndarray) -> np.ndarray:
        """Return the image [height, width, 3] upright; itself if it is."""
        if self.transpose:
            image = cv2.transpose(image)
        if self.flip_x:
            image = cv2.flip(image, 1)
        if self.flip_y:
            image = cv2.flip(image, 0)
        return image


UPRIGHT = Orientation()

# EXIF tag 0x0112, values 1 to 8 (CIPA DC-008).
_EXIF = {
    1: UPRIGHT,
    2: Orientation(flip_x=True),
    3: Orientation(flip_x=True, flip_y=True),
    4: Orientation(flip_y=True),
    5: Orientation(transpose=True),
    6: Orientation(transpose=True, flip_x=True),
    7: Orientation(transpose=True, flip_x=True, flip_y=True),
    8: Orientation(transpose=True, flip_y=True),
}
_ORIENTATION_TAG = 0x0112


def exif_orientation(exif: bytes) -> Orientation:
    """Orientation in EXIF data (a TIFF header and its first directory); upright if unknown."""
    exif = exif.removeprefix(b'Exif\0\0')
    order = {b'II*\0': '<', b'MM\0*': '>'}.get(exif[:4])
    if order is None or len(exif) < 10:
        return UPRIGHT
    (start,) = struct.unpack_from(f'{order}I', exif, 4)
    if start + 2 > len(exif):
        return UPRIGHT
    (count,) = struct.unpack_from(f'{order}H', exif, start)
    for position in range(start + 2, min(start + 2 + 12 * count, len(exif) - 11), 12):
        tag, kind, _, value = struct.unpack_from(f'{order}HHIH', exif, position)
        if (tag, kind) == (_ORIENTATION_TAG, 3):
            return _EXIF.get(value, UPRIGHT)
    return UPRIGHT


def webp_orientation(content: bytes) -> Orientation:
    """Orientation in the EXIF chunk of a WebP file; upright if it has none."""
    position = 12
    while position + 8 <= len(content):
        name = content[position : position + 4]
        (size,) = struct.unpack_from('<I', content, position + 4)
        if name == b'EXIF':
            return exif_orientation(content[position + 8 : position + 8 + size])
        position += 8 + size + size % 2
    return UPRIGHT


def matrix_orientation(matrix: bytes) -> Orientation:
    """Orientation by a display matrix, nine int32 as in MP4 and FFmpeg; multiples of 90°.

    Its first four of rows and columns, a b / c d, take a stored pixel (x, y) to
    (a x + c y, b x + d y).
    """
    if len(matrix) != 36:
        return UPRIGHT
    a, b, _, c, d, *_ = struct.unpack('=9i', matrix)
    if abs(b) + abs(c) > abs(a) + abs(d):
        return Orientation(True, flip_x=c < 0, flip_y=b < 0)
    return Orientation(False, flip_x=a < 0, flip_y=d < 0)
