"""Turned and mirrored images: pixels and people move together, bodies keep their sides."""

import cv2
import numpy as np
import pytest

from pose_ros.core.camera import CameraModel
from pose_ros.core.camera_orientation import ROTATIONS, UPRIGHT, CameraOrientation
from pose_ros.core.positions import Positions, PositionSource
from pose_ros.core.topology import COCO17
from pose_ros.core.types import Box, Frame, Person

WIDTH, HEIGHT = 64, 40
EVERY = [CameraOrientation(rotate, mirrored) for rotate in ROTATIONS for mirrored in (False, True)]


@pytest.fixture
def person():
    random = np.random.default_rng(3)
    keypoints = random.uniform((2, 2), (WIDTH - 3, HEIGHT - 3), (17, 2)).round()
    points = random.uniform((-1, -1, 2), (1, 1, 4), (17, 3))
    positions = Positions(points, np.full(17, 0.1), PositionSource.MODEL)
    return Person(
        topology=COCO17,
        keypoints=keypoints.astype(np.float32),
        scores=np.ones(17, np.float32),
        states=np.zeros(17, np.uint8),
        score=0.9,
        box=Box.around(keypoints),
        id=3,
        world=random.uniform(-1, 1, (17, 3)).astype(np.float32),
        positions=positions,
    )


@pytest.mark.parametrize('orientation', EVERY)
def test_keypoints_stay_on_their_pixels(orientation, person):
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    for index, (x, y) in enumerate(person.keypoints.astype(int)):
        image[y, x] = index + 1
    upright = orientation.upright_frame(Frame(image, 5.0, 'bgr'))
    assert (upright.stamp, upright.channels) == (5.0, 'bgr')
    turned = orientation.upright_person(person, (WIDTH, HEIGHT))
    for index, (x, y) in enumerate(turned.keypoints.round().astype(int)):
        assert upright.image[y, x, 0] == image[tuple(person.keypoints[index].astype(int)[::-1])][0]
    assert turned.box == Box.around(turned.keypoints.astype(float))


@pytest.mark.parametrize('orientation', EVERY)
def test_there_and_back(orientation, person):
    size = (WIDTH, HEIGHT)
    back = orientation.person_in_image(orientation.upright_person(person, size), size)
    np.testing.assert_allclose(back.keypoints, person.keypoints, atol=1e-5)
    np.testing.assert_allclose(back.world, person.world, atol=1e-6)
    np.testing.assert_allclose(back.positions.points, person.positions.points, atol=1e-12)
    assert (back.box.x, back.box.width) == pytest.approx((person.box.x, person.box.width))


def test_clockwise_is_clockwise_and_mirrored_comes_first():
    image = np.zeros((2, 3, 3), np.uint8)
    image[:, :, 0] = [[1, 2, 3], [4, 5, 6]]
    expected = {
        CameraOrientation(90): [[4, 1], [5, 2], [6, 3]],
        CameraOrientation(180): [[6, 5, 4], [3, 2, 1]],
        CameraOrientation(270): [[3, 6], [2, 5], [1, 4]],
        CameraOrientation(mirrored=True): [[3, 2, 1], [6, 5, 4]],
        CameraOrientation(90, mirrored=True): [[6, 3], [5, 2], [4, 1]],
    }
    for orientation, values in expected.items():
        upright = orientation.upright_frame(Frame(image)).image[..., 0]
        assert upright.tolist() == values, orientation


def test_nothing_is_copied_for_an_upright_camera(person):
    frame = Frame(np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    assert UPRIGHT.upright_frame(frame) is frame
    assert UPRIGHT.person_in_image(person, (WIDTH, HEIGHT)) is person


@pytest.mark.parametrize('orientation', EVERY)
def test_mirroring_changes_no_place_in_space(orientation, person):
    """What is up in the image is up in space; left and right of a body are not exchanged."""
    turned = orientation.upright_person(person, (WIDTH, HEIGHT))
    plain = CameraOrientation(orientation.rotate).upright_person(person, (WIDTH, HEIGHT))
    np.testing.assert_array_equal(turned.positions.points, plain.positions.points)
    before, after = (np.linalg.det(p.positions.points[:3]) for p in (person, turned))
    assert after == pytest.approx(before)
    x, y, z = CameraOrientation(90).direction_in_image((0.0, -1.0, 0.0))
    assert (x, y, z) == (-1, 0, 0)  # up in the upright image is left in the image as delivered


def test_a_mirrored_camera_sees_the_other_side():
    camera = CameraModel.from_field_of_view(640, 480, 1.0)
    fields = {'distortion': np.array([-0.3, 0.1, 0.001, 0.002]), 'distortion_model': 'plumb_bob'}
    pixels = np.array([[100.0, 50.0], [600.0, 400.0]])
    places = CameraModel(camera.matrix, camera.projection, **fields).back_project(pixels, 2.0)
    mirrored = CameraModel(camera.matrix, camera.projection, mirrored=True, **fields)
    np.testing.assert_allclose(mirrored.back_project(pixels, 2.0), places * (-1, 1, 1))


@pytest.mark.parametrize('angle', [45, -90, 360])
def test_other_angles_are_refused(angle):
    with pytest.raises(ValueError, match=f'0, 90, 180, 270, got {angle}'):
        CameraOrientation(angle)


def test_turning_is_what_opencv_does():
    image = np.random.default_rng(1).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
    upright = CameraOrientation(180, mirrored=True).upright_frame(Frame(image)).image
    assert (upright == cv2.flip(image, 0)).all()
