"""The demo's subscriptions: what the nodes publish, received in another process."""

from __future__ import annotations

from collections.abc import Callable
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
from sensor_msgs.msg import CameraInfo, Image

from pose_ros.cli.demo_results import OverlayRecorder
from pose_ros.cli.demo_statistics import DemoStatistics
from pose_ros.message_values import EVENT_TOPICS, EventReader, msg_to_person
from pose_ros.msg import SkeletonArray
from pose_ros.ros.images import image_to_frame, stamp_of
from pose_ros.ros.motion_outputs import TOPICS
from pose_ros.ros.start import init_ros

# Three seconds of messages: none is lost.
COUNTED = QoSProfile(depth=100, reliability=ReliabilityPolicy.RELIABLE)
OVERLAY = QoSProfile(depth=5, reliability=ReliabilityPolicy.RELIABLE)
GATE = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
# gesture_node, marker_node and this process.
SKELETON_SUBSCRIBERS = 3


class DemoObserver:
    """Feeds statistics and the overlay's recorder, in threads of its own, until `stop`."""

    def __init__(self, statistics: DemoStatistics, recorder: OverlayRecorder) -> None:
        self.error: Exception | None = None
        self._statistics = statistics
        self._recorder = recorder
        self._events = EventReader()
        self._context = Context()
        self._gate: Any = None
        init_ros(context=self._context, signal_handler_options=SignalHandlerOptions.NO)
        # Large messages apart from those whose time of arrival is measured.
        self._node, recorder_node = map(self._make_node, ('demo_observer', 'demo_recorder'))
        self._subscribe(CameraInfo, 'camera_info', self._on_info)
        self._subscribe(SkeletonArray, 'skeletons', self._on_skeletons)
        self._subscribe(SkeletonArray, 'truth', self._on_truth)
        for topic in EVENT_TOPICS:
            self._subscribe(TOPICS[topic].kind, topic, partial(self._on_event, topic))
        recorder_node.create_subscription(Image, 'image_overlay', self._on_overlay, OVERLAY)
        self._nodes = (self._node, recorder_node)
        self._threads = [
            threading.Thread(target=self._spin, args=(node,), daemon=True) for node in self._nodes
        ]
        for thread in self._threads:
            thread.start()

    def missing(self) -> list[str]:
        """Topics whose publisher or subscribers have not been found yet."""
        topics = ('camera_info', 'skeletons', 'image_overlay', *EVENT_TOPICS)
        found = [topic for topic in topics if not self._node.count_publishers(topic)]
        if self._node.count_subscribers('skeletons') < SKELETON_SUBSCRIBERS:
            found.append('skeletons')
        return found

    def open_gate(self) -> None:
        """Be the last subscriber that source_node waits for, until the first image."""

        def close(_: Image) -> None:
            self._node.destroy_subscription(self._gate)

        if self._gate is None:
            self._gate = self._node.create_subscription(Image, 'image', close, GATE)

    def stop(self) -> None:
        """End the threads."""
        self._context.try_shutdown()
        for thread in self._threads:
            thread.join()
        for node in self._nodes:
            node.destroy_node()

    def _make_node(self, name: str) -> Node:
        return Node(name, context=self._context, start_parameter_services=False)

    def _subscribe(self, kind: type, topic: str, callback: Callable[[Any], None]) -> None:
        self._node.create_subscription(kind, topic, callback, COUNTED)

    def _spin(self, node: Node) -> None:
        executor = SingleThreadedExecutor(context=self._context)
        executor.add_node(node)
        try:
            executor.spin()
        except ExternalShutdownException:
            pass  # stop() was called
        except Exception as error:  # the main thread raises it
            self.error = error

    def _on_info(self, message: CameraInfo) -> None:
        self._statistics.add_image(stamp_of(message.header))

    def _on_skeletons(self, message: SkeletonArray) -> None:
        stamp = stamp_of(message.header)
        self._statistics.add_skeletons(
            stamp,
            arrival=time.monotonic(),
            latency=time.time() - stamp,
            inference=message.inference_time,
            people=[msg_to_person(skeleton) for skeleton in message.skeletons],
        )

    def _on_truth(self, message: SkeletonArray) -> None:
        people = [msg_to_person(skeleton) for skeleton in message.skeletons]
        self._statistics.add_truth(stamp_of(message.header), people)

    def _on_event(self, topic: str, message: Any) -> None:
        for event in self._events.read(topic, message):
            self._statistics.add_event(event)

    def _on_overlay(self, message: Image) -> None:
        frame = image_to_frame(message)
        image = frame.image
        if frame.channels == 'rgb':
            image = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
        stamp = stamp_of(message.header)
        self._recorder.add(stamp, image)
        self._statistics.last_overlay = stamp
