"""MoveNet MultiPose's signature, on a small model that looks at its image.

Google's weights cannot be had here. The model of these tests has their input and output and puts
its keypoints where the image is reddest, greenest and bluest, so that whatever happens to the
image on its way in, and to the numbers on their way out, shows.
"""

from __future__ import annotations

import numpy as np
import pytest

from pose_ros.core.models.movenet import MoveNet
from pose_ros.core.models.multipose import MoveNetMultipose
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.runtime.litert import TfliteModel
from pose_ros.core.topology import COCO17
from pose_ros.core.types import Frame

NOSE, LEFT_WRIST, RIGHT_WRIST = map(COCO17.index, ('nose', 'left_wrist', 'right_wrist'))
# What the model knows of its image: rows and columns of the brightest pixels of each colour,
# relative to the sides, and how bright they are.
KNOWN = ('red y', 'green y', 'blue y', 'red x', 'green x', 'blue x', 'red', 'green', 'blue')


@pytest.fixture
def make_model(tflite_builder, tmp_path):
    """Write a model of the signature: slot 3 has the nose at the reddest point and so on.

    Its score is that of red; slot 0's is 0.2, slot 1 has all keypoints at the bluest point and
    its score is that of blue, the others are empty.
    """

    def make(dtype=np.uint8, height=None, width=None, values=56):
        known = {name: i for i, name in enumerate(KNOWN)}
        weights = np.zeros((6, values, len(KNOWN)))
        bias = np.zeros((6, values))
        for keypoint, colour in ((NOSE, 'red'), (LEFT_WRIST, 'green'), (RIGHT_WRIST, 'blue')):
            weights[3, 3 * keypoint, known[f'{colour} y']] = 1
            weights[3, 3 * keypoint + 1, known[f'{colour} x']] = 1
            weights[3, 3 * keypoint + 2, known[colour]] = 1
        weights[1, 0:51:3, known['blue y']] = 1
        weights[1, 1:51:3, known['blue x']] = 1
        weights[1, -1, known['blue']] = 0.5
        weights[3, -1, known['red']] = 1
        bias[1, 2:51:3] = 0.5
        bias[0, -1] = 0.2
        return _write(
            tflite_builder,
            tmp_path / 'multipose.tflite',
            dtype=dtype,
            sides=(height, width),
            weights=weights,
            bias=bias,
        )

    return make


def _write(builder, path, *, dtype, sides, weights, bias):
    height, width = (side or 1 for side in sides)
    signature = None if sides[0] else (1, -1, -1, 3)
    image = builder.tensor((1, height, width, 3), dtype, signature)
    real = image
    if dtype != np.float32:
        real = builder.cast(image, (1, height, width, 3))
    reducer = {'options': 'ReducerOptions', 'keepDims': False}

    def axes(*numbers):
        return builder.constant(numbers, np.int32)

    def brightest(over, side):
        line = builder.operator('REDUCE_MAX', [real, axes(over)], (1, side, 3), **reducer)
        index = builder.operator(
            'ARG_MAX', [line, builder.constant(1, np.int32)], (1, 3),
            dtype=np.int32, options='ArgMaxOptions', outputType=2,
        )  # fmt: skip
        return builder.cast(index, (1, 3))

    shape = builder.operator(
        'SHAPE', [image], (4,), dtype=np.int32, options='ShapeOptions', outType=2
    )

    def side(axis):
        number = builder.operator(
            'GATHER', [shape, axes(axis)], (1,), dtype=np.int32, options='GatherOptions'
        )
        return builder.cast(number, (1,))

    def divide(numerator, denominator):
        return builder.operator('DIV', [numerator, denominator], (1, 3), options='DivOptions')

    known = builder.operator(
        'CONCATENATION',
        [
            divide(brightest(2, height), side(1)),
            divide(brightest(1, width), side(2)),
            divide(
                builder.operator('REDUCE_MAX', [real, axes(1, 2)], (1, 3), **reducer),
                builder.constant([255.0]),
            ),
        ],
        (1, 9),
        options='ConcatenationOptions',
        axis=1,
    )
    count, values, _ = weights.shape
    flat = builder.operator(
        'FULLY_CONNECTED',
        [known, builder.constant(weights.reshape(-1, 9)), builder.constant(bias.ravel())],
        (1, count * values),
        options='FullyConnectedOptions',
    )
    output = builder.operator(
        'RESHAPE', [flat, builder.constant([1, count, values], np.int32)], (1, count, values)
    )
    return builder.write(path, [image], [output])


DOTS = {'red': (0.70, 0.20), 'green': (0.15, 0.40), 'blue': (0.85, 0.75)}  # (x, y), relative


def image_with_dots(width, height, dots=DOTS, channels='rgb', side=None):
    """Black, with a square dot per colour; and the dots' middles [px]."""
    image = np.zeros((height, width, 3), np.uint8)
    side = side or 2 * max(1, round(max(width, height) / 256))
    middles = {}
    for colour, (x, y) in dots.items():
        left, top = (round(x * width) // side * side, round(y * height) // side * side)
        image[top : top + side, left : left + side, channels.index(colour[0])] = 255
        middles[colour] = (left + (side - 1) / 2, top + (side - 1) / 2)
    return Frame(image, channels=channels), middles


@pytest.mark.parametrize('dtype', [np.uint8, np.int32, np.float32])
@pytest.mark.parametrize('sides', [(None, None), (192, 256)], ids=['open', 'fixed'])
def test_keypoints_come_back_exactly(make_model, dtype, sides):
    model = MoveNetMultipose(make_model(dtype, *sides))
    # Twice the input's size: a dot of 2 × 2 becomes one pixel.
    frame, middles = image_with_dots(512, 384, side=2)
    pose = model.estimate_all(frame)[0]
    found = pose.keypoints[[NOSE, LEFT_WRIST, RIGHT_WRIST]]
    expected = [middles['red'], middles['green'], middles['blue']]
    np.testing.assert_allclose(found, expected, atol=1e-3)
    assert found.dtype == np.float32
    np.testing.assert_allclose(pose.scores[[NOSE, LEFT_WRIST, RIGHT_WRIST]], 1.0)
    assert pose.score == pytest.approx(1.0)


@pytest.mark.parametrize('sides', [(None, None), (256, 256), (160, 256)], ids=str)
@pytest.mark.parametrize(
    'size',
    [(640, 480), (480, 640), (500, 500), (1920, 1080), (360, 900), (97, 61), (1000, 10)],
    ids='{0[0]}x{0[1]}'.format,
)
def test_padding_is_undone_in_images_of_any_shape(make_model, sides, size):
    model = MoveNetMultipose(make_model(np.uint8, *sides))
    frame, middles = image_with_dots(*size)
    found = model.estimate_all(frame)[0].keypoints[[NOSE, LEFT_WRIST, RIGHT_WRIST]]
    expected = np.array([middles['red'], middles['green'], middles['blue']])
    # The model knows whole pixels of its input: half of one is what it may miss, and another
    # half where a dot covers several.
    width, height = size
    pixel = 1 / min((sides[1] or 256) / width, (sides[0] or 256) / height)
    assert np.abs(found - expected).max() <= max(pixel, 1.0)


def test_channels_are_told_apart(make_model):
    model = MoveNetMultipose(make_model())
    frames = [image_with_dots(512, 384, channels=c, side=2)[0] for c in ('rgb', 'bgr')]
    rgb, bgr = (model.estimate_all(frame)[0].keypoints for frame in frames)
    np.testing.assert_array_equal(rgb, bgr)
    swapped = Frame(frames[1].image, channels='rgb')
    wrong = model.estimate_all(swapped)[0].keypoints
    assert np.abs(wrong[NOSE] - rgb[NOSE]).max() > 50


def test_people_come_surest_first_and_empty_slots_not_at_all(make_model):
    model = MoveNetMultipose(make_model())
    frame, middles = image_with_dots(512, 384, side=2)
    first, second = model.estimate_all(frame)
    assert (first.score, second.score) == (pytest.approx(1.0), pytest.approx(0.5))
    np.testing.assert_allclose(second.keypoints, np.tile(middles['blue'], (17, 1)), atol=1e-3)
    np.testing.assert_allclose(second.scores, 0.5)
    assert len(model.estimate_all(Frame(np.zeros((384, 512, 3), np.uint8)))) == 0


@pytest.mark.parametrize(('brightness', 'people'), [(66, 1), (62, 0)])
def test_a_score_below_the_least_is_no_ones(make_model, brightness, people):
    model = MoveNetMultipose(make_model())
    image = np.zeros((384, 512, 3), np.uint8)
    image[100:110, 200:210, 0] = brightness  # / 255: above and below 0.25
    assert len(model.estimate_all(Frame(image))) == people


def test_a_image_of_another_shape_in_between_changes_nothing(make_model):
    model = MoveNetMultipose(make_model())
    frame, _ = image_with_dots(512, 384, side=2)
    before = model.estimate_all(frame)[0].keypoints
    model.estimate_all(image_with_dots(480, 640)[0])
    np.testing.assert_array_equal(model.estimate_all(frame)[0].keypoints, before)


@pytest.mark.parametrize(
    ('frame', 'expected'),
    [
        ((640, 480), (256, 192)),
        ((480, 640), (192, 256)),
        ((1920, 1080), (256, 160)),
        ((512, 512), (256, 256)),
        ((1000, 10), (256, 32)),
    ],
)
def test_an_open_input_takes_the_frames_shape_in_multiples_of_32(make_model, frame, expected):
    model = MoveNetMultipose(make_model(), size=256)
    model.estimate_all(Frame(np.zeros((frame[1], frame[0], 3), np.uint8)))
    assert model._model.input_size == expected


@pytest.mark.parametrize('size', [0, -32, 100, 250])
def test_a_side_that_is_no_multiple_of_32_is_refused(make_model, size):
    with pytest.raises(ValueError, match=f'size must be a positive multiple of 32, got {size}'):
        MoveNetMultipose(make_model(), size=size)


def test_another_output_is_refused_with_both_shapes(make_model):
    with pytest.raises(
        ModelError,
        match=r'multipose\.tflite: expected the output \[1, people, 56\], found \[1, 6, 57\]',
    ):
        MoveNetMultipose(make_model(values=57))


@pytest.mark.model('movenet_lightning')
def test_the_single_pose_model_is_refused(make_model):
    from pose_ros.core.runtime.store import ModelStore  # noqa: PLC0415

    with pytest.raises(ModelError, match=r'\[1, people, 56\], found \[1, 1, 17, 3\]'):
        MoveNetMultipose(ModelStore().locate('movenet_lightning')['model'])
    with pytest.raises(ModelError, match=r'expected outputs \[1, 1, 17, 3\]'):
        MoveNet(make_model(height=192, width=192))


def test_only_an_open_input_is_resized(make_model):
    fixed = TfliteModel(make_model(np.uint8, 64, 96), input_size=(256, 256))
    assert fixed.input_size == (96, 64)
    with pytest.raises(ModelError, match='its input keeps its size of 96×64'):
        fixed.resize(256, 256)
