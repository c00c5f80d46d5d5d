"""Whether RViz can show what is in the frame of the images."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from pose_ros.doctor.findings import Finding, State

if TYPE_CHECKING:
    from rclpy.node import Node

_OPTIONS = {'-f': 'frame', '--fixed-frame': 'frame', '-d': 'config', '--display-config': 'config'}


class Frames:
    """Frames of the images that our nodes subscribe to, and the transforms between frames.

    Parameters
    ----------
    node
        The node that listens.
    ours
        Names of our nodes.
    """

    def __init__(self, node: Node, ours: Sequence[str]) -> None:
        self._node = node
        self._ours = ours
        self._subscriptions: dict[str, Any] = {}
        self.of_topics: dict[str, str] = {}
        self.transforms: set[tuple[str, str]] = set()
        try:
            from tf2_msgs.msg import TFMessage  # noqa: PLC0415
        except ImportError:
            return
        from rclpy.qos import DurabilityPolicy, QoSProfile  # noqa: PLC0415

        lasting = QoSProfile(depth=100, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        for topic, profile in (('/tf', 100), ('/tf_static', lasting)):
            node.create_subscription(TFMessage, topic, self._take_transforms, profile)

    def watch(self) -> None:
        """Subscribe to the images that are there by now, to one image of each topic."""
        from rclpy.qos import qos_profile_sensor_data  # noqa: PLC0415
        from sensor_msgs.msg import CompressedImage, Image  # noqa: PLC0415

        kinds = {f'sensor_msgs/msg/{kind.__name__}': kind for kind in (Image, CompressedImage)}
        for topic, types in self._node.get_topic_names_and_types():
            if topic in self._subscriptions or types[0] not in kinds:
                continue
            ends = self._node.get_subscriptions_info_by_topic(topic)
            if any(end.node_name in self._ours for end in ends):
                self._subscriptions[topic] = self._node.create_subscription(
                    kinds[types[0]], topic, self._taker(topic), qos_profile_sensor_data
                )

    def _taker(self, topic: str) -> Any:
        def take(message: Any) -> None:
            self.of_topics[topic] = message.header.frame_id
            self._node.destroy_subscription(self._subscriptions[topic])

        return take

    def _take_transforms(self, message: Any) -> None:
        for transform in message.transforms:
            self.transforms.add((transform.header.frame_id, transform.child_frame_id))

    def findings(self, fixed_frames: Iterable[str]) -> Iterator[Finding]:
        """Frame of the images of each topic beside the fixed frame of each RViz."""
        fixed_frames = sorted(set(fixed_frames))
        for topic, frame in sorted(self.of_topics.items()):
            if not frame:
                found = f'images of {topic} have no frame_id: RViz cannot show people'
                advice = 'set the parameter frame_id of the camera driver'
                yield Finding('RViz', State.BAD, found, advice)
                continue
            found = f'images of {topic} are in frame {frame}'
            if not fixed_frames:
                yield Finding('RViz', State.GOOD, f'{found}; no RViz runs on this machine')
            for fixed in fixed_frames:
                if connected(frame, fixed, self.transforms):
                    yield Finding('RViz', State.GOOD, f'{found}, RViz is set to {fixed}')
                    continue
                advice = (
                    f'no transform joins them: set Fixed Frame in RViz to {frame}, start it with '
                    f'fixed_frame:={frame}, or publish the transform'
                )
                yield Finding('RViz', State.BAD, f'{found}, RViz is set to {fixed}', advice)


def connected(first: str, second: str, transforms: Iterable[tuple[str, str]]) -> bool:
    """Whether a chain of transforms (parent, child) joins two frames."""
    transforms = set(transforms)
    reached = {first}
    while True:
        further = {frame for pair in transforms if reached & set(pair) for frame in pair}
        if further <= reached:
            return second in reached
        reached |= further


def rviz_frames(processes: Path = Path('/proc')) -> Iterator[str]:
    """Fixed frame with which each running rviz2 was started, as far as that is known."""
    for path in processes.glob('[0-9]*/cmdline'):
        try:
            words = path.read_bytes().decode(errors='replace').split('\0')
        except OSError:
            continue
        if os.path.basename(words[0]) == 'rviz2' and (frame := started_with(words)):
            yield frame


def started_with(words: Sequence[str]) -> str:
    """Fixed frame of a command line of rviz2, or of its configuration; empty if unknown."""
    given = {_OPTIONS[a]: b for a, b in pairwise(words) if a in _OPTIONS}
    if 'frame' in given or 'config' not in given:
        return given.get('frame', '')
    try:
        config = yaml.safe_load(Path(given['config']).read_text(encoding='utf-8'))
        return str(config['Visualization Manager']['Global Options']['Fixed Frame'])
    except (OSError, ValueError, yaml.YAMLError, LookupError, TypeError):
        return ''
