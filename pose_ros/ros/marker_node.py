"""Node that shows people: markers for RViz, and the image with the skeletons drawn on it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from visualization_msgs.msg import MarkerArray

from pose_ros.core.camera import CameraModel
from pose_ros.core.drawing import draw_people
from pose_ros.core.label_places import LabelPlaces
from pose_ros.core.types import FrameError
from pose_ros.message_values import msg_to_hand
from pose_ros.msg import Hand, SkeletonArray
from pose_ros.ros import qos
from pose_ros.ros.calibration import Calibration
from pose_ros.ros.diagnostics import OK, WARN, DiagnosticsPublisher
from pose_ros.ros.hand_markers import hand_markers
from pose_ros.ros.hand_pairs import HandPairs
from pose_ros.ros.images import ImageReader, stamp_of
from pose_ros.ros.labels import ANNOTATIONS, Labels
from pose_ros.ros.marker_parameters import PARAMETERS, chosen_annotations
from pose_ros.ros.markers import SkeletonMarkers
from pose_ros.ros.motion_outputs import TOPICS
from pose_ros.ros.on_demand import OnDemandSubscriptions
from pose_ros.ros.overlays import Overlays
from pose_ros.ros.pairing import StampPairs
from pose_ros.ros.parameters import declare
from pose_ros.ros.person_markers import MarkerStyle
from pose_ros.ros.run import run
from pose_ros.ros.skeleton_reader import SkeletonReader

# Skeletons of every image that is drawn need that image: some may arrive in one go.
BURST = 5


class MarkerNode(Node):
    """Publishes skeleton_markers and image_overlay, raw and as JPEG, while they have subscribers.

    Its own subscriptions come and go with that.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__('marker_node', **options)
        self._values = declare(self, PARAMETERS, apply=self._apply)
        self._markers = SkeletonMarkers(MarkerStyle())
        self._labels = Labels()
        self._places = LabelPlaces()
        self._pairs = StampPairs(1)
        self._images = ImageReader()
        self._overlays = Overlays(self)
        self._calibration = Calibration(warn=self.get_logger().warning)
        self._apply(frozenset())
        self._marker_publisher = self.create_publisher(
            MarkerArray, 'skeleton_markers', qos.MARKERS
        )
        self._wanted = False
        self._reader = SkeletonReader(self, 'skeletons')
        self._hands = HandPairs(self, self._reader, self._show)
        self._had_hands = False
        self._inputs = OnDemandSubscriptions(self, self._watch)
        self._diagnostics = DiagnosticsPublisher(self, self._diagnose)

    def _apply(self, changed: frozenset[str]) -> None:
        """Put the parameters to work."""
        p = self._values
        self._markers.style = MarkerStyle(p.distance, p.lifetime, p.scale)
        self._pairs.capacity = p.image_buffer
        self._overlays.quality = p.jpeg_quality
        self._calibration.rectified = p.rectified
        self._shown, self._labels.angles = chosen_annotations(p)
        if 'show' in changed:
            self._labels.clear()

    def _watch(self) -> None:
        """Subscribe to what those who subscribe to us need, and to nothing else."""
        markers = self._marker_publisher.get_subscription_count() > 0
        overlay = self._overlays.wanted
        anything = self._wanted = markers or overlay
        on_camera_info = self._calibration.on_camera_info
        for topic, kind, callback, profile, wanted in (
            ('camera_info', CameraInfo, on_camera_info, qos.CAMERA_INFO, markers),
            ('skeletons', SkeletonArray, self._hands.add_skeletons, qos.SKELETONS, anything),
        ):
            self._inputs.keep(topic, kind, callback, profile, wanted)
        for topic, take in ANNOTATIONS.items():
            output, wanted = TOPICS[topic], anything and topic in self._shown
            on_message = self._reader.checked(topic, partial(take, self._labels))
            self._inputs.keep(
                topic, output.kind, on_message, qos.event_profile(output.kept), wanted
            )
        self._hands.watch(self._inputs, anything)
        self._inputs.keep_images('image', self._on_image, BURST, overlay)
        if not overlay:
            self._pairs.clear()

    def _on_image(self, message: Image | CompressedImage) -> None:
        self._draw(self._pairs.add_image(message.header, message))

    def _show(self, message: SkeletonArray, found: list[Hand]) -> None:
        people = self._reader.read(message, unconfirmed=True)
        if people is None:
            return
        present = {person.id for person in people}
        annotations = self._labels.at(stamp_of(message.header), present)
        locked = message.locked_id
        hands = [msg_to_hand(hand) for hand in found]
        if self._marker_publisher.get_subscription_count():
            self._calibration.mirrored = message.mirrored
            size = (message.image_width, message.image_height)
            placed = [(p, None if p.positions is None else p.positions.points) for p in people]
            camera = self._camera_for(size)
            markers = self._markers.update(
                message.header, placed, camera, annotations, locked, image_size=size
            )
            self._had_hands |= self._hands.expected
            if self._had_hands:  # from then on they are deleted: subscribers may miss a message
                style = self._markers.style
                markers.markers += hand_markers(
                    message.header, hands, people, camera, style, words=annotations.words
                )
            self._marker_publisher.publish(markers)
        if self._overlays.wanted:
            what = (people, annotations, locked, hands)
            self._draw(self._pairs.add_skeletons(message.header, what))

    def _draw(self, pair: tuple | None) -> None:
        """Publish the skeletons on their image."""
        if pair is None:
            return
        message, (people, annotations, locked, hands) = pair
        try:
            frame = self._images.frame(message)
        except FrameError as error:
            self._reader.refuse('image', error)
            return
        image = draw_people(
            frame.image,
            people,
            frame.channels,
            annotations.words,
            locked,
            fallen=annotations.fallen,
            angles=annotations.angles,
            places=self._places,
            hands=hands,
        )
        self._overlays.publish(image, frame.channels, message.header)

    def _camera_for(self, size: tuple[int, int]) -> CameraModel | None:
        """Camera for images of this size; None, with a warning, if there is none."""
        if self._calibration.known:
            return self._calibration.camera(size)
        if self._values.field_of_view:
            camera = CameraModel.from_field_of_view(*size, self._values.field_of_view)
            return replace(camera, mirrored=self._calibration.mirrored)
        self.get_logger().warning(
            'no camera_info has come: people without 3D positions cannot be placed '
            f'(topic {self.resolve_topic_name("camera_info")}; or set field_of_view)',
            throttle_duration_sec=30.0,
        )
        return None

    def _diagnose(self) -> None:
        level, text, figures = self._reader.status(self._wanted)
        if level == OK and self._wanted and self._calibration.fault:
            level, text = WARN, self._calibration.fault
        self._diagnostics.publish(level, text, '', figures)


def main() -> None:
    """Run the node."""
    run('marker_node', MarkerNode)
