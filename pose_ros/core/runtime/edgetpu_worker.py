"""The process in which a model runs on an Edge TPU.

A process of its own, because libedgetpu may end it (it aborts when a USB transfer fails, and
crashes where it does not match the runtime), may never return from a run, and may hold on to a
device until its process is gone. `edgetpu_interpreter` is the other end.
"""

from __future__ import annotations

from collections.abc import Sequence
import ctypes
import hashlib
import json
import math
import mmap
from multiprocessing.connection import Connection
import os
import signal
import socket
import sys
from typing import Any, NamedTuple

import numpy as np

from pose_ros.core.runtime.litert import interpreter_module
from pose_ros.core.runtime.native_log import without_info_lines

START_TIMEOUT = 20.0  # to load firmware and model, and to run once [s]
RUN_TIMEOUT = 1.0  # of a run, which takes 5 to 100 ms [s]
_ALIGNMENT = 64  # of tensors in the shared memory [bytes]
_SYMBOL = 'tflite_plugin_create_delegate'


class TensorPlace(NamedTuple):
    """Where a tensor of this number lies in the shared memory; the offset is in bytes."""

    number: int
    shape: tuple[int, ...]
    dtype: str
    offset: int

    @property
    def end(self) -> int:
        """Offset behind it [bytes]."""
        return self.offset + math.prod(self.shape) * np.dtype(self.dtype).itemsize

    def view(self, memory: mmap.mmap) -> np.ndarray:
        """Return the tensor in the memory."""
        count = math.prod(self.shape)
        return np.frombuffer(memory, self.dtype, count, self.offset).reshape(self.shape)


def places(details: Sequence[dict[str, Any]]) -> list[TensorPlace]:
    """Places of an interpreter's tensors, one behind the other."""
    found: list[TensorPlace] = []
    for one in details:
        offset = -(-found[-1].end // _ALIGNMENT) * _ALIGNMENT if found else 0
        shape = tuple(int(n) for n in one['shape'])
        found.append(TensorPlace(one['index'], shape, np.dtype(one['dtype']).name, offset))
    return found


def serve(
    connection: Connection, memory: int, path: str, library: str, option: str, *, place: str
) -> None:
    """Run a model as often as the other end asks for it, until that is gone.

    The option is for the library; the place is the device's name among those of this machine.
    Sends the details of 'inputs' and 'outputs', or a 'fault' and the 'part' that has it
    ('library', 'device' or 'model'); then for each message that comes an empty text once the
    outputs lie in the shared memory, or what went wrong.
    """
    _end_after(START_TIMEOUT)
    try:
        interpreter = _load(path, library, option, place)
        inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
        tensors = places([*inputs, *outputs])
        os.ftruncate(memory, tensors[-1].end)
        shared = mmap.mmap(memory, tensors[-1].end)
        views = [tensor.view(shared) for tensor in tensors]
        interpreter.invoke()  # the first run loads the model, and shows whether all fits together
    except _FailedError as error:
        connection.send({'part': error.part, 'fault': str(error)})
        return
    except (ValueError, RuntimeError) as error:
        connection.send({'part': 'model', 'fault': str(error)})
        return
    connection.send({'inputs': inputs, 'outputs': outputs})
    fault = ''
    while not fault:
        _end_after(0)
        try:
            connection.recv()
        except (EOFError, ConnectionError):
            break
        _end_after(RUN_TIMEOUT)
        try:
            for tensor, view in zip(tensors[: len(inputs)], views):
                interpreter.set_tensor(tensor.number, view)
            interpreter.invoke()
            for tensor, view in zip(tensors[len(inputs) :], views[len(inputs) :]):
                view[...] = interpreter.get_tensor(tensor.number)
        except (ValueError, RuntimeError) as error:
            fault = str(error)
        connection.send(fault)
    _end_after(RUN_TIMEOUT)  # letting go of the device may hang, too


class _FailedError(Exception):
    """Names the part that failed."""

    def __init__(self, part: str, error: Exception) -> None:
        super().__init__(str(error))
        self.part = part


def _load(path: str, library: str, option: str, place: str) -> Any:
    """Interpreter of a model, with the Edge TPU in it."""
    module = interpreter_module()
    try:
        getattr(ctypes.CDLL(library), _SYMBOL)
    except (OSError, AttributeError) as error:
        raise _FailedError('library', error) from error
    try:
        _reserve(library, place)
        delegate = module.load_delegate(library, {'device': option} if option else {})
    except (OSError, ValueError) as error:
        raise _FailedError('device', error) from error
    with without_info_lines():
        interpreter = module.Interpreter(path, experimental_delegates=[delegate], num_threads=1)
        interpreter.allocate_tensors()
    return interpreter


def _reserve(library: str, place: str) -> None:
    """Keep others of our kind off the device while this process lives; OSError if one is there.

    The library would take a USB device away from a process that is at work with it, and both
    would fail. A name without a file is let go by the kernel, whatever becomes of the process.
    """
    name = hashlib.sha256(f'{library} {place}'.encode()).hexdigest()
    reservation = socket.socket(socket.AF_UNIX)
    try:
        reservation.bind(f'\0pose_ros {name}')
    except OSError as error:
        raise OSError('another node of pose_ros is at work with it') from error
    reservation.detach()


def _end_after(seconds: float) -> None:
    """Let the kernel end this process after a time, 0 for never, whatever it is doing."""
    signal.setitimer(signal.ITIMER_REAL, seconds)


def _version(library: str) -> tuple[str, str]:
    """Why a library cannot be loaded, empty if it can, and what it says of its version."""
    try:
        loaded = ctypes.CDLL(library)
        getattr(loaded, _SYMBOL)
    except (OSError, AttributeError) as error:
        return str(error), ''
    if not hasattr(loaded, 'edgetpu_version'):
        return '', ''
    loaded.edgetpu_version.restype = ctypes.c_char_p
    return '', (loaded.edgetpu_version() or b'').decode(errors='replace')


def main() -> None:
    """Do one of two things: say the version of a library, or serve a model."""
    task, *arguments = sys.argv[1:]
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    if task == 'version':
        sys.stdout.write(json.dumps(_version(*arguments)))
        return
    connection, memory, *names, place = arguments
    serve(Connection(int(connection)), int(memory), *names, place=place)


if __name__ == '__main__':
    main()
