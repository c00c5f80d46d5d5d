"""Taking operators out of a model: a custom one at its end, and subtractions of zero."""

import sys

import numpy as np
import pytest

from pose_ros.core.models.posenet import DECODER_OPERATOR
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.runtime.litert import TfliteModel, without_operator

OPERATOR = 'TestDecoderOp'
SHAPE = (1, 4, 6, 3)
POSENET = 'posenet_mobilenet_v1_075_481_641_16_quant_decoder'


@pytest.fixture
def model_file(tflite_builder, tmp_path):
    """Two tensors go into a custom operator; another output is computed after it."""
    image = tflite_builder.tensor(SHAPE, np.float32)
    doubled = tflite_builder.operator('ADD', [image, image], SHAPE, options='AddOptions')
    root = tflite_builder.operator('SQRT', [image], SHAPE)
    decoded = tflite_builder.custom_operator(OPERATOR, [root, doubled], [(1, 5), (1,)], b'')
    negative = tflite_builder.operator('NEG', [image], SHAPE, options='NegOptions')
    path = tmp_path / 'given' / 'net.tflite'
    path.parent.mkdir()
    return tflite_builder.write(path, [image], [*decoded, negative])


def custom_operators(content):
    """Names of the custom operators in a file, used or not."""
    schema = pytest.importorskip('ai_edge_litert.schema_py_generated')
    tree = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
    return [code.customCode.decode() for code in tree.operatorCodes if code.customCode]


def test_what_went_into_the_operator_comes_out(model_file):
    with pytest.raises(ModelError, match='custom op: TestDecoderOp'):
        TfliteModel(model_file)
    model = TfliteModel(model_file, without=OPERATOR)
    image = np.random.default_rng(0).integers(0, 256, SHAPE[1:], np.uint8)
    root, doubled, negative = model.run(image)
    np.testing.assert_allclose(root[0], np.sqrt(image.astype(np.float32)), rtol=1e-6)
    np.testing.assert_allclose(doubled[0], 2.0 * image)
    np.testing.assert_allclose(negative[0], -1.0 * image)


def test_an_output_can_be_dropped_afterwards(model_file):
    model = TfliteModel(model_file, without=OPERATOR)
    model.drop_output(0)
    image = np.full(SHAPE[1:], 9, np.uint8)
    doubled, negative = model.run(image)
    assert (doubled == 18).all()
    assert (negative == -9).all()


def test_nothing_is_left_of_the_operator_and_the_file_stays_as_it_is(model_file):
    before = model_file.read_bytes()
    shortened = without_operator(model_file, OPERATOR)
    assert custom_operators(before) == [OPERATOR]
    assert custom_operators(shortened) == []
    assert OPERATOR.encode() not in shortened
    assert model_file.read_bytes() == before


def test_a_model_without_the_operator_stays_as_it_is(model_file):
    assert without_operator(model_file, 'AnotherOp') == model_file.read_bytes()


@pytest.mark.parametrize('share', [0.3, 0.9, 0.999])
def test_a_truncated_file_is_refused(model_file, share):
    content = model_file.read_bytes()
    # The name may lie in the part that is cut off.
    model_file.write_bytes(content[: int(share * len(content))] + OPERATOR.encode())
    with pytest.raises(ModelError, match=r'net\.tflite: expected a TFLite model.*do not load'):
        TfliteModel(model_file, without=OPERATOR)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ModelError, match=r'absent\.tflite: no such model file'):
        TfliteModel(tmp_path / 'absent.tflite', without=OPERATOR)


def test_without_litert_the_package_to_install_is_told(model_file, tmp_path, monkeypatch):
    shortened = tmp_path / 'short.tflite'
    shortened.write_bytes(without_operator(model_file, OPERATOR))
    monkeypatch.setitem(sys.modules, 'ai_edge_litert.schema_py_generated', None)
    with pytest.raises(ModelError, match=r'ends in TestDecoderOp.*pip install ai-edge-litert'):
        TfliteModel(model_file, without=OPERATOR)
    # A file that was shortened elsewhere needs nothing.
    assert len(TfliteModel(shortened, without=OPERATOR).output_shapes) == 3


@pytest.mark.parametrize(
    ('value', 'scale', 'activation'),
    [
        (3, 0.5, 'NONE'),
        (4, 0.5, 'NONE'),  # subtracts something
        (3, 0.25, 'NONE'),  # changes the scale
        (3, 0.5, 'RELU'),
    ],
)
def test_subtractions_of_zero_are_left_out(tflite_builder, tmp_path, value, scale, activation):
    schema = pytest.importorskip('ai_edge_litert.schema_py_generated')

    def quantized(tensor, scale):
        return tflite_builder.quantize(tensor, scale, 3)

    image = quantized(tflite_builder.tensor(SHAPE, np.int8), 0.5)
    zero = quantized(tflite_builder.constant(np.full((1, 1, 1, 3), value), np.int8), 1e-6)
    code = getattr(schema.ActivationFunctionType, activation)
    options = {'options': 'SubOptions', 'fusedActivationFunction': code}
    same = tflite_builder.operator('SUB', [image, zero], SHAPE, dtype=np.int8, **options)
    quantized(same, scale)
    total = tflite_builder.operator(
        'ADD', [same, same], SHAPE, dtype=np.int8, options='AddOptions'
    )
    quantized(total, 1.0)
    path = tflite_builder.write(tmp_path / 'net.tflite', [image], [total, same])
    given, shorter = TfliteModel(path), TfliteModel(path)
    shorter.drop_zero_subtractions()
    pixels = np.random.default_rng(0).integers(0, 256, SHAPE[1:], np.uint8)
    for one, other in zip(given.run(pixels), shorter.run(pixels)):
        assert (one == other).all()
    tree = schema.ModelT.InitFromObj(schema.Model.GetRootAs(shorter._content, 0))
    is_null = (value, scale, activation) == (3, 0.5, 'NONE')
    assert len(tree.subgraphs[0].operators) == (1 if is_null else 2)
    assert (shorter._content == given._content) != is_null
    once, interpreter = shorter._content, shorter._interpreter
    shorter.drop_zero_subtractions()  # nothing is left to remove, so nothing is loaded anew
    assert shorter._content is once
    assert shorter._interpreter is interpreter


@pytest.mark.test_data('models/movenet_single_pose_lightning_ptq.tflite')
def test_movenet_lightning_gives_the_same_without_its_subtraction_of_zero(test_data):
    path = test_data / 'models/movenet_single_pose_lightning_ptq.tflite'
    given, shorter = TfliteModel(path), TfliteModel(path)
    shorter.drop_zero_subtractions()
    assert len(shorter._content) < len(given._content)
    rng = np.random.default_rng(0)
    for _ in range(10):
        image = rng.integers(0, 256, (192, 192, 3), np.uint8)
        (one,), (other,) = given.run(image), shorter.run(image)
        assert (one == other).all()


# --- PoseNet's own files ----------------------------------------------------------------------

OUTPUTS = [(1, 31, 41, 17), (1, 31, 41, 34), (1, 31, 41, 64)]


@pytest.mark.test_data(f'models/{POSENET}.tflite')
def test_posenet_runs_without_its_decoder(test_data):
    model = TfliteModel(test_data / 'models' / f'{POSENET}.tflite', without=DECODER_OPERATOR)
    image = np.random.default_rng(0).integers(0, 256, (481, 641, 3), np.uint8)
    assert [output.shape for output in model.run(image)] == OUTPUTS


@pytest.mark.test_data(f'models/{POSENET}_edgetpu.tflite')
def test_posenet_for_the_edge_tpu_keeps_only_what_runs_there(test_data):
    """No Edge TPU here: the file's own description has to do."""
    path = test_data / 'models' / f'{POSENET}_edgetpu.tflite'
    content = without_operator(path, DECODER_OPERATOR)
    assert custom_operators(content) == ['edgetpu-custom-op']
