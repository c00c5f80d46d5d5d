"""Worker processes that end in silence: with Ctrl-C, and with the process that started them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context, parent_process
import os
import signal
import threading
from typing import Any


class WorkerPool(ProcessPoolExecutor):
    """Processes of their own: forked ones would share threads of the model runtimes.

    Parameters
    ----------
    workers
        How many.
    """

    def __init__(self, workers: int) -> None:
        super().__init__(workers, mp_context=get_context('spawn'), initializer=_begin)

    def submit(
        self, function: Callable[..., Any], /, *arguments: Any, **named: Any
    ) -> Future[Any]:
        """Start a task."""
        # Workers are started here, with the signal blocked until they can handle it.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            return super().submit(function, *arguments, **named)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin() -> None:
    """End this process with Ctrl-C, and when the one that started it is gone or killed."""
    signal.signal(signal.SIGINT, lambda _number, _frame: os._exit(1))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    parent = parent_process()
    assert parent is not None  # this is a worker

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, name='parent', daemon=True).start()
