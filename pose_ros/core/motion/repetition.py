"""What is told about an exercise: the state of a repetition and its faults."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class ExercisePhase(IntEnum):
    """Where in a repetition somebody is; the values are those of ``ExerciseState.msg``."""

    READY = 0
    OUTWARD = 1
    TURN = 2
    RETURN = 3


class Verdict(IntEnum):
    """Whether the goal was reached; the values are those of ``ExerciseState.msg``."""

    NO = 0
    YES = 1
    UNCERTAIN = 2


@dataclass(frozen=True)
class Fault:
    """A fault in the form of a repetition.

    Attributes
    ----------
    name
        As in the rules.
    certain
        False: within the uncertainty of what was measured.
    value
        Measured; [rad] for angles, else a ratio.
    limit
        That it breaks.
    deviation
        Standard deviation of the value.
    """

    name: str
    certain: bool
    value: float
    limit: float
    deviation: float


@dataclass(frozen=True)
class ExerciseState:
    """How one person does an exercise, at one time.

    Attributes
    ----------
    person_id
        Of the person.
    exercise
        Name as in the rules.
    phase
        Where in the repetition.
    repetitions
        Complete ones so far.
    repetition_done
        True at the one time that completes a repetition; what follows is then about that one,
        else about the one under way.
    angle
        The leading angle now [rad]; NaN where it cannot be known.
    extreme
        The leading angle nearest to its goal [rad].
    full
        Whether the goal (depth, lock-out) was reached.
    confidence
        0 to 1, of the angles that all of this rests on.
    outward_time, turn_time, return_time
        [s].
    faults
        Those seen.
    """

    person_id: int
    exercise: str
    phase: ExercisePhase
    repetitions: int
    repetition_done: bool
    angle: float
    extreme: float
    full: Verdict
    confidence: float
    outward_time: float
    turn_time: float
    return_time: float
    faults: tuple[Fault, ...] = ()
