"""Node that turns skeletons into what people do: gestures, angles, postures, falls, exercises."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from rclpy.node import Node

from pose_ros.core.motion.observer import ALL, MotionConfig
from pose_ros.core.motion.observers import (
    check,
    configure,
    gesture_names,
    make_observers,
    need_hands,
    replaced_rules,
)
from pose_ros.core.motion.watcher import Motion, MotionWatcher
from pose_ros.message_values import msg_to_hand, orientation_of
from pose_ros.msg import Hand, SkeletonArray
from pose_ros.ros.diagnostics import OK, WARN, DiagnosticsPublisher
from pose_ros.ros.frame_times import FrameTimes
from pose_ros.ros.hand_pairs import HandPairs
from pose_ros.ros.motion_outputs import OUTPUTS, Output
from pose_ros.ros.on_demand import OnDemandSubscriptions
from pose_ros.ros.parameters import EXECUTOR, Parameter, declare
from pose_ros.ros.qos import SKELETONS, event_profile
from pose_ros.ros.run import run
from pose_ros.ros.skeleton_reader import SkeletonReader

PARAMETERS = (
    Parameter('rules_file', '', 'File of gestures; empty: config/gestures.yaml of the package'),
    Parameter(
        'learned',
        '',
        'Model trained by `pose-ros motions train`; replaces rules of the same names; '
        'empty: only rules',
    ),
    Parameter(
        'gestures',
        ('all',),
        'Gestures to report, rule-based or learned; all: every one; empty: none',
        live=True,
    ),
    Parameter(
        'grace',
        0.5,
        'Maximum absence of a person before their gestures end',
        's',
        0.2,
        10.0,
        live=True,
    ),
    Parameter(
        'exercise',
        'auto',
        'Exercise to count, such as squat; auto: the one that is performed; none',
        live=True,
    ),
    Parameter(
        'exercises_file', '', 'File of exercises; empty: config/exercises.yaml of the package'
    ),
    EXECUTOR,
)

# Observers whose values have a direction.
GESTURES = frozenset(('gestures', 'learned'))


class GestureNode(Node):
    """Publishes what people do, each kind of message only while it has subscribers.

    The header is that of the image.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__('gesture_node', **kwargs)
        self._watcher = MotionWatcher([])
        self._values = declare(self, PARAMETERS, check=self._check, apply=self._apply)
        self._wanted: tuple[Output, ...] = ()
        self._faults: list[str] = []
        self._last: SkeletonArray | None = None
        self._events = {
            output.topic: self.create_publisher(
                output.kind, output.topic, event_profile(output.kept)
            )
            for output in OUTPUTS
        }
        self._reader = SkeletonReader(self, 'skeletons')
        self._hands = HandPairs(self, self._reader, self._observe)
        self._times = FrameTimes(self)
        self._offset = 0.0  # of the stamps from the times of the last frame [s]
        self._inputs = OnDemandSubscriptions(self, self._watch)
        self._diagnostics = DiagnosticsPublisher(self, self._diagnose)
        observers = self._watcher.observers.values()
        names = gesture_names(observers)
        if ALL not in self._values.gestures:
            names &= set(self._values.gestures)
        self.get_logger().info('gestures: ' + (', '.join(sorted(names)) or 'none'))
        for name in replaced_rules(observers):
            self.get_logger().info(f'{name}: learned, the rule of the same name does not count')

    def _check(self, values: Mapping[str, Any]) -> None:
        """Load the files at the start, and validate names at any time."""
        config = _config(values)
        if not self._watcher.observers:
            self._watcher = MotionWatcher(make_observers(config))
        check(self._watcher.observers.values(), config)

    def _apply(self, _: frozenset[str]) -> None:
        configure(self._watcher.observers.values(), _config(vars(self._values)))

    def _watch(self) -> None:
        """Run the observers whose messages have subscribers."""
        self._wanted = tuple(
            o for o in OUTPUTS if self._events[o.topic].get_subscription_count() > 0
        )
        names = {name for output in self._wanted for name in output.observers}
        ended = self._watcher.want(names & self._watcher.observers.keys())
        if self._last is not None:
            self._publish(ended, OUTPUTS, self._last)
        wanted = bool(self._wanted)
        on_skeletons = self._hands.add_skeletons
        self._inputs.keep('skeletons', SkeletonArray, on_skeletons, SKELETONS, wanted)
        self._hands.watch(self._inputs, bool(GESTURES & names))

    def _observe(self, message: SkeletonArray, found: list[Hand]) -> None:
        """Convert, observe, publish."""
        people = self._reader.read(message)
        if people is None:
            return
        orientation, size = orientation_of(message), (message.image_width, message.image_height)
        people = [orientation.upright_person(person, size) for person in people]
        hands = [orientation.upright_hand(msg_to_hand(hand), size) for hand in found]
        when = self._times.read(message.header)
        motion = self._watcher.observe(people, when.time, hands)
        self._offset = when.stamp - when.time if when.is_stamped else 0.0
        self._faults = motion.faults
        for fault in motion.faults:
            self.get_logger().warning(fault, throttle_duration_sec=5.0)
        self._publish(motion, self._wanted, message)
        self._last = message

    def _publish(self, motion: Motion, outputs: Iterable[Output], message: SkeletonArray) -> None:
        """Publish what observers report on the people of a message."""
        orientation = orientation_of(message)
        for output in outputs:
            for observer in output.observers:
                values = motion.values.get(observer, [])  # there may be no learned motions
                if observer in GESTURES:
                    values = [
                        replace(one, direction=orientation.direction_in_image(one.direction))
                        for one in values
                    ]
                elif observer == 'falls':
                    values = [fall.shifted(self._offset) for fall in values]
                for event in output.convert(values, message.header):
                    self._events[output.topic].publish(event)

    @property
    def _lacks_hands(self) -> bool:
        """Whether learned motions that need hands are wanted, and no one publishes hands."""
        names = {name for output in self._wanted for name in output.observers}
        wanted = [one for name, one in self._watcher.observers.items() if name in names]
        return need_hands(wanted) and not self._hands.expected

    def _diagnose(self) -> None:
        level, text, figures = self._reader.status(bool(self._wanted), self._times.take_fault())
        figures = {**figures, **self._times.figures()}
        if self._faults:
            level, text = WARN, self._faults[0]
        elif level == OK and self._lacks_hands:
            level = WARN
            text = 'the learned motions need hands: start pose_node with hands:=tracked'
        topics = ', '.join(output.topic for output in self._wanted)
        self._diagnostics.publish(level, text, '', {'published': topics, **figures})


def _config(values: Mapping[str, Any]) -> MotionConfig:
    """Settings of the observers from parameters."""
    return MotionConfig(
        rules_file=values['rules_file'],
        learned_file=values['learned'],
        gestures=values['gestures'],
        grace=values['grace'],
        exercise=values['exercise'],
        exercises_file=values['exercises_file'],
    )


def main() -> None:
    """Run the node."""
    run('gesture_node', GestureNode)
