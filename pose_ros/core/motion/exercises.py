"""Exercises of people over time: repetitions, depth, form and tempo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math

from pose_ros.core.body.angles import AngleMeter, JointAngles
from pose_ros.core.body.limbs import BoneLengths, Hinges
from pose_ros.core.body.measures import Form
from pose_ros.core.body.pose_geometry import Moment, UnseenError
from pose_ros.core.motion.exercise_rules import Exercise, load_exercises
from pose_ros.core.motion.per_person import PerPerson
from pose_ros.core.motion.repetition import (
    ExercisePhase,
    Fault,
    Repetition,
    RepetitionCounter,
    Verdict,
)
from pose_ros.core.resources import config_file
from pose_ros.core.types import Person

__all__ = ['AUTO', 'ExerciseCoach', 'ExercisePhase', 'ExerciseState', 'Fault', 'Verdict']

AUTO = 'auto'
"""Instead of an exercise's name: recognise which one is being done."""

# An exercise is recognised when it has been done so often, one right after the other: once may be
# anything. Where two fit, for what tells them from each other is not seen, it is the first in the
# file.
_RECOGNISED = 2
# Longest pause between the two [s].
_BETWEEN = 4.0
# Whoever stays at the turning point for so much longer than the ways there and back take sits
# down, or ties a shoe [s].
_STAYS = 0.5
# A set ends after this time without a repetition [s].
_PAUSE = 8.0
# So many standard deviations off its limits, a need of the chosen exercise is believed to be met.
_DOUBT = 1.0


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
        The leading angle nearest to its goal [rad]; NaN at the start.
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


class ExerciseCoach:
    """Counts the repetitions of people and judges their form.

    Parameters
    ----------
    exercise
        Name of an exercise, or `AUTO`.
    exercises
        The known ones; None for those of config/exercises.yaml.
    grace
        For how long a person may be away without being forgotten [s].
    """

    def __init__(
        self,
        exercise: str = AUTO,
        exercises: Sequence[Exercise] | None = None,
        grace: float = 2.0,
    ) -> None:
        if exercises is None:
            exercises = load_exercises(config_file('exercises.yaml'))
        self._exercises = {each.name: each for each in exercises}
        self._grace = grace
        self.choose(exercise)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the known exercises."""
        return tuple(self._exercises)

    def choose(self, exercise: str) -> None:
        """Watch for an exercise, or `AUTO`, from now on, counting from zero.

        ValueError lists the known ones.
        """
        if exercise not in (AUTO, *self.names):
            known = ', '.join((AUTO, *self.names))
            raise ValueError(f'unknown exercise {exercise!r}, known are: {known}')
        self.exercise = exercise
        watched = self.names if exercise == AUTO else (exercise,)
        chosen = [self._exercises[name] for name in watched]
        self._meter = AngleMeter(self._grace)
        self._people = PerPerson(lambda: _Trainee(chosen, exercise == AUTO), self._grace)

    def observe(self, people: Sequence[Person], stamp: float) -> list[ExerciseState]:
        """Take in the people of one frame; those without an id are left out.

        Returns
        -------
        list of ExerciseState
            One for each person; with `AUTO`, for each whose exercise has been recognised.
        """
        self._people.leave(stamp)
        angles = {each.person_id: each for each in self._meter.observe(people, stamp)}
        states = []
        for person in people:
            trainee = self._people.take(person.id, stamp) if person.id else None
            if trainee is not None and person.id in angles:
                counter = trainee.update(stamp, person, angles[person.id])
                if counter is not None:
                    states.append(_state(person.id, counter))
        return states


@dataclass
class _Watch:
    """One exercise of one person, in the search for the one being done.

    Attributes
    ----------
    counter
        Of the exercise.
    last
        When its last repetition was complete [s].
    series
        How many there were, one right after the other.
    """

    counter: RepetitionCounter
    last: float = -math.inf
    series: int = 0

    def update(self, stamp: float, form: Form) -> None:
        """Take in a person's form at a time [s]."""
        self.counter.update(stamp, form)
        done = self.counter.done
        if self.counter.missed:
            # Arms that are raised and lowered go the way of a press every other time.
            self.series = 0
        if done is None:
            return
        if self.counter.started - self.last > _BETWEEN:
            self.series = 0
        stays = done.turn_time > done.outward_time + done.return_time + _STAYS
        self.series = 0 if stays else self.series + 1
        self.last = stamp

    def idle(self, stamp: float) -> bool:
        """Whether nothing has come of the exercise for a while."""
        quiet = stamp - max(self.last, self.counter.started) > _PAUSE
        return quiet and self.counter.phase is ExercisePhase.READY


class _Trainee:
    """One person and the exercises that are counted."""

    def __init__(self, exercises: Sequence[Exercise], recognise: bool) -> None:
        self._lengths, self._hinges = BoneLengths(), Hinges()
        doubt = 0.0 if recognise else _DOUBT
        self._watches = [_Watch(RepetitionCounter(exercise, doubt)) for exercise in exercises]
        self._recognise = recognise
        self._current = None if recognise else self._watches[0]

    def update(
        self, stamp: float, person: Person, angles: JointAngles
    ) -> RepetitionCounter | None:
        """Take in a moment; the counter of the exercise being done, None if there is none."""
        moment = Moment(person)
        self._lengths.update(stamp, moment)
        try:
            _ = self._lengths['trunk']
        except UnseenError:
            return None
        form = Form(moment, self._lengths, self._hinges, angles)
        for watch in self._watches:
            watch.update(stamp, form)
        if self._recognise:
            self._follow(stamp)
        return None if self._current is None else self._current.counter

    def _follow(self, stamp: float) -> None:
        """Recognise an exercise by its repetitions, and its end by their absence."""
        current = self._current
        if current is not None and current.idle(stamp):
            self._current = current = None
        for watch in self._watches:
            if watch.counter.done is None or watch.series < _RECOGNISED or watch is current:
                continue
            if current is None or current.last <= watch.counter.started:
                watch.counter.restart(watch.series)
                self._current = current = watch


def _state(person_id: int, counter: RepetitionCounter) -> ExerciseState:
    """What is told of a counter."""
    judged: Repetition = counter.judge()
    return ExerciseState(
        person_id,
        counter.exercise.name,
        counter.phase,
        counter.count,
        counter.done is not None,
        math.radians(min(counter.angle, 180.0)),
        judged.extreme,
        judged.full,
        judged.confidence,
        judged.outward_time,
        judged.turn_time,
        judged.return_time,
        judged.faults,
    )
