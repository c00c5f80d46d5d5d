"""Files from strangers: whatever their bytes, an image, frames or a MediaError."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pose_ros.core.media.containers import is_cut_off
from pose_ros.core.media.orientation import (
    Orientation,
    exif_orientation,
    matrix_orientation,
    webp_orientation,
)

HEADS = (b'\0\0\0\x10ftyp', b'\0\0\0\1mdat', b'\x1a\x45\xdf\xa3', b'RIFF', b'GIF89a', b'')


@given(st.sampled_from((b'II*\0', b'MM\0*', b'Exif\0\0II*\0', b'')), st.binary(max_size=80))
def test_any_exif_data_give_an_orientation(head, rest):
    assert isinstance(exif_orientation(head + rest), Orientation)


@given(st.binary(max_size=80), st.binary(max_size=40))
def test_any_webp_gives_an_orientation(first, second):
    content = b'RIFF\0\0\0\0WEBP' + first + b'EXIF\x20\0\0\0' + second
    assert isinstance(webp_orientation(content), Orientation)


@given(st.binary(max_size=40))
def test_any_matrix_gives_an_orientation(matrix):
    assert isinstance(matrix_orientation(matrix), Orientation)


@given(st.sampled_from(HEADS), st.binary(max_size=200))
def test_any_file_is_cut_off_or_not(tmp_path_factory, head, rest):
    path = tmp_path_factory.getbasetemp() / 'any'
    path.write_bytes(head + rest)
    assert is_cut_off(path) in (True, False)
