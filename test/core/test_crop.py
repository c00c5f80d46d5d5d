import cv2
import numpy as np
import pytest

from pose_ros.core.models.crop import FrameReader, apply_affine
from pose_ros.core.types import Frame

SIZE = (641, 481)


def image_with_dot(width, height, x, y):
    """Black, with one green dot."""
    image = np.zeros((height, width, 3), np.uint8)
    cv2.circle(image, (x, y), max(width, height) // 40, (0, 255, 0), -1)
    return image


def middle(picture):
    """Middle of what is green, relative to the picture's sides."""
    weights = picture[..., 1].astype(float)
    rows, columns = np.indices(weights.shape)
    pixels = np.array([[(weights * columns).sum(), (weights * rows).sum()]]) / weights.sum()
    return pixels / (picture.shape[1], picture.shape[0])


@pytest.mark.parametrize(
    ('width', 'height'), [(640, 480), (1920, 1080), (480, 640), (641, 481), (1000, 90)]
)
def test_a_frame_of_any_shape_is_found_again_at_its_place(width, height):
    x, y = width * 3 // 10, height * 7 // 10
    picture, to_image = FrameReader(SIZE).read(Frame(image_with_dot(width, height, x, y)))
    assert picture.shape == (481, 641, 3)
    np.testing.assert_allclose(apply_affine(to_image, middle(picture)), [[x, y]], atol=0.1)


def test_the_aspect_ratio_is_kept():
    dot = image_with_dot(480, 640, 240, 320)
    picture, _ = FrameReader(SIZE).read(Frame(dot))
    rows, columns = np.nonzero(picture[..., 1] > 127)
    assert abs(np.ptp(rows) - np.ptp(columns)) <= 1


def test_nothing_of_a_frame_of_another_shape_is_left():
    reader = FrameReader(SIZE)
    reader.read(Frame(np.full((480, 640, 3), 255, np.uint8)))
    picture, _ = reader.read(Frame(np.full((640, 480, 3), 255, np.uint8)))
    assert not picture[:, :139].any()
    assert not picture[:, -139:].any()
    assert picture[:, 140:-141].all()


@pytest.mark.parametrize(('channels', 'red'), [('rgb', 0), ('bgr', 2)])
def test_the_picture_is_rgb(channels, red):
    image = np.zeros((48, 64, 3), np.uint8)
    image[..., red] = 200
    picture, _ = FrameReader(SIZE).read(Frame(image, channels=channels))
    assert picture[240, 320].tolist() == [200, 0, 0]
    assert image[0, 0, red] == 200
