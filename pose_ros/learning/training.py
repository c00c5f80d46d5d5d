"""Training a model on recorded motions, with cross-validation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce
from operator import add
from typing import Any

import numpy as np

from pose_ros.core.motion.learned_model import (
    NONE,
    Description,
    LearnedClass,
    LearnedModel,
    features_of,
)
from pose_ros.core.motion.normalised import Window
from pose_ros.core.motion.random_convolutions import RandomConvolutions
from pose_ros.learning.clips import clip_of
from pose_ros.learning.confidence import HeldOut, ScoreCalibration, calibrate, held_out
from pose_ros.learning.datasets import Split, datasets, part_of, split
from pose_ros.learning.examples import NOT_MIRRORED, SAME, MotionClass
from pose_ros.learning.motion_evaluation import Evaluation, evaluate
from pose_ros.learning.ridge import Sums
from pose_ros.learning.windows import Dataset
from pose_ros.version import VERSION

MIN_EXAMPLES = 4
# Minimum number of windows of each motion.
_MIN_WINDOWS = 60
# Windows of each motion and part, from which the probabilities are calibrated.
_CALIBRATING = 20


@dataclass(frozen=True)
class Settings:
    """How to train.

    Attributes
    ----------
    seconds
        Length of the window [s]; 0: as long as nearly all examples.
    in_space
        Whether to learn from positions in space.
    seed
        Of everything random.
    windows
        Of all motions together; as many again are of none.
    features
        Of the convolutions. 10,000, as published, are no better on NATOPS and take more time.
    """

    seconds: float = 0.0
    in_space: bool = False
    seed: int = 0
    windows: int = 2400
    features: int = 2520


@dataclass(frozen=True)
class Trained:
    """A trained model.

    Attributes
    ----------
    model
        Trained on all examples.
    evaluation
        Of the examples that were held out in turn, by models that were not trained on them.
    """

    model: LearnedModel
    evaluation: Evaluation


def train(
    classes: Sequence[MotionClass],
    settings: Settings | None = None,
    on_step: Callable[[str], None] = lambda _: None,
) -> Trained:
    """Train a model on recorded motions.

    Parameters
    ----------
    classes
        The motions; one called ``none`` holds everything else, and is optional.
    settings
        How.
    on_step
        Called with the name of each step that begins.

    Raises
    ------
    ValueError
        Too few examples, or such as cannot be used.
    """
    settings = settings or Settings()
    motions = [motion for motion in classes if motion.name != NONE]
    _check(motions)
    rng = np.random.default_rng(settings.seed)
    on_step('preparing examples')
    window = _window(motions, settings)
    kept = [motion for motion in classes if motion.examples]
    divided = split(kept, rng)
    parts = [part_of(kept, divided, number) for number in range(divided.count)]
    data = datasets(parts, window, rng)
    shown = _draw(data, window, rng, settings.windows)
    on_step('training')
    convolutions = RandomConvolutions.fit(
        np.concatenate([windows for windows, _ in shown]), settings.features, rng
    )
    features = [features_of(convolutions, windows) for windows, _ in shown]
    centre = np.concatenate(features).mean(axis=0)
    sums = [
        Sums.of(rows, labels, len(motions) + 1, centre)
        for rows, (_, labels) in zip(features, shown)
    ]
    total = reduce(add, sums)
    # Models of all parts but one, each for the part that it was not trained on.
    without = [(total - part).solve() for part in sums]
    found = []
    for own, (weights, offsets) in zip(data, without):
        score = partial(_scores, convolutions, weights, offsets)
        found.append(held_out(score, own, window, rng, _CALIBRATING))
    learned = tuple(LearnedClass(motion.name, motion.hand) for motion in motions)

    def model(lines: tuple[np.ndarray, np.ndarray], calibration: ScoreCalibration) -> LearnedModel:
        description = Description(learned, window, calibration.threshold, settings.seed)
        scaled = (part * calibration.scale for part in lines)
        return LearnedModel(description, convolutions, *scaled)

    evaluations = []
    for number, (part, lines) in enumerate(zip(parts, without)):
        on_step(f'testing on held-out examples, {number + 1} of {len(parts)}')
        others = HeldOut.joined([one for i, one in enumerate(found) if i != number])
        evaluations.append(evaluate(model(lines, calibrate(others)), part))
    evaluation, calibration = Evaluation.joined(evaluations), calibrate(HeldOut.joined(found))
    trained = model(total.solve(), calibration)
    report = _report(evaluation, calibration, divided)
    trained.description = replace(trained.description, report=report)
    return Trained(trained, evaluation)


def _scores(
    convolutions: RandomConvolutions, weights: np.ndarray, offsets: np.ndarray, windows: np.ndarray
) -> np.ndarray:
    return np.asarray(features_of(convolutions, windows) @ weights + offsets)


def _check(motions: Sequence[MotionClass]) -> None:
    if not motions:
        raise ValueError(f'there is no motion to learn, only {NONE!r}')
    names = {motion.name for motion in motions}
    for motion in motions:
        if len(motion.examples) < MIN_EXAMPLES:
            raise ValueError(
                f'{motion.name}: at least {MIN_EXAMPLES} examples are needed, got '
                f'{len(motion.examples)}; 10 are a good start'
            )
        if motion.mirror not in (NOT_MIRRORED, SAME) and motion.mirror not in names:
            raise ValueError(
                f'{motion.name} is the mirror image of {motion.mirror}, which is not recorded'
            )


def _window(motions: Sequence[MotionClass], settings: Settings) -> Window:
    """Window as long as all but the slowest examples, and some more."""
    first = motions[0].examples[0]
    # Keypoints also have places in the image; other points may only have positions.
    only_in_space = first.has_positions and not hasattr(first, 'people')
    # Hands are learned if they were recorded in all examples.
    point_set = min((e.point_set for motion in motions for e in motion.examples), key=len)
    window = Window(in_space=settings.in_space or only_in_space, point_set=point_set)
    lengths = [clip_of(e, window).length for motion in motions for e in motion.examples]
    usual = float(np.clip(np.ceil(2 * np.quantile(lengths, 0.9) + 0.5) / 2, 1.0, 8.0))
    return replace(window, seconds=settings.seconds or usual)


def _draw(
    data: Sequence[Dataset], window: Window, rng: np.random.Generator, total: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Windows of each part, as many of one motion as of another over all parts."""
    clips = np.array([[len(own) for own in part.motions] for part in data])
    each = max(total // clips.shape[1], _MIN_WINDOWS)
    counts = np.round(each * clips / clips.sum(axis=0)).astype(int)
    return [part.draw(window, rng, row.tolist()) for part, row in zip(data, counts)]


def _report(
    evaluation: Evaluation, calibration: ScoreCalibration, divided: Split
) -> dict[str, Any]:
    """Figures of a training."""
    low, high = evaluation.interval
    return {
        'pose_ros': VERSION,
        'validation': divided.method,
        'examples': int(evaluation.counts[:-1].sum()),
        'accuracy': evaluation.accuracy,
        'interval': [round(low, 4), round(high, 4)],
        'named_right': evaluation.named_right,
        'rejection': evaluation.rejection,
        'made_movements_rejected': round(calibration.rejected, 4),
        'threshold': round(calibration.threshold, 3),
        'scale': round(calibration.scale, 3),
        'names': list(evaluation.names),
        'counts': evaluation.counts.tolist(),
    }
