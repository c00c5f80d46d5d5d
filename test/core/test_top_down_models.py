"""TinyPose and SimCC models: a mark in the image is found where it is, on both runtimes' files."""

import numpy as np
from onnx_file import node, write_onnx
import pytest

from pose_ros.core.models.simcc import SimCC
from pose_ros.core.models.tinypose import TinyPose
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.runtime.openvino import OpenVinoModel
from pose_ros.core.topology import BODY25, COCO17
from pose_ros.core.types import Crop, Frame

ov = pytest.importorskip('openvino')

WIDTH, HEIGHT = 96, 128
RED = np.array([1.0, 0.0, 0.0], np.float32).reshape(1, 3, 1, 1)
PLACE = (205.0, 140.0)  # of the mark [px]


def marked_frame(channels='rgb'):
    """Black image with one soft red mark."""
    rows, columns = np.mgrid[0:300, 0:400]
    distance = (columns - PLACE[0]) ** 2 + (rows - PLACE[1]) ** 2
    image = np.zeros((300, 400, 3), np.uint8)
    image[..., channels.index('r')] = 255 * np.exp(-distance / (2 * 8.0**2))
    return Frame(image, channels=channels)


def write_tinypose(path, keypoints=17, stride=4):
    """Model whose heatmaps all are the red of the image, from 0 to 1."""
    image = ov.opset13.parameter([1, 3, HEIGHT, WIDTH], np.float32)
    red = ov.opset13.reduce_sum(
        ov.opset13.multiply(image, ov.opset13.constant(RED)),
        ov.opset13.constant(np.array([1])),
        keep_dims=True,
    )
    # Back from ImageNet's mean and deviation of red.
    red = ov.opset13.add(ov.opset13.multiply(red, np.float32(0.229)), np.float32(0.485))
    cells = ov.opset13.strided_slice(
        red, [0, 0, 0, 0], [1, 1, HEIGHT, WIDTH], [1, 1, stride, stride], [0] * 4, [0] * 4
    )
    shape = np.array([1, keypoints, HEIGHT // stride, WIDTH // stride])
    heatmaps = ov.opset13.broadcast(cells, ov.opset13.constant(shape))
    ov.serialize(ov.Model([heatmaps], [image]), path)
    return path


def write_simcc(path, keypoints=17, bins=2):
    """Model with a peak at the mark on each axis; keypoint k is as sure as (k + 1) / 1000."""
    scores = (np.arange(keypoints, dtype=np.float32) + 1).reshape(1, keypoints, 1) / 1000
    constants = {
        'red': RED * np.float32(0.229), 'mean': np.float32([0.485]), 'channel': np.array([1]),
        'scores': scores,
    }  # fmt: skip
    nodes = [
        node('Mul', ['image', 'red'], ['weighted']),
        node('ReduceSum', ['weighted', 'channel'], ['centred']),
        node('Add', ['centred', 'mean'], ['reds']),
    ]
    for name, axis, side in (('x', 2, WIDTH), ('y', 3, HEIGHT)):
        constants[f'axis_{name}'] = np.array([axis])
        constants[f'shape_{name}'] = np.array([1, 1, side])
        # Each bin is the pixel in which it begins.
        constants[f'bins_{name}'] = np.eye(side, dtype=np.float32).repeat(bins, axis=1)
        nodes += [
            node('ReduceSum', ['reds', f'axis_{name}'], [f'sum_{name}']),
            node('Reshape', [f'sum_{name}', f'shape_{name}'], [f'line_{name}']),
            node('MatMul', [f'line_{name}', f'bins_{name}'], [f'fine_{name}']),
            node('Mul', [f'fine_{name}', 'scores'], [f'simcc_{name}']),
        ]
    return write_onnx(
        path, nodes, constants, {'image': (1, 3, HEIGHT, WIDTH)},
        {'simcc_x': (1, keypoints, bins * WIDTH), 'simcc_y': (1, keypoints, bins * HEIGHT)},
    )  # fmt: skip


def make(kind, folder, **details):
    if kind == 'tinypose':
        return TinyPose(write_tinypose(folder / 'net.xml', **details), 1, OpenVinoModel)
    return SimCC(write_simcc(folder / 'net.onnx', **details), 1, OpenVinoModel)


@pytest.mark.parametrize('channels', ['rgb', 'bgr'])
@pytest.mark.parametrize(
    'crop',
    [
        Crop((200.0, 150.0), 256.0),
        Crop((170.0, 120.0), 180.0),
        Crop((200.0, 150.0), 256.0, rotation=0.7),
        Crop((260.0, 60.0), 300.0),  # beyond the edges
    ],
)
@pytest.mark.parametrize('kind', ['tinypose', 'simcc'])
def test_a_mark_is_found_where_it_is(tmp_path, kind, crop, channels):
    pose = make(kind, tmp_path).estimate(marked_frame(channels), crop)
    # SimCC's bins are halves of the input's pixels; TinyPose's cells are four of them, but fitted.
    pixel = crop.side / HEIGHT
    np.testing.assert_allclose(pose.keypoints, [PLACE] * 17, atol=0.75 * pixel)


def test_the_score_of_a_person_is_the_mean_of_the_peaks(tmp_path):
    pose = make('tinypose', tmp_path).estimate(marked_frame(), Crop((200.0, 150.0), 128.0))
    np.testing.assert_allclose(pose.scores, 1.0, atol=0.05)
    assert pose.score == pytest.approx(pose.scores.mean())


def test_a_mark_outside_of_the_aspect_ratio_is_not_seen(tmp_path):
    """The crop is a square of 128 px, of which the model sees 0.8, of that the middle 3/4."""
    centre = (PLACE[0] - 50.0, PLACE[1])
    pose = make('tinypose', tmp_path).estimate(marked_frame(), Crop(centre, 128.0))
    assert pose.score < 0.5


@pytest.mark.parametrize(
    ('count', 'topology', 'name', 'index'),
    [
        (17, COCO17, 'right_ankle', 16),
        (26, BODY25, 'right_ankle', 16),
        (26, BODY25, 'neck', 18),
        (26, BODY25, 'mid_hip', 19),
        (26, BODY25, 'left_big_toe', 20),
        (26, BODY25, 'right_heel', 25),
        (133, COCO17, 'left_wrist', 9),
    ],
)
def test_more_keypoints_are_reduced_to_a_named_format(tmp_path, count, topology, name, index):
    model = make('simcc', tmp_path, keypoints=count)
    assert model.topology is topology
    pose = model.estimate(marked_frame(), Crop((200.0, 150.0), 256.0))
    nose = pose.scores[topology.index('nose')]
    assert pose.scores[topology.index(name)] / nose == pytest.approx(index + 1, rel=1e-3)


@pytest.mark.parametrize('bins', [1, 3])
def test_any_number_of_bins(tmp_path, bins):
    pose = make('simcc', tmp_path, bins=bins).estimate(marked_frame(), Crop((200.0, 150.0), 256.0))
    np.testing.assert_allclose(pose.keypoints, [PLACE] * 17, atol=2.1)


@pytest.mark.parametrize(
    ('kind', 'details', 'reason'),
    [
        ('tinypose', {'keypoints': 16}, r'expected heatmaps \[1, 17, 32, 24\], found .*\[1, 16,'),
        ('tinypose', {'stride': 8}, r'expected heatmaps \[1, 17, 32, 24\], found .*16, 12\]'),
        ('simcc', {'keypoints': 21}, r'of K = 17, 26, 133 keypoints, found \[\[1, 21, 192\]'),
    ],
)
def test_another_model_is_refused_with_both_shapes(tmp_path, kind, details, reason):
    with pytest.raises(ModelError, match=reason):
        make(kind, tmp_path, **details)
    other = {'tinypose': 'simcc', 'simcc': 'tinypose'}[kind]
    make(other, tmp_path)
    family, file = (TinyPose, 'net.onnx') if kind == 'tinypose' else (SimCC, 'net.xml')
    with pytest.raises(ModelError, match='expected'):
        family(tmp_path / file, 1, OpenVinoModel)
