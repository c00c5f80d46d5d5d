"""Node that turns skeletons into gestures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from rclpy.node import Node

from pose_ros.core.motion.gestures import GestureRecogniser
from pose_ros.core.motion.rules import load_rules
from pose_ros.core.resources import config_file
from pose_ros.core.types import Person
from pose_ros.msg import GestureEvent, Skeleton, SkeletonArray
from pose_ros.ros.conversions import gesture_to_msg, msg_to_person, positions_of
from pose_ros.ros.images import stamp_of
from pose_ros.ros.inputs import Inputs
from pose_ros.ros.parameters import Parameter, declare
from pose_ros.ros.qos import EVENTS, SKELETONS
from pose_ros.ros.run import run

PARAMETERS = (
    Parameter('rules_file', '', "File of gestures; empty: the package's own config/gestures.yaml"),
    Parameter(
        'gestures',
        'all',
        'Names of the gestures to report, separated by commas; all: every one of the file; '
        'empty: none',
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
    Parameter('executor', 'single', 'How callbacks are run', choices=('single', 'events')),
)


class GestureNode(Node):
    """Publishes a gesture's beginning, its going on and its end, while somebody subscribes.

    The header is that of the image.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__('gesture_node', **kwargs)
        self._recogniser: GestureRecogniser | None = None
        self._values = declare(self, PARAMETERS, check=self._check, apply=self._apply)
        self._apply()
        self._publisher = self.create_publisher(GestureEvent, 'gestures', EVENTS)
        self._inputs = Inputs(self, self._watch)
        self.get_logger().info('gestures: ' + ', '.join(sorted(self._recogniser.names)))

    def _check(self, values: Mapping[str, Any]) -> None:
        """Refuse a wrong file of rules at the start, and unknown gestures at any time."""
        if self._recogniser is None:
            path = values['rules_file'] or config_file('gestures.yaml')
            self._recogniser = GestureRecogniser(load_rules(path))
        self._recogniser.check(_names(values['gestures'], self._recogniser))

    def _apply(self, _: frozenset[str] = frozenset()) -> None:
        self._recogniser.enable(_names(self._values.gestures, self._recogniser))
        self._recogniser.grace = self._values.grace

    def _watch(self) -> None:
        wanted = self._publisher.get_subscription_count() > 0
        self._inputs.keep('skeletons', SkeletonArray, self._on_skeletons, SKELETONS, wanted)

    def _on_skeletons(self, message: SkeletonArray) -> None:
        people = list(self._people(message.skeletons))
        for gesture in self._recogniser.observe(people, stamp_of(message.header)):
            self._publisher.publish(gesture_to_msg(gesture, message.header))

    def _people(self, skeletons: Iterable[Skeleton]) -> Iterable[Person]:
        """People of the message, without those that cannot be read or are not followed yet.

        Somebody gets an id a few images after the first: what was counted for nobody before
        would be counted again.
        """
        for skeleton in skeletons:
            if not skeleton.id:
                continue
            try:
                yield replace(msg_to_person(skeleton), world=positions_of(skeleton))
            except ValueError as error:
                self.get_logger().warning(f'skeleton: {error}', throttle_duration_sec=1.0)


def _names(text: str, recogniser: GestureRecogniser) -> frozenset[str]:
    """Names in a list with commas."""
    if text.strip() == 'all':
        return recogniser.names
    return frozenset(name.strip() for name in text.split(',') if name.strip())


def main() -> None:
    """Run the node."""
    run(GestureNode)
