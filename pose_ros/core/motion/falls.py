"""Falls of people: going down too fast, lying there, and being up again. No medical device.

Each person is watched by a few measures, all in body heights (the person's own, standing): how
fast head and hips go down together, how far they have come down from where they were, and whether
the body is low and stays so. Somebody who goes out of sight on the way down counts, too.

Where the limits come from is said in `descent`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
import math

from pose_ros.core.body.height import Heights, Stature
from pose_ros.core.motion.descent import (
    BLINK,
    HEAD_DROP,
    LONGEST,
    Descent,
    Look,
    begin,
    descent_rate,
    landing_time,
)
from pose_ros.core.motion.fall_events import (
    DESCENT_RATE,
    UNSEEN_TRUST,
    Fall,
    FallPhase,
    closing_of,
    event_of,
)
from pose_ros.core.motion.posture import posture_of
from pose_ros.core.timeline import Step, Timeline
from pose_ros.core.types import Person

__all__ = ['Fall', 'FallDetector', 'FallPhase']

# Where somebody came down from is looked for in the last [s].
_MEMORY = 3.0
# Head and hips together: going out of sight at that speed counts as evidence; over this the
# warning is given [body heights/s].
_LOST_RATE, _WARNING_RATE = 0.55, 0.7
# For how long the body must be low, or up again [s].
_STAY, _UP_TIME = 0.8, 0.6
# Who is out of sight for so long after going down fast has fallen [s].
_ABSENT = 1.2
# Whoever turns up lying within this time [s] and distance [body heights] of where somebody who
# fell was last seen, is the same person.
_FORGET, _REACH = 10.0, 1.2


@dataclass
class _Watch:
    """One person: the last looks, and the descent that is under way or over."""

    stature: Stature = field(default_factory=Stature)
    looks: deque[Look] = field(default_factory=deque)
    descent: Descent | None = None

    @property
    def stamp(self) -> float:
        """When the person was last seen [s]."""
        return self.looks[-1].stamp if self.looks else -math.inf


class FallDetector:
    """Finds falls of people, one picture after the other.

    Call `observe` for every picture, also when nobody is there. Events carry the id under which
    the person is seen: who gets lost in a fall and is found lying under another id has the fall
    ended under the old id and told again under the new one, with the same onset.
    """

    def __init__(self) -> None:
        self._watches: dict[int, _Watch] = {}
        self._timeline = Timeline()

    def observe(self, people: Sequence[Person], stamp: float) -> list[Fall]:
        """Events of one picture.

        Parameters
        ----------
        people
            Those without an identity (id 0) are left out; who is only predicted is not seen.
        stamp
            Time of the frame [s]. A frame that is late or of the same time again changes nothing;
            a jump back starts anew (see `Timeline`).
        """
        before = self._timeline.last
        step = self._timeline.advance(stamp)
        if step in (Step.LATE, Step.REPEATED):
            return []
        if step is Step.JUMP and before is not None:
            events = self._forget(list(self._watches), before)
        else:
            away = [i for i, w in self._watches.items() if stamp - w.stamp > _FORGET]
            events = self._forget(away, stamp)
        seen = {person.id: person for person in people if person.id and person.observed.any()}
        for person_id, person in seen.items():
            if person_id not in self._watches:
                events += self._begin(person, [i for i in self._watches if i not in seen], stamp)
            events += _look(self._watches[person_id], person, stamp)
        for person_id, watch in self._watches.items():
            if person_id not in seen:
                events += _miss(watch, person_id, stamp)
        return events

    def _forget(self, gone_ids: Sequence[int], stamp: float) -> list[Fall]:
        """Forget people; events of those who were going down. Whoever has fallen is not up."""
        gone = [(person_id, self._watches.pop(person_id)) for person_id in gone_ids]
        return [
            closing_of(watch.descent, person_id, stamp)
            for person_id, watch in gone
            if watch.descent is not None and watch.descent.warned and not watch.descent.fallen
        ]

    def _begin(self, person: Person, absent: Sequence[int], stamp: float) -> list[Fall]:
        """Events of somebody new, who may be one of those out of sight."""
        before = self._before(person, absent)
        watch = _Watch() if before is None else self._watches.pop(before)
        self._watches[person.id] = watch
        if before is None or watch.descent is None:
            return []
        return _move(watch.descent, before, person.id, stamp)

    def _before(self, person: Person, absent: Sequence[int]) -> int | None:
        """Id of who went out of sight where somebody new is, but much lower."""
        parts = Heights.of(person)
        for person_id in absent:
            watch = self._watches[person_id]
            before, height = watch.looks[-1].parts, watch.stature.height
            if watch.descent is not None:
                before, height = watch.descent.start, watch.descent.height
            near = abs(parts.x - watch.looks[-1].parts.x) < _REACH * height
            if near and parts.head - before.head > HEAD_DROP * height:
                return person_id
        return None


def _look(watch: _Watch, person: Person, stamp: float) -> list[Fall]:
    """Events of a person who is seen."""
    height = watch.stature.update(person, stamp)
    watch.looks.append(Look(stamp, Heights.of(person), posture_of(person, height)[0]))
    while watch.looks[0].stamp < stamp - _MEMORY:
        watch.looks.popleft()
    rate = descent_rate(watch.looks) / height
    if watch.descent is None and rate > DESCENT_RATE:
        watch.descent = begin(watch.looks, height)
    return [] if watch.descent is None else _follow(watch, watch.descent, rate, person.id)


def _follow(watch: _Watch, descent: Descent, rate: float, person_id: int) -> list[Fall]:
    """Events of a person who goes down, has fallen, or gets up."""
    look = watch.looks[-1]
    stamp = look.stamp
    before = watch.looks[-2].stamp if len(watch.looks) > 1 else stamp
    if stamp - before > BLINK:
        descent.lost = True
        if descent.low_since is None and descent.is_low(look):
            descent.low_since, descent.lowest = before, look.parts.head
    stops = descent.stops(look, rate)
    descent.follow(look)
    if descent.fallen:
        if descent.up_since is None or stamp - descent.up_since < _UP_TIME:
            return []
        watch.descent = None
        return [event_of(descent, person_id, FallPhase.RECOVERED, stamp)]
    events = []
    descent.peak = descent.peak if math.isnan(rate) else max(descent.peak, rate)
    low = descent.low_since
    ends = stops or (stamp if low is None else low) - descent.onset > LONGEST
    if rate > _WARNING_RATE and not (descent.warned or ends):
        descent.warned = True
        events.append(event_of(descent, person_id, FallPhase.FALLING, stamp))
    stays = low is not None and descent.low_at == stamp and stamp - low >= _STAY
    if low is not None and stays and descent.is_fall(low, look):
        descent.fallen, descent.landing = True, landing_time(watch.looks, descent)
        events.append(event_of(descent, person_id, FallPhase.FALLEN, stamp))
    elif ends:
        watch.descent = None
        while len(watch.looks) > 1:
            watch.looks.popleft()  # the next descent begins here
        if descent.warned:
            events.append(event_of(descent, person_id, FallPhase.RECOVERED, stamp))
    return events


def _miss(watch: _Watch, person_id: int, stamp: float) -> list[Fall]:
    """Events of a person who is out of sight."""
    descent = watch.descent
    if descent is None or descent.fallen or stamp - watch.stamp < _ABSENT:
        return []
    last = [look.parts for look in watch.looks if look.stamp > watch.stamp - BLINK]
    legs = any(not math.isnan(parts.knees) or not math.isnan(parts.ankles) for parts in last)
    if descent.peak < _LOST_RATE or not legs:  # who walks out below is first without legs
        return []
    descent.fallen = descent.lost = True
    descent.landing = watch.stamp
    event = event_of(descent, person_id, FallPhase.FALLEN, stamp)
    return [replace(event, confidence=event.confidence * UNSEEN_TRUST)]


def _move(descent: Descent, before: int, person_id: int, stamp: float) -> list[Fall]:
    """Events of a descent that goes on under another id."""
    descent.lost = True
    told = descent.warned or descent.fallen
    events = [closing_of(descent, before, stamp)] if told else []
    descent.warned = False
    if descent.fallen:
        events.append(event_of(descent, person_id, FallPhase.FALLEN, stamp))
    return events
