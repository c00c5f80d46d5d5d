from pathlib import Path

import numpy as np
import pytest

from pose_ros.core.models.movenet import MoveNet
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.runtime.image_model import ImageInput
from pose_ros.core.runtime.litert import TfliteModel
from pose_ros.core.runtime.store import ModelStore


@pytest.fixture(scope='module')
def detector_file() -> Path:
    return ModelStore().locate('blazepose_full')['detector']


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ModelError, match=r'absent\.tflite: no such model file'):
        TfliteModel(tmp_path / 'absent.tflite')


@pytest.mark.parametrize('share', [0.0, 0.5, 0.999])
def test_a_truncated_file_is_refused(tmp_path, detector_file, share):
    content = detector_file.read_bytes()
    path = tmp_path / 'short.tflite'
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(
        ModelError, match=r'short\.tflite: expected a TFLite model.*found \d+ byte'
    ):
        TfliteModel(path)


def test_another_kind_of_file_is_refused(tmp_path):
    path = tmp_path / 'page.tflite'
    path.write_text('<html>not found</html>')
    with pytest.raises(ModelError, match='do not load'):
        TfliteModel(path)


def test_another_model_is_refused_with_both_shapes(detector_file):
    with pytest.raises(
        ModelError, match=r'expected outputs \[1, 1, 17, 3\], found \[1, 2254, 12\]'
    ):
        MoveNet(detector_file)


@pytest.mark.test_data('models/movenet_single_pose_lightning_ptq_edgetpu.tflite')
def test_an_edge_tpu_build_is_refused_on_the_cpu(test_data):
    path = test_data / 'models/movenet_single_pose_lightning_ptq_edgetpu.tflite'
    with pytest.raises(ModelError, match='runs on the CPU'):
        TfliteModel(path)


def test_no_threads_are_refused(detector_file):
    with pytest.raises(ValueError, match='threads must be >= 1, got 0'):
        TfliteModel(detector_file, threads=0)


def test_output_does_not_change_with_the_next_run(detector_file):
    model = TfliteModel(detector_file, pixel_range=(-1.0, 1.0))
    image = np.zeros((224, 224, 3), np.uint8)
    first, _ = model.run(image)
    kept = first.copy()
    model.run(image + 255)
    assert (first == kept).all()


def test_a_dropped_output_leaves_the_others_as_they_were():
    path = ModelStore().locate('blazepose_full')['landmarks']
    full, pruned = (TfliteModel(path, pixel_range=(0.0, 1.0)) for _ in range(2))
    pruned.drop_output(2)
    image = np.random.default_rng(0).integers(0, 256, (256, 256, 3), np.uint8)
    expected = [output for i, output in enumerate(full.run(image)) if i != 2]
    found = pruned.run(image)
    assert [output.shape for output in found] == [output.shape for output in expected]
    for one, other in zip(found, expected):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


SHAPE = (1, 1, 256, 3)
RAMP = np.repeat(np.arange(256, dtype=np.uint8), 3).reshape(1, 256, 3)


def fed(dtype, quantization, pixel_range):
    return ImageInput(Path('x'), SHAPE, dtype, pixel_range, quantization).fill(RAMP)[0, 0, :, 0]


class TestInputs:
    """Every kind of input tensor receives what the model means by a pixel."""

    def test_float32(self):
        values = fed(np.float32, (0.0, 0), (-1.0, 1.0))
        np.testing.assert_allclose(values, np.linspace(-1, 1, 256), atol=1e-6)

    def test_uint8_without_scale_takes_pixels(self):
        assert fed(np.uint8, (0.0, 0), (0.0, 255.0)).tolist() == list(range(256))

    def test_int8_without_scale_takes_shifted_pixels(self):
        assert fed(np.int8, (0.0, 0), (0.0, 255.0)).tolist() == list(range(-128, 128))

    def test_int32_takes_pixels(self):
        values = fed(np.int32, (0.0, 0), (0.0, 255.0))
        assert values.dtype == np.int32
        assert values.tolist() == list(range(256))

    @pytest.mark.parametrize(('dtype', 'zero_point'), [(np.uint8, 128), (np.int8, 0)])
    def test_quantised(self, dtype, zero_point):
        values = fed(dtype, (1 / 128, zero_point), (-1.0, 1.0)).astype(int)
        real = (values - zero_point) / 128
        np.testing.assert_allclose(real, np.linspace(-1, 1, 256), atol=1 / 128)


def test_a_file_is_read_once(monkeypatch):
    read, reads = Path.read_bytes, []
    monkeypatch.setattr(Path, 'read_bytes', lambda path: reads.append(path) or read(path))
    model = TfliteModel(ModelStore().locate('blazepose_full')['landmarks'])
    model.drop_output(2)
    assert reads == [model.path]
