"""A dictionary of signs: the recorded take that is nearest to what was just signed."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
import math

import numpy as np

from pose_ros.core.motion.learned_model import NONE
from pose_ros.core.motion.normalised import Window, normalise, points_of
from pose_ros.core.motion.point_set import BODY_AND_HANDS
from pose_ros.core.topology import SIDES
from pose_ros.core.types import Person, TrackedHand
from pose_ros.learning.clips import clip_of, mirrored
from pose_ros.learning.examples import SAME, Example, MotionClass
from pose_ros.learning.warping import distances

# Speed of arms and fingers from which a person signs [torsos/s], and the time over which it is
# measured [s]: slower than any sign of five signers, faster than a person who stands still.
_MOVING, _SPAN = 0.4, 0.3
# A sign ends when arms and fingers are still for this time [s]: with the arms hanging, and
# otherwise. The five signers hold a sign for up to 1.8 s.
_DOWN, _HELD = 0.4, 2.0
# Arms hang with the wrists so far below the elbows [torsos]; a forearm has 0.5.
_HANGING = 0.25
# Shortest and longest sign [s].
_SHORTEST, _LONGEST = 0.4, 8.0
# A sign ends when the person is out of sight for longer [s].
_UNSEEN = 0.5
_ELBOWS, _WRISTS = (BODY_AND_HANDS.pair(part) or () for part in ('elbow', 'wrist'))
_ARMS = [i for side in SIDES for i in BODY_AND_HANDS.arm(side)]


@dataclass(frozen=True)
class Match:
    """How well a sign fits.

    Attributes
    ----------
    name
        Of the sign.
    score
        0 to 1, see `ranked`.
    """

    name: str
    score: float


@dataclass(frozen=True)
class SignMade:
    """A movement from rest to rest.

    Attributes
    ----------
    skeleton_id
        Who made it.
    start
        Its first time [s].
    example
        What was seen.
    """

    skeleton_id: int
    start: float
    example: Example


class SignDictionary:
    """Finds the signs that a movement is most like; one take of each is enough.

    Parameters
    ----------
    classes
        Recorded takes. Hands count if they were recorded in all of them.

    Raises
    ------
    ValueError
        If there is no sign.
    """

    def __init__(self, classes: Sequence[MotionClass]) -> None:
        takes = [(m, take) for m in classes if m.name != NONE for take in m.examples]
        if not takes:
            raise ValueError('there is no sign; "pose-ros motions record" records one')
        point_set = min((take.point_set for _, take in takes), key=len)
        self._window = Window(point_set=point_set)
        self._clips, self._names = [], []
        for motion, take in takes:
            clip = clip_of(take, self._window)
            self._clips += [clip, mirrored(clip)] if motion.mirror == SAME else [clip]
            self._names += [motion.name] * (1 + (motion.mirror == SAME))

    @property
    def uses_hands(self) -> bool:
        """Whether fingers are compared."""
        return any(self._window.point_set.hands)

    @property
    def names(self) -> list[str]:
        """Signs, in order."""
        return sorted(set(self._names))

    def find(self, example: Example) -> list[Match]:
        """All signs, the most similar first; ValueError if the example cannot be used."""
        apart = distances([clip_of(example, self._window)], self._clips)[0].tolist()
        nearest: dict[str, float] = {}
        for name, distance in zip(self._names, apart):
            nearest[name] = min(distance, nearest.get(name, math.inf))
        return ranked(nearest)


def ranked(nearest: Mapping[str, float]) -> list[Match]:
    """Signs with their scores, the most similar first.

    The score is exp(-d · d / r), with the distance d of the sign and r of its rival: the nearest
    of the other signs. An unknown sign is often about as far from several; that tells it from a
    known one better than the distance does (docs/evaluation/signs.md).

    Parameters
    ----------
    nearest
        Distance of the nearest take of each sign [torsos], by its name.
    """
    ordered = sorted(nearest.items(), key=lambda pair: pair[1])
    best, second, *_ = [distance for _, distance in [*ordered, ordered[0]]]
    return [
        Match(name, math.exp(-distance * distance / max(best if i else second, 1e-9)))
        for i, (name, distance) in enumerate(ordered)
    ]


class SignWatcher:
    """Cuts what people do into signs."""

    def __init__(self) -> None:
        self._segmenters: dict[int, SignSegmenter] = {}

    def observe(
        self, people: Sequence[Person], stamp: float, hands: Sequence[TrackedHand]
    ) -> list[SignMade]:
        """Take the people of the next frame [s]; returns the signs that are complete now."""
        made = []
        for person in people:
            if person.id:
                own = [hand for hand in hands if hand.skeleton_id == person.id]
                segmenter = self._segmenters.setdefault(person.id, SignSegmenter())
                made += segmenter.observe(person, stamp, own)
        for person_id, segmenter in tuple(self._segmenters.items()):
            made += segmenter.miss(stamp)
            if segmenter.is_empty:
                del self._segmenters[person_id]
        return made

    def finish(self) -> list[SignMade]:
        """Signs that go on at the end of a video."""
        return [made for one in self._segmenters.values() for made in one.finish()]


class SignSegmenter:
    """Cuts what one person does into signs: from the first movement until arms and hands rest."""

    def __init__(self) -> None:
        self._rows: list[tuple[float, Person, list[TrackedHand]]] = []
        self._recent: deque[tuple[float, np.ndarray, np.ndarray]] = deque()
        self._moved: float | None = None  # last movement of the sign that goes on

    def observe(
        self, person: Person, stamp: float, hands: Sequence[TrackedHand]
    ) -> list[SignMade]:
        """Take the person in the next frame; returns the sign that is complete now, if any."""
        ended = self.miss(stamp)
        self._rows.append((stamp, person, list(hands)))
        self._recent.append((stamp, *points_of(person, BODY_AND_HANDS, hands=hands)))
        while stamp - self._recent[0][0] > _SPAN and len(self._recent) > 2:
            self._recent.popleft()
        if self._speed() > _MOVING:
            self._moved = stamp
        elif self._moved is None:
            # The time before a sign belongs to it.
            self._rows = [row for row in self._rows if stamp - row[0] <= _SPAN]
        elif stamp - self._moved > (_DOWN if self._hanging() else _HELD):
            ended = self.finish()
        if self._moved is not None and stamp - self._rows[0][0] > _LONGEST:
            ended = self.finish()
        return ended

    @property
    def is_empty(self) -> bool:
        """Whether nothing is kept of the person."""
        return not self._rows

    def miss(self, stamp: float) -> list[SignMade]:
        """End the sign of a person who is out of sight for long, or if time went back."""
        return self.finish() if self._rows and abs(stamp - self._rows[-1][0]) > _UNSEEN else []

    def finish(self) -> list[SignMade]:
        """Sign that goes on, if there is one; everything before is forgotten."""
        rows, moved = self._rows, self._moved
        self._rows, self._moved = [], None
        self._recent.clear()
        if moved is None or moved - rows[0][0] < _SHORTEST:
            return []
        stamps, people, hands = zip(*rows)
        try:
            return [SignMade(people[0].id, stamps[0], Example.of(people, stamps, hands=hands))]
        except ValueError:  # too few frames
            return []

    def _hanging(self) -> bool:
        """Whether both arms hang, or are not seen."""
        points, seen = (part[None] for part in self._recent[-1][1:])
        places, known = normalise(points, seen, BODY_AND_HANDS)
        return all(
            places[0, wrist, 1] - places[0, elbow, 1] > _HANGING
            for elbow, wrist in zip(_ELBOWS, _WRISTS)
            if known[0, elbow] and known[0, wrist]
        )

    def _speed(self) -> float:
        """Greatest speed of arms and hands, with respect to the shoulders [torsos/s]."""
        stamps, points, seen = (np.array(part) for part in zip(*self._recent))
        if len(stamps) < 2:
            return 0.0
        places, known = normalise(points, seen, BODY_AND_HANDS)
        both = (known[0] & known[-1])[_ARMS]
        steps = np.linalg.norm(places[-1] - places[0], axis=1)[_ARMS]
        return float((steps * both).max() / (stamps[-1] - stamps[0]))
