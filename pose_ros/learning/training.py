"""Training a network on recorded motions, and finding out how sure it must be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import softmax

from pose_ros.core.motion.learned_model import NONE, Description, LearnedClass
from pose_ros.core.motion.normalised import Window, features, normalise
from pose_ros.learning.clips import Clip, clip_of, mirrored
from pose_ros.learning.examples import NOT_MIRRORED, SAME, MotionClass
from pose_ros.learning.negatives import distinct, improvised, near_misses
from pose_ros.learning.networks import NETWORKS, load_keras, to_tflite
from pose_ros.learning.windows import Stock, held

LEAST_EXAMPLES = 4
# Near misses for each example; improvised movements for training, and for validation.
_MISSES, _IMPROVISED = 4, (120, 40)
# Least windows of motions in a round.
_ROUND = 500
_BATCH, _RATE = 64, 1.5e-3
# For the threshold, windows are looked at so far apart [s], and the probability is the mean of so
# many: about what LearnedGestures does.
_STEP, _MEANS = 0.12, 2


@dataclass(frozen=True)
class Settings:
    """How to train.

    Attributes
    ----------
    network
        Name out of `NETWORKS`.
    seconds
        Length of the window [s]; 0: as long as nearly all examples.
    in_space
        Whether to learn from positions in space.
    epochs
        Most rounds.
    patience
        Rounds without progress after which it stops.
    held_out
        Share of the examples of each class that are kept for validation.
    repeats
        Windows from each example in each round; 0: as many as make a good round.
    seed
        Of everything random.
    """

    network: str = 'tcn'
    seconds: float = 0.0
    in_space: bool = False
    epochs: int = 60
    patience: int = 15
    held_out: float = 0.2
    repeats: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be done."""
        if self.network not in NETWORKS:
            raise ValueError(f'unknown network {self.network!r}, known are: {", ".join(NETWORKS)}')
        if not 0 < self.held_out < 1:
            raise ValueError(f'held_out must be between 0 and 1, got {self.held_out}')
        for name, least in (('epochs', 1), ('patience', 1), ('repeats', 0)):
            if getattr(self, name) < least:
                raise ValueError(f'{name} must be at least {least}, got {getattr(self, name)}')


@dataclass(frozen=True)
class Round:
    """One round of training: the losses so far."""

    number: int
    loss: float
    validation_loss: float


@dataclass(frozen=True)
class Trained:
    """A trained network.

    Attributes
    ----------
    network
        Of Keras; gives numbers that become probabilities by softmax.
    description
        Of what it was trained for.
    temperature
        What the numbers are divided by, so that probabilities mean what they say.
    rounds
        The course of the training.
    held_out
        The examples that it was not trained on.
    recognised
        Share of the held-out motions that are told from all else, by the threshold.
    rejected
        Share of the other movements, made and recorded, that are taken for no motion.
    """

    network: Any
    description: Description
    temperature: float
    rounds: tuple[Round, ...]
    held_out: tuple[MotionClass, ...]
    recognised: float
    rejected: float

    def write(self, path: Path) -> None:
        """Write the .tflite file."""
        path.write_bytes(to_tflite(self.network, self.temperature))
        self.description.append_to(path)


def train(
    classes: Sequence[MotionClass],
    settings: Settings | None = None,
    on_round: Callable[[Round], None] = lambda _: None,
) -> Trained:
    """Train a network on recorded motions.

    Parameters
    ----------
    classes
        The motions; one called ``none`` holds everything else, and is welcome but not needed.
    settings
        How.
    on_round
        Called after each round.

    Raises
    ------
    ValueError
        Too few examples, or such as cannot be used.
    MissingLibraryError
        TensorFlow is not there.
    """
    settings = settings or Settings()
    motions = [motion for motion in classes if motion.name != NONE]
    _check(motions)
    keras = load_keras()
    keras.utils.set_random_seed(settings.seed)
    rng = np.random.default_rng(settings.seed)
    window = Window(
        settings.seconds or _window_seconds(motions, settings), 15.0, settings.in_space
    )
    parts = [_split(motion, settings, rng) for motion in classes if motion.examples]
    stocks = _stocks(parts, window, rng)
    network, rounds = _fit(stocks, window, settings, rng, on_round)
    shown, labels = stocks[1].draw(window, rng, 20, augment=False)
    temperature = _temperature(network.predict(shown, verbose=0), labels)
    threshold, recognised, rejected = _threshold(network, temperature, stocks[1], window)
    learned = tuple(LearnedClass(motion.name, motion.hand) for motion in motions)
    description = Description(learned, window, threshold, settings.network)
    held_out = tuple(part[1] for part in parts)
    return Trained(
        network, description, temperature, tuple(rounds), held_out, recognised, rejected
    )


def _check(motions: Sequence[MotionClass]) -> None:
    if not motions:
        raise ValueError(f'there is no motion to learn, only {NONE!r}')
    names = {motion.name for motion in motions}
    for motion in motions:
        if len(motion.examples) < LEAST_EXAMPLES:
            raise ValueError(
                f'{motion.name} has {len(motion.examples)} examples: at least {LEAST_EXAMPLES} '
                'are needed, 10 are a good start'
            )
        if motion.mirror not in (NOT_MIRRORED, SAME) and motion.mirror not in names:
            raise ValueError(
                f'{motion.name} is the mirror image of {motion.mirror}, which is not recorded'
            )


def _window_seconds(motions: Sequence[MotionClass], settings: Settings) -> float:
    """Time that all but the slowest examples take, and some more."""
    window = Window(in_space=settings.in_space)
    lengths = [clip_of(e, window).length for motion in motions for e in motion.examples]
    return float(np.clip(np.ceil(2 * np.quantile(lengths, 0.9) + 0.5) / 2, 1.0, 8.0))


def _split(
    motion: MotionClass, settings: Settings, rng: np.random.Generator
) -> tuple[MotionClass, MotionClass]:
    """Examples of a class for training, and those for validation."""
    order = [motion.examples[i] for i in rng.permutation(len(motion.examples))]
    kept = min(max(round(settings.held_out * len(order)), 1), max(len(order) - 1, 0))
    return replace(motion, examples=tuple(order[kept:])), replace(
        motion, examples=tuple(order[:kept])
    )


def _stocks(
    parts: Sequence[tuple[MotionClass, MotionClass]], window: Window, rng: np.random.Generator
) -> tuple[Stock, Stock]:
    """For training and for validation; nothing made from an example of one is in the other."""
    training, validation = zip(*parts)
    clips = [[clip_of(e, window) for e in motion.examples] for motion in training]
    unseen = [[clip_of(e, window) for e in motion.examples] for motion in validation]
    both = [a + b for motion, a, b in zip(training, clips, unseen) if motion.name != NONE]
    own = _learned(training, clips)
    first = _stock(training, clips, own, improvised(_IMPROVISED[0], window, rng), rng)
    second = _stock(validation, unseen, both, improvised(_IMPROVISED[1], window, rng), rng)
    return replace(first, motions=_with_mirrored(training, first.motions)), second


def _learned(
    classes: Sequence[MotionClass], clips: Sequence[Sequence[Clip]]
) -> list[Sequence[Clip]]:
    """Clips of the motions, without those of none."""
    return [own for motion, own in zip(classes, clips) if motion.name != NONE]


def _stock(
    classes: Sequence[MotionClass],
    clips: Sequence[Sequence[Clip]],
    known: Sequence[Sequence[Clip]],
    free: Sequence[Clip],
    rng: np.random.Generator,
) -> Stock:
    """Clips of motions, and of others: recorded, and made but not too like the known clips."""
    motions = _learned(classes, clips)
    count = sum(map(len, motions))
    made = near_misses([clip for own in motions for clip in own], _MISSES * count, rng)
    recorded = [clip for m, own in zip(classes, clips) if m.name == NONE for clip in own]
    return Stock(motions, recorded + distinct([*made, *free], known))


def _with_mirrored(
    classes: Sequence[MotionClass], clips: Sequence[Sequence[Clip]]
) -> list[list[Clip]]:
    """Clips of each motion, and those that are its mirror images."""
    motions = [motion for motion in classes if motion.name != NONE]
    names = [motion.name for motion in motions]
    full = [list(own) for own in clips]
    for motion, own in zip(motions, clips):
        if motion.mirror != NOT_MIRRORED:
            image = motion.name if motion.mirror == SAME else motion.mirror
            full[names.index(image)] += [mirrored(clip) for clip in own]
    return full


def _fit(
    stocks: tuple[Stock, Stock],
    window: Window,
    settings: Settings,
    rng: np.random.Generator,
    on_round: Callable[[Round], None],
) -> tuple[Any, list[Round]]:
    """Train until the validation's loss falls no more; the best network of all rounds."""
    keras = load_keras()
    training, validation = stocks
    count = sum(map(len, training.motions))
    repeats = settings.repeats or max(5, -(-_ROUND // count))
    network = NETWORKS[settings.network](window.shape, training.none + 1)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    # Small steps in the end, whether or not it comes to that.
    steps = settings.epochs * -(-2 * repeats * count // _BATCH)
    rate = keras.optimizers.schedules.CosineDecay(_RATE, steps, alpha=0.05)
    network.compile(keras.optimizers.Adam(rate), loss, jit_compile=False)
    unseen = validation.draw(window, rng, 10)
    weights = _class_weights(training)
    best, best_weights, rounds = np.inf, network.get_weights(), []
    since = 0
    for number in range(1, settings.epochs + 1):
        shown, labels = training.draw(window, rng, repeats)
        history = network.fit(
            shown, labels, batch_size=_BATCH, class_weight=weights, verbose=0
        ).history
        loss = float(network.evaluate(*unseen, batch_size=512, verbose=0))
        rounds.append(Round(number, float(history['loss'][0]), loss))
        on_round(rounds[-1])
        since += 1
        if loss < best:
            best, best_weights, since = loss, network.get_weights(), 0
        if since >= settings.patience:
            break
    network.set_weights(best_weights)
    return network, rounds


def _class_weights(stock: Stock) -> dict[int, float]:
    """Weights with which all motions count alike, and none of them as much as all together."""
    counts = np.array([len(clips) for clips in stock.motions])
    weights = dict(enumerate((counts.mean() / counts).tolist()))
    return {**weights, stock.none: 1.0}


def _temperature(numbers: np.ndarray, labels: np.ndarray) -> float:
    """Divisor, at least 1, that makes the held-out windows most likely.

    Never less, which would make it surer of itself: so few examples are no ground for that.

    C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, "On Calibration of Modern Neural Networks",
    ICML 2017.
    """

    def unlikeliness(logarithm: float) -> float:
        chances = softmax(numbers / np.exp(logarithm), axis=1)
        return float(-np.log(chances[np.arange(len(labels)), labels] + 1e-9).mean())

    return float(np.exp(minimize_scalar(unlikeliness, bounds=(0.0, 2.0), method='bounded').x))


def _threshold(
    network: Any, temperature: float, stock: Stock, window: Window
) -> tuple[float, float, float]:
    """Threshold that tells the held-out motions from the held-out others best.

    The middle of the best ones, as what comes later may lie to both sides of what was seen.

    Returns
    -------
    tuple
        Threshold; share of the motions that are told right with it, and of the others rejected.
    """
    thresholds = np.linspace(0.3, 0.95, 66)
    clips = [clip for motion in (*stock.motions, stock.others) for clip in motion]
    labels = np.repeat(np.arange(stock.none + 1), [*map(len, stock.motions), len(stock.others)])
    peaks = _peaks(network, temperature, clips, window)
    recognised = np.zeros(len(thresholds))
    for number in range(stock.none):
        found = peaks[labels == number]
        others = np.delete(found, number, axis=1).max(axis=1, initial=0.0)
        hits = (found[:, number, None] >= thresholds) & (others[:, None] < thresholds)
        recognised += hits.mean(axis=0) / stock.none
    rejected = np.ones(len(thresholds))
    if len(stock.others):
        rejected = (peaks[labels == stock.none].max(axis=1)[:, None] < thresholds).mean(axis=0)
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
