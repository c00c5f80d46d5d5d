"""Images handed from a publisher to subscribers on the same executor, without DDS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakSet

from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image

_publishers: WeakSet[HandoverPublisher] = WeakSet()


class HandoverPublisher:
    """Publisher of images that calls its receivers directly, and DDS only if it is needed.

    Parameters
    ----------
    node
        The node that publishes.
    topic
        Relative names follow namespace and remapping.
    profile
        Quality of service of the publisher.

    Attributes
    ----------
    publisher
        In DDS.
    topic
        Its name after remapping.
    receivers
        Called with each message, which is valid until they return.
    """

    def __init__(self, node: Node, topic: str, profile: QoSProfile) -> None:
        self.node = node
        self.receivers: list[Callable[[Any], None]] = []
        self.publisher = node.create_publisher(Image, topic, profile)
        self.topic = str(self.publisher.topic_name)
        _publishers.add(self)

    @property
    def subscribers(self) -> int:
        """Number of receivers and of subscriptions in DDS."""
        return len(self.receivers) + int(self.publisher.get_subscription_count())

    def publish(self, message: Image) -> None:
        """Publish to those who subscribe, then call the receivers."""
        if self.publisher.get_subscription_count():
            self.publisher.publish(message)
        for receive in tuple(self.receivers):
            receive(message)


def find_publisher(node: Node, topic: str) -> HandoverPublisher | None:
    """Publisher that can hand its images to a node: on its executor, and the topic's only one."""
    if node.executor is None or node.count_publishers(topic) != 1:
        return None
    for publisher in _publishers:
        if publisher.topic == topic and publisher.node.executor is node.executor:
            return publisher
    return None
