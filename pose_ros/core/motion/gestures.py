"""Gestures by rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
import math

import numpy as np

from pose_ros.core.body.lone_hand import LoneHand
from pose_ros.core.body.points import UnseenError
from pose_ros.core.body.state import BodyState
from pose_ros.core.motion.observer import GestureObserver
from pose_ros.core.motion.rules import Hand, Rule

# Maximum time that the keypoints of a gesture may be unseen before it ends [s].
DROPOUT = 0.3
# Maximum time of contradicting frames before a gesture begins [s]: errors of the model.
GLITCH = 0.1
# Tolerance for stamps as floating point numbers [s].
_ROUNDING = 1e-3


class Phase(IntEnum):
    """Where in its course a gesture is; the values are those of ``GestureEvent.msg``."""

    STARTED = 0
    HELD = 1
    ENDED = 2


@dataclass(frozen=True)
class Gesture:
    """A gesture of one person, or of a hand without one, at one time.

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
        Unit vector of arm or index finger (x right, y down, z away from the camera): in the
        image plane (z = 0), or in space where the person has positions; zeros if the gesture
        has no direction.
    skeleton_id
        Of the person; 0 for a hand without a person.
    hand_id
        Of the hand without a person; 0 for a gesture of a person.
    """

    name: str
    phase: Phase
    hand: Hand
    score: float
    duration: float
    direction: tuple[float, float, float]
    skeleton_id: int
    hand_id: int = 0


@dataclass
class _RuleMatch:
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

    def update(self, body: BodyState) -> None:
        """Follow the conditions; `start` decides whether the gesture begins."""
        stamp = body.stamp
        holds = self.rule.holds(body, self.active)
        if not self.active and holds is not False and self.rule.blocked(body):
            self.since = None
        elif holds:
            self.last = stamp
            self.since = stamp if self.since is None else self.since
        elif self.since is not None:
            patience = self.rule.end if self.active else GLITCH
            if stamp - self.last > max(patience, DROPOUT if holds is None else 0.0) + _ROUNDING:
                self.stop(stamp)
        if self.since is not None:
            self.duration = stamp - self.since
            scores = [body.scores[k] for k in self.rule.keypoints if k in body.scores]
            self.score = min(scores, default=body.person.score)
            if holds and self.rule.direction != 'none':
                with suppress(UnseenError):  # of limits that may be unknown while it goes on
                    self.direction = _direction(body, self.rule)

    def start(self, stamp: float) -> None:
        """Begin, if the conditions hold and have held for long enough."""
        if (
            self.since is not None
            and self.last == stamp
            and stamp - self.since > self.rule.hold - _ROUNDING
            and stamp - self.ended > self.rule.cooldown - _ROUNDING
        ):
            self.active = True

    def stop(self, stamp: float) -> None:
        """End, or forget for how long the conditions have held so far."""
        if self.active:
            assert self.since is not None
            self.duration = self.last - self.since
            self.ended = stamp
        self.active = False
        self.since = None


class GestureRecogniser(GestureObserver):
    """Recognises gestures by rules.

    Parameters
    ----------
    rules
        From `load_rules`.
    grace
        Maximum time that a person may be away before the gestures end [s].
    """

    name = 'gestures'
    of_lone_hands = True

    def __init__(self, rules: Iterable[Rule], grace: float = 0.5) -> None:
        self.rules = tuple(rules)
        super().__init__([rule.name for rule in self.rules], grace)
        # For each rule, the rules that are reported instead of it.
        self._rivals = [
            [i for i, rival in enumerate(self.rules) if rival.outranks(rule)]
            for rule in self.rules
        ]
        self._matches: dict[int, list[_RuleMatch]] = {}

    def observe(self, body: BodyState) -> list[Gesture]:
        """Gestures of a person that begin, go on or end in this frame."""
        if body.id not in self._matches:
            alone = isinstance(body, LoneHand)
            rules = [rule.alone if alone else rule for rule in self.rules]
            self._matches[body.id] = [_RuleMatch(rule) for rule in rules]
        matches = self._matches[body.id]
        _ = body.history  # takes this frame in, whatever the rules ask for
        self._decide(matches, body)
        return self._report(matches, body.id)

    def lose(self, skeleton_id: int, stamp: float) -> list[Gesture]:
        """End the gestures of a person, or of a hand (negative id)."""
        matches = self._matches.pop(skeleton_id, [])
        for match in matches:
            match.stop(stamp)
        return self._report(matches, skeleton_id)

    def _decide(self, matches: Sequence[_RuleMatch], body: BodyState) -> None:
        """Let the gestures begin, go on or end."""
        stamp = body.stamp
        for match in matches:
            match.update(body)
        # A gesture that is about to begin already holds back those that it outranks, so that
        # raising both hands does not start as the hand that came up first. Only an active
        # gesture ends others.
        pending = [i for i, match in enumerate(matches) if match.since is not None]
        for i in pending:
            if matches[i].active:
                continue
            if any(rival in pending for rival in self._rivals[i]):
                matches[i].stop(stamp)
            else:
                matches[i].start(stamp)
        for i in pending:
            if matches[i].active and any(matches[rival].active for rival in self._rivals[i]):
                matches[i].stop(stamp)

    def _report(self, matches: Sequence[_RuleMatch], subject: int) -> list[Gesture]:
        """At most one event per rule."""
        gestures = []
        for match in matches:
            active = match.active and match.rule.name in self._enabled
            if not active and not match.reported:
                continue
            phase = Phase.HELD if active else Phase.ENDED
            if not match.reported:
                phase = Phase.STARTED
            match.reported = active
            gestures.append(
                Gesture(
                    name=match.rule.name,
                    phase=phase,
                    hand=match.rule.hand,
                    score=match.score,
                    duration=match.duration,
                    direction=match.direction,
                    skeleton_id=max(subject, 0),
                    hand_id=max(-subject, 0),
                )
            )
        return gestures


def _direction(body: BodyState, rule: Rule) -> tuple[float, float, float]:
    """Unit vector of arm or index finger; in space if the person has positions."""
    person, side = body.person, rule.hand.sides[0]
    if rule.direction == 'index':
        vector = body.hand(side).direction()
        if person.world is None:
            vector[2] = 0.0
    else:
        index = person.topology.index
        ends = [index(f'{side}_shoulder'), index(f'{side}_wrist')]
        vector = np.zeros(3)
        if person.world is not None and np.isfinite(person.world[ends]).all():
            vector = person.world[ends[1]] - person.world[ends[0]]
        else:
            vector[:2] = person.keypoints[ends[1]] - person.keypoints[ends[0]]
    length = np.linalg.norm(vector)
    x, y, z = (vector / length if length else vector).tolist()
    return x, y, z
