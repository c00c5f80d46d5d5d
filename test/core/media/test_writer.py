"""Videos written: the times, the format, and what happens on a full disk."""

from __future__ import annotations

import os

import av
import numpy as np
import pytest

from pose_ros.core.media import VideoWriter, open_media, writer

STAMPS = [0, 0.1, 0.13, 0.9, 4.0]
LEVELS = [0, 60, 120, 180, 240]


def grey(level, size=(64, 48)):
    return np.full((size[1], size[0], 3), level, np.uint8)


def write(path, size=(64, 48), rate=10.0):
    with VideoWriter(path, rate) as video:
        for level, stamp in zip(LEVELS, STAMPS):
            video.write(grey(level, size), stamp)
    return path


def stream_of(path):
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        duration = float(stream.duration * stream.time_base)
        return stream.codec_context.name, stream.codec_context.pix_fmt, duration


def test_a_video_has_the_stamps_of_its_images_and_plays_in_browsers(tmp_path):
    path = write(tmp_path / 'x.mp4')
    frames = list(open_media(path).frames())
    assert [frame.stamp for frame in frames] == pytest.approx(STAMPS, abs=1e-4)
    assert [frame.image.mean() for frame in frames] == pytest.approx(LEVELS, abs=4)
    # The last image is shown for a period.
    assert stream_of(path) == ('h264', 'yuv420p', pytest.approx(4.1, abs=0.01))
    content = path.read_bytes()
    # The index comes first, so that it plays while it is loaded.
    assert content.index(b'moov') < content.index(b'mdat')


def test_without_h264_it_is_mpeg4_of_good_quality(tmp_path, monkeypatch):
    monkeypatch.setattr(writer, '_ENCODERS', (('none', {}), *writer._ENCODERS[2:]))
    path = write(tmp_path / 'x.mp4')
    assert stream_of(path)[0] == 'mpeg4'
    frames = list(open_media(path).frames())
    assert [frame.stamp for frame in frames] == pytest.approx(STAMPS, abs=1e-4)
    assert [frame.image.mean() for frame in frames] == pytest.approx(LEVELS, abs=4)


def test_odd_sides_are_made_even_and_later_sizes_scaled(tmp_path):
    with VideoWriter(tmp_path / 'x.mp4') as video:
        video.write(grey(50, (61, 35)), 0.0)
        video.write(grey(90, (122, 70)), 0.1)
    first, second = open_media(tmp_path / 'x.mp4').frames()
    assert first.image.shape == second.image.shape == (36, 62, 3)
    assert first.image[-1].mean() == pytest.approx(50, abs=4)
    assert second.image.mean() == pytest.approx(90, abs=4)


def test_stamps_that_fall_together_are_kept_apart(tmp_path):
    with VideoWriter(tmp_path / 'x.mp4') as video:
        for stamp in (0.0, 1e-9, 2e-9, 0.5):
            video.write(grey(50), stamp)
    stamps = [frame.stamp for frame in open_media(tmp_path / 'x.mp4').frames()]
    assert stamps == pytest.approx([0, 0, 0, 0.5], abs=1e-3)
    assert len(set(stamps)) == 4


def test_without_pyav_images_are_repeated_to_keep_the_time(tmp_path, without_pyav):
    path = write(tmp_path / 'x.mp4')
    levels = [frame.image.mean() for frame in open_media(path).frames()]
    # At 10 Hz: the third image falls onto the second's place.
    shown = [0, 60] + 7 * [120] + 31 * [180] + [240]
    assert levels == pytest.approx(shown, abs=5)


@pytest.fixture
def full_disk(tmp_path):
    """Path to which nothing can be written."""
    path = tmp_path / 'x.mp4'
    path.symlink_to('/dev/full')
    return path


def test_a_full_disk_is_an_error_that_leaves_no_file(full_disk):
    rng = np.random.default_rng(0)
    video = VideoWriter(full_disk)

    def fill():
        for number in range(1000):
            video.write(rng.integers(0, 255, (480, 640, 3), dtype=np.uint8), number / 30)

    with pytest.raises(OSError, match=r'No space left on device: video .*x\.mp4; .* removed'):
        fill()
    assert not os.path.lexists(full_disk)
    video.close()
    assert not os.path.lexists(full_disk)


def test_a_disk_that_is_full_at_the_end_is_an_error_too(full_disk):
    with pytest.raises(OSError, match='No space left on device'):
        write(full_disk)
    assert not os.path.lexists(full_disk)


def test_without_pyav_a_full_disk_is_an_error_too(full_disk, without_pyav):
    with pytest.raises(OSError, match='cannot begin an MP4 video; is the disk full'):
        write(full_disk)
    assert not os.path.lexists(full_disk)


def test_without_pyav_a_file_that_does_not_play_is_an_error(tmp_path, without_pyav):
    rng = np.random.default_rng(0)
    video = VideoWriter(tmp_path / 'x.mp4')
    for number in range(9):
        video.write(rng.integers(0, 255, (480, 640, 3), dtype=np.uint8), number / 30)
    # OpenCV reports no errors of writing, so here is one that it could not see.
    (tmp_path / 'x.mp4').write_bytes(b'')
    with pytest.raises(OSError, match='not written whole'):
        video.close()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_opened_is_left_alone(tmp_path):
    (tmp_path / 'x.mp4').mkdir()
    with pytest.raises(OSError, match=r'Is a directory: video .*x\.mp4$'):
        write(tmp_path / 'x.mp4')
    assert (tmp_path / 'x.mp4').is_dir()
    with pytest.raises(OSError, match='No such file or directory'):
        write(tmp_path / 'none' / 'x.mp4')


def test_without_an_image_there_is_no_file(tmp_path):
    VideoWriter(tmp_path / 'x.mp4').close()
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_not_utf_8(tmp_path, request):
    path = tmp_path / os.fsdecode(b'caf\xe9.mp4')
    write(path)
    assert len(list(open_media(path).frames())) == 5
    request.getfixturevalue('without_pyav')
    with pytest.raises(OSError, match='not UTF-8'):
        write(path)
