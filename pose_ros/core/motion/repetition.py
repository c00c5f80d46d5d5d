"""Repetitions of one exercise: counted, timed and judged."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
import math
from statistics import median

from pose_ros.core.body.form import Form, Reading
from pose_ros.core.motion.exercise_rules import Exercise, FormRule
from pose_ros.core.motion.rules import Limits

# A fault, or a goal not reached, is certain beyond this [standard deviations].
WRONG = 1.5
# A goal is certainly reached beyond this [standard deviations].
RIGHT = 1.0
# The leading angle is a mean over this time [s]: less than the fastest turn.
_SMOOTHING = 0.12
# The turning point is where at least this share of the way is done [-].
_TURN = 0.85
# Its angle is a mean over this share of the time there, in the middle [-].
_MIDDLE = 0.5
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
# Minimum way of a repetition, as a share of the person's median way [-].
_MIN_OF_MEDIAN = 0.45
# Number of repetitions from which on that median counts.
_MIN_WAYS = 2
# Time before a repetition that belongs to its start [s].
_START = 0.5
# Maximum time without the leading angle within a repetition [s].
_MAX_UNSEEN = 1.0
# Minimum share of the frames in which a measure must be observed [-].
_MIN_OBSERVED = 0.4


class ExercisePhase(IntEnum):
    """Phase of a repetition; the values are those of ``ExerciseState.msg``."""

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
    standard_deviation
        Of the value.
    """

    name: str
    certain: bool
    value: float
    limit: float
    standard_deviation: float


@dataclass(frozen=True)
class Repetition:
    """One repetition, complete or under way.

    Attributes
    ----------
    peak_angle
        Leading angle nearest to its goal [rad]; NaN before anything was seen.
    range_reached
        Whether the goal (depth, lock-out) was reached.
    confidence
        0 to 1, of the angles that all of this rests on.
    outward_time, turn_time, return_time
        To the turning point, at it, and back [s].
    faults
        Those seen.
    """

    peak_angle: float = math.nan
    range_reached: Verdict = Verdict.NO
    confidence: float = 0.0
    outward_time: float = 0.0
    turn_time: float = 0.0
    return_time: float = 0.0
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True)
class _RepetitionSample:
    """One frame of a repetition.

    Attributes
    ----------
    stamp
        [s].
    progress
        Of the smoothed leading angle: 0 at the start, 1 where it counts.
    angle
        The same [deg].
    leading
        The leading angle as measured.
    readings
        By name, of the other measures that are needed at this part of the repetition.
    """

    stamp: float
    progress: float
    angle: float
    leading: Reading
    readings: dict[str, Reading | None]


class RepetitionCounter:
    """Counts one exercise of one person.

    A repetition goes from the start beyond the level where it counts, and back to the start.
    Between the two levels nothing is decided: that is the hysteresis.

    Parameters
    ----------
    exercise
        What is counted.
    doubt
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
    missed
        Whether the last sample completed something that went as far, but was something else.
    started
        When the repetition under way, or the last one, left the start [s].
    done_from
        When the last complete repetition left the start [s].
    """

    def __init__(self, exercise: Exercise, doubt: float = 0.0) -> None:
        self.exercise = exercise
        self._doubt = doubt
        self.count = 0
        self.phase = ExercisePhase.READY
        self.angle = math.nan
        self.done: Repetition | None = None
        self.missed = False
        self.started = -math.inf
        self.done_from = -math.inf
        self._recent: deque[tuple[float, Reading]] = deque()
        self._before: deque[_RepetitionSample] = deque()
        self._trace: list[_RepetitionSample] = []
        self._seen = -math.inf
        self._from_start = False
        self._best = 0.0
        self._gain = (0.0, -math.inf)
        self._nearest: _RepetitionSample | None = None  # to the start, since the best sample
        self._ways: deque[float] = deque(maxlen=8)

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
        return self.turned and self._left_start and all(map(self._meets, self.exercise.needs))

    def judge(self) -> Repetition:
        """Judge the repetition that is done, or the one under way; faults from its turn on."""
        if self.done is not None:
            return self.done
        return self._judge(self.exercise.faults if self.turned else ())

    def restart(self, count: int) -> None:
        """Go on counting from a number: the last so many repetitions, which tell what is usual."""
        self.count = count
        self._ways = deque(list(self._ways)[-count:], maxlen=self._ways.maxlen)

    def _take(self, stamp: float, form: Form) -> _RepetitionSample | None:
        """What is seen of the exercise now; None if the leading angle is not."""
        leading = self.exercise.leads.reading(form)
        if leading is None:
            self.angle = math.nan
            return None
        self._recent.append((stamp, leading))
        while stamp - self._recent[0][0] > _SMOOTHING:
            self._recent.popleft()
        smooth = _mean([reading for _, reading in self._recent])
        self.angle = smooth.value
        # As far as is certain: an angle that is hardly known makes no repetition.
        start = self.exercise.start
        towards = min(max(start - smooth.value, -smooth.deviation), smooth.deviation)
        progress = self.exercise.progress(smooth.value + towards)
        exercise = self.exercise
        measures = exercise.way_measures if progress > 0.0 else exercise.start_measures
        readings = {measure.name: measure.reading(form) for measure in measures}
        return _RepetitionSample(stamp, progress, self.angle, leading, readings)

    def _drop(self) -> None:
        """Forget the repetition under way."""
        self._trace.clear()
        self._before.clear()
        self._recent.clear()
        self._from_start = False
        self.phase = ExercisePhase.READY

    def _at_start(self, sample: _RepetitionSample) -> None:
        """Take a sample at the start: perhaps a repetition is complete."""
        self._complete(sample)
        self._before.append(sample)
        while sample.stamp - self._before[0].stamp > _START:
            self._before.popleft()

    def _complete(self, sample: _RepetitionSample) -> None:
        """Count the repetition under way, which ends with this sample, if it is one."""
        if self._trace and self._left_start and self._best >= self._min_progress():
            took = sample.stamp - self.started
            fits = all(map(self._meets, self.exercise.needs))
            self.missed = not fits
            if fits and took in self.exercise.seconds:
                self.done_from = self.started
                self._trace.append(sample)
                self._ways.append(self._best)
                self.count += 1
                self.done = self._judge(self.exercise.faults)
        self._trace.clear()
        self._from_start = True
        self.phase = ExercisePhase.READY

    @property
    def _left_start(self) -> bool:
        """Whether the motion under way began at the start, or near it as a recording may."""
        return self._from_start or self._trace[0].progress <= _BACK * self._best

    def _min_progress(self) -> float:
        """Progress that makes a repetition: half of one is a movement between two others."""
        if len(self._ways) < _MIN_WAYS:
            return 1.0
        return max(1.0, _MIN_OF_MEDIAN * median(self._ways))

    def _under_way(self, sample: _RepetitionSample) -> None:
        """Take a sample away from the start."""
        self._follow(sample)
        if self._best >= self._min_progress() and self._turned_around(sample):
            self._split()
            return
        best = self._best
        _, when = self._gain
        if sample.progress < _TURN * best:
            self.phase = ExercisePhase.RETURN
        elif best >= 1.0 and sample.stamp - when > _STILL:
            self.phase = ExercisePhase.TURN
        else:
            self.phase = ExercisePhase.OUTWARD
        if sample.stamp - self.started > self.exercise.seconds.high:
            # A person who stays here does something else, or rests.
            self._from_start = False
            self._trace = self._trace[len(self._trace) // 2 :]

    def _follow(self, sample: _RepetitionSample) -> None:
        """Add a sample to the repetition under way."""
        if not self._trace:
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

    def _turned_around(self, sample: _RepetitionSample) -> bool:
        """Whether the person came back near the start, and rests there or goes out again."""
        nearest = self._nearest
        if nearest is None or nearest.progress > min(_MAX_BACK, _BACK * self._best):
            return False
        again = sample.progress - nearest.progress > _OUT_AGAIN * self._best
        return again or sample.stamp - nearest.stamp > _RESTED

    def _split(self) -> None:
        """Complete the repetition where it was nearest to the start; the rest begins the next."""
        trace, end = self._trace, self._nearest
        assert end is not None
        self._trace = [sample for sample in trace if sample.stamp < end.stamp]
        self._complete(end)
        self._before = deque(s for s in trace if -_START / 2 < s.stamp - end.stamp <= 0)
        for sample in trace:
            if sample.stamp > end.stamp:
                self._follow(sample)

    def _part(self, where: str) -> Sequence[_RepetitionSample]:
        """Moments of a part of the repetition."""
        if where == 'start':
            return list(self._before)
        share = _TURN if where == 'turn' else 0.3
        return [m for m in self._trace if m.progress >= share * self._best]

    def _summary(self, rule: FormRule) -> Reading | None:
        """What a rule is about, over its part of the repetition; None if it was hardly seen."""
        part = self._part(rule.where)
        name = rule.measure.name
        readings = [r for m in part if (r := m.readings.get(name)) is not None]
        if not readings or len(readings) < _MIN_OBSERVED * len(part):
            return None
        if rule.where == 'worst':
            readings.sort(key=lambda r: r.value, reverse=math.isinf(rule.limits.low))
            readings = readings[: max(1, len(readings) // 4)]
        return _mean(readings)

    def _meets(self, rule: FormRule) -> bool:
        """Whether a need is met; an unknown measure meets it unless it must be known."""
        reading = self._summary(rule)
        if reading is None:
            return not rule.known
        return _excess(rule.limits, reading.value) <= self._doubt * reading.deviation

    def _judge(self, rules: Iterable[FormRule]) -> Repetition:
        """Judge what is known of the repetition under way, with faults against some rules."""
        turn = self._part('turn')
        if not turn:
            return Repetition()
        first, last, end = turn[0].stamp, turn[-1].stamp, self._trace[-1].stamp
        away = _MIDDLE / 2 * (last - first)
        middle = [m for m in turn if abs(m.stamp - (first + last) / 2) <= away] or turn
        leading = _mean([sample.leading for sample in middle])
        peak_angle = max(turn, key=lambda sample: sample.progress).angle
        # The best sample is also that of the best error: it can deny the goal, not grant it.
        if self._beyond(peak_angle) < -WRONG * leading.deviation:
            range_reached = Verdict.NO
        elif self._beyond(leading.value) > RIGHT * leading.deviation:
            range_reached = Verdict.YES
        else:
            range_reached = Verdict.UNCERTAIN
        faults = (self._fault(rule) for rule in rules)
        return Repetition(
            peak_angle=math.radians(min(peak_angle, 180.0)),
            range_reached=range_reached,
            confidence=leading.confidence,
            outward_time=first - self.started,
            turn_time=last - first,
            return_time=end - last,
            faults=tuple(fault for fault in faults if fault is not None),
        )

    def _beyond(self, angle: float) -> float:
        """How far an angle is beyond the goal [deg]."""
        goal = self.exercise.goal
        return (angle - goal) * math.copysign(1.0, goal - self.exercise.start)

    def _fault(self, rule: FormRule) -> Fault | None:
        """Fault against a rule, certain or not; None if all is well or nothing is known."""
        reading = self._summary(rule)
        if reading is None or reading.value in rule.limits:
            return None
        limit = rule.limits.low if reading.value < rule.limits.low else rule.limits.high
        certain = _excess(rule.limits, reading.value) > WRONG * reading.deviation
        unit = math.radians(1.0) if rule.measure.unit == 'deg' else 1.0
        return Fault(
            rule.name, certain, reading.value * unit, limit * unit, reading.deviation * unit
        )


def _excess(limits: Limits, value: float) -> float:
    """How far a value is outside of limits, 0 inside."""
    return max(limits.low - value, value - limits.high, 0.0)


def _mean(readings: Iterable[Reading]) -> Reading:
    """Mean by certainty; as uncertain as one of them, for their errors last."""
    values, weights, confidences = [], [], []
    for reading in readings:
        values.append(reading.value)
        weights.append(1.0 / reading.deviation**2)
        confidences.append(reading.confidence)
    total = sum(weights)
    value = sum(v * w for v, w in zip(values, weights)) / total
    return Reading(value, math.sqrt(len(weights) / total), sum(confidences) / len(confidences))
