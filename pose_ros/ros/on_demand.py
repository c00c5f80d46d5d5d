"""Subscriptions that exist only while the outputs of the node have subscribers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.subscription import Subscription
from sensor_msgs.msg import CompressedImage, Image

from pose_ros.ros.qos import image_profile

WATCH_PERIOD = 0.2  # [s] maximum delay between a new subscriber and the first output


class OnDemandSubscriptions:
    """Subscriptions of a node that follow the subscribers of its outputs.

    Outputs are computed only while they have subscribers, here and in upstream nodes.

    Parameters
    ----------
    node
        Owner of the subscriptions.
    watch
        Called every WATCH_PERIOD; calls `keep` for each topic.
    """

    def __init__(self, node: Node, watch: Callable[[], None]) -> None:
        self._node = node
        self._present: dict[str, tuple[ReliabilityPolicy, Subscription]] = {}
        # Steady time: simulation time can be paused.
        clock = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = node.create_timer(WATCH_PERIOD, watch, clock=clock)

    def keep(
        self, topic: str, kind: type, callback: Callable, profile: QoSProfile, wanted: bool
    ) -> None:
        """Create, replace or destroy a subscription."""
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
        """Create or destroy a subscription to images, with the reliability of their publishers.

        Compressed images are used only if there are no raw ones. Returns the number of
        publishers.
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
        """Process waiting messages now instead of at the next turn of the executor."""
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
