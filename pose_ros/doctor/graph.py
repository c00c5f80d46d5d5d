"""ROS: the installation, and the topics of what is running now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
import importlib.util
import os
import time
from typing import TYPE_CHECKING

from pose_ros.bringup.arguments import NODES
from pose_ros.doctor.findings import Finding, State
from pose_ros.doctor.rviz import Frames, rviz_frames

if TYPE_CHECKING:
    from diagnostic_msgs.msg import DiagnosticArray
    from rclpy.node import Node
    from rclpy.topic_endpoint_info import TopicEndpointInfo

_LOOK_PERIOD = 0.2  # [s] in which a new topic of images is seen
DISCOVERY_TIME = 2.5  # [s] in which nodes find each other, and report themselves at least once
_NODES = (*NODES, 'fusion_node')
# Topics of other kinds are not ours to judge.
_KINDS = (
    'sensor_msgs/msg/Image',
    'sensor_msgs/msg/Comp',
    'sensor_msgs/msg/CameraInfo',
    'pose_ros/',
)


def installation() -> Iterator[Finding]:
    """ROS 2 and the messages of this package."""
    try:
        import rclpy  # noqa: F401, PLC0415
    except ImportError as error:
        advice = 'source /opt/ros/jazzy/setup.bash (or your distribution); make demo needs none'
        yield Finding('ROS', State.HINT, f'no rclpy ({error})', advice)
        return
    from rclpy.utilities import get_rmw_implementation_identifier  # noqa: PLC0415

    found = ', '.join(
        [
            os.environ.get('ROS_DISTRO', 'distribution not named'),
            get_rmw_implementation_identifier(),
            f'domain {os.environ.get("ROS_DOMAIN_ID", "0")}',
        ]
    )
    try:
        import pose_ros.msg  # noqa: F401, PLC0415
    except ImportError:
        advice = 'colcon build --packages-select pose_ros && source install/setup.bash'
        yield Finding('ROS', State.BAD, f'{found}; no messages of pose_ros', advice)
    else:
        yield Finding('ROS', State.GOOD, found)


def topics(wait: float = DISCOVERY_TIME) -> Iterator[Finding]:
    """What our nodes say of themselves, and topics whose two ends do not fit each other."""
    if importlib.util.find_spec('rclpy') is None:
        return
    import rclpy  # noqa: PLC0415
    from rclpy.context import Context  # noqa: PLC0415
    from rclpy.executors import SingleThreadedExecutor  # noqa: PLC0415

    from pose_ros.ros.start import init_ros  # noqa: PLC0415

    context = Context()
    init_ros(args=[], context=context)
    node = rclpy.create_node('pose_ros_doctor', context=context, start_parameter_services=False)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    try:
        reports = _Reports(node)
        frames = Frames(node, _NODES)
        end = time.monotonic() + wait
        while (left := end - time.monotonic()) > 0:
            executor.spin_once(timeout_sec=min(left, _LOOK_PERIOD))
            frames.watch()
        yield from reports.findings()
        yield from frames.findings(rviz_frames())
        for topic, kinds in sorted(node.get_topic_names_and_types()):
            if any(kind.startswith(_KINDS) for kind in kinds):
                yield from _ends(node, topic, reports.receivers(topic))
    finally:
        executor.shutdown(timeout_sec=0)
        node.destroy_node()
        rclpy.shutdown(context=context)


class _Reports:
    """The last word of each of our nodes on /diagnostics."""

    def __init__(self, node: Node) -> None:
        from diagnostic_msgs.msg import DiagnosticArray  # noqa: PLC0415

        from pose_ros.ros.qos import DIAGNOSTICS  # noqa: PLC0415

        self._levels: dict[str, tuple[bytes, str]] = {}
        # Topic of the images that a node gets without DDS, by the node.
        self._handed: dict[str, str] = {}
        node.create_subscription(DiagnosticArray, '/diagnostics', self._take, DIAGNOSTICS)

    def _take(self, array: DiagnosticArray) -> None:
        for status in array.status:
            if status.name.rpartition('/')[2] in _NODES:
                self._levels[status.name] = (status.level, status.message)
                values = {value.key: value.value for value in status.values}
                handed = values.get('image hand-over') == 'in the process'
                self._handed[status.name] = values['image topic'] if handed else ''

    def receivers(self, topic: str) -> list[str]:
        """Nodes that get the images of a topic from the process that they run in."""
        return sorted(name for name, handed in self._handed.items() if handed == topic)

    def findings(self) -> Iterator[Finding]:
        if not self._levels:
            advice = 'ros2 launch pose_ros pose.launch.py; it must be in the same ROS_DOMAIN_ID'
            yield Finding('nodes', State.HINT, 'none of pose_ros is running', advice)
        for name, (level, message) in sorted(self._levels.items()):
            state = (State.GOOD, State.HINT, State.BAD, State.BAD)[int.from_bytes(level, 'little')]
            yield Finding(name, state, message, '' if state is State.GOOD else 'see its words')


def _ends(node: Node, topic: str, receivers: Sequence[str]) -> Iterator[Finding]:
    """Whether the publishers and subscribers of a topic understand each other.

    `receivers` get its images without subscribing.
    """
    from rclpy.qos import QoSCompatibility, qos_check_compatible  # noqa: PLC0415

    publishers = node.get_publishers_info_by_topic(topic)
    subscribers = [
        end
        for end in node.get_subscriptions_info_by_topic(topic)
        if end.node_name != node.get_name()
    ]
    found = f'{_count(publishers, "publisher")}, {_count(subscribers, "subscriber")}'
    if receivers:
        found += f'; handed within the process, without DDS, to {", ".join(receivers)}'
    kinds = {end.topic_type for end in [*publishers, *subscribers]}
    if len(kinds) > 1:
        found += ' of different types: ' + '; '.join(
            f'{_name(end)} {end.topic_type}' for end in [*publishers, *subscribers]
        )
        yield Finding(topic, State.BAD, found, 'give one of them another topic by remapping')
        return
    for publisher in publishers:
        for subscriber in subscribers:
            compatibility, reason = qos_check_compatible(
                publisher.qos_profile, subscriber.qos_profile
            )
            if compatibility == QoSCompatibility.ERROR:
                found = f'{_name(subscriber)} gets nothing from {_name(publisher)}'
                yield Finding(topic, State.BAD, found, f'other QoS: {reason.rstrip("; ")}')
                return
    if subscribers and not publishers:
        names = ', '.join(sorted({_name(end) for end in subscribers}))
        advice = 'start the publisher, or remap to the topic that it has'
        yield Finding(topic, State.HINT, f'{names} waits: no publisher', advice)
    else:
        yield Finding(topic, State.GOOD, found)


def _count(ends: Sequence[TopicEndpointInfo], name: str) -> str:
    return f'{len(ends)} {name}{"s" * (len(ends) != 1)}'


def _name(end: TopicEndpointInfo) -> str:
    return f'{end.node_namespace.rstrip("/")}/{end.node_name}'
