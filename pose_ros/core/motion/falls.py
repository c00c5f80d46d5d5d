"""Falls of people: going down too fast, lying there, and being up again. No medical device.

Each person is watched by a few measures, all in body heights (the person's own, standing): how
fast head and hips go down together, how far they have come down from where they were, and whether
the body is low and stays so. Somebody who goes out of sight on the way down counts, too.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
import math

import numpy as np

from pose_ros.core.motion.posture import Posture, posture_of
from pose_ros.core.motion.stature import Heights, Stature
from pose_ros.core.types import Person

# Speeds are those of the last ... [s].
_RATE_WINDOW = 0.3
# ... and where somebody came down from is looked for in the last [s].
_MEMORY = 3.0
# Head and hips together: a faster descent than this may be a fall, the early warning is given
# over that [body heights/s].
_DESCENT_RATE = 0.38
_WARNING_RATE = 0.75
# Least way down of hips and head [body heights].
_HIPS_DROP, _HEAD_DROP = 0.12, 0.33
# A fall takes at most so long, from the beginning of the descent until the body is low [s].
_LONGEST = 2.4
# How long the body must be low [s], and for how long it may seem not to be meanwhile.
_STAY, _BLINK = 0.8, 0.3
# Who is out of sight for so long after going down fast has fallen; who is away for longer than
# that is forgotten [s].
_ABSENT, _FORGET = 1.2, 10.0
# Being up again: so much of the way down, for so long [s].
_UP_SHARE, _UP_TIME = 0.6, 0.6


class FallPhase(IntEnum):
    """Where in its course a fall is; the values are those of ``FallEvent.msg``."""

    FALLING = 0
    FALLEN = 1
    RECOVERED = 2


@dataclass(frozen=True)
class Fall:
    """An event in a fall of one person.

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
        When it ended [s]; None while FALLING.
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
    """The way down of one person, and what follows."""

    onset: float
    start: Heights
    height: float
    peak: float = 0.0
    landing: float | None = None
    low_since: float | None = None
    last_low: float = -math.inf
    warned: bool = False
    fallen: bool = False
    up_since: float | None = None
    lost: bool = False


@dataclass
class _Watch:
    """One person."""

    stature: Stature = field(default_factory=Stature)
    looks: deque[_Look] = field(default_factory=deque)
    descent: _Descent | None = None
    stamp: float = -math.inf


class FallDetector:
    """Finds falls of people, one picture after the other.

    Call `observe` for every picture, also when nobody is there.
    """

    def __init__(self) -> None:
        self._watches: dict[int, _Watch] = {}

    def observe(self, people: Sequence[Person], stamp: float) -> list[Fall]:
        """Events of one picture.

        Parameters
        ----------
        people
            Those without an identity (id 0) are left out; who is only predicted is not seen.
        stamp
            Time of the picture [s]; a step back starts anew.
        """
        gone = [i for i, w in self._watches.items() if not 0 <= stamp - w.stamp <= _FORGET]
        for person_id in gone:
            del self._watches[person_id]
        events: list[Fall] = []
        for person in people:
            if not person.id or not person.observed.any():
                continue
            watch = self._watches.setdefault(person.id, _Watch())
            if watch.stamp != stamp:
                watch.stamp = stamp
                events += self._look(watch, person, stamp)
        for person_id, watch in self._watches.items():
            if watch.stamp < stamp:
                events += self._miss(watch, person_id, stamp)
        return events

    def _look(self, watch: _Watch, person: Person, stamp: float) -> list[Fall]:
        """Events of a person who is seen."""
        height = watch.stature.update(person, stamp)
        look = _Look(stamp, Heights.of(person), posture_of(person, height)[0])
        looks = watch.looks
        looks.append(look)
        while looks[0].stamp < stamp - _MEMORY:
            looks.popleft()
        rate = _descent_rate(looks, stamp) / height
        if watch.descent is None and rate > _DESCENT_RATE:
            watch.descent = _begin(looks, height)
        if watch.descent is None:
            return []
        return self._follow(watch, watch.descent, look, rate, person.id)

    def _follow(
        self, watch: _Watch, descent: _Descent, look: _Look, rate: float, person_id: int
    ) -> list[Fall]:
        events: list[Fall] = []
        stamp = look.stamp
        if not math.isnan(rate) and not descent.fallen:
            descent.peak = max(descent.peak, rate)
        if rate > _WARNING_RATE and not descent.warned:
            descent.warned = True
            events.append(_event(descent, person_id, FallPhase.FALLING, stamp))
        if _is_low(descent, look):
            descent.last_low = stamp
            if descent.low_since is None:
                descent.low_since = stamp
        elif descent.low_since is not None and stamp - descent.last_low > _BLINK:
            descent.low_since = None
        if not descent.fallen:
            low = descent.low_since
            if low is not None and low - descent.onset <= _LONGEST and stamp - low >= _STAY:
                descent.fallen, descent.landing = True, low
                events.append(_event(descent, person_id, FallPhase.FALLEN, stamp))
            elif low is None and stamp - descent.onset > _LONGEST:
                if descent.warned:
                    descent.landing = stamp
                    events.append(_event(descent, person_id, FallPhase.RECOVERED, stamp))
                watch.descent = None
            return events
        if _is_up(descent, look):
            descent.up_since = stamp if descent.up_since is None else descent.up_since
            if stamp - descent.up_since >= _UP_TIME:
                events.append(_event(descent, person_id, FallPhase.RECOVERED, stamp))
                watch.descent = None
        else:
            descent.up_since = None
        return events

    def _miss(self, watch: _Watch, person_id: int, stamp: float) -> list[Fall]:
        """Events of a person who is out of sight."""
        descent = watch.descent
        if descent is None or descent.fallen or stamp - watch.stamp < _ABSENT:
            return []
        descent.fallen = descent.lost = True
        descent.landing = watch.stamp
        return [_event(descent, person_id, FallPhase.FALLEN, stamp)]


def _event(descent: _Descent, person_id: int, phase: FallPhase, stamp: float) -> Fall:
    confidence = 0.5 if descent.lost else float(np.clip(0.4 + 0.5 * descent.peak, 0.0, 0.95))
    return Fall(
        person_id,
        phase,
        confidence,
        descent.onset,
        descent.landing,
        stamp - descent.onset,
        descent.peak,
        descent.lost,
    )


def _descent_rate(looks: Sequence[_Look], stamp: float) -> float:
    """Speed downwards of the middle of head and hips [px/s]; NaN where too little is seen."""
    window = [
        (look.stamp, look.level)
        for look in looks
        if look.stamp > stamp - _RATE_WINDOW and not math.isnan(look.level)
    ]
    if len(window) < 3 or window[-1][0] - window[0][0] < _RATE_WINDOW / 2:
        return math.nan
    times, levels = np.array(window).T
    return float(np.polyfit(times - times[0], levels, 1)[0])


def _begin(looks: Sequence[_Look], height: float) -> _Descent:
    """Descent that is under way: from where it began."""
    seen = [look for look in looks if not math.isnan(look.level)]
    top = min(look.level for look in seen)
    start = [look for look in seen if look.level < top + 0.04 * height][-1]
    return _Descent(start.stamp, start.parts, height)


def _is_low(descent: _Descent, look: _Look) -> bool:
    """Whether the body is down, compared with where it was."""
    hips = (look.parts.hips - descent.start.hips) / descent.height
    head = (look.parts.head - descent.start.head) / descent.height
    if math.isnan(hips) or math.isnan(head) or hips < _HIPS_DROP or head < _HEAD_DROP:
        return False
    return look.posture == Posture.LYING or (
        (look.parts.hips - look.parts.head) / descent.height < 0.2 and (hips + head) / 2 > 0.42
    )


def _is_up(descent: _Descent, look: _Look) -> bool:
    head = (look.parts.head - descent.start.head) / descent.height
    return look.posture in (Posture.STANDING, Posture.SITTING) or head < 0.2
