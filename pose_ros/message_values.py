"""Values of our messages, whoever made these objects: rclpy, or rosbags without ROS."""

from __future__ import annotations

from dataclasses import MISSING, fields
from enum import Enum
from typing import Any, TypeVar, get_type_hints

import numpy as np

from pose_ros.core.camera_orientation import CameraOrientation
from pose_ros.core.kinematics import UNKNOWN, Kinematics, MotionState
from pose_ros.core.motion.events import EventStream, MotionEvent
from pose_ros.core.motion.exercises import ExerciseState, Fault
from pose_ros.core.motion.falls import Fall
from pose_ros.core.motion.gestures import Gesture
from pose_ros.core.motion.posture_observer import PostureState
from pose_ros.core.positions import Positions, PositionSource
from pose_ros.core.topology import HAND21, Side, topology_named
from pose_ros.core.types import Box, Person, TrackedHand

_EVENT_KINDS = {
    'gestures': Gesture,
    'falls': Fall,
    'postures': PostureState,
    'exercise': ExerciseState,
}
# Names of observers, where they differ from the topic.
_OBSERVERS = {'exercise': 'exercises'}
EVENT_TOPICS = tuple(_EVENT_KINDS)
"""Topics of gesture_node with what begins, ends or is complete."""

# Fields of messages, where they differ from those of the values.
_FIELDS: dict[tuple[type, str], str] = {(Gesture, 'name'): 'gesture'}

Value = TypeVar('Value')


def people_of(message: Any) -> list[Person]:
    """People of a SkeletonArray as its upright image shows them, with positions where it has them.

    ValueError if a format is unknown or the number of keypoints is not that of the format.
    """
    orientation, size = orientation_of(message), (message.image_width, message.image_height)
    people = map(msg_to_person, message.skeletons)
    return [orientation.upright_person(person, size) for person in people]


def hands_of(message: Any) -> list[TrackedHand]:
    """Hands of a HandArray as its upright image shows them; ValueError as of `msg_to_hand`."""
    orientation, size = orientation_of(message), (message.image_width, message.image_height)
    return [orientation.upright_hand(msg_to_hand(hand), size) for hand in message.hands]


def orientation_of(message: Any) -> CameraOrientation:
    """Orientation of the image of people or hands; ValueError for an unknown angle."""
    # Older recordings do not have it.
    return CameraOrientation(getattr(message, 'rotate', 0), getattr(message, 'mirrored', False))


def msg_to_person(skeleton: Any) -> Person:
    """Person of a message; what is known of the body in space is also in ``world``.

    ValueError if the format is unknown or the number of keypoints is not that of the format.
    """
    positions = positions_of(skeleton)
    in_space = positions is not None and positions.source is not PositionSource.HEIGHT
    rows = np.array([(k.x, k.y, k.score, k.state) for k in skeleton.keypoints], np.float32)
    rows = rows.reshape(-1, 4)
    box = skeleton.box
    return Person(
        topology=topology_named(skeleton.format),
        keypoints=rows[:, :2],
        scores=rows[:, 2],
        states=rows[:, 3].astype(np.uint8),
        score=skeleton.score,
        box=Box(box.x_offset, box.y_offset, box.width, box.height),
        id=skeleton.id,
        # All that lies in one plane by assumption says nothing of the body.
        world=positions.points if positions is not None and in_space else None,
        positions=positions,
        kinematics=kinematics_of(skeleton),
    )


def positions_of(skeleton: Any) -> Positions | None:
    """Positions of a message; None without 3D."""
    if not len(skeleton.positions):
        return None
    points = np.array([(p.x, p.y, p.z) for p in skeleton.positions])
    # Older recordings do not tell how the positions came about and how sure they are.
    deviations = np.array(getattr(skeleton, 'position_deviations', ()), np.float64)
    if not len(deviations):
        deviations = np.full(len(points), np.nan)
    source = PositionSource(getattr(skeleton, 'position_source', PositionSource.NONE))
    return Positions(points, deviations, source)


KINEMATIC_VECTORS = {
    'orientation': 'xyzw',
    'velocity': 'xyz',
    'velocity_deviation': 'xyz',
    'fixed_position': 'xyz',
    'fixed_velocity': 'xyz',
    'fixed_velocity_deviation': 'xyz',
}
"""Fields of a skeleton that are arrays of `Kinematics`, with their components."""


def kinematics_of(skeleton: Any) -> Kinematics:
    """How the body of a message moves and faces; ValueError for an unknown motion."""
    # Older recordings do not have it.
    if not hasattr(skeleton, 'motion'):
        return UNKNOWN
    vectors = {
        name: np.array([getattr(getattr(skeleton, name), axis) for axis in axes])
        for name, axes in KINEMATIC_VECTORS.items()
    }
    return Kinematics(
        MotionState(skeleton.motion),
        fixed_yaw=skeleton.fixed_yaw,
        fixed_yaw_deviation=skeleton.fixed_yaw_deviation,
        **vectors,
    )


HAND_SIDES: tuple[Side | None, ...] = (None, 'left', 'right')
"""By the constants of Hand.side."""


def msg_to_hand(message: Any) -> TrackedHand:
    """Hand of a message; ValueError for another format, or a wrong number of values."""
    if message.format != HAND21.name:
        raise ValueError(f'the format of a hand must be {HAND21.name}, got {message.format!r}')
    if message.side >= len(HAND_SIDES):
        raise ValueError(f'side must be 0 to {len(HAND_SIDES) - 1}, got {message.side}')
    points = np.array([(k.x, k.y) for k in message.keypoints], np.float32)
    world = np.array([(p.x, p.y, p.z) for p in message.world_points], np.float32)
    return TrackedHand(
        keypoints=points.reshape(-1, 2),
        z=np.array(message.depths, np.float32),
        world=world.reshape(-1, 3),
        score=message.score,
        side=HAND_SIDES[message.side],
        side_score=message.side_score,
        id=message.id,
        skeleton_id=message.skeleton_id,
    )


class EventReader:
    """Events of the messages of `EVENT_TOPICS`, in the order in which they come.

    Parameters
    ----------
    zero
        Stamp that becomes time 0 [s].
    """

    def __init__(self, zero: float = 0.0) -> None:
        self._zero = zero
        self._stream = EventStream()

    def read(self, topic: str, message: Any) -> list[MotionEvent]:
        """Events of a message of a topic (its name without namespace)."""
        stamp = seconds(message.header.stamp) - self._zero
        value: Any = value_of(_EVENT_KINDS[topic], message, self._zero)
        return self._stream.take({_OBSERVERS.get(topic, topic): [value]}, stamp)


def seconds(time: Any) -> float:
    """Time of a message [s]."""
    return float(time.sec + time.nanosec / 1e9)


def value_of(kind: type[Value], message: Any, zero: float = 0.0) -> Value:
    """Value of a dataclass from a message with the same field names.

    Parameters
    ----------
    kind
        The dataclass.
    message
        Object with the fields of the message.
    zero
        Stamp that becomes time 0 [s]. A time of zero in the message is None.

    Raises
    ------
    ValueError
        The message lacks a field that has no default: another version of pose_ros recorded it.
    """
    hints = get_type_hints(kind)
    values: dict[str, Any] = {}
    for field in fields(kind):  # type: ignore[arg-type]
        name = _FIELDS.get((kind, field.name), field.name)
        if not hasattr(message, name):
            if field.default is MISSING:
                raise ValueError(
                    f'a recorded {kind.__name__} has no field {name!r}: record it again, or read '
                    'it with the version of pose_ros that recorded it'
                )
            continue
        raw: Any = getattr(message, name)
        hint = hints[field.name]
        if isinstance(hint, type) and issubclass(hint, Enum):
            raw = hint(raw)
        elif hasattr(raw, 'nanosec'):
            raw = seconds(raw) - zero if raw.sec or raw.nanosec else None
        elif hasattr(raw, 'x'):
            raw = (raw.x, raw.y, raw.z)
        elif field.name == 'faults':
            raw = tuple(value_of(Fault, fault) for fault in raw)
        values[field.name] = raw
    return kind(**values)
