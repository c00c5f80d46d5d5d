"""Person detectors: small models with their signatures, and the real ones."""

import json

import cv2
import numpy as np
import pytest

from pose_ros.actor import Actor, Scene, frames
from pose_ros.core.models.blazepose import BlazePoseDetector
from pose_ros.core.models.detector import people_in_boxes, upright, visible
from pose_ros.core.models.detectors import DETECTOR_FAMILIES, load_detector
from pose_ros.core.models.picodet import PicoDet
from pose_ros.core.models.ssd import Ssd
from pose_ros.core.models.suppression import iou, overlapping
from pose_ros.core.models.yolox import Yolox
from pose_ros.core.runtime.errors import ModelError, OutputError
from pose_ros.core.runtime.litert import TfliteModel
from pose_ros.core.runtime.store import ModelStore
from pose_ros.core.types import Box, Crop, Frame

PERSON, DOG = 0, 16
RED, BLUE = (255, 0, 0), (0, 0, 255)


def corners(box):
    return np.array([box.x, box.y, box.x + box.width, box.y + box.height])


def plain(width=400, height=200, colour=RED, channels='rgb'):
    return Frame(np.full((height, width, 3), colour, np.uint8), channels=channels)


# --- overlapping boxes ------------------------------------------------------------------------


def test_iou_is_the_shared_area_over_the_whole():
    boxes = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [10, 0, 20, 10], [2, 2, 4, 4]], float)
    np.testing.assert_allclose(iou(boxes[0], boxes), [1, 1 / 3, 0, 0.04])


def test_overlapping_boxes_become_one_group_led_by_the_surest():
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [50, 50, 60, 60]], float)
    groups = overlapping(boxes, np.array([0.6, 0.9, 0.7]), 0.3)
    assert [group.tolist() for group in groups] == [[1, 0], [2]]


def test_boxes_without_area_come_to_an_end():
    assert len(overlapping(np.zeros((3, 4)), np.array([0.6, 0.9, 0.7]), 0.3)) == 3


def test_no_boxes_make_no_groups():
    assert overlapping(np.zeros((0, 4)), np.zeros(0), 0.3) == []


# --- what all detectors share -----------------------------------------------------------------


def found_in(frame, boxes, smallest=0.0):
    scores = np.linspace(0.9, 0.8, len(boxes))
    to_image = np.array([[1.0, 0, 0], [0, 1, 0]])
    found = people_in_boxes(frame, np.array(boxes, float), scores, to_image, smallest)
    return [corners(person.box).tolist() for person in found]


def test_two_people_side_by_side_stay_two():
    boxes = [[10, 10, 60, 180], [40, 10, 90, 180], [12, 8, 60, 180]]
    assert found_in(plain(), boxes) == boxes[:2]


def test_a_box_ends_where_the_image_ends():
    assert found_in(plain(), [[-10, 150, 60, 230]]) == [[0, 150, 60, 200]]


def test_no_one_is_found_beside_the_image():
    assert found_in(plain(), [[-50, 50, -10, 150], [410, 50, 450, 150]]) == []


def test_people_too_small_are_no_one():
    boxes = [[10, 10, 30, 49], [100, 10, 120, 52]]
    assert found_in(plain(), boxes, smallest=0.2) == boxes[1:]


def test_the_circle_goes_through_the_corners_of_the_box():
    alignment = upright(Box(10, 20, 30, 40))
    np.testing.assert_allclose(alignment, [[25, 40], [25, 15]])


def test_a_box_outside_of_the_image_has_no_area():
    box = visible(plain(), Box(-50, 10, 20, 20))
    assert (box.x, box.width) == (0, 0)


# --- YOLOX ------------------------------------------------------------------------------------


def brightness(builder, image, shape, where):
    """Mean [1] of the image's pixels [0, 1] under the mask `where`."""
    mask = np.broadcast_to(where, shape) / (255.0 * np.broadcast_to(where, shape).sum())
    shown = builder.operator('MUL', [image, builder.constant(mask)], shape, options='MulOptions')
    axes = builder.constant([1, 2, 3], np.int32)
    return builder.operator('SUM', [shown, axes], (1,), options='ReducerOptions', keepDims=False)


@pytest.fixture
def make_yolox(tflite_builder, tmp_path):
    """Write a YOLOX of 64 px whose objectness grows with the blue of its image."""

    def make(cells, size=64):
        shape = (1, 3, size, size)
        count = sum((size // stride) ** 2 for stride in (8, 16, 32))
        values = np.zeros((1, count, 85))
        objectness = np.zeros((1, count, 85))
        for cell, (box, objectness_of, kind, score) in cells.items():
            values[0, cell, :4] = box
            values[0, cell, 5 + kind] = score
            objectness[0, cell, 4] = objectness_of
        image = tflite_builder.tensor(shape, np.float32)
        # The first channel of BGR.
        blue = brightness(tflite_builder, image, shape, np.array([1.0, 0, 0]).reshape(1, 3, 1, 1))
        seen = tflite_builder.operator(
            'MUL', [blue, tflite_builder.constant(objectness)], values.shape, options='MulOptions'
        )
        output = tflite_builder.operator(
            'ADD', [seen, tflite_builder.constant(values)], values.shape, options='AddOptions'
        )
        return tflite_builder.write(tmp_path / 'yolox.tflite', [image], [output])

    return make


def test_yolox_decodes_its_cells(make_yolox):
    # Cell 13 is in row 1, column 5 of 8 px; 64 + 6 in row 1, column 2 of 16 px.
    path = make_yolox(
        {
            13: ((0.5, 0.25, np.log(2), np.log(3)), 0.9, PERSON, 0.8),
            70: ((0.0, 1.0, np.log(0.5), np.log(1.5)), 0.9, PERSON, 1.0),
            20: ((0.5, 0.5, 1.0, 1.0), 0.9, DOG, 1.0),
            40: ((0.5, 0.5, 1.0, 1.0), 0.5, PERSON, 0.7),
        }
    )
    detector = Yolox(path)
    detector.threshold = 0.4
    first, second = detector.detect(plain(640, 640, BLUE))
    assert [first.score, second.score] == pytest.approx([0.9, 0.72], abs=1e-4)
    # The image is ten times as large; 4.5 px of it lie before the middle of the input's first.
    expected = np.array([[28, 20, 36, 44], [36, -2, 52, 22]]) * 10 + 4.5
    found = [corners(first.box), corners(second.box)]
    np.testing.assert_allclose(found, expected.clip(0), atol=0.01)


def test_yolox_wants_bgr_and_sees_only_its_view(make_yolox):
    path = make_yolox({13: ((0.5, 0.25, 2.0, 2.0), 0.9, PERSON, 1.0)})
    detector = Yolox(path)
    detector.threshold = 0.4
    assert len(detector.detect(plain(640, 640, BLUE))) == 1
    assert len(detector.detect(plain(640, 640, RED, 'bgr'))) == 1  # 255 comes first: blue
    assert detector.detect(plain(640, 640, RED)) == []
    half = plain(640, 640, RED)
    half.image[:320, :320] = BLUE
    assert detector.detect(half) == []
    assert len(detector.detect(half, Crop((160, 160), 320))) == 1


def test_the_threshold_may_change(make_yolox):
    detector = Yolox(make_yolox({13: ((0.5, 0.25, 2.0, 2.0), 0.9, PERSON, 1.0)}))
    detector.threshold = 0.95
    assert detector.detect(plain(640, 640, BLUE)) == []
    detector.threshold = 0.85
    assert len(detector.detect(plain(640, 640, BLUE))) == 1


def test_yolox_refuses_another_input(make_yolox):
    with pytest.raises(ModelError, match='side is a multiple of 32, found 72×72'):
        Yolox(make_yolox({}, size=72))


# --- SSD --------------------------------------------------------------------------------------

# (top, left, bottom, right) relative to the sides, kind, score.
THINGS = (
    ((0.30, 0.10, 0.70, 0.20), PERSON, 0.9),
    ((0.40, 0.50, 0.60, 0.80), DOG, 0.95),
    ((0.35, 0.85, 0.65, 0.95), PERSON, 0.6),
    ((0.10, 0.40, 0.30, 0.45), PERSON, 0.3),
)


@pytest.fixture
def make_ssd(tflite_builder, tmp_path):
    """Write a model that ends in TensorFlow Lite's real post-processing, as SSD's do.

    It sees THINGS, the surer the redder its image is.
    """

    def make(order=(0, 1, 2, 3), most=10, dtype=np.float32):
        builder, shape = tflite_builder, (1, 300, 300, 3)
        anchors = np.zeros((len(THINGS), 4))
        scores = np.zeros((1, len(THINGS), 91))
        for index, ((top, left, bottom, right), kind, score) in enumerate(THINGS):
            anchors[index] = [(top + bottom) / 2, (left + right) / 2, bottom - top, right - left]
            scores[0, index, kind + 1] = score  # 0 is the background
        image = builder.tensor(shape, dtype)
        real = image if dtype == np.float32 else builder.cast(image, shape)
        where = np.zeros(shape)
        where[:, 100:200, :, 0] = 1.0  # not the bars above and below
        red = brightness(builder, real, shape, where)
        if dtype == np.float32:  # pixels are -1 to 1
            red = builder.operator(
                'MUL', [red, builder.constant([255.0])], (1,), options='MulOptions'
            )
        seen = builder.operator(
            'MUL', [red, builder.constant(scores)], scores.shape, options='MulOptions'
        )
        options = pytest.importorskip('flatbuffers.flexbuffers').Builder()
        with options.Map():
            for name, value in (
                ('max_detections', most),
                ('max_classes_per_detection', 1),
                ('num_classes', 90),
            ):
                options.Int(name, value)
            for name, value in (
                ('nms_score_threshold', 0.05),
                ('nms_iou_threshold', 0.6),
                ('y_scale', 10.0),
                ('x_scale', 10.0),
                ('h_scale', 5.0),
                ('w_scale', 5.0),
            ):
                options.Float(name, value)
        encodings = builder.constant(np.zeros((1, len(THINGS), 4)))
        outputs = builder.custom_operator(
            'TFLite_Detection_PostProcess',
            [encodings, seen, builder.constant(anchors)],
            [(1, most, 4), (1, most), (1, most), (1,)],
            options.Finish(),
        )
        outputs = [outputs[index] for index in order]
        return builder.write(tmp_path / 'ssd.tflite', [image], outputs)

    return make


@pytest.mark.parametrize('dtype', [np.float32, np.uint8])
# As TensorFlow 1 and 2 write them: boxes 0, kinds 1, scores 2, count 3.
@pytest.mark.parametrize('order', [(0, 1, 2, 3), (2, 0, 3, 1), (3, 2, 1, 0)])
def test_ssd_finds_the_people_in_any_order_of_the_outputs(make_ssd, order, dtype):
    people = Ssd(make_ssd(order, dtype=dtype)).detect(plain())
    assert [person.score for person in people] == pytest.approx([0.9, 0.6], abs=1e-3)
    # A square of 400 px around an image of 400 × 200: 100 px above it are not there.
    expected = [[40, 20, 80, 180], [340, 40, 380, 160]]
    found = [corners(person.box) for person in people]
    np.testing.assert_allclose(found, expected, atol=0.5)
    np.testing.assert_allclose(people[0].alignment[0], [60, 100], atol=0.5)


def test_ssd_takes_rgb_and_looks_into_its_view(make_ssd):
    detector = Ssd(make_ssd())
    assert detector.detect(plain(colour=BLUE)) == []
    assert len(detector.detect(plain(colour=BLUE, channels='bgr'))) == 2
    frame = plain(colour=BLUE)
    frame.image[50:150, 200:300] = RED
    assert detector.detect(frame) == []
    person, _ = detector.detect(frame, Crop((250, 100), 100))
    np.testing.assert_allclose(corners(person.box), [210, 80, 220, 120], atol=0.5)


def test_ssd_counts_only_what_counts(make_ssd, monkeypatch):
    """Beyond the count there may be anything."""
    detector = Ssd(make_ssd(most=10))
    detector.threshold = 0.0
    expected = len(detector.detect(plain()))
    run = detector._model.run

    def run_with_leftovers(image):
        *outputs, count = run(image)
        for rows in outputs:
            rows[0, int(count[0]) :] = np.nan
            rows[0, -1] = -1e30
        return [*outputs, count]

    monkeypatch.setattr(detector._model, 'run', run_with_leftovers)
    assert len(detector.detect(plain())) == expected > 1


@pytest.mark.parametrize('count', [np.nan, -1e9, 11.0])
def test_ssd_with_an_impossible_count_is_an_error(make_ssd, monkeypatch, count):
    detector = Ssd(make_ssd(most=10))
    run = detector._model.run

    def run_with_count(image):
        *rows, _ = run(image)
        return [*rows, np.array([count], np.float32)]

    monkeypatch.setattr(detector._model, 'run', run_with_count)
    with pytest.raises(OutputError, match='count of detections'):
        detector.detect(plain())


# --- files that are no detector ---------------------------------------------------------------


@pytest.fixture
def make_picodet(tmp_path):
    """Write a PicoDet of 64 px with given boxes, as sure as the image is red."""
    ov = pytest.importorskip('openvino')

    def make(boxes, scores, size=64):
        image = ov.opset13.parameter([1, 3, size, size], np.float32)
        mean = ov.opset13.reduce_mean(image, ov.opset13.constant(np.array([2, 3])))
        red = ov.opset13.gather(mean, np.array([0]), np.array(1))
        red = ov.opset13.add(ov.opset13.multiply(red, np.float32(0.229)), np.float32(0.485))
        zeros = ov.opset13.multiply(ov.opset13.reshape(red, [1, 1, 1], False), np.float32(0))
        corners = ov.opset13.add(zeros, np.array([boxes], np.float32))
        shown = ov.opset13.multiply(
            ov.opset13.reshape(red, [1, 1, 1], False), np.array([[scores]], np.float32)
        )
        ov.serialize(ov.Model([corners, shown], [image]), tmp_path / 'picodet.xml')
        return tmp_path / 'picodet.xml'

    return make


def test_picodet_stretches_the_whole_frame(make_picodet):
    path = make_picodet([(16, 8, 32, 56), (17, 8, 32, 56), (40, 0, 48, 32)], [0.8, 0.9, 0.7])
    first, second = PicoDet(path).detect(plain(400, 200))
    # Overlapping boxes become one; 64 px are 400 across and 200 down.
    np.testing.assert_allclose(corners(first.box), [106.25, 25, 200, 175], atol=3.2)
    assert first.score == pytest.approx(0.9, abs=0.01)
    np.testing.assert_allclose(corners(second.box), [250, 0, 300, 100], atol=3.2)


def test_picodet_looks_into_its_view_and_takes_rgb(make_picodet):
    detector = PicoDet(make_picodet([(16, 8, 32, 56)], [0.9]))
    (person,) = detector.detect(plain(400, 200, channels='rgb'), Crop((100.0, 100.0), 128.0))
    np.testing.assert_allclose(corners(person.box), [68, 52, 100, 148], atol=1.1)
    assert not detector.detect(plain(400, 200, channels='bgr'))
    detector.threshold = 0.95
    assert not detector.detect(plain(400, 200))


@pytest.mark.parametrize(
    ('family', 'expected'),
    [
        ('picodet', r'expected outputs \[1, 0, 4\], \[1, 1, 0\]'),
        ('blazepose_detector', r'expected outputs \[1, 2254, 12\], \[1, 2254, 1\]'),
        ('yolox', r'expected outputs \[1, 1344, 85\]'),
        ('ssd', r'expected the outputs of a detector, boxes \[1, N, 4\]'),
    ],
)
def test_a_file_that_is_no_such_detector_is_refused(family, expected):
    path = ModelStore().locate('blazepose_full')['landmarks']
    with pytest.raises(ModelError, match=rf'{path}: {expected}.*, found \[1, 195\]'):
        DETECTOR_FAMILIES[family](path, load=TfliteModel)


def test_a_pose_model_is_no_detector():
    with pytest.raises(ModelError) as caught:
        load_detector('movenet_lightning', ModelStore())
    assert str(caught.value) == (
        'movenet_lightning is of the family movenet, no person detector, '
        'there are: blazepose_detector, yolox_nano, yolox_nano_openvino, picodet_192, '
        'picodet_320, picodet_416, ssd_mobilenet'
    )


@pytest.mark.parametrize('name', ['blazepose_detector', 'blazepose_full'])
def test_detectors_are_loaded_by_name(name):
    detector = load_detector(name, ModelStore())
    assert isinstance(detector, BlazePoseDetector)
    assert detector.threshold == detector.min_score


# --- the real ones ----------------------------------------------------------------------------


@pytest.fixture(scope='module')
def blazepose():
    return load_detector('blazepose_detector', ModelStore())


def rendered(*actors):
    first = next(frames(Scene(actors=actors, duration=0.1), seed=1))
    return Frame(first.image), first.people


def test_blazepose_finds_two_people_side_by_side(blazepose):
    frame, truth = rendered(Actor(x=230, y=470, height=400), Actor(x=400, y=470, height=400))
    people = sorted(blazepose.detect(frame), key=lambda person: person.box.x)
    assert len(people) == 2
    for person, true in zip(people, truth):
        hips = true.keypoints[11:13].mean(axis=0)
        assert np.hypot(*(person.alignment[0] - hips)) < 0.05 * true.height
        around = Box.around(true.keypoints)
        assert iou(corners(person.box), corners(around)[None])[0] > 0.5
        nose = true.keypoints[0]
        face = corners(person.face)
        assert (face[:2] < nose).all()
        assert (nose < face[2:]).all()


def test_blazepose_finds_a_person_far_away_in_a_part_of_the_frame(blazepose):
    frame, (true,) = rendered(Actor(x=480, y=300, height=90))
    assert blazepose.detect(frame) == []
    (person,) = blazepose.detect(frame, Crop((480, 240), 240))
    hips = true.keypoints[11:13].mean(axis=0)
    assert np.hypot(*(person.alignment[0] - hips)) < 0.1 * true.height


def test_blazepose_leaves_out_people_who_are_too_small():
    detector = load_detector('blazepose_detector', ModelStore())
    frame, _ = rendered(Actor(height=360))
    assert len(detector.detect(frame)) == 1
    detector.smallest = 0.9
    assert detector.detect(frame) == []


@pytest.mark.model('yolox_nano')
def test_yolox_finds_actors_near_and_far():
    heights = (400, 200, 110)
    places = zip((130, 320, 480), (470, 420, 380), heights)
    frame, truth = rendered(*(Actor(x=x, y=y, height=height) for x, y, height in places))
    people = load_detector('yolox_nano', ModelStore()).detect(frame)
    people.sort(key=lambda person: person.box.x)
    assert len(people) == 3
    for person, true in zip(people, truth):
        x, y = person.box.centre
        middle = Box.around(true.keypoints).centre
        assert np.hypot(x - middle[0], y - middle[1]) < 0.1 * true.height
        assert person.box.height == pytest.approx(true.height, rel=0.15)


@pytest.fixture(scope='module')
def coco(test_data):
    """People by image: (frame, boxes [N, 4])."""
    data = json.loads((test_data / 'coco/person_keypoints_train2017_subset.json').read_text())
    images = []
    for image in data['images']:
        boxes = [
            np.add(a['bbox'], [0, 0, *a['bbox'][:2]])
            for a in data['annotations']
            if a['image_id'] == image['id'] and not a['iscrowd']
        ]
        images.append((test_data / 'coco/train2017' / image['file_name'], boxes))
    return images


@pytest.mark.test_data('coco')
@pytest.mark.model('yolox_nano')
@pytest.mark.parametrize(
    ('name', 'min_recall', 'max_boxes'),
    [('yolox_nano', 0.63, 340), ('blazepose_detector', 0.19, 110)],
)
def test_people_on_coco(coco, measured, name, min_recall, max_boxes):
    detector = load_detector(name, ModelStore(), threads=2)
    detector.threshold = detector.sure_score
    hits = people = boxes = 0
    for path, true in coco:
        found = detector.detect(Frame(cv2.imread(str(path)), channels='bgr'))
        table = np.array([corners(person.box) for person in found]).reshape(-1, 4)
        hits += sum(bool((iou(box, table) > 0.5).any()) for box in true)
        people += len(true)
        boxes += len(found)
    measured(
        f'{name} on coco: {hits / people:.3f} of {people} people found at IoU 0.5, '
        f'{boxes} detections'
    )
    assert hits / people > min_recall
    assert boxes < max_boxes
