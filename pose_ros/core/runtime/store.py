"""Where model files lie, how they get there and whether they are the right ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
import os
from pathlib import Path
import tempfile
from typing import TypeVar

from pose_ros.core.names import unknown_name
from pose_ros.core.resources import config_file
from pose_ros.core.runtime.download import Progress, download_files
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.runtime.file_check import FileCheck, check_file, known_fault
from pose_ros.core.runtime.manifest import Manifest, ModelEntry, ModelFile, load_manifest

MANIFEST = 'models.yaml'

Entry = TypeVar('Entry')


def default_folders() -> list[Path]:
    """Folders of $POSE_ROS_MODEL_PATH, then the user's cache, into which models are installed."""
    given = os.environ.get('POSE_ROS_MODEL_PATH', '').split(os.pathsep)
    cache = Path(os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache')
    return [*(Path(folder) for folder in given if folder), cache / 'pose_ros' / 'models']


def remedy(file: ModelFile, model: str) -> str:
    """Say how a missing file of a model can be had."""
    if file.address is None:
        return 'no address is known for it: put the file there yourself'
    device = '' if file.device == 'cpu' else f' --device {file.device}'
    return f'install it with: pose-ros models install {model}{device}'


class ModelStore:
    """The models of a manifest and the folders in which their files are looked for.

    A folder may hold a models.yaml of its own, whose models are there, too.

    Parameters
    ----------
    manifest
        YAML file of models; None: config/models.yaml.
    folders
        Looked through in this order, the last one is installed into; None: `default_folders`.

    Raises
    ------
    ModelError
        If a manifest cannot be read, or two of them have a model or a file of the same name.
    """

    def __init__(
        self, manifest: Path | None = None, folders: Sequence[Path] | None = None
    ) -> None:
        self.folders = tuple(default_folders() if folders is None else folders)
        if not self.folders:
            raise ModelError('the model store needs at least one folder')
        manifests = _manifests(manifest or config_file(MANIFEST), self.folders)
        self._default = manifests[0].default or ''
        self._models = _joined('model', {m.path: m.models for m in manifests})
        self._wheels = _joined('wheel', {m.path: m.wheels for m in manifests})
        _refuse_ambiguous_files(self._models)

    @property
    def names(self) -> list[str]:
        """Names of the models."""
        return list(self._models)

    @property
    def default(self) -> str:
        """Name of the model that is used when none is named."""
        return self._default

    def entry(self, name: str) -> ModelEntry:
        """All that is known of a model; ModelError lists the models there are."""
        try:
            return self._models[name]
        except KeyError:
            raise ModelError(unknown_name('model', name, self.names)) from None

    def locate(self, name: str, device: str = 'cpu') -> dict[str, Path]:
        """Path of each file of a model, by role; its size and checksum are right.

        A file is read once in a process, and again after it has changed.

        ModelError names the file that is missing or wrong and the command that installs it.
        """
        paths = {}
        for file in self.entry(name).files_for(device):
            path = self._find(file.name)
            if path is None:
                raise ModelError(self._absence(file, name))
            fault = known_fault(file, path)
            if fault:
                raise ModelError(f'{path}: {fault}; {remedy(file, name)}')
            paths[file.role] = path
        weights = paths.get('weights')
        if weights is not None and weights.parent != paths['model'].parent:
            raise ModelError(
                f'{weights}: must be in the folder of {paths["model"]}: move it there'
            )
        return paths

    def verify(self, name: str, device: str = 'cpu') -> list[FileCheck]:
        """Read each file of a model and compare size and checksum."""
        return [self._check(file) for file in self.entry(name).files_for(device)]

    def install(
        self, name: str, device: str = 'cpu', progress: Progress | None = None
    ) -> dict[str, Path]:
        """Download missing and wrong files of a model; returns the path of each file by role.

        Files are replaced only once all new ones are complete and their checksums are right.

        ModelError if a file cannot be downloaded or written, is not the one in the manifest, or
        the manifest has no checksum of it.
        """
        target = self.folders[-1]
        needed = []
        for check in self.verify(name, device):
            _refuse_hiding(check, target)
            if check.state in ('missing', 'wrong'):
                if check.file.address is None:
                    wrong = f'{check.path}: {check.fault}; {remedy(check.file, name)}'
                    raise ModelError(wrong if check.path else self._absence(check.file, name))
                if not check.file.identified:
                    raise ModelError(
                        f'model {name}: no checksum of {check.file.name} is recorded, so a '
                        'download cannot be verified: record its sha256, or put the file into '
                        f'{target}'
                    )
                needed.append(check.file)
        try:
            if needed:
                with _scratch(target) as scratch:
                    _put(download_files(needed, self._wheels, scratch, progress), target)
        except OSError as error:
            raise ModelError(f'cannot install {name} into {target}: {error}') from error
        return self.locate(name, device)

    def _absence(self, file: ModelFile, name: str) -> str:
        folders = ', '.join(map(str, self.folders))
        return f'model {name}: {file.name} is not in {folders}; {remedy(file, name)}'

    def _find(self, name: str) -> Path | None:
        paths = (folder / name for folder in self.folders)
        return next((path for path in paths if path.is_file()), None)

    def _check(self, file: ModelFile) -> FileCheck:
        return check_file(file, self._find(file.name))


def _manifests(first: Path, folders: Sequence[Path]) -> list[Manifest]:
    """Read a manifest and those of the folders that have one, each once."""
    main = load_manifest(first)
    if main.default is None:
        raise ModelError(f"{first}: 'default' is missing")
    found = {first.resolve(): main}
    for folder in folders:
        path = folder / MANIFEST
        try:
            if path.is_file() and path.resolve() not in found:
                found[path.resolve()] = load_manifest(path)
        except OSError as error:
            raise ModelError(f'{path}: cannot be read: {error.strerror}') from error
    return list(found.values())


def _joined(kind: str, parts: Mapping[Path, Mapping[str, Entry]]) -> dict[str, Entry]:
    """Entries of several manifests in one; ModelError if a name stands for two things."""
    joined: dict[str, Entry] = {}
    origin: dict[str, Path] = {}
    for path, entries in parts.items():
        for name, entry in entries.items():
            if joined.setdefault(name, entry) != entry:
                raise ModelError(
                    f'{path}: {kind} {name}: there is another one of this name in {origin[name]}'
                )
            origin.setdefault(name, path)
    return joined


def _refuse_ambiguous_files(models: Mapping[str, ModelEntry]) -> None:
    """ModelError if a file name stands for two contents: one would replace the other."""
    known: dict[str, tuple[str, tuple[int | str | None, ...]]] = {}
    for model, entry in models.items():
        for file in entry.files:
            content = (file.size, file.sha256, file.git_blob)
            owner, other = known.setdefault(file.name, (model, content))
            if other != content:
                raise ModelError(
                    f'model {model}: {file.name} is another file than that of model {owner}: '
                    'give it another name'
                )


def _refuse_hiding(check: FileCheck, target: Path) -> None:
    """ModelError for a wrong file behind which the right one would never be found."""
    if check.state == 'wrong' and check.path and check.path.parent != target:
        raise ModelError(f'{check.path}: {check.fault}; remove or replace it first')


@contextmanager
def _scratch(target: Path) -> Iterator[Path]:
    """Folder within the target folder, which is made if need be; gone afterwards."""
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix='.install-', dir=target) as folder:
        yield Path(folder)


def _put(parts: Sequence[Path], target: Path) -> None:
    """Move complete files into the target folder."""
    for part in parts:
        os.replace(part, target / part.name)
