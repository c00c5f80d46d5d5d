"""Subscriptions that a node has only while somebody wants what it makes of them."""

from __future__ import annotations

from collections.abc import Callable

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.subscription import Subscription

WATCH_PERIOD = 0.2  # [s] from a new subscriber to work for it, at most


class Inputs:
    """The subscriptions of a node, which come and go with its own subscribers.

    So nothing is computed for nobody, here and in the nodes before.

    Parameters
    ----------
    node
        Its owner.
    watch
        Called several times a second, to say with `keep` what is wanted.
    """

    def __init__(self, node: Node, watch: Callable[[], None]) -> None:
        self._node = node
        self._present: dict[str, tuple[ReliabilityPolicy, Subscription]] = {}
        # Also while the ROS time of a simulation stands still.
        clock = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = node.create_timer(WATCH_PERIOD, watch, clock=clock)

    def keep(
        self, topic: str, kind: type, callback: Callable, profile: QoSProfile, wanted: bool
    ) -> None:
        """Have a subscription, with this reliability, while it is wanted."""
        present = self._present.get(topic)
        if present is not None and not (wanted and present[0] == profile.reliability):
            self._node.destroy_subscription(self._present.pop(topic)[1])
            present = None
        if present is None and wanted:
            subscription = self._node.create_subscription(kind, topic, callback, profile)
            self._present[topic] = (profile.reliability, subscription)
