"""Holds of one exercise, timed: a plank has no repetitions."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
import math

from pose_ros.core.body.form import Form
from pose_ros.core.motion.exercise_rules import Exercise
from pose_ros.core.motion.repetition import (
    Repetition,
    RepetitionSample,
    RepetitionTrace,
    Verdict,
)
from pose_ros.core.motion.repetition_counter import ExercisePhase

# A hold ends when its conditions have not been met for this time [s]: models lose a joint for some
# tenths of a second.
_GRACE = 1.0
# Its form is judged over this time [s].
_JUDGED = 3.0
# The leading angle stays within this of its mean [deg]: shallow push-ups of real people move the
# elbows by 30.
_STEADY = 15.0
# Time constant of that mean [s].
_MEAN_TIME = 2.0


class HoldCounter:
    """Times the holds of one exercise of one person; used as `RepetitionCounter`.

    The exercise is held while its needs are met in each frame and its leading angle is steady.

    Parameters
    ----------
    exercise
        What is held, with a minimum time.
    tolerance
        How many standard deviations off its limits a need may be.

    Attributes
    ----------
    count
        Complete holds.
    hold_time
        Of the current or last hold [s].
    """

    missed = False
    unmistakable = True
    set_evidence = ()
    completing = False

    def __init__(self, exercise: Exercise, tolerance: float = 0.0) -> None:
        self.exercise = exercise
        self._tolerance = tolerance
        self.count = 0
        self.angle = math.nan
        self.done: Repetition | None = None
        self.started = self.done_from = -math.inf
        self.hold_time = 0.0
        self._samples: deque[RepetitionSample] = deque()
        self._held = -math.inf
        self._mean = (math.nan, -math.inf)

    @property
    def holding(self) -> bool:
        """Whether it has been held for its minimum time, and still is."""
        return bool(self._samples) and self._held - self.started >= self.exercise.hold

    @property
    def turned(self) -> bool:
        """As `RepetitionCounter.turned`."""
        return self.holding

    @property
    def goes_far(self) -> bool:
        """As `RepetitionCounter.goes_far`."""
        return self.holding

    @property
    def phase(self) -> ExercisePhase:
        """TURN while it is held."""
        return ExercisePhase.TURN if self.holding else ExercisePhase.READY

    def update(self, stamp: float, form: Form) -> None:
        """Take in a person's form at a time [s]."""
        self.done = None
        sample = self._take(stamp, form)
        if sample is not None:
            if not self._samples:
                self.started = stamp
            self._held = stamp
            self._samples.append(sample)
            while stamp - self._samples[0].stamp > _JUDGED:
                self._samples.popleft()
            if self.holding:
                self.hold_time = stamp - self.started
        elif self._samples and stamp - self._held > _GRACE:
            self.finish()

    def finish(self) -> None:
        """End the hold, if there is one."""
        self.done = None
        if self.holding:
            self.done, self.done_from = self.judge(), self.started
            self.count += 1
        self._samples.clear()

    def judge(self) -> Repetition:
        """Judge the hold that is done, or the one under way."""
        if self.done is not None:
            return self.done
        if not self.holding:
            return Repetition()
        trace = RepetitionTrace(self.exercise, (), self._samples, 1.0, self.started)
        return replace(
            trace.judge(self.exercise.faults),
            range_reached=Verdict.YES,
            outward_time=0.0,
            turn_time=self._held - self.started,
            return_time=0.0,
        )

    def restart(self, count: int) -> None:
        """Go on counting from a number."""
        self.count = count

    def _take(self, stamp: float, form: Form) -> RepetitionSample | None:
        """What is seen of the hold now; None if it is not held."""
        leading = self.exercise.leads.reading(form)
        if leading is None:
            self.angle = math.nan
            return None
        self.angle = leading.value
        readings = {measure.name: measure.reading(form) for measure in self.exercise.way_measures}
        sample = RepetitionSample(stamp, 1.0, leading.value, leading, readings)
        trace = RepetitionTrace(self.exercise, (), (sample,), 1.0, stamp)
        if not trace.meets_needs(self._tolerance):
            return None
        mean, last = self._mean
        if not self._samples:
            mean = leading.value
        mean += (leading.value - mean) * -math.expm1((last - stamp) / _MEAN_TIME)
        self._mean = mean, stamp
        return sample if abs(leading.value - mean) <= _STEADY + leading.deviation else None
