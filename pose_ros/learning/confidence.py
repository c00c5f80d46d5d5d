"""How sure a model must be, found out on examples that it was not trained on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit, softmax

from pose_ros.core.motion.normalised import Window, features, normalise
from pose_ros.learning.clips import Clip
from pose_ros.learning.windows import Dataset, held

# For the threshold, windows are looked at so far apart [s], and the probability is the mean of so
# many: about what MotionRecogniser does.
_STEP, _MEANS = 0.12, 2
# Thresholds to choose from, evenly spaced as log-odds: 0.27 to 0.999.
_THRESHOLDS = expit(np.linspace(-1.0, 7.0, 81))
# The chosen threshold may be right in so much less of the motions and others together [-].
_ALLOWANCE = 0.01
# Maximum number of other movements of a part that are played: enough for the threshold.
_OTHERS = 50
# Bounds of the factor on the scores, as logarithms.
_SCALES = -1.0, 4.0


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Scores of what a model was not trained on.

    Attributes
    ----------
    scores, labels
        [N, classes + 1] and [N] of windows.
    tracks
        Scores [windows, classes + 1] while each clip runs.
    truths
        Class of each clip.
    """

    scores: np.ndarray
    labels: np.ndarray
    tracks: list[np.ndarray]
    truths: np.ndarray

    @classmethod
    def joined(cls, parts: Sequence[HeldOut]) -> HeldOut:
        """All parts together."""
        return cls(
            np.concatenate([part.scores for part in parts]),
            np.concatenate([part.labels for part in parts]),
            [track for part in parts for track in part.tracks],
            np.concatenate([part.truths for part in parts]),
        )


@dataclass(frozen=True)
class ScoreCalibration:
    """What turns scores into decisions.

    Attributes
    ----------
    scale
        Factor on the scores that makes their softmax the most likely probabilities.
    threshold
        Minimum probability of any motion.
    recognised, rejected
        Shares of the motions, and of the other movements, that are right with it.
    """

    scale: float
    threshold: float
    recognised: float
    rejected: float


def held_out(
    score: Callable[[np.ndarray], np.ndarray],
    dataset: Dataset,
    window: Window,
    rng: np.random.Generator,
    count: int,
) -> HeldOut:
    """Scores of a part's windows and clips.

    Parameters
    ----------
    score
        Scores [N, classes + 1] of windows [N, T, C].
    dataset, window
        The part.
    rng, count
        Decide which windows; how many of each motion.
    """
    shown, labels = dataset.draw(window, rng, [count] * dataset.none, augment=False)
    others = [dataset.others[i] for i in rng.permutation(len(dataset.others))[:_OTHERS]]
    clips = [clip for own in (*dataset.motions, others) for clip in own]
    truths = np.repeat(np.arange(dataset.none + 1), [*map(len, dataset.motions), len(others)])
    return HeldOut(score(shown), labels, [score(_windows(clip, window)) for clip in clips], truths)


def _windows(clip: Clip, window: Window) -> np.ndarray:
    """Windows [N, T, C] while a clip runs."""
    ends = np.arange(0.5, clip.movement.duration + 0.6, _STEP)
    seen = (normalise(*held(clip, window.times(end)), window.point_set) for end in ends)
    points, known = (np.array(part) for part in zip(*seen))
    return features(points, known, window.point_set)


def calibrate(found: HeldOut) -> ScoreCalibration:
    """Scale and threshold that tell held-out motions from each other and from the others best.

    The scale is fitted as by C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, "On Calibration of
    Modern Neural Networks", ICML 2017. The threshold is the strictest that is right nearly as
    often as the best: a false event is worse than a missed one.
    """

    def unlikeliness(logarithm: float) -> float:
        chances = softmax(found.scores * np.exp(logarithm), axis=1)
        return float(-np.log(chances[np.arange(len(chances)), found.labels] + 1e-9).mean())

    scale = float(np.exp(minimize_scalar(unlikeliness, bounds=_SCALES, method='bounded').x))
    none = found.scores.shape[1] - 1
    shares = np.zeros((none + 1, len(_THRESHOLDS)))
    for track, truth in zip(found.tracks, found.truths.tolist()):
        shares[truth] += _answers(track, scale) == truth
    counts = np.bincount(found.truths, minlength=none + 1)[:, None]
    shares = np.where(counts, shares / np.maximum(counts, 1), np.nan)
    hits = np.nanmean(shares[:-1], axis=0)
    rejected = np.nan_to_num(shares[-1], nan=1.0)
    right = hits + rejected
    chosen = int(np.flatnonzero(right >= right.max() - _ALLOWANCE)[-1])
    return ScoreCalibration(
        scale, float(_THRESHOLDS[chosen]), float(hits[chosen]), float(rejected[chosen])
    )


def _answers(track: np.ndarray, scale: float) -> np.ndarray:
    """Motion recognised first while a clip runs, or none, for each of the thresholds."""
    chances = softmax(track * scale, axis=1)[:, :-1]
    means = np.lib.stride_tricks.sliding_window_view(chances, min(_MEANS, len(chances)), axis=0)
    chances = means.mean(axis=2)
    over = chances.sum(axis=1)[:, None] >= _THRESHOLDS
    return np.where(
        over.any(axis=0), chances.argmax(axis=1)[over.argmax(axis=0)], chances.shape[1]
    )
