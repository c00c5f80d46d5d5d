"""The levels of a body over time, and the speed at which it comes down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
import math

from pose_ros.core.anatomy import FACE_OVER_SHOULDERS
from pose_ros.core.body.height import PartLevels
from pose_ros.core.body.posture import Posture
from pose_ros.core.body.state import BodyState

# Time over which speeds are measured [s].
_RATE_WINDOW = 0.3
# Minimum number of samples for a speed, at low frame rates.
_MIN_RATE_SAMPLES = 3
# Maximum age of such samples [s].
_MAX_RATE_AGE = 0.8


@dataclass(frozen=True)
class Sample:
    """A person in one frame.

    Attributes
    ----------
    stamp
        Of the frame [s].
    levels
        Of the body parts; the head's is a guess if only the shoulders are observed.
    posture
        In this frame alone.
    head_over_shoulders
        Last observed height of the head over the shoulders [px]; NaN before anything is known.
    head_observed
        False if the head's level is that guess.
    """

    stamp: float
    levels: PartLevels
    posture: Posture
    head_over_shoulders: float
    head_observed: bool

    @property
    def level(self) -> float:
        """Middle of head and hips, y down [px]; NaN if one is not observed."""
        return (self.levels.head + self.levels.hips) / 2

    @classmethod
    def of(cls, body: BodyState, before: Sample | None) -> Sample:
        """Sample of a body; a head out of the image keeps its distance from the shoulders."""
        levels = body.levels
        over = math.nan if before is None else before.head_over_shoulders
        if math.isnan(over):  # it was not known yet
            over = FACE_OVER_SHOULDERS * body.height
        head_observed = not math.isnan(levels.head)
        if not head_observed:
            levels = replace(levels, head=levels.shoulders - over)
        elif not math.isnan(levels.shoulders):
            over = levels.shoulders - levels.head
        return cls(body.stamp, levels, body.posture[0], over, head_observed)


def descent_rate(samples: Sequence[Sample], window_time: float = _RATE_WINDOW) -> float:
    """Downward speed of the middle of head and hips [px/s]; NaN if too little is observed.

    Downward movement of the feet is taken off: the camera moves, or the person walks out below.
    The feet of a person who lay come down with the rest.

    After a time out of sight it is the largest mean speed since before.
    """
    seen = [sample for sample in samples if not math.isnan(sample.level)]
    now = samples[-1].stamp
    if len(seen) > 1 and seen[-1].stamp == now and now - seen[-2].stamp > _MAX_RATE_AGE:
        return max((seen[-1].level - k.level) / (now - k.stamp) for k in seen[:-1])
    number = sum(sample.stamp > now - window_time for sample in seen)
    window = seen[-max(number, _MIN_RATE_SAMPLES) :]
    if len(window) < _MIN_RATE_SAMPLES or window[0].stamp < now - _MAX_RATE_AGE:
        return math.nan
    rate = _slope([(sample.stamp, sample.level) for sample in window])
    if samples[0].posture == Posture.LYING:
        return rate
    feet = [(k.stamp, k.levels.ankles) for k in window if not math.isnan(k.levels.ankles)]
    return rate - max(_slope(feet), 0.0) if len(feet) == len(window) else rate


def head_rate(samples: Sequence[Sample], window_time: float) -> float:
    """Downward speed of the head over the last time that it was observed [px/s]."""
    seen = [(sample.stamp, sample.levels.head) for sample in samples if sample.head_observed]
    return _slope([one for one in seen if one[0] > seen[-1][0] - window_time])


def _slope(points: Sequence[tuple[float, float]]) -> float:
    """Slope of the least-squares line through points."""
    if len(points) < 2:
        return 0.0
    mean = sum(time for time, _ in points) / len(points)
    times = [time - mean for time, _ in points]
    return sum(t * value for t, (_, value) in zip(times, points)) / sum(t * t for t in times)
