"""People as detections of vision_msgs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from rclpy.node import Node
from vision_msgs.msg import Detection2D, Detection2DArray, ObjectHypothesisWithPose

from pose_ros.core.types import Person
from pose_ros.msg import SkeletonArray
from pose_ros.ros.qos import SKELETONS

PERSON = 'person'  # COCO's name of the class


class VisionBridge:
    """Publishes detections; the list may be empty."""

    takes: Mapping[str, Callable[[Any], None]] = {}

    def __init__(self, node: Node) -> None:
        self._publisher = node.create_publisher(Detection2DArray, 'detections', SKELETONS)

    def wanted(self) -> Collection[str]:
        """Skeletons, while there are subscribers."""
        return ('skeletons',) if self._publisher.get_subscription_count() else ()

    def show(self, people: Sequence[Person], message: SkeletonArray) -> None:
        """Publish the boxes of people."""
        detections = [detection(p, message) for p in people if p.box.width and p.box.height]
        self._publisher.publish(Detection2DArray(header=message.header, detections=detections))


def detection(person: Person, message: SkeletonArray) -> Detection2D:
    """One person: box [px], score, and the skeleton's id."""
    found = Detection2D(header=message.header, id=str(person.id))
    found.bbox.center.position.x, found.bbox.center.position.y = map(float, person.box.centre)
    found.bbox.size_x, found.bbox.size_y = float(person.box.width), float(person.box.height)
    result = ObjectHypothesisWithPose()
    result.hypothesis.class_id = PERSON
    result.hypothesis.score = float(person.score)
    found.results = [result]
    return found
