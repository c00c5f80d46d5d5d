"""How well a learned model does on recorded examples, played to it as the node would."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
import time

import numpy as np
from scipy.stats import binomtest

from pose_ros.core.motion.learned import MotionRecogniser
from pose_ros.core.motion.learned_model import NONE, LearnedModel
from pose_ros.core.motion.normalised import features, normalise
from pose_ros.extras import library
from pose_ros.learning.clips import clip_of
from pose_ros.learning.examples import AnyExample, MotionClass
from pose_ros.learning.windows import held

# Time for which the last pose is held, since an example may end with the movement [s].
_HOLD = 0.6


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Motions reported for examples.

    Attributes
    ----------
    names
        Of the motions, and ``none`` as the last.
    counts
        [truth, answer]: number of examples, played frame by frame.
    named
        [truth, answer]: number of the motions' examples by the most probable motion at the
        movement's end, whatever its probability.
    milliseconds
        Median CPU time for one person in one frame.
    """

    names: tuple[str, ...]
    counts: np.ndarray
    named: np.ndarray
    milliseconds: float

    @classmethod
    def joined(cls, parts: Sequence[Evaluation]) -> Evaluation:
        """Evaluations of several parts together."""
        return cls(
            parts[0].names,
            sum((part.counts for part in parts), np.zeros_like(parts[0].counts)),
            sum((part.named for part in parts), np.zeros_like(parts[0].named)),
            float(np.nanmedian([part.milliseconds for part in parts])),
        )

    @property
    def accuracy(self) -> float | None:
        """Share of the motions' examples that got their own name and no other."""
        return _share(np.trace(self.counts[:-1, :-1]), self.counts[:-1].sum())

    @property
    def interval(self) -> tuple[float, float]:
        """95 % confidence interval of the accuracy (Wilson), for independent examples."""
        return interval(int(np.trace(self.counts[:-1, :-1])), int(self.counts[:-1].sum()))

    @property
    def named_right(self) -> float | None:
        """Share of the motions' examples whose most probable motion at the end is right."""
        return _share(np.trace(self.named), self.named.sum())

    @property
    def rejection(self) -> float | None:
        """Share of the examples of none in which no motion was reported."""
        return _share(self.counts[-1, -1], self.counts[-1].sum())

    def recall(self, name: str) -> float | None:
        """Share of a class's examples that were answered right."""
        row = self.counts[self.names.index(name)]
        return _share(row[self.names.index(name)], row.sum())


def interval(right: int, count: int) -> tuple[float, float]:
    """95 % confidence interval of a share (Wilson); 0 to 1 of nothing."""
    if not count:
        return 0.0, 1.0
    found = binomtest(right, count).proportion_ci(method='wilson')
    return float(found.low), float(found.high)


def _share(part: float, whole: float) -> float | None:
    """Share; None of nothing."""
    return float(part / whole) if whole else None


def play(model: LearnedModel, example: AnyExample) -> list[str]:
    """Names of the motions recognised while an example runs and its last pose is held."""
    recogniser, names = MotionRecogniser(model), []
    for stamp, points, seen in _frames(model, example):
        motion = recogniser.observe(stamp, points, seen)
        if motion is not None and motion.since == stamp:
            names.append(model.description.classes[motion.index].name)
    return names


def _frames(
    model: LearnedModel, example: AnyExample
) -> Iterable[tuple[float, np.ndarray, np.ndarray]]:
    movement = example.movement(model.description.window)
    yield from zip(movement.stamps.tolist(), movement.points, movement.seen)
    step = movement.duration / (len(movement) - 1)
    for wait in np.arange(step, _HOLD, step).tolist():
        yield movement.stamps[-1] + wait, movement.points[-1], movement.seen[-1]


def _best_at_end(model: LearnedModel, example: AnyExample) -> int:
    """Number of the motion that is most probable at the end of an example's movement."""
    window = model.description.window
    clip = clip_of(example, window)
    points, seen = normalise(*held(clip, window.times(clip.end)), window.point_set)
    return int(model.probabilities(features(points, seen, window.point_set))[:-1].argmax())


def evaluate(model: LearnedModel, classes: Sequence[MotionClass]) -> Evaluation:
    """Play every example to a fresh recogniser.

    An example in which several motions were recognised counts as the first of them that is
    wrong. Classes that the model has not learned count as none.
    """
    names = (*(learned.name for learned in model.description.classes), NONE)
    counts = np.zeros((len(names), len(names)), dtype=int)
    named = np.zeros((len(names) - 1, len(names) - 1), dtype=int)
    times = []
    for motion in classes:
        truth = motion.name if motion.name in names else NONE
        for example in motion.examples:
            frames = sum(1 for _ in _frames(model, example))
            began = time.process_time()
            told = play(model, example)
            times.append((time.process_time() - began) / frames)
            wrong = [name for name in told if name != truth]
            answered = wrong[0] if wrong else told[0] if told else NONE
            counts[names.index(truth), names.index(answered)] += 1
            if truth != NONE:
                named[names.index(truth), _best_at_end(model, example)] += 1
    return Evaluation(names, counts, named, float(np.median(times or [np.nan]) * 1e3))


def draw_confusion(evaluation: Evaluation, path: Path) -> None:
    """Draw the confusion matrix as a PNG; MissingLibraryError without matplotlib."""
    figures, backend = (
        library(f'matplotlib.{name}', 'plot') for name in ('figure', 'backends.backend_agg')
    )
    names, counts = evaluation.names, evaluation.counts
    side = 2.6 + 0.55 * len(names)
    figure = figures.Figure(figsize=(side, side), layout='constrained')
    backend.FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap='Blues', vmin=0, vmax=1)
    axes.set_xticks(range(len(names)), names, rotation=60, ha='right', rotation_mode='anchor')
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel('reported')
    axes.set_ylabel('true')
    for (row, column), count in np.ndenumerate(counts):
        if count:
            colour = 'white' if shares[row, column] > 0.5 else 'black'
            axes.text(column, row, str(count), ha='center', va='center', color=colour)
    figure.savefig(path, dpi=110)
