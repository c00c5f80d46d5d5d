"""Image messages to frames: every encoding, padding, byte order, and whatever cannot be used."""

from array import array

import cv2
import numpy as np
import pytest
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from pose_ros.core.types import FrameError
from pose_ros.ros.images import (
    ENCODINGS,
    ImageReader,
    ImageWriter,
    compressed_to_frame,
    image_to_frame,
)

WIDTH, HEIGHT = 48, 32


@pytest.fixture
def pixels():
    """RGB [32, 48, 3] whose four quarters tell every mix-up of colour, side or place apart."""
    rgb = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    rgb[:16, :24] = (200, 40, 30)
    rgb[:16, 24:] = (30, 160, 60)
    rgb[16:, :24] = (20, 60, 190)
    rgb[16:, 24:] = (220, 210, 90)
    return rgb


def as_rgb(frame):
    return frame.image if frame.channels == 'rgb' else frame.image[..., ::-1]


@pytest.mark.parametrize('padding', [0, 6])
@pytest.mark.parametrize('bigendian', [False, True])
@pytest.mark.parametrize('encoding', ENCODINGS)
def test_every_encoding_gives_the_same_image(pixels, encoded_image, encoding, bigendian, padding):
    frame = image_to_frame(encoded_image(pixels, encoding, padding, bigendian))
    grey = encoding.startswith('mono') or encoding == '8UC1'
    expected = pixels.astype(float)
    if grey:
        expected = np.repeat(expected.mean(axis=2, keepdims=True), 3, axis=2)
    assert (frame.width, frame.height) == (WIDTH, HEIGHT)
    error = np.abs(as_rgb(frame) - expected)
    # Away from the borders of the quarters, where colours of half resolution must mix.
    for y in (slice(3, 13), slice(19, 29)):
        for x in (slice(3, 21), slice(27, 45)):
            assert error[y, x].max() <= 4


@pytest.mark.parametrize('encoding', ['rgb8', 'bgr8', '8UC3'])
@pytest.mark.parametrize('padding', [0, 5])
def test_three_channels_are_not_copied(pixels, encoded_image, encoding, padding):
    given = encoded_image(pixels, encoding, padding)
    frame = image_to_frame(given)
    assert np.shares_memory(frame.image, np.frombuffer(given.data, np.uint8))
    assert frame.channels == ('rgb' if encoding == 'rgb8' else 'bgr')


def test_the_last_row_may_lack_its_padding(pixels, encoded_image):
    given = encoded_image(pixels, 'rgb8', padding=8)
    given.data = given.data[:-8]
    assert (image_to_frame(given).image == pixels).all()


def test_the_stamp_is_that_of_the_header(pixels, encoded_image):
    given = encoded_image(pixels, 'rgb8')
    given.header.stamp.sec, given.header.stamp.nanosec = 1_700_000_000, 250_000_000
    assert image_to_frame(given).stamp == 1_700_000_000.25


@pytest.mark.parametrize(
    ('changes', 'reason'),
    [
        ({'encoding': 'rgb9'}, "unknown encoding 'rgb9'"),
        ({'encoding': ''}, "unknown encoding ''"),
        ({'width': 0}, '0×32'),
        ({'height': 0}, '48×0'),
        ({'width': 4_000_000_000, 'step': 4_294_967_295}, '4000000000×32'),
        ({'height': 20_000}, '48×20000'),
        ({'step': 143}, 'a row needs 144 bytes, step is 143'),
        ({'step': 0}, 'step is 0'),
        ({'data': array('B', bytes(100))}, 'expected 4608 bytes of data, got 100'),
        ({'data': array('B', bytes(4609))}, 'expected 4608 bytes of data, got 4609'),
        ({'data': array('B')}, 'got 0'),
        ({'encoding': 'uyvy', 'width': 47}, 'multiples of 2 and 1'),
        ({'encoding': 'nv12', 'height': 31}, 'multiples of 2 and 2'),
        ({'encoding': 'bayer_rggb8', 'height': 31}, 'multiples of 2 and 2'),
    ],
)
def test_what_is_wrong_is_said(pixels, encoded_image, changes, reason):
    given = encoded_image(pixels, 'rgb8')
    for name, value in changes.items():
        setattr(given, name, value)
    with pytest.raises(FrameError, match=reason):
        image_to_frame(given)


def compressed(pixels, extension):
    data = cv2.imencode(extension, pixels[..., ::-1])[1].tobytes()
    return CompressedImage(format=extension[1:], data=array('B', data))


@pytest.mark.parametrize(('extension', 'tolerance'), [('.jpg', 25), ('.png', 0)])
def test_compressed_images(pixels, extension, tolerance):
    frame = compressed_to_frame(compressed(pixels, extension))
    assert np.abs(as_rgb(frame).astype(int) - pixels)[4:12, 4:20].max() <= tolerance


def test_exif_does_not_turn_the_image(pixels):
    given = compressed(pixels, '.jpg')
    # Orientation 6: "turn by 90 degrees to show".
    tags = b'Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0'
    segment = b'\xff\xe1' + (len(tags) + 2).to_bytes(2, 'big') + tags
    given.data = given.data[:2] + array('B', segment) + given.data[2:]
    assert cv2.imdecode(np.array(given.data), cv2.IMREAD_COLOR).shape == (WIDTH, HEIGHT, 3)
    assert compressed_to_frame(given).image.shape == (HEIGHT, WIDTH, 3)


def cut(data):
    return data[: len(data) // 2]


def jpeg_of_60000(data):
    start = bytes(data).find(b'\xff\xc0')
    return data[: start + 5] + array('B', b'\xea\x60\xea\x60') + data[start + 9 :]


def png_of_60000(data):
    return data[:16] + array('B', b'\0\0\xea\x60\0\0\xea\x60') + data[24:]


@pytest.mark.parametrize(
    ('extension', 'damage', 'reason'),
    [
        ('.jpg', lambda data: array('B'), 'without data'),
        ('.jpg', lambda data: array('B', b'no image at all'), 'neither JPEG nor PNG'),
        ('.jpg', cut, 'cut off'),
        ('.jpg', lambda data: data[:-2], 'cut off'),
        ('.jpg', lambda data: data[:40], 'cut off'),
        ('.jpg', jpeg_of_60000, '60000×60000'),
        ('.png', png_of_60000, '60000×60000'),
        ('.png', lambda data: data[:20], 'cut off'),
    ],
)
def test_damaged_compressed_images(pixels, extension, damage, reason):
    given = compressed(pixels, extension)
    given.data = damage(given.data)
    with pytest.raises(FrameError, match=reason):
        compressed_to_frame(given)


def test_cameras_of_12_bits_are_not_black(pixels):
    """Also as a PNG, as image_transport makes it of mono16."""
    samples = pixels[..., 0].astype('<u2') << 4
    raw = Image(encoding='mono16', width=WIDTH, height=HEIGHT, step=2 * WIDTH)
    raw.data = array('B', samples.tobytes())
    packed = CompressedImage(format='mono16; png compressed mono16')
    packed.data = array('B', cv2.imencode('.png', samples)[1].tobytes())
    for message in (raw, packed):
        reader = ImageReader()
        assert (reader.frame(message).image == pixels[..., :1]).all()
    # A darker image is not made brighter by as much.
    raw.data = array('B', (samples // 4).tobytes())
    assert np.abs(reader.frame(raw).image - pixels[..., :1] / 4).max() <= 1


def test_compressed_depth_is_refused(pixels):
    given = compressed(pixels, '.png')
    given.format = '16UC1; compressedDepth png'
    with pytest.raises(FrameError, match='depth'):
        compressed_to_frame(given)


@pytest.mark.parametrize('encoding', ['rgb8', 'bgr8', 'mono8'])
def test_the_writer_keeps_its_array(pixels, encoding):
    image = pixels[..., 0] if encoding == 'mono8' else pixels
    writer = ImageWriter(encoding)
    header = Header(frame_id='camera')
    first = writer.write(image, header)
    data = first.data
    assert first.header is header
    assert bytes(data) == image.tobytes()
    second = writer.write(255 - image, header)
    assert second.data is data
    assert bytes(data) == (255 - image).tobytes()
    smaller = writer.write(image[:20, ::2], header)
    assert (smaller.width, smaller.height) == (WIDTH // 2, 20)
    assert smaller.step * smaller.height == len(smaller.data)
    expected = image[:20, ::2] if encoding != 'mono8' else image[:20, ::2, None].repeat(3, 2)
    assert (image_to_frame(smaller).image == expected).all()


def test_the_writer_refuses_what_its_encoding_cannot_hold(pixels):
    for encoding, image in (('mono8', pixels), ('rgb8', pixels[..., 0])):
        with pytest.raises(ValueError, match='needs a uint8 image'):
            ImageWriter(encoding).write(image, Header())
    with pytest.raises(ValueError, match='needs a uint8 image'):
        ImageWriter('rgb8').write(pixels.astype(np.float32), Header())
