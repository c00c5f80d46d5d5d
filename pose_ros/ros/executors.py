"""Executors of our nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.executors import Executor, SingleThreadedExecutor
from rclpy.node import Node


class NotingExecutor(SingleThreadedExecutor):
    """Notes whose callback is at work.

    Attributes
    ----------
    at_work
        The node; None before the first callback.
    """

    at_work: Node | None = None

    def wait_for_ready_callbacks(self, *arguments: Any, **named: Any) -> Any:
        """As the parent, which calls it before each callback."""
        ready: Any = super().wait_for_ready_callbacks(*arguments, **named)
        self.at_work = ready[2]
        return ready

    def call(self, node: Node, callback: Callable[..., None], *arguments: Any) -> None:
        """Call back for another node than the one that is at work, which goes on afterwards."""
        caller, self.at_work = self.at_work, node
        callback(*arguments)
        self.at_work = caller


def make_executor(node: Node, kind: str) -> Executor:
    """Executor by name: 'single', or 'events' where this rclpy has it."""
    if kind == 'events':
        try:
            from rclpy.experimental import EventsExecutor  # noqa: PLC0415
        except ImportError:
            node.get_logger().warning("this rclpy has no EventsExecutor; using 'single'")
        else:
            return EventsExecutor(context=node.context)
    return NotingExecutor(context=node.context)
