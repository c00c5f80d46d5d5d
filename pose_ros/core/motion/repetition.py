"""One repetition of an exercise: timed and judged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
import math
from typing import NamedTuple

from pose_ros.core.body.form import Reading
from pose_ros.core.motion.exercise_rules import Exercise, FormRule
from pose_ros.core.motion.rules import Limits

# A fault, or a goal not reached, is certain beyond this [standard deviations].
WRONG = 1.5
# A goal is certainly reached beyond this [standard deviations].
RIGHT = 1.0
# The turning point is where at least this share of the way is done [-].
TURN = 0.85
# The angle at the turning point is a mean over this share of the time there, in the middle [-].
_MIDDLE = 0.5
# Before and after it is the way, from this share on [-].
_WAY = 0.3
# Parts of a repetition that rules compare: the second against the first.
_DIFFERENCES = {'change': ('start', 'turn'), 'settle': ('way', 'middle')}
# Share of the values that a range leaves out at each end, as errors of the model [-].
_OUTLIERS = 0.1
# People who stay at the turning point for this much longer than the ways there and back take sit
# down or tie a shoe [s].
_STAYS = 0.4
# Minimum share of the frames in which a measure must be observed [-].
_MIN_OBSERVED = 0.4


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

    @property
    def stays(self) -> bool:
        """Whether the person stayed at the turning point, as people do who sit down."""
        return self.turn_time > self.outward_time + self.return_time + _STAYS


@dataclass(frozen=True)
class RepetitionSample:
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
        By name, of the measures that rules need at this part of the repetition.
    """

    stamp: float
    progress: float
    angle: float
    leading: Reading
    readings: dict[str, Reading | None]


class SetEvidence(NamedTuple):
    """What one repetition adds to a need of the whole set.

    Attributes
    ----------
    value
        Of what the need is about; None if it was hardly seen.
    otherwise
        Whether the need's other rule is met.
    """

    value: float | None
    otherwise: bool


@dataclass(frozen=True)
class RepetitionTrace:
    """What was seen of a repetition.

    Attributes
    ----------
    exercise
        That is counted.
    before
        Samples at the start, before the repetition.
    samples
        Of the repetition so far.
    best
        Largest progress.
    started
        When it left the start [s].
    """

    exercise: Exercise
    before: Sequence[RepetitionSample]
    samples: Sequence[RepetitionSample]
    best: float
    started: float

    def part(self, where: str) -> Sequence[RepetitionSample]:
        """Samples of a part of the repetition."""
        if where == 'start':
            return self.before
        if where == 'range':
            return [*self.before, *self.samples]
        turn, way = TURN * self.best, _WAY * self.best
        if where == 'worst':
            return [sample for sample in self.samples if sample.progress >= way]
        if where == 'way':
            return [sample for sample in self.samples if way <= sample.progress < turn]
        found = [sample for sample in self.samples if sample.progress >= turn]
        return _middle(found) if where == 'middle' else found

    def _summary(self, rule: FormRule) -> Reading | None:
        """What a rule is about, over its part of the repetition; None if it was hardly seen."""
        name = rule.measure.name
        if rule.where in _DIFFERENCES:
            start, turn = (self._readings(name, part) for part in _DIFFERENCES[rule.where])
            if not start or not turn:
                return None
            first, second = _plain_mean(start), _plain_mean(turn)
            return Reading(
                second.value - first.value,
                math.hypot(second.deviation, first.deviation),
                min(second.confidence, first.confidence),
            )
        readings = self._readings(name, rule.where)
        if not readings:
            return None
        if rule.where == 'range':
            readings.sort(key=lambda r: r.value)
            cut = int(_OUTLIERS * len(readings))
            low, high = readings[cut], readings[-1 - cut]
            return Reading(
                high.value - low.value,
                math.hypot(high.deviation, low.deviation),
                min(high.confidence, low.confidence),
            )
        if rule.where == 'worst':
            readings.sort(key=lambda r: r.value, reverse=math.isinf(rule.limits.low))
            readings = readings[: max(1, len(readings) // 4)]
        return mean_reading(readings)

    def _readings(self, name: str, where: str) -> list[Reading]:
        """Readings of a measure over a part of the repetition; none if it was hardly seen."""
        part = self.part(where)
        readings = [r for m in part if (r := m.readings.get(name)) is not None]
        return readings if len(readings) >= _MIN_OBSERVED * len(part) else []

    def meets_needs(self, tolerance: float) -> bool:
        """Whether the needs of each repetition are met, up to a number of standard deviations."""
        return all(
            self.meets(need, tolerance) for need in self.exercise.needs if not need.over_set
        )

    @property
    def set_evidence(self) -> tuple[SetEvidence, ...]:
        """What it adds to each need of the set."""
        return tuple(self._evidence(need) for need in self.exercise.set_needs)

    def _evidence(self, need: FormRule) -> SetEvidence:
        reading = self._summary(need)
        otherwise = need.otherwise is not None and self.meets(need.otherwise)
        return SetEvidence(None if reading is None else reading.value, otherwise)

    @property
    def of_left(self) -> bool:
        """Whether the left side does it; False if the sides do not take turns, or is unknown."""
        sides = self.exercise.sides
        readings = [] if sides is None else self._readings(sides.name, 'turn')
        return bool(readings) and mean_reading(readings).value > 0.0

    @property
    def unmistakable(self) -> bool:
        """Whether it is enough to recognise the exercise."""
        alone = self.exercise.alone
        return bool(alone) and all(self.meets(rule) for rule in alone)

    def meets(self, rule: FormRule, tolerance: float = 0.0) -> bool:
        """Whether a need is met; an unknown measure meets it unless it must be known."""
        reading = self._summary(rule)
        if reading is None:
            met = not rule.known
        else:
            met = _excess(rule.limits, reading.value) <= tolerance * reading.deviation
        met &= not rule.stays or self.judge(()).stays
        return met or (rule.otherwise is not None and self.meets(rule.otherwise, tolerance))

    def judge(self, rules: Iterable[FormRule]) -> Repetition:
        """Judge what is known of the repetition, with faults against some rules."""
        turn = self.part('turn')
        if not turn:
            return Repetition()
        first, last, end = turn[0].stamp, turn[-1].stamp, self.samples[-1].stamp
        leading = mean_reading([sample.leading for sample in _middle(turn)])
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


def _middle(turn: Sequence[RepetitionSample]) -> Sequence[RepetitionSample]:
    """Samples in the middle of the time at the turning point."""
    if not turn:
        return turn
    first, last = turn[0].stamp, turn[-1].stamp
    away = _MIDDLE / 2 * (last - first)
    return [m for m in turn if abs(m.stamp - (first + last) / 2) <= away] or turn


def _excess(limits: Limits, value: float) -> float:
    """How far a value is outside of limits, 0 inside."""
    return max(limits.low - value, value - limits.high, 0.0)


def _plain_mean(readings: Sequence[Reading]) -> Reading:
    """Mean in which each counts the same.

    Where certainty follows the value, as of a trunk that leans towards the camera, the mean by
    certainty is near the most certain value.
    """
    value = sum(reading.value for reading in readings) / len(readings)
    return replace(mean_reading(readings), value=value)


def mean_reading(readings: Iterable[Reading]) -> Reading:
    """Mean by certainty; as uncertain as one of them, for their errors last."""
    values, weights, confidences = [], [], []
    for reading in readings:
        values.append(reading.value)
        weights.append(1.0 / reading.deviation**2)
        confidences.append(reading.confidence)
    total = sum(weights)
    value = sum(v * w for v, w in zip(values, weights)) / total
    return Reading(value, math.sqrt(len(weights) / total), sum(confidences) / len(confidences))
