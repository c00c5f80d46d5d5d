"""A network that was trained on your own motions: one file with all that running it takes.

The file is a TFLite model with a ZIP archive behind it, as TFLite's own metadata have it: LiteRT
reads the front, the archive holds a description.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
import json
from pathlib import Path
import zipfile

import numpy as np

from pose_ros.core.motion.normalised import JOINTS, Window
from pose_ros.core.motion.rules import Hand
from pose_ros.core.runtime.errors import ModelError, OutputError, model_errors
from pose_ros.core.runtime.litert import load_interpreter

NONE = 'none'
"""Name of the class of all that is no motion of the others."""

_ENTRY = 'pose_ros_motions.json'
_VERSION = 1
_MAX_ENTRY = 64 * 1024  # [bytes]; a description of twenty motions has 2 kB
_MAX_CLASSES = 200
_MAX_NAME = 100  # [characters]
_TOLERANCE = 1e-3  # of probabilities, beyond 0 to 1: rounding


@dataclass(frozen=True)
class LearnedClass:
    """A motion that was learned."""

    name: str
    hand: Hand


@dataclass(frozen=True)
class Description:
    """What a network was trained for.

    Attributes
    ----------
    classes
        In the order of the network's outputs; one more output, the last, is for none of them.
    window
        What the network sees.
    threshold
        Least probability of a class, over which it counts.
    network
        Kind of the network.
    """

    classes: tuple[LearnedClass, ...]
    window: Window
    threshold: float
    network: str = ''

    def __post_init__(self) -> None:
        """Refuse what cannot be used."""
        names = [learned.name for learned in self.classes]
        if len(names) > _MAX_CLASSES:
            raise ValueError(f'at most {_MAX_CLASSES} classes are allowed, got {len(names)}')
        for name in names:
            if not isinstance(name, str) or not (0 < len(name) <= _MAX_NAME):
                raise ValueError(
                    f'names must have 1 to {_MAX_NAME} characters, got {str(name)[:200]!r}'
                )
        if not names or len(set(names)) < len(names) or NONE in names:
            raise ValueError(f'classes must have names of their own, not {NONE!r}: {names}')
        if not 0 < self.threshold < 1:
            raise ValueError(f'threshold must be between 0 and 1, got {self.threshold}')

    def append_to(self, path: Path) -> None:
        """Write the description behind the network of a .tflite file."""
        fields = {
            'version': _VERSION,
            'network': self.network,
            'classes': [{'name': c.name, 'hand': c.hand.name.lower()} for c in self.classes],
            'window': asdict(self.window),
            'threshold': self.threshold,
            'joints': list(JOINTS),
        }
        with zipfile.ZipFile(path, 'a', zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(_ENTRY, json.dumps(fields, indent=2))

    @classmethod
    def read(cls, path: Path) -> Description:
        """Read it from a .tflite file; ModelError if there is none in it, or a newer one."""
        if not path.is_file():
            raise ModelError(f'{path}: no such model file')
        try:
            fields = json.loads(_read_entry(path))
        except Exception as error:  # damaged archives and JSON raise almost any
            raise ModelError(
                f'{path}: not a model of learned motions ({str(error)[:200]}); '
                '"pose-ros motions train" makes one'
            ) from error
        try:
            if fields['version'] != _VERSION or fields['joints'] != list(JOINTS):
                raise ValueError('it was made for another version of pose_ros')
            classes = [LearnedClass(c['name'], Hand[c['hand'].upper()]) for c in fields['classes']]
            window = Window(**fields['window'])
            network = str(fields['network'])[:_MAX_NAME]
            return cls(tuple(classes), window, fields['threshold'], network)
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
            raise ModelError(
                f'{path}: its description cannot be used ({error}); train it again'
            ) from error


def _read_entry(path: Path) -> bytes:
    """Content of the archive's entry; ValueError if it is too large, whatever its header says."""
    with zipfile.ZipFile(path) as archive, archive.open(_ENTRY) as entry:
        content = entry.read(_MAX_ENTRY + 1)
    if len(content) > _MAX_ENTRY:
        raise ValueError(f'{_ENTRY} is larger than {_MAX_ENTRY} bytes')
    return content


class LearnedModel:
    """A network of learned motions, running on the CPU.

    Parameters
    ----------
    path
        The file that ``pose-ros motions train`` wrote.

    Raises
    ------
    ModelError
        Missing, damaged, or not such a file.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.description = Description.read(self.path)
        # One thread: the network is small, and the pose model wants the others.
        self._interpreter = load_interpreter(self.path, threads=1)
        with model_errors(self.path, 'not the network of its description'):
            self._read_details()

    def _read_details(self) -> None:
        (given,) = self._interpreter.get_input_details()
        (made,) = self._interpreter.get_output_details()
        expected = (
            [1, *self.description.window.shape],
            [1, len(self.description.classes) + 1],
        )
        found = given['shape'].tolist(), made['shape'].tolist()
        if found != expected:
            raise ModelError(f'{self.path}: expected tensors {expected}, found {found}')
        if {given['dtype'], made['dtype']} != {np.float32}:
            raise ModelError(f'{self.path}: expected float32 tensors')
        self._input, self._output = given['index'], made['index']

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """Probability [classes + 1] of each class, and of none, from a window's features.

        ModelError if the network cannot be run, OutputError if it gives anything but
        probabilities.
        """
        with model_errors(self.path, 'cannot be run'):
            self._interpreter.set_tensor(self._input, features[None])
            self._interpreter.invoke()
            found = np.asarray(self._interpreter.get_tensor(self._output)[0])
        if not (found.min() >= -_TOLERANCE and found.max() <= 1 + _TOLERANCE):
            raise OutputError(f'{self.path}: expected probabilities, got {found.tolist()}')
        return found
