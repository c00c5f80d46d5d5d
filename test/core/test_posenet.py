import csv
from pathlib import Path

import cv2
import numpy as np
import pytest

from pose_ros.core.models.posenet import BRANCHES, STRIDE, Fields, PoseNet, decode
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.runtime.store import ModelStore
from pose_ros.core.topology import COCO17
from pose_ros.core.types import Frame

NAME = 'posenet_mobilenet_v1_075_481_641_16_quant_decoder'
GOLDEN = f'golden/{NAME}_test_image.csv'
WIDTH, HEIGHT = 41, 31  # cells
REACH = 32.0  # of the discs that the heatmaps are made of [px]

# A person who stands upright with spread arms, the hips' middle at (0, 0) [px].
STANDING = np.array([
    [0, -130], [6, -136], [-6, -136], [14, -132], [-14, -132],
    [28, -90], [-28, -90], [60, -70], [-60, -70], [90, -60], [-90, -60],
    [18, 0], [-18, 0], [20, 55], [-20, 55], [22, 110], [-22, 110],
], float)  # fmt: skip


def person(x, y, scale=1.0):
    return STANDING * scale + (x, y)


def paint(people, sureness=None):
    """Fields of an image with these people [N, 17, 2], as PersonLab defines them.

    `sureness` [N, 17] is the logit at each keypoint, 4 by default.
    """
    people = np.asarray(people, float).reshape(-1, 17, 2)
    sureness = np.full(people.shape[:2], 4.0) if sureness is None else np.asarray(sureness)
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    cells = np.stack([columns, rows], axis=2) * STRIDE
    heatmaps = np.full((HEIGHT, WIDTH, 17), -9.0)
    short = np.zeros((HEIGHT, WIDTH, 2, 17))
    mid = np.zeros((HEIGHT, WIDTH, 2, 2, 16))
    for kind in range(17):
        distances = np.stack([np.hypot(*(k - cells).transpose(2, 0, 1)) for k in people[:, kind]])
        nearest = distances.argmin(axis=0)
        near = distances.min(axis=0) <= REACH
        heights = sureness[nearest, kind] - distances.min(axis=0) / REACH
        heatmaps[near, kind] = heights[near]
        short[..., kind][near] = (people[nearest, kind] - cells)[near][:, ::-1]
        for edge, ends in enumerate(BRANCHES):
            for direction, (start, end) in enumerate((ends, ends[::-1])):
                if start == kind:
                    offsets = people[nearest, end] - cells
                    mid[..., direction, :, edge][near] = offsets[near][:, ::-1]
    return Fields(
        heatmaps.astype(np.float32),
        short.reshape(HEIGHT, WIDTH, 34).astype(np.float32),
        mid.reshape(HEIGHT, WIDTH, 64).astype(np.float32),
    )


def test_a_painted_person_is_found_to_the_pixel():
    truth = person(301.3, 212.8)
    (found,) = decode(paint(truth))
    np.testing.assert_allclose(found.keypoints, truth, atol=0.1)
    assert found.scores.min() > 0.9
    assert found.score == pytest.approx(found.scores.mean())


@pytest.mark.parametrize('root', COCO17.keypoint_names)
def test_a_person_grows_from_whichever_keypoint_is_the_surest(root):
    """All others are too unsure to start from."""
    sureness = np.full((1, 17), -1.5)
    sureness[0, COCO17.index(root)] = 5.0
    truth = person(330.0, 240.0)
    (found,) = decode(paint(truth, sureness))
    np.testing.assert_allclose(found.keypoints, truth, atol=0.1)
    assert found.scores.argmax() == COCO17.index(root)


@pytest.mark.parametrize('distance', [60, 90, 160])
def test_people_who_overlap_are_kept_apart(distance):
    """Their arms cross; at 60 px shoulders of one are behind those of the other."""
    people = [person(250, 240), person(250 + distance, 250)]
    found = sorted(decode(paint(people)), key=lambda one: one.keypoints[0, 0])
    assert len(found) == 2
    for one, truth in zip(found, people):
        errors = np.hypot(*(one.keypoints - truth).T)
        assert np.median(errors) < 0.5
        assert (errors < 5).sum() >= 15
        assert one.score > 0.75


def test_people_of_any_size_one_in_front_of_the_other():
    people = [person(320, 260, 1.6), person(330, 180, 0.5)]
    found = decode(paint(people))
    assert len(found) == 2
    large, small = sorted(found, key=lambda one: -np.ptp(one.keypoints[:, 1]))
    for one, truth in zip((large, small), people):
        assert np.median(np.hypot(*(one.keypoints - truth).T)) < 0.5


def test_a_person_who_is_a_person_surer_but_for_an_arm_scores_only_that_arm():
    first = person(320, 240)
    second = first.copy()
    second[[7, 9]] += (40, -70)  # the left arm another way
    sureness = np.full((2, 17), 4.0)
    sureness[1] = 2.0
    found = decode(paint([first, second], sureness))
    assert len(found) == 2
    np.testing.assert_allclose(found[0].keypoints, first, atol=1.0)
    own = found[1].scores[[7, 9]]
    assert found[1].score == pytest.approx(own.sum() / 17, abs=0.01)
    assert found[1].score < PoseNet.min_score < found[0].score


def test_the_surest_comes_first():
    sureness = np.full((3, 17), 1.0)
    sureness[1], sureness[2] = 4.0, 2.0
    people = [person(110, 240), person(320, 240), person(530, 240)]
    found = decode(paint(people, sureness))
    assert [round(one.keypoints[11:13, 0].mean()) for one in found] == [320, 530, 110]


@pytest.mark.parametrize(('x', 'y'), [(10, 240), (630, 240), (320, 120), (320, 470), (5, 470)])
def test_a_person_partly_beyond_the_edge(x, y):
    truth = person(x, y)
    inside = ((truth >= 0) & (truth <= (640, 480))).all(axis=1)
    found = decode(paint(truth))[0]
    assert np.isfinite(found.keypoints).all()
    np.testing.assert_allclose(found.keypoints[inside], truth[inside], atol=0.5)


def test_no_one():
    assert decode(paint(person(5000, 5000))) == []


def test_a_crowd_of_noise_comes_to_an_end():
    generator = np.random.default_rng(0)
    fields = Fields(
        generator.normal(3, 2, (HEIGHT, WIDTH, 17)).astype(np.float32),
        generator.normal(0, 10, (HEIGHT, WIDTH, 34)).astype(np.float32),
        generator.normal(0, 100, (HEIGHT, WIDTH, 64)).astype(np.float32),
    )
    found = decode(fields)
    assert 0 < len(found) <= 20
    assert all(np.isfinite(one.keypoints).all() and 0 <= one.score <= 1 for one in found)


# --- the model --------------------------------------------------------------------------------


@pytest.fixture(scope='module')
def posenet():
    return PoseNet(ModelStore().locate('posenet')['model'])


def read(path):
    return Frame(cv2.imread(str(path)), channels='bgr')


def golden_people(test_data):
    """Coral's own results: keypoints [2, 17, 2] relative to the image, scores, person scores."""
    with (test_data / GOLDEN).open() as lines:
        rows = list(csv.DictReader(lines))
    values = np.array([[float(row[name]) for name in rows[0]] for row in rows]).reshape(2, 17, 6)
    return values[..., 4:6], values[..., 3], values[:, 0, 1]


@pytest.mark.model('posenet')
@pytest.mark.test_data(GOLDEN, 'images/posenet_test_image.bmp')
def test_both_people_are_where_coral_found_them(test_data, posenet, measured):
    frame = read(test_data / 'images/posenet_test_image.bmp')
    expected, scores, person_scores = golden_people(test_data)
    found = posenet.estimate_all(frame)
    assert len(found) == 2
    for index, pose in enumerate(found):
        errors = np.abs(pose.keypoints / (frame.width, frame.height) - expected[index])
        sure = scores[index] > 0.5
        assert errors[sure].max() < 0.02
        assert pose.score == pytest.approx(person_scores[index], abs=0.01)
        assert np.abs(pose.scores - scores[index]).max() < 0.06
        assert pose.keypoints.dtype == pose.scores.dtype == np.float32
        measured(
            f'PoseNet against Coral, person {index + 1}: {errors[sure].max():.2%} of the image '
            f'at most, {errors[sure].mean():.2%} in the mean'
        )


@pytest.mark.model('posenet')
@pytest.mark.test_data('images/posenet_test_image.bmp')
def test_the_order_of_channels_makes_no_difference(test_data, posenet):
    image = cv2.imread(str(test_data / 'images/posenet_test_image.bmp'))
    one = posenet.estimate_all(Frame(image, channels='bgr'))
    other = posenet.estimate_all(Frame(cv2.cvtColor(image, cv2.COLOR_BGR2RGB)))
    np.testing.assert_array_equal(one[0].keypoints, other[0].keypoints)


@pytest.mark.model('posenet')
@pytest.mark.test_data('images/posenet_test_image.bmp')
@pytest.mark.parametrize(
    ('left', 'right', 'factor'), [(200, 500, 1.0), (200, 500, 2.5), (0, 640, 0.5)]
)
def test_images_of_another_shape(test_data, posenet, left, right, factor):
    """A portrait image, a large one and a small one: everybody at the same place."""
    image = cv2.imread(str(test_data / 'images/posenet_test_image.bmp'))
    expected = posenet.estimate_all(Frame(image, channels='bgr'))
    part = cv2.resize(image[:, left:right], None, fx=factor, fy=factor)
    found = posenet.estimate_all(Frame(part, channels='bgr'))
    assert len(found) == 2
    for one, other in zip(expected, found):
        back = (other.keypoints + 0.5) / factor - 0.5 + (left, 0)
        errors = np.hypot(*(back - one.keypoints).T)[one.scores > 0.5]
        assert np.median(errors) < 0.01 * image.shape[0]
        assert errors.max() < 0.04 * image.shape[0]


@pytest.mark.model('posenet')
@pytest.mark.test_data('images/three_people.jpg')
def test_three_people_who_cover_each_other(test_data, posenet):
    frame = read(test_data / 'images/three_people.jpg')
    found = posenet.estimate_all(frame)
    noses = sorted((pose.keypoints[0] / (frame.width, frame.height)).tolist() for pose in found)
    np.testing.assert_allclose(noses, [[0.18, 0.15], [0.37, 0.53], [0.84, 0.17]], atol=0.03)


@pytest.mark.model('posenet')
def test_images_without_people(posenet):
    generator = np.random.default_rng(0)
    for image in (
        np.zeros((480, 640, 3), np.uint8),
        np.full((640, 480, 3), 255, np.uint8),
        generator.integers(0, 256, (480, 640, 3), np.uint8),
        cv2.resize(generator.integers(0, 256, (12, 16, 3), np.uint8), (640, 480)),
        np.zeros((1, 1, 3), np.uint8),
    ):
        assert posenet.estimate_all(Frame(image)) == []


@pytest.mark.model('movenet_lightning')
def test_another_model_is_refused():
    path = ModelStore().locate('movenet_lightning')['model']
    with pytest.raises(ModelError, match=r'expected outputs \[1, 12, 12, 17\].*found \[1, 1, 17'):
        PoseNet(path)


def test_files_that_are_no_model_are_refused(tmp_path: Path):
    with pytest.raises(ModelError, match='no such model file'):
        PoseNet(tmp_path / 'absent.tflite')
    path = tmp_path / 'text.tflite'
    path.write_bytes(b'PosenetDecoderOp')
    with pytest.raises(ModelError, match='expected a TFLite model'):
        PoseNet(path)
