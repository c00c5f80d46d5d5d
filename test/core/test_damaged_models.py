"""Models that give NaN, cannot be run or are damaged: only ModelError comes out of them."""

from contextlib import suppress
from pathlib import Path
import subprocess
import sys

import numpy as np
import pytest

from pose_ros.core.models.blazepose import BlazePose, BlazePoseDetector
from pose_ros.core.models.detector import Detection
from pose_ros.core.models.movenet import MoveNet
from pose_ros.core.models.pose import Pose
from pose_ros.core.models.posenet import PoseNet
from pose_ros.core.models.yolox import Yolox
from pose_ros.core.runtime.errors import ModelError, OutputError
from pose_ros.core.runtime.litert import TfliteModel
from pose_ros.core.runtime.store import ModelStore
from pose_ros.core.types import Box, Crop, Frame

FUZZ = Path(__file__).parents[2] / 'benchmarks' / 'damaged_models.py'
BLACK, WHITE = (Frame(np.full((48, 48, 3), level, np.uint8)) for level in (0, 255))
WHOLE = Crop((24.0, 24.0), 48.0)


@pytest.mark.parametrize('strange', [np.inf, -np.inf, 1e30, -1e30])
def test_strange_outputs_of_one_frame_do_not_spoil_the_next(overflowing_model, strange):
    model = MoveNet(overflowing_model(strange))
    for _ in range(2):
        with pytest.raises(
            OutputError, match=r'strange\.tflite: output 0: .* found -?(nan|inf|1e\+30)'
        ):
            model.estimate(WHITE, WHOLE)
        pose = model.estimate(BLACK, WHOLE)
        assert pose.score == pytest.approx(0.6)
        np.testing.assert_allclose(pose.keypoints[0], (24.0, 0.15 * 48), atol=1.0)


def test_nan_is_refused(overflowing_model):
    model = MoveNet(overflowing_model(np.nan))
    with pytest.raises(OutputError, match=r'strange\.tflite: output 0: .* found nan'):
        model.estimate(BLACK, WHOLE)


@pytest.mark.parametrize('name', ['keypoints', 'scores', 'z', 'world', 'alignment', 'score'])
@pytest.mark.parametrize('value', [np.nan, np.inf, -np.inf, 3e7])
def test_a_pose_holds_usable_values_only(name, value):
    values = {
        'keypoints': np.zeros((17, 2), np.float32),
        'scores': np.full(17, 0.5, np.float32),
        'z': np.zeros(17, np.float32),
        'world': np.zeros((17, 3), np.float32),
        'alignment': np.zeros((2, 2), np.float32),
        'score': np.array(0.5),
    }
    Pose(**values)
    values[name][(0,) * values[name].ndim] = value
    with pytest.raises(OutputError, match=f'{name} of a pose: expected values within .* found'):
        Pose(**values)


@pytest.mark.parametrize('value', [np.nan, np.inf, -np.inf, 3e7])
def test_a_detection_holds_usable_values_only(value):
    alignment = np.zeros((2, 2), np.float32)
    Detection(Box(0.0, 0.0, 1.0, 1.0), 0.5, alignment)
    with pytest.raises(OutputError, match='box of a detection'):
        Detection(Box(0.0, 0.0, value, 1.0), 0.5, alignment)
    with pytest.raises(OutputError, match='alignment of a detection'):
        Detection(Box(0.0, 0.0, 1.0, 1.0), 0.5, alignment + np.float32(value))


FRAME = Frame(np.random.default_rng(0).integers(0, 256, (240, 320, 3)).astype(np.uint8))
FAMILIES = {
    'landmarks': ('blazepose_full', BlazePose, lambda model: model.estimate(FRAME, WHOLE)),
    'detector': ('blazepose_full', BlazePoseDetector, lambda model: model.detect(FRAME)),
    'movenet': ('movenet_lightning', MoveNet, lambda model: model.estimate(FRAME, WHOLE)),
    'posenet': ('posenet', PoseNet, lambda model: model.estimate_all(FRAME)),
    'yolox': ('yolox_nano', Yolox, lambda model: model.detect(FRAME)),
}


@pytest.mark.parametrize(
    'family',
    [
        pytest.param(
            family, marks=[] if 'blazepose_full' in values else pytest.mark.model(values[0])
        )
        for family, values in FAMILIES.items()
    ],
)
def test_any_finite_outputs_are_decoded_or_refused(monkeypatch, family):
    name, make, run = FAMILIES[family]
    files = ModelStore().locate(name)
    model = make(files.get(family) or files['model'])
    network = model._model
    width, height = network.input_size
    shapes = [output.shape for output in network.run(np.zeros((height, width, 3), np.uint8))]
    rng = np.random.default_rng(0)
    for scale in (1.0, 10.0, 1e3, 9e5):
        for share in (0.001, 0.02):  # of the values that are not 0
            outputs = [
                (rng.uniform(-scale, scale, shape) * (rng.random(shape) < share)).astype(
                    np.float32
                )
                for shape in shapes
            ]
            monkeypatch.setattr(network, 'run', lambda image, outputs=outputs: outputs)
            with suppress(OutputError):
                run(model)


class _Faulty:
    """An interpreter of one image that raises at one step."""

    def __init__(self, step):
        self._step = step

    def __getattr__(self, name):
        def call(*_):
            if name == self._step:
                raise RuntimeError('tensor 7 has no\ndata')
            tensor = {'dtype': np.float32, 'quantization': (0.0, 0), 'index': 0}
            tensor['shape'] = tensor['shape_signature'] = np.array([1, 8, 8, 3])
            return np.zeros((1, 1, 17, 3), np.float32) if name == 'get_tensor' else [tensor]

        return call


@pytest.fixture
def net_file(tmp_path):
    """A file that the faulty interpreter does not look at."""
    path = tmp_path / 'net.tflite'
    path.write_bytes(b'model')
    return path


@pytest.mark.parametrize('step', ['set_tensor', 'invoke', 'get_tensor'])
def test_an_error_of_the_runtime_is_a_model_error(step, net_file):
    model = TfliteModel(net_file, load=lambda *_: _Faulty(step))
    with pytest.raises(ModelError, match=r'net\.tflite: cannot be run \(tensor 7 has no data\)'):
        model.run(np.zeros((8, 8, 3), np.uint8))


@pytest.mark.parametrize('step', ['get_input_details', 'get_output_details'])
def test_details_that_cannot_be_read_are_a_model_error(step, net_file):
    with pytest.raises(ModelError, match=r'net\.tflite: its inputs and outputs cannot be used'):
        TfliteModel(net_file, load=lambda *_: _Faulty(step))


def test_a_file_that_is_cut_off_while_the_model_runs_does_no_harm(tmp_path):
    whole = ModelStore().locate('blazepose_full')['detector']
    path = tmp_path / 'net.tflite'
    path.write_bytes(whole.read_bytes())
    model = TfliteModel(path, pixel_range=(-1.0, 1.0))
    image = np.zeros((224, 224, 3), np.uint8)
    expected = model.run(image)
    path.write_bytes(b'')
    for found, before in zip(model.run(image), expected):
        np.testing.assert_array_equal(found, before)
    with pytest.raises(ModelError, match='found 0 bytes that do not load'):
        TfliteModel(path)


def test_damaged_models_are_refused_or_give_usable_results():
    command = [sys.executable, '-W', 'ignore', str(FUZZ), '--count', '12']
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    counts = {name: int(number) for number, name in map(str.split, done.stdout.splitlines())}
    assert sum(counts.values()) == 12
    assert counts['refused'] > 0
