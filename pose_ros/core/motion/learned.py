"""Gestures of people over time, by a network that learned them from examples."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pose_ros.core.motion.gestures import Gesture, Phase
from pose_ros.core.motion.learned_model import LearnedModel
from pose_ros.core.motion.normalised import Movement, joints_of
from pose_ros.core.motion.per_person import PerPerson
from pose_ros.core.motion.rules import Rule
from pose_ros.core.types import Person

# Probabilities are means over this time, so that one window in doubt decides nothing [s].
_SETTLING = 0.2
# A motion is not told of before somebody has been watched for so long [s].
_LEAST_WATCHED = 0.5
# A motion goes on down to this share of the threshold, and for this time below it [s].
_KEEP, _PATIENCE = 0.6, 0.2
# Times are compared with this tolerance, as they are floating point numbers [s].
_ROUNDING = 1e-3


@dataclass
class _Watch:
    """One person: the last seconds, and the motion that is going on."""

    moments: deque[tuple[float, np.ndarray, np.ndarray]] = field(default_factory=deque)
    recent: deque[tuple[float, np.ndarray]] = field(default_factory=deque)
    active: int | None = None
    since: float = 0.0
    last: float = 0.0
    score: float = 0.0


class LearnedGestures:
    """Recognises learned motions, one moment after the other.

    A motion is recognised when it is nearly complete, goes on while the window still shows it,
    and ends a little later. The score is the network's probability, the duration counts from the
    recognition. People without an identity (id 0) are left out.

    Parameters
    ----------
    model
        The network.
    grace
        A person may be away for this long before the gestures end [s].
    """

    def __init__(self, model: LearnedModel, grace: float = 0.5) -> None:
        self._model = model
        self._window = model.description.window
        self._classes = model.description.classes
        self._threshold = model.description.threshold
        self._people: PerPerson[_Watch] = PerPerson(_Watch, grace)

    @property
    def names(self) -> frozenset[str]:
        """Names of the learned motions."""
        return frozenset(learned.name for learned in self._classes)

    @property
    def grace(self) -> float:
        """For how long a person may be away before the gestures end [s]."""
        return self._people.grace

    @grace.setter
    def grace(self, grace: float) -> None:
        self._people.grace = grace

    def observe(self, people: Sequence[Person], stamp: float) -> list[Gesture]:
        """Gestures of all the people in one picture, and the end of those of people gone.

        Parameters
        ----------
        people
            Told from one another by their ids.
        stamp
            Time of the frame [s]. A frame that is late or of the same time again changes nothing;
            a jump back or a gap longer than the grace begins anew (see `Timeline`).
        """
        gone = self._people.leave(stamp)
        gestures = [g for person_id, watch in gone for g in self._end(watch, person_id)]
        for person in people:
            watch = self._people.take(person.id, stamp) if person.id else None
            if watch is not None:
                gestures += self._follow(watch, person, stamp)
        return gestures

    def _follow(self, watch: _Watch, person: Person, stamp: float) -> list[Gesture]:
        """Look at the last seconds of one person."""
        watch.moments.append((stamp, *joints_of(person, self._window.in_space)))
        # One moment before the window stays, to know what its first one was like.
        while len(watch.moments) > 1 and watch.moments[1][0] < stamp - self._window.seconds:
            watch.moments.popleft()
        stamps, points, seen = (np.array(part) for part in zip(*watch.moments))
        features = self._window.features(Movement(stamps, points, seen), stamp)
        watch.recent.append((stamp, self._model.probabilities(features)))
        while watch.recent[0][0] < stamp - _SETTLING - _ROUNDING:
            watch.recent.popleft()
        if stamp - stamps[0] < min(_LEAST_WATCHED, self._window.seconds / 2):
            return []
        return self._decide(watch, person.id, stamp)

    def _decide(self, watch: _Watch, person_id: int, stamp: float) -> list[Gesture]:
        """Let a motion begin, go on or end."""
        chances = np.mean([chance for _, chance in watch.recent], axis=0)[:-1]
        best = int(chances.argmax())
        gestures = []
        if watch.active is not None:
            if chances[watch.active] >= _KEEP * self._threshold:
                watch.last, watch.score = stamp, float(chances[watch.active])
            if stamp - watch.last <= _PATIENCE + _ROUNDING and (
                best == watch.active or chances[best] < self._threshold
            ):
                return [self._gesture(watch, person_id, Phase.HELD, stamp - watch.since)]
            gestures = self._end(watch, person_id)
        if chances[best] >= self._threshold:
            watch.active, watch.since, watch.last = best, stamp, stamp
            watch.score = float(chances[best])
            gestures.append(self._gesture(watch, person_id, Phase.STARTED, 0.0))
        return gestures

    def _end(self, watch: _Watch, person_id: int) -> list[Gesture]:
        if watch.active is None:
            return []
        gesture = self._gesture(watch, person_id, Phase.ENDED, watch.last - watch.since)
        watch.active = None
        return [gesture]

    def _gesture(self, watch: _Watch, person_id: int, phase: Phase, duration: float) -> Gesture:
        assert watch.active is not None
        learned = self._classes[watch.active]
        direction = (0.0, 0.0, 0.0)
        return Gesture(
            learned.name, phase, learned.hand, watch.score, duration, direction, person_id
        )


def rules_beside(
    rules: Iterable[Rule], learned: Collection[str]
) -> tuple[tuple[Rule, ...], tuple[str, ...]]:
    """Rules that are left beside learned motions: what is learned takes the place of its rule.

    Parameters
    ----------
    rules
        From `load_rules`.
    learned
        Names of the learned motions.

    Returns
    -------
    tuple
        The rules of other names, and the names whose rules are left out, in order.
    """
    rules = tuple(rules)
    replaced = {rule.name for rule in rules if rule.name in learned}
    return tuple(rule for rule in rules if rule.name not in learned), tuple(sorted(replaced))


def load_learned(path: str | Path, grace: float = 0.5) -> LearnedGestures:
    """Learned motions of a file that ``pose-ros motions train`` wrote.

    Raises
    ------
    ModelError
        Missing, damaged, or not such a file.
    """
    return LearnedGestures(LearnedModel(path), grace)
