"""Taking a custom operator off a model: in memory, when installing, and without LiteRT."""

import hashlib
import shutil
import sys

import numpy as np
import pytest
import yaml

from pose_ros.core.models.posenet import DECODER_OPERATOR
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.runtime.litert import TfliteModel, without_operator
from pose_ros.core.runtime.store import ModelStore

OPERATOR = 'TestDecoderOp'
SHAPE = (1, 4, 6, 3)
POSENET = 'posenet_mobilenet_v1_075_481_641_16_quant_decoder'


@pytest.fixture
def model_file(tflite_builder, tmp_path):
    """Two tensors go into a custom operator; another output is computed after it."""
    picture = tflite_builder.tensor(SHAPE, np.float32)
    doubled = tflite_builder.operator('ADD', [picture, picture], SHAPE, options='AddOptions')
    root = tflite_builder.operator('SQRT', [picture], SHAPE)
    decoded = tflite_builder.custom_operator(OPERATOR, [root, doubled], [(1, 5), (1,)], b'')
    negative = tflite_builder.operator('NEG', [picture], SHAPE, options='NegOptions')
    path = tmp_path / 'given' / 'net.tflite'
    path.parent.mkdir()
    return tflite_builder.write(path, [picture], [*decoded, negative])


def custom_operators(content):
    """Names of the custom operators in a file, used or not."""
    schema = pytest.importorskip('ai_edge_litert.schema_py_generated')
    tree = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
    return [code.customCode.decode() for code in tree.operatorCodes if code.customCode]


def test_what_went_into_the_operator_comes_out(model_file):
    with pytest.raises(ModelError, match='custom op: TestDecoderOp'):
        TfliteModel(model_file)
    model = TfliteModel(model_file, without=OPERATOR)
    picture = np.random.default_rng(0).integers(0, 256, SHAPE[1:], np.uint8)
    root, doubled, negative = model.run(picture)
    np.testing.assert_allclose(root[0], np.sqrt(picture.astype(np.float32)), rtol=1e-6)
    np.testing.assert_allclose(doubled[0], 2.0 * picture)
    np.testing.assert_allclose(negative[0], -1.0 * picture)


def test_an_output_can_be_dropped_afterwards(model_file):
    model = TfliteModel(model_file, without=OPERATOR)
    model.drop_output(0)
    picture = np.full(SHAPE[1:], 9, np.uint8)
    doubled, negative = model.run(picture)
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


# --- installing -------------------------------------------------------------------------------


@pytest.fixture
def store(model_file, tmp_path):
    """The file lies in a folder that is not installed into; 'cache' is."""
    content = model_file.read_bytes()
    file = {
        'role': 'model',
        'name': model_file.name,
        'address': 'https://example.org/net.tflite',
        'size': len(content),
        'sha256': hashlib.sha256(content).hexdigest(),
        'without': OPERATOR,
    }
    entry = {'summary': '', 'family': 'f', 'format': 'f', 'input': [6, 4], 'licence': 'l'}
    manifest = tmp_path / 'models.yaml'
    models = {'net': {**entry, 'files': [file]}}
    manifest.write_text(yaml.safe_dump({'default': 'net', 'models': models}))
    return ModelStore(manifest, [model_file.parent, tmp_path / 'cache'])


def test_install_writes_the_shortened_file_beside_the_verified_one(store, model_file, tmp_path):
    before = model_file.read_bytes()
    assert store.locate('net') == {'model': model_file}

    paths = store.install('net')

    shortened = tmp_path / 'cache' / f'net_without_{OPERATOR}.tflite'
    assert paths == store.locate('net') == {'model': shortened}
    assert list(shortened.parent.iterdir()) == [shortened]
    assert model_file.read_bytes() == before
    assert len(TfliteModel(shortened).output_shapes) == 3
    checks = store.verify('net')
    assert [(check.path, check.state) for check in checks] == [
        (model_file, 'good'),
        (shortened, 'good'),
    ]


def test_install_leaves_a_good_shortened_file_alone(store):
    written = store.install('net')['model'].stat()
    again = store.install('net')['model'].stat()
    assert (again.st_ino, again.st_mtime_ns) == (written.st_ino, written.st_mtime_ns)


def test_a_damaged_shortened_file_is_noticed_and_mended(store):
    path = store.install('net')['model']
    good = path.read_bytes()
    path.write_bytes(good[:-1] + b'x')
    assert [check.state for check in store.verify('net')] == ['good', 'wrong']
    store.install('net')
    assert path.read_bytes() == good
    assert [check.state for check in store.verify('net')] == ['good', 'good']


def test_a_damaged_shortened_file_that_hides_the_good_one_is_named(store, model_file):
    hiding = model_file.with_name(f'net_without_{OPERATOR}.tflite')
    hiding.write_bytes(b'old')
    with pytest.raises(
        ModelError, match=r'given/net_without_TestDecoderOp\.tflite: wrong.*remove'
    ):
        store.install('net')


def test_without_litert_nothing_is_shortened_nor_verified(store, monkeypatch):
    shortened = store.install('net')['model']
    monkeypatch.setitem(sys.modules, 'ai_edge_litert.schema_py_generated', None)
    whole, short = store.verify('net')
    assert (whole.state, short.state) == ('good', 'unverified')
    assert 'pip install ai-edge-litert' in short.fault
    shortened.unlink()
    with pytest.raises(ModelError, match='pip install ai-edge-litert'):
        store.install('net')


# --- PoseNet's own files ----------------------------------------------------------------------

OUTPUTS = [(1, 31, 41, 17), (1, 31, 41, 34), (1, 31, 41, 64)]


@pytest.mark.model('posenet')
@pytest.mark.test_data(f'models/{POSENET}.tflite')
def test_posenet_runs_as_downloaded_and_as_installed(test_data, tmp_path):
    shutil.copy(test_data / 'models' / f'{POSENET}.tflite', tmp_path)
    store = ModelStore(folders=[tmp_path])
    whole = store.locate('posenet')['model']
    shortened = store.install('posenet')['model']
    assert shortened != whole
    models = TfliteModel(whole, without=DECODER_OPERATOR), TfliteModel(shortened)
    picture = np.random.default_rng(0).integers(0, 256, (481, 641, 3), np.uint8)
    one, other = (model.run(picture) for model in models)
    assert [output.shape for output in one] == OUTPUTS
    for output, same in zip(one, other):
        np.testing.assert_array_equal(output, same)


@pytest.mark.test_data(f'models/{POSENET}_edgetpu.tflite')
def test_posenet_for_the_edge_tpu_keeps_only_what_runs_there(test_data, tmp_path):
    """No Edge TPU here: the file's own description has to do."""
    shutil.copy(test_data / 'models' / f'{POSENET}_edgetpu.tflite', tmp_path)
    content = ModelStore(folders=[tmp_path]).install('posenet', 'edgetpu')['model'].read_bytes()
    assert custom_operators(content) == ['edgetpu-custom-op']
    schema = pytest.importorskip('ai_edge_litert.schema_py_generated')
    (graph,) = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0)).subgraphs
    (operator,) = graph.operators
    assert list(operator.outputs) == list(graph.outputs)
    assert [tuple(graph.tensors[output].shape) for output in graph.outputs] == OUTPUTS
