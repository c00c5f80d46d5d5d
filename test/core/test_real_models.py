"""Models on their real weights and real images."""

from concurrent.futures import wait

import cv2
import numpy as np
import pytest

from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.factory import load_pose_model
from pose_ros.core.media import open_media
from pose_ros.core.models.crop import whole_frame
from pose_ros.core.models.imagenet import IMAGENET_RANGE
from pose_ros.core.models.movenet import MoveNet
from pose_ros.core.models.multipose import MoveNetMultipose
from pose_ros.core.models.ssd import Ssd
from pose_ros.core.runtime.litert import TfliteModel
from pose_ros.core.runtime.openvino import OpenVinoModel
from pose_ros.core.runtime.store import ModelStore
from pose_ros.core.topology import COCO17
from pose_ros.core.types import Crop, Frame
from pose_ros.evaluation.coco import GivenBoxes, find_images, read_annotations, score

ANNOTATIONS = 'coco/person_keypoints_train2017_subset.json'


def frame_of(path):
    [frame] = open_media(path).frames()
    return frame


@pytest.mark.test_data(ANNOTATIONS)
@pytest.mark.parametrize(
    ('model', 'min_ap'),
    [
        pytest.param('tinypose_256', 0.60, marks=pytest.mark.model('tinypose_256')),
        pytest.param('tinypose_128', 0.45, marks=pytest.mark.model('tinypose_128')),
        pytest.param('movenet_lightning', 0.25, marks=pytest.mark.model('movenet_lightning')),
    ],
)
def test_average_precision_in_given_boxes(test_data, measured, model, min_ap):
    pytest.importorskip('pycocotools')
    if model.startswith('tinypose'):
        pytest.importorskip('openvino')
    truth = read_annotations(test_data / ANNOTATIONS)
    images = find_images(truth, test_data / 'coco/train2017')[:30]
    found = GivenBoxes(EstimatorConfig(model=model)).find(images)
    result = score(truth, found.detections, [image.id for image in images])
    measured(f'{model} in given boxes of 30 images of COCO: AP {result.ap:.3f}')
    assert result.ap > min_ap


@pytest.mark.model('tinypose_256', 'picodet_320')
@pytest.mark.test_data('images/three_people.jpg')
def test_tinypose_finds_three_people_who_overlap(test_data):
    pytest.importorskip('openvino')
    frame = frame_of(test_data / 'images/three_people.jpg')
    # At 416 px PicoDet misses the one in the middle.
    config = EstimatorConfig(model='tinypose_256', mode='multi', detector='picodet_320')
    people = PoseEstimator(config).estimate(frame)
    sure = [person for person in people if person.score > 0.4]
    assert len(sure) == 3


@pytest.mark.parametrize(
    'model',
    [
        pytest.param(name, marks=pytest.mark.model(name))
        for name in ('tinypose_128', 'tinypose_256')
    ],
)
@pytest.mark.test_data('images/three_people.jpg')
def test_tinypose_sees_the_same_in_several_views_as_in_each_alone(test_data, model):
    pytest.importorskip('openvino')
    frame = frame_of(test_data / 'images/three_people.jpg')
    tinypose = load_pose_model(EstimatorConfig(model=model), ModelStore())
    side = frame.height / 2
    crops = [Crop((share * frame.width, frame.height / 2), side) for share in (0.25, 0.5, 0.75)]
    together = tinypose.estimate_each(frame, [(crop, None) for crop in crops])
    for pose, crop in zip(together, crops, strict=True):
        alone = tinypose.estimate(frame, crop)
        assert np.array_equal(pose.keypoints, alone.keypoints)
        assert np.array_equal(pose.scores, alone.scores)
        assert pose.score == alone.score
    assert not np.array_equal(together[0].keypoints, together[1].keypoints)
    assert tinypose.estimate_each(frame, []) == []


# On the machine of the tests the heatmaps (0 to 1) are equal to the last bit, in bfloat16 as well.
@pytest.mark.parametrize(('precision', 'rounding'), [('f32', 1e-5), ('auto', 1e-2)])
@pytest.mark.model('tinypose_128')
@pytest.mark.test_data('images/three_people.jpg')
def test_tinypose_sees_the_same_in_batches(test_data, precision, rounding):
    pytest.importorskip('openvino')
    path = ModelStore().locate('tinypose_128')['model']
    model = OpenVinoModel(path, 1, IMAGENET_RANGE, precision=precision)
    photo = frame_of(test_data / 'images/three_people.jpg').image
    width, height = model.input_size
    images = [cv2.resize(photo[:, 40 * i : 40 * i + 320], (width, height)) for i in range(10)]
    alone = np.array([model.run(image)[0] for image in images])
    model.run_each(images)
    wait([*model._batches.values()])
    for count in (10, 1, 2, 7, 3, 8, 4, 9, 5, 6):
        together = [outputs[0] for outputs in model.run_each(images[:count])]
        np.testing.assert_allclose(together, alone[:count], rtol=0, atol=rounding)
    assert np.abs(alone[0] - alone[1]).max() > 0.1
    assert None not in [batch.result() for batch in model._batches.values()]


@pytest.mark.model('tinypose_256', 'picodet_416', 'yolox_nano')
@pytest.mark.test_data('images/three_people.jpg')
def test_a_near_person_in_front_of_another_gets_an_id(test_data):
    """PicoDet misses the one in the middle, of whom only head and shoulders are in the image."""
    pytest.importorskip('openvino')
    image = frame_of(test_data / 'images/three_people.jpg').image
    estimator = PoseEstimator(EstimatorConfig(model='tinypose_256', mode='multi'))
    # Two searches, 10 frames apart, and the frames that an id takes.
    for index in range(16):
        people = estimator.estimate(Frame(image, index / 15))
    assert sorted(person.id for person in people) == [1, 2, 3]


@pytest.mark.parametrize('name', ['lightning', 'thunder'])
@pytest.mark.test_data(
    'models/movenet_single_pose_lightning_float16.tflite',
    'models/movenet_single_pose_thunder_float16.tflite',
    'images/squat.bmp',
)
@pytest.mark.model('movenet_lightning')
def test_float16_movenet_agrees_with_the_quantised_one(test_data, name):
    frame = frame_of(test_data / 'images/squat.bmp')
    quantised = MoveNet(ModelStore().locate('movenet_lightning')['model'])
    model = MoveNet(test_data / f'models/movenet_single_pose_{name}_float16.tflite')
    expected = quantised.estimate(frame, whole_frame(frame))
    pose = model.estimate(frame, whole_frame(frame))
    assert pose.score > 0.7
    assert np.abs(pose.keypoints - expected.keypoints).mean() < 0.02 * frame.height


@pytest.mark.parametrize(
    ('name', 'count'), [('three_people.jpg', 3), ('posenet_test_image.bmp', 2), ('pose.jpg', 1)]
)
@pytest.mark.test_data('models/movenet_multipose_256.tflite', 'images')
def test_multipose_finds_everybody(test_data, name, count):
    model = MoveNetMultipose(test_data / 'models/movenet_multipose_256.tflite')
    assert len(model.estimate_all(frame_of(test_data / 'images' / name))) == count


@pytest.mark.model('openpose_mobilenet', 'movenet_lightning')
@pytest.mark.test_data('images/squat.bmp')
def test_openpose_sees_a_person_as_movenet_does(test_data):
    """The network is small and weak: of other images it finds some people or none."""
    frame = frame_of(test_data / 'images/squat.bmp')
    openpose, movenet = (
        PoseEstimator(EstimatorConfig(model=name))
        for name in ('openpose_mobilenet', 'movenet_lightning')
    )
    (person,), (expected,) = openpose.estimate(frame), movenet.estimate(frame)
    index = [person.topology.index(name) for name in COCO17.keypoint_names]
    both = person.observed[index] & expected.observed
    errors = np.hypot(*(person.keypoints[index] - expected.keypoints)[both].T)
    assert np.count_nonzero(both) >= 12
    assert np.median(errors) < 0.03 * frame.height


@pytest.mark.test_data('models/ssd_mobilenet_v1_075_pets.tflite', 'empty/000000359219.jpg')
def test_a_real_ssd_gives_its_boxes_in_pixels(test_data):
    """A file for breeds of cats and dogs; no image of one is at hand, it takes a pizza for one."""
    path = test_data / 'models/ssd_mobilenet_v1_075_pets.tflite'
    frame = frame_of(test_data / 'empty/000000359219.jpg')
    found, _ = Ssd(path, category=14).detect(frame)
    assert not Ssd(path).detect(frame)
    # The same from the file's own outputs, on the letterboxed image.
    side = max(frame.width, frame.height)
    letterboxed = np.zeros((side, side, 3), np.uint8)
    letterboxed[80 : 80 + frame.height] = frame.image
    letterboxed = cv2.resize(letterboxed, (300, 300))
    if frame.channels == 'bgr':
        letterboxed = letterboxed[..., ::-1]
    boxes, kinds, scores, _ = TfliteModel(path, pixel_range=(-1.0, 1.0), checked=False).run(
        letterboxed
    )
    best = int(np.argmax(np.where(np.round(kinds[0]) == 14, scores[0], 0)))
    top, left, bottom, right = boxes[0, best] * side - np.array([80, 0, 80, 0])
    assert found.score == pytest.approx(float(scores[0, best]), abs=0.05)
    box = found.box
    expected = np.clip([left, top, right, bottom], 0, [frame.width, frame.height] * 2)
    np.testing.assert_allclose(
        [box.x, box.y, box.x + box.width, box.y + box.height], expected, atol=0.03 * side
    )
