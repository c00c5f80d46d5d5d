"""Gestures of people over time, by a network that learned them from examples."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pose_ros.core.body.state import BodyState
from pose_ros.core.motion.gestures import Gesture, Phase
from pose_ros.core.motion.learned_model import LearnedModel
from pose_ros.core.motion.normalised import Movement, joints_of
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
class _Motion:
    """A motion that goes on."""

    index: int
    since: float
    last: float
    score: float
    reported: bool = False


@dataclass
class _Window:
    """The last seconds of one person, and the motion that goes on."""

    joints: deque[tuple[float, np.ndarray, np.ndarray]] = field(default_factory=deque)
    recent: deque[tuple[float, np.ndarray]] = field(default_factory=deque)
    motion: _Motion | None = None


class LearnedGestures(GestureObserver):
    """Recognises learned motions.

    A motion is recognised when it is nearly complete, goes on while the window still shows it,
    and ends shortly after. The score is the network's probability. The duration counts from the
    recognition.

    Parameters
    ----------
    model
        The network.
    grace
        Maximum time that a person may be away before the gestures end [s].
    """

    name = 'learned'

    def __init__(self, model: LearnedModel, grace: float = 0.5) -> None:
        super().__init__([learned.name for learned in model.description.classes], grace)
        self._model = model
        self._window = model.description.window
        self._classes = model.description.classes
        self._threshold = model.description.threshold
        self._windows: dict[int, _Window] = {}

    def observe(self, body: BodyState) -> list[Gesture]:
        """Motions of a person that begin, go on or end in this frame."""
        window, stamp = self._windows.setdefault(body.id, _Window()), body.stamp
        window.joints.append((stamp, *joints_of(body.person, self._window.in_space)))
        # Keep one frame from before the window, to know its first moment.
        while len(window.joints) > 1 and window.joints[1][0] < stamp - self._window.seconds:
            window.joints.popleft()
        stamps, points, seen = (np.array(part) for part in zip(*window.joints))
        features = self._window.features(Movement(stamps, points, seen), stamp)
        window.recent.append((stamp, self._model.probabilities(features)))
        while window.recent[0][0] < stamp - _SETTLING - _ROUNDING:
            window.recent.popleft()
        before = window.motion
        if stamp - stamps[0] >= min(_MIN_OBSERVED, self._window.seconds / 2):
            window.motion = self._decide(window, stamp)
        gestures = []
        if before is not None and before is not window.motion:
            gestures += self._report(before, body.id, False, stamp)
        if window.motion is not None:
            gestures += self._report(window.motion, body.id, True, stamp)
        return gestures

    def lose(self, skeleton_id: int, stamp: float) -> list[Gesture]:
        """End the motion of a person."""
        motion = self._windows.pop(skeleton_id, _Window()).motion
        return [] if motion is None else self._report(motion, skeleton_id, False, stamp)

    def _decide(self, window: _Window, stamp: float) -> _Motion | None:
        """Motion that goes on, or begins."""
        chances = np.mean([chance for _, chance in window.recent], axis=0)[:-1]
        best, motion = int(chances.argmax()), window.motion
        if motion is not None:
            if chances[motion.index] >= _KEEP * self._threshold:
                motion.last, motion.score = stamp, float(chances[motion.index])
            lasts = stamp - motion.last <= _PATIENCE + _ROUNDING
            if lasts and (best == motion.index or chances[best] < self._threshold):
                return motion
        if chances[best] < self._threshold:
            return None
        return _Motion(best, stamp, stamp, float(chances[best]))

    def _report(
        self, motion: _Motion, skeleton_id: int, active: bool, stamp: float
    ) -> list[Gesture]:
        """At most one event of a motion."""
        learned = self._classes[motion.index]
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
    return LearnedGestures(LearnedModel(path), grace)
