"""Node that publishes people in the messages of other packages."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from rclpy.node import Node

from pose_ros.core.types import FrameError
from pose_ros.msg import HandArray, SkeletonArray
from pose_ros.ros.bridges.standards import STANDARDS, make_bridge
from pose_ros.ros.diagnostics import DiagnosticsPublisher
from pose_ros.ros.motion_outputs import OUTPUTS
from pose_ros.ros.on_demand import OnDemandSubscriptions
from pose_ros.ros.parameters import EXECUTOR, Parameter, declare
from pose_ros.ros.qos import SKELETONS, event_profile
from pose_ros.ros.run import run
from pose_ros.ros.skeleton_reader import SkeletonReader

# Maximum number of images that arrive during one callback.
BURST = 5

PARAMETERS = (
    *(Parameter(standard.name, False, standard.meaning) for standard in STANDARDS),
    EXECUTOR,
)


class BridgeNode(Node):
    """Publishes the enabled standards, each only while it has subscribers.

    The header is that of the image.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__('bridge_node', **options)
        values = vars(declare(self, PARAMETERS))
        spoken = [standard for standard in STANDARDS if values[standard.name]]
        self._bridges = [make_bridge(standard, self) for standard in spoken]
        self._names = ', '.join(standard.name for standard in spoken)
        self._wanted: set[str] = set()
        self._reader = SkeletonReader(self, 'skeletons')
        self._inputs = OnDemandSubscriptions(self, self._watch)
        self._diagnostics = DiagnosticsPublisher(self, self._diagnose)
        if spoken:
            self.get_logger().info(f'standards: {self._names}')
        else:
            known = ', '.join(standard.name for standard in STANDARDS)
            self.get_logger().warning(f'no standard is enabled: set one of {known} to true')

    def _watch(self) -> None:
        """Subscribe to the inputs of bridges that have subscribers."""
        self._wanted = {topic for bridge in self._bridges for topic in bridge.wanted()}
        keep, wanted = self._inputs.keep, self._wanted
        keep('skeletons', SkeletonArray, self._on_skeletons, SKELETONS, 'skeletons' in wanted)
        inputs = ((output.topic, output.kind, event_profile(output.kept)) for output in OUTPUTS)
        for topic, kind, profile in (('hands', HandArray, SKELETONS), *inputs):
            callback = self._reader.checked(topic, partial(self._pass_on, topic))
            keep(topic, kind, callback, profile, topic in wanted)
        on_image = partial(self._pass_on, 'image')
        self._inputs.keep_images('image', on_image, BURST, 'image' in wanted)

    def _on_skeletons(self, message: SkeletonArray) -> None:
        people = self._reader.read(message)
        if people is None:
            return
        for bridge in self._bridges:
            self._call(bridge.show, people, message)

    def _pass_on(self, topic: str, message: Any) -> None:
        for bridge in self._bridges:
            if topic in bridge.takes:
                self._call(bridge.takes[topic], message)

    def _call(self, handle: Callable[..., None], *arguments: Any) -> None:
        """Pass messages to a bridge, which decodes images only when needed."""
        try:
            handle(*arguments)
        except FrameError as error:
            self._reader.refuse('image', error)

    def _diagnose(self) -> None:
        level, text, figures = self._reader.status('skeletons' in self._wanted)
        self._diagnostics.publish(level, text, '', {'standards': self._names, **figures})


def main() -> None:
    """Run the node."""
    run('bridge_node', BridgeNode)
