"""The posture of people: standing, sitting, crouching, bending, lying.

Heights are compared with the person's own standing height in the picture, which also tells
somebody who lies along the line of sight: no part of the body is high then. The camera is taken
to stand upright.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
import math

import numpy as np

from pose_ros.core.body.height import Heights, Stature, pixels_per_metre
from pose_ros.core.motion.per_person import PerPerson
from pose_ros.core.types import Person

# A posture must be seen for so long to be taken [s]; sitting for that, with the hips no farther
# than this from where they came to rest [body heights]: at the bottom of a squat people look as on
# a chair, but they do not stay. Whatever is seen is taken once the posture before has not been
# seen for the last.
_HOLD, _REST, _STILL, _PATIENCE = 0.3, 1.0, 0.04, 2.0
# Somebody may be out of sight for so long [s].
_GRACE = 1.0
# Heights of the parts over each other in the standing body [body heights].
HEAD_OVER_HIPS = 0.40
HIPS_OVER_ANKLES = 0.46
HIPS_OVER_KNEES = 0.235
# Limits, in these heights: the trunk is down below this (about 57 degrees from upright), the
# thighs are down over this, ...
_TRUNK_DOWN = 0.55
_THIGHS_DOWN = 0.62
# ... the hips are on the ground below this, lower than any chair below that, and clear of it over
# the last.
_HIPS_LOW, _HIPS_DEEP, _HIPS_HIGH = 0.28, 0.45, 0.75
# Who sits has the feet in front of the hips by this [body heights]; who crouches, under them.
_FEET_AHEAD = 0.13
# Measures this far from a limit [of the standing heights] are as good as certain.
_MARGIN = 0.15


class Posture(IntEnum):
    """What a body does as a whole; the values are those of ``Posture.msg``."""

    UNKNOWN = 0
    STANDING = 1
    SITTING = 2
    CROUCHING = 3
    BENDING = 4
    LYING = 5


@dataclass(frozen=True)
class PostureState:
    """The posture of one person at one time.

    Attributes
    ----------
    person_id
        Of the person.
    posture
        UNKNOWN where too little of the body is seen.
    confidence
        0 to 1.
    duration
        Time since the posture was taken [s].
    """

    person_id: int
    posture: Posture
    confidence: float
    duration: float

    def __post_init__(self) -> None:
        """Refuse what is none."""
        if not 0 <= self.confidence <= 1:
            raise ValueError(f'confidence must be 0 to 1, got {self.confidence}')


@dataclass
class _Reading:
    """What one person does."""

    stature: Stature
    posture: Posture = Posture.UNKNOWN
    confidence: float = 0.0
    since: float = math.nan
    candidate: Posture = Posture.UNKNOWN
    candidate_since: float = math.nan
    hips: float = math.nan
    last_seen: float = math.nan

    def update(self, person: Person, stamp: float) -> None:
        """Take in a look; another posture is taken once it has been seen for a while."""
        height = self.stature.update(person, stamp)
        seen, confidence = posture_of(person, height)
        if math.isnan(self.since):
            self.posture, self.since, self.confidence = seen, stamp, confidence
        hips = Heights.of(person).hips
        moves = seen is Posture.SITTING and abs(hips - self.hips) > _STILL * height
        if seen != self.candidate or moves:
            self.candidate, self.candidate_since, self.hips = seen, stamp, hips
        hold = _REST if seen is Posture.SITTING else _HOLD
        if seen == self.posture:
            self.confidence, self.last_seen = confidence, stamp
        elif stamp - self.candidate_since >= hold or stamp - self.last_seen > _PATIENCE:
            self.posture, self.since = seen, self.candidate_since
            self.confidence, self.last_seen = confidence, stamp


class PostureReader:
    """Reads the postures of people, one picture after the other."""

    def __init__(self) -> None:
        self._people = PerPerson(lambda: _Reading(Stature()), _GRACE)

    def observe(self, people: Sequence[Person], stamp: float) -> list[PostureState]:
        """Postures of the people in one picture.

        Parameters
        ----------
        people
            Those without an identity (id 0) are left out, and so is who is only predicted.
        stamp
            Time of the frame [s]. A frame that is late or of the same time again is left out;
            a jump back starts anew (see `Timeline`).
        """
        self._people.leave(stamp)
        states = []
        for person in people:
            if not person.id or not person.observed.any():
                continue
            reading = self._people.take(person.id, stamp)
            if reading is None:
                continue
            reading.update(person, stamp)
            states.append(
                PostureState(person.id, reading.posture, reading.confidence, stamp - reading.since)
            )
        return states


def posture_of(person: Person, height: float) -> tuple[Posture, float]:
    """Posture by one look, and how sure that is.

    Parameters
    ----------
    person
        Only keypoints that were observed count.
    height
        Of the person standing [px], or NaN.

    Returns
    -------
    tuple
        Posture and confidence, 0 to 1; UNKNOWN with 0 where too little is seen.
    """
    parts = Heights.of(person)
    top = parts.head
    if math.isnan(top):
        top = parts.shoulders - (HEAD_OVER_HIPS - 0.3) * height
    trunk = (parts.hips - top) / (HEAD_OVER_HIPS * height)
    thighs = (parts.knees - parts.hips) / (HIPS_OVER_KNEES * height)
    hips = (parts.ankles - parts.hips) / (HIPS_OVER_ANKLES * height)
    if math.isnan(trunk) or (math.isnan(thighs) and math.isnan(hips)):
        return Posture.UNKNOWN, 0.0
    posture, margin = _decide(trunk, thighs, hips, _feet_ahead(person, height))
    if posture is Posture.LYING and parts.propped(height):
        posture, margin = Posture.BENDING, 0.0  # on hands and feet, as in press-ups
    trust = float(np.clip(person.scores[person.observed].mean(), 0.0, 1.0))
    return posture, trust * (0.5 + 0.5 * min(margin / _MARGIN, 1.0))


def _decide(trunk: float, thighs: float, hips: float, ahead: float) -> tuple[Posture, float]:
    """Posture, and how far the nearest limit is, from heights over those of who stands.

    Thighs or hips may be unknown (NaN), not both; so may be how far the feet are ahead.
    """
    if math.isnan(hips):  # of the legs only the knees are seen
        hips = thighs
    elif math.isnan(thighs):
        thighs = hips
    bent = _TRUNK_DOWN - trunk
    if bent > 0:
        return _decide_bent(bent, thighs, hips)
    if thighs >= _THIGHS_DOWN and hips >= _HIPS_HIGH:
        return Posture.STANDING, min(-bent, thighs - _THIGHS_DOWN, hips - _HIPS_HIGH)
    if thighs >= _THIGHS_DOWN:  # on the knees
        return Posture.CROUCHING, min(-bent, _HIPS_HIGH - hips)
    folded = min(-bent, _THIGHS_DOWN - thighs)
    if ahead >= _FEET_AHEAD:
        return Posture.SITTING, min(folded, ahead - _FEET_AHEAD)
    posture = Posture.SITTING if hips >= _HIPS_DEEP else Posture.CROUCHING
    if math.isnan(ahead):
        # From the front, who sits on a chair or on the ground and who crouches look alike.
        return posture, 0.0
    return posture, min(folded, abs(hips - _HIPS_DEEP))


def _decide_bent(bent: float, thighs: float, hips: float) -> tuple[Posture, float]:
    """Posture of somebody whose trunk is down."""
    if hips < _HIPS_LOW:
        return Posture.LYING, min(bent, _HIPS_LOW - hips)
    if thighs < _THIGHS_DOWN and hips < _HIPS_HIGH:
        return Posture.CROUCHING, min(bent, hips - _HIPS_LOW, _THIGHS_DOWN - thighs)
    return Posture.BENDING, min(bent, hips - _HIPS_LOW)


def _feet_ahead(person: Person, height: float) -> float:
    """How far the feet are from under the hips, on the level [body heights]; NaN if unknown."""
    index, seen = person.topology.index, person.observed
    sides = [
        (index(f'{side}_hip'), index(f'{side}_ankle'))
        for side in ('left', 'right')
        if seen[index(f'{side}_hip')] and seen[index(f'{side}_ankle')]
    ]
    if not sides:
        return math.nan
    scale = pixels_per_metre(person)
    if person.world is not None and not math.isnan(scale):
        ways = [person.world[ankle] - person.world[hip] for hip, ankle in sides]
        if np.isfinite(ways).all():
            ahead = float(np.mean([math.hypot(way[0], way[2]) for way in ways]))
            return ahead * scale / height
    aside = np.mean([person.keypoints[a, 0] - person.keypoints[h, 0] for h, a in sides])
    across = abs(float(aside)) / height
    return across if across >= _FEET_AHEAD else math.nan
