"""A possible fall of a person: how fast and how far they go down, and whether they stay low.

The limits, here and in `falls`, come from three sources:

- the actor (benchmarks/falls.py): falls of 0.6 to 2.6 s from the first movement, against sitting,
  crouching, kneeling and lying down in their usual time;
- the test clips of two real people who let themselves fall slowly (0.5 to 0.95 body heights/s at
  the fastest; sitting down has 0.3 to 0.5);
- free fall: a standing body that tips over stiffly ends at about 2 body heights/s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
import math

import numpy as np

from pose_ros.core.body.height import PartLevels
from pose_ros.core.body.posture import Posture
from pose_ros.core.motion.fall_phases import Fall, FallPhase
from pose_ros.core.motion.fall_samples import Sample

# Descent of head and hips that may be a fall [body heights/s].
DESCENT_RATE = 0.38
# Descent with the highest confidence [body heights/s].
_CERTAIN_RATE = 1.2
# Confidence at these two rates [-].
_CONFIDENCES = (0.5, 0.95)
# Factor on the confidence if the body was not observed to stay down [-].
UNSEEN_TRUST = 0.7
# Minimum descent of the hips [body heights]. Lying down from sitting leaves the hips in place.
_MIN_HIPS_DROP = 0.08
# Minimum descent of the head [body heights]: onto a bed away from the camera.
MIN_HEAD_DROP = 0.30
# Minimum mean descent of head and hips [body heights].
MIN_DROP = 0.20
# A body that came down by _ALL_DOWN with the head at most _HEAD_LOW over the hips is lying, even
# if the legs are not seen [body heights].
_HEAD_LOW = 0.20
_ALL_DOWN = 0.48
# Maximum time from the start of the descent until the body is low [s].
MAX_DESCENT_TIME = 2.4
# The same for a standing body that sinks without a rest, without sitting and without the hands on
# the floor [s]. People who lie down on purpose do one of these: no fall is reported in 80 videos
# of the actor's look-alikes and in 30 of two real people who lie down on the floor.
MAX_SINKING_TIME = 3.5
# Descent of head and hips that may be sinking [body heights/s].
SINKING_RATE = 0.2
# A rest on the way down, or time of sitting, that shows purpose [s].
_DELIBERATE_PAUSE = 0.3
# Minimum mean speed of sinking [body heights/s].
_MIN_SINKING_RATE = 0.15
# A body that was low for this time [s] stays so until the head comes up, whatever the legs look
# like: models see the legs of lying people badly.
_SETTLED = 0.3
# Rise of the head that ends this [body heights]: it trembles by up to 0.02, and comes up by 0.05
# in the first 0.1 s of getting up.
_SETTLED_RISE = 0.045
# Deeper than this the body has come down further than in a deep squat [body heights]: there the
# hips come down by 0.33 and the head by 0.42.
_DEEPER_THAN_SQUAT = 0.42
# Distance of trunk and head from the feet, sideways, in which the feet carry them [body heights]:
# the foot of an adult is 0.15 long.
_BALANCED = 0.2
# Height of the head over the hips above which a body was upright [body heights]: 0.39 standing,
# up to 0.29 in push-ups seen from the front.
_UPRIGHT = 0.32
# The same of the hips over the knees: 0.24 standing, up to 0.12 in these push-ups.
_THIGHS_UP = 0.15
# A body that was lying and comes down as a whole fell out of bed. Minimum descent of head and of
# hips [body heights]; a bed is 0.26 high.
_BED_DROP = 0.12
# Minimum speed of that [body heights/s]: turning over moves head and hips less.
_BED_RATE = 0.45
# Maximum time of that [s]: half a metre takes 0.3 s in free fall.
_BED_TIME = 1.0
# The same for a descent that was never faster than 0.4 body heights/s [s]: people who lie down in
# a hurry take longer. In between it grows up to MAX_DESCENT_TIME at 0.7 body heights/s.
_MAX_SLOW_DESCENT_TIME = 1.45
_DESCENT_TIME_RATES = (0.4, 0.7)
# Minimum mean speed of a fall [body heights/s].
_MIN_MEAN_RATE = 0.2
# A descent that was never faster than this [body heights/s] ...
_SLOW_RATE = 0.5
# ... must go down at least this far [body heights].
_MIN_SLOW_DROP = 0.3
# Rise on the way down that ends a descent [body heights].
_MAX_RISE_IN_DESCENT = 0.13
# Rise of the head while low that ends lying, and without which no one is up again
# [body heights]: push-ups are low, too.
_MAX_RISE_WHILE_LOW = 0.12
# Maximum rest on the way down [s].
_MAX_PAUSE = 0.7
# Slower than this is a rest [body heights/s].
_PAUSE_RATE = 0.06
# The person is up again when the head is at most this much lower than at the onset [body heights].
_MAX_UP_DROP = 0.12
# The body may seem not to be low, or be unseen, for this time [s].
BLINK = 0.3
# Head and hips of a low body may be unknown for this time [s]: models see lying people badly.
MAX_BLIND = 1.2
# Distance from the top that marks the onset of a descent [body heights].
_ONSET_DROP = 0.04
# Distance from the final level that counts as landed [body heights].
_LANDING_SLACK = 0.08


@dataclass
class FallCandidate:
    """A descent of one person, and what follows.

    Attributes
    ----------
    onset
        When it began [s].
    start
        Levels of the body then.
    height
        Standing height of the person [px].
    from_lying
        Whether the person lay already.
    peak
        Maximum speed so far [body heights/s].
    deepest
        Lowest level so far, y down [px].
    moved
        When the person last went down, or may have [s].
    not_sitting
        When the person was last seen in another posture than sitting, or without one [s].
    low_since
        Since when the body is low [s]; None if it is not.
    low_at
        When the body was last observed low [s].
    lowest
        Lowest level of the head since then, y down [px].
    landing
        When the body came to its final place [s].
    up_since
        Since when the person is up again [s].
    lost
        Whether the person was out of sight meanwhile.
    deliberate
        Whether the person did not start upright, or rested, sat or put the hands on the floor on
        the way down.
    goes_on
        Whether it goes on a descent that became too long, without a rest: not from push-ups.
    warned, fallen
        Whether that has been reported.
    """

    onset: float
    start: PartLevels
    height: float
    from_lying: bool = False
    peak: float = 0.0
    deepest: float = -math.inf
    moved: float = -math.inf
    not_sitting: float = math.inf
    low_since: float | None = None
    low_at: float = -math.inf
    lowest: float = -math.inf
    landing: float | None = None
    up_since: float | None = None
    lost: bool = False
    deliberate: bool = False
    goes_on: bool = False
    warned: bool = False
    fallen: bool = False

    def head_drop(self, sample: Sample) -> float:
        """Descent of the head [body heights]; NaN if it is not observed."""
        return (sample.levels.head - self.start.head) / self.height

    def hips_drop(self, sample: Sample) -> float:
        """Descent of the hips [body heights]; NaN if they are not observed."""
        return (sample.levels.hips - self.start.hips) / self.height

    def drop(self, sample: Sample) -> float:
        """Mean descent of head and hips [body heights]; NaN if one is not observed."""
        return (self.head_drop(sample) + self.hips_drop(sample)) / 2

    @property
    def was_upright(self) -> bool:
        """Whether trunk or thighs were up at the start; they are not in push-ups."""
        start = self.start
        trunk_up = start.hips - start.head > _UPRIGHT * self.height
        return trunk_up or start.knees - start.hips > _THIGHS_UP * self.height

    def is_out_of_control(self, sample: Sample) -> bool:
        """Whether an upright body leaves its feet or comes down further than in a squat.

        Feet that are not observed are taken to be where the descent began.
        """
        levels = sample.levels
        if not self.was_upright:
            return False
        feet_x = self.start.x if math.isnan(levels.feet_x) else levels.feet_x
        on_feet = abs(levels.x - feet_x) <= _BALANCED * self.height
        return not on_feet or self.drop(sample) > _DEEPER_THAN_SQUAT

    def is_late(self, until: float, rate: float) -> bool:
        """Whether a descent that has lasted until a time [s] is too slow for a fall.

        A body that sinks and then comes down faster begins another descent.
        """
        sinks = not self.deliberate and not rate > DESCENT_RATE
        return until - self.onset > (MAX_SINKING_TIME if sinks else MAX_DESCENT_TIME)

    def came_down(self, drop: float) -> bool:
        """Whether head and hips have come down by a mean drop [body heights] at the deepest."""
        start = (self.start.head + self.start.hips) / 2
        return self.deepest - start > drop * self.height

    def is_fall(self, until: float, sample: Sample) -> bool:
        """Whether the descent to this sample, if it lasted until then [s], is that of a fall."""
        lasted = until - self.onset
        if self.from_lying:
            return lasted <= _BED_TIME and self.peak >= _BED_RATE
        on_hands = self.start.supported_on_hands(self.height) and not self.was_upright
        if on_hands and not self.goes_on:
            return False  # the lowest point of a push-up
        drop = self.drop(sample)
        if not self.deliberate and lasted <= min(MAX_SINKING_TIME, drop / _MIN_SINKING_RATE):
            return True
        times = (_MAX_SLOW_DESCENT_TIME, MAX_DESCENT_TIME)
        max_time = float(np.interp(self.peak, _DESCENT_TIME_RATES, times))
        slow = self.peak < _SLOW_RATE and drop < _MIN_SLOW_DROP
        return lasted <= min(max_time, drop / _MIN_MEAN_RATE) and not slow

    def is_low(self, sample: Sample) -> bool:
        """Whether the body is down, compared with where it was."""
        head, hips = self.head_drop(sample), self.hips_drop(sample)
        if sample.levels.supported_on_hands(self.height):
            return False
        if self.from_lying:
            return sample.posture == Posture.LYING and min(head, hips) > _BED_DROP
        if not (head > MIN_HEAD_DROP and hips > _MIN_HIPS_DROP and head + hips > 2 * MIN_DROP):
            return False
        head_over_hips = (sample.levels.hips - sample.levels.head) / self.height
        return sample.posture == Posture.LYING or (
            head_over_hips < _HEAD_LOW and head + hips > 2 * _ALL_DOWN
        )

    def stays_low(self, sample: Sample) -> bool:
        """Whether a body that was low is still down, whatever the legs look like."""
        if self.from_lying or self.low_since is None or self.low_at - self.low_since < _SETTLED:
            return False
        levels = sample.levels
        down = levels.hips - levels.head < _HEAD_LOW * self.height
        return down and self._head_stays(sample) and not levels.supported_on_hands(self.height)

    def _may_be_low(self, sample: Sample) -> bool:
        """Whether a body that was low is not seen, or the head is still where it was then."""
        if math.isnan(sample.level):
            return True
        return self._head_stays(sample) and not sample.levels.supported_on_hands(self.height)

    def _lies_hidden(self, sample: Sample) -> bool:
        """Whether the hips of a body that was low left the image, and the head stays down.

        The head is then lower than in a deep squat.
        """
        return (
            self.low_since is not None
            and sample.head_observed
            and math.isnan(sample.levels.hips)
            and self.head_drop(sample) > _ALL_DOWN
            and self._head_stays(sample)
        )

    def _head_stays(self, sample: Sample) -> bool:
        """Whether the head is where it was when the body was low."""
        return sample.levels.head > self.lowest - _SETTLED_RISE * self.height

    def is_up(self, sample: Sample) -> bool:
        """Whether the person is up again; another posture alone may be an error.

        So may the guessed level of a head that is not observed: then the hips must be up.
        """
        if not (sample.head_observed or self.hips_drop(sample) < _MIN_HIPS_DROP):
            return False
        if self.head_drop(sample) < _MAX_UP_DROP and not self.from_lying:
            return True
        up = (Posture.STANDING, Posture.SITTING, Posture.BENDING)
        return sample.posture in up and self.rises(sample)

    def rises(self, sample: Sample) -> bool:
        """Whether the head is clearly higher than it lay."""
        return sample.levels.head < self.lowest - _MAX_RISE_WHILE_LOW * self.height

    def stops(self, sample: Sample, rate: float) -> bool:
        """Whether the person rests or comes up before the body is low."""
        if not rate <= _PAUSE_RATE:  # or is unknown
            self.moved = sample.stamp
        if not math.isnan(sample.level):
            self.deepest = max(self.deepest, sample.level)
        if sample.posture is not Posture.SITTING:
            self.not_sitting = sample.stamp
        if self.low_since is None and (
            sample.levels.supported_on_hands(self.height)
            or sample.stamp - min(self.moved, self.not_sitting) > _DELIBERATE_PAUSE
        ):
            self.deliberate = True
        return self.low_since is None and (
            sample.level < self.deepest - _MAX_RISE_IN_DESCENT * self.height
            or sample.stamp - self.moved > _MAX_PAUSE
        )

    def update(self, sample: Sample) -> None:
        """Follow for how long the body has been low, or up."""
        stamp, head = sample.stamp, sample.levels.head
        low = self.is_low(sample) or self.stays_low(sample) or self._lies_hidden(sample)
        if low and self.low_since is not None and self.rises(sample):
            self.low_since = None  # the head goes up: neither lying nor up yet
        if low:
            if self.low_since is None:
                self.low_since, self.lowest = stamp, head
            self.low_at, self.lowest = stamp, max(self.lowest, head)
        elif stamp - self.low_at > (MAX_BLIND if self._may_be_low(sample) else BLINK):
            self.low_since = None
        if not self.is_up(sample):
            self.up_since = None
        elif self.up_since is None:
            self.up_since = stamp

    def event(self, skeleton_id: int, phase: FallPhase, stamp: float) -> Fall:
        """Event of a phase at a time [s]."""
        rates = (DESCENT_RATE, _CERTAIN_RATE)
        confidence = float(np.interp(self.peak, rates, _CONFIDENCES))
        if phase is FallPhase.FALLING:
            confidence *= UNSEEN_TRUST
        return Fall(
            skeleton_id=skeleton_id,
            phase=phase,
            confidence=confidence,
            onset=self.onset,
            landing=self.landing,
            duration=stamp - self.onset,
            peak_descent_rate=self.peak,
            lost=self.lost,
        )

    def closing(self, skeleton_id: int, stamp: float) -> Fall:
        """Event that ends the fall under an id without a known recovery."""
        return replace(self.event(skeleton_id, FallPhase.CLOSED, stamp), lost=True)


def begin(samples: Sequence[Sample], height: float) -> FallCandidate:
    """Descent that is under way, from its onset."""
    seen = [sample for sample in samples if not math.isnan(sample.level)]
    top = min(sample.level for sample in seen)
    onset = [s.stamp for s in seen if s.level < top + _ONSET_DROP * height][-1]
    start = next(sample for sample in seen if sample.level == top)
    return FallCandidate(
        onset,
        start.levels,
        height,
        from_lying=start.posture is Posture.LYING,
        deliberate=start.posture is not Posture.STANDING,
    )


def landing_time(samples: Sequence[Sample], candidate: FallCandidate) -> float:
    """When a lying person came to their final place [s]."""
    since = [s for s in samples if s.stamp >= candidate.onset and not math.isnan(s.level)]
    end = since[-1].level - _LANDING_SLACK * candidate.height
    return next(sample.stamp for sample in since if sample.level > end)
