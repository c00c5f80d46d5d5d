"""All that is known of people's motion, from one moment to the next."""

from __future__ import annotations

from collections.abc import Sequence
import math
from typing import Protocol

from pose_ros.core.body.angles import AngleMeter, JointAngles
from pose_ros.core.motion.events import (
    MotionEvent,
    PostureChanges,
    exercise_events,
    fall_events,
    gesture_events,
)
from pose_ros.core.motion.exercises import AUTO, ExerciseCoach
from pose_ros.core.motion.falls import FallDetector
from pose_ros.core.motion.gestures import Gesture
from pose_ros.core.motion.posture import PostureReader
from pose_ros.core.types import Person


class Gestures(Protocol):
    """Something that recognises gestures: `GestureRecogniser`, `LearnedGestures`."""

    def observe(self, people: Sequence[Person], stamp: float) -> list[Gesture]:
        """Gestures of the people in one picture, and the end of those of people gone."""


class MotionAnalysis:
    """Angles, gestures, postures, falls and exercises of the people of one film.

    Parameters
    ----------
    gestures
        By rules, learned, or both.
    exercise
        To watch for, or `AUTO`, or None; ValueError lists the known ones.
    """

    def __init__(self, gestures: Sequence[Gestures], exercise: str | None = AUTO) -> None:
        self._gestures = tuple(gestures)
        self._meter = AngleMeter()
        self._postures = PostureReader()
        self._changes = PostureChanges()
        self._falls = FallDetector()
        self._coach = None if exercise is None else ExerciseCoach(exercise)
        self._stamp = 0.0

    def observe(
        self, people: Sequence[Person], stamp: float
    ) -> tuple[list[JointAngles], list[MotionEvent]]:
        """Take in one picture; people without an identity (id 0) are left out.

        Parameters
        ----------
        people
            Told from one another by their ids.
        stamp
            Time of the picture [s].

        Returns
        -------
        tuple
            The angles of each person, and what has begun, ended or is complete now.
        """
        people = [person for person in people if person.id]
        self._stamp = stamp
        events = [
            *self._changes.observe(self._postures.observe(people, stamp), stamp),
            *fall_events(self._falls.observe(people, stamp), stamp),
        ]
        if self._coach is not None:
            events += exercise_events(self._coach.observe(people, stamp), stamp)
        for recogniser in self._gestures:
            events += gesture_events(recogniser.observe(people, stamp), stamp)
        return self._meter.observe(people, stamp), events

    def finish(self) -> list[MotionEvent]:
        """End what still goes on: after the last picture nobody has left or fallen."""
        events = self._changes.finish(self._stamp)
        for recogniser in self._gestures:
            events += gesture_events(recogniser.observe([], math.inf), self._stamp)
        return events
