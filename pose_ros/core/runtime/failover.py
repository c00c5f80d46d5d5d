"""A model on an Edge TPU that goes on with the CPU when the Edge TPU is lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import threading
import time

import numpy as np

from pose_ros.core.runtime.edgetpu_interpreter import DeviceError
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.runtime.litert import TfliteModel

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # before a lost Edge TPU is tried again [s]
_STEADY_TIME = 60.0  # after which it counts as steady again [s]


class FailoverModel:
    """Runs as `TfliteModel` does.

    Parameters
    ----------
    on_cpu
        The model on the CPU; ready from the start, so that no frame waits for it.
    start
        Makes the same model on the Edge TPU; DeviceError if that is not there.
    fallback_to_cpu
        Whether to go on with the CPU; otherwise `run` raises DeviceError from the loss on.

    Attributes
    ----------
    fault
        Why the model is not on the Edge TPU; empty if it is.
    losses
        How often it was lost.

    Raises
    ------
    DeviceError
        There is no Edge TPU from the start.
    ModelError
        The two models are not the same.
    """

    def __init__(
        self, on_cpu: TfliteModel, start: Callable[[], TfliteModel], fallback_to_cpu: bool = True
    ) -> None:
        self.fault = ''
        self.losses = 0
        self._on_cpu = on_cpu
        self._start = start
        self._forgiving = fallback_to_cpu
        self._closed = threading.Event()
        self._pause = FIRST_PAUSE
        self._accelerated: TfliteModel | None = start()
        self._since = time.monotonic()
        one, other = (
            (model.input_size, model.output_shapes) for model in (on_cpu, self._accelerated)
        )
        if one != other:
            self.close()
            raise ModelError(
                f'{on_cpu.path} and its build for the Edge TPU differ: '
                f'input and outputs {one} and {other}'
            )

    @property
    def input_size(self) -> tuple[int, int]:
        """(width, height) of the input image [px]."""
        return self._on_cpu.input_size

    @property
    def output_shapes(self) -> list[tuple[int, ...]]:
        """Shape of each output."""
        return self._on_cpu.output_shapes

    def require_outputs(self, *shapes: tuple[int, ...]) -> None:
        """ModelError unless the outputs have these shapes, in this order."""
        self._on_cpu.require_outputs(*shapes)

    def run(self, image: np.ndarray) -> list[np.ndarray]:
        """Run the model, see `TfliteModel.run`; on the CPU while the Edge TPU is lost."""
        accelerated = self._accelerated
        if accelerated is not None:
            try:
                return accelerated.run(image)
            except DeviceError as error:
                self._on_device_lost(accelerated, error)
        if not self._forgiving:
            raise DeviceError(self.fault)
        return self._on_cpu.run(image)

    def run_each(self, images: Sequence[np.ndarray]) -> list[list[np.ndarray]]:
        """Run the model for each image, see `ImageModel.run_each`."""
        return [self.run(image) for image in images]

    def close(self) -> None:
        """Let go of the Edge TPU, and look for it no more."""
        self._closed.set()
        if self._accelerated is not None:
            self._accelerated.close()

    def _on_device_lost(self, accelerated: TfliteModel, error: DeviceError) -> None:
        self._accelerated = None
        self.fault = str(error)
        self.losses += 1
        if time.monotonic() - self._since > _STEADY_TIME:
            self._pause = FIRST_PAUSE
        if self._forgiving:
            threading.Thread(target=self._regain, args=(accelerated,), daemon=True).start()

    def _regain(self, lost: TfliteModel) -> None:
        """Wait in the background until the Edge TPU is there again, and take it."""
        lost.close()
        while not self._closed.wait(self._pause):
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
            try:
                found = self._start()
            except (ModelError, OSError):
                continue
            self._since = time.monotonic()
            self._accelerated, self.fault = found, ''
            if self._closed.is_set():
                found.close()
            return
