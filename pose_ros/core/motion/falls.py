"""Falls of people: going down too fast, lying there, and being up again. No medical device.

Each person is watched by a few measures, all in body heights (the person's own, standing): how
fast head and hips go down together, how far they have come down from where they were, and whether
the body is low and stays so. Somebody who goes out of sight on the way down counts, too.

The limits come from three sources: what the actor does (benchmarks/falls.py: falls of 0.6 to
2.6 s from the first movement, against sitting, crouching, kneeling and lying down in their usual
time), the test clips of two real people who let themselves fall, which is slow (0.5 to 0.95 body
heights/s at the fastest; sitting down has 0.3 to 0.5), and free fall (a standing body that tips
over stiffly ends at about 2).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
import math

import numpy as np

from pose_ros.core.motion.posture import Posture, posture_of
from pose_ros.core.motion.stature import Heights, Stature
from pose_ros.core.types import Person

# Speeds are those of the last ... [s]; with few pictures a second, of so many, if not older than
# ... [s].
_RATE_WINDOW = 0.3
_RATE_LOOKS, _RATE_OLDEST = 3, 0.8
# Where somebody came down from is looked for in the last [s].
_MEMORY = 3.0
# Head and hips together: a faster descent may be a fall; going out of sight at that speed counts
# as evidence; over this the warning is given [body heights/s].
_DESCENT_RATE, _LOST_RATE, _WARNING_RATE = 0.38, 0.55, 0.7
# Least way down of hips, of head, and of both on average [body heights]: that of a fall onto a bed
# which stands farther from the camera. To lie down from sitting leaves the hips where they are.
_HIPS_DROP, _HEAD_DROP, _DROP = 0.08, 0.30, 0.20
# Whose head is no higher over the hips than this and who is down by that lies, even if the legs
# are not seen [body heights].
_HEAD_LOW, _ALL_DOWN = 0.20, 0.48
# From the beginning of the descent until the body is low, a fall takes at most so long [s], and
# all the way down it is no slower than that [body heights/s]. What never was faster than the rate
# must be over sooner and go deeper.
_LONGEST, _MEAN_RATE = 2.4, 0.2
_SLOW_RATE, _SLOW_LONGEST, _SLOW_DROP = 0.5, 1.35, 0.3
# For how long the body must be low [s]; it may seem not to be, or be unseen, for a moment [s].
_STAY, _BLINK = 0.8, 0.3
# Who comes up by so much on the way down does not fall, and by so much while low does not lie: who
# does press-ups is low, too [body heights].
_TURN, _RISE = 0.13, 0.12
# Who stays half-way down for so long [s], slower than that [body heights/s], does not fall either.
_PAUSE, _PAUSE_RATE = 0.7, 0.06
# Confidence where nobody has seen the body stay down, over that where it was seen.
_UNSEEN_TRUST = 0.7
# Who is out of sight for so long after going down fast has fallen [s].
_ABSENT = 1.2
# Whoever turns up lying within this time [s] and distance [body heights] of where somebody who
# fell was last seen, is the same person.
_FORGET, _REACH = 10.0, 1.2
# Up again: the head has come up by this share of the way, and stays so [s].
_UP_SHARE, _UP_TIME = 0.6, 0.6


class FallPhase(IntEnum):
    """Where in its course a fall is; the values are those of ``FallEvent.msg``."""

    FALLING = 0
    FALLEN = 1
    RECOVERED = 2


@dataclass(frozen=True)
class Fall:
    """An event in a fall of one person; all events of a fall have the same onset.

    Attributes
    ----------
    person_id
        Of the person.
    phase
        Early warning, down and staying down, or up again.
    confidence
        0 to 1.
    onset
        When the way down began [s], on the clock of the pictures.
    landing
        When it ended [s]; None while FALLING, and if nothing came of it.
    duration
        From the onset to this picture [s].
    peak_descent_rate
        Of hips and head, the fastest on the way down [body heights/s].
    lost
        Whether the person was out of sight on the way down or after it.
    """

    person_id: int
    phase: FallPhase
    confidence: float
    onset: float
    landing: float | None
    duration: float
    peak_descent_rate: float
    lost: bool = False

    def __post_init__(self) -> None:
        """Refuse what is none."""
        if not 0 <= self.confidence <= 1:
            raise ValueError(f'confidence must be 0 to 1, got {self.confidence}')


@dataclass(frozen=True)
class _Look:
    """A person in one picture."""

    stamp: float
    parts: Heights
    posture: Posture

    @property
    def level(self) -> float:
        """Middle of head and hips, y down [px]; NaN where one is not seen."""
        return (self.parts.head + self.parts.hips) / 2


@dataclass
class _Descent:
    """The way down of one person, and what follows.

    Attributes
    ----------
    onset
        When it began [s].
    start
        Where the body was then.
    height
        Of the person standing [px].
    peak
        Fastest so far [body heights/s].
    deepest
        Lowest level so far, y down [px].
    moved
        When the person last went down, as far as is known [s].
    low_since
        Since when the body is low and stays so [s]; None: it is not.
    low_at
        When the body was last seen low [s].
    lowest
        Where the head was lowest since then, y down [px].
    landing
        When the body came to where it stays [s].
    up_since
        Since when the person is up again [s].
    lost
        Whether the person was out of sight meanwhile.
    warned, fallen
        Whether that has been told.
    """

    onset: float
    start: Heights
    height: float
    peak: float = 0.0
    deepest: float = -math.inf
    moved: float = -math.inf
    low_since: float | None = None
    low_at: float = -math.inf
    lowest: float = -math.inf
    landing: float | None = None
    up_since: float | None = None
    lost: bool = False
    warned: bool = False
    fallen: bool = False

    def head_drop(self, look: _Look) -> float:
        """Way down of the head [body heights]; NaN where it is not seen."""
        return (look.parts.head - self.start.head) / self.height

    def hips_drop(self, look: _Look) -> float:
        """Way down of the hips [body heights]; NaN where they are not seen."""
        return (look.parts.hips - self.start.hips) / self.height

    def is_fall(self, until: float, look: _Look) -> bool:
        """Whether the way down to here, if it took until then [s], is that of a fall."""
        lasted = until - self.onset
        drop = (self.head_drop(look) + self.hips_drop(look)) / 2
        slow = self.peak < _SLOW_RATE and (lasted > _SLOW_LONGEST or drop < _SLOW_DROP)
        return lasted <= min(_LONGEST, drop / _MEAN_RATE) and not slow

    def is_low(self, look: _Look) -> bool:
        """Whether the body is down, compared with where it was."""
        head, hips = self.head_drop(look), self.hips_drop(look)
        if not (head > _HEAD_DROP and hips > _HIPS_DROP and head + hips > 2 * _DROP):
            return False
        head_over_hips = (look.parts.hips - look.parts.head) / self.height
        return look.posture == Posture.LYING or (
            head_over_hips < _HEAD_LOW and head + hips > 2 * _ALL_DOWN
        )

    def is_up(self, look: _Look) -> bool:
        """Whether the person is up again."""
        return self.head_drop(look) < _HEAD_DROP * (1 - _UP_SHARE) or look.posture in (
            Posture.STANDING,
            Posture.SITTING,
            Posture.BENDING,
        )

    def stops(self, look: _Look, rate: float) -> bool:
        """Whether the person stays or comes up before the body is low."""
        if not rate <= _PAUSE_RATE:  # or is not known
            self.moved = look.stamp
        if not math.isnan(look.level):
            self.deepest = max(self.deepest, look.level)
        return self.low_since is None and (
            look.level < self.deepest - _TURN * self.height or look.stamp - self.moved > _PAUSE
        )

    def follow(self, look: _Look) -> None:
        """Keep for how long the body has been low, or up."""
        stamp, head = look.stamp, look.parts.head
        low = self.is_low(look)
        if low and self.low_since is not None and head < self.lowest - _RISE * self.height:
            self.low_since = None  # the head goes up: neither lying nor up yet
        if low:
            if self.low_since is None:
                self.low_since, self.lowest = stamp, head
            self.low_at, self.lowest = stamp, max(self.lowest, head)
        elif stamp - self.low_at > _BLINK:
            self.low_since = None
        if not self.is_up(look):
            self.up_since = None
        elif self.up_since is None:
            self.up_since = stamp

    def event(self, person_id: int, phase: FallPhase, stamp: float) -> Fall:
        """What is told of it at a time."""
        sure = float(np.interp(self.peak, (_DESCENT_RATE, 1.2), (0.5, 0.95)))
        if phase is FallPhase.FALLING:
            sure *= _UNSEEN_TRUST
        return Fall(
            person_id,
            phase,
            sure,
            self.onset,
            self.landing,
            stamp - self.onset,
            self.peak,
            self.lost,
        )


@dataclass
class _Watch:
    """One person: the last looks, and the descent that is under way or over."""

    stature: Stature = field(default_factory=Stature)
    looks: deque[_Look] = field(default_factory=deque)
    descent: _Descent | None = None

    @property
    def stamp(self) -> float:
        """When the person was last seen [s]."""
        return self.looks[-1].stamp if self.looks else -math.inf


class FallDetector:
    """Finds falls of people, one picture after the other.

    Call `observe` for every picture, also when nobody is there. Events carry the id under which
    the person is seen: who gets lost in a fall and is found lying under another id has the fall
    told again under the new one, with the same onset.
    """

    def __init__(self) -> None:
        self._watches: dict[int, _Watch] = {}
        self._stamp = -math.inf

    def observe(self, people: Sequence[Person], stamp: float) -> list[Fall]:
        """Events of one picture.

        Parameters
        ----------
        people
            Those without an identity (id 0) are left out; who is only predicted is not seen.
        stamp
            Time of the picture [s]; a step back starts anew, the same time again changes nothing.
        """
        if stamp == self._stamp:
            return []
        if stamp < self._stamp:
            self._watches.clear()
        self._stamp = stamp
        self._watches = {i: w for i, w in self._watches.items() if stamp - w.stamp <= _FORGET}
        events: list[Fall] = []
        for person in people:
            if person.id and person.observed.any():
                events += self._look(person, stamp)
        for person_id, watch in self._watches.items():
            if watch.stamp < stamp:
                events += _miss(watch, person_id, stamp)
        return events

    def _look(self, person: Person, stamp: float) -> list[Fall]:
        """Events of a person who is seen."""
        events: list[Fall] = []
        watch = self._watches.get(person.id)
        if watch is None:
            watch = self._joined(person) or _Watch()
            self._watches[person.id] = watch
            if watch.descent is not None and watch.descent.fallen:
                events.append(watch.descent.event(person.id, FallPhase.FALLEN, stamp))
        height = watch.stature.update(person, stamp)
        look = _Look(stamp, Heights.of(person), posture_of(person, height)[0])
        watch.looks.append(look)
        while watch.looks[0].stamp < stamp - _MEMORY:
            watch.looks.popleft()
        rate = _descent_rate(watch.looks) / height
        if watch.descent is None and rate > _DESCENT_RATE:
            watch.descent = _begin(watch.looks, height)
        if watch.descent is not None:
            events += _follow(watch, watch.descent, rate, person.id)
        return events

    def _joined(self, person: Person) -> _Watch | None:
        """Watch of somebody who went out of sight where somebody new is, but much lower."""
        parts = Heights.of(person)
        for person_id, watch in self._watches.items():
            if watch.stamp == self._stamp:
                continue
            before, height = watch.looks[-1].parts, watch.stature.height
            if watch.descent is not None:
                before, height = watch.descent.start, watch.descent.height
            near = abs(parts.x - watch.looks[-1].parts.x) < _REACH * height
            if near and parts.head - before.head > _HEAD_DROP * height:
                del self._watches[person_id]
                if watch.descent is not None:
                    watch.descent.lost = True
                return watch
        return None


def _follow(watch: _Watch, descent: _Descent, rate: float, person_id: int) -> list[Fall]:
    """Events of a person who goes down, has fallen, or gets up."""
    look = watch.looks[-1]
    stamp = look.stamp
    before = watch.looks[-2].stamp if len(watch.looks) > 1 else stamp
    if stamp - before > _BLINK:
        descent.lost = True
        if descent.low_since is None and descent.is_low(look):
            descent.low_since, descent.lowest = before, look.parts.head
    stops = descent.stops(look, rate)
    descent.follow(look)
    if descent.fallen:
        if descent.up_since is None or stamp - descent.up_since < _UP_TIME:
            return []
        watch.descent = None
        return [descent.event(person_id, FallPhase.RECOVERED, stamp)]
    events = []
    descent.peak = descent.peak if math.isnan(rate) else max(descent.peak, rate)
    if rate > _WARNING_RATE and not descent.warned:
        descent.warned = True
        events.append(descent.event(person_id, FallPhase.FALLING, stamp))
    low = descent.low_since
    if low is not None and stamp - low >= _STAY and descent.is_fall(low, look):
        descent.fallen, descent.landing = True, _landing(watch.looks, descent)
        events.append(descent.event(person_id, FallPhase.FALLEN, stamp))
    elif stops or (stamp if low is None else low) - descent.onset > _LONGEST:
        watch.descent = None
        while stops and len(watch.looks) > 1:
            watch.looks.popleft()  # the next descent begins here
        if descent.warned:
            events.append(descent.event(person_id, FallPhase.RECOVERED, stamp))
    return events


def _miss(watch: _Watch, person_id: int, stamp: float) -> list[Fall]:
    """Events of a person who is out of sight."""
    descent = watch.descent
    if descent is None or descent.fallen or stamp - watch.stamp < _ABSENT:
        return []
    last = [look.parts for look in watch.looks if look.stamp > watch.stamp - _BLINK]
    legs = any(not math.isnan(parts.knees) or not math.isnan(parts.ankles) for parts in last)
    if descent.peak < _LOST_RATE or not legs:  # who walks out below is first without legs
        return []
    descent.fallen = descent.lost = True
    descent.landing = watch.stamp
    event = descent.event(person_id, FallPhase.FALLEN, stamp)
    return [replace(event, confidence=event.confidence * _UNSEEN_TRUST)]


def _descent_rate(looks: Sequence[_Look]) -> float:
    """Speed downwards of the middle of head and hips [px/s]; NaN where too little is seen.

    What the feet go down, too, is the camera's doing, or the person walks out below. After a time
    out of sight it is the mean speed since before, where that is greatest.
    """
    seen = [look for look in looks if not math.isnan(look.level)]
    now = looks[-1].stamp
    if len(seen) > 1 and seen[-1].stamp == now and now - seen[-2].stamp > _RATE_OLDEST:
        ways = ((seen[-1].level - k.level) / (now - k.stamp) for k in seen[:-1])
        return max(ways)
    number = sum(look.stamp > now - _RATE_WINDOW for look in seen)
    window = seen[-max(number, _RATE_LOOKS) :]
    if len(window) < _RATE_LOOKS or window[0].stamp < now - _RATE_OLDEST:
        return math.nan
    rate = _slope([(look.stamp, look.level) for look in window])
    feet = [(k.stamp, k.parts.ankles) for k in window if not math.isnan(k.parts.ankles)]
    return rate - max(_slope(feet), 0.0) if len(feet) == len(window) else rate


def _slope(points: Sequence[tuple[float, float]]) -> float:
    """Slope of the line through points, by least squares."""
    times, values = np.array(points).T
    times = times - times.mean()
    return float(times @ values / (times @ times)) if len(points) > 1 else 0.0


def _begin(looks: Sequence[_Look], height: float) -> _Descent | None:
    """Descent that is under way, from where it began; None for somebody who lay there already."""
    seen = [look for look in looks if not math.isnan(look.level)]
    top = min(look.level for look in seen)
    onset = [look.stamp for look in seen if look.level < top + 0.04 * height][-1]
    start = next(look for look in seen if look.level == top)
    if start.posture == Posture.LYING:
        return None
    return _Descent(onset, start.parts, height)


def _landing(looks: Sequence[_Look], descent: _Descent) -> float:
    """When somebody who lies came to where they lie, give or take a hand's breadth [s]."""
    since = [k for k in looks if k.stamp >= descent.onset and not math.isnan(k.level)]
    end = since[-1].level - 0.08 * descent.height
    return next(look.stamp for look in since if look.level > end)
