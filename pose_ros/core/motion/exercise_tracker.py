"""Which exercise one person does, of all that are counted at the same time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
import math
from statistics import median
from typing import NamedTuple

from pose_ros.core.body.form import Form
from pose_ros.core.body.points import UnseenError
from pose_ros.core.motion.exercise_rules import Exercise, FormRule
from pose_ros.core.motion.hold_counter import HoldCounter
from pose_ros.core.motion.repetition import Repetition, SetEvidence
from pose_ros.core.motion.repetition_counter import ExercisePhase, RepetitionCounter

# Number of repetitions in a row after which an exercise is recognised: a single one may be
# anything.
_RECOGNISED = 2
# Maximum pause between the repetitions by which an exercise is recognised [s].
_MAX_PAUSE = 4.0
# The same between two that are alike [s]: of lunges with a high knee after each.
_MAX_PAUSE_ALIKE = 6.0
# Maximum difference of the peak angles of two that are alike [rad].
_ALIKE = math.radians(20.0)
# A set ends after this time without a repetition [s].
_SET_TIMEOUT = 8.0
# Tolerance for the needs of a chosen exercise [standard deviations].
_TOLERANCE = 1.0

Counter = RepetitionCounter | HoldCounter


class _Member(NamedTuple):
    """A repetition of a series.

    Attributes
    ----------
    started
        When it began [s].
    done
        The repetition.
    evidence
        As `RepetitionTrace.set_evidence`.
    """

    started: float
    done: Repetition
    evidence: tuple[SetEvidence, ...]


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
        Repetitions that came one right after the other.
    waits
        Whether an exercise of higher priority may come of the same motion.
    """

    counter: Counter
    last: float = -math.inf
    series: list[_Member] = field(default_factory=list)
    waits: bool = False

    @property
    def has_result(self) -> bool:
        """Whether it has a repetition in this frame, or had while it waits."""
        return self.waits or self.counter.done is not None

    def set_since(self, stamp: float, single: bool) -> list[Repetition]:
        """Repetitions that began since a time [s]; none if they are too few for a set.

        If `single` is true, one that is unmistakable and the first is enough.
        """
        single &= len(self.series) == 1
        found = [one for one in self.series if one.started >= stamp]
        while found and not self._is_set(found, single):
            del found[0]
        return [one.done for one in found]

    def _is_set(self, found: Sequence[_Member], single: bool) -> bool:
        """Whether repetitions are enough to recognise the exercise."""
        moved = sum(self._moves(one.done) for one in found)
        enough = moved >= _RECOGNISED or (single and moved > 0 and self.counter.unmistakable)
        return enough and self._meets_set_needs(found)

    def _meets_set_needs(self, found: Sequence[_Member]) -> bool:
        """Whether repetitions meet all needs of a set."""
        needs = self.counter.exercise.set_needs
        return all(
            _meets_over_set(need, evidence)
            for need, evidence in zip(needs, zip(*(one.evidence for one in found)))
        )

    @property
    def doubtful(self) -> bool:
        """Whether the set, as far as it has come, would not be recognised any more."""
        return not self._meets_set_needs(self.series)

    def _moves(self, done: Repetition) -> bool:
        """Whether a person did not just stay at the turning point, as one who sits down."""
        return self.counter.exercise.pauses or not done.stays

    def update(self, stamp: float, form: Form) -> None:
        """Take in a person's form at a time [s]."""
        self.counter.update(stamp, form)
        done = self.counter.done
        if self.counter.missed:
            # Arms that are raised and lowered go the way of a press every other time.
            self.series = []
        if done is None:
            return
        if not self._moves(done) or self.counter.done_from - self.last > self._max_pause(done):
            self.series = []
        self.series.append(_Member(self.counter.done_from, done, self.counter.set_evidence))
        self.last = stamp

    def _max_pause(self, done: Repetition) -> float:
        """Maximum pause between the last repetition and this one [s]."""
        if self.series and abs(self.series[-1].done.peak_angle - done.peak_angle) <= _ALIKE:
            return _MAX_PAUSE_ALIKE
        return _MAX_PAUSE

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


def _meets_over_set(need: FormRule, evidence: Sequence[SetEvidence]) -> bool:
    """Whether a set meets a need: in the median, or by its other rule in most repetitions."""
    if 2 * sum(one.otherwise for one in evidence) > len(evidence):
        return True
    values = [one.value for one in evidence if one.value is not None]
    return median(values) in need.limits if values else not need.known


class ExerciseTracker:
    """One person and the exercises that are counted.

    Attributes
    ----------
    unreported
        Repetitions until now of an exercise that has been recognised in this frame.
    retracted
        Exercise whose set was another motion, as this frame showed, and its repetitions; or None.
    """

    def __init__(self, exercises: Sequence[Exercise], recognise: bool) -> None:
        if not recognise:
            exercises = [exercise.chosen() for exercise in exercises]
        tolerance = 0.0 if recognise else _TOLERANCE
        self._candidates = [
            _Candidate((HoldCounter if one.hold else RepetitionCounter)(one, tolerance))
            for one in exercises
        ]
        self._recognise = recognise
        self._current = None if recognise else self._candidates[0]
        self._elsewhere = False  # whether the person does something else than the current one
        self.unreported: list[Repetition] = []
        self.retracted: tuple[Exercise, int] | None = None

    def finish(self) -> Counter | None:
        """Complete a hold, or a repetition that is nearly back; its counter, or None."""
        if self._current is None or self._elsewhere:
            return None
        counter = self._current.counter
        counter.finish()
        return None if counter.done is None else counter

    def update(self, stamp: float, form: Form) -> Counter | None:
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
        if self._current is not None and self._current.idle(stamp):
            self._current = None
        for index, candidate in enumerate(self._candidates):
            if candidate is not self._current and candidate.counter.holding:
                self._begin_hold(candidate)
            if candidate is self._current:
                candidate.waits = False
            elif candidate.has_result:
                # The same motion may be about to complete an exercise of higher priority.
                candidate.waits = any(c.counter.completing for c in self._candidates[:index])
                if not candidate.waits:
                    self._take_set(candidate)
        current = self._current
        if current is None or current.counter.done is not None:
            self._elsewhere = False
        elif any(current.gives_way(other) for other in self._candidates if other is not current):
            self._elsewhere = True

    def _begin_hold(self, candidate: _Candidate) -> None:
        """Take a hold for the exercise being done, if it began after the last repetition."""
        if self._current is None or candidate.counter.started > self._current.last:
            self._current = candidate
            candidate.counter.restart(0)

    def _take_set(self, candidate: _Candidate) -> None:
        """Take a candidate for the exercise being done, if its repetitions are enough."""
        current = self._current
        if current is None:
            found = candidate.set_since(-math.inf, True)
        else:
            found = candidate.set_since(current.last, False)
            instead = candidate.set_since(-math.inf, False)
            # As many are enough if the current set does not fit as a whole.
            if len(instead) > max(current.counter.count - current.doubtful, len(found)):
                # Less the one that this frame would report.
                told = current.counter.count - (current.counter.done is not None)
                self.retracted = (current.counter.exercise, told) if told else None
                found = instead
        if not found:
            return
        if current is not None:
            current.series = []  # reported, or taken back
        candidate.counter.restart(len(found))
        self._current = candidate
        # The last one is reported with this frame's state, unless it had to wait.
        self.unreported = found[:-1] if candidate.counter.done else found
