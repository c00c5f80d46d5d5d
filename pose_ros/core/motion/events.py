"""Events of motion in one form: what begins, ends or is complete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from enum import Enum
from typing import Any

from pose_ros.core.body.posture import Posture
from pose_ros.core.motion.exercises import ExerciseState
from pose_ros.core.motion.falls import Fall
from pose_ros.core.motion.gestures import Gesture, Phase
from pose_ros.core.motion.posture_observer import PostureReader, PostureState

KINDS = ('gesture', 'fall', 'posture', 'exercise')


@dataclass(frozen=True)
class MotionEvent:
    """One event of one person.

    Attributes
    ----------
    time
        Stamp of the frame [s].
    kind
        One of `KINDS`.
    name
        Of the gesture, posture or exercise; 'fall'.
    phase
        'started' or 'ended' of gestures and postures; 'falling', 'fallen', 'recovered' or
        'closed'; 'repetition', complete at this time.
    skeleton_id
        Of the person; 0 for a hand without a person.
    hand
        'none', 'left', 'right' or 'both'; the person's own.
    score
        0 to 1.
    duration
        Since the gesture, posture or fall began; of the repetition [s].
    hand_id
        Of the hand without a person; 0 for an event of a person.
    details
        What only this kind has, by name.
    """

    time: float
    kind: str
    name: str
    phase: str
    skeleton_id: int
    hand: str = 'none'
    score: float = 1.0
    duration: float = 0.0
    hand_id: int = 0
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def subject(self) -> int:
        """Id of the person; of a hand without a person its id as a negative number."""
        return self.skeleton_id or -self.hand_id

    @property
    def title(self) -> str:
        """The name with its hand, as people would say it; a name may hold its hand."""
        return title_with_hand(self.name, self.hand)


def subject_label(subject: int) -> str:
    """Number of a person, or 'hand' and the number of a hand without a person."""
    return f'{subject}' if subject >= 0 else f'hand {-subject}'


def title_with_hand(name: str, hand: str = 'none') -> str:
    """A name with its hand, as people would say it."""
    words = name.replace('_', ' ')
    return words if hand == 'none' or hand in words.split() else f'{words} ({hand})'


def person_label(fall: str, posture: str, gestures: str, exercise: str) -> str:
    """Lines beside a person: the fall or else the posture, gestures, exercise."""
    return '\n'.join(filter(None, (fall or posture, gestures, exercise)))


def describe_event(event: MotionEvent) -> str:
    """Name of an event, its hand, and what only this kind tells."""
    words, details = event.title, event.details
    if event.phase == 'retracted':
        words = f'{words} {details["repetitions"]}'
    elif event.kind == 'exercise':
        depth = {'yes': [], 'no': ['not full'], 'uncertain': ['full?']}[details['range_reached']]
        faults = [
            fault['name'] if fault['certain'] else f'{fault["name"]}?'
            for fault in details['faults']
        ]
        words = ', '.join((f'{words} {details["repetitions"]}', *depth, *faults))
    elif event.kind == 'fall' and details['lost']:
        words += ', out of sight'
    return words.replace('_', ' ')


def gesture_events(gestures: Sequence[Gesture], stamp: float) -> list[MotionEvent]:
    """Gestures that begin or end."""
    return [
        MotionEvent(
            time=stamp,
            kind='gesture',
            name=gesture.name,
            phase=gesture.phase.name.lower(),
            skeleton_id=gesture.skeleton_id,
            hand=gesture.hand.name.lower(),
            score=gesture.score,
            duration=gesture.duration,
            hand_id=gesture.hand_id,
            details={'direction': gesture.direction} if any(gesture.direction) else {},
        )
        for gesture in gestures
        if gesture.phase is not Phase.HELD
    ]


def fall_events(falls: Sequence[Fall], stamp: float) -> list[MotionEvent]:
    """All phases of falls."""
    return [
        MotionEvent(
            time=stamp,
            kind='fall',
            name='fall',
            phase=fall.phase.name.lower(),
            skeleton_id=fall.skeleton_id,
            score=fall.confidence,
            duration=fall.duration,
            details=_details(fall, ('skeleton_id', 'phase', 'confidence', 'duration')),
        )
        for fall in falls
    ]


def exercise_events(states: Sequence[ExerciseState], stamp: float) -> list[MotionEvent]:
    """Repetitions that are complete, and sets that are taken back."""
    shown = (
        *('skeleton_id', 'exercise', 'phase', 'repetition_done', 'angle', 'confidence'),
        'retracted',
    )
    return [
        MotionEvent(
            time=stamp,
            kind='exercise',
            name=state.exercise,
            phase='retracted' if state.retracted else 'repetition',
            skeleton_id=state.skeleton_id,
            score=state.confidence,
            duration=state.outward_time + state.turn_time + state.return_time,
            details=_details(state, shown),
        )
        for state in states
        if state.repetition_done or state.retracted
    ]


def _details(value: Any, shown: Sequence[str] = ()) -> dict[str, Any]:
    """Fields of a value that the event does not show itself, by name."""
    return {f.name: _plain(getattr(value, f.name)) for f in fields(value) if f.name not in shown}


def _plain(value: Any) -> Any:
    """Value as JSON has it."""
    if isinstance(value, Enum):
        return value.name.lower()
    if is_dataclass(value):
        return _details(value)
    return [_plain(one) for one in value] if isinstance(value, tuple) else value


class PostureChanges:
    """Postures that people take and leave; UNKNOWN is not reported."""

    def __init__(self) -> None:
        self._last: dict[int, tuple[float, PostureState]] = {}

    def take(self, states: Sequence[PostureState], stamp: float) -> list[MotionEvent]:
        """Changes in one frame, and the end of the postures of people who are away."""
        away = [i for i, (seen, _) in self._last.items() if stamp - seen > PostureReader.grace]
        events = [event for i in away for event in _ended(self._last.pop(i)[1], stamp)]
        for state in states:
            _, last = self._last.get(state.skeleton_id, (stamp, None))
            if last is None or last.posture is not state.posture:
                events += _ended(last, stamp)
                if state.posture is not Posture.UNKNOWN:
                    events.append(_posture_event(state, 'started', stamp))
            self._last[state.skeleton_id] = stamp, state
        return events

    def finish(self, stamp: float) -> list[MotionEvent]:
        """End the postures of all people."""
        last, self._last = self._last, {}
        return [event for _, state in last.values() for event in _ended(state, stamp)]


class EventStream:
    """Turns what observers report into events, frame by frame."""

    def __init__(self) -> None:
        self._postures = PostureChanges()

    def take(self, values: Mapping[str, Sequence[Any]], stamp: float) -> list[MotionEvent]:
        """Events of one frame.

        Parameters
        ----------
        values
            What each observer reports, by its name.
        stamp
            Of the frame [s].
        """
        return [
            *self._postures.take(values.get('postures', ()), stamp),
            *fall_events(values.get('falls', ()), stamp),
            *exercise_events(values.get('exercises', ()), stamp),
            *gesture_events(values.get('gestures', ()), stamp),
            *gesture_events(values.get('learned', ()), stamp),
        ]

    def finish(self, stamp: float) -> list[MotionEvent]:
        """End what goes on, after the last frame."""
        return self._postures.finish(stamp)


def _ended(state: PostureState | None, stamp: float) -> list[MotionEvent]:
    if state is None or state.posture is Posture.UNKNOWN:
        return []
    return [_posture_event(state, 'ended', stamp)]


def _posture_event(state: PostureState, phase: str, stamp: float) -> MotionEvent:
    return MotionEvent(
        time=stamp,
        kind='posture',
        name=state.posture.name.lower(),
        phase=phase,
        skeleton_id=state.skeleton_id,
        score=state.confidence,
        duration=state.duration,
    )
