"""An interpreter whose model runs on an Edge TPU, in a process of its own."""

from __future__ import annotations

from contextlib import suppress
import mmap
from multiprocessing import Pipe
from multiprocessing.connection import Connection
import os
from pathlib import Path
import signal
import subprocess
import sys
from typing import Any
import weakref

import numpy as np

from pose_ros.core.runtime.device import Device
from pose_ros.core.runtime.edgetpu import (
    MODULE,
    absence,
    find_edge_tpus,
    library,
    mismatch,
    python_environment,
)
from pose_ros.core.runtime.edgetpu_worker import RUN_TIMEOUT, START_TIMEOUT, places
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.runtime.litert import read_model

_MARGIN = 0.3  # for which the process may live on after its time is over [s]
_EXIT_TIMEOUT = 2.0  # in which a process lets go of its device [s]


class DeviceError(ModelError):
    """An Edge TPU that is not there, cannot be used, or was lost; says why and what to do."""


class EdgeTpuInterpreter:
    """As LiteRT's Interpreter; running it raises DeviceError when the device is lost.

    Parameters
    ----------
    path
        Model file, compiled for the Edge TPU.
    device
        Which Edge TPU.
    content
        Of the file, where it was changed.

    Raises
    ------
    DeviceError
        The library, the device or the permission is missing, or they do not work together.
    """

    def __init__(self, path: Path, device: Device, content: bytes | None = None) -> None:
        content = content or read_model(path)
        self._device = device
        memory = os.memfd_create('tensors')
        model = _file_of(content)
        self._connection, far_end = Pipe()
        source = f'/proc/self/fd/{model}'
        # What is asked for tells devices apart only where there are several.
        place = device.option if len(find_edge_tpus()) > 1 else ''
        what = source, library(), device.option, place
        numbers = [far_end.fileno(), memory]
        try:
            self._process = subprocess.Popen(
                [sys.executable, '-m', MODULE, 'serve', *map(str, numbers), *what],
                env=python_environment(),
                stdin=subprocess.DEVNULL,
                pass_fds=[*numbers, model],
                start_new_session=True,  # Ctrl-C is for its parent
            )
            self.close = weakref.finalize(self, _end, self._process, self._connection)
            far_end.close()
            details = self._details(path)
            self._inputs, self._outputs = details['inputs'], details['outputs']
            tensors = places([*self._inputs, *self._outputs])
            shared = mmap.mmap(memory, tensors[-1].end)
            self._tensors = {tensor.number: tensor.view(shared) for tensor in tensors}
        finally:
            for number in (memory, model):
                os.close(number)

    def _details(self, path: Path) -> dict[str, Any]:
        """Inputs and outputs as the process tells them; DeviceError if it fails."""
        answer: dict[str, Any] = self._answer(START_TIMEOUT, advice=f'; {mismatch()}')
        if 'fault' not in answer:
            return answer
        part, fault = answer['part'], ' '.join(answer['fault'].split())
        if part == 'library':
            raise DeviceError(
                f'{library()} cannot be loaded ({fault}): install libedgetpu1-std, or name '
                'another one in the environment variable POSE_ROS_EDGETPU_LIBRARY; '
                'see docs/edge_tpu.md'
            )
        if part == 'device':
            raise DeviceError(f'{absence(self._device)} ({fault})')
        raise DeviceError(f'{path} does not run on the Edge TPU ({fault}); {mismatch()}')

    def _answer(self, timeout: float, advice: str = '') -> Any:
        """What the process sends; DeviceError if it does not, or ends."""
        try:
            if self._connection.poll(timeout + _MARGIN):
                return self._connection.recv()
            ended = -signal.SIGALRM
        except (EOFError, ConnectionError):
            ended = self._exit_code()
        self._process.kill()
        if ended == -signal.SIGALRM:
            raise DeviceError(f'the Edge TPU gave no answer within {timeout:g} s')
        name = signal.Signals(-ended).name if ended < 0 else f'exit code {ended}'
        raise DeviceError(f'the process of the Edge TPU ended ({name}){advice}')

    def _exit_code(self) -> int:
        try:
            return self._process.wait(_MARGIN)
        except subprocess.TimeoutExpired:
            return -signal.SIGKILL

    def get_input_details(self) -> list[dict[str, Any]]:
        """Return what LiteRT says of the inputs."""
        return self._inputs

    def get_output_details(self) -> list[dict[str, Any]]:
        """Return what LiteRT says of the outputs."""
        return self._outputs

    def set_tensor(self, index: int, values: np.ndarray) -> None:
        """Set an input."""
        self._tensors[index][...] = values

    def get_tensor(self, index: int) -> np.ndarray:
        """Return a copy of an output of the last run."""
        return self._tensors[index].copy()

    def invoke(self) -> None:
        """Run the model; DeviceError if the device fails or does not answer in time."""
        with suppress(OSError):  # the answer tells why
            self._connection.send(None)
        fault = self._answer(RUN_TIMEOUT)
        if fault:
            self._process.kill()
            raise DeviceError(f'the Edge TPU failed ({" ".join(fault.split())})')


def _file_of(content: bytes) -> int:
    """Descriptor of a file in memory."""
    number = os.memfd_create('model')
    with open(number, 'wb', closefd=False) as file:
        file.write(content)
    return number


def _end(process: subprocess.Popen[bytes], connection: Connection) -> None:
    """End a process, in good order if it can."""
    connection.close()
    try:
        process.wait(_EXIT_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
