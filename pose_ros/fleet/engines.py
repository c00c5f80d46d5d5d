"""Where tasks run: processes of this machine, or a Ray cluster."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
import os
from typing import Any, Protocol

from pose_ros.extras import library
from pose_ros.worker_pool import WorkerPool

# How often Ray runs a task again whose node died [-].
_NODE_RETRIES = 5


class Engine(Protocol):
    """Runs tasks side by side.

    Attributes
    ----------
    workers
        How many tasks run at once.
    """

    workers: int

    def submit(self, key: Any, function: Callable[..., Any], *arguments: Any) -> None:
        """Start a task; its key comes back with its result."""

    def next(self) -> tuple[Any, Any]:
        """Wait for a task: its key, and its result or the exception that it raised."""

    def close(self) -> None:
        """Stop what still runs."""


class ProcessEngine:
    """Processes of this machine; one that dies takes all tasks with it, and all are replaced.

    Parameters
    ----------
    workers
        How many; 0 for one per core.
    """

    def __init__(self, workers: int = 0) -> None:
        self.workers = workers or os.cpu_count() or 1
        self._pool = WorkerPool(self.workers)
        self._tasks: dict[Future[Any], Any] = {}

    def submit(self, key: Any, function: Callable[..., Any], *arguments: Any) -> None:
        """Start a task."""
        try:
            future = self._pool.submit(function, *arguments)
        except BrokenProcessPool:
            self._pool = WorkerPool(self.workers)
            future = self._pool.submit(function, *arguments)
        self._tasks[future] = key

    def next(self) -> tuple[Any, Any]:
        """Wait for a task."""
        done, _ = wait(self._tasks, return_when=FIRST_COMPLETED)
        future = done.pop()
        error = future.exception()
        return self._tasks.pop(future), error if error is not None else future.result()

    def close(self) -> None:
        """Stop what still runs."""
        self._pool.shutdown(cancel_futures=True)


class RayEngine:
    """A Ray cluster; tasks of a node that dies run again on another one.

    Parameters
    ----------
    address
        Of a running cluster, 'auto' for that of this machine; empty starts one here.
    workers
        How many tasks run at once; 0 for one per core of the cluster.

    Raises
    ------
    MissingLibraryError
        Without ray.
    """

    def __init__(self, address: str = '', workers: int = 0) -> None:
        self._ray = library('ray', 'fleet')
        self._started = not self._ray.is_initialized()
        if self._started:
            options = {'address': address} if address else {'num_cpus': workers or None}
            self._ray.init(
                **options, include_dashboard=False, log_to_driver=False, logging_level='ERROR'
            )
        self.workers = workers or int(self._ray.cluster_resources().get('CPU', 1))
        self._tasks: dict[Any, Any] = {}

    def submit(self, key: Any, function: Callable[..., Any], *arguments: Any) -> None:
        """Start a task."""
        remote = self._ray.remote(num_cpus=1, max_retries=_NODE_RETRIES)(function)
        self._tasks[remote.remote(*arguments)] = key

    def next(self) -> tuple[Any, Any]:
        """Wait for a task."""
        (done, *_), _ = self._ray.wait(list(self._tasks), num_returns=1)
        key = self._tasks.pop(done)
        try:
            return key, self._ray.get(done)
        except self._ray.exceptions.RayTaskError as error:
            return key, error.cause
        except self._ray.exceptions.RayError as error:
            return key, error

    def close(self) -> None:
        """Stop what still runs."""
        for task in self._tasks:
            self._ray.cancel(task, force=True)
        if self._started:
            self._ray.shutdown()
