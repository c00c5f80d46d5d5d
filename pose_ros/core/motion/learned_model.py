"""A classifier that was trained on your own motions, in one file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
import json
from pathlib import Path
from typing import Any
import zipfile

import numpy as np

from pose_ros.core.motion.normalised import Window
from pose_ros.core.motion.point_set import PointSet
from pose_ros.core.motion.random_convolutions import RandomConvolutions
from pose_ros.core.motion.rules import Hand
from pose_ros.core.runtime.errors import ModelError

NONE = 'none'
"""Name of the class of all other motions."""

_VERSION = 2
_MAX_BYTES = 64 * 1024**2  # of all arrays of a file; a model of eight motions has 0.1 MB
_MAX_CLASSES = 200
_MAX_NAME = 100  # [characters]
_MAX_DILATIONS = 64
# The means of so many equal parts of the window are features beside the convolutions', since
# convolutions do not tell where and when something happened.
_SEGMENTS = 8
_ARRAYS = ('description', 'dilations', 'channels', 'biases', 'counts', 'weights', 'offsets')


@dataclass(frozen=True)
class LearnedClass:
    """A motion that was learned."""

    name: str
    hand: Hand


@dataclass(frozen=True)
class Description:
    """What a model was trained for.

    Attributes
    ----------
    classes
        In the order of the probabilities; one more, the last, is for none of them.
    window
        What is classified.
    threshold
        Minimum probability of any motion.
    seed
        Of the training.
    report
        Figures of the training, as in its training.json.
    """

    classes: tuple[LearnedClass, ...]
    window: Window
    threshold: float
    seed: int = 0
    report: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        """Validate classes and threshold."""
        names = [learned.name for learned in self.classes]
        if len(names) > _MAX_CLASSES:
            raise ValueError(f'at most {_MAX_CLASSES} classes are allowed, got {len(names)}')
        for name in names:
            if not isinstance(name, str) or not (0 < len(name) <= _MAX_NAME):
                raise ValueError(
                    f'names must have 1 to {_MAX_NAME} characters, got {str(name)[:200]!r}'
                )
        if not names or len(set(names)) < len(names) or NONE in names:
            raise ValueError(f'classes must have different names, not {NONE!r}: {names}')
        if not 0 < self.threshold < 1:
            raise ValueError(f'threshold must be between 0 and 1, got {self.threshold}')

    def to_json(self) -> str:
        """As text."""
        window = asdict(self.window)
        fields = {
            'version': _VERSION,
            'classes': [{'name': c.name, 'hand': c.hand.name.lower()} for c in self.classes],
            'points': window.pop('point_set')['names'],
            'window': window,
            'threshold': self.threshold,
            'seed': self.seed,
            'report': self.report,
        }
        return json.dumps(fields)

    @classmethod
    def from_json(cls, text: str) -> Description:
        """From the text of `to_json`; ValueError if it cannot be used."""
        try:
            fields = json.loads(text)
            if fields['version'] != _VERSION:
                raise ValueError(f'it has version {str(fields["version"])[:20]}, not {_VERSION}')
            classes = [LearnedClass(c['name'], Hand[c['hand'].upper()]) for c in fields['classes']]
            window = Window(point_set=PointSet(tuple(fields['points'])), **fields['window'])
            report = dict(fields['report'])
            return cls(tuple(classes), window, fields['threshold'], int(fields['seed']), report)
        except (AttributeError, KeyError, TypeError, OverflowError, RecursionError) as error:
            raise ValueError(f'its description is damaged ({str(error)[:200]})') from error


class LearnedModel:
    """Probabilities of motions from a window: random convolutions and a linear classifier.

    Parameters
    ----------
    description
        What it was trained for.
    convolutions
        Of the window's channels.
    weights
        [features, classes + 1].
    offsets
        [classes + 1]; the probabilities are the softmax of the sums.
    """

    def __init__(
        self,
        description: Description,
        convolutions: RandomConvolutions,
        weights: np.ndarray,
        offsets: np.ndarray,
    ) -> None:
        outputs, channels = len(description.classes) + 1, description.window.shape[1]
        shape = convolutions.count + _SEGMENTS * channels, outputs
        if weights.shape != shape or offsets.shape != (outputs,):
            raise ValueError(
                f'expected weights {list(shape)}, found {list(weights.shape)} and '
                f'{list(offsets.shape)}'
            )
        if convolutions.channels.shape[2] != channels:
            raise ValueError(
                f'expected {channels} channels, found {convolutions.channels.shape[2]}'
            )
        if not (np.isfinite(weights).all() and np.isfinite(offsets).all()):
            raise ValueError('weights must be finite')
        self.description = description
        self._convolutions = convolutions
        self._weights, self._offsets = weights.astype(np.float32), offsets.astype(np.float32)

    def probabilities(self, channels: np.ndarray) -> np.ndarray:
        """Probability [classes + 1] of each class and of no motion, from channels [T, C]."""
        found = features_of(self._convolutions, channels[None])[0]
        scores = found @ self._weights + self._offsets
        weights = np.exp(scores - scores.max())
        return np.asarray(weights / weights.sum())

    def save(self, path: Path) -> None:
        """Write a .npz file, which holds no code."""
        convolutions = self._convolutions
        biases = [bias.ravel() for bias in convolutions.biases]
        with path.open('wb') as file:
            np.savez(
                file,
                description=np.array(self.description.to_json()),
                dilations=convolutions.dilations,
                channels=np.packbits(convolutions.channels, axis=2),
                biases=np.concatenate([*biases, np.zeros(0, np.float32)]),
                counts=np.array([bias.shape[1] for bias in convolutions.biases], int),
                weights=self._weights.astype(np.float16),
                offsets=self._offsets,
            )

    @classmethod
    def load(cls, path: str | Path) -> LearnedModel:
        """Read the file that ``pose-ros motions train`` wrote; ModelError for another file."""
        path = Path(path)
        if not path.is_file():
            raise ModelError(f'{path}: no such model file')
        try:
            arrays = _read(path)
            description = Description.from_json(str(arrays['description']))
            dilations, counts = arrays['dilations'].astype(int), arrays['counts'].astype(int)
            samples, width = description.window.shape
            # The longest kernel covers the window, as in training.
            if (
                len(dilations) > _MAX_DILATIONS
                or not ((dilations > 0) & (dilations < samples)).all()
            ):
                raise ValueError(f'dilations must be 1 to {samples - 1}')
            if len(counts) != len(dilations) or (counts < 0).any():
                raise ValueError('counts do not fit the dilations')
            biases = np.split(arrays['biases'].astype(np.float32), 84 * np.cumsum(counts))
            convolutions = RandomConvolutions(
                dilations,
                np.unpackbits(arrays['channels'], axis=2, count=width).astype(bool),
                tuple(part.reshape(84, count) for part, count in zip(biases, counts)),
            )
            return cls(description, convolutions, arrays['weights'], arrays['offsets'])
        except Exception as error:  # damaged archives and arrays raise almost any
            raise ModelError(
                f'{path}: not a model of learned motions ({str(error)[:200]}); '
                '"pose-ros motions train" makes one'
            ) from error


def _read(path: Path) -> dict[str, np.ndarray]:
    """Arrays of a file; ValueError if it was written by an earlier version or is too large."""
    with zipfile.ZipFile(path) as archive:
        if 'pose_ros_motions.json' in archive.namelist():
            raise ValueError('a network of an earlier version of pose_ros: train it again')
        size = sum(entry.file_size for entry in archive.infolist())
    if size > _MAX_BYTES:
        raise ValueError(f'its arrays have {size} bytes, allowed are {_MAX_BYTES}')
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in _ARRAYS}


def features_of(convolutions: RandomConvolutions, windows: np.ndarray) -> np.ndarray:
    """Features float32 [N, F] of windows float32 [N, T, C]."""
    parts = np.array_split(windows, _SEGMENTS, axis=1)
    means = np.stack([part.mean(axis=1) for part in parts], axis=1)
    return np.concatenate(
        [convolutions.transform(windows), means.reshape(len(windows), -1)], axis=1
    )
