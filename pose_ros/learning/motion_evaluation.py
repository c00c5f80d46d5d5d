"""How well a learned model does on recorded examples, played to it as the node would."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
import time

import numpy as np

from pose_ros.core.motion.gestures import Gesture, Phase
from pose_ros.core.motion.learned import LearnedGestures
from pose_ros.core.motion.learned_model import NONE, LearnedModel
from pose_ros.core.motion.watcher import single_observer
from pose_ros.extras import library
from pose_ros.learning.examples import Example, MotionClass

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
        [truth, answer]: how many examples.
    milliseconds
        Median time of the CPU for one person in one frame.
    """

    names: tuple[str, ...]
    counts: np.ndarray
    milliseconds: float

    @property
    def accuracy(self) -> float | None:
        """Share of the motions' examples that got their own name and no other."""
        return _share(np.trace(self.counts[:-1, :-1]), self.counts[:-1].sum())

    @property
    def rejection(self) -> float | None:
        """Share of the examples of none in which no motion was told."""
        return _share(self.counts[-1, -1], self.counts[-1].sum())

    def recall(self, name: str) -> float | None:
        """Share of a class's examples that were answered right."""
        row = self.counts[self.names.index(name)]
        return _share(row[self.names.index(name)], row.sum())


def _share(part: float, whole: float) -> float | None:
    """Share; None of nothing."""
    return float(part / whole) if whole else None


def play(gestures: LearnedGestures, example: Example) -> list[Gesture]:
    """All events while an example runs and its last pose is held."""
    step = example.duration / (len(example.stamps) - 1)
    later = example.duration + np.arange(step, _HOLD, step)
    people = [*example.people, *[example.people[-1]] * len(later)]
    observe = single_observer(gestures)
    events = []
    for person, stamp in zip(people, (*example.stamps, *later.tolist())):
        events += observe([person], stamp)
    return events


def evaluate(model: LearnedModel, classes: Sequence[MotionClass]) -> Evaluation:
    """Play every example to a fresh recogniser.

    An example in which several motions were told counts as the first of them that is wrong.
    Classes that the model has not learned count as none.
    """
    names = (*(learned.name for learned in model.description.classes), NONE)
    counts = np.zeros((len(names), len(names)), dtype=int)
    times = []
    for motion in classes:
        truth = motion.name if motion.name in names else NONE
        for example in motion.examples:
            began = time.process_time()
            events = play(LearnedGestures(model), example)
            times.append((time.process_time() - began) / len(example.stamps))
            told = [gesture.name for gesture in events if gesture.phase is Phase.STARTED]
            wrong = [name for name in told if name != truth]
            answered = wrong[0] if wrong else told[0] if told else NONE
            counts[names.index(truth), names.index(answered)] += 1
    return Evaluation(names, counts, float(np.median(times or [np.nan]) * 1e3))


def draw_confusion(evaluation: Evaluation, path: Path) -> None:
    """Draw the confusion matrix as a PNG; MissingLibraryError without matplotlib."""
    figures, backend = (
        library(f'matplotlib.{name}', 'train') for name in ('figure', 'backends.backend_agg')
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
    axes.set_xlabel('told')
    axes.set_ylabel('true')
    for (row, column), count in np.ndenumerate(counts):
        if count:
            colour = 'white' if shares[row, column] > 0.5 else 'black'
            axes.text(column, row, str(count), ha='center', va='center', color=colour)
    figure.savefig(path, dpi=110)
