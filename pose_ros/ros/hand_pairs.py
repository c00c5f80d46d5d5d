"""Skeletons with the hands of the same image, which pose_node publishes after them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from rclpy.node import Node

from pose_ros.msg import Hand, HandArray, SkeletonArray
from pose_ros.ros.on_demand import OnDemandSubscriptions
from pose_ros.ros.qos import SKELETONS
from pose_ros.ros.skeleton_reader import SkeletonReader

# Newer skeletons before skeletons are passed on without hands: a late node receives several at
# once, and may process them before the hands.
_PATIENCE = 2


class HandPairs:
    """Passes skeletons on together with their hands.

    While `hands` has publishers, skeletons wait for the hands of their image, or of a later one,
    at most until `_PATIENCE` newer skeletons have come.

    Parameters
    ----------
    node
        The node.
    reader
        Validates the hands.
    show
        Takes skeletons and their hands.

    Attributes
    ----------
    expected
        Whether hands are published and wanted.
    """

    def __init__(
        self,
        node: Node,
        reader: SkeletonReader,
        show: Callable[[SkeletonArray, list[Hand]], None],
    ) -> None:
        self.expected = False
        self._node = node
        self._on_hands = reader.checked('hands', self._take_hands)
        self._show = show
        self._hands = HandArray()  # the last ones: they may overtake their skeletons
        self._waiting: deque[SkeletonArray] = deque()

    def watch(self, inputs: OnDemandSubscriptions, wanted: bool) -> None:
        """Subscribe to `hands` while they are wanted and have publishers."""
        # Remapping is not applied to names in the graph.
        topic = self._node.resolve_topic_name('hands')
        self.expected = wanted and self._node.count_publishers(topic) > 0
        inputs.keep('hands', HandArray, self._on_hands, SKELETONS, self.expected)
        if not self.expected:
            self._release(0)

    def add_skeletons(self, message: SkeletonArray) -> None:
        """Take skeletons, in the order of their images."""
        self._waiting.append(message)
        self._pair()
        self._release(_PATIENCE if self.expected else 0)

    def _take_hands(self, message: HandArray) -> None:
        self._hands = message
        self._pair()

    def _pair(self) -> None:
        """Pass on the skeletons of the last hands, and those before."""
        stamps = [skeletons.header.stamp for skeletons in self._waiting]
        if self.expected and self._hands.header.stamp in stamps:
            self._release(len(stamps) - stamps.index(self._hands.header.stamp))
            self._show(self._waiting.popleft(), list(self._hands.hands))

    def _release(self, left: int) -> None:
        """Pass on skeletons without hands, the oldest first, until so many are left."""
        while len(self._waiting) > left:
            self._show(self._waiting.popleft(), [])
