"""Exercises of people over time: repetitions, depth, form and tempo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math

from pose_ros.core.body.state import BodyState
from pose_ros.core.motion.exercise_rules import Exercise, load_exercises
from pose_ros.core.motion.exercise_tracker import Counter, ExerciseTracker
from pose_ros.core.motion.observer import AUTO, NONE, MotionConfig, Observer
from pose_ros.core.motion.repetition import Fault, Repetition, Verdict
from pose_ros.core.motion.repetition_counter import ExercisePhase
from pose_ros.core.names import unknown_name
from pose_ros.core.resources import config_file

__all__ = ['AUTO', 'ExerciseCounter', 'ExercisePhase', 'ExerciseState', 'Fault', 'Verdict']


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
            raise ValueError(unknown_name('exercise', exercise, (AUTO, NONE, *self.names)))

    def choose(self, exercise: str) -> None:
        """Count an exercise, `AUTO` or `NONE`, from now on, from zero; ValueError if unknown."""
        self._check(exercise)
        self.exercise = exercise
        self._trackers: dict[int, ExerciseTracker] = {}

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
            exercises = [
                each
                for each in self._exercises.values()
                if (each.auto if recognise else each.name == self.exercise)
            ]
            self._trackers[body.id] = ExerciseTracker(exercises, recognise)
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
        """Forget a person; a hold or a repetition nearly back is complete."""
        tracker = self._trackers.pop(skeleton_id, None)
        counter = None if tracker is None else tracker.finish()
        if counter is None:
            return []
        return [_state(skeleton_id, counter, counter.count, counter.done)]


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
    skeleton_id: int, counter: Counter, count: int, done: Repetition | None
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
        counter.hold_time,
    )
