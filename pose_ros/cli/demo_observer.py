"""The demo's own place in the ROS graph: listens to what the nodes say, from another process."""

from __future__ import annotations

from collections.abc import Mapping
import threading
import time

import cv2
import rclpy
from rclpy.context import Context
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import CameraInfo, Image
from visualization_msgs.msg import Marker, MarkerArray

from pose_ros.cli.demo_recorder import FilmRecorder
from pose_ros.cli.demo_statistics import GestureMoment, Statistics, TruePerson
from pose_ros.core.topology import COCO17
from pose_ros.msg import GestureEvent, SkeletonArray
from pose_ros.ros.conversions import msg_to_person
from pose_ros.ros.images import image_to_frame, stamp_of

# Nothing that can be counted is lost.
COUNTED = QoSProfile(depth=100, reliability=ReliabilityPolicy.RELIABLE)
OVERLAY = QoSProfile(depth=5, reliability=ReliabilityPolicy.RELIABLE)
PHASES = {GestureEvent.STARTED: 'started', GestureEvent.ENDED: 'ended'}
HANDS = {
    GestureEvent.NONE: 'none',
    GestureEvent.LEFT: 'left',
    GestureEvent.RIGHT: 'right',
    GestureEvent.BOTH: 'both',
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
        self.error: Exception | None = None
        self._context = Context()
        self._nodes: list[Node] = []
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Join the graph."""
        rclpy.init(context=self._context, signal_handler_options=SignalHandlerOptions.NO)
        node = self._add_node('demo_observer')
        node.create_subscription(CameraInfo, 'camera_info', self._on_info, COUNTED)
        node.create_subscription(SkeletonArray, 'skeletons', self._on_skeletons, COUNTED)
        node.create_subscription(GestureEvent, 'gestures', self._on_event, COUNTED)
        node.create_subscription(MarkerArray, 'skeleton_markers', self._on_markers, COUNTED)
        node.create_subscription(SkeletonArray, 'truth', self._on_truth, COUNTED)
        # Large messages apart from those whose time of arrival is measured.
        film = self._add_node('demo_recorder')
        film.create_subscription(Image, 'image_overlay', self._on_overlay, OVERLAY)
        for each in self._nodes:
            thread = threading.Thread(target=self._spin, args=(each,), name=each.get_name())
            thread.daemon = True
            thread.start()
            self._threads.append(thread)

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
        people = [msg_to_person(skeleton) for skeleton in message.skeletons]
        self._statistics.add_skeletons(
            stamp,
            time.monotonic(),
            now - stamp,
            message.inference_time,
            [person.converted(COCO17).keypoints for person in people],
        )

    def _on_truth(self, message: SkeletonArray) -> None:
        people = [
            TruePerson(person.keypoints, person.scores > 0, self._heights[person.id])
            for person in map(msg_to_person, message.skeletons)
        ]
        self._statistics.add_truth(stamp_of(message.header), people)

    def _on_event(self, message: GestureEvent) -> None:
        if message.phase not in PHASES:
            return
        direction = message.direction
        self._statistics.gestures.append(
            GestureMoment(
                stamp=stamp_of(message.header),
                person=message.skeleton_id,
                gesture=message.gesture,
                phase=PHASES[message.phase],
                hand=HANDS[message.hand],
                score=message.score,
                duration=message.duration,
                direction=(direction.x, direction.y, direction.z),
            )
        )

    def _on_markers(self, message: MarkerArray) -> None:
        self._statistics.marker_messages += 1
        self._statistics.markers += sum(m.action == Marker.ADD for m in message.markers)

    def _on_overlay(self, message: Image) -> None:
        self._statistics.add_overlay(stamp_of(message.header))
        frame = image_to_frame(message)
        rgb = frame.channels == 'rgb'
        image = cv2.cvtColor(frame.image, cv2.COLOR_RGB2BGR) if rgb else frame.image
        self._film.add(frame.stamp, image)
