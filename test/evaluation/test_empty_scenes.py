"""Clips from still images, and the people counted in them."""

from camera_clips import camera_clip, textures
from empty_scenes import count_false_people, count_true_people
import numpy as np
import pytest

from pose_ros.core.topology import COCO17
from pose_ros.core.types import Box, KeypointState, Person


class Scripted:
    """Estimator that finds people by the number of the frame since the last reset."""

    def __init__(self, find):
        self._find = find
        self._number = 0

    def reset(self):
        self._number = 0

    def estimate(self, frame):
        self._number += 1
        return self._find(self._number)


def person(box, number):
    """Person whose keypoints span a box, with an id."""
    x, y, width, height = box
    keypoints = np.linspace((x, y), (x + width, y + height), 17).astype(np.float32)
    states = np.full(17, KeypointState.OBSERVED, np.uint8)
    scores = np.full(17, 0.9, np.float32)
    return Person(COCO17, keypoints, scores, states, 0.9, Box(*box), id=number)


def test_a_clip_moves_slowly_and_never_leaves_the_image():
    image = np.full((120, 160, 3), 128, np.uint8)
    frames = list(camera_clip(image, 2.0, 15.0, seed=3))
    assert [f.frame.stamp for f in frames] == pytest.approx(np.arange(30) / 15)
    corners = np.array([[f.from_image[:, 2], f.from_image @ (160, 120, 1)] for f in frames])
    assert (corners[:, 0] <= 0).all()
    assert (corners[:, 1] >= (160, 120)).all()
    steps = np.abs(np.diff(corners, axis=0))
    assert 0 < steps.max() < 2


def test_the_noise_differs_from_frame_to_frame():
    image = np.full((120, 160, 3), 128, np.uint8)
    first, second = (f.frame.image.astype(float) for f in camera_clip(image, 0.2, 10.0))
    assert first.std() == pytest.approx(3.0, abs=0.3)
    assert np.corrcoef(first.ravel(), second.ravel())[0, 1] < 0.1


def test_a_clip_shows_image_points_where_its_matrix_says():
    image = np.zeros((120, 160, 3), np.uint8)
    image[40:44, 100:104] = 255
    *_, last = camera_clip(image, 1.0, 10.0, seed=5)
    ys, xs = np.nonzero(last.frame.image[..., 0] > 128)
    expected = last.from_image @ (101.5, 41.5, 1)
    assert (xs.mean(), ys.mean()) == pytest.approx(expected, abs=0.6)


def test_textures_are_images_and_the_same_for_a_seed():
    first, second = textures((320, 240), seed=1), textures((320, 240), seed=1)
    assert len(first) == 10
    for name, image in first.items():
        assert image.shape == (240, 320, 3)
        assert image.dtype == np.uint8
        np.testing.assert_array_equal(image, second[name])


def test_false_people_are_counted_by_frame_and_image():
    someone = person((10, 10, 20, 40), 1)
    unconfirmed = person((10, 10, 20, 40), 0)
    found = {3: [unconfirmed], 4: [someone], 5: [someone, someone]}
    estimator = Scripted(lambda number: found.get(number, []))
    image = np.zeros((60, 80, 3), np.uint8)
    result = count_false_people(estimator, [('a', image), ('b', image)], 0.5, 10.0)
    assert (result.frames, result.with_person, result.with_id) == (10, 6, 4)
    assert result.ids_per_thousand == pytest.approx(400)
    assert result.people_per_thousand == pytest.approx(600)
    assert result.images == {'a': 2, 'b': 2}


def test_true_people_are_those_on_an_annotated_box():
    right, wrong = person((12, 12, 20, 40), 1), person((60, 0, 10, 10), 2)
    found = {2: [wrong], 3: [wrong, right]}
    estimator = Scripted(lambda number: found.get(number, []))
    image = np.zeros((60, 80, 3), np.uint8)
    boxes = np.array([[12.0, 12.0, 16.0, 34.0], [40.0, 30.0, 10.0, 20.0]])
    result = count_true_people(estimator, [(image, boxes)], 0.3, 10.0)
    assert (result.clips, result.people) == (1, 2)
    assert (result.clips_found, result.people_found) == (1, 1)
    assert result.first_frames == [3]
