"""Node that fuses the people of several calibrated cameras in one fixed frame."""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import Any

from builtin_interfaces.msg import Time as Stamp
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from pose_ros.core.fusion.person_fusion import PersonFusion
from pose_ros.core.fusion.rays import CameraImage
from pose_ros.core.fusion.rounds import Rounds
from pose_ros.core.timeline import Step, Timeline
from pose_ros.message_values import orientation_of
from pose_ros.msg import SkeletonArray, SkeletonFormat
from pose_ros.ros.calibration import Calibration
from pose_ros.ros.conversions import format_to_msg, skeleton_array
from pose_ros.ros.diagnostics import OK, WARN, DiagnosticsPublisher
from pose_ros.ros.fixed_frame import FixedFrame
from pose_ros.ros.images import stamp_of
from pose_ros.ros.on_demand import OnDemandSubscriptions
from pose_ros.ros.parameters import EXECUTOR, Parameter, declare
from pose_ros.ros.qos import CAMERA_INFO, LATCHED, SKELETONS
from pose_ros.ros.run import run
from pose_ros.ros.skeleton_reader import SkeletonReader

PARAMETERS = (
    Parameter('cameras', (), 'Namespaces of the cameras, each with skeletons and camera_info'),
    Parameter('fixed_frame', 'map', 'Frame of the fused skeletons; tf connects all cameras to it'),
    Parameter(
        'tolerance',
        0.1,
        "Maximum age of a camera's skeletons against the newest of another camera",
        unit='s',
        low=0.0,
        high=1.0,
    ),
    Parameter(
        'track_timeout',
        2.0,
        "Maximum time a person keeps the id out of all cameras' sight",
        unit='s',
        low=0.0,
        high=60.0,
    ),
    Parameter('rectified', False, 'Images are rectified: only P of camera_info counts'),
    EXECUTOR,
)


class FusionCamera:
    """Input of one camera.

    Parameters
    ----------
    node
        The node.
    name
        Namespace of the camera.
    rectified
        Whether its images are rectified.
    """

    def __init__(self, node: Node, name: str, rectified: bool) -> None:
        self.name = name
        self.reader = SkeletonReader(node, f'{name}/skeletons')
        self.calibration = Calibration(rectified, warn=node.get_logger().warning)
        # A float does not hold all nanoseconds. A round has the last image or the one before.
        self.stamps: deque[tuple[float, Stamp]] = deque(maxlen=2)
        self._timeline = Timeline()
        self._fault = ''

    def image(self, message: SkeletonArray, frame: FixedFrame) -> CameraImage | None:
        """People of a message with all that fusion needs; None if something is missing."""
        people = self.reader.read(message, unconfirmed=True)
        if people is None:
            return None
        if self._timeline.advance(stamp_of(message.header)) is Step.JUMP:
            frame.clear()
        self.calibration.mirrored = message.mirrored
        size = (message.image_width, message.image_height)
        model = self.calibration.camera(size)
        if model is None:
            self._fault = self.calibration.fault or f'no camera_info on {self.name}/camera_info'
            return None
        pose = frame.pose(message.header)
        if pose is None:
            self._fault = f'no transform from {message.header.frame_id!r} to {frame.name!r}'
            return None
        self._fault = ''
        stamp, orientation = stamp_of(message.header), orientation_of(message)
        self.stamps.append((stamp, message.header.stamp))
        return CameraImage(self.name, stamp, people, model, pose, size, orientation)

    def status(self, wanted: bool) -> tuple[bytes, str, str]:
        """Level, what is wrong and frame rate."""
        level, text, figures = self.reader.status(wanted)
        if level == OK and self._fault:
            level, text = WARN, self._fault
        return level, text, figures['frame rate [1/s]']


class FusionNode(Node):
    """Publishes skeletons in the fixed frame, while they have subscribers."""

    def __init__(self, **options: Any) -> None:
        super().__init__('fusion_node', **options)
        values = declare(self, PARAMETERS)
        self._frame = FixedFrame(values.fixed_frame)
        names = values.cameras
        self._cameras = {name: FusionCamera(self, name, values.rectified) for name in names}
        self._rounds = Rounds(values.tolerance)
        self._fusion = PersonFusion(values.track_timeout)
        self._publisher = self.create_publisher(SkeletonArray, 'skeletons', SKELETONS)
        self._formats = self.create_publisher(SkeletonFormat, 'skeleton_format', LATCHED)
        self._format = ''
        self._wanted = False
        self._inputs = OnDemandSubscriptions(self, self._watch)
        self._diagnostics = DiagnosticsPublisher(self, self._diagnose)
        if not names:
            self.get_logger().error('the parameter cameras is empty: set it, as [left, right]')

    def _watch(self) -> None:
        """Subscribe to the cameras while the fused skeletons have subscribers."""
        wanted = self._wanted = self._publisher.get_subscription_count() > 0
        self._frame.listen(self._inputs, wanted)
        for camera in self._cameras.values():
            for topic, kind, callback, profile in (
                ('camera_info', CameraInfo, camera.calibration.on_camera_info, CAMERA_INFO),
                ('skeletons', SkeletonArray, partial(self._on_skeletons, camera), SKELETONS),
            ):
                self._inputs.keep(f'{camera.name}/{topic}', kind, callback, profile, wanted)

    def _on_skeletons(self, camera: FusionCamera, message: SkeletonArray) -> None:
        image = camera.image(message, self._frame)
        for images in [] if image is None else self._rounds.add(image):
            self._publish(images)

    def _publish(self, images: list[CameraImage]) -> None:
        people = self._fusion.update(images)
        newest = max(images, key=lambda image: image.stamp)
        stamp = dict(self._cameras[newest.camera].stamps)[newest.stamp]
        # Keypoints of different people may come from different cameras.
        sizes = [image.orientation.upright_size(image.size) for image in images]
        size = max(width for width, _ in sizes), max(height for _, height in sizes)
        message = skeleton_array(people, Header(stamp=stamp, frame_id=self._frame.name), size)
        message.fixed_frame = self._frame.name
        if people and people[0].topology.name != self._format:
            self._format = people[0].topology.name
            self._formats.publish(format_to_msg(people[0].topology))
        self._publisher.publish(message)

    def _diagnose(self) -> None:
        figures, faults = {}, []
        for camera in self._cameras.values():
            level, text, rate = camera.status(self._wanted)
            figures[f'{camera.name} [1/s]'] = rate
            if level != OK:
                faults.append(f'{camera.name}: {text}')
        if not self._cameras:
            faults = ['the parameter cameras is empty']
        text = '; '.join(faults) or ('fusing' if self._wanted else 'idle: no subscribers')
        self._diagnostics.publish(WARN if faults else OK, text, '', figures)


def main() -> None:
    """Run the node."""
    run('fusion_node', FusionNode)
