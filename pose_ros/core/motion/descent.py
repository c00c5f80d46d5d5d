"""The way down of a person: how fast, how far, and whether the body stays low.

The limits, here and in `falls`, come from three sources: what the actor does (benchmarks/falls.py:
falls of 0.6 to 2.6 s from the first movement, against sitting, crouching, kneeling and lying down
in their usual time), the test clips of two real people who let themselves fall, which is slow (0.5
to 0.95 body heights/s at the fastest; sitting down has 0.3 to 0.5), and free fall (a standing body
that tips over stiffly ends at about 2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math

import numpy as np

from pose_ros.core.body.height import Heights
from pose_ros.core.motion.posture import Posture

# Speeds are those of the last ... [s]; with few pictures a second, of so many, if not older than
# ... [s].
_RATE_WINDOW = 0.3
_RATE_LOOKS, _RATE_OLDEST = 3, 0.8
# Least way down of hips, of head, and of both on average [body heights]: that of a fall onto a bed
# which stands farther from the camera. To lie down from sitting leaves the hips where they are.
_HIPS_DROP, HEAD_DROP, _DROP = 0.08, 0.30, 0.20
# Whose head is no higher over the hips than this and who is down by that lies, even if the legs
# are not seen [body heights].
_HEAD_LOW, _ALL_DOWN = 0.20, 0.48
# From the beginning of the descent until the body is low, a fall takes at most so long [s], and
# all the way down it is no slower than that [body heights/s]. Whose speed never was the greater of
# these rates must be down sooner, as who lies down in a hurry takes longer; and what never was
# faster than the last must go deeper.
LONGEST, _MEAN_RATE = 2.4, 0.2
_RATES, _LONGEST = (0.4, 0.7), (1.45, LONGEST)
_SLOW_RATE, _SLOW_DROP = 0.5, 0.3
# Who comes up by so much on the way down does not fall, and by so much while low does not lie: who
# does press-ups is low, too [body heights].
_TURN, _RISE = 0.13, 0.12
# Who stays half-way down for so long [s], slower than that [body heights/s], does not fall either.
_PAUSE, _PAUSE_RATE = 0.7, 0.06
# Up again: the head has come up by this share of the way.
_UP_SHARE = 0.6
# The body may seem not to be low, or be unseen, for a moment [s].
BLINK = 0.3


@dataclass(frozen=True)
class Look:
    """A person in one picture."""

    stamp: float
    parts: Heights
    posture: Posture

    @property
    def level(self) -> float:
        """Middle of head and hips, y down [px]; NaN where one is not seen."""
        return (self.parts.head + self.parts.hips) / 2


@dataclass
class Descent:
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

    def head_drop(self, look: Look) -> float:
        """Way down of the head [body heights]; NaN where it is not seen."""
        return (look.parts.head - self.start.head) / self.height

    def hips_drop(self, look: Look) -> float:
        """Way down of the hips [body heights]; NaN where they are not seen."""
        return (look.parts.hips - self.start.hips) / self.height

    def is_fall(self, until: float, look: Look) -> bool:
        """Whether the way down to here, if it took until then [s], is that of a fall."""
        lasted = until - self.onset
        drop = (self.head_drop(look) + self.hips_drop(look)) / 2
        longest = float(np.interp(self.peak, _RATES, _LONGEST))
        slow = self.peak < _SLOW_RATE and drop < _SLOW_DROP
        return lasted <= min(longest, drop / _MEAN_RATE) and not slow

    def is_low(self, look: Look) -> bool:
        """Whether the body is down, compared with where it was."""
        head, hips = self.head_drop(look), self.hips_drop(look)
        if look.parts.propped(self.height):
            return False
        if not (head > HEAD_DROP and hips > _HIPS_DROP and head + hips > 2 * _DROP):
            return False
        head_over_hips = (look.parts.hips - look.parts.head) / self.height
        return look.posture == Posture.LYING or (
            head_over_hips < _HEAD_LOW and head + hips > 2 * _ALL_DOWN
        )

    def is_up(self, look: Look) -> bool:
        """Whether the person is up again."""
        return self.head_drop(look) < HEAD_DROP * (1 - _UP_SHARE) or look.posture in (
            Posture.STANDING,
            Posture.SITTING,
            Posture.BENDING,
        )

    def stops(self, look: Look, rate: float) -> bool:
        """Whether the person stays or comes up before the body is low."""
        if not rate <= _PAUSE_RATE:  # or is not known
            self.moved = look.stamp
        if not math.isnan(look.level):
            self.deepest = max(self.deepest, look.level)
        return self.low_since is None and (
            look.level < self.deepest - _TURN * self.height or look.stamp - self.moved > _PAUSE
        )

    def follow(self, look: Look) -> None:
        """Keep for how long the body has been low, or up."""
        stamp, head = look.stamp, look.parts.head
        low = self.is_low(look)
        if low and self.low_since is not None and head < self.lowest - _RISE * self.height:
            self.low_since = None  # the head goes up: neither lying nor up yet
        if low:
            if self.low_since is None:
                self.low_since, self.lowest = stamp, head
            self.low_at, self.lowest = stamp, max(self.lowest, head)
        elif stamp - self.low_at > BLINK:
            self.low_since = None
        if not self.is_up(look):
            self.up_since = None
        elif self.up_since is None:
            self.up_since = stamp


def descent_rate(looks: Sequence[Look]) -> float:
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


def begin(looks: Sequence[Look], height: float) -> Descent | None:
    """Descent that is under way, from where it began; None for somebody who lay there already."""
    seen = [look for look in looks if not math.isnan(look.level)]
    top = min(look.level for look in seen)
    onset = [look.stamp for look in seen if look.level < top + 0.04 * height][-1]
    start = next(look for look in seen if look.level == top)
    if start.posture == Posture.LYING:
        return None
    return Descent(onset, start.parts, height)


def landing_time(looks: Sequence[Look], descent: Descent) -> float:
    """When somebody who lies came to where they lie, give or take a hand's breadth [s]."""
    since = [k for k in looks if k.stamp >= descent.onset and not math.isnan(k.level)]
    end = since[-1].level - 0.08 * descent.height
    return next(look.stamp for look in since if look.level > end)
