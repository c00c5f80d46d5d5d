"""Frames of bodies as REP-155 has them: in the hips, x forward, z to the head."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from geometry_msgs.msg import TransformStamped
from rclpy.node import Node
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage

from pose_ros.core.space.body_frame import BodyFrame, body_frame
from pose_ros.core.types import Person
from pose_ros.msg import SkeletonArray
from pose_ros.ros.bridges.body_id import body_id
from pose_ros.ros.qos import TF

COMPLAINT_PERIOD = 30.0  # [s]


class TfBridge:
    """Publishes the frames of the bodies whose positions are known."""

    takes: Mapping[str, Callable[[Any], None]] = {}

    def __init__(self, node: Node) -> None:
        self._log = node.get_logger()
        self._namespace = node.get_namespace()
        self._publisher = node.create_publisher(TFMessage, '/tf', TF)

    def wanted(self) -> Collection[str]:
        """Skeletons, while tf has subscribers."""
        return ('skeletons',) if self._publisher.get_subscription_count() else ()

    def show(self, people: Sequence[Person], message: SkeletonArray) -> None:
        """Publish a transform for each body, from the camera's frame."""
        placed = any(person.world is not None for person in people)
        if people and not placed:
            self._complain('no skeleton has 3D positions: they need camera_info or a depth image')
        if placed and not message.header.frame_id:
            self._complain('the images have no frame_id: set it in the camera driver')
            return
        frames = (
            (body_id(p.id, self._namespace), body_frame(p.world, p.topology))
            for p in people
            if p.world is not None
        )
        transforms = [
            transform(frame, name, message.header) for name, frame in frames if frame is not None
        ]
        if transforms:
            self._publisher.publish(TFMessage(transforms=transforms))

    def _complain(self, reason: str) -> None:
        self._log.warning(f'no tf: {reason}', throttle_duration_sec=COMPLAINT_PERIOD)


def transform(frame: BodyFrame, name: str, header: Header) -> TransformStamped:
    """Message of a body's frame."""
    message = TransformStamped(header=header, child_frame_id=f'body_{name}')
    place, turn = message.transform.translation, message.transform.rotation
    place.x, place.y, place.z = frame.origin.tolist()
    turn.x, turn.y, turn.z, turn.w = frame.quaternion
    return message
