"""Videos: times, orientation, damage, names; by PyAV and by OpenCV."""

from __future__ import annotations

import os
import struct

import av
import numpy as np
import pytest

from pose_ros.core.media import MediaError, find_media, images_at, open_media
from pose_ros.core.media.videos import pyav

# Of a camera that holds its rate badly [s].
STAMPS = [0, 0.04, 0.08, 0.3, 0.31, 0.32, 0.9, 1.0, 1.04, 1.9, 2.0, 2.4]
LEVELS = [20 * number for number in range(len(STAMPS))]
CONTAINERS = {
    'x.mp4': ('mpeg4', None),
    'moving.mov': ('mpeg4', None),
    'x.3gp': ('mpeg4', None),
    'x.mkv': ('mpeg4', None),
    'x.webm': ('libvpx', None),
    'x.avi': ('mpeg4', None),
    'x.flv': ('flv', None),
    'x.gif': ('gif', None),
    'x.mpg': ('mpeg2video', None),
    'x.mts': ('mpeg2video', 'mpegts'),
    'x.wmv': ('wmv2', 'asf'),
    'fragments.mp4': ('mpeg4', 'mp4'),
}


def grey(level):
    return np.full((48, 64, 3), level, np.uint8)


def read(path):
    """Levels, stamps and the error of a video."""
    levels, stamps, error = [], [], ''
    try:
        for frame in open_media(path).frames():
            levels.append(float(frame.image[..., 0].mean()))
            stamps.append(frame.stamp)
    except MediaError as fault:
        error = str(fault)
    return levels, stamps, error


@pytest.mark.parametrize('name', ['x.mp4', 'x.mkv', 'x.webm', 'x.flv', 'x.gif', 'x.3gp', 'x.mov'])
def test_variable_frame_rates_keep_their_stamps(tmp_path, make_video, name):
    codec, container = CONTAINERS.get(name, ('mpeg4', None))
    make_video(tmp_path / name, [grey(level) for level in LEVELS], STAMPS, codec, container)
    levels, stamps, error = read(tmp_path / name)
    assert error == ''
    assert stamps == pytest.approx(STAMPS, abs=0.0011)
    assert levels == pytest.approx(LEVELS, abs=20 if name == 'x.gif' else 9)


def test_stamps_begin_at_zero(tmp_path, make_video):
    path = make_video(tmp_path / 'x.mkv', [grey(9)] * 3, [7.5, 7.6, 7.9])
    assert read(path)[1] == pytest.approx([0, 0.1, 0.4])


# Rows a b / c d of the matrix, and which quarter of the stored image is where in the upright
# one: (top left, top right, bottom left, bottom right) of 0 1 / 2 3.
TURNED = {
    'none': ((1, 0, 0, 1), (0, 1, 2, 3)),
    '90° clockwise': ((0, 1, -1, 0), (2, 0, 3, 1)),
    '180°': ((-1, 0, 0, -1), (3, 2, 1, 0)),
    '270° clockwise': ((0, -1, 1, 0), (1, 3, 0, 2)),
    'mirrored': ((-1, 0, 0, 1), (1, 0, 3, 2)),
    'transposed': ((0, 1, 1, 0), (0, 2, 1, 3)),
}


@pytest.mark.parametrize(('matrix', 'expected'), TURNED.values(), ids=TURNED)
def test_videos_are_set_upright(tmp_path, make_video, matrix, expected):
    image = grey(0)
    for quarter in range(4):
        y, x = divmod(quarter, 2)
        image[24 * y : 24 * y + 24, 32 * x : 32 * x + 32] = 80 * quarter
    path = make_video(tmp_path / 'x.mp4', [image] * 2, [0, 0.1])
    content = path.read_bytes()
    a, b, c, d = (value << 16 for value in matrix)
    # In the track's header.
    place = content.index(b'tkhd') + 44
    entries = struct.pack('>9i', a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(content[:place] + entries + content[place + 36 :])

    first, _ = open_media(path).frames()

    turned = matrix[0] == 0
    assert (first.width, first.height) == ((48, 64) if turned else (64, 48))
    h, w = first.height // 2, first.width // 2
    corners = [first.image[y : y + h, x : x + w].mean() for y in (0, h) for x in (0, w)]
    assert [round(corner / 80) for corner in corners] == list(expected)


# --- damage -----------------------------------------------------------------------------------


@pytest.fixture
def busy():
    """Sixty noisy images, so that every part of the file counts."""
    rng = np.random.default_rng(1)
    return [rng.integers(0, 255, (48, 64, 3), dtype=np.uint8) for _ in range(60)]


def save(make_video, path, images):
    codec, container = CONTAINERS[path.name]
    options = {'movflags': 'faststart'} if path.suffix in ('.mp4', '.mov', '.3gp') else {}
    if path.name == 'fragments.mp4':
        options = {'movflags': 'frag_keyframe+empty_moov'}
    stamps = [number / 25 + (number > 30) * 1.5 for number in range(len(images))]
    if codec == 'mpeg2video':  # knows no pauses
        stamps = [number / 25 for number in range(len(images))]
    return make_video(path, images, stamps, codec, container, options=options)


@pytest.mark.parametrize('name', CONTAINERS)
def test_intact_videos_do_not_break_off(tmp_path, make_video, busy, name):
    levels, stamps, error = read(save(make_video, tmp_path / name, busy))
    assert error == ''
    assert len(levels) == 60
    assert (np.diff(stamps) > 0).all()


@pytest.mark.parametrize('name', ['x.mp4', 'x.3gp', 'x.mkv', 'x.webm', 'x.avi', 'x.gif', 'x.flv',
                                  'moving.mov', 'fragments.mp4'])  # fmt: skip
def test_a_cut_off_video_gives_its_frames_then_says_so(tmp_path, make_video, busy, name):
    path = save(make_video, tmp_path / name, busy)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    levels, _, error = read(path)
    assert 20 < len(levels) < 45
    assert error.startswith(f'{path}: ')
    # FLV states no size, but its last packet is short.
    assert ('1 of its packets are damaged' if name == 'x.flv' else 'cut off') in error


def test_a_cut_off_video_without_its_index_says_so(tmp_path, make_video, busy):
    path = make_video(tmp_path / 'x.mp4', busy, [number / 25 for number in range(60)])
    path.write_bytes(path.read_bytes()[:-500])
    assert read(path)[2] == f'{path}: the file is cut off and cannot be decoded'


def test_frames_after_a_damaged_place_are_read(tmp_path, make_video, busy):
    path = make_video(tmp_path / 'x.mkv', busy, [i / 25 for i in range(60)], 'mjpeg', gop=1)
    with av.open(str(path)) as container:
        packet = [packet for packet in container.demux() if packet.size][30]
        place = path.read_bytes().index(bytes(packet))
    content = bytearray(path.read_bytes())
    content[place : place + packet.size] = bytes(packet.size)
    path.write_bytes(content)
    levels, stamps, error = read(path)
    assert len(levels) == 59
    assert stamps[29:31] == pytest.approx([29 / 25, 31 / 25])
    assert error == f'{path}: 1 of its packets are damaged, 59 frames could be decoded'


# --- names ------------------------------------------------------------------------------------

NAMES = [b'caf\xe9.mp4', 'café.mp4'.encode(), b'100%02d done.mp4', b'http:x.mp4', b'-x.mp4']


@pytest.mark.parametrize('opencv', [False, True], ids=['PyAV', 'OpenCV'])
@pytest.mark.parametrize('name', NAMES)
def test_any_file_name_can_be_read(*, tmp_path, make_video, monkeypatch, request, name, opencv):
    good = make_video(tmp_path / 'good.mp4', [grey(level) for level in LEVELS], STAMPS)
    os.rename(good, os.fsencode(tmp_path) + b'/' + name)
    if opencv:
        request.getfixturevalue('without_pyav')
    monkeypatch.chdir(tmp_path)
    assert read(os.fsdecode(name))[0] == pytest.approx(LEVELS, abs=9)
    [found] = find_media(tmp_path)
    media = open_media(found)
    assert len(list(media.frames())) == len(LEVELS)
    assert media.name.encode('utf-8').endswith(name.replace(b'\xe9.', rb'\xe9.'))


@pytest.mark.parametrize('name', ['x.mp4', 'x.mkv'])
def test_titles_need_not_be_utf_8(tmp_path, make_video, name):
    path = make_video(tmp_path / name, [grey(9)] * 3, [0, 0.1, 0.2])
    content = path.read_bytes()
    assert b'Lavf' in content
    path.write_bytes(content.replace(b'Lavf', b'L\xe9vf'))
    assert read(path)[1:] == (pytest.approx([0, 0.1, 0.2]), '')


def test_a_file_url_names_what_is_not_utf_8(tmp_path, make_video):
    good = make_video(tmp_path / 'good.mp4', [grey(9)] * 3, [0, 0.1, 0.2])
    os.rename(good, os.fsencode(tmp_path) + b'/caf\xe9.mp4')
    assert len(list(open_media(f'file://{tmp_path}/caf%E9.mp4').frames())) == 3


# --- the rest ---------------------------------------------------------------------------------


def test_images_at_times_are_those_shown_then(tmp_path, make_video):
    images = [grey(level) for level in LEVELS]
    path = make_video(tmp_path / 'x.mp4', images, STAMPS, gop=3)
    found = images_at(str(path), [2.39, 0.0, 0.2, 0.31, 99.0])
    assert [round(image.mean() / 20) for image in found] == [10, 0, 2, 4, 11]


@pytest.mark.parametrize('start', [0.0, 0.15, 0.2, 0.31, 2.0, 99.0])
def test_frames_from_a_time_are_those_from_the_beginning(tmp_path, make_video, start):
    images = [grey(level) for level in LEVELS]
    path = make_video(tmp_path / 'x.mp4', images, STAMPS, gop=3)
    media = open_media(path)
    expected = [frame for frame in media.frames() if frame.time >= start]
    found = list(media.frames_from(start))
    assert [f.time for f in found] == pytest.approx([f.time for f in expected])
    assert [f.image.mean() for f in found] == [f.image.mean() for f in expected]


def test_frames_from_a_time_without_pyav(tmp_path, make_video, without_pyav):
    path = make_video(tmp_path / 'x.mp4', [grey(20 * i) for i in range(12)], np.arange(12) / 10)
    found = list(open_media(path).frames_from(0.5))
    assert found[0].time == pytest.approx(0.5, abs=0.11)
    assert len(found) == pytest.approx(7, abs=1)


def test_without_pyav_opencv_reads_and_one_line_says_so(
    tmp_path, make_video, without_pyav, caplog
):
    path = make_video(tmp_path / 'x.mp4', [grey(level) for level in LEVELS], STAMPS)
    levels, stamps, error = read(path)
    read(path)
    assert error == ''
    assert levels == pytest.approx(LEVELS, abs=9)
    assert stamps[0] == 0
    [record] = caplog.records
    assert 'PyAV is missing' in record.message
    assert 'pip install av' in record.message
    path.write_bytes(path.read_bytes()[:-200])
    assert read(path)[2] == f'{path}: the file is cut off, after 0 frames'


def test_pyav_logs_nothing():
    """Any log level lets FFmpeg's threads wait for the GIL: releasing a decoder then deadlocks."""
    assert pyav() is av
    assert av.logging.get_level() is None
