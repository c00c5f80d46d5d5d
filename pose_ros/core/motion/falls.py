"""Falls: a descent that is too fast, lying on the floor, being up again. No medical device.

A few measures follow each person, all in the person's own standing height: the speed of head and
hips together, how far they have come down, and whether the body is low and stays there. A person
who goes out of sight on the way down counts, too.

`fall_candidate` explains where the limits come from.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
import math

from pose_ros.core.body.state import BodyState
from pose_ros.core.motion.fall_candidate import (
    BLINK,
    DESCENT_RATE,
    MAX_DESCENT_TIME,
    MIN_DROP,
    MIN_HEAD_DROP,
    UNSEEN_TRUST,
    Fall,
    FallCandidate,
    FallPhase,
    begin,
    landing_time,
)
from pose_ros.core.motion.fall_samples import Sample, descent_rate
from pose_ros.core.motion.observer import Observer

__all__ = ['Fall', 'FallDetector', 'FallPhase']

# The start of a descent is looked for within this time [s].
_MEMORY = 3.0
# Speed of head and hips at which going out of sight counts as evidence [body heights/s].
_LOST_RATE = 0.55
# The speed when lost is measured over this time [s]: a stiff fall is fast only at its end.
_LOST_WINDOW = 0.15
# Speed of head and hips for the early warning [body heights/s].
_WARNING_RATE = 0.7
# Time that the body must be low for FALLEN [s].
_STAY = 0.8
# Time that the person must be up for RECOVERED [s].
_UP_TIME = 0.6
# A person who went down fast and is out of sight for this time has FALLEN [s].
_ABSENT = 1.2
# A person who turns up lying within this distance of a person out of sight is the same one
# [body heights].
_REACH = 1.2


@dataclass
class _FallTrack:
    """One person: the last samples, and the descent that is under way or over."""

    body: BodyState
    samples: deque[Sample] = field(default_factory=deque)
    candidate: FallCandidate | None = None
    missing: bool = False


class FallDetector(Observer):
    """Detects falls.

    Events carry the id under which the person is seen. If a person is lost during a fall and
    found lying under another id, the fall is CLOSED under the old id and reported again under the
    new one, with the same onset.
    """

    name = 'falls'
    grace = 10.0

    def __init__(self) -> None:
        self._tracks: dict[int, _FallTrack] = {}

    def observe(self, body: BodyState) -> list[Fall]:
        """Fall events of a person; a person who is only predicted is out of sight."""
        if not body.observed:
            return self.miss(body.id, body.stamp)
        events = []
        if body.id not in self._tracks:
            events = self._begin(body)
        track = self._tracks[body.id]
        track.missing, track.body = False, body
        before = track.samples[-1] if track.samples else None
        track.samples.append(Sample.of(body, before))
        while track.samples[0].stamp < body.stamp - _MEMORY:
            track.samples.popleft()
        rate = descent_rate(track.samples) / body.height
        if track.candidate is None and rate > DESCENT_RATE:
            track.candidate = begin(track.samples, body.height)
        events += self._unseen(track, body.id, body.stamp)
        if track.candidate is not None:
            events += _follow(track, track.candidate, rate, body.id)
        return events

    def miss(self, skeleton_id: int, stamp: float) -> list[Fall]:
        """FALLEN for a person who went out of sight on the way down."""
        track = self._tracks.get(skeleton_id)
        if track is None:
            return []
        track.missing = True
        return self._unseen(track, skeleton_id, stamp)

    def _unseen(self, track: _FallTrack, skeleton_id: int, stamp: float) -> list[Fall]:
        """FALLEN if head and trunk went out of sight on the way down some time ago."""
        seen = [sample for sample in track.samples if not math.isnan(sample.level)]
        if not seen or stamp - seen[-1].stamp < _ABSENT:
            return []
        candidate = track.candidate or begin(seen, track.body.height)
        if candidate.fallen or not _falls_when_lost(seen, candidate):
            return []
        track.candidate, last_seen = candidate, seen[-1].stamp
        candidate.fallen = candidate.lost = True
        candidate.landing = last_seen
        event = candidate.event(skeleton_id, FallPhase.FALLEN, stamp)
        return [replace(event, confidence=event.confidence * UNSEEN_TRUST)]

    def lose(self, skeleton_id: int, stamp: float) -> list[Fall]:
        """Close the warning of a person who is not seen again; a FALLEN person stays so."""
        track = self._tracks.pop(skeleton_id, None)
        candidate = None if track is None else track.candidate
        if candidate is None or not candidate.warned or candidate.fallen:
            return []
        return [candidate.closing(skeleton_id, stamp)]

    def _begin(self, body: BodyState) -> list[Fall]:
        """Follow a new person, who may be one of those out of sight."""
        before = self._same_person(body)
        if before is None:
            self._tracks[body.id] = _FallTrack(body)
            return []
        track = self._tracks[body.id] = self._tracks.pop(before)
        body.continue_from(track.body)
        candidate = track.candidate
        if candidate is None:
            return []
        candidate.lost = True
        reported = candidate.warned or candidate.fallen
        events = [candidate.closing(before, body.stamp)] if reported else []
        candidate.warned = False
        if candidate.fallen:
            events.append(candidate.event(body.id, FallPhase.FALLEN, body.stamp))
        return events

    def _same_person(self, body: BodyState) -> int | None:
        """Id of a person who went out of sight at the place of a new one, who is much lower."""
        for skeleton_id, track in self._tracks.items():
            if not track.missing:
                continue
            last = track.samples[-1].levels
            start, height = last, track.body.height
            if track.candidate is not None:
                start, height = track.candidate.start, track.candidate.height
            near = abs(body.levels.x - last.x) < _REACH * height
            if near and body.levels.head - start.head > MIN_HEAD_DROP * height:
                return skeleton_id
        return None


def _falls_when_lost(seen: Sequence[Sample], candidate: FallCandidate) -> bool:
    """Whether a person was falling when head and hips were seen last."""
    last = seen[-1]
    # People who walk out of the image below lose their legs first.
    late = [s.levels for s in seen if s.stamp > last.stamp - BLINK]
    legs = any(not (math.isnan(one.knees) and math.isnan(one.ankles)) for one in late)
    rate = descent_rate(seen, _LOST_WINDOW) / candidate.height
    fast = max(candidate.peak, rate) > _LOST_RATE
    down = rate > DESCENT_RATE or candidate.drop(last) > MIN_DROP
    # On the way into a burpee or to something on the floor, the hands come below the knees.
    levels = last.levels
    on_hands = levels.supported_on_hands(candidate.height) and not levels.wrists < levels.knees
    return legs and fast and down and not on_hands


def _follow(
    track: _FallTrack, candidate: FallCandidate, rate: float, skeleton_id: int
) -> list[Fall]:
    """Events of a person who goes down, has fallen, or gets up."""
    sample = track.samples[-1]
    stamp = sample.stamp
    before = track.samples[-2].stamp if len(track.samples) > 1 else stamp
    if stamp - before > BLINK:
        candidate.lost = True
        if candidate.low_since is None and candidate.is_low(sample):
            candidate.low_since, candidate.lowest = before, sample.levels.head
    stops = candidate.stops(sample, rate)
    candidate.update(sample)
    if candidate.fallen:
        if candidate.up_since is None or stamp - candidate.up_since < _UP_TIME:
            return []
        track.candidate = None
        return [candidate.event(skeleton_id, FallPhase.RECOVERED, stamp)]
    events = []
    candidate.peak = candidate.peak if math.isnan(rate) else max(candidate.peak, rate)
    low = candidate.low_since
    ends = stops or (stamp if low is None else low) - candidate.onset > MAX_DESCENT_TIME
    fast = rate > _WARNING_RATE and not (candidate.warned or ends)
    if fast and candidate.is_out_of_control(sample):
        candidate.warned = True
        events.append(candidate.event(skeleton_id, FallPhase.FALLING, stamp))
    stays = low is not None and candidate.low_at == stamp and stamp - low >= _STAY
    if low is not None and stays and candidate.is_fall(low, sample):
        candidate.fallen, candidate.landing = True, landing_time(track.samples, candidate)
        events.append(candidate.event(skeleton_id, FallPhase.FALLEN, stamp))
    elif ends:
        track.candidate = None
        while len(track.samples) > 1:
            track.samples.popleft()  # the next descent begins here
        if candidate.warned:
            events.append(candidate.event(skeleton_id, FallPhase.RECOVERED, stamp))
    return events
