"""Reading what was recorded of people: JSON lines and tables of our own, and bags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
import json
from pathlib import Path
from typing import Any

from pose_ros.bags import is_bag, messages, seconds
from pose_ros.core.motion.events import (
    KINDS,
    MotionEvent,
    PostureChanges,
    exercise_events,
    fall_events,
    gesture_events,
)
from pose_ros.core.motion.exercises import ExercisePhase, ExerciseState, Fault, Verdict
from pose_ros.core.motion.falls import Fall, FallPhase
from pose_ros.core.motion.gestures import Gesture, Phase
from pose_ros.core.motion.posture import Posture, PostureState
from pose_ros.core.motion.rules import Hand
from pose_ros.plotting.table import read_table
from pose_ros.plotting.timeline import Timeline

TOPICS = ('joint_angles', 'gestures', 'falls', 'postures', 'exercise')
_EVENT = tuple(one.name for one in fields(MotionEvent) if one.name != 'details')


def read_recording(path: Path, timeline: Timeline) -> None:
    """Add what a file or bag holds to a timeline.

    Parameters
    ----------
    path
        JSON lines or a table of angles that ``pose-ros analyse`` wrote, or a bag with some of
        `TOPICS`.
    timeline
        Times are those of the file; of a bag, since its first message.

    Raises
    ------
    ValueError
        Names file, line and reason.
    MissingLibraryError
        For a bag, without rosbags.
    """
    if is_bag(path):
        _read_bag(path, timeline)
        return
    if path.is_dir():
        raise ValueError(f'{path}: a folder, but not of a bag: it has no metadata.yaml')
    try:
        text = path.read_text(encoding='utf-8')
    except UnicodeDecodeError:
        raise ValueError(f'{path}: neither JSON lines, a table nor a bag') from None
    except OSError as error:
        raise ValueError(f'{path}: {error.strerror}') from None
    if text.lstrip().startswith('{'):
        _read_lines(path, text, timeline)
    else:
        read_table(path, text, timeline)


def _read_lines(path: Path, text: str, timeline: Timeline) -> None:
    """JSON lines of ``pose-ros analyse``."""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            event = event_of(record)
        except (ValueError, TypeError, AttributeError) as error:
            raise ValueError(f'{path}, line {number}: {error}') from None
        timeline.add_event(str(record.get('input', path.name)), event)


def event_of(record: Mapping[str, Any]) -> MotionEvent:
    """Event of one line's object; ValueError says what it lacks."""
    missing = [key for key in _EVENT if key not in record]
    if missing:
        raise ValueError(f'an event has no {missing[0]!r}')
    if record['kind'] not in KINDS:
        raise ValueError(f'kind must be one of {", ".join(KINDS)}, got {record["kind"]!r}')
    for key in ('time', 'duration'):
        if not isinstance(record[key], (int, float)):
            raise ValueError(f'{key} must be a number, got {record[key]!r}')
    details = {key: value for key, value in record.items() if key not in (*_EVENT, 'input')}
    return MotionEvent(**{key: record[key] for key in _EVENT}, details=details)


def _read_bag(path: Path, timeline: Timeline) -> None:
    """Our own topics of a bag; times are those since its first message."""
    zero: float | None = None
    postures = PostureChanges()
    for topic, recorded, message in messages(path, TOPICS):
        zero = recorded if zero is None else zero
        stamp = recorded - zero
        if topic == 'joint_angles':
            values = (message.angles.tolist(), message.standard_deviations.tolist())
            angles = zip(message.names, *values)
            timeline.add_angles(path.name, stamp, message.skeleton_id, angles)
            continue
        if topic == 'gestures':
            events = gesture_events([_gesture(message)], stamp)
        elif topic == 'falls':
            events = fall_events([_fall(message, zero)], stamp)
        elif topic == 'postures':
            events = postures.observe([_posture(message)], stamp)
        else:
            events = exercise_events([_exercise(message)], stamp)
        for event in events:
            timeline.add_event(path.name, event)


def _gesture(message: Any) -> Gesture:
    direction = (message.direction.x, message.direction.y, message.direction.z)
    return Gesture(
        name=message.gesture,
        phase=Phase(message.phase),
        hand=Hand(message.hand),
        score=message.score,
        duration=message.duration,
        direction=direction,
        person_id=message.skeleton_id,
    )


def _fall(message: Any, zero: float) -> Fall:
    phase = FallPhase(message.phase)
    return Fall(
        person_id=message.skeleton_id,
        phase=phase,
        confidence=message.confidence,
        onset=seconds(message.onset) - zero,
        landing=None if phase is FallPhase.FALLING else seconds(message.landing) - zero,
        duration=message.duration,
        peak_descent_rate=message.peak_descent_rate,
        lost=message.lost,
    )


def _posture(message: Any) -> PostureState:
    return PostureState(
        person_id=message.skeleton_id,
        posture=Posture(message.posture),
        confidence=message.confidence,
        duration=message.duration,
    )


def _exercise(message: Any) -> ExerciseState:
    faults = tuple(
        Fault(fault.name, fault.certain, fault.value, fault.limit, fault.standard_deviation)
        for fault in message.faults
    )
    return ExerciseState(
        person_id=message.skeleton_id,
        exercise=message.exercise,
        phase=ExercisePhase(message.phase),
        repetitions=message.repetitions,
        repetition_done=message.repetition_done,
        angle=message.angle,
        extreme=message.extreme,
        full=Verdict(message.full),
        confidence=message.confidence,
        outward_time=message.outward_time,
        turn_time=message.turn_time,
        return_time=message.return_time,
        faults=faults,
    )
