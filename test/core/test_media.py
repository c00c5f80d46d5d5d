"""Reading pictures, videos and GIFs from real files."""

from __future__ import annotations

from pathlib import Path
import struct

import cv2
import numpy as np
import pytest

from pose_ros.core.media import (
    Media,
    MediaError,
    _read_video,
    find_media,
    is_video,
    open_media,
)

# Left half blue, right half red, in BGR: tells left from right and the channels' order.
PICTURE = np.zeros((48, 64, 3), np.uint8)
PICTURE[:, :32] = (255, 0, 0)
PICTURE[:, 32:] = (0, 0, 255)


def write_video(path, levels, rate=12.5, code='mp4v', size=(64, 48)):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*code), rate, size)
    assert writer.isOpened()
    for level in levels:
        writer.write(np.full((size[1], size[0], 3), (level, 0, 0), np.uint8))
    writer.release()
    return path


@pytest.mark.parametrize('suffix', ['.png', '.bmp', '.jpg', '.JPEG', '.tif', '.webp'])
def test_a_picture_is_one_frame(tmp_path, suffix):
    path = tmp_path / f'picture{suffix}'
    assert cv2.imwrite(str(path), PICTURE)
    media = open_media(path)
    assert (media.sequence, media.frame_count) == (False, 1)
    [frame] = media.frames()
    assert (frame.width, frame.height, frame.stamp, frame.channels) == (64, 48, 0.0, 'bgr')
    assert np.abs(frame.image[:, 4:28].astype(int) - (255, 0, 0)).max() < 8
    assert np.abs(frame.image[:, 36:60].astype(int) - (0, 0, 255)).max() < 8


@pytest.mark.parametrize(
    'picture',
    [
        np.full((4, 6), 130, np.uint8),
        np.full((4, 6), 130 * 257, np.uint16),
        np.full((4, 6, 4), (130, 130, 130, 7), np.uint8),
    ],
    ids=['grey', '16 bits', 'transparent'],
)
def test_every_picture_becomes_8_bit_bgr(tmp_path, picture):
    cv2.imwrite(str(tmp_path / 'x.png'), picture)
    [frame] = open_media(tmp_path / 'x.png').frames()
    assert frame.image.shape == (4, 6, 3)
    assert (frame.image == 130).all()


def test_a_turned_photograph_is_set_upright(tmp_path):
    """EXIF orientation 6: the camera was held upright, turn clockwise to show it."""
    jpeg = cv2.imencode('.jpg', PICTURE)[1].tobytes()
    exif = b'Exif\0\0MM\0*' + struct.pack('>IHHHIHHI', 8, 1, 0x0112, 3, 1, 6, 0, 0)
    segment = b'\xff\xe1' + struct.pack('>H', len(exif) + 2) + exif
    (tmp_path / 'x.jpg').write_bytes(jpeg[:2] + segment + jpeg[2:])
    [frame] = open_media(tmp_path / 'x.jpg').frames()
    assert (frame.width, frame.height) == (48, 64)
    # What was at the left is now at the top.
    assert frame.image[8, 24].argmax() == 0
    assert frame.image[56, 24].argmax() == 2


@pytest.mark.parametrize('name', ['x.mp4', 'x.AVI', '100%02d done.mp4'])
def test_a_video_is_a_sequence_with_the_stamps_of_its_rate(tmp_path, name):
    code = 'MJPG' if name.endswith('AVI') else 'mp4v'
    path = write_video(tmp_path / name, range(0, 250, 10), rate=12.5, code=code)
    media = open_media(path)
    assert media == Media(path, True, 12.5, 25)
    frames = list(media.frames())
    assert [frame.stamp for frame in frames] == pytest.approx([i / 12.5 for i in range(25)])
    assert {frame.channels for frame in frames} == {'bgr'}
    blue = [frame.image[..., 0].mean() for frame in frames]
    assert blue == pytest.approx(list(range(0, 250, 10)), abs=4)
    assert frames[-1].image[..., 2].mean() < 10
    # Frames may be kept: the reader does not write into them again.
    assert not np.shares_memory(frames[0].image, frames[1].image)


class FakeCapture:
    """A container whose stamps [s] are odd; no file with such could be made by OpenCV."""

    def __init__(self, stamps):
        self._stamps = list(stamps)
        self._at = -1

    def read(self):
        self._at += 1
        good = self._at < len(self._stamps)
        return good, np.zeros((2, 2, 3), np.uint8) if good else None

    def get(self, what):
        assert what == cv2.CAP_PROP_POS_MSEC
        return 1000 * self._stamps[self._at]


@pytest.mark.parametrize(
    ('container', 'expected'),
    [
        ([0, 0.1, 0.4, 0.5], [0, 0.1, 0.4, 0.5]),
        ([5.0, 5.1, 5.4], [0, 0.1, 0.4]),  # not from zero
        ([0, 0, 0], [0, 0.25, 0.5]),  # none at all: from the rate of 4
        ([0, 0.3, 0.1, 0.9], [0, 0.3, 0.55, 0.9]),  # a step back
        ([0, float('nan'), 0.6], [0, 0.25, 0.6]),
    ],
)
def test_stamps_start_at_zero_and_increase(container, expected):
    stamps = [stamp for _, stamp in _read_video(FakeCapture(container), 4.0)]
    assert stamps == pytest.approx(expected)


@pytest.mark.parametrize(
    ('name', 'content', 'reason'),
    [
        ('x.png', b'no picture', 'not a picture that can be decoded'),
        ('x.jpg', b'', 'the file is empty'),
        ('x.mp4', b'no video', 'not a video that can be decoded'),
        ('x.gif', b'GIF89a', 'not a video that can be decoded|no frame of it can be read'),
        ('x.txt', b'text', r"neither a picture nor a video by its suffix '\.txt'"),
        ('picture', b'text', 'neither a picture nor a video'),
    ],
)
def test_a_bad_file_is_named_with_the_reason(tmp_path, name, content, reason):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(MediaError, match=f'^{path}: .*{reason}'):
        list(open_media(path).frames())


def test_a_video_that_breaks_off_gives_its_good_frames_then_says_so(tmp_path):
    path = write_video(tmp_path / 'x.avi', range(100), code='MJPG')
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    media = Media(path, True, 12.5, 100)
    good = []
    with pytest.raises(MediaError, match=r'broke off after \d+ of 100 frames'):
        good.extend(frame.stamp for frame in media.frames())
    # extend() keeps what it got before the error.
    assert 30 < len(good) < 70


@pytest.mark.parametrize('said', [20, 21, None])
def test_one_missing_frame_may_be_a_wrong_estimate(tmp_path, said):
    path = write_video(tmp_path / 'x.mp4', [0] * 20)
    assert len(list(Media(path, True, 12.5, said).frames())) == 20
    with pytest.raises(MediaError, match='after 20 of 22'):
        list(Media(path, True, 12.5, 22).frames())


def test_a_folder_gives_its_pictures_and_videos_in_the_order_of_names(tmp_path):
    for name in ('b.png', 'a.MP4', 'c.gif', 'notes.txt', '.hidden.png'):
        (tmp_path / name).touch()
    (tmp_path / 'd.png').mkdir()
    assert find_media(tmp_path) == [tmp_path / name for name in ('a.MP4', 'b.png', 'c.gif')]
    assert find_media(tmp_path / 'b.png') == [tmp_path / 'b.png']
    with pytest.raises(MediaError, match=r'no picture or video in this folder'):
        find_media(tmp_path / 'd.png')
    with pytest.raises(MediaError, match=r'none: there is no such file or folder'):
        find_media(tmp_path / 'none')
    with pytest.raises(MediaError, match='there is no such file'):
        open_media(tmp_path / 'd.png')


def test_videos_are_told_by_their_suffix():
    assert [is_video(Path(name)) for name in ('a.gif', 'a.MOV', 'a.png', 'a')] == [
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ('name', 'count', 'step'),
    [
        pytest.param(name, count, step, marks=pytest.mark.test_data(f'clips/{name}'))
        for name, count, step in (
            ('wave_full_body.mp4', 125, 0.1),
            ('stand_full_body.mp4', 106, 0.1),
            ('combined_squat_dance.gif', 42, 0.1),
            ('three-walk-and-pause.gif', 41, 1 / 12),
            ('two-walk-toward-camera.gif', 35, 1 / 12),
        )
    ],
)
def test_real_clips_are_read_whole_with_their_stamps(test_data, name, count, step):
    media = open_media(test_data / 'clips' / name)
    stamps = np.array([frame.stamp for frame in media.frames()])
    assert (media.frame_count, len(stamps)) == (count, count)
    assert np.diff(stamps) == pytest.approx(step, abs=0.0101)  # GIFs count hundredths
    assert stamps[-1] == pytest.approx((count - 1) * step, rel=0.01)
