"""The newest image of a topic, and why there is none."""

from __future__ import annotations

from collections.abc import Callable
import os
from typing import Any, Literal

from builtin_interfaces.msg import Time
from rclpy.node import Node
from rclpy.qos import QoSCompatibility, QoSProfile, qos_check_compatible
from rclpy.subscription import Subscription
from rclpy.topic_endpoint_info import TopicEndpointInfo
from rclpy.utilities import get_rmw_implementation_identifier
from sensor_msgs.msg import CompressedImage, Image

from pose_ros.process_environment import PROFILE_VARIABLES
from pose_ros.ros.executors import NotingExecutor
from pose_ros.ros.handover import HandoverPublisher, find_publisher
from pose_ros.ros.qos import IMAGE, IMAGE_RELIABLE, image_profile

try:
    from rclpy.event_handler import SubscriptionEventCallbacks
except ImportError:  # Humble
    from rclpy.qos_event import SubscriptionEventCallbacks

Reliability = Literal['auto', 'reliable', 'best_effort']

PACKED = '/compressed'  # end of the topics of compressed images

FAST_DDS_HINT = (
    'Fast DDS runs with its default profile, which loses images larger than its segment: set '
    "FASTRTPS_DEFAULT_PROFILES_FILE to pose_ros' config/fastdds.xml in the process that publishes "
    'the images'
)


class ImageSubscription:
    """Subscription to images that has the reliability of their publishers.

    A publisher on the same executor hands its images over without DDS; see `handover`.

    Parameters
    ----------
    node
        The node that receives.
    message_type
        Image or CompressedImage.
    topic
        Relative names follow namespace and remapping.
    callback
        Called with the message and the number that its publisher gave it, which counts up by one;
        None where it is not known, or with several publishers.
    reliability
        'auto' is reliable while all publishers are, else best effort; see `match`.
    plain
        Do without numbers and without events of the middleware: rclpy's EventsExecutor fails on
        the numbers and on events of a subscription that has just ended.
    """

    def __init__(
        self,
        node: Node,
        message_type: type,
        topic: str,
        callback: Callable[[Any, int | None], None],
        *,
        reliability: Reliability = 'auto',
        plain: bool = False,
    ) -> None:
        self._node = node
        self._type = message_type
        self._topic = topic
        self._callback = callback
        self._automatic = reliability == 'auto'
        self._plain = plain
        # Humble does not hand out what the middleware knows of a message.
        self._numbered = not plain and hasattr(Subscription, 'CallbackType')
        self._profile = IMAGE_RELIABLE if reliability == 'reliable' else IMAGE
        self._handover: HandoverPublisher | None = None
        self._retiring: Subscription | None = None
        self._last: tuple[Time, int | None] | None = None
        self._subscription: Subscription | None = self._subscribe(self._profile)
        self.match()

    @property
    def topic(self) -> str:
        """The name of the topic after remapping."""
        return str(self._node.resolve_topic_name(self._topic))

    @property
    def publishers(self) -> int:
        """Number of publishers that fit."""
        if self._subscription is None:
            return int(self._handover is not None)
        if not hasattr(self._subscription, 'get_publisher_count'):  # Humble
            return len(self._fitting_publishers())
        return int(self._subscription.get_publisher_count())

    @property
    def profile(self) -> QoSProfile:
        """Quality of service in use."""
        return self._profile

    def match(self) -> None:
        """Subscribe anew if the publishers now offer another reliability or a hand-over.

        Happens by itself when publishers come or go. Where that is not told (in Humble, and with
        ``plain``), it must be called now and then.

        A reliable subscription gets the large images that a best-effort one loses in Fast DDS,
        but it gets nothing at all from a publisher that is best effort.
        """
        self._match_handover()
        if self._automatic and self._subscription is not None:
            publishers = self._fitting_publishers()
            wanted = image_profile(publishers)
            if publishers and wanted is not self._profile:
                self._profile = wanted
                # The old one stays until the new one delivers: no image is lost between them.
                self._retire()
                self._retiring, self._subscription = self._subscription, self._subscribe(wanted)

    def figures(self) -> dict[str, str]:
        """Names and values for /diagnostics."""
        return {
            'image topic': self.topic,
            'image publishers': str(self.publishers),
            'image reliability': self._profile.reliability.name.lower(),
            'image hand-over': 'in the process' if self._handover else 'DDS',
            'hint': FAST_DDS_HINT if fast_dds_default_profile() else '',
        }

    def silence(self) -> str:
        """Why no image arrives, as far as it can be known."""
        infos = self._node.get_publishers_info_by_topic(self.topic)
        fitting = self._fitting_publishers()
        if not infos:
            return f'no publisher on {self.topic}{self._elsewhere()}'
        if not fitting:
            found = ', '.join(sorted({info.topic_type for info in infos}))
            expected = type_name(self._type)
            return f'{self.topic} carries {found}, expected {expected}{self._elsewhere()}'
        clashes = [self._clash(info) for info in fitting]
        if all(clashes):
            return f'incompatible QoS of {self.topic}: {clashes[0]}'
        hint = f'; {FAST_DDS_HINT}' if fast_dds_default_profile() else ''
        return f'{self.topic} has {len(fitting)} publisher(s), but no image arrives{hint}'

    def destroy(self) -> None:
        """End the subscription."""
        self._unsubscribe()
        self._end_handover()

    def _match_handover(self) -> None:
        publisher = find_publisher(self._node, self.topic) if self._type is Image else None
        if publisher is self._handover:
            return
        self._end_handover()
        self._handover = publisher
        if publisher is None:
            self._subscription = self._subscribe(self._profile)
        else:
            self._unsubscribe()
            publisher.receivers.append(self._receive_handover)

    def _end_handover(self) -> None:
        if self._handover is not None:
            self._handover.receivers.remove(self._receive_handover)
            self._handover = None

    def _receive_handover(self, message: Any) -> None:
        executor = self._node.executor
        assert executor is not None  # the publisher's
        if isinstance(executor, NotingExecutor):
            executor.call(self._node, self._callback, message, None)
        else:
            self._callback(message, None)

    def _unsubscribe(self) -> None:
        self._retire()
        if self._subscription is not None:
            self._node.destroy_subscription(self._subscription)
            self._subscription = None

    def _retire(self) -> None:
        if self._retiring is not None:
            self._node.destroy_subscription(self._retiring)
            self._retiring = None

    def _subscribe(self, profile: QoSProfile) -> Subscription:
        def with_info(message: Any, info: dict[str, Any]) -> None:
            self._receive(profile, message, info['publication_sequence_number'])

        def without_info(message: Any) -> None:
            self._receive(profile, message, None)

        # rclpy chooses the callback by its number of arguments.
        callback: Any = with_info if self._numbered else without_info
        return self._node.create_subscription(
            self._type,
            self._topic,
            callback,
            profile,
            event_callbacks=self._events(),
        )

    def _receive(self, profile: QoSProfile, message: Any, number: int | None) -> None:
        this = (message.header.stamp, number)
        if self._retiring is not None and profile is self._profile:
            self._retire()
            if this == self._last:
                return
        self._last = this
        # Each publisher counts for itself, and rclpy does not tell which one it was.
        known = number is not None and self.publishers == 1
        self._callback(message, number if known else None)

    def _events(self) -> SubscriptionEventCallbacks:
        if self._plain:
            return SubscriptionEventCallbacks(use_default_callbacks=False)
        events = SubscriptionEventCallbacks(incompatible_qos=self._on_clash)
        if hasattr(events, 'matched'):
            events.matched = self._on_match
        return events

    def _on_match(self, _event: object) -> None:
        self.match()

    def _on_clash(self, _event: object) -> None:
        if self._automatic:
            self.match()
        else:
            self._node.get_logger().warning(self.silence())

    def _fitting_publishers(self) -> list[TopicEndpointInfo]:
        infos = self._node.get_publishers_info_by_topic(self.topic)
        return [info for info in infos if info.topic_type == type_name(self._type)]

    def _clash(self, publisher: TopicEndpointInfo) -> str:
        compatibility, reason = qos_check_compatible(publisher.qos_profile, self._profile)
        return reason.rstrip('; ') if compatibility == QoSCompatibility.ERROR else ''

    def _elsewhere(self) -> str:
        """Settings with which images would arrive: another transport, another topic."""
        base = self.topic.removesuffix(PACKED)
        for topic in (self.topic, self.topic + PACKED, base):
            kinds = {info.topic_type for info in self._node.get_publishers_info_by_topic(topic)}
            transport = ''
            if type_name(Image) in kinds:
                transport, image = 'raw', topic
            elif type_name(CompressedImage) in kinds and topic.endswith(PACKED):
                transport, image = 'compressed', topic.removesuffix(PACKED)
            if transport:
                remap = f'remap image to {image}, set image_transport to {transport}'
                return f'; {topic} has one: {remap}'
        return ''


def type_name(message_type: type) -> str:
    """Name of a message type as it stands in the ROS graph."""
    return f'{message_type.__module__.split(".")[0]}/msg/{message_type.__name__}'


def fast_dds_default_profile() -> bool:
    """Whether Fast DDS is in use without a profile."""
    in_use = 'fastrtps' in get_rmw_implementation_identifier()
    return in_use and not any(os.environ.get(name) for name in PROFILE_VARIABLES)
