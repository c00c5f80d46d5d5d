"""Images, videos and GIFs in files: which is which, and images upright."""

from __future__ import annotations

import struct

import cv2
import numpy as np
import pytest

from pose_ros.core.media import Media, MediaError, find_media, open_media

# Left half blue, right half red, in BGR: tells left from right and the channels' order.
IMAGE = np.zeros((48, 64, 3), np.uint8)
IMAGE[:, :32] = (255, 0, 0)
IMAGE[:, 32:] = (0, 0, 255)


def write_video(path, levels, rate=12.5, code='mp4v', size=(64, 48)):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*code), rate, size)
    assert writer.isOpened()
    for level in levels:
        writer.write(np.full((size[1], size[0], 3), (level, 0, 0), np.uint8))
    writer.release()
    return path


@pytest.mark.parametrize('suffix', ['.png', '.bmp', '.jpg', '.JPEG', '.tif', '.webp'])
def test_a_image_is_one_frame(tmp_path, suffix):
    path = tmp_path / f'image{suffix}'
    assert cv2.imwrite(str(path), IMAGE)
    media = open_media(path)
    assert (media.sequence, media.frame_count) == (False, 1)
    [frame] = media.frames()
    assert (frame.width, frame.height, frame.stamp, frame.channels) == (64, 48, None, 'bgr')
    assert np.abs(frame.image[:, 4:28].astype(int) - (255, 0, 0)).max() < 8
    assert np.abs(frame.image[:, 36:60].astype(int) - (0, 0, 255)).max() < 8


@pytest.mark.parametrize(
    'image',
    [
        np.full((4, 6), 130, np.uint8),
        np.full((4, 6), 130 * 257, np.uint16),
        np.full((4, 6, 4), (130, 130, 130, 7), np.uint8),
    ],
    ids=['grey', '16 bits', 'transparent'],
)
def test_every_image_becomes_8_bit_bgr(tmp_path, image):
    cv2.imwrite(str(tmp_path / 'x.png'), image)
    [frame] = open_media(tmp_path / 'x.png').frames()
    assert frame.image.shape == (4, 6, 3)
    assert (frame.image == 130).all()


def exif(orientation, order='>'):
    """EXIF data that say only how the camera was held."""
    mark = b'MM\0*' if order == '>' else b'II*\0'
    return mark + struct.pack(f'{order}IHHHIHHI', 8, 1, 0x0112, 3, 1, orientation, 0, 0)


def jpeg_with(data):
    content = cv2.imencode('.jpg', IMAGE)[1].tobytes()
    segment = b'\xff\xe1' + struct.pack('>H', len(data) + 8) + b'Exif\0\0' + data
    return content[:2] + segment + content[2:]


def webp_with(data):
    content = cv2.imencode('.webp', IMAGE, [cv2.IMWRITE_WEBP_QUALITY, 90])[1].tobytes()
    flags = struct.pack('<4sIB3x', b'VP8X', 10, 8) + bytes((63, 0, 0, 47, 0, 0))
    chunk = struct.pack('<4sI', b'EXIF', len(data)) + data + b'\0' * (len(data) % 2)
    body = b'WEBP' + flags + content[12:] + chunk
    return b'RIFF' + struct.pack('<I', len(body)) + body


@pytest.mark.parametrize('make', [jpeg_with, webp_with])
@pytest.mark.parametrize('order', '<>')
@pytest.mark.parametrize('orientation', range(10))
def test_a_turned_photograph_is_set_upright(tmp_path, make, order, orientation):
    """The values of EXIF's orientation: where its first row and first column are shown."""
    path = tmp_path / 'x.webp'
    path.write_bytes(make(exif(orientation, order)))
    [frame] = open_media(path).frames()
    turned = 5 <= orientation <= 8
    assert (frame.width, frame.height) == ((48, 64) if turned else (64, 48))
    # What is stored at the left, blue, is shown there.
    side = {2: 'right', 3: 'right', 5: 'top', 6: 'top', 7: 'bottom', 8: 'bottom'}.get(
        orientation, 'left'
    )
    x, y = {'left': (8, 24), 'right': (56, 24), 'top': (24, 8), 'bottom': (24, 56)}[side]
    assert frame.image[y, x].argmax() == 0
    assert frame.image[-1 - y, -1 - x].argmax() == 2


@pytest.mark.parametrize('name', ['x.mp4', 'x.AVI', '100%02d done.mp4'])
def test_a_video_is_a_sequence_with_the_stamps_of_its_rate(tmp_path, name):
    code = 'MJPG' if name.endswith('AVI') else 'mp4v'
    path = write_video(tmp_path / name, range(0, 250, 10), rate=12.5, code=code)
    media = open_media(path)
    assert media == Media(str(path), True, 12.5, 25)
    frames = list(media.frames())
    assert [frame.stamp for frame in frames] == pytest.approx([i / 12.5 for i in range(25)])
    assert {frame.channels for frame in frames} == {'bgr'}
    blue = [frame.image[..., 0].mean() for frame in frames]
    assert blue == pytest.approx(list(range(0, 250, 10)), abs=4)
    assert frames[-1].image[..., 2].mean() < 10
    # Frames may be kept: the reader does not write into them again.
    assert not np.shares_memory(frames[0].image, frames[1].image)


@pytest.mark.parametrize(
    ('name', 'content', 'reason'),
    [
        ('x.png', b'no image', 'not an image that can be decoded'),
        *((f'x{suffix}', b'', 'the file is empty') for suffix in ('.jpg', '.gif', '.mp4', '')),
        ('x.mp4', b'no video', 'not a video that can be decoded'),
        ('x.gif', b'GIF89a', 'the file is cut off and cannot be decoded'),
        ('x.txt', b'text', 'not a video that can be decoded, nor an image'),
        ('picture', b'text', 'not a video that can be decoded, nor an image'),
        ('x.srt', b'1\n00:00:01,000 --> 00:00:02,000\nHello\n', 'no video in it'),
    ],
)
def test_a_bad_file_is_named_with_the_reason(tmp_path, name, content, reason):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(MediaError, match=f'^{path}: .*{reason}'):
        list(open_media(path).frames())


def test_a_folder_gives_its_images_and_videos_in_the_order_of_names(tmp_path):
    for name in ('b.png', 'a.MP4', 'c.gif', 'notes.txt', '.hidden.png', 'e.jfif', 'f.3gp'):
        (tmp_path / name).touch()
    (tmp_path / 'd.png').mkdir()
    names = ('a.MP4', 'b.png', 'c.gif', 'e.jfif', 'f.3gp')
    assert find_media(tmp_path) == [str(tmp_path / name) for name in names]
    assert find_media(tmp_path / 'b.png') == [str(tmp_path / 'b.png')]
    with pytest.raises(MediaError, match=r'no image or video in this folder'):
        find_media(tmp_path / 'd.png')
    with pytest.raises(MediaError, match='the name of an input is empty'):
        find_media('')
    with pytest.raises(MediaError, match='/dev/null: not a file'):
        open_media('/dev/null')
    with pytest.raises(MediaError, match=r'none: there is no such file or folder'):
        find_media(tmp_path / 'none')
    with pytest.raises(MediaError, match=r'd\.png: not a file'):
        open_media(tmp_path / 'd.png')


@pytest.mark.parametrize(
    ('name', 'suffix', 'sequence'),
    [
        ('x.jfif', '.jpg', False),
        ('x.jp2', '.jp2', False),
        ('without', '.png', False),
        ('x.photo', '.jpg', False),
        ('x.clip', '.mp4', True),
    ],
)
def test_what_can_be_read_is_accepted_whatever_its_suffix(tmp_path, name, suffix, sequence):
    good = tmp_path / f'good{suffix}'
    if sequence:
        write_video(good, [50, 50])
    else:
        cv2.imwrite(str(good), IMAGE)
    good.rename(tmp_path / name)
    media = open_media(tmp_path / name)
    assert media.sequence == sequence
    assert [frame.width for frame in media.frames()] == [64] * (1 + sequence)


def test_an_unnamed_gif_is_a_video(tmp_path, make_video):
    make_video(tmp_path / 'x.gif', [IMAGE] * 3, [0, 0.1, 0.2], 'gif').rename(tmp_path / 'x')
    assert len(list(open_media(tmp_path / 'x').frames())) == 3


def test_a_heif_image_is_not_taken_for_a_video(tmp_path):
    """FFmpeg would show the first of its tiles."""
    video = write_video(tmp_path / 'x.mp4', [50, 50])
    content = video.read_bytes()
    assert content[4:8] == b'ftyp'
    (tmp_path / 'x.heic').write_bytes(content[:8] + b'heic' + content[12:])
    with pytest.raises(MediaError, match=r'HEIF images .* convert it to JPEG'):
        open_media(tmp_path / 'x.heic')


@pytest.mark.parametrize(
    ('source', 'name', 'path'),
    [
        ('rtsp://me:secret@camera:554/live/main?x=1', 'rtsp://me:***@camera', 'main'),
        ('http://camera/', 'http://camera/', 'camera'),
        ('udp://@239.0.0.1:1234', 'udp://@239.0.0.1:1234', '239.0.0.1:1234'),
    ],
)
def test_a_url_is_named_without_its_password(source, name, path):
    media = open_media(source)
    assert media.sequence
    assert media.name.startswith(name)
    assert 'secret' not in media.name
    assert str(media.path) == path
    assert find_media(source) == [source]


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


@pytest.mark.parametrize(
    ('damage', 'reason'),
    [
        (lambda png: png[:33] + b'\0\0\0\x08acTL' + bytes(12) + png[33:], 'animated PNG'),
        (lambda png: png[:33] + b'\x7f\xff\xff\0' + png[37:], 'is cut off'),
    ],
)
def test_a_png_is_checked_before_it_is_decoded(tmp_path, monkeypatch, damage, reason):
    png = cv2.imencode('.png', np.zeros((9, 9, 3), np.uint8))[1].tobytes()
    path = tmp_path / 'x.png'
    path.write_bytes(damage(png))
    media = open_media(path)
    monkeypatch.delattr(cv2, 'imdecode')
    with pytest.raises(MediaError, match=f'^{path}: PNG .*{reason}|^{path}: {reason}'):
        list(media.frames())
