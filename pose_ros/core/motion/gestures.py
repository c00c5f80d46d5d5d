"""Gestures of people over time, by rules."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
import math

import numpy as np

from pose_ros.core.body.history import History
from pose_ros.core.body.pose_geometry import Moment
from pose_ros.core.motion.per_person import PerPerson
from pose_ros.core.motion.rules import Hand, Rule
from pose_ros.core.types import Person

# Keypoints may be unseen for so long before what rests on them counts as gone [s].
DROPOUT = 0.3
# A picture or two that contradict the others are the model's fault, not the person's [s].
GLITCH = 0.1
# Of time stamps as floating point numbers [s].
_ROUNDING = 1e-3


class Phase(IntEnum):
    """Where in its course a gesture is; the values are those of ``GestureEvent.msg``."""

    STARTED = 0
    HELD = 1
    ENDED = 2


@dataclass(frozen=True)
class Gesture:
    """A gesture of one person at one time.

    Attributes
    ----------
    name
        As in the rules.
    phase
        Whether it began, goes on or is over.
    hand
        The person's.
    score
        The least score of the keypoints that it rests on, 0 to 1.
    duration
        Time since its conditions first held [s]; at the end, until they last did.
    direction
        Unit vector from shoulder to wrist (x right, y down, z away from the camera): in the
        picture's plane (z = 0), or in space where the person has positions; zeros if the gesture
        has no direction.
    person_id
        Of the person.
    """

    name: str
    phase: Phase
    hand: Hand
    score: float
    duration: float
    direction: tuple[float, float, float]
    person_id: int


@dataclass
class _Watch:
    """One rule on one person."""

    rule: Rule
    since: float | None = None
    active: bool = False
    reported: bool = False
    last: float = -math.inf
    ended: float = -math.inf
    duration: float = 0.0
    score: float = 0.0
    direction: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def update(self, stamp: float, moment: Moment) -> None:
        """Follow the conditions; whether the gesture begins is decided when all are known."""
        holds = self.rule.holds(moment, self.active)
        if holds:
            self.last = stamp
            self.since = stamp if self.since is None else self.since
        elif self.since is not None:
            patience = self.rule.end if self.active else GLITCH
            if stamp - self.last > max(patience, DROPOUT if holds is None else 0.0) + _ROUNDING:
                self.stop(stamp)
        if self.since is not None:
            self.duration = stamp - self.since
            person, index = moment.person, moment.person.topology.index
            known = set(person.topology.keypoint_names)
            scores = [person.scores[index(k)] for k in self.rule.keypoints if k in known]
            self.score = float(min(scores, default=person.score))
            if holds and self.rule.points:
                self.direction = _direction(moment.person, self.rule.hand)

    def start(self, stamp: float) -> None:
        """Begin, if the conditions hold and have done so for long enough."""
        if (
            self.since is not None
            and self.last == stamp
            and stamp - self.since > self.rule.hold - _ROUNDING
            and stamp - self.ended > self.rule.cooldown - _ROUNDING
        ):
            self.active = True

    def stop(self, stamp: float) -> None:
        """End; or forget for how long the conditions have held so far."""
        if self.active:
            assert self.since is not None
            self.duration = self.last - self.since
            self.ended = stamp
        self.active = False
        self.since = None


class _Track:
    """One person."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.watches = [_Watch(rule) for rule in rules]
        self.history = History()


class GestureRecogniser:
    """Recognises gestures in the skeletons of people, one moment after the other.

    Parameters
    ----------
    rules
        From `load_rules`.
    grace
        A person may be away for this long before the gestures end [s].
    """

    def __init__(self, rules: Iterable[Rule], grace: float = 0.5) -> None:
        self.rules = tuple(rules)
        # For each rule, those that are reported instead of it.
        self._rivals = [
            [i for i, rival in enumerate(self.rules) if rival.outranks(rule)]
            for rule in self.rules
        ]
        self._enabled = self.names
        self._people = PerPerson(lambda: _Track(self.rules), grace)

    @property
    def grace(self) -> float:
        """A person may be away for this long before the gestures end [s]."""
        return self._people.grace

    @grace.setter
    def grace(self, grace: float) -> None:
        self._people.grace = grace

    @property
    def names(self) -> frozenset[str]:
        """Names of all gestures of the rules."""
        return frozenset(rule.name for rule in self.rules)

    def check(self, names: Collection[str]) -> None:
        """ValueError if one of these is not the name of a gesture."""
        unknown = sorted(set(names) - self.names)
        if unknown:
            known = ', '.join(sorted(self.names))
            raise ValueError(f'unknown gesture {unknown[0]!r}, known are: {known}')

    def enable(self, names: Collection[str]) -> None:
        """Report only these gestures from now on; ValueError for an unknown one.

        The others are still recognised, so that none of them passes for another.
        """
        self.check(names)
        self._enabled = frozenset(names)

    def observe(self, people: Sequence[Person], stamp: float) -> list[Gesture]:
        """Gestures of all the people in one picture, and the end of those of people gone.

        Parameters
        ----------
        people
            Told apart by their ids; who has none (id 0) is left out.
        stamp
            Time of the frame [s]. A frame that is late or of the same time again changes nothing;
            a jump back or a gap longer than the grace begins anew (see `Timeline`).
        """
        gestures: list[Gesture] = []
        for person_id, track in self._people.leave(stamp):
            for watch in track.watches:
                watch.stop(stamp)
                gestures += self._report(watch, person_id)
        for person in people:
            seen = self._people.take(person.id, stamp) if person.id else None
            if seen is None:
                continue
            moment = Moment(person, seen.history)
            seen.history.update(stamp, moment)
            self._decide(seen.watches, stamp, moment)
            for watch in seen.watches:
                gestures += self._report(watch, person.id)
        return gestures

    def _decide(self, watches: Sequence[_Watch], stamp: float, moment: Moment) -> None:
        """Let the gestures begin, go on or end at one moment."""
        for watch in watches:
            watch.update(stamp, moment)
        # What is about to begin already holds back what it outranks, so that raising both hands
        # is not first the hand that came up earlier. Only what has begun ends others.
        pending = [watch.since is not None for watch in watches]
        for watch, rivals in zip(watches, self._rivals):
            if watch.active:
                continue
            if any(pending[i] for i in rivals):
                watch.stop(stamp)
            else:
                watch.start(stamp)
        for watch, rivals in zip(watches, self._rivals):
            if watch.active and any(watches[i].active for i in rivals):
                watch.stop(stamp)

    def _report(self, watch: _Watch, person_id: int) -> list[Gesture]:
        """At most one event of a rule."""
        going = watch.active and watch.rule.name in self._enabled
        if not going and not watch.reported:
            return []
        phase = Phase.HELD if going else Phase.ENDED
        if not watch.reported:
            phase = Phase.STARTED
        watch.reported = going
        return [
            Gesture(
                name=watch.rule.name,
                phase=phase,
                hand=watch.rule.hand,
                score=watch.score,
                duration=watch.duration,
                direction=watch.direction,
                person_id=person_id,
            )
        ]


def _direction(person: Person, hand: Hand) -> tuple[float, float, float]:
    """Unit vector from shoulder to wrist; in space if the positions of both are known."""
    side = hand.sides[0]
    index = person.topology.index
    ends = [index(f'{side}_shoulder'), index(f'{side}_wrist')]
    arm = np.zeros(3)
    if person.world is not None and np.isfinite(person.world[ends]).all():
        arm = person.world[ends[1]] - person.world[ends[0]]
    else:
        arm[:2] = person.keypoints[ends[1]] - person.keypoints[ends[0]]
    length = np.linalg.norm(arm)
    x, y, z = (arm / length if length else arm).tolist()
    return x, y, z
