"""OpenVINO as a runtime: IR and ONNX files give the right numbers, damaged ones are refused."""

from concurrent.futures import wait
from dataclasses import replace
from pathlib import Path
import subprocess
import sys
import threading

import numpy as np
from onnx_file import node, write_onnx
import pytest

from pose_ros.core.models.imagenet import IMAGENET_RANGE
from pose_ros.core.runtime import openvino as runtime
from pose_ros.core.runtime.errors import ModelError, OutputError
from pose_ros.core.runtime.loading import model_loader
from pose_ros.core.runtime.openvino import OpenVinoModel
from pose_ros.core.runtime.store import ModelStore

ov = pytest.importorskip('openvino')

HEIGHT, WIDTH = 4, 6
RGB = (10, 100, 250)
IMAGE = np.full((HEIGHT, WIDTH, 3), RGB, np.uint8)
WEIGHTS = np.array([1.0, 2.0, 4.0], np.float32)
# Channels weighted and added, of pixels as they are.
EXPECTED = float(WEIGHTS @ RGB)


def write_ir(path, batch=1, factor=1.0):
    """Model that adds the weighted channels of an image; the weights are in the .bin file."""
    image = ov.opset13.parameter([batch, 3, HEIGHT, WIDTH], np.float32, name='image')
    weights = ov.opset13.constant(WEIGHTS.reshape(1, 3, 1, 1) * np.float32(factor))
    axis = ov.opset13.constant(np.array([1]))
    total = ov.opset13.reduce_sum(ov.opset13.multiply(image, weights), axis, keep_dims=True)
    ov.serialize(ov.Model([total], [image]), path)
    return path


@pytest.fixture
def ir_file(tmp_path):
    return write_ir(tmp_path / 'net.xml')


@pytest.fixture
def onnx_file(tmp_path):
    return write_onnx(
        tmp_path / 'net.onnx',
        [node('Mul', ['image', 'weights'], ['weighted']),
         node('ReduceSum', ['weighted', 'axis'], ['total'])],
        {'weights': WEIGHTS.reshape(1, 3, 1, 1), 'axis': np.array([1])},
        {'image': (1, 3, HEIGHT, WIDTH)},
        {'total': (1, 1, HEIGHT, WIDTH)},
    )  # fmt: skip


@pytest.mark.parametrize('kind', ['ir_file', 'onnx_file'])
@pytest.mark.parametrize('precision', ['f32', 'auto'])
def test_channels_reach_the_model_in_their_order(request, kind, precision):
    model = OpenVinoModel(request.getfixturevalue(kind), precision=precision)
    assert model.input_size == (WIDTH, HEIGHT)
    model.require_outputs((1, 1, HEIGHT, WIDTH))
    (output,) = model.run(IMAGE)
    rounding = 1e-6 if precision == 'f32' else 1e-2
    np.testing.assert_allclose(output, EXPECTED, rtol=rounding)


def test_each_channel_has_its_own_pixel_range(ir_file):
    (output,) = OpenVinoModel(ir_file, pixel_range=IMAGENET_RANGE).run(IMAGE)
    normalised = (np.array(RGB) / 255 - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)
    np.testing.assert_allclose(output, WEIGHTS @ normalised, rtol=1e-5)


def test_an_open_batch_is_one_image(tmp_path):
    model = OpenVinoModel(write_ir(tmp_path / 'net.xml', batch=-1))
    assert model.output_shapes == [(1, 1, HEIGHT, WIDTH)]


@pytest.mark.parametrize('kind', ['ir_file', 'onnx_file'])
def test_the_input_takes_the_size_that_is_asked_for(request, kind):
    model = OpenVinoModel(request.getfixturevalue(kind), input_size=(8, 2))
    assert model.input_size == (8, 2)
    assert model.output_shapes == [(1, 1, 2, 8)]
    (output,) = model.run(np.full((2, 8, 3), RGB, np.uint8))
    np.testing.assert_allclose(output, EXPECTED, rtol=1e-6)


def test_the_entry_of_a_model_sets_the_size_of_its_input(ir_file):
    entry = replace(ModelStore().entry('picodet_320'), input=(8, 2))
    model = model_loader(entry)(ir_file, 1, (0.0, 255.0))
    assert model.input_size == (8, 2)


def test_an_output_does_not_change_with_the_next_run(ir_file):
    model = OpenVinoModel(ir_file)
    (first,) = model.run(IMAGE)
    model.run(np.zeros_like(IMAGE))
    np.testing.assert_allclose(first, EXPECTED)


@pytest.fixture
def runs(monkeypatch):
    """Number of images in each run of a network."""
    sizes, run = [], runtime._Network.run
    monkeypatch.setattr(
        runtime._Network, 'run', lambda net: sizes.append(len(net.tensor)) or run(net)
    )
    return sizes


def images_of(count):
    """Images that differ, and what the model of `write_ir` gives for each."""
    images = [np.full((HEIGHT, WIDTH, 3), (10, 20, shade), np.uint8) for shade in range(count)]
    return images, [float(WEIGHTS @ image[0, 0]) for image in images]


@pytest.mark.parametrize('batch', [1, -1])
def test_images_run_in_batches_once_these_are_compiled(tmp_path, runs, batch):
    model = OpenVinoModel(write_ir(tmp_path / 'net.xml', batch=batch))
    images, expected = images_of(10)
    model.run_each(images)
    model.run_each(images[:2])
    wait(model._batches.values())
    for count in (10, 1, 3, 0, 2, 7, 4, 9, 5, 8, 6):
        runs.clear()
        outputs = model.run_each(images[:count])
        assert [len(one) for one in outputs] == [1] * count
        assert {one[0].shape for one in outputs} <= set(model.output_shapes)
        assert [one[0].mean() for one in outputs] == pytest.approx(expected[:count])
        assert runs == [3] * (count // 3) + [count % 3] * (count % 3 > 0)


def test_no_frame_waits_for_a_batch_to_be_compiled(ir_file, runs, monkeypatch):
    may_compile = threading.Event()
    compiling = runtime.OpenVinoModel._compile
    monkeypatch.setattr(
        runtime.OpenVinoModel, '_compile',
        lambda model, size: may_compile.wait(60.0) and compiling(model, size),
    )  # fmt: skip
    model = OpenVinoModel(ir_file)
    images, expected = images_of(5)
    try:
        outputs = model.run_each(images)
    finally:
        may_compile.set()
    assert [one[0].mean() for one in outputs] == pytest.approx(expected)
    assert runs == [1] * 5


def test_a_model_of_one_image_alone_runs_one_by_one(tmp_path, runs):
    image = ov.opset13.parameter([1, 3, HEIGHT, WIDTH], np.float32)
    total = ov.opset13.reduce_sum(image, ov.opset13.constant(np.array([0, 1, 2, 3])))
    ov.serialize(ov.Model([total], [image]), tmp_path / 'net.xml')
    model = OpenVinoModel(tmp_path / 'net.xml')
    images, _ = images_of(4)
    model.run_each(images)
    wait(model._batches.values())
    outputs = model.run_each(images)
    assert [float(one[0]) for one in outputs] == [float(image.sum()) for image in images]
    assert runs == [1] * 8


def test_other_outputs_are_refused_with_both_shapes(ir_file):
    with pytest.raises(ModelError, match=r'expected outputs \[1, 17\], found \[1, 1, 4, 6\]'):
        OpenVinoModel(ir_file).require_outputs((1, 17))


def test_a_value_that_is_not_finite_is_refused(tmp_path):
    model = OpenVinoModel(write_ir(tmp_path / 'net.xml', factor=np.inf))
    with pytest.raises(OutputError, match=r'net\.xml: output 0: .*found inf'):
        model.run(IMAGE)


@pytest.mark.parametrize(
    ('settings', 'reason'),
    [
        ({'threads': 0}, 'threads must be >= 1, got 0'),
        ({'precision': 'f8'}, "precision must be one of f32, auto, got 'f8'"),
    ],
)
def test_a_wrong_setting_is_named(ir_file, settings, reason):
    with pytest.raises(ValueError, match=reason):
        OpenVinoModel(ir_file, **settings)


def test_a_missing_file_is_named(tmp_path, ir_file):
    with pytest.raises(ModelError, match=r'absent\.onnx: no such model file'):
        OpenVinoModel(tmp_path / 'absent.onnx')
    ir_file.with_suffix('.bin').unlink()
    with pytest.raises(ModelError, match=r'net\.bin: no such model file'):
        OpenVinoModel(ir_file)


def test_a_model_of_other_inputs_is_refused(tmp_path):
    vector = ov.opset13.parameter([1, 8], np.float32)
    ov.serialize(ov.Model([ov.opset13.relu(vector)], [vector]), tmp_path / 'net.xml')
    with pytest.raises(ModelError, match=r'expected one input image .*found float32 \[1, 8\]'):
        OpenVinoModel(tmp_path / 'net.xml')


ENTITIES = ''.join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 21))
LAUGHS = f'<!DOCTYPE net [<!ENTITY a0 "ha">{ENTITIES}]><net name="&a20;">'
DAMAGE = {
    'empty': lambda graph, weights: (b'', weights),
    'half of the graph': lambda graph, weights: (graph[: len(graph) // 2], weights),
    'half of the weights': lambda graph, weights: (graph, weights[: len(weights) // 2]),
    'no weights': lambda graph, weights: (graph, b''),
    'a web page': lambda graph, weights: (b'<html>not found</html>', weights),
    'entities': lambda graph, weights: (graph.replace(b'<net', LAUGHS.encode(), 1), weights),
    'an impossible image': lambda graph, weights: (
        graph.replace(b'1,3,4,6', b'1,3,40000,6'),
        weights,
    ),
    'no pixels': lambda graph, weights: (graph.replace(b'1,3,4,6', b'1,3,-4,-6'), weights),
    'an open size': lambda graph, weights: (graph.replace(b'1,3,4,6', b'1,3,?,?'), weights),
}


@pytest.mark.parametrize('damage', DAMAGE)
def test_a_damaged_file_is_refused(ir_file, damage):
    weights_file = ir_file.with_suffix('.bin')
    graph, weights = DAMAGE[damage](ir_file.read_bytes(), weights_file.read_bytes())
    ir_file.write_bytes(graph)
    weights_file.write_bytes(weights)
    with pytest.raises(ModelError, match=r'net\.xml'):
        OpenVinoModel(ir_file)


def test_a_tensor_that_would_exhaust_the_memory_is_refused(tmp_path):
    image = ov.opset13.parameter([1, 3, HEIGHT, WIDTH], np.float32)
    shape = ov.opset13.constant(np.array([10_000_000, 3, HEIGHT, WIDTH]))
    ov.serialize(ov.Model([ov.opset13.broadcast(image, shape)], [image]), tmp_path / 'net.xml')
    with pytest.raises(ModelError, match=r'\[10000000,3,4,6\]'):
        OpenVinoModel(tmp_path / 'net.xml')


def test_a_file_that_is_cut_off_while_the_model_runs_does_no_harm(ir_file):
    model = OpenVinoModel(ir_file)
    ir_file.with_suffix('.bin').write_bytes(b'')
    (output,) = model.run(IMAGE)
    np.testing.assert_allclose(output, EXPECTED)


def test_without_openvino_the_message_says_what_to_install(monkeypatch, ir_file):
    monkeypatch.setitem(sys.modules, 'openvino', None)
    runtime.openvino_core.cache_clear()
    runtime._openvino.cache_clear()
    with pytest.raises(ModelError, match=r'needs OpenVINO .*: pip install openvino$') as caught:
        OpenVinoModel(ir_file)
    assert '\n' not in str(caught.value)


def test_openvino_sends_no_usage_data():
    code = (
        'import sys; from pose_ros.core.runtime.openvino import openvino_core; openvino_core();'
        'print("openvino" in sys.modules, "openvino_telemetry" in sys.modules)'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ['True', 'False']


def test_a_tflite_file_is_read_by_openvino_alone(monkeypatch):
    path = ModelStore().locate('blazepose_full')['detector']
    monkeypatch.setattr(Path, 'read_bytes', lambda path: pytest.fail(f'{path} is read twice'))
    assert OpenVinoModel(path).input_size == (224, 224)
