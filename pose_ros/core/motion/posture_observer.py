"""The posture of a person over time, with hysteresis."""

from __future__ import annotations

from dataclasses import dataclass
import math

from pose_ros.core.body.posture import Posture
from pose_ros.core.body.state import BodyState
from pose_ros.core.motion.observer import Observer

# A new posture is taken once it has been observed for this time [s].
_HOLD = 0.3
# SITTING must be observed for this time [s], with the hips at rest: the bottom of a squat looks
# like sitting on a chair, but people do not stay there.
_HOLD_SITTING = 1.0
# Maximum movement of hips at rest [body heights].
_AT_REST = 0.04
# Any observed posture is taken once the current one has not been observed for this time [s].
_PATIENCE = 2.0


@dataclass(frozen=True)
class PostureState:
    """The posture of one person at one time.

    Attributes
    ----------
    skeleton_id
        Of the person.
    posture
        UNKNOWN if too little of the body is observed.
    confidence
        0 to 1.
    duration
        Time since the posture was taken [s].
    """

    skeleton_id: int
    posture: Posture
    confidence: float
    duration: float

    def __post_init__(self) -> None:
        """Validate the fields."""
        if not 0 <= self.confidence <= 1:
            raise ValueError(f'confidence must be 0 to 1, got {self.confidence}')


@dataclass
class _Hysteresis:
    """The posture of one person, and the candidate for the next."""

    posture: Posture = Posture.UNKNOWN
    confidence: float = 0.0
    since: float = math.nan
    candidate: Posture = Posture.UNKNOWN
    candidate_since: float = math.nan
    hips: float = math.nan
    last_seen: float = math.nan
    stamp: float = math.inf

    def update(self, body: BodyState) -> None:
        """Take a frame."""
        stamp, (seen, confidence) = body.stamp, body.posture
        self.stamp = stamp
        if math.isnan(self.since):
            self.posture, self.since, self.confidence = seen, stamp, confidence
        hips = body.levels.hips
        moves = seen is Posture.SITTING and abs(hips - self.hips) > _AT_REST * body.height
        if seen != self.candidate or moves:
            self.candidate, self.candidate_since, self.hips = seen, stamp, hips
        hold = _HOLD_SITTING if seen is Posture.SITTING else _HOLD
        if seen == self.posture:
            self.confidence, self.last_seen = confidence, stamp
        elif stamp - self.candidate_since >= hold or stamp - self.last_seen > _PATIENCE:
            self.posture, self.since = seen, self.candidate_since
            self.confidence, self.last_seen = confidence, stamp


class PostureReader(Observer):
    """Follows the postures of people."""

    name = 'postures'
    grace = 1.0

    def __init__(self) -> None:
        self._people: dict[int, _Hysteresis] = {}

    def observe(self, body: BodyState) -> list[PostureState]:
        """Posture of a person; none of a person who is only predicted."""
        if not body.observed:
            return []
        state = self._people.setdefault(body.id, _Hysteresis())
        if body.stamp - state.stamp > self.grace:
            state = self._people[body.id] = _Hysteresis()
        state.update(body)
        return [PostureState(body.id, state.posture, state.confidence, body.stamp - state.since)]

    def lose(self, skeleton_id: int, stamp: float) -> list[PostureState]:
        """Forget a person."""
        self._people.pop(skeleton_id, None)
        return []
