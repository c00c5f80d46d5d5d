"""Subscriptions that a node has only while somebody wants what it makes of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.subscription import Subscription
from sensor_msgs.msg import CompressedImage, Image

from pose_ros.ros.qos import image_profile

WATCH_PERIOD = 0.2  # [s] from a new subscriber to work for it, at most


class OnDemandSubscriptions:
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

    def keep_images(
        self,
        topic: str,
        callback: Callable,
        depth: int,
        wanted: bool,
        transport: str = 'compressed',
    ) -> int:
        """Have a subscription to images while it is wanted, with their publishers' reliability.

        Compressed images, by this transport, only where there are no others. Returns the number
        of publishers.
        """
        raw_topic = self._node.resolve_topic_name(topic)
        packed_topic = f'{raw_topic}/{transport}'
        raw = self._node.get_publishers_info_by_topic(raw_topic)
        packed = self._node.get_publishers_info_by_topic(packed_topic)
        compressed = bool(packed) and not raw
        for name, kind, publishers, chosen in (
            (raw_topic, Image, raw, not compressed),
            (packed_topic, CompressedImage, packed, compressed),
        ):
            profile = QoSProfile(depth=depth, reliability=image_profile(publishers).reliability)
            self.keep(name, kind, callback, profile, wanted and chosen)
        return len(packed if compressed else raw)

    def take_waiting(self) -> None:
        """Call back for what has come while the node was at work, ahead of the executor."""
        for _, subscription in list(self._present.values()):
            with subscription.handle:
                take = partial(subscription.handle.take_message, subscription.msg_type, False)
                waiting = [message for message, _ in iter(take, None)]
            for message in waiting:
                subscription.callback(message)

    def destroy(self) -> None:
        """End all subscriptions."""
        self._node.destroy_timer(self._timer)
        while self._present:
            self._node.destroy_subscription(self._present.popitem()[1][1])
