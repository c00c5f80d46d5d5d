"""Node that turns skeletons into what people do: gestures, angles, postures, falls, exercises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rclpy.node import Node

from pose_ros.msg import SkeletonArray
from pose_ros.ros.diagnostics import WARN, DiagnosticsPublisher
from pose_ros.ros.frame_times import FrameTimes
from pose_ros.ros.inputs import Inputs
from pose_ros.ros.motion_observers import MotionObservers
from pose_ros.ros.motion_outputs import OUTPUTS, Output
from pose_ros.ros.parameters import EXECUTOR, Parameter, declare
from pose_ros.ros.qos import SKELETONS
from pose_ros.ros.run import run
from pose_ros.ros.skeleton_reader import SkeletonReader

PARAMETERS = (
    Parameter('rules_file', '', "File of gestures; empty: the package's own config/gestures.yaml"),
    Parameter(
        'learned',
        '',
        'Model that `pose-ros motions train` wrote, for gestures besides, and instead of rules '
        'of the same names; empty: none',
    ),
    Parameter(
        'gestures',
        'all',
        'Names of the gestures to report, separated by commas; all: every one, by rules or '
        'learned; none',
        live=True,
    ),
    Parameter(
        'grace',
        0.5,
        'How long a person may be away before the gestures end',
        's',
        0.2,
        10.0,
        live=True,
    ),
    Parameter(
        'exercise',
        'auto',
        'Exercise to be watched, such as squat; auto: whichever is done; none',
        live=True,
    ),
    EXECUTOR,
)


class GestureNode(Node):
    """Publishes what people do, each kind of it only while somebody subscribes.

    The header is that of the image.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__('gesture_node', **kwargs)
        self._observers: MotionObservers | None = None
        self._values = declare(self, PARAMETERS, check=self._check, apply=self._apply)
        self._wanted: tuple[Output, ...] = ()
        self._events = {
            o.topic: self.create_publisher(o.kind, o.topic, o.profile) for o in OUTPUTS
        }
        self._reader = SkeletonReader(self, 'skeletons')
        self._times = FrameTimes(self)
        self._inputs = Inputs(self, self._watch)
        self._diagnostics = DiagnosticsPublisher(self, self._diagnose)
        self.get_logger().info('gestures: ' + ', '.join(sorted(self._observers.names)))
        if self._observers.replaced:
            names = ', '.join(self._observers.replaced)
            self.get_logger().info(f'learned, so the rules of these names do not count: {names}')

    def _check(self, values: Mapping[str, Any]) -> None:
        """Refuse wrong files at the start, and unknown names at any time."""
        if self._observers is None:
            self._observers = MotionObservers(values)
        self._observers.check(values)

    def _apply(self, _: frozenset[str]) -> None:
        self._observers.apply(vars(self._values))

    def _watch(self) -> None:
        """Observe what those who subscribe to us want to know, and nothing else."""
        self._wanted = tuple(
            o for o in OUTPUTS if self._events[o.topic].get_subscription_count() > 0
        )
        self._observers.keep({name for output in self._wanted for name in output.observers})
        wanted = bool(self._wanted)
        self._inputs.keep('skeletons', SkeletonArray, self._on_skeletons, SKELETONS, wanted)

    def _on_skeletons(self, message: SkeletonArray) -> None:
        """Convert, observe, publish."""
        people = self._reader.read(message)
        if people is None:
            return
        told = self._observers.observe(people, self._times.read(message.header).time)
        if self._observers.fault:
            self.get_logger().warning(self._observers.fault, throttle_duration_sec=5.0)
        for output in self._wanted:
            for observer in output.observers:
                for event in output.convert(told.get(observer, []), message.header):
                    self._events[output.topic].publish(event)

    def _diagnose(self) -> None:
        level, text, figures = self._reader.status(bool(self._wanted), self._times.take_fault())
        figures = {**figures, **self._times.figures()}
        if self._observers.fault:
            level, text = WARN, self._observers.fault
        topics = ', '.join(output.topic for output in self._wanted)
        self._diagnostics.publish(level, text, '', {'published': topics, **figures})


def main() -> None:
    """Run the node."""
    run(GestureNode)
