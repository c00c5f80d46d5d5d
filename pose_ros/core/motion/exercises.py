"""Exercises of people over time: repetitions, depth, form and tempo."""

from __future__ import annotations

from collections.abc import Sequence

from pose_ros.core.motion.repetition import ExercisePhase, ExerciseState, Fault, Verdict
from pose_ros.core.types import Person

__all__ = ['AUTO', 'ExerciseCoach', 'ExercisePhase', 'ExerciseState', 'Fault', 'Verdict']

AUTO = 'auto'
"""Instead of an exercise's name: recognise which one is being done."""


class ExerciseCoach:
    """Counts the repetitions of people and judges their form.

    Parameters
    ----------
    exercise
        Name of an exercise, or `AUTO`.
    """

    def __init__(self, exercise: str = AUTO) -> None:
        self.names: tuple[str, ...] = (
            'squat',
            'push_up',
            'deadlift',
            'overhead_press',
            'lunge',
            'jumping_jack',
        )
        self.choose(exercise)

    def choose(self, exercise: str) -> None:
        """Watch for another exercise from now on; ValueError lists the known ones."""
        if exercise not in (AUTO, *self.names):
            known = ', '.join((AUTO, *self.names))
            raise ValueError(f'unknown exercise {exercise!r}, known are: {known}')
        self.exercise = exercise

    def observe(self, people: Sequence[Person], stamp: float) -> list[ExerciseState]:
        """Take in the people of one frame; those without an id are left out."""
        return []
