"""Repetitions of one exercise, counted."""

from __future__ import annotations

from collections import deque
from enum import IntEnum
import math
from statistics import median

from pose_ros.core.body.form import Form, Reading
from pose_ros.core.motion.exercise_rules import Exercise
from pose_ros.core.motion.repetition import (
    TURN,
    Repetition,
    RepetitionSample,
    RepetitionTrace,
    SetEvidence,
    mean_reading,
)

# The leading angle is a mean over this time [s]: less than the fastest turn.
_SMOOTHING = 0.12
# The turn has come when the progress in _STILL is less than this share of the way [-].
_GAIN = 0.1
# Time of little progress that marks the turn [s].
_STILL = 0.2
# Many people do not go all the way back to the start. A repetition is also complete where the
# leading angle turned around within this share of the way out [-]. Ours: inline lunges in UI-PRMD.
_BACK = 0.4
# Nor may it stay beyond this share of the way that a repetition must go [-].
_MAX_BACK = 0.75
# It turned around when it has gone out again by this share of the way [-],
_OUT_AGAIN = 0.3
# or when it has rested for this time [s].
_RESTED = 0.6
# Minimum way of a repetition, as a share of the person's median way with this side [-].
_MIN_OF_MEDIAN = 0.45
# Number of repetitions from which on that median counts.
_MIN_WAYS = 2
# Time before a repetition that belongs to its start [s]: real people bend their hips up to half a
# second before their knees.
_START = 0.75
# Maximum time without the leading angle within a repetition [s].
_MAX_UNSEEN = 1.0


class ExercisePhase(IntEnum):
    """Phase of a repetition; the values are those of ``ExerciseState.msg``."""

    READY = 0
    OUTWARD = 1
    TURN = 2
    RETURN = 3


class RepetitionCounter:
    """Counts one exercise of one person.

    A repetition goes from the start beyond the level where it counts, and back to the start.
    Between the two levels nothing is decided: that is the hysteresis.

    Parameters
    ----------
    exercise
        What is counted.
    tolerance
        How many standard deviations off its limits a need may be: 0 to tell exercises from each
        other, more where it is known which one is being done.

    Attributes
    ----------
    count
        Complete repetitions.
    phase
        Where in one the person is.
    angle
        The leading angle now [deg]; NaN if it is not seen.
    done
        The repetition that the last sample completed, or None.
    unmistakable
        Whether the last complete repetition was enough to recognise the exercise.
    set_evidence
        Of the last complete repetition, as `RepetitionTrace.set_evidence`.
    missed
        Whether the last sample completed something that went as far and took long enough, but
        was something else.
    started
        When the repetition under way, or the last one, left the start [s].
    done_from
        When the last complete repetition left the start [s].
    """

    holding = False
    hold_time = 0.0

    def __init__(self, exercise: Exercise, tolerance: float = 0.0) -> None:
        self.exercise = exercise
        self._tolerance = tolerance
        self.count = 0
        self.phase = ExercisePhase.READY
        self.angle = math.nan
        self.done: Repetition | None = None
        self.unmistakable = False
        self.set_evidence: tuple[SetEvidence, ...] = ()
        self.missed = False
        self.started = -math.inf
        self.done_from = -math.inf
        self._recent: deque[tuple[float, Reading]] = deque()
        self._before: deque[RepetitionSample] = deque()
        self._trace: list[RepetitionSample] = []
        self._seen = math.inf  # not yet
        self._from_start = exercise.from_turn == 'first'
        self._best = 0.0
        self._gain = (0.0, -math.inf)
        self._nearest: RepetitionSample | None = None  # to the start, since the best sample
        self._ways: deque[tuple[bool, float]] = deque(maxlen=8)  # with the side

    def update(self, stamp: float, form: Form) -> None:
        """Take in a person's form at a time [s]."""
        self.done, self.missed = None, False
        if stamp - self._seen > _MAX_UNSEEN:
            self._drop()
        sample = self._take(stamp, form)
        if sample is None:
            return
        self._seen = stamp
        if sample.progress <= 0.0:
            self._at_start(sample)
        else:
            self._under_way(sample)

    def finish(self) -> None:
        """Complete a repetition that is nearly back: the person is not seen any more."""
        self.done, self.missed = None, False
        if self._trace and self._near_start(self._trace[-1]):
            self._complete(self._trace[-1])

    @property
    def goes_far(self) -> bool:
        """Whether the repetition under way has gone far enough to count."""
        return bool(self._trace) and self._best >= 1.0

    @property
    def turned(self) -> bool:
        """Whether the repetition under way has gone far enough, and reached its turn."""
        return self.goes_far and self.phase in (ExercisePhase.TURN, ExercisePhase.RETURN)

    @property
    def completing(self) -> bool:
        """Whether the repetition under way has turned and meets all needs so far."""
        return self.turned and self._left_start and self._repetition.meets_needs(self._tolerance)

    def judge(self) -> Repetition:
        """Judge the repetition that is done, or the one under way; faults from its turn on."""
        if self.done is not None:
            return self.done
        return self._repetition.judge(self.exercise.faults if self.turned else ())

    def restart(self, count: int) -> None:
        """Go on counting from a number: the last so many repetitions, which tell what is usual."""
        self.count = count
        self._ways = deque(list(self._ways)[-count:], maxlen=self._ways.maxlen)

    def _take(self, stamp: float, form: Form) -> RepetitionSample | None:
        """What is seen of the exercise now; None if the leading angle is not."""
        leading = self.exercise.leads.reading(form)
        if leading is None:
            self.angle = math.nan
            return None
        self._recent.append((stamp, leading))
        while stamp - self._recent[0][0] > _SMOOTHING:
            self._recent.popleft()
        smooth = mean_reading([reading for _, reading in self._recent])
        self.angle = smooth.value
        # As far as is certain: an angle that is hardly known makes no repetition.
        start = self.exercise.start
        towards = min(max(start - smooth.value, -smooth.deviation), smooth.deviation)
        progress = self.exercise.progress(smooth.value + towards)
        exercise = self.exercise
        measures = exercise.way_measures if progress > 0.0 else exercise.start_measures
        if not (self._trace or self._before):
            measures |= exercise.start_measures
        readings = {measure.name: measure.reading(form) for measure in measures}
        return RepetitionSample(stamp, progress, self.angle, leading, readings)

    def _drop(self) -> None:
        """Forget the repetition under way."""
        self._trace.clear()
        self._before.clear()
        self._recent.clear()
        self._from_start = False
        self.phase = ExercisePhase.READY

    def _at_start(self, sample: RepetitionSample) -> None:
        """Take a sample at the start: perhaps a repetition is complete."""
        self._complete(sample)
        self._before.append(sample)
        while sample.stamp - self._before[0].stamp > _START:
            self._before.popleft()

    def _complete(self, sample: RepetitionSample) -> None:
        """Count the repetition under way, which ends with this sample, if it is one."""
        if self._trace and self._left_start and self._best >= self._min_progress():
            took = sample.stamp - self.started
            fits = self._repetition.meets_needs(self._tolerance)
            # What is faster comes of errors.
            self.missed = not fits and took >= self.exercise.seconds.low
            if fits and took in self.exercise.seconds:
                self.done_from = self.started
                self._trace.append(sample)
                self._ways.append((self._repetition.of_left, self._best))
                self.count += 1
                self.unmistakable = self._repetition.unmistakable
                self.set_evidence = self._repetition.set_evidence
                self.done = self._repetition.judge(self.exercise.faults)
        self._trace.clear()
        self._from_start = True
        self.phase = ExercisePhase.READY

    @property
    def _repetition(self) -> RepetitionTrace:
        """What was seen of the repetition under way."""
        return RepetitionTrace(self.exercise, self._before, self._trace, self._best, self.started)

    @property
    def _left_start(self) -> bool:
        """Whether the motion under way began at the start, or near it as a recording may."""
        if self._from_start or self.exercise.from_turn == 'always':
            return True
        return self._trace[0].progress <= _BACK * self._best

    def _min_progress(self) -> float:
        """Progress that makes a repetition: half of one is a movement between two others.

        Of legs that take turns, each is compared with itself: seen from the front, lunges of one
        leg look deeper.
        """
        of_left = self._repetition.of_left
        ways = [way for side, way in self._ways if side is of_left]
        return max(1.0, _MIN_OF_MEDIAN * median(ways)) if len(ways) >= _MIN_WAYS else 1.0

    def _under_way(self, sample: RepetitionSample) -> None:
        """Take a sample away from the start."""
        self._follow(sample)
        end = self._end(sample)
        if end is not None and self._best >= self._min_progress():
            self._split(end)
            return
        best = self._best
        _, when = self._gain
        if sample.progress < TURN * best:
            self.phase = ExercisePhase.RETURN
        elif best >= 1.0 and sample.stamp - when > _STILL:
            self.phase = ExercisePhase.TURN
        else:
            self.phase = ExercisePhase.OUTWARD
        if sample.stamp - self.started > self.exercise.seconds.high:
            # A person who stays here does something else, or rests.
            self._from_start = False
            self._trace = self._trace[len(self._trace) // 2 :]
            self.started = self._trace[0].stamp

    def _follow(self, sample: RepetitionSample) -> None:
        """Add a sample to the repetition under way."""
        if not self._trace:
            if not self._before and sample.progress < 1.0:
                self._before.append(sample)  # a recording may begin near the start
            self.started = sample.stamp
            self._best, self._gain, self._nearest = 0.0, (0.0, sample.stamp), sample
        self._trace.append(sample)
        if sample.progress >= self._best:
            self._best, self._nearest = sample.progress, sample
        elif self._nearest is None or sample.progress < self._nearest.progress:
            self._nearest = sample
        gained, _ = self._gain
        if sample.progress > gained + _GAIN * self._best:
            self._gain = sample.progress, sample.stamp

    def _end(self, sample: RepetitionSample) -> RepetitionSample | None:
        """Sample near the start after which the person rests or goes out again, if any."""
        nearest = self._nearest
        if nearest is None or not self._near_start(nearest):
            return None
        again = sample.progress - nearest.progress > _OUT_AGAIN * self._best
        return nearest if again or sample.stamp - nearest.stamp > _RESTED else None

    def _near_start(self, sample: RepetitionSample) -> bool:
        """Whether a repetition may end at a sample."""
        return sample.progress <= min(_MAX_BACK, _BACK * self._best)

    def _split(self, end: RepetitionSample) -> None:
        """Complete the repetition at a sample; the rest begins the next one."""
        trace = self._trace
        self._trace = [sample for sample in trace if sample.stamp < end.stamp]
        self._complete(end)
        self._before = deque(s for s in trace if -_START / 3 < s.stamp - end.stamp <= 0)
        for sample in trace:
            if sample.stamp > end.stamp:
                self._follow(sample)
