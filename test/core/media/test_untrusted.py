"""Files from strangers: whatever their bytes, an image, frames or a MediaError."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from pose_ros.core.media import MediaError, open_media
from pose_ros.core.media.containers import is_cut_off
from pose_ros.core.media.stored_orientation import (
    Orientation,
    exif_orientation,
    matrix_orientation,
    webp_orientation,
)
from pose_ros.core.types import FrameError

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


CHANGES = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=30)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize('name', ['x.mp4', 'x.mkv', 'x.avi', 'x.gif'])
@given(changes=CHANGES, end=st.floats(0.1, 1))
def test_a_damaged_video_gives_frames_or_its_error(tmp_path, make_video, name, changes, end):
    intact, damaged = tmp_path / name, tmp_path / f'damaged_{name}'
    if not intact.exists():
        images = [np.full((16, 32, 3), 40 * number, np.uint8) for number in range(6)]
        codec = 'gif' if name == 'x.gif' else 'mpeg4'
        make_video(intact, images, [number / 10 for number in range(6)], codec)
    content = bytearray(intact.read_bytes())
    for place, value in changes:
        content[int(place * (len(content) - 1))] = value
    damaged.write_bytes(content[: int(end * len(content))])
    stamps = []
    with suppress(MediaError, FrameError):
        # extend() keeps what it got before the error.
        stamps.extend(frame.time for frame in open_media(damaged).frames())
    assert stamps == sorted(set(stamps))
