"""Node that shows camera, people and diagnostics in the browser."""

from __future__ import annotations

from functools import partial
import time
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CompressedImage, Image

from pose_ros.bringup.arguments import NODES
from pose_ros.core.types import FrameError
from pose_ros.extras import MissingLibraryError, library
from pose_ros.message_values import EventReader, msg_to_hand, orientation_of
from pose_ros.msg import Hand, SkeletonArray
from pose_ros.ros import qos
from pose_ros.ros.diagnostics import OK, WARN, DiagnosticsPublisher
from pose_ros.ros.hand_pairs import HandPairs
from pose_ros.ros.images import stamp_of
from pose_ros.ros.jpeg_images import JpegImages
from pose_ros.ros.labels import ANNOTATIONS, Labels
from pose_ros.ros.motion_outputs import TOPICS
from pose_ros.ros.on_demand import OnDemandSubscriptions
from pose_ros.ros.pairing import StampPairs
from pose_ros.ros.parameters import declare
from pose_ros.ros.run import run
from pose_ros.ros.skeleton_reader import SkeletonReader
from pose_ros.ros.web_control import WebControl
from pose_ros.ros.web_parameters import PARAMETERS
from pose_ros.web.access import make_access, page_address
from pose_ros.web.viewer_messages import (
    angles_message,
    event_message,
    formats,
    frame_message,
    report_message,
    rounded,
    scene,
)

# Nodes whose absence is shown, too.
EXPECTED = ('pose_node', 'gesture_node')
# Images that wait for their skeletons, and that arrive during one callback.
WAITING, BURST = 15, 5
SILENCE = 1.0  # [s] without skeletons after which images are shown alone, and the other way round
REPORTS = QoSProfile(depth=20)  # several nodes report at the same time


class WebNode(Node):
    """Serves the page; subscribes to images, skeletons and events only while there are viewers."""

    def __init__(self, **options: Any) -> None:
        super().__init__('web_node', **options)
        self._values = p = declare(self, PARAMETERS)
        try:
            library('aiohttp', 'web')
        except MissingLibraryError as error:
            raise ValueError(str(error)) from error
        from pose_ros.web.server import WebServer  # noqa: PLC0415

        access = make_access(p.host, p.token, p.allowed_hosts)
        self._control = WebControl(self) if p.control else None
        self._server = WebServer(self._hello, self._answer, access, p.max_viewers)
        self._server.start(p.host, p.port)
        self._labels = Labels()
        self._events = EventReader()
        self._pairs = StampPairs(WAITING)
        self._images = JpegImages()
        self._image_time = self._skeleton_time = 0.0
        self._fault, self._sent = '', 0
        self._reader = SkeletonReader(self, 'skeletons')
        self._hands = HandPairs(self, self._reader, self._show)
        self._inputs = OnDemandSubscriptions(self, self._watch)
        self.create_subscription(DiagnosticArray, '/diagnostics', self._on_reports, REPORTS)
        self._diagnostics = DiagnosticsPublisher(self, self._diagnose)
        self.address = page_address(p.host, self._server.port, access.token)
        self.get_logger().info(f'open {self.address}')

    def destroy_node(self) -> None:
        """Disconnect the viewers, too."""
        # From Kilted on, a node whose settings were refused is destroyed, too.
        if hasattr(self, '_server'):
            self._server.stop()
        super().destroy_node()

    def _hello(self) -> dict[str, Any]:
        return {
            'mode': 'live',
            'title': self.get_namespace().strip('/'),
            'control': self._control is not None,
            'formats': formats(),
            'expected': EXPECTED,
            'now': time.monotonic(),
        }

    async def _answer(self, _: Any, request: dict[str, Any]) -> Any:
        if self._control is None:
            raise ValueError('this page is read-only: start web_node with control:=true')
        return await self._control.answer(request)

    def _watch(self) -> None:
        """Subscribe to what viewers see while there are viewers."""
        wanted = bool(self._server.hub.viewers)
        keep, checked = self._inputs.keep, self._reader.checked
        keep('skeletons', SkeletonArray, self._hands.add_skeletons, qos.SKELETONS, wanted)
        for topic in ANNOTATIONS:
            output, on_event = TOPICS[topic], checked(topic, partial(self._on_event, topic))
            keep(topic, output.kind, on_event, qos.event_profile(output.kept), wanted)
        self._hands.watch(self._inputs, wanted)
        self._inputs.keep_images('image', self._on_image, BURST, wanted)
        if not wanted:
            self._pairs.clear()

    def _on_event(self, topic: str, message: Any) -> None:
        ANNOTATIONS[topic](self._labels, message)
        hub, post = self._server.hub, self._server.post
        if topic == 'joint_angles':
            number, stamp = message.skeleton_id, stamp_of(message.header)
            content = angles_message(number, stamp, message.names, message.angles)
            post(hub.put_state, ('angles', number), content)
            return
        for event in self._events.read(topic, message):
            post(hub.put_event, event_message(event))

    def _on_image(self, message: Image | CompressedImage) -> None:
        self._image_time = time.monotonic()
        pair = self._pairs.add_image(message.header, message)
        if pair is not None:
            self._send(*pair)
        elif self._image_time - self._skeleton_time > SILENCE:
            self._send(message, None)

    def _show(self, message: SkeletonArray, found: list[Hand]) -> None:
        self._skeleton_time = time.monotonic()
        people = self._reader.read(message, unconfirmed=True)
        if people is None:
            return
        stamp, size = stamp_of(message.header), (message.image_width, message.image_height)
        turn = self._images.orientation = orientation_of(message)
        labels = self._labels.at(stamp, {person.id for person in people})
        content = scene(
            [turn.upright_person(person, size) for person in people],
            stamp,
            size[::-1] if turn.rotate in (90, 270) else size,
            words=labels.words,
            fallen=labels.fallen,
            locked=message.locked_id,
            hands=[turn.upright_hand(msg_to_hand(hand), size) for hand in found],
        )
        content |= {'model': message.model, 'latency': rounded(message.latency, 4)}
        pair = self._pairs.add_skeletons(message.header, content)
        if pair is not None:
            self._send(*pair)
        elif self._skeleton_time - self._image_time > SILENCE:
            self._send(None, content)

    def _send(self, image: Image | CompressedImage | None, content: dict | None) -> None:
        """Send an image, people, or both; nothing is encoded if no viewer can take it."""
        if not self._server.hub.wants_frame:
            return
        try:
            p = self._values
            jpeg, size = self._images.encode(image, p.max_width, p.jpeg_quality)
        except FrameError as error:
            self._fault = str(error)
            return
        if content is None:
            assert image is not None
            content = scene([], stamp_of(image.header), size, words={})
        self._sent += 1
        self._server.post(self._server.hub.put_frame, frame_message(content, jpeg))

    def _on_reports(self, array: DiagnosticArray) -> None:
        """Pass on what the nodes beside this one say of themselves."""
        for status in array.status:
            namespace, _, name = status.name.rpartition('/')
            if name not in NODES or namespace != self.get_namespace().strip('/'):
                continue
            content = {**report_message(name, status), 'received': time.monotonic()}
            self._server.post(self._server.hub.put_state, ('node', name), content, True)

    def _diagnose(self) -> None:
        viewers = len(self._server.hub.viewers)
        level, text, figures = self._reader.status(bool(viewers))
        if not viewers:
            text = 'idle: no viewers'
        elif level == OK and self._fault:
            level, text = WARN, f'an image cannot be shown: {self._fault}'
        self._fault = ''
        shown = {'viewers': viewers, 'images sent': self._sent}
        self._diagnostics.publish(level, text, '', shown | dict(figures))


def main() -> None:
    """Run the node."""
    run('web_node', WebNode)
