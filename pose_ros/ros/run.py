"""From the start of a node's process to its clean end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
import ctypes
from functools import wraps
import os
import signal
import sys
import traceback
from typing import Any

import rclpy
from rclpy.exceptions import NameValidationException, ParameterException
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.logging import get_logger
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from pose_ros.process_environment import MALLOC_VARIABLES
from pose_ros.ros.executors import make_executor
from pose_ros.ros.services import answer_always
from pose_ros.ros.start import init_ros, one_line
from pose_ros.ros.unknown_parameters import warn_of_unknown

# Exit code for wrong parameters, arguments and surroundings: launch does not start it again.
BAD_START = 2
# From glibc's malloc.h.
MALLOPT_NUMBERS = {'MALLOC_TRIM_THRESHOLD_': -1, 'MALLOC_MMAP_THRESHOLD_': -3}


def run(name: str, make_node: Callable[[], Node]) -> None:
    """Make a node and spin it until Ctrl-C or a termination signal, then leave the process.

    Parameters
    ----------
    name
        The node's usual name, under which the log reports that it cannot be made.
    make_node
        The node's class. A bad parameter or name: one line, exit code 2.
    """
    run_all({name: make_node})


def run_all(makers: Mapping[str, Callable[[], Node]]) -> None:
    """Make nodes and spin them as one until Ctrl-C or a termination signal; see `run`.

    The callback that is at work when the signal comes ends as always; rclpy's own handlers would
    take the context away under it. The third signal ends the process at once: launch passes on
    what the processes may all have got already. A node that fails ends all, and the log says
    which one it was. A failed service request is refused, and the node goes on.

    Parameters
    ----------
    makers
        What makes each node, by the name under which the log reports its failure.
    """
    signals: list[int] = []

    def end(number: int, _frame: object) -> None:
        if signals:
            signal.signal(number, signal.SIG_DFL)
        signals.append(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    keep_freed_memory()
    try:
        init_ros(signal_handler_options=SignalHandlerOptions.NO)
    except ValueError as error:
        # There may be no log yet.
        sys.stderr.write(f'{", ".join(makers)}: {error}\n')
        sys.exit(BAD_START)
    nodes: list[Node] = []
    code = 0
    try:
        for name, make_node in makers.items():
            try:
                nodes.append(make_node())
            except (ValueError, ParameterException, NameValidationException) as error:
                get_logger(name).fatal(one_line(error))
                code = BAD_START
                break
            answer_always(nodes[-1])
            warn_of_unknown(nodes[-1])
        else:
            spin(nodes, signals)
    finally:
        for node in nodes:
            node.destroy_node()
        rclpy.try_shutdown()
    sys.exit(code)


def spin(nodes: Sequence[Node], signals: Sequence[int] = ()) -> None:
    """Spin nodes in the executor that their parameter ``executor`` names, by default single.

    Ends when the context does, or when a signal has been put into the list.
    """
    kinds = {n.get_parameter('executor').value for n in nodes if n.has_parameter('executor')}
    executor = make_executor(nodes[0], 'events' if kinds == {'events'} else 'single')
    for node in nodes:
        executor.add_node(node)
    try:
        # The time-out lets Python see signals; without one EventsExecutor dispatches next to
        # nothing besides.
        while nodes[0].context.ok() and not signals:
            executor.spin_once(timeout_sec=0.2)
    except Exception as error:
        failed = getattr(executor, 'at_work', None)
        if failed is not None:
            failed.get_logger().fatal(f'failed: {type(error).__name__}: {error}')
        raise
    finally:
        executor.shutdown(timeout_sec=0)


def keep_freed_memory() -> None:
    """Let glibc reuse the memory of one image for the next, instead of asking the kernel anew.

    As the environment variables of `process_environment`, for nodes started without them; a
    variable that the user has set stays in force.
    """
    mallopt = getattr(ctypes.CDLL(None), 'mallopt', None)
    if mallopt is not None:
        for name, value in MALLOC_VARIABLES.items():
            if name not in os.environ:
                mallopt(MALLOPT_NUMBERS[name], int(value))


def transition(method: Callable[..., TransitionCallbackReturn]) -> Callable[..., Any]:
    """Log what a lifecycle transition raises: rclpy turns it into an error and says nothing."""

    @wraps(method)
    def logged(node: Node, *arguments: Any) -> TransitionCallbackReturn:
        try:
            return method(node, *arguments)
        except Exception:
            node.get_logger().error(f'{method.__name__} failed: {traceback.format_exc()}')
            return TransitionCallbackReturn.ERROR

    return logged
