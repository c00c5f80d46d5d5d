"""Exercises of people over time: repetitions, depth, form and tempo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
import math

from pose_ros.core.body.form import Form
from pose_ros.core.body.points import UnseenError
from pose_ros.core.body.state import BodyState
from pose_ros.core.motion.exercise_rules import Exercise, load_exercises
from pose_ros.core.motion.observer import AUTO, MotionConfig, Observer
from pose_ros.core.motion.repetition import Fault, Repetition, Verdict
from pose_ros.core.motion.repetition_counter import ExercisePhase, RepetitionCounter
from pose_ros.core.resources import config_file

__all__ = ['AUTO', 'ExerciseCounter', 'ExercisePhase', 'ExerciseState', 'Fault', 'Verdict']

NONE = 'none'
"""Instead of an exercise's name: count nothing."""

# Number of repetitions in a row after which an exercise is recognised: a single one may be
# anything.
_RECOGNISED = 2
# Maximum pause between the repetitions by which an exercise is recognised [s].
_MAX_PAUSE = 4.0
# People who stay at the turning point for this much longer than the ways there and back take sit
# down or tie a shoe [s].
_STAYS = 0.5
# A set ends after this time without a repetition [s].
_SET_TIMEOUT = 8.0
# Tolerance for the needs of a chosen exercise [standard deviations].
_DOUBT = 1.0


@dataclass(frozen=True)
class ExerciseState:
    """How one person does an exercise, at one time.

    Attributes
    ----------
    skeleton_id
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
    peak_angle
        The leading angle nearest to its goal [rad]; NaN at the start.
    range_reached
        Whether the goal (depth, lock-out) was reached.
    confidence
        0 to 1, of the angles that all of this rests on.
    outward_time, turn_time, return_time
        [s].
    faults
        Those seen.
    hold_time
        Of the current or last hold [s]; 0 for repetitions.
    retracted
        Whether the exercise was another motion: its repetitions in this set do not count.
    """

    skeleton_id: int
    exercise: str
    phase: ExercisePhase
    repetitions: int
    repetition_done: bool
    angle: float
    peak_angle: float
    range_reached: Verdict
    confidence: float
    outward_time: float
    turn_time: float
    return_time: float
    faults: tuple[Fault, ...] = ()
    hold_time: float = 0.0
    retracted: bool = False


class ExerciseCounter(Observer):
    """Counts repetitions and judges their form.

    Parameters
    ----------
    exercise
        Name of an exercise, `AUTO` or `NONE`.
    exercises
        The known ones; None for those of config/exercises.yaml.
    grace
        Maximum time that a person may be away without losing the count [s].
    """

    name = 'exercises'

    def __init__(
        self,
        exercise: str = AUTO,
        exercises: Sequence[Exercise] | None = None,
        grace: float = 2.0,
    ) -> None:
        if exercises is None:
            exercises = load_exercises(config_file('exercises.yaml'))
        self.grace = grace
        self._exercises = {each.name: each for each in exercises}
        self.choose(exercise)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the known exercises."""
        return tuple(self._exercises)

    def check(self, config: MotionConfig) -> None:
        """ValueError unless it names a known exercise, `AUTO` or `NONE`."""
        self._check(config.exercise)

    def configure(self, config: MotionConfig) -> None:
        """Count the exercise; from zero if it is another one than before."""
        if config.exercise != self.exercise:
            self.choose(config.exercise)

    def _check(self, exercise: str) -> None:
        if exercise not in (AUTO, NONE, *self.names):
            known = ', '.join((AUTO, NONE, *self.names))
            raise ValueError(f'unknown exercise {exercise!r}, known are: {known}')

    def choose(self, exercise: str) -> None:
        """Count an exercise, `AUTO` or `NONE`, from now on, from zero; ValueError if unknown."""
        self._check(exercise)
        self.exercise = exercise
        self._trackers: dict[int, _ExerciseTracker] = {}

    def observe(self, body: BodyState) -> list[ExerciseState]:
        """State of a person's exercise; with `AUTO`, of the one that has been recognised.

        None while the person does something else. When an exercise is recognised, there is one
        state for each of the repetitions until then, in their order, after the one that takes
        back another exercise if they were counted as that.
        """
        if self.exercise == NONE:
            return []
        if body.id not in self._trackers:
            recognise = self.exercise == AUTO
            names = self.names if recognise else (self.exercise,)
            exercises = [self._exercises[name] for name in names]
            self._trackers[body.id] = _ExerciseTracker(exercises, recognise)
        tracker = self._trackers[body.id]
        counter = tracker.update(body.stamp, body.form)
        retracted = tracker.retracted
        states = [] if retracted is None else [_retraction(body.id, *retracted)]
        if counter is None:
            return states
        return [
            *states,
            *(_state(body.id, counter, i, done) for i, done in enumerate(tracker.unreported, 1)),
            _state(body.id, counter, counter.count, counter.done),
        ]

    def lose(self, skeleton_id: int, stamp: float) -> list[ExerciseState]:
        """Forget a person."""
        self._trackers.pop(skeleton_id, None)
        return []


@dataclass
class _Candidate:
    """One exercise of one person, in the search for the one being done.

    Attributes
    ----------
    counter
        Of the exercise.
    last
        When its last repetition was complete [s].
    series
        Those that came one right after the other, with the time at which each began [s].
    waits
        Whether an exercise of higher priority may come of the same motion.
    """

    counter: RepetitionCounter
    last: float = -math.inf
    series: list[tuple[float, Repetition]] = field(default_factory=list)
    waits: bool = False

    @property
    def news(self) -> bool:
        """Whether it has a repetition in this frame, or had while it waits."""
        return self.waits or self.counter.done is not None

    def set_since(self, stamp: float) -> list[Repetition]:
        """Repetitions that began since a time [s]; none if they are too few for a set."""
        found = [done for start, done in self.series if start >= stamp]
        moved = sum(not _stays(done) for done in found)
        enough = moved >= _RECOGNISED or (moved > 0 and self.counter.unmistakable)
        return found if enough else []

    def update(self, stamp: float, form: Form) -> None:
        """Take in a person's form at a time [s]."""
        self.counter.update(stamp, form)
        done = self.counter.done
        if self.counter.missed:
            # Arms that are raised and lowered go the way of a press every other time.
            self.series = []
        if done is None:
            return
        if _stays(done) or self.counter.done_from - self.last > _MAX_PAUSE:
            self.series = []
        self.series.append((self.counter.done_from, done))
        self.last = stamp

    def idle(self, stamp: float) -> bool:
        """Whether nothing has come of the exercise for a while."""
        quiet = stamp - max(self.last, self.counter.started) > _SET_TIMEOUT
        return quiet and self.counter.phase is ExercisePhase.READY

    def gives_way(self, other: _Candidate) -> bool:
        """Whether the person does another exercise since the last repetition of this one."""
        counter = self.counter
        if counter.missed:
            return True
        if counter.phase is ExercisePhase.READY and other.counter.turned:
            return other.counter.started > max(self.last, counter.started)
        completes = other.counter.done is not None and not counter.goes_far
        return completes and other.counter.started >= self.last


def _stays(done: Repetition) -> bool:
    """Whether a person stayed at the turning point, as people do who sit down or tie a shoe."""
    return done.turn_time > done.outward_time + done.return_time + _STAYS


class _ExerciseTracker:
    """One person and the exercises that are counted.

    Attributes
    ----------
    unreported
        Repetitions until now of an exercise that has been recognised in this frame.
    retracted
        Exercise whose set was another motion, as this frame showed, and its repetitions; or None.
    """

    def __init__(self, exercises: Sequence[Exercise], recognise: bool) -> None:
        self._candidates = [
            _Candidate(
                RepetitionCounter(exercise)
                if recognise
                else RepetitionCounter(exercise.chosen(), _DOUBT)
            )
            for exercise in exercises
        ]
        self._recognise = recognise
        self._current = None if recognise else self._candidates[0]
        self._elsewhere = False  # whether the person does something else than the current one
        self.unreported: list[Repetition] = []
        self.retracted: tuple[Exercise, int] | None = None

    def update(self, stamp: float, form: Form) -> RepetitionCounter | None:
        """Take a frame; the counter of the exercise that is being done, None if there is none."""
        self.unreported, self.retracted = [], None
        try:
            _ = form.torso
        except UnseenError:
            return None
        for candidate in self._candidates:
            candidate.update(stamp, form)
        if self._recognise:
            self._follow(stamp)
        return None if self._current is None or self._elsewhere else self._current.counter

    def _follow(self, stamp: float) -> None:
        """Recognise an exercise by its repetitions, and its end by their absence."""
        current = self._current
        if current is not None and current.idle(stamp):
            self._current = current = None
        for index, candidate in enumerate(self._candidates):
            candidate.waits &= candidate is not current
            if not candidate.news or candidate is current:
                continue
            # The same motion may be about to complete an exercise of higher priority.
            candidate.waits = any(c.counter.completing for c in self._candidates[:index])
            if candidate.waits:
                continue
            found = candidate.set_since(-math.inf if current is None else current.last)
            longer = candidate.set_since(-math.inf)
            if current is not None and len(longer) > max(current.counter.count, len(found)):
                self.retracted = current.counter.exercise, current.counter.count
                found = longer
            if found:
                candidate.counter.restart(len(found))
                self._current = current = candidate
                # The last one is reported with this frame's state, unless it had to wait.
                self.unreported = found[:-1] if candidate.counter.done else found
        if current is None or current.counter.done is not None:
            self._elsewhere = False
        elif any(current.gives_way(other) for other in self._candidates if other is not current):
            self._elsewhere = True


def _retraction(skeleton_id: int, exercise: Exercise, count: int) -> ExerciseState:
    """State that takes back the repetitions of a set, for they were another motion."""
    nothing = Repetition()
    return ExerciseState(
        skeleton_id,
        exercise.name,
        ExercisePhase.READY,
        count,
        repetition_done=False,
        angle=math.nan,
        peak_angle=math.nan,
        range_reached=nothing.range_reached,
        confidence=nothing.confidence,
        outward_time=nothing.outward_time,
        turn_time=nothing.turn_time,
        return_time=nothing.return_time,
        retracted=True,
    )


def _state(
    skeleton_id: int, counter: RepetitionCounter, count: int, done: Repetition | None
) -> ExerciseState:
    """State of a counter at a count, about the repetition done if there is one."""
    judged = counter.judge() if done is None else done
    return ExerciseState(
        skeleton_id,
        counter.exercise.name,
        counter.phase,
        count,
        done is not None,
        math.radians(min(counter.angle, 180.0)),
        judged.peak_angle,
        judged.range_reached,
        judged.confidence,
        judged.outward_time,
        judged.turn_time,
        judged.return_time,
        judged.faults,
    )
