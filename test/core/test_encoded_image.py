"""JPEG and PNG images: what is refused before a decoder sees it, and what passes unchanged."""

import struct
import subprocess
import sys
import zlib

import cv2
import numpy as np
import pytest

from pose_ros.core.encoded_image import MAX_PIXELS, MAX_SCANS, read_encoded
from pose_ros.core.types import FrameError

WIDTH, HEIGHT = 48, 32
SIGNATURE = b'\x89PNG\r\n\x1a\n'


def chunk(kind, data=b''):
    return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))


def header(width=16, height=16, bits=8, colour=2):
    return chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, bits, colour, 0, 0, 0))


def png(*chunks):
    return SIGNATURE + b''.join(chunks) + chunk(b'IEND')


def rows(width=16, height=16, filter_type=0):
    return chunk(b'IDAT', zlib.compress((bytes([filter_type]) + bytes(3 * width)) * height))


@pytest.fixture
def image():
    random = np.random.default_rng(1)
    return cv2.GaussianBlur(random.integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8), (7, 7), 2)


ENCODERS = {
    'baseline': ('.jpg', []),
    'progressive': ('.jpg', [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]),
    'restart': ('.jpg', [cv2.IMWRITE_JPEG_RST_INTERVAL, 2]),
    'png': ('.png', []),
}


@pytest.mark.parametrize('name', ENCODERS)
@pytest.mark.parametrize('channels', [1, 3])
def test_sound_images_decode_as_they_would_have(image, name, channels):
    extension, options = ENCODERS[name]
    data = cv2.imencode(extension, image if channels == 3 else image[..., 0], options)[1].tobytes()
    encoded = read_encoded(data)
    assert (encoded.width, encoded.height, encoded.bits) == (WIDTH, HEIGHT, 8)
    assert encoded.channels == channels
    decoded = encoded.decode(cv2.IMREAD_COLOR)
    assert (decoded == cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)).all()


def test_the_bits_of_a_png(image):
    wide = image[..., 0].astype(np.uint16) << 4
    encoded = read_encoded(cv2.imencode('.png', wide)[1].tobytes())
    assert (encoded.bits, encoded.channels) == (16, 1)
    assert (encoded.decode(cv2.IMREAD_UNCHANGED) == wide).all()
    rgba = cv2.imencode('.png', np.dstack([image, image[..., :1]]))[1].tobytes()
    assert read_encoded(rgba).channels == 4


def test_metadata_never_reach_the_decoder(image):
    jpeg = cv2.imencode('.jpg', image)[1].tobytes()
    exif = b'\xff\xe1\x00\x0eExif\0\0MM\0*\0\0'
    comment = b'\xff\xfe\x00\x06abcd'
    padded = jpeg[:2] + exif + comment + b'\xff\xff' + jpeg[2:] + bytes(30)
    assert read_encoded(padded).data == jpeg
    still = png(header(), rows())
    text = chunk(b'zTXt', b'Comment\0\0' + zlib.compress(bytes(10**6)))
    assert read_encoded(still[:33] + text + still[33:] + b'after the end').data == still


def jpeg_of(width, height, scans=1):
    """Hand-made JPEG of one grey component: its structure is sound, its data are not."""
    frame = b'\xff\xc2\x00\x0b\x08' + struct.pack('>HH', height, width) + b'\x01\x01\x11\x00'
    scan = b'\xff\xda\x00\x08\x01\x01\x00\x00\x00\x00' + b'\x12\xff\x00\x34'
    return b'\xff\xd8' + frame + scan * scans + b'\xff\xd9'


ANIMATED = png(
    header(),
    chunk(b'acTL', struct.pack('>II', 2, 0)),
    chunk(b'fcTL', struct.pack('>IIIIIHHBB', 0, 16, 16, 0, 0, 1, 30, 0, 0)),
    rows(filter_type=0x63),
)
CLAIMS_2_GB = SIGNATURE + header() + b'\x7f\xff\xff\x00IDAT' + zlib.compress(bytes(48 * 16))
REFUSED = {
    'empty': (b'', 'without data'),
    'bmp': (b'BM6\x12\0\0\0\0\0\0', r"neither JPEG nor PNG: it begins with b'BM6"),
    'gif': (b'GIF89a' + bytes(30), 'neither JPEG nor PNG'),
    'animated png': (ANIMATED, 'animated'),
    'frame data without acTL': (png(header(), rows(), chunk(b'fdAT', bytes(9))), 'animated'),
    'chunk of 2 GB': (CLAIMS_2_GB, r'PNG of \d+ bytes is cut off'),
    'png without end': (png(header(), rows())[:-1], 'cut off'),
    'png without header': (png(rows()), 'must begin with one IHDR'),
    'png with two headers': (png(header(), header(8, 8), rows()), 'one IHDR'),
    'png with a short header': (png(chunk(b'IHDR', bytes(12)), rows()), 'IHDR of 13 bytes'),
    'png of colour type 5': (png(header(colour=5), rows()), 'colour type 5'),
    'png without area': (png(header(width=0), rows()), '0×16'),
    'png of 60000': (png(header(60000, 60000), rows()), 'sides must be 1 to 16384 px'),
    'png of 16384': (png(header(16384, 16384), rows()), f'at most {MAX_PIXELS} pixels'),
    'jpeg of 16384': (jpeg_of(16384, 16384), f'at most {MAX_PIXELS} pixels'),
    'jpeg of 60000': (jpeg_of(60000, 60000), '60000×60000'),
    'jpeg without height': (jpeg_of(16, 0), '16×0'),
    'jpeg of many scans': (jpeg_of(16, 16, MAX_SCANS + 1), 'more than 100 scans'),
    'jpeg without scan': (jpeg_of(16, 16, 0), 'no image in it'),
    'jpeg without end': (jpeg_of(16, 16)[:-2], 'cut off'),
    'jpeg of two frames': (jpeg_of(16, 16)[:-2] + jpeg_of(16, 16)[2:], '0xC2'),
    'lossless jpeg': (jpeg_of(16, 16).replace(b'\xff\xc2', b'\xff\xc3'), '0xC3'),
    'jpeg of 12 bits': (jpeg_of(16, 16).replace(b'\x0b\x08', b'\x0b\x0c'), 'frame header 0c'),
}


@pytest.mark.parametrize('name', REFUSED)
def test_refused_before_decoding(name, monkeypatch):
    monkeypatch.delattr(cv2, 'imdecode')
    data, reason = REFUSED[name]
    with pytest.raises(FrameError, match=reason):
        read_encoded(data)


def test_the_largest_images_pass():
    assert read_encoded(png(header(7680, 4320), rows())).width == 7680
    assert read_encoded(jpeg_of(4320, 7680, MAX_SCANS)).height == 7680
    with pytest.raises(FrameError, match='at most 255 pixels'):
        read_encoded(png(header(), rows()), max_pixels=255)


def test_damaged_data_of_a_sound_structure():
    for data in (png(header(), rows(filter_type=0x63)), png(header()), jpeg_of(16, 16)):
        encoded = read_encoded(data)
        with pytest.raises(FrameError, match='16×16 px cannot be decoded'):
            encoded.decode(cv2.IMREAD_COLOR)


MEASURE = """
import resource, sys
import cv2, numpy
from pose_ros.core.encoded_image import read_encoded
from pose_ros.core.types import FrameError
cv2.imdecode(cv2.imencode('.png', numpy.zeros((9, 9, 3), numpy.uint8))[1], 1)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
data = sys.stdin.buffer.read()
try:
    read_encoded(data).decode(cv2.IMREAD_COLOR)
except FrameError as error:
    print(error)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_small_files_take_little_memory():
    text = chunk(b'zTXt', b'Comment\0\0' + zlib.compress(bytes(7 * 10**6), 9))
    for data in (CLAIMS_2_GB, ANIMATED, png(header(), text * 50, rows())):
        result = subprocess.run(
            [sys.executable, '-c', MEASURE], input=data, capture_output=True, check=True
        )
        growth = int(result.stdout.split()[-1])
        assert growth < 50_000, f'{growth} kB for {len(data)} bytes'
