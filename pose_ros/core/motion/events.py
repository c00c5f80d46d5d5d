"""What people do as events: what begins, ends or is complete, of every kind alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
import math
from typing import Any

from pose_ros.core.motion.exercises import ExerciseState
from pose_ros.core.motion.falls import Fall
from pose_ros.core.motion.gestures import Gesture, Phase
from pose_ros.core.motion.per_person import PerPerson
from pose_ros.core.motion.posture import Posture, PostureState

KINDS = ('gesture', 'fall', 'posture', 'exercise')


@dataclass(frozen=True)
class MotionEvent:
    """One event of one person.

    Attributes
    ----------
    time
        Stamp of the picture that it rests on [s].
    kind
        One of `KINDS`.
    name
        Of the gesture, posture or exercise; 'fall'.
    phase
        'started' or 'ended' of gestures and postures; 'falling', 'fallen', 'recovered' or
        'closed'; 'repetition', complete at this time.
    person
        The id.
    hand
        'none', 'left', 'right' or 'both'; the person's own.
    score
        0 to 1.
    duration
        Since the gesture, posture or fall began; of the repetition [s].
    details
        What only this kind has, by name.
    """

    time: float
    kind: str
    name: str
    phase: str
    person: int
    hand: str = 'none'
    score: float = 1.0
    duration: float = 0.0
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The name with its hand, as people would say it; a name may hold its hand."""
        return title_of(self.name, self.hand)


def title_of(name: str, hand: str = 'none') -> str:
    """A name with its hand, as people would say it."""
    words = name.replace('_', ' ')
    return words if hand == 'none' or hand in words.split() else f'{words} ({hand})'


def gesture_events(gestures: Sequence[Gesture], stamp: float) -> list[MotionEvent]:
    """Gestures that begin or end."""
    return [
        MotionEvent(
            time=stamp,
            kind='gesture',
            name=gesture.name,
            phase=gesture.phase.name.lower(),
            person=gesture.person_id,
            hand=gesture.hand.name.lower(),
            score=gesture.score,
            duration=gesture.duration,
            details={'direction': gesture.direction} if any(gesture.direction) else {},
        )
        for gesture in gestures
        if gesture.phase is not Phase.HELD
    ]


def fall_events(falls: Sequence[Fall], stamp: float) -> list[MotionEvent]:
    """Falls, which all are events."""
    return [
        MotionEvent(
            time=stamp,
            kind='fall',
            name='fall',
            phase=fall.phase.name.lower(),
            person=fall.person_id,
            score=fall.confidence,
            duration=fall.duration,
            details={
                'onset': fall.onset,
                'landing': fall.landing,
                'peak_descent_rate': fall.peak_descent_rate,
                'lost': fall.lost,
            },
        )
        for fall in falls
    ]


def exercise_events(states: Sequence[ExerciseState], stamp: float) -> list[MotionEvent]:
    """Repetitions that are complete."""
    return [
        MotionEvent(
            time=stamp,
            kind='exercise',
            name=state.exercise,
            phase='repetition',
            person=state.person_id,
            score=state.confidence,
            duration=state.outward_time + state.turn_time + state.return_time,
            details={
                'repetitions': state.repetitions,
                'full': state.full.name.lower(),
                'extreme': state.extreme,
                'outward_time': state.outward_time,
                'turn_time': state.turn_time,
                'return_time': state.return_time,
                'faults': [
                    {
                        'name': fault.name,
                        'certain': fault.certain,
                        'value': fault.value,
                        'limit': fault.limit,
                        'standard_deviation': fault.deviation,
                    }
                    for fault in state.faults
                ],
            },
        )
        for state in states
        if state.repetition_done
    ]


@dataclass
class _Kept:
    """The posture of one person that was reported last."""

    state: PostureState | None = None


class PostureChanges:
    """Tells when people take and leave a posture; an unknown one is none.

    Parameters
    ----------
    grace
        A person may be away for this long before the posture ends [s].
    """

    def __init__(self, grace: float = 1.0) -> None:
        self._people: PerPerson[_Kept] = PerPerson(_Kept, grace)

    def observe(self, states: Sequence[PostureState], stamp: float) -> list[MotionEvent]:
        """Changes in one picture, and the end of the postures of people gone."""
        gone = self._people.leave(stamp)
        events = [event for _, last in gone for event in _ended(last.state, stamp)]
        for state in states:
            kept = self._people.take(state.person_id, stamp)
            if kept is None:
                continue
            if kept.state is None or kept.state.posture is not state.posture:
                events += _ended(kept.state, stamp)
                if state.posture is not Posture.UNKNOWN:
                    events.append(_posture_event(state, 'started', stamp))
            kept.state = state
        return events

    def finish(self, stamp: float) -> list[MotionEvent]:
        """End the postures of all."""
        gone = self._people.leave(math.inf)
        return [event for _, last in gone for event in _ended(last.state, stamp)]


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
        person=state.person_id,
        score=state.confidence,
        duration=state.duration,
    )
