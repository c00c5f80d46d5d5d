"""Training a network on recorded motions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pose_ros.core.motion.learned_model import NONE, Description, LearnedClass
from pose_ros.core.motion.normalised import Window
from pose_ros.learning.clips import clip_of
from pose_ros.learning.confidence import temperature_of, threshold_of
from pose_ros.learning.datasets import datasets, split
from pose_ros.learning.examples import NOT_MIRRORED, SAME, MotionClass
from pose_ros.learning.networks import NETWORKS, load_keras, to_tflite
from pose_ros.learning.windows import Dataset

MIN_EXAMPLES = 4
# Least windows of motions in a round.
_ROUND = 500
_BATCH, _RATE = 64, 1.5e-3


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
    parts = [split(m, settings.held_out, rng) for m in classes if m.examples]
    both = datasets(parts, window, rng)
    network, rounds = _fit(both, window, settings, rng, on_round)
    validation = both[1]
    shown, labels = validation.draw(window, rng, 20, augment=False)
    temperature = temperature_of(network.predict(shown, verbose=0), labels)
    threshold, recognised, rejected = threshold_of(network, temperature, validation, window)
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
        if len(motion.examples) < MIN_EXAMPLES:
            raise ValueError(
                f'{motion.name} has {len(motion.examples)} examples: at least {MIN_EXAMPLES} '
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


def _fit(
    both: tuple[Dataset, Dataset],
    window: Window,
    settings: Settings,
    rng: np.random.Generator,
    on_round: Callable[[Round], None],
) -> tuple[Any, list[Round]]:
    """Train until the validation's loss falls no more; the best network of all rounds."""
    keras = load_keras()
    training, validation = both
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


def _class_weights(dataset: Dataset) -> dict[int, float]:
    """Weights with which all motions count alike, and none of them as much as all together."""
    counts = np.array([len(clips) for clips in dataset.motions])
    weights = dict(enumerate((counts.mean() / counts).tolist()))
    return {**weights, dataset.none: 1.0}
