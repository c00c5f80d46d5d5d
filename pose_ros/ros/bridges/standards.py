"""Standards of bridge_node, each with the message package that it needs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
import importlib
from typing import Any, Protocol

from rclpy.node import Node

from pose_ros.core.types import Person
from pose_ros.msg import SkeletonArray
from pose_ros.ros.missing_package import MissingPackageError


class Bridge(Protocol):
    """Publishes people in the messages of another package.

    Attributes
    ----------
    takes
        Callbacks for topics other than skeletons, by topic.
    """

    takes: Mapping[str, Callable[[Any], None]]

    def wanted(self) -> Collection[str]:
        """Topics that it needs now; called several times a second."""

    def show(self, people: Sequence[Person], message: SkeletonArray) -> None:
        """Publish the people of a message who have an id."""


@dataclass(frozen=True)
class Standard:
    """A standard.

    Attributes
    ----------
    name
        Of its parameter and of its module in this folder.
    bridge
        Name of the class in the module.
    package
        Package of its messages.
    meaning
        One line.
    """

    name: str
    bridge: str
    package: str
    meaning: str


STANDARDS = (
    Standard('hri', 'HriBridge', 'hri_msgs', 'Publish REP-155 under /humans/bodies'),
    Standard(
        'vision',
        'VisionBridge',
        'vision_msgs',
        'Publish vision_msgs/Detection2DArray on detections',
    ),
    Standard(
        'foxglove',
        'FoxgloveBridge',
        'foxglove_msgs',
        'Publish skeletons and events as foxglove_msgs/ImageAnnotations on image_annotations',
    ),
    Standard(
        'people',
        'PeopleBridge',
        'people_msgs',
        'Publish people_msgs/People on people, for social costmaps',
    ),
    Standard(
        'tf',
        'TfBridge',
        'tf2_msgs',
        'Publish the frame body_<id> of each body with 3D positions, as in REP-155',
    ),
)


def make_bridge(standard: Standard, node: Node) -> Bridge:
    """Bridge of a node; MissingPackageError says what to install if its messages are missing."""
    try:
        module = importlib.import_module(f'{__package__}.{standard.name}')
    except ImportError as error:
        raise MissingPackageError(standard.name, standard.package, error) from error
    bridge: Bridge = getattr(module, standard.bridge)(node)
    return bridge
