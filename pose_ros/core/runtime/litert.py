"""TensorFlow Lite models on the CPU, with ai-edge-litert or the older tflite-runtime."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import importlib
import logging
from pathlib import Path
from typing import Any

import numpy as np

from pose_ros.core.runtime.errors import ModelError, model_errors
from pose_ros.core.runtime.image_model import (
    ImageInput,
    PixelRange,
    require_shapes,
    require_usable_outputs,
)
from pose_ros.core.runtime.native_log import without_info_lines

# The maintained runtime first: on MoveNet it is more than ten times as fast as the older one.
_RUNTIMES = ('ai_edge_litert', 'tflite_runtime')

Loader = Callable[[Path, int, bytes, 'tuple[int, int] | None'], Any]
"""Makes an interpreter of a file, a number of threads, its content and the input's size."""


class TfliteModel:
    """A model that takes one RGB image.

    Parameters
    ----------
    path
        The .tflite file.
    threads
        Number of CPU threads, at least 1.
    pixel_range
        What pixel values 0 and 255 become in the model's own (real) numbers. Quantised inputs
        without a scale take the pixels as they are.
    input_size
        (width, height) of the input image [px] for a model that leaves it open; other models
        keep theirs.
    without
        Custom operator that is taken off the end of the model, if it is there; what goes into it
        is what comes out.
    checked
        Whether `run` checks all values; False for outputs with rows that do not count.
    load
        Makes the interpreter; by default `load_interpreter`, on the CPU.

    Raises
    ------
    ModelError
        File missing, truncated, not a TFLite model, not runnable, or not of one image.
    """

    def __init__(
        self,
        path: Path,
        threads: int = 1,
        pixel_range: PixelRange = (0.0, 255.0),
        input_size: tuple[int, int] | None = None,
        without: str | None = None,
        *,
        checked: bool = True,
        load: Loader | None = None,
    ) -> None:
        self.path = Path(path)
        self._checked = checked
        if threads < 1:
            raise ValueError(f'threads must be >= 1, got {threads}')
        self._threads = threads
        self._pixel_range = pixel_range
        self._input_size = input_size
        if without is None:
            self._content = read_model(self.path)
        else:
            self._content = without_operator(self.path, without)
        self._load = load or load_interpreter
        self._interpreter = self._load(self.path, threads, self._content, input_size)
        with model_errors(self.path, 'its inputs and outputs cannot be used'):
            self._read_details()

    def _read_details(self) -> None:
        self._outputs = self._interpreter.get_output_details()
        inputs = self._interpreter.get_input_details()
        if len(inputs) != 1:
            found = ', '.join(f'{i["dtype"].__name__} {i["shape"].tolist()}' for i in inputs)
            raise ModelError(f'{self.path}: expected one input image, found {found}')
        self._input_index: int = inputs[0]['index']
        self._input = self._make_input()

    def _make_input(self) -> ImageInput:
        (details,) = self._interpreter.get_input_details()
        shape = tuple(int(n) for n in details['shape'])
        quantization = details['quantization']
        return ImageInput(self.path, shape, details['dtype'], self._pixel_range, quantization)

    @property
    def resizable(self) -> bool:
        """Whether the model leaves its input's size open."""
        return _leaves_size_open(self._interpreter.get_input_details())

    def resize(self, width: int, height: int) -> None:
        """Change the size of the input image [px] of a model that leaves it open.

        ModelError if the model keeps its own, or does not run with this one.
        """
        if not self.resizable:
            raise ModelError(
                f'{self.path}: its input keeps its size of {"×".join(map(str, self.input_size))}'
            )
        self._input_size = (width, height)
        with model_errors(self.path, f'does not run with an input of {width}×{height}'):
            _allocate(self._interpreter, self._input_size)
            self._input = self._make_input()
        self._outputs = self._interpreter.get_output_details()

    @property
    def input_size(self) -> tuple[int, int]:
        """(width, height) of the input image [px]."""
        return self._input.size

    @property
    def output_shapes(self) -> list[tuple[int, ...]]:
        """Shape of each output."""
        return [tuple(int(n) for n in output['shape']) for output in self._outputs]

    def require_outputs(self, *shapes: tuple[int, ...]) -> None:
        """ModelError unless the outputs have these shapes, in this order."""
        require_shapes(self.path, self.output_shapes, shapes)

    def close(self) -> None:
        """Let go of the device, where the interpreter holds one of its own."""
        close = getattr(self._interpreter, 'close', None)
        if close is not None:
            close()

    def run_shapes(self) -> list[tuple[int, ...]]:
        """Shape of each output of a run, here on a black image: some are known only then."""
        width, height = self.input_size
        return [output.shape for output in self.run(np.zeros((height, width, 3), np.uint8))]

    def drop_output(self, position: int) -> None:
        """Neither compute nor return an output any more."""
        del self._outputs[position]
        kept = [output['index'] for output in self._outputs]
        self._shorten(
            lambda pruning, schema: pruning.prune(self._content, schema, kept),
            f'output {position} cannot be left out',
        )

    def drop_zero_subtractions(self) -> None:
        """Do not compute subtractions of zero any more; the outputs stay the same."""
        self._shorten(
            lambda pruning, schema: pruning.without_zero_subtractions(self._content, schema),
            'subtractions of zero cannot be left out',
        )

    def _shorten(self, change: Callable[[Any, Any], bytes], fault: str) -> None:
        """Run the content that a change makes of it, with the modules of `_pruning`."""
        try:
            pruning, schema = _pruning()
        except ImportError:
            return  # the older runtime does not know the file format: computed in vain
        with model_errors(self.path, fault):
            content = change(pruning, schema)
        if content is self._content:
            return
        self._content = content
        self._interpreter = self._load(self.path, self._threads, self._content, self._input_size)
        self._outputs = self._interpreter.get_output_details()

    def run(self, image: np.ndarray) -> list[np.ndarray]:
        """Run the model, see `ImageModel.run`."""
        tensor = self._input.fill(image)
        with model_errors(self.path, 'cannot be run'):
            self._interpreter.set_tensor(self._input_index, tensor)
            self._interpreter.invoke()
            outputs = [self._fetch(output) for output in self._outputs]
        if self._checked:
            require_usable_outputs(self.path, outputs)
        return outputs

    def run_each(self, images: Sequence[np.ndarray]) -> list[list[np.ndarray]]:
        """Run the model for each image, see `ImageModel.run_each`."""
        return [self.run(image) for image in images]

    def _fetch(self, output: dict[str, Any]) -> np.ndarray:
        tensor: np.ndarray = self._interpreter.get_tensor(output['index'])
        scale, zero_point = output['quantization']
        if scale:
            return (tensor.astype(np.float32) - zero_point) * np.float32(scale)
        return tensor.astype(np.float32, copy=False)


def without_operator(path: Path, name: str) -> bytes:
    """Content of a model file, without a custom operator that may be at its end.

    ModelError if there is no such file, it is no model, or LiteRT is not there, which knows how.
    """
    content = read_model(path)
    if name.encode() not in content:
        return content
    try:
        pruning, schema = _pruning()
    except ImportError as error:
        raise ModelError(
            f'{path}: ends in {name}, which only LiteRT can take off ({error}): '
            'pip install ai-edge-litert'
        ) from error
    _make_interpreter(path, content, threads=1)  # is it whole?
    with model_errors(path, f'{name} cannot be taken off'):
        shortened: bytes = pruning.without_operator(content, schema, name)
    return shortened


def _pruning() -> tuple[Any, Any]:
    """Return the module that cuts models and LiteRT's of the file format; or ImportError."""
    schema = importlib.import_module(f'{_RUNTIMES[0]}.schema_py_generated')
    return importlib.import_module('pose_ros.core.runtime.pruning'), schema


def read_model(path: Path) -> bytes:
    """Content of a model file; ModelError if it is missing or cannot be read.

    A file that is mapped instead would end the process if it were truncated later.
    """
    require_file(path)
    with model_errors(path, 'cannot be read'):
        return path.read_bytes()


def require_file(path: Path) -> None:
    """ModelError if a model file is missing."""
    if not path.is_file():
        raise ModelError(f'{path}: no such model file')


def load_interpreter(
    path: Path,
    threads: int,
    content: bytes | None = None,
    input_size: tuple[int, int] | None = None,
) -> Any:
    """Interpreter of a file, or of its changed content."""
    content = content or read_model(path)
    interpreter = _make_interpreter(path, content, threads)
    with model_errors(path, _unusable(content)):
        _allocate(interpreter, input_size)
    return interpreter


def _make_interpreter(path: Path, content: bytes, threads: int) -> Any:
    """Interpreter without tensors of a file's content."""
    module = interpreter_module()
    with model_errors(path, _unusable(content)):
        if not content:
            raise ValueError('the file is empty')
        with without_info_lines():
            return module.Interpreter(model_content=content, num_threads=threads)


def _unusable(content: bytes) -> str:
    return (
        'expected a TFLite model that runs on the CPU, '
        f'found {len(content)} bytes that do not load'
    )


def _allocate(interpreter: Any, size: tuple[int, int] | None) -> None:
    """Make the tensors, with an input image of the size [px] where the model leaves it open."""
    inputs = interpreter.get_input_details()
    # Before the first allocation: with the 1 × 1 that stands in such files it may fail.
    if size is not None and _leaves_size_open(inputs):
        width, height = size
        interpreter.resize_tensor_input(inputs[0]['index'], [1, height, width, 3])
    with without_info_lines():
        interpreter.allocate_tensors()


def _leaves_size_open(inputs: list[dict[str, Any]]) -> bool:
    """Whether the one input is an image of any height and width."""
    return len(inputs) == 1 and inputs[0]['shape_signature'].tolist()[1:3] == [-1, -1]


def interpreter_module() -> Any:
    """Module of the newest TFLite runtime that is installed; ModelError if none is."""
    for name in _RUNTIMES:
        try:
            module = importlib.import_module(f'{name}.interpreter')
        except ImportError:
            continue
        if name != _RUNTIMES[0]:
            logging.getLogger(__name__).warning(
                'running on tflite-runtime; ai-edge-litert is several times as fast: '
                'pip install ai-edge-litert'
            )
        return module
    raise ModelError('no TFLite runtime found: pip install ai-edge-litert')
