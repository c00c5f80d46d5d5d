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


def middle(sample):
    """Middle of what is green, relative to the image's sides."""
    weights = sample[..., 1].astype(float)
    rows, columns = np.indices(weights.shape)
    pixels = np.array([[(weights * columns).sum(), (weights * rows).sum()]]) / weights.sum()
    return pixels / (sample.shape[1], sample.shape[0])


@pytest.mark.parametrize(
    ('width', 'height'), [(640, 480), (1920, 1080), (480, 640), (641, 481), (1000, 90)]
)
def test_a_frame_of_any_shape_is_found_again_at_its_place(width, height):
    x, y = width * 3 // 10, height * 7 // 10
    sample, to_image = FrameReader(SIZE).read(Frame(image_with_dot(width, height, x, y)))
    assert sample.shape == (481, 641, 3)
    np.testing.assert_allclose(apply_affine(to_image, middle(sample)), [[x, y]], atol=0.1)


def test_the_aspect_ratio_is_kept():
    dot = image_with_dot(480, 640, 240, 320)
    sample, _ = FrameReader(SIZE).read(Frame(dot))
    rows, columns = np.nonzero(sample[..., 1] > 127)
    assert abs(np.ptp(rows) - np.ptp(columns)) <= 1


def test_nothing_of_a_frame_of_another_shape_is_left():
    reader = FrameReader(SIZE)
    reader.read(Frame(np.full((480, 640, 3), 255, np.uint8)))
    sample, _ = reader.read(Frame(np.full((640, 480, 3), 255, np.uint8)))
    assert not sample[:, :139].any()
    assert not sample[:, -139:].any()
    assert sample[:, 140:-141].all()


@pytest.mark.parametrize(('channels', 'red'), [('rgb', 0), ('bgr', 2)])
def test_the_image_is_rgb(channels, red):
    image = np.zeros((48, 64, 3), np.uint8)
    image[..., red] = 200
    sample, _ = FrameReader(SIZE).read(Frame(image, channels=channels))
    assert sample[240, 320].tolist() == [200, 0, 0]
    assert image[0, 0, red] == 200
