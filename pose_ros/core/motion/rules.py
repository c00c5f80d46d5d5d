"""Gestures as data: config/gestures.yaml, read and checked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property
import math
from pathlib import Path

from pose_ros.core.body.feature import Feature
from pose_ros.core.body.features import FEATURES
from pose_ros.core.body.hand_features import HAND_FEATURES
from pose_ros.core.body.state import BodyState
from pose_ros.core.motion.observer import ALL
from pose_ros.core.names import unknown_name
from pose_ros.core.topology import OTHER, SIDES, Side
from pose_ros.core.yaml_reader import Entry, read_yaml


class Hand(IntEnum):
    """The hands of a gesture; the values are those of ``GestureEvent.msg``."""

    NONE = 0
    LEFT = 1
    RIGHT = 2
    BOTH = 3

    def meets(self, other: Hand) -> bool:
        """Whether two gestures are made with the same hand, or both without."""
        return self is other or bool(self & other)

    @property
    def sides(self) -> tuple[Side, ...]:
        """The sides of the hands."""
        return tuple(side for side, bit in zip(SIDES, (Hand.LEFT, Hand.RIGHT)) if self & bit)


@dataclass(frozen=True)
class Limits:
    """An interval with its ends; infinite where it is open."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        """Whether a value lies inside."""
        return self.low <= value <= self.high

    @cached_property
    def unbounded(self) -> bool:
        """Whether any value lies inside."""
        return math.isinf(self.low) and math.isinf(self.high)

    def encloses(self, other: Limits) -> bool:
        """Whether all of the other lies inside."""
        return self.low <= other.low and other.high <= self.high


@dataclass(frozen=True)
class Condition:
    """A feature between limits.

    Attributes
    ----------
    feature
        What is measured.
    side
        Of which arm; of no meaning for a feature of the person.
    start
        Limits for the gesture to begin.
    keep
        Limits for it to go on, at least as wide.
    """

    feature: Feature
    side: Side
    start: Limits
    keep: Limits

    def holds(self, body: BodyState, going_on: bool) -> bool | None:
        """Whether the feature is within the limits; None if it is not known.

        Without limits it need not be known.
        """
        limits = self.keep if going_on else self.start
        if limits.unbounded:
            return True
        value = self.feature.value(body, self.side)
        return None if value is None else value in limits


@dataclass(frozen=True)
class Rule:
    """One gesture of one hand, of both hands, or without a hand.

    Attributes
    ----------
    name
        Of the gesture; several rules may share it.
    hand
        That it reports.
    conditions
        All must hold.
    hold
        How long they must hold for it to begin [s].
    end
        How long they must not hold for it to end [s].
    cooldown
        Least time from its end to its next beginning [s].
    direction
        What gives the direction that is reported: 'arm', 'index' (finger) or 'none'.
    priority
        Of two gestures of the same hand at the same time only that of the higher priority is
        reported; those of the same priority do not mind each other.
    unless
        None of these may hold when it begins, nor while its conditions hold before.
    """

    name: str
    hand: Hand
    conditions: tuple[Condition, ...]
    hold: float = 0.0
    end: float = 0.3
    cooldown: float = 0.0
    direction: str = 'none'
    priority: int = 0
    unless: tuple[Condition, ...] = ()

    def holds(self, body: BodyState, going_on: bool) -> bool | None:
        """Whether all conditions hold; None if that hangs on something unknown."""
        verdict: bool | None = True
        for condition in self.conditions:
            holds = condition.holds(body, going_on)
            if holds is False:
                return False
            if holds is None:
                verdict = None
        return verdict

    def blocked(self, body: BodyState) -> bool:
        """Whether the gesture may not begin now."""
        return any(condition.holds(body, False) for condition in self.unless)

    def outranks(self, other: Rule) -> bool:
        """Whether this gesture is reported instead of the other."""
        return (
            self.priority > other.priority
            and self.hand.meets(other.hand)
            and self.of_fingers == other.of_fingers
        )

    @cached_property
    def of_fingers(self) -> bool:
        """Whether it is a gesture of fingers: independent of what the arm does."""
        return any(condition.feature.name in HAND_FEATURES for condition in self.conditions)

    @cached_property
    def alone(self) -> Rule:
        """The rule for a hand without a person: the forearm, which is not seen, does not count.

        Other conditions on arm or body are unknown of such a hand, and the gesture never begins.
        """
        seen = tuple(c for c in self.conditions if c.feature.name != 'forearm_elevation')
        return replace(self, conditions=seen) if self.of_fingers else self

    @cached_property
    def keypoints(self) -> tuple[str, ...]:
        """Names of the keypoints that it rests on."""
        names = {k for c in self.conditions for k in c.feature.rests_on(c.side)}
        return tuple(sorted(names))


def load_rules(path: str | Path) -> tuple[Rule, ...]:
    """Read a file of gestures.

    Parameters
    ----------
    path
        YAML, as config/gestures.yaml explains.

    Returns
    -------
    tuple of Rule
        In the file's order; one with ``hand: each`` makes two.

    Raises
    ------
    ValueError
        Names file, line and reason.
    """
    root = read_yaml(path)
    entries = root.fields(required=('gestures',))['gestures'].items()
    if not entries:
        raise root.error('no gestures')
    rules: dict[tuple[str, Hand, int], Rule] = {}
    for entry in entries:
        for rule in _read_rules(entry):
            key = rule.name, rule.hand, rule.priority
            if key in rules:
                raise entry.error(
                    f'{rule.name}, hand {rule.hand.name.lower()}, is described twice; '
                    'another form of it needs another priority'
                )
            rules[key] = rule
    return tuple(rules.values())


def _read_rules(entry: Entry) -> list[Rule]:
    """Rules of one entry of the file."""
    fields = entry.fields(
        required=('name', 'hand', 'when'),
        optional=('keep', 'unless', 'hold', 'end', 'cooldown', 'direction', 'priority'),
    )
    name = fields['name'].name(reserved=(ALL,))
    word = fields['hand'].text(choices=('left', 'right', 'each', 'both', 'none'))
    hands = [Hand.LEFT, Hand.RIGHT] if word == 'each' else [Hand[word.upper()]]
    times = {
        key: fields[key].number(low=0.0) for key in ('hold', 'end', 'cooldown') if key in fields
    }
    direction = 'none'
    if 'direction' in fields:
        direction = fields['direction'].text(choices=('arm', 'index', 'none'))
        if direction != 'none' and word not in ('left', 'right', 'each'):
            raise fields['direction'].error('only a gesture of one hand has a direction')
    priority = fields['priority'].whole() if 'priority' in fields else 0
    unless = fields.get('unless')
    rules = [
        Rule(
            name=name,
            hand=hand,
            conditions=_read_conditions(fields['when'], fields.get('keep'), hand),
            direction=direction,
            priority=priority,
            unless=_read_conditions(unless, None, hand) if unless is not None else (),
            **times,
        )
        for hand in hands
    ]
    if direction == 'index' and not rules[0].of_fingers:
        raise fields['direction'].error('index needs a condition on fingers')
    return rules


def _read_conditions(when: Entry, keep: Entry | None, hand: Hand) -> tuple[Condition, ...]:
    """Conditions for one hand; those of both hands count for each of them."""
    starts = when.fields()
    keeps = keep.fields() if keep is not None else {}
    if not starts:
        raise when.error('at least one condition is needed')
    for word, limits in keeps.items():
        if word not in starts:
            raise limits.error(f'{word} is under keep but not under when')
    conditions = []
    for word, limits in starts.items():
        start = read_limits(limits)
        if start.unbounded:
            raise limits.error('at least one limit is needed to begin')
        kept = read_limits(keeps[word]) if word in keeps else start
        if not kept.encloses(start):
            raise keeps[word].error(
                f'the limits of {word} under keep are narrower than under when'
            )
        feature, sides = _read_feature(limits, word, hand)
        conditions += [Condition(feature, side, start, kept) for side in sides]
    return tuple(conditions)


def _read_feature(entry: Entry, word: str, hand: Hand) -> tuple[Feature, tuple[Side, ...]]:
    """Feature and the sides it is meant for, such as 'other.wrist_height'."""
    prefix, _, name = word.rpartition('.')
    if name not in FEATURES:
        raise entry.error(unknown_name('feature', name, sorted(FEATURES)))
    if prefix not in ('', 'left', 'right', 'other'):
        raise entry.error(f'{prefix!r} in {word!r} must be left, right or other')
    feature = FEATURES[name]
    if not feature.of_arm:
        if prefix:
            raise entry.error(f'{name} belongs to the person, not to an arm')
        return feature, ('left',)
    if prefix in SIDES:
        return feature, ('left' if prefix == 'left' else 'right',)
    if not hand.sides:
        raise entry.error(f'without a hand, write left.{name} or right.{name}')
    if prefix == 'other':
        if hand is Hand.BOTH:
            raise entry.error('both hands have no other')
        return feature, (OTHER[hand.sides[0]],)
    return feature, hand.sides


def read_limits(entry: Entry) -> Limits:
    """Pair [low, high]; null leaves an end open."""
    pair = entry.items()
    if len(pair) != 2:
        raise entry.error('limits are a pair [low, high], null for none')
    low = pair[0].number() if not pair[0].empty else float('-inf')
    high = pair[1].number() if not pair[1].empty else float('inf')
    if low > high:
        raise entry.error(f'the low limit {low:g} is over the high one {high:g}')
    return Limits(low, high)
