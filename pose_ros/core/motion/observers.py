"""Make the observers of motion from their settings, and apply live settings to them."""

from __future__ import annotations

from collections.abc import Iterable

from pose_ros.core.motion.angle_observer import AngleObserver
from pose_ros.core.motion.exercise_rules import load_exercises
from pose_ros.core.motion.exercises import ExerciseCounter
from pose_ros.core.motion.falls import FallDetector
from pose_ros.core.motion.gestures import GestureRecogniser
from pose_ros.core.motion.learned import load_learned, rules_beside
from pose_ros.core.motion.observer import ALL, MotionConfig, Observer
from pose_ros.core.motion.posture_observer import PostureReader
from pose_ros.core.motion.rules import load_rules
from pose_ros.core.names import unknown_name
from pose_ros.core.resources import config_file
from pose_ros.core.runtime.errors import ModelError


def make_observers(config: MotionConfig | None = None) -> list[Observer]:
    """Make all observers.

    Raises
    ------
    ValueError
        A file cannot be used or a name is unknown; says which and why.
    """
    config = config or MotionConfig()
    exercises = load_exercises(config.exercises_file or config_file('exercises.yaml'))
    rules = load_rules(config.rules_file or config_file('gestures.yaml'))
    learned: list[Observer] = []
    if config.learned_file:
        try:
            motions = load_learned(config.learned_file)
        except ModelError as error:
            raise ValueError(f'learned motions: {error}') from error
        rules, motions.replaces = rules_beside(rules, motions.gestures)
        learned.append(motions)
    observers = [
        GestureRecogniser(rules),
        *learned,
        AngleObserver(),
        PostureReader(),
        FallDetector(),
        ExerciseCounter(exercises=exercises),
    ]
    configure(observers, config)
    return observers


def configure(observers: Iterable[Observer], config: MotionConfig) -> None:
    """Apply the live settings: gestures, grace, exercise. ValueError changes nothing."""
    observers = list(observers)
    check(observers, config)
    for observer in observers:
        observer.configure(config)


def check(observers: Iterable[Observer], config: MotionConfig) -> None:
    """ValueError if a name in the live settings is unknown, or the grace is not positive."""
    if not config.grace > 0:
        raise ValueError(f'grace must be positive, got {config.grace}')
    observers = list(observers)
    names = gesture_names(observers)
    unknown = sorted(set(config.gestures) - names - {ALL})
    if unknown:
        raise ValueError(unknown_name('gesture', unknown[0], sorted(names)))
    for observer in observers:
        observer.check(config)


def replaced_rules(observers: Iterable[Observer]) -> tuple[str, ...]:
    """Names of rules that do not count, as a motion of the same name has been learned."""
    return tuple(name for observer in observers for name in observer.replaces)


def need_hands(observers: Iterable[Observer]) -> bool:
    """Whether learned motions use hands."""
    return any(observer.needs_hands for observer in observers)


def gesture_names(observers: Iterable[Observer]) -> frozenset[str]:
    """Names of all gestures, by rules or learned."""
    return frozenset().union(*(observer.gestures for observer in observers))
