"""How sure a network must be, found out on examples that it was not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import softmax

from pose_ros.core.motion.normalised import Window, features, normalise
from pose_ros.learning.clips import Clip
from pose_ros.learning.windows import Dataset, held

# For the threshold, windows are looked at so far apart [s], and the probability is the mean of so
# many: about what LearnedGestures does.
_STEP, _MEANS = 0.12, 2


def temperature_of(numbers: np.ndarray, labels: np.ndarray) -> float:
    """Divisor, at least 1, that makes the held-out windows most likely.

    Never less, which would make it surer of itself: so few examples are no ground for that.

    C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, "On Calibration of Modern Neural Networks",
    ICML 2017.
    """

    def unlikeliness(logarithm: float) -> float:
        chances = softmax(numbers / np.exp(logarithm), axis=1)
        return float(-np.log(chances[np.arange(len(labels)), labels] + 1e-9).mean())

    return float(np.exp(minimize_scalar(unlikeliness, bounds=(0.0, 2.0), method='bounded').x))


def threshold_of(
    network: Any, temperature: float, dataset: Dataset, window: Window
) -> tuple[float, float, float]:
    """Threshold that tells the held-out motions from the held-out others best.

    The middle of the best ones, as what comes later may lie to both sides of what was seen.

    Returns
    -------
    tuple
        Threshold; share of the motions that are told right with it, and of the others rejected.
    """
    thresholds = np.linspace(0.3, 0.95, 66)
    clips = [clip for motion in (*dataset.motions, dataset.others) for clip in motion]
    labels = np.repeat(
        np.arange(dataset.none + 1), [*map(len, dataset.motions), len(dataset.others)]
    )
    peaks = _peaks(network, temperature, clips, window)
    recognised = np.zeros(len(thresholds))
    for number in range(dataset.none):
        found = peaks[labels == number]
        others = np.delete(found, number, axis=1).max(axis=1, initial=0.0)
        hits = (found[:, number, None] >= thresholds) & (others[:, None] < thresholds)
        recognised += hits.mean(axis=0) / dataset.none
    rejected = np.ones(len(thresholds))
    if len(dataset.others):
        rejected = (peaks[labels == dataset.none].max(axis=1)[:, None] < thresholds).mean(axis=0)
    right = recognised + rejected
    best = np.flatnonzero(right >= right.max() - 1e-9)
    middle = int(best[len(best) // 2])
    return float(thresholds[middle]), float(recognised[middle]), float(rejected[middle])


def _peaks(network: Any, temperature: float, clips: Sequence[Clip], window: Window) -> np.ndarray:
    """Greatest mean probability [clips, motions] of each motion while a clip runs."""
    ends = [np.arange(0.5, c.movement.duration + 0.6, _STEP) for c in clips]
    shown = [
        features(*normalise(*held(clip, window.times(end))))
        for clip, row in zip(clips, ends)
        for end in row
    ]
    numbers = network.predict(np.array(shown), verbose=0, batch_size=512)
    chances = softmax(numbers / temperature, axis=1)[:, :-1]
    rows = np.split(chances, np.cumsum([len(row) for row in ends])[:-1])
    means = (np.lib.stride_tricks.sliding_window_view(row, _MEANS, axis=0) for row in rows)
    return np.array([row.mean(axis=2).max(axis=0) for row in means])
