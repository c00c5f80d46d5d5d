"""Models on the CPU with OpenVINO, which is optional: its IR (.xml and .bin), ONNX and TFLite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
import importlib
import importlib.util
import logging
from pathlib import Path
import sys
from typing import Any

import numpy as np

from pose_ros.core.runtime.errors import ModelError, model_errors
from pose_ros.core.runtime.image_model import (
    ImageInput,
    PixelRange,
    require_shapes,
    require_usable_outputs,
)
from pose_ros.core.runtime.litert import read_model, require_file

PRECISIONS = {'f32': 'f32', 'auto': ''}
"""Of each value of the setting `precision`, OpenVINO's hint; '' leaves the choice to it."""

# Most values in one tensor of a model: a damaged file may ask for any amount of memory.
_MAX_TENSOR = 1 << 27
# Sizes of batches, the largest first [images]. Of TinyPose 128, 2, 3, 4 and 5 images at once take
# 15, 23, 24 and 27 % less time each than one by one; each size costs 45 MB.
_BATCHES = (3, 2)
# Largest file of a graph without its weights [bytes]; those of known models have 1.5 MB.
_MAX_GRAPH = 64 << 20


class OpenVinoModel:
    """A model that takes one RGB image, see `ImageModel`.

    Parameters
    ----------
    path
        The .xml (with the .bin of the same name beside it), .onnx or .tflite file.
    threads
        Number of CPU threads, at least 1.
    pixel_range
        What pixel values 0 and 255 become in the model's own numbers.
    input_size
        (width, height) of the input image [px], by default the file's own.
    checked
        Whether `run` checks all values; False for outputs with rows that do not count.
    precision
        'f32', or 'auto': bfloat16 or float16 on CPUs that calculate faster in it.

    Raises
    ------
    ModelError
        OpenVINO is not installed; the file is missing, damaged, or not a model of one image.
    """

    def __init__(
        self,
        path: Path,
        threads: int = 1,
        pixel_range: PixelRange = (0.0, 255.0),
        input_size: tuple[int, int] | None = None,
        *,
        checked: bool = True,
        precision: str = 'f32',
    ) -> None:
        self.path = Path(path)
        if threads < 1:
            raise ValueError(f'threads must be >= 1, got {threads}')
        if precision not in PRECISIONS:
            raise ValueError(
                f'precision must be one of {", ".join(PRECISIONS)}, got {precision!r}'
            )
        self._checked = checked
        core = openvino_core()
        with model_errors(self.path, 'expected a model that OpenVINO can run on the CPU'):
            model = _read(core, self.path)
            if len(model.inputs) != 1:
                raise ModelError(f'{path}: expected one input image, found {len(model.inputs)}')
            _set_input_shape(model, input_size)
            self._input = ImageInput(
                self.path,
                _static(model.inputs[0].partial_shape),
                model.inputs[0].element_type.to_dtype(),
                pixel_range,
            )
            _require_bounded(model)
            self._model, self._properties = model, _properties(threads, precision)
            self._single = _Network(model, self._properties, self._input.tensor)
            self.output_shapes = _output_shapes(model)
        self._batches: dict[int, Future[_Network | None]] = {}
        self._compiler = ThreadPoolExecutor(1, 'openvino')

    @property
    def input_size(self) -> tuple[int, int]:
        """(width, height) of the input image [px]."""
        return self._input.size

    def require_outputs(self, *shapes: tuple[int, ...]) -> None:
        """ModelError unless the outputs have these shapes, in this order."""
        require_shapes(self.path, self.output_shapes, shapes)

    def run(self, image: np.ndarray) -> list[np.ndarray]:
        """Run the model, see `ImageModel.run`."""
        return self._run(self._single, [image])

    def run_each(self, images: Sequence[np.ndarray]) -> list[list[np.ndarray]]:
        """Run the model for each image, see `ImageModel.run_each`.

        Small inputs take less time in batches. The first use of a size compiles it in the
        background (half a second). Until then, and where the model does not allow it, smaller
        batches or single images run.
        """
        each: list[list[np.ndarray]] = []
        while len(each) < len(images):
            left = images[len(each) :]
            network = self._largest_network(len(left))
            if network is self._single:
                each.append(self.run(left[0]))
                continue
            size = len(network.tensor)
            outputs = self._run(network, left[:size])
            each += [[values[i : i + 1] for values in outputs] for i in range(size)]
        return each

    def _run(self, network: _Network, images: Sequence[np.ndarray]) -> list[np.ndarray]:
        for place, image in enumerate(images):
            filled = self._input.fill(image)
            if filled is not network.tensor:
                network.tensor[place] = filled[0]
        with model_errors(self.path, 'cannot be run'):
            outputs = network.run()
        if self._checked:
            require_usable_outputs(self.path, outputs)
        return outputs

    def _largest_network(self, count: int) -> _Network:
        """Largest network for at most so many images that is compiled."""
        for size in _BATCHES:
            if size <= count:
                if size not in self._batches:
                    self._batches[size] = self._compiler.submit(self._compile, size)
                compiled = self._batches[size]
                network = compiled.result() if compiled.done() else None
                if network is not None:
                    return network
        return self._single

    def _compile(self, size: int) -> _Network | None:
        """Network for so many images; None, with a warning, if that is not possible."""
        try:
            with model_errors(self.path, f'{size} images cannot be run at once'):
                model = self._model.clone()
                shape = model.inputs[0].partial_shape
                shape[0] = size
                model.reshape(shape)
                expected = [(size, *one[1:]) for one in self.output_shapes]
                require_shapes(self.path, _output_shapes(model), expected)
                return _Network(model, self._properties, self._input.tensor.repeat(size, axis=0))
        except ModelError as error:
            logging.getLogger(__name__).warning('%s', error)
            return None


class _Network:
    """A model compiled for a number of images, which it reads from one tensor."""

    def __init__(self, model: Any, properties: Mapping[str, Any], tensor: np.ndarray) -> None:
        self.tensor = tensor
        compiled = openvino_core().compile_model(model, 'CPU', properties)
        self._request = compiled.create_infer_request()
        self._request.set_input_tensor(_openvino().Tensor(tensor, shared_memory=True))
        self._outputs = [self._request.get_output_tensor(i) for i in range(len(model.outputs))]

    def run(self) -> list[np.ndarray]:
        """Outputs for the images in the tensor."""
        self._request.infer()
        return [np.array(output.data, np.float32) for output in self._outputs]


def is_installed() -> bool:
    """Whether OpenVINO can be imported; it is not loaded for that."""
    return importlib.util.find_spec('openvino') is not None


@cache
def openvino_core() -> Any:
    """OpenVINO's core, one for the process; ModelError if it is not installed."""
    core = _openvino().Core()
    # A mapped file would end the process if it were truncated while it is in use.
    core.set_property({'ENABLE_MMAP': False})
    return core


@cache
def _openvino() -> Any:
    """Module of OpenVINO, which sends no usage data from here."""
    absent = 'openvino_telemetry' not in sys.modules
    if absent:
        sys.modules['openvino_telemetry'] = None  # type: ignore[assignment]
    try:
        return importlib.import_module('openvino')
    except ImportError as error:
        raise ModelError(f'this model needs OpenVINO ({error}): pip install openvino') from error
    finally:
        if absent:
            del sys.modules['openvino_telemetry']


def _properties(threads: int, precision: str) -> Mapping[str, Any]:
    properties = {
        'PERFORMANCE_HINT': 'LATENCY',
        'INFERENCE_NUM_THREADS': threads,
        'NUM_STREAMS': 1,
        'ENABLE_CPU_PINNING': False,  # the other nodes of a robot need the cores, too
    }
    hint = PRECISIONS[precision]
    return {**properties, 'INFERENCE_PRECISION_HINT': hint} if hint else properties


def _read(core: Any, path: Path) -> Any:
    """Model of a file and of the weights that belong to it."""
    if path.suffix == '.tflite':
        require_file(path)
        return core.read_model(path)  # it takes no content
    graph = read_model(path)
    if path.suffix != '.xml':
        return core.read_model(graph, b'')
    if len(graph) > _MAX_GRAPH:
        raise ModelError(
            f'{path}: expected a graph of at most {_MAX_GRAPH} bytes, found {len(graph)}'
        )
    return core.read_model(graph, read_model(path.with_suffix('.bin')))


def _set_input_shape(model: Any, size: tuple[int, int] | None) -> None:
    """Set an open batch to one image, and the image to this (width, height)."""
    shape = model.inputs[0].partial_shape
    if len(shape) != 4:
        return
    if shape[0].is_dynamic:
        shape[0] = 1
    if size is not None:
        row = 1 if shape[3] == 3 else 2
        shape[row + 1], shape[row] = size
    if shape != model.inputs[0].partial_shape:
        model.reshape(shape)


def _static(shape: Any) -> tuple[int, ...]:
    """Sides of a shape; ValueError if one is left open."""
    if shape.is_dynamic:
        raise ValueError(f'expected a fixed shape, found {shape}')
    return tuple(int(side) for side in shape.to_shape())


def _output_shapes(model: Any) -> list[tuple[int, ...]]:
    """Shape of each output; ValueError if one is left open."""
    return [_static(output.partial_shape) for output in model.outputs]


def _require_bounded(model: Any) -> None:
    """ValueError if a tensor within the model is so large that it would exhaust the memory."""
    for operator in model.get_ops():
        for output in operator.outputs():
            shape = output.partial_shape
            if shape.is_static and np.prod([float(n) for n in shape.to_shape()]) > _MAX_TENSOR:
                raise ValueError(f'{operator.get_friendly_name()} gives {shape}')
