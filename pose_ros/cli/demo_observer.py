"""The demo's own place in the ROS graph: listens to what the nodes say, from another process."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
import threading
import time
from typing import Any

import cv2
from rclpy.context import Context
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.signals import SignalHandlerOptions
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo, Image
from visualization_msgs.msg import Marker, MarkerArray

from pose_ros.cli.demo_people import FoundPerson, TruePerson
from pose_ros.cli.demo_recorder import FilmRecorder
from pose_ros.cli.demo_statistics import Statistics
from pose_ros.core.topology import COCO17
from pose_ros.message_values import EventReader, msg_to_person
from pose_ros.msg import (
    ExerciseState,
    FallEvent,
    GestureEvent,
    Posture,
    SkeletonArray,
    SkeletonFormat,
)
from pose_ros.ros.images import image_to_frame, stamp_of
from pose_ros.ros.qos import LATCHED
from pose_ros.ros.start import init_ros

# Nothing that can be counted is lost.
COUNTED = QoSProfile(depth=100, reliability=ReliabilityPolicy.RELIABLE)
OVERLAY = QoSProfile(depth=5, reliability=ReliabilityPolicy.RELIABLE)
GATE = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
SKELETON_SUBSCRIBERS = 3  # gesture_node, marker_node and the observer
EVENTS = {
    'gestures': GestureEvent,
    'falls': FallEvent,
    'postures': Posture,
    'exercise': ExerciseState,
}


class Observer:
    """Listens in threads of its own from `start` to `stop`.

    Parameters
    ----------
    statistics
        Is fed with all that arrives.
    film
        Gets the overlay images.
    heights
        Standing height [px] of each actor by id, for the keypoint error.
    """

    def __init__(
        self, statistics: Statistics, film: FilmRecorder, heights: Mapping[int, float]
    ) -> None:
        self._statistics = statistics
        self._film = film
        self._heights = heights
        self._events = EventReader()
        self.error: Exception | None = None
        self._context = Context()
        self._nodes: list[Node] = []
        self._subscriptions: list[Subscription] = []
        self._formats: list[SkeletonFormat] = []
        self._gate: Subscription | None = None
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Join the graph."""
        init_ros(context=self._context, signal_handler_options=SignalHandlerOptions.NO)
        node = self._add_node('demo_observer')
        # Large messages apart from those whose time of arrival is measured.
        film = self._add_node('demo_recorder')
        self._subscriptions = [
            node.create_subscription(CameraInfo, 'camera_info', self._on_info, COUNTED),
            node.create_subscription(SkeletonArray, 'skeletons', self._on_skeletons, COUNTED),
            *(
                node.create_subscription(kind, topic, partial(self._on_event, topic), COUNTED)
                for topic, kind in EVENTS.items()
            ),
            node.create_subscription(MarkerArray, 'skeleton_markers', self._on_markers, COUNTED),
            film.create_subscription(Image, 'image_overlay', self._on_overlay, OVERLAY),
        ]
        self._subscriptions.append(
            node.create_subscription(
                SkeletonFormat, 'skeleton_format', self._formats.append, LATCHED
            )
        )
        if self._heights:
            self._subscriptions.append(
                node.create_subscription(SkeletonArray, 'truth', self._on_truth, COUNTED)
            )
        for each in self._nodes:
            thread = threading.Thread(target=self._spin, args=(each,), name=each.get_name())
            thread.daemon = True
            thread.start()
            self._threads.append(thread)

    def missing(self) -> list[str]:
        """Topics whose publisher, or one of whose subscribers, has not been found yet."""
        topics = [s.topic_name for s in self._subscriptions if not publisher_count(s)]
        if self._nodes[0].count_subscribers('skeletons') < SKELETON_SUBSCRIBERS:
            topics.append('skeletons')
        # It comes as soon as pose_node, too, has found this node.
        if not self._formats:
            topics.append('skeleton_format')
        return topics

    def open_gate(self) -> None:
        """Be one of the subscribers of image that the source waits for, until an image comes."""
        if self._gate is None:
            node = self._nodes[0]

            def close(_: Image) -> None:
                node.destroy_subscription(self._gate)

            self._gate = node.create_subscription(Image, 'image', close, GATE)

    def stop(self) -> None:
        """Leave the graph."""
        self._context.try_shutdown()
        for thread in self._threads:
            thread.join()
        for node in self._nodes:
            node.destroy_node()

    def _add_node(self, name: str) -> Node:
        node = Node(name, context=self._context, start_parameter_services=False)
        self._nodes.append(node)
        return node

    def _spin(self, node: Node) -> None:
        executor = SingleThreadedExecutor(context=self._context)
        executor.add_node(node)
        try:
            executor.spin()
        except ExternalShutdownException:
            pass  # stop() was called
        except Exception as error:
            # A thread has nobody to raise to: whoever waits looks here.
            self.error = error

    def _on_info(self, message: CameraInfo) -> None:
        self._statistics.add_image(stamp_of(message.header))

    def _on_skeletons(self, message: SkeletonArray) -> None:
        now = time.time()
        stamp = stamp_of(message.header)
        people = [
            FoundPerson(
                person.id,
                person.converted(COCO17).keypoints,
                float(person.scores.mean()),
                bool(person.observed.any()),
            )
            for person in map(msg_to_person, message.skeletons)
        ]
        self._statistics.add_skeletons(
            stamp,
            time.monotonic(),
            now - stamp,
            message.inference_time,
            people,
        )

    def _on_truth(self, message: SkeletonArray) -> None:
        people = [
            TruePerson(person.keypoints, person.scores > 0, self._heights[person.id])
            for person in map(msg_to_person, message.skeletons)
        ]
        self._statistics.add_truth(stamp_of(message.header), people)

    def _on_event(self, topic: str, message: Any) -> None:
        for event in self._events.read(topic, message):
            self._statistics.add_event(event)

    def _on_markers(self, message: MarkerArray) -> None:
        self._statistics.marker_messages += 1
        self._statistics.markers += sum(m.action == Marker.ADD for m in message.markers)

    def _on_overlay(self, message: Image) -> None:
        self._statistics.add_overlay(stamp_of(message.header))
        frame = image_to_frame(message)
        rgb = frame.channels == 'rgb'
        image = cv2.cvtColor(frame.image, cv2.COLOR_RGB2BGR) if rgb else frame.image
        self._film.add(frame.stamp, image)


def publisher_count(subscription: Subscription) -> int:
    """Publishers that a subscription has been connected with."""
    if hasattr(subscription, 'get_publisher_count'):
        return subscription.get_publisher_count()
    # Humble cannot tell; there it is taken for granted.
    return 1
