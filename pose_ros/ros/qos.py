"""Quality of service of every topic."""

from __future__ import annotations

from collections.abc import Sequence

from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.topic_endpoint_info import TopicEndpointInfo

from pose_ros.core.configuration import MAX_PEOPLE

# Only the newest image: a slow subscriber is late by one image at most, never behind.
# Best effort is understood by every publisher.
IMAGE = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
# Fast DDS loses large best-effort images that a reliable subscription gets.
IMAGE_RELIABLE = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)
CAMERA_INFO = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
# Gestures need every skeleton, but no old ones.
SKELETONS = QoSProfile(depth=5, reliability=ReliabilityPolicy.RELIABLE)
# One image can have events of as many people as are ever followed: none may push out another.
EVENTS = QoSProfile(depth=MAX_PEOPLE, reliability=ReliabilityPolicy.RELIABLE)
# Transient local: late subscribers receive past events, such as a fall. Volatile ones match, too.
FALLS = QoSProfile(
    depth=EVENTS.depth,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)
MARKERS = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)
DIAGNOSTICS = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)
# Late subscribers get the last message.
LATCHED = QoSProfile(
    depth=1,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)
# As tf2_ros' TransformBroadcaster and TransformListener have them.
TF = QoSProfile(depth=100)
TF_STATIC = QoSProfile(depth=100, durability=DurabilityPolicy.TRANSIENT_LOCAL)


def event_profile(kept: bool) -> QoSProfile:
    """Profile of a topic of gesture_node."""
    return FALLS if kept else EVENTS


def image_profile(publishers: Sequence[TopicEndpointInfo]) -> QoSProfile:
    """Profile for images from these publishers: reliable only if all of them offer it."""
    offered = {info.qos_profile.reliability for info in publishers}
    return IMAGE_RELIABLE if offered == {ReliabilityPolicy.RELIABLE} else IMAGE
