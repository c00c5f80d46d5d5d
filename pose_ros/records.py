"""People and events as JSON lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import fields
import math
import reprlib
from typing import Any

import numpy as np

from pose_ros.core.motion.events import KINDS, MotionEvent
from pose_ros.core.topology import HAND21, topology_named
from pose_ros.core.types import Box, Frame, Person, TrackedHand
from pose_ros.tables import check_object, number_in, text_in, whole_in

_EVENT = tuple(one.name for one in fields(MotionEvent) if one.name != 'details')
# Older files do not have it.
_OPTIONAL = ('hand_id',)


def frame_record(
    name: str,
    index: int,
    frame: Frame,
    people: Sequence[Person],
    hands: Sequence[TrackedHand] | None = None,
) -> dict[str, Any]:
    """One line of the JSON output.

    Pixels are those of the input, to a hundredth; scores and metres to a ten-thousandth, time [s]
    to a microsecond. `state` is the number of `KeypointState`; `world` is empty if the model has
    none; `positions` [m] are there where a bag has the camera's calibration; what is not finite
    is null. `hands` are there if they were looked for.
    """
    record = {
        'input': name,
        'frame': index,
        'time': _rounded(frame.time, 6),
        'width': frame.width,
        'height': frame.height,
        'people': [_person_record(person) for person in people],
    }
    if hands is not None:
        record['hands'] = [_hand_record(hand) for hand in hands]
    return record


def _hand_record(hand: TrackedHand) -> dict[str, Any]:
    return {
        'id': hand.id,
        'skeleton_id': hand.skeleton_id,
        'side': hand.side,
        'score': _rounded(hand.score, 4),
        'format': HAND21.name,
        'keypoints': [[_rounded(value, 2) for value in point] for point in hand.keypoints],
        'world': [[_rounded(value, 4) for value in point] for point in hand.world],
    }


def _person_record(person: Person) -> dict[str, Any]:
    box = person.box
    keypoints = [
        [_rounded(x, 2), _rounded(y, 2), _rounded(score, 4), int(state)]
        for (x, y), score, state in zip(person.keypoints, person.scores, person.states)
    ]
    world: Any = [] if person.world is None else person.world
    record = {
        'id': person.id,
        'score': _rounded(person.score, 4),
        'format': person.topology.name,
        'box': [_rounded(value, 2) for value in (box.x, box.y, box.width, box.height)],
        'keypoints': keypoints,
        'world': [[_rounded(value, 4) for value in point] for point in world],
    }
    if person.positions is not None:
        points = person.positions.points
        record['positions'] = [[_rounded(value, 4) for value in point] for point in points]
    return record


def person_of(record: Mapping[str, Any]) -> Person:
    """Person of one entry of `people` in a line of `frame_record`, without positions.

    ValueError says what is wrong with it.
    """
    check_object(record)
    try:
        rows = _points('keypoints', record['keypoints'], 4)
        return Person(
            topology=topology_named(record['format']),
            keypoints=rows[:, :2].astype(np.float32),
            scores=rows[:, 2].astype(np.float32),
            states=rows[:, 3].astype(np.uint8),
            score=number_in(record, 'score'),
            box=Box(*_points('box', [record['box']], 4)[0].tolist()),
            id=whole_in(record, 'id'),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f'not a person of pose-ros estimate: {error}') from error


def hand_of(record: Mapping[str, Any]) -> TrackedHand:
    """Hand of one entry of `hands` in a line of `frame_record`, without depths.

    ValueError says what is wrong with it.
    """
    check_object(record)
    try:
        return TrackedHand(
            keypoints=_points('keypoints', record['keypoints'], 2).astype(np.float32),
            z=np.zeros(len(HAND21), np.float32),
            world=_points('world', record['world'], 3).astype(np.float32),
            score=number_in(record, 'score'),
            side=record['side'],
            id=whole_in(record, 'id'),
            skeleton_id=whole_in(record, 'skeleton_id'),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f'not a hand of pose-ros estimate: {error}') from error


def _points(key: str, rows: Any, columns: int) -> np.ndarray:
    """Rows of numbers, unknown ones null; ValueError."""
    with suppress(TypeError, ValueError, OverflowError):
        points = np.array(rows, float)
        if points.ndim == 2 and points.shape[1] == columns:
            return points
    raise ValueError(f'{key} must be rows of {columns} numbers, got {reprlib.repr(rows)}')


def event_record(name: str, event: MotionEvent) -> dict[str, Any]:
    """One line of the JSON output of ``pose-ros analyse``.

    First what every event has, then what only those of its kind have. Times and durations [s] to
    a millisecond, other numbers to a ten-thousandth; what is not finite is null.
    """
    return {
        'input': name,
        'time': _rounded(event.time, 3),
        'kind': event.kind,
        'name': event.name,
        'phase': event.phase,
        'skeleton_id': event.skeleton_id,
        'hand_id': event.hand_id,
        'hand': event.hand,
        'score': _rounded(event.score, 4),
        'duration': _rounded(event.duration, 3),
        **_plain(event.details),
    }


def event_of(record: Mapping[str, Any]) -> MotionEvent:
    """Event of one line of `event_record`; ValueError says what is wrong with it."""
    check_object(record)
    missing = [key for key in _EVENT if key not in record and key not in _OPTIONAL]
    if missing:
        raise ValueError(f'not an event of pose-ros analyse: it has no {missing[0]!r}')
    if record['kind'] not in KINDS:
        raise ValueError(f'kind must be one of {", ".join(KINDS)}, got {record["kind"]!r}')
    for key in ('name', 'phase'):
        text_in(record, key)
    for key in ('time', 'score', 'duration'):
        number_in(record, key)
    whole_in(record, 'skeleton_id')
    details = {key: value for key, value in record.items() if key not in (*_EVENT, 'input')}
    values = {key: record[key] for key in _EVENT if key in record}
    return MotionEvent(**values, details=details)


def _plain(value: Any) -> Any:
    """Value as JSON has it."""
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    # numpy's numbers are no subclasses of Python's, but for float64.
    if isinstance(value, (float, np.floating)):
        return _rounded(value, 4)
    return bool(value) if isinstance(value, np.bool_) else value


def _rounded(value: float | np.floating, digits: int) -> float | None:
    value = float(value)
    return round(value, digits) if math.isfinite(value) else None
