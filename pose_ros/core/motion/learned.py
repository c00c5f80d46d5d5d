"""Gestures of people over time that were learned from examples."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pose_ros.core.body.state import BodyState
from pose_ros.core.motion.gestures import Gesture, Phase
from pose_ros.core.motion.learned_model import LearnedModel
from pose_ros.core.motion.normalised import Movement, points_of
from pose_ros.core.motion.observer import GestureObserver
from pose_ros.core.motion.rules import Rule

# Probabilities are averaged over this time, so that no single doubtful window decides [s].
_SETTLING = 0.2
# A person must be observed for this time before a motion is reported [s].
_MIN_OBSERVED = 0.5
# A motion goes on while its probability is over this share of the threshold [-].
_KEEP = 0.6
# Maximum time below that share before a motion ends [s].
_PATIENCE = 0.2
# Tolerance for stamps as floating point numbers [s].
_ROUNDING = 1e-3


@dataclass
class LearnedMotion:
    """A motion that goes on.

    Attributes
    ----------
    index
        Of its class.
    since, last
        When it was recognised, and was last likely [s].
    score
        Last probability.
    reported
        Whether an event reported it.
    """

    index: int
    since: float
    last: float
    score: float
    reported: bool = False


class MotionRecogniser:
    """Recognises the learned motions of one person.

    Parameters
    ----------
    model
        Gives the probabilities.
    """

    def __init__(self, model: LearnedModel) -> None:
        self._model = model
        self._window = model.description.window
        self._threshold = model.description.threshold
        self._points: deque[tuple[float, np.ndarray, np.ndarray]] = deque()
        self._recent: deque[tuple[float, np.ndarray]] = deque()
        self.motion: LearnedMotion | None = None

    def observe(self, stamp: float, points: np.ndarray, seen: np.ndarray) -> LearnedMotion | None:
        """Motion that goes on.

        Parameters
        ----------
        stamp
            [s], increasing.
        points
            [J, 2 or 3], in the order of the model's point set.
        seen
            [J]: which of them are known.
        """
        self._points.append((stamp, points, seen))
        # Keep one frame from before the window, to know its first sample.
        while len(self._points) > 1 and self._points[1][0] < stamp - self._window.seconds:
            self._points.popleft()
        stamps, *rows = (np.array(part) for part in zip(*self._points))
        movement = Movement(stamps, rows[0], rows[1], self._window.point_set)
        channels = self._window.features(movement, stamp)
        self._recent.append((stamp, self._model.probabilities(channels)))
        while self._recent[0][0] < stamp - _SETTLING - _ROUNDING:
            self._recent.popleft()
        if stamp - stamps[0] >= min(_MIN_OBSERVED, self._window.seconds / 2):
            self.motion = self._decide(stamp)
        return self.motion

    def _decide(self, stamp: float) -> LearnedMotion | None:
        """Motion that goes on, or begins.

        The threshold is on the probability of any motion at all: two that are alike share it.
        """
        chances = np.mean([chance for _, chance in self._recent], axis=0)[:-1]
        best, motion, together = int(chances.argmax()), self.motion, float(chances.sum())
        if motion is not None:
            if together >= _KEEP * self._threshold:
                motion.last, motion.score = stamp, float(chances[motion.index])
            lasts = stamp - motion.last <= _PATIENCE + _ROUNDING
            if lasts and (best == motion.index or chances[best] < self._threshold):
                return motion
        if together < self._threshold:
            return None
        return LearnedMotion(best, stamp, stamp, float(chances[best]))


class LearnedGestures(GestureObserver):
    """Recognises learned motions.

    A motion is recognised when it is nearly complete, goes on while the window still shows it,
    and ends shortly after. The score is the model's probability. The duration counts from the
    recognition.

    Parameters
    ----------
    model
        Gives the probabilities.
    grace
        Maximum time that a person may be away before the gestures end [s].
    """

    name = 'learned'

    def __init__(self, model: LearnedModel, grace: float = 0.5) -> None:
        super().__init__([learned.name for learned in model.description.classes], grace)
        self._model = model
        self._recognisers: dict[int, MotionRecogniser] = {}
        self.needs_hands = any(model.description.window.point_set.hands)

    def observe(self, body: BodyState) -> list[Gesture]:
        """Motions of a person that begin, go on or end in this frame."""
        if body.id not in self._recognisers:
            self._recognisers[body.id] = MotionRecogniser(self._model)
        recogniser, window = self._recognisers[body.id], self._model.description.window
        before = recogniser.motion
        points = points_of(body.person, window.point_set, window.in_space, body.hands)
        motion = recogniser.observe(body.stamp, *points)
        gestures = []
        if before is not None and before is not motion:
            gestures += self._report(before, body.id, False, body.stamp)
        if motion is not None:
            gestures += self._report(motion, body.id, True, body.stamp)
        return gestures

    def lose(self, skeleton_id: int, stamp: float) -> list[Gesture]:
        """End the motion of a person."""
        recogniser = self._recognisers.pop(skeleton_id, None)
        if recogniser is None or recogniser.motion is None:
            return []
        return self._report(recogniser.motion, skeleton_id, False, stamp)

    def _report(
        self, motion: LearnedMotion, skeleton_id: int, active: bool, stamp: float
    ) -> list[Gesture]:
        """At most one event of a motion."""
        learned = self._model.description.classes[motion.index]
        active = active and learned.name in self._enabled
        if not active and not motion.reported:
            return []
        phase = Phase.HELD if active else Phase.ENDED
        if not motion.reported:
            phase = Phase.STARTED
        motion.reported = active
        return [
            Gesture(
                name=learned.name,
                phase=phase,
                hand=learned.hand,
                score=motion.score,
                duration=(stamp if active else motion.last) - motion.since,
                direction=(0.0, 0.0, 0.0),
                skeleton_id=skeleton_id,
            )
        ]


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
    return LearnedGestures(LearnedModel.load(path), grace)
