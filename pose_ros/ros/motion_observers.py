"""The observers of people that a node has at work, as its parameters describe them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pose_ros.core.body.angles import AngleMeter
from pose_ros.core.motion.exercises import ExerciseCoach
from pose_ros.core.motion.falls import FallDetector
from pose_ros.core.motion.gestures import Gesture, GestureRecogniser, Phase
from pose_ros.core.motion.learned import LearnedGestures, load_learned, rules_beside
from pose_ros.core.motion.posture import PostureReader
from pose_ros.core.motion.rules import load_rules
from pose_ros.core.resources import config_file
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.types import Person
from pose_ros.ros.motion_outputs import Observer
from pose_ros.ros.parameters import names_in

NO_EXERCISE = 'none'


class MotionObservers:
    """Those of the observers that are wanted.

    Parameters
    ----------
    values
        Parameters of the node by name: rules_file, learned, gestures, grace, exercise.

    Attributes
    ----------
    names
        Of all gestures, by rules or learned.
    replaced
        Names of gestures that are learned, so that the rules of these names do not count.
    fault
        Why learned gestures were not reported for the last frame; empty if they were.

    Raises
    ------
    ValueError
        A file or a name is wrong; says which and why.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        rules = load_rules(values['rules_file'] or config_file('gestures.yaml'))
        self._learned: LearnedGestures | None = None
        if values['learned']:
            try:
                self._learned = load_learned(values['learned'])
            except ModelError as error:
                raise ValueError(f'parameter learned: {error}') from error
        learned = self._learned.names if self._learned is not None else frozenset()
        self._rules, self.replaced = rules_beside(rules, learned)
        self.names = learned | {rule.name for rule in self._rules}
        self.fault = ''
        self._values = values
        self._present: dict[str, Any] = {}
        self._make: dict[str, Callable[[], Observer]] = {
            'gestures': lambda: GestureRecogniser(self._rules),
            'angles': AngleMeter,
            'postures': PostureReader,
            'falls': FallDetector,
            'exercise': ExerciseCoach,
        }
        if self._learned is not None:
            self._make['learned'] = lambda: EnabledGestures(self._learned)

    def check(self, values: Mapping[str, Any]) -> None:
        """ValueError if a gesture or an exercise is unknown."""
        names_in(values['gestures'], self.names, 'gesture')
        if values['exercise'] != NO_EXERCISE:
            ExerciseCoach().choose(values['exercise'])

    def apply(self, values: Mapping[str, Any]) -> None:
        """Take over parameters that have changed."""
        self._values = values
        if values['exercise'] == NO_EXERCISE:
            self._present.pop('exercise', None)
        for name in self._present:
            self._set(name)

    def _set(self, name: str) -> None:
        """Give an observer its parameters."""
        observer, values = self._present[name], self._values
        if name in ('gestures', 'learned'):
            observer.grace = values['grace']
            chosen = names_in(values['gestures'], self.names, 'gesture')
            observer.enable(chosen & observer.names)
        elif name == 'exercise' and observer.exercise != values['exercise']:
            observer.choose(values['exercise'])  # which counts from zero

    def keep(self, names: Collection[str]) -> None:
        """Have these at work and no others.

        Who was not at work starts anew: what was before, and what is missed, is not known.
        """
        wanted = set(names) & self._make.keys()
        if self._values['exercise'] == NO_EXERCISE:
            wanted.discard('exercise')
        for name in self._present.keys() - wanted:
            del self._present[name]
        for name in wanted - self._present.keys():
            self._present[name] = self._make[name]()
            self._set(name)

    def observe(self, people: Sequence[Person], stamp: float) -> dict[str, list[Any]]:
        """What each observer at work reports of the people in one frame."""
        self.fault = ''
        return {name: self._observe(one, people, stamp) for name, one in self._present.items()}

    def _observe(self, one: Observer, people: Sequence[Person], stamp: float) -> list[Any]:
        try:
            return list(one.observe(people, stamp))
        except ModelError as error:  # of a learned network; the others go on
            self.fault = str(error)
            return []


class EnabledGestures:
    """Learned gestures that are switched on, each from a beginning to an end.

    The others are still recognised, so that none of them passes for another.
    """

    def __init__(self, source: LearnedGestures) -> None:
        self._source = source
        self._enabled = source.names
        self._going: set[tuple[int, str]] = set()

    @property
    def names(self) -> frozenset[str]:
        """Names of all gestures."""
        return self._source.names

    @property
    def grace(self) -> float:
        """For how long a person may be away before the gestures end [s]."""
        return self._source.grace

    @grace.setter
    def grace(self, grace: float) -> None:
        self._source.grace = grace

    def enable(self, names: Collection[str]) -> None:
        """Report only these from now on."""
        self._enabled = frozenset(names)

    def observe(self, people: Sequence[Person], stamp: float) -> list[Gesture]:
        """Gestures of all the people in one picture."""
        found = [self._told(gesture) for gesture in self._source.observe(people, stamp)]
        return [gesture for gesture in found if gesture is not None]

    def _told(self, gesture: Gesture) -> Gesture | None:
        key = (gesture.person_id, gesture.name)
        told = key in self._going
        if gesture.phase != Phase.ENDED and gesture.name in self._enabled:
            self._going.add(key)
            return replace(gesture, phase=Phase.HELD if told else Phase.STARTED)
        self._going.discard(key)
        return replace(gesture, phase=Phase.ENDED) if told else None
