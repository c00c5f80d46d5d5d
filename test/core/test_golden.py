"""Against what others measured with the same models on images of real people."""

import csv
import json
import re

import cv2
import numpy as np
import pytest

from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.models.blazepose import BlazePoseDetector, region
from pose_ros.core.models.crop import whole_frame
from pose_ros.core.models.movenet import MoveNet
from pose_ros.core.runtime.store import ModelStore
from pose_ros.core.types import Frame

GOLDEN = 'golden/mediapipe_full.json'
CLIP = 'wave_full_body.mp4'
# The stamps that MediaPipe's Python interface gives to frames [s].
STEP = 0.033333


@pytest.fixture(scope='module')
def mediapipe(test_data):
    """MediaPipe 0.10.21's own results with the same model."""
    return json.loads((test_data / GOLDEN).read_text())


def read(path):
    return Frame(cv2.imread(str(path)), channels='bgr')


@pytest.mark.test_data(GOLDEN, 'images/pose.jpg')
@pytest.mark.parametrize(
    'name', ['pose.jpg', 'squat.bmp', 'posenet_test_image.bmp', 'tf_example_1.png']
)
def test_images_agree_with_mediapipe(mediapipe, test_data, name):
    """Hundredths of a pixel: the same crop, the same decoding, the same refinement."""
    (person,) = PoseEstimator().estimate(read(test_data / 'images' / name))
    expected = np.array(mediapipe['pictures'][name]['keypoints'])
    errors = np.abs(person.keypoints - expected[:, :2])
    assert errors.mean(axis=0).max() < 0.1
    assert errors.max() < 0.5
    assert np.abs(person.z - expected[:, 2]).max() < 1.0
    assert np.abs(person.scores - expected[:, 3]).max() < 0.01
    assert np.abs(person.world - mediapipe['pictures'][name]['world']).max() < 0.001


@pytest.mark.test_data(GOLDEN, f'clips/{CLIP}')
@pytest.mark.parametrize(('key', 'smoothing'), [(CLIP, 'none'), (f'{CLIP} smoothed', 'one_euro')])
def test_a_clip_agrees_with_mediapipe(mediapipe, test_data, key, smoothing):
    config = EstimatorConfig(smoothing=smoothing, one_euro_min_cutoff=0.05, one_euro_beta=80.0)
    estimator = PoseEstimator(config)
    capture = cv2.VideoCapture(str(test_data / 'clips' / CLIP))
    errors = []
    for index, expected in enumerate(mediapipe['clips'][key]['frames']):
        _, image = capture.read()
        (person,) = estimator.estimate(Frame(image, (index + 1) * STEP, 'bgr'))
        errors.append(np.abs(person.keypoints - np.array(expected)[:, :2]))
    assert len(errors) == 60
    assert np.mean(errors) < 0.3
    assert np.percentile(errors, 99) < 1.5
    assert estimator.statistics.detections == 1
    assert estimator.statistics.reinitialised == 0


def numbers(text, name):
    return [float(value) for value in re.findall(rf'\b{name}: (-?[\d.]+)', text)]


@pytest.mark.test_data('golden/pose_expected_detection.pbtxt', 'images/pose.jpg')
def test_the_detector_agrees_with_the_published(test_data):
    frame = read(test_data / 'images/pose.jpg')
    detector = BlazePoseDetector(ModelStore().locate('blazepose_full')['detector'])
    detection = detector.detect(frame)[0]
    published = (test_data / 'golden/pose_expected_detection.pbtxt').read_text()
    assert detection.score == pytest.approx(numbers(published, 'score')[0], abs=0.01)
    size = np.array([frame.width, frame.height])
    corner = np.array([numbers(published, 'xmin')[0], numbers(published, 'ymin')[0]]) * size
    sides = np.array([numbers(published, 'width')[0], numbers(published, 'height')[0]]) * size
    np.testing.assert_allclose([detection.face.x, detection.face.y], corner, atol=0.01 * sides[0])
    np.testing.assert_allclose([detection.face.width, detection.face.height], sides, rtol=0.01)
    points = np.array([numbers(published, 'x')[:2], numbers(published, 'y')[:2]]).T * size
    np.testing.assert_allclose(detection.alignment, points, atol=0.01 * sides[0])

    rect = (test_data / 'golden/pose_expected_expanded_rect.pbtxt').read_text()
    crop = region(detection.alignment)
    assert crop.side == pytest.approx(numbers(rect, 'height')[0] * frame.height, rel=0.01)
    assert crop.rotation == pytest.approx(numbers(rect, 'rotation')[0], abs=0.01)
    centre = np.array([numbers(rect, 'x_center')[0], numbers(rect, 'y_center')[0]]) * size
    np.testing.assert_allclose(crop.centre, centre, atol=0.01 * crop.side)


@pytest.mark.model('movenet_lightning')
@pytest.mark.test_data('images/squat.bmp')
def test_movenet_agrees_with_coral(test_data):
    """Coral's figures are of an older build of the model, on the image squeezed to a square."""
    golden = test_data / 'golden/movenet_single_pose_lightning_ptq_squat.csv'
    with golden.open() as lines:
        rows = list(csv.DictReader(lines))
    expected = np.array([[float(r['keypoint_x']), float(r['keypoint_y'])] for r in rows])
    squeezed = cv2.resize(cv2.imread(str(test_data / 'images/squat.bmp')), (192, 192))
    frame = Frame(squeezed, channels='bgr')
    model = MoveNet(ModelStore().locate('movenet_lightning')['model'])
    errors = np.abs(model.estimate(frame, whole_frame(frame)).keypoints / 192 - expected)
    assert errors.max() < 0.06
    assert errors.mean() < 0.025


@pytest.mark.model('movenet_lightning')
@pytest.mark.test_data(f'clips/{CLIP}')
def test_the_crop_stays_on_the_person(test_data):
    """MoveNet's crop holds the person whom BlazePose sees, through the whole clip."""
    movenet = PoseEstimator(EstimatorConfig(model='movenet_lightning'))
    blazepose = PoseEstimator()
    capture = cv2.VideoCapture(str(test_data / 'clips' / CLIP))
    distances = []
    index = 0
    while True:
        more, image = capture.read()
        if not more:
            break
        frame = Frame(image, index * STEP, 'bgr')
        people = [estimator.estimate(frame) for estimator in (movenet, blazepose)]
        assert [len(found) for found in people] == [1, 1], f'frame {index}'
        (one,), (other,) = people
        other = other.converted(one.topology)
        seen = one.observed & other.observed
        offsets = np.hypot(*(one.keypoints - other.keypoints)[seen].T)
        distances.append(offsets.mean() / other.box.height)
        index += 1
    assert index > 100
    assert np.percentile(distances, 95) < 0.05
    assert movenet.statistics.reinitialised == 0
    assert {person.id for person in (one, other)} == {1}
