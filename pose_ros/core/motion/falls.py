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
    MIN_DROP,
    MIN_HEAD_DROP,
    SINKING_RATE,
    UNSEEN_TRUST,
    FallCandidate,
    begin,
    landing_time,
)
from pose_ros.core.motion.fall_phases import Fall, FallPhase
from pose_ros.core.motion.fall_samples import Sample, descent_rate, head_rate
from pose_ros.core.motion.observer import Observer

__all__ = ['Fall', 'FallDetector', 'FallPhase']

# The start of a descent is looked for within this time [s].
_MEMORY = 3.0
# Speed of head and hips at which going out of sight counts as evidence [body heights/s].
_LOST_RATE = 0.55
# Minimum descent of the hips when lost [body heights]: the head of people who bend over or walk
# behind something comes down alone, and the last keypoints before a loss are wrong by up to 0.09.
_LOST_HIPS_DROP = 0.10
# Maximum descent of the hips when lost [body heights]: those of a standing body are 0.53 over the
# floor. What comes down further walks below the camera.
_MAX_LOST_HIPS_DROP = 0.6
# The speed when lost is measured over this time [s]: a stiff fall is fast only at its end.
_LOST_WINDOW = 0.15
# Speed of head and hips for the early warning [body heights/s].
_WARNING_RATE = 0.7
# Keypoints of a new person may still find their places for this time [s].
_SETTLING = 0.2
# Time that the body must be low for FALLEN [s].
_STAY = 0.8
# Time that the person must be up for RECOVERED [s].
_UP_TIME = 0.6
# A person who went down fast and is out of sight for this time has FALLEN [s].
_ABSENT = 1.2
# People who went down and up again within this time before they go out of sight exercise, or work
# on the floor [s].
_ROUTINE = 5.0
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
    got_up: float = -math.inf
    settled: float = -math.inf  # from when on a new person's keypoints count [s]


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

    def prepare(self, body: BodyState) -> None:
        """Follow a new person, who may be one of those out of sight."""
        if not body.observed:
            return
        if body.id in self._tracks:
            self._tracks[body.id].missing = False
            return
        before = self._same_person(body)
        if before is None:
            self._tracks[body.id] = _FallTrack(body, settled=body.stamp + _SETTLING)
        else:
            track = self._tracks[body.id] = self._tracks.pop(before)
            track.missing = False
            body.continue_from(track.body)

    def observe(self, body: BodyState) -> list[Fall]:
        """Fall events of a person; a person who is only predicted is out of sight."""
        if not body.observed:
            return self.miss(body.id, body.stamp)
        track = self._tracks[body.id]
        events = self._moved(track, body)
        track.body = body
        before = track.samples[-1] if track.samples else None
        track.samples.append(Sample.of(body, before))
        memory = _MEMORY if body.stamp >= track.settled else 0.0
        while track.samples[0].stamp < body.stamp - memory:
            track.samples.popleft()
        rate = descent_rate(track.samples) / body.height
        if track.candidate is None and rate > SINKING_RATE:
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
        """FALLEN if head or hips have not been observed for some time, since the way down."""
        seen = [sample for sample in track.samples if not math.isnan(sample.level)]
        if not seen or math.isnan(track.body.height):
            return []
        last_seen = seen[-1].stamp
        if stamp - last_seen < _ABSENT or last_seen - track.got_up < _ROUTINE:
            return []
        candidate = track.candidate or begin(seen, track.body.height)
        if candidate.fallen or not _falls_when_lost(seen, candidate):
            return []
        if _walks_out(track.samples, last_seen, candidate.height):
            return []
        track.candidate = candidate
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

    def _moved(self, track: _FallTrack, body: BodyState) -> list[Fall]:
        """Close the fall of a person who has another id now, and report it under that one."""
        before, candidate = track.body.id, track.candidate
        if candidate is None or before == body.id:
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
        distances = {}
        for skeleton_id, track in self._tracks.items():
            if not track.missing:
                continue
            last = track.samples[-1].levels
            start, height = last, track.body.height
            if track.candidate is not None:
                start, height = track.candidate.start, track.candidate.height
            distance = abs(body.levels.x - last.x)
            lower = body.levels.head - start.head > MIN_HEAD_DROP * height
            if lower and distance < _REACH * height:
                distances[skeleton_id] = distance
        return min(distances, key=lambda each: distances[each], default=None)


def _falls_when_lost(seen: Sequence[Sample], candidate: FallCandidate) -> bool:
    """Whether a person was falling when head and hips were seen last."""
    last = seen[-1]
    # People who walk out of the image below lose their legs first.
    late = [s.levels for s in seen if s.stamp > last.stamp - BLINK]
    legs = any(not (math.isnan(one.knees) and math.isnan(one.ankles)) for one in late)
    rate = descent_rate(seen, _LOST_WINDOW) / candidate.height
    fast = max(candidate.peak, rate) > _LOST_RATE
    down = rate > DESCENT_RATE or candidate.drop(last) > MIN_DROP
    hips = candidate.hips_drop(last)
    down &= candidate.was_upright and _LOST_HIPS_DROP < hips < _MAX_LOST_HIPS_DROP
    # On the way into a burpee or to something on the floor, the hands come below the knees.
    levels = last.levels
    on_hands = levels.supported_on_hands(candidate.height) and not levels.wrists < levels.knees
    return legs and fast and down and not on_hands


def _walks_out(samples: Sequence[Sample], hips_seen: float, height: float) -> bool:
    """Whether the head still went down long after the hips were seen for the last time [s].

    So it does of people who walk below a camera; falls are over by then.
    """
    head_seen = max((one.stamp for one in samples if one.head_observed), default=hips_seen)
    return head_seen - hips_seen > BLINK and head_rate(samples, BLINK) > SINKING_RATE * height


def _last_known(samples: Sequence[Sample], stamp: float) -> float:
    """When head and hips were seen last before a time [s]; the time itself if they were not."""
    known = (s.stamp for s in samples if s.stamp < stamp and not math.isnan(s.level))
    return max(known, default=stamp)


def _follow(
    track: _FallTrack, candidate: FallCandidate, rate: float, skeleton_id: int
) -> list[Fall]:
    """Events of a person who goes down, has fallen, or gets up."""
    sample = track.samples[-1]
    stamp = sample.stamp
    known = not math.isnan(sample.level)
    before = _last_known(track.samples, stamp)
    if stamp - before > BLINK and known:
        candidate.lost = True
        if not candidate.was_upright:
            candidate.low_since = None  # unseen push-ups are no fall
        elif candidate.is_low(sample):
            low = candidate.low_since
            candidate.low_since = before if low is None else min(before, low)
            candidate.lowest = max(candidate.lowest, sample.levels.head)
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
    late = candidate.is_late(stamp if low is None else low, rate)
    hidden = not known and stamp - before < _ABSENT
    ends = stops or (late and not hidden)
    fast = rate > _WARNING_RATE and not (candidate.warned or ends)
    if fast and candidate.is_out_of_control(sample):
        candidate.warned = True
        events.append(candidate.event(skeleton_id, FallPhase.FALLING, stamp))
    stays = low is not None and candidate.low_at == stamp and stamp - low >= _STAY
    if low is not None and stays and candidate.is_fall(low, sample):
        candidate.fallen, candidate.landing = True, landing_time(track.samples, candidate)
        events.append(candidate.event(skeleton_id, FallPhase.FALLEN, stamp))
    elif ends:
        if stops and candidate.came_down(MIN_DROP):
            track.got_up = stamp
        track.candidate = None
        while len(track.samples) > 1:
            track.samples.popleft()  # the next descent begins here
        if known and not stops and rate > DESCENT_RATE:
            track.candidate = begin(track.samples, track.body.height)
            track.candidate.goes_on = True
        if candidate.warned:
            events.append(candidate.event(skeleton_id, FallPhase.RECOVERED, stamp))
    return events
