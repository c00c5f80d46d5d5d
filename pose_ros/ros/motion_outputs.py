"""The topics of gesture_node, and the observers that each one reports."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from pose_ros.message_types import (
    ExerciseState,
    FallEvent,
    GestureEvent,
    Header,
    JointAngles,
    JointState,
    Posture,
)
from pose_ros.ros.motion_conversions import (
    angles_to_joint_state,
    angles_to_msg,
    exercise_to_msg,
    fall_to_msg,
    gesture_to_msg,
    posture_to_msg,
)


@dataclass(frozen=True)
class Output:
    """A topic with the results of observers.

    Attributes
    ----------
    topic
        Relative name.
    kind
        Type of the messages.
    observers
        Names of the observers.
    convert
        Makes the messages of one image from their results.
    kept
        Whether late subscribers receive the past messages.
    """

    topic: str
    kind: type
    observers: tuple[str, ...]
    convert: Callable[[list[Any], Header], Iterable[Any]]
    kept: bool = False


def _each(convert: Callable[[Any, Header], Any]) -> Callable[[list[Any], Header], Iterable[Any]]:
    """Make one message for each value."""
    return lambda values, header: [convert(value, header) for value in values]


def _joint_states(people: list[Any], header: Header) -> list[JointState]:
    """Make one message for all people, or no message without a known angle."""
    message = angles_to_joint_state(people, header)
    return [message] if message.name else []


OUTPUTS = (
    Output('gestures', GestureEvent, ('gestures', 'learned'), _each(gesture_to_msg)),
    Output('joint_angles', JointAngles, ('angles',), _each(angles_to_msg)),
    # Not joint_states: those are the robot's, which robot_state_publisher reads.
    Output('human_joint_states', JointState, ('angles',), _joint_states),
    Output('postures', Posture, ('postures',), _each(posture_to_msg)),
    Output('falls', FallEvent, ('falls',), _each(fall_to_msg), kept=True),
    Output('exercise', ExerciseState, ('exercises',), _each(exercise_to_msg)),
)
TOPICS = {output.topic: output for output in OUTPUTS}
