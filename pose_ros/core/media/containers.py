"""Whether a file is cut off, by the sizes that its container states.

Decoders do not tell it reliably: many end as if the file did.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
import struct
from typing import BinaryIO

# Boxes of MP4 that hold what is needed. Others may be padding or a maker's own data.
_MP4_NEEDED = (b'mdat', b'moov', b'moof')
_MP4_FIRST = (b'ftyp', b'styp', b'moov', b'mdat', b'free', b'skip', b'wide', b'pnot')
_EBML, _SEGMENT = b'\x1a\x45\xdf\xa3', b'\x18\x53\x80\x67'
# Top-level parts looked at; a fragmented MP4 has two a second or so.
_MAX_PARTS = 1_000_000


def is_cut_off(path: Path) -> bool:
    """Whether a video file is shorter than its container says.

    Known of MP4 and its kin (MOV, 3GP), Matroska and WebM, AVI and GIF; others are never found
    cut off.
    """
    try:
        with path.open('rb') as file:
            size = file.seek(0, 2)
            file.seek(0)
            head = file.read(12)
            if head[4:8] in _MP4_FIRST:
                return any(
                    end > size for name, end in _mp4_boxes(file, size) if name in _MP4_NEEDED
                )
            if head[:4] == _EBML:
                return _matroska_end(file) > size
            if head[:4] == b'RIFF':
                return 8 + struct.unpack_from('<I', head, 4)[0] > size
            if head[:4] == b'GIF8':
                file.seek(max(size - 1024, 0))
                return not file.read().rstrip(b'\0').endswith(b';')
    except (OSError, struct.error):
        pass
    return False


def _mp4_boxes(file: BinaryIO, size: int) -> Iterator[tuple[bytes, int]]:
    """Name and end [bytes from the start] of each top-level box."""
    position = 0
    for _ in range(_MAX_PARTS):
        if position + 8 > size:
            return
        file.seek(position)
        length, name = struct.unpack('>I4s', file.read(8))
        if length == 1:
            (length,) = struct.unpack('>Q', file.read(8))
        if length < 8:  # 0: to the end of the file; others are not possible
            return
        position += length
        yield name, position


def _matroska_end(file: BinaryIO) -> int:
    """Where the segment ends [bytes from the start]; 0 if it is not stated."""
    file.seek(4)
    header = _vint(file)
    if header is None:
        return 0
    file.seek(header, 1)
    if file.read(4) != _SEGMENT:
        return 0
    length = _vint(file)
    return 0 if length is None else file.tell() + length


def _vint(file: BinaryIO) -> int | None:
    """Read a number of variable length as EBML has them; None if it means unknown."""
    first = file.read(1)
    if not first or not first[0]:
        return None
    width = 9 - first[0].bit_length()
    value = int.from_bytes(bytes([first[0] ^ 1 << (8 - width)]) + file.read(width - 1), 'big')
    return None if value == (1 << 7 * width) - 1 else value
