"""Settings of the observers of motion, and the observers made from them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pose_ros.core.motion.angle_observer import AngleObserver
from pose_ros.core.motion.exercises import AUTO, ExerciseCounter
from pose_ros.core.motion.falls import FallDetector
from pose_ros.core.motion.gestures import GestureRecogniser
from pose_ros.core.motion.learned import LearnedGestures, load_learned, rules_beside
from pose_ros.core.motion.observer import Observer
from pose_ros.core.motion.posture_observer import PostureReader
from pose_ros.core.motion.rules import load_rules
from pose_ros.core.resources import config_file
from pose_ros.core.runtime.errors import ModelError

ALL = 'all'


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
    """

    rules_file: str = ''
    learned_file: str = ''
    gestures: tuple[str, ...] = (ALL,)
    grace: float = 0.5
    exercise: str = AUTO


def make_observers(config: MotionConfig | None = None) -> list[Observer]:
    """Make all observers.

    Raises
    ------
    ValueError
        A file cannot be used or a name is unknown; says which and why.
    """
    config = config or MotionConfig()
    rules = load_rules(config.rules_file or config_file('gestures.yaml'))
    learned: list[Observer] = []
    if config.learned_file:
        try:
            motions = load_learned(config.learned_file)
        except ModelError as error:
            raise ValueError(f'learned motions: {error}') from error
        rules, motions.replaces = rules_beside(rules, motions.names)
        learned.append(motions)
    observers = [
        GestureRecogniser(rules),
        *learned,
        AngleObserver(),
        PostureReader(),
        FallDetector(),
        ExerciseCounter(),
    ]
    configure(observers, config)
    return observers


def configure(observers: Iterable[Observer], config: MotionConfig) -> None:
    """Apply the live settings: gestures, grace, exercise. ValueError changes nothing."""
    observers = list(observers)
    check(observers, config)
    names = gesture_names(observers)
    chosen = names if ALL in config.gestures else frozenset(config.gestures)
    for observer in observers:
        if isinstance(observer, (GestureRecogniser, LearnedGestures)):
            observer.grace = config.grace
            observer.enable(chosen & observer.names)
        elif isinstance(observer, ExerciseCounter) and observer.exercise != config.exercise:
            observer.choose(config.exercise)


def check(observers: Iterable[Observer], config: MotionConfig) -> None:
    """ValueError if a name in the live settings is unknown, or the grace is not positive."""
    if not config.grace > 0:
        raise ValueError(f'grace must be positive, got {config.grace}')
    observers = list(observers)
    names = gesture_names(observers)
    unknown = sorted(set(config.gestures) - names - {ALL})
    if unknown:
        known = ', '.join(sorted(names))
        raise ValueError(f'unknown gesture {unknown[0]!r}, known are: {known}')
    for observer in observers:
        if isinstance(observer, ExerciseCounter):
            observer.check(config.exercise)


def replaced_rules(observers: Iterable[Observer]) -> tuple[str, ...]:
    """Names of rules that do not count, as a motion of the same name has been learned."""
    return next((one.replaces for one in observers if isinstance(one, LearnedGestures)), ())


def gesture_names(observers: Iterable[Observer]) -> frozenset[str]:
    """Names of all gestures, by rules or learned."""
    kinds = (GestureRecogniser, LearnedGestures)
    return frozenset().union(*(one.names for one in observers if isinstance(one, kinds)))
