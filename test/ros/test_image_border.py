"""Images of any content: a frame or a FrameError, never anything else."""

from array import array
import struct

import cv2
from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest
from sensor_msgs.msg import CompressedImage, Image

from pose_ros.core.types import MAX_IMAGE_SIDE, FrameError
from pose_ros.ros.depth_images import depth_of
from pose_ros.ros.images import ENCODINGS, ImageReader

pytestmark = pytest.mark.ros

DEPTH_ENCODINGS = ('16UC1', 'mono16', '32FC1')
ANY_SIDE = st.one_of(st.integers(0, 20), st.sampled_from((MAX_IMAGE_SIDE, 65536, 2**32 - 1)))


@st.composite
def raw_images(draw, encodings):
    """Image whose size, step and data fit each other, up to one change."""
    encoding = draw(st.sampled_from([*encodings, '', 'rgb9']))
    width, height = draw(st.integers(0, 12)), draw(st.integers(0, 12))
    step = width * draw(st.integers(0, 8)) + draw(st.integers(0, 3))
    size = int(step * height * draw(st.sampled_from((1, 1.5))))
    data = draw(st.binary(min_size=size, max_size=size))
    message = Image(
        encoding=encoding,
        width=width,
        height=height,
        step=step,
        is_bigendian=draw(st.integers(0, 255)),
        data=array('B', data),
    )
    changed = draw(st.sampled_from(('nothing', 'width', 'height', 'step', 'data')))
    if changed == 'data':
        message.data = array('B', draw(st.binary(max_size=400)))
    elif changed != 'nothing':
        setattr(message, changed, draw(ANY_SIDE))
    return message


def _valid_files():
    random = np.random.default_rng(2)
    colour = cv2.GaussianBlur(random.integers(0, 255, (24, 40, 3), np.uint8), (5, 5), 2)
    wide = colour[..., 0].astype(np.uint16) * 17
    progressive = [cv2.IMWRITE_JPEG_PROGRESSIVE, 1, cv2.IMWRITE_JPEG_RST_INTERVAL, 2]
    for extension, image, options in (
        ('.jpg', colour, []),
        ('.jpg', colour[..., 0], progressive),
        ('.png', colour, []),
        ('.png', np.dstack([colour, colour[..., :1]]), []),
        ('.png', wide, []),
        ('.png', np.dstack([wide] * 3), []),
    ):
        yield cv2.imencode(extension, image, options)[1].tobytes()


FILES = tuple(_valid_files())
# Bytes that mean something in a header.
SPICE = (
    b'\xff',
    b'\xff\xd9',
    b'\xff\xda',
    b'\xff\xc0',
    b'IDAT',
    b'acTL',
    b'IEND',
    b'\x7f\xff\xff',
)


@st.composite
def damaged_files(draw):
    """JPEG or PNG with a few bytes changed, inserted or removed; most of them near the start."""
    data = bytearray(draw(st.sampled_from(FILES)))
    for _ in range(draw(st.integers(0, 6))):
        limit = draw(st.sampled_from((40, 700, len(data))))
        place = draw(st.integers(0, min(limit, len(data))))
        removed = draw(st.sampled_from((0, 1, 1, 1, 4, 20, len(data))))
        added = draw(st.one_of(st.binary(max_size=4), st.sampled_from(SPICE)))
        data[place : place + removed] = added
    return bytes(data)


ANY_FILE = st.one_of(damaged_files(), st.binary(max_size=200))
HEADERS = st.one_of(
    st.binary(max_size=14),
    st.builds(struct.Struct('<iff').pack, st.integers(-1, 1), *(2 * [st.floats(width=32)])),
)


@given(st.lists(raw_images(ENCODINGS), min_size=1, max_size=3))
def test_raw_images(messages):
    reader = ImageReader()
    for message in messages:
        try:
            frame = reader.frame(message)
        except FrameError:
            continue
        assert frame.image.shape == (message.height, message.width, 3)


@given(st.lists(ANY_FILE, min_size=1, max_size=3), st.text(max_size=10))
def test_compressed_images(files, format_name):
    reader = ImageReader()
    for data in files:
        try:
            frame = reader.frame(CompressedImage(format=format_name, data=array('B', data)))
        except FrameError:
            continue
        assert frame.image.dtype == np.uint8


@given(raw_images(DEPTH_ENCODINGS))
def test_raw_depth(message):
    try:
        depth = depth_of(message)
    except FrameError:
        return
    assert depth.values.shape == (message.height, message.width)


@given(st.sampled_from(DEPTH_ENCODINGS), HEADERS, ANY_FILE)
def test_compressed_depth(encoding, header, data):
    name = f'{encoding}; compressedDepth png'
    try:
        depth = depth_of(CompressedImage(format=name, data=array('B', header + data)))
    except FrameError:
        return
    height, width = depth.values.shape
    points = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1)
    metres = depth.at(points, (width, height))
    assert not (metres < 0).any()
