"""The base class of all observers of motion, and their settings."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from pose_ros.core.body.state import BodyState
from pose_ros.core.names import unknown_name

AUTO = 'auto'
"""Instead of an exercise's name: recognise which one is being done."""
NONE = 'none'
"""Instead of an exercise's name: count nothing."""
ALL = 'all'
"""Instead of gestures' names: report every one."""


@dataclass(frozen=True)
class MotionConfig:
    """Settings of the observers.

    Attributes
    ----------
    rules_file
        Gestures by rules; empty for config/gestures.yaml.
    learned_file
        Model written by ``pose-ros motions train``, or empty. A learned motion replaces the rule
        of its name.
    gestures
        Names of the gestures to report; 'all' for all of them.
    grace
        Maximum time that a person may be away before their gestures end [s].
    exercise
        Name of the exercise to count, 'auto' to recognise it, or 'none'.
    exercises_file
        Exercises; empty for config/exercises.yaml.
    """

    rules_file: str = ''
    learned_file: str = ''
    gestures: tuple[str, ...] = (ALL,)
    grace: float = 0.5
    exercise: str = AUTO
    exercises_file: str = ''

    def __post_init__(self) -> None:
        """Validate the fields."""
        if isinstance(self.gestures, str):
            raise TypeError(f'gestures must be a tuple of names, got {self.gestures!r}')


class Observer:
    """Reads the bodies of people, frame by frame, with one state machine per person.

    `MotionWatcher` calls it: in each frame `miss` for each known person who is not in it, then
    `prepare` and `observe` for each person who is. Observers neither loop over people nor measure
    geometry.

    Attributes
    ----------
    name
        Of what it observes, unique among observers.
    grace
        Maximum time that a person may be away before `lose` is called [s].
    gestures
        Names of the gestures that it reports.
    replaces
        Names of the rules that do not count while it runs.
    needs_hands
        Whether it looks at hands.
    of_lone_hands
        Whether it also observes hands without a person (`LoneHand`); their ids are negative.
    """

    name: str
    grace: float = 0.5
    gestures: frozenset[str] = frozenset()
    replaces: tuple[str, ...] = ()
    needs_hands: bool = False
    of_lone_hands: bool = False

    def check(self, config: MotionConfig) -> None:
        """ValueError if it cannot use the live settings."""

    def configure(self, config: MotionConfig) -> None:
        """Apply the live settings, which have been checked."""

    def prepare(self, body: BodyState) -> None:
        """Meet a person in this frame before any observer reads what is measured over time.

        New people come last.
        """

    def observe(self, body: BodyState) -> list[Any]:
        """Take a person in this frame and return what there is to report."""
        raise NotImplementedError

    def miss(self, skeleton_id: int, stamp: float) -> list[Any]:
        """Report on a known person who is not in the frame of this time [s]."""
        return []

    def lose(self, skeleton_id: int, stamp: float) -> list[Any]:
        """Forget a person who is away for longer than the grace, and report what ends."""
        return []


class GestureObserver(Observer):
    """Base class of observers that report gestures.

    Parameters
    ----------
    gestures
        Names of the gestures that it knows.
    grace
        Maximum time that a person may be away before the gestures end [s].
    """

    def __init__(self, gestures: Collection[str], grace: float) -> None:
        self.grace = grace
        self.gestures = self._enabled = frozenset(gestures)

    def configure(self, config: MotionConfig) -> None:
        """Apply grace and gestures."""
        self.grace = config.grace
        chosen = self.gestures if ALL in config.gestures else config.gestures
        self.enable(self.gestures.intersection(chosen))

    def enable(self, names: Collection[str]) -> None:
        """Report only these gestures from now on; ValueError for an unknown one.

        The others are still recognised, so that none of them is taken for another.
        """
        unknown = sorted(set(names) - self.gestures)
        if unknown:
            raise ValueError(unknown_name('gesture', unknown[0], sorted(self.gestures)))
        self._enabled = frozenset(names)
