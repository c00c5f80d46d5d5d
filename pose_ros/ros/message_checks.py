"""What a message must look like before a node uses it: one pure function for each type.

Each raises ValueError with the field, the value found and what is allowed. The limits are far
beyond what cameras see and people do, so that squares and sums of accepted values stay finite.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
import math
from typing import Any

import numpy as np
from std_msgs.msg import Header

from pose_ros.core.configuration import MAX_PEOPLE
from pose_ros.core.kinematics import Kinematics
from pose_ros.core.types import MAX_IMAGE_SIDE, KeypointState, Person
from pose_ros.message_values import msg_to_hand, orientation_of
from pose_ros.msg import (
    ExerciseState,
    FallEvent,
    GestureEvent,
    HandArray,
    JointAngles,
    Posture,
    Skeleton,
    SkeletonArray,
)

MAX_PIXEL = 1e6  # [px] largest coordinate of a keypoint, before or behind the image's edges
MAX_DISTANCE = 1e5  # [m] largest coordinate of a position, and standard deviation of one
MAX_SPEED = 1e3  # [m/s] largest component of a velocity, and standard deviation of one
MAX_ANGLE = 100.0  # [rad] largest joint angle
MAX_TIME = 2.0**32  # [s] longest duration: that of a clock's whole range
MAX_NUMBER = 1e6  # largest value of a field with another unit
MAX_TEXT = 200  # [characters] longest name
MAX_LIST = 200  # most names or faults in a message
SCORE_MARGIN = 1e-3  # rounding errors beyond 0 and 1 [-]


def check_skeleton_array(message: SkeletonArray) -> None:
    """Check all but the skeletons themselves; see `check_person`."""
    check_header(message.header)
    for name in ('image_width', 'image_height'):
        check_number(name, getattr(message, name), 1, MAX_IMAGE_SIDE)
    orientation_of(message)
    check_count('skeletons', message.skeletons, MAX_PEOPLE)


def check_skeleton(skeleton: Skeleton) -> None:
    """Check what `msg_to_person` does not take over unchanged."""
    check_text('format', skeleton.format)
    for start, extent in (('x_offset', 'width'), ('y_offset', 'height')):
        end = getattr(skeleton.box, start) + getattr(skeleton.box, extent)
        check_number(f'box {start} + {extent}', end, 0, MAX_IMAGE_SIDE)


def check_person(person: Person) -> None:
    """Check the numbers of a person.

    Keypoints that were not observed may be NaN, as may positions; nothing may be infinite.
    """
    check_score('score', person.score)
    state, known = int(person.states.max()), max(KeypointState)
    if state > known:
        raise ValueError(f'unknown keypoint state {state}, known are 0 to {known}')
    names = person.topology.keypoint_names
    wrong = ~((person.scores >= -SCORE_MARGIN) & (person.scores <= 1 + SCORE_MARGIN))
    if wrong.any():
        number = int(wrong.argmax())
        check_score(f'score of {names[number]}', float(person.scores[number]))
    _check_array('keypoint', names, person.keypoints, MAX_PIXEL)
    unknown = person.observed & ~np.isfinite(person.keypoints).all(axis=1)
    if unknown.any():
        name = names[int(unknown.argmax())]
        raise ValueError(f'{name} is OBSERVED, but its place is not finite')
    if person.positions is not None:
        _check_array('position', names, person.positions.points, MAX_DISTANCE)
        deviations = person.positions.deviations
        wrong = (deviations < 0) | (deviations > MAX_DISTANCE)
        if wrong.any():
            number = int(wrong.argmax())
            name = f'position deviation of {names[number]}'
            check_number(name, float(deviations[number]), 0, MAX_DISTANCE)
    check_kinematics(person.kinematics)


def check_kinematics(kinematics: Kinematics) -> None:
    """Check how a body moves and faces: NaN where it is unknown."""
    for name, low, most in (
        ('orientation', -1 - SCORE_MARGIN, 1 + SCORE_MARGIN),
        ('velocity', -MAX_SPEED, MAX_SPEED),
        ('velocity_deviation', 0, MAX_SPEED),
        ('fixed_position', -MAX_DISTANCE, MAX_DISTANCE),
        ('fixed_velocity', -MAX_SPEED, MAX_SPEED),
        ('fixed_velocity_deviation', 0, MAX_SPEED),
        ('fixed_yaw', -MAX_ANGLE, MAX_ANGLE),
        ('fixed_yaw_deviation', 0, MAX_ANGLE),
    ):
        for value in np.atleast_1d(getattr(kinematics, name)).tolist():
            check_number(name, value, low, most, nan=True)


def check_hand_array(message: HandArray) -> None:
    """Check hands: all numbers are finite."""
    check_header(message.header)
    for name in ('image_width', 'image_height'):
        check_number(name, getattr(message, name), 1, MAX_IMAGE_SIDE)
    orientation_of(message)
    check_count('hands', message.hands, 2 * MAX_PEOPLE)
    for hand in (msg_to_hand(hand) for hand in message.hands):
        check_score('score of a hand', hand.score)
        check_score('side_score of a hand', hand.side_score)
        for what, values, most in (
            ('keypoints', hand.keypoints, MAX_PIXEL),
            ('depths', hand.z, MAX_PIXEL),
            ('world_points', hand.world, MAX_DISTANCE),
        ):
            if not (np.abs(values) <= most).all():
                raise ValueError(f'{what} of a hand must be within ±{most:g}')


def check_gesture(message: GestureEvent) -> None:
    """Check a gesture event."""
    check_header(message.header)
    check_text('gesture', message.gesture)
    check_number('phase', message.phase, GestureEvent.STARTED, GestureEvent.ENDED)
    check_number('hand', message.hand, GestureEvent.NONE, GestureEvent.BOTH)
    check_score('score', message.score)
    check_number('duration', message.duration, 0, MAX_TIME)
    for axis in 'xyz':
        value = getattr(message.direction, axis)
        check_number(f'direction {axis}', value, -MAX_NUMBER, MAX_NUMBER)


def check_posture(message: Posture) -> None:
    """Check a posture."""
    check_header(message.header)
    check_number('posture', message.posture, Posture.UNKNOWN, Posture.LYING)
    check_score('confidence', message.confidence)
    check_number('duration', message.duration, 0, MAX_TIME)


def check_fall(message: FallEvent) -> None:
    """Check a fall event."""
    check_header(message.header)
    check_number('phase', message.phase, FallEvent.FALLING, FallEvent.CLOSED)
    check_score('confidence', message.confidence)
    for name in ('onset', 'landing'):
        check_time(name, getattr(message, name))
    check_number('duration', message.duration, 0, MAX_TIME)
    check_number('peak_descent_rate', message.peak_descent_rate, -MAX_NUMBER, MAX_NUMBER, nan=True)


def check_exercise(message: ExerciseState) -> None:
    """Check the state of an exercise."""
    check_header(message.header)
    check_text('exercise', message.exercise)
    check_number('phase', message.phase, ExerciseState.READY, ExerciseState.RETURN)
    check_number('range_reached', message.range_reached, ExerciseState.NO, ExerciseState.UNCERTAIN)
    check_score('confidence', message.confidence)
    for name in ('angle', 'peak_angle'):
        check_number(name, getattr(message, name), -MAX_ANGLE, MAX_ANGLE, nan=True)
    for name in ('outward_time', 'turn_time', 'return_time', 'hold_time'):
        check_number(name, getattr(message, name), 0, MAX_TIME, nan=True)
    check_count('faults', message.faults, MAX_LIST)
    for fault in message.faults:
        check_text('fault', fault.name)
        for name in ('value', 'limit', 'standard_deviation'):
            value = getattr(fault, name)
            check_number(f'{fault.name} {name}', value, -MAX_NUMBER, MAX_NUMBER, nan=True)


def check_angles(message: JointAngles) -> None:
    """Check joint angles: NaN where they are unknown; the rest may be missing."""
    check_header(message.header)
    check_count('names', message.names, MAX_LIST)
    for name in message.names:
        check_text('name', name)
    for field, low, most, optional in (
        ('angles', -MAX_ANGLE, MAX_ANGLE, False),
        ('confidences', -SCORE_MARGIN, 1 + SCORE_MARGIN, True),
        ('standard_deviations', 0, MAX_ANGLE, True),
    ):
        values = getattr(message, field)
        if len(values) != len(message.names) and (len(values) or not optional):
            raise ValueError(f'expected {len(message.names)} {field}, got {len(values)}')
        for name, value in zip(message.names, values):
            check_number(f'{field} of {name}', value, low, most, nan=True)


CHECKS: Mapping[type, Callable[[Any], None]] = {
    SkeletonArray: check_skeleton_array,
    HandArray: check_hand_array,
    GestureEvent: check_gesture,
    Posture: check_posture,
    FallEvent: check_fall,
    ExerciseState: check_exercise,
    JointAngles: check_angles,
}
"""By type; images, depth images and camera_info are checked where they are converted."""


def check_header(header: Header) -> None:
    """Check stamp and frame."""
    check_time('stamp', header.stamp)
    check_text('frame_id', header.frame_id)


def check_time(name: str, time: Any) -> None:
    """Check a time [s, ns] since the clock's zero."""
    check_number(f'{name} sec', time.sec, 0, MAX_TIME)
    check_number(f'{name} nanosec', time.nanosec, 0, 999_999_999)


def check_score(name: str, value: float) -> None:
    """Check a score or confidence."""
    check_number(name, value, -SCORE_MARGIN, 1 + SCORE_MARGIN)


def check_number(name: str, value: float, low: float, high: float, nan: bool = False) -> None:
    """Check that a number lies between two others, or is NaN where that is allowed."""
    if not (low <= value <= high or (nan and math.isnan(value))):
        raise ValueError(f'{name} must be {low:g} to {high:g}, got {value}')


def check_text(name: str, text: str) -> None:
    """Check the length of a name."""
    if len(text) > MAX_TEXT:
        raise ValueError(f'{name} must have at most {MAX_TEXT} characters, got {len(text)}')


def check_count(name: str, items: Any, most: int) -> None:
    """Check the length of a list."""
    if len(items) > most:
        raise ValueError(f'at most {most} {name} are allowed, got {len(items)}')


def _check_array(what: str, names: Sequence[str], rows: np.ndarray, most: float) -> None:
    """Check that the coordinates [K, D] are NaN or within ±most."""
    outside = (np.abs(rows) > most).any(axis=1)
    if outside.any():
        number = int(outside.argmax())
        row = rows[number].tolist()
        raise ValueError(f'{what} {names[number]} must be within ±{most:g}, got {row}')
