"""Where model files lie, how they get there and whether they are the right ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
import os
from pathlib import Path
import tempfile
from typing import TypeVar

from pose_ros.core.resources import config_file
from pose_ros.core.runtime.download import Progress, download_files
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.runtime.file_check import FileCheck, check_file, known_fault
from pose_ros.core.runtime.litert import without_operator
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
            known = ', '.join(self.names)
            raise ModelError(f'unknown model {name!r}, there are: {known}') from None

    def locate(self, name: str, device: str = 'cpu') -> dict[str, Path]:
        """Path of each file of a model, by role; its size and checksum are right.

        A file is read once in a process, and again after it has changed. It is the file without
        its custom operator where there is one.

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
            paths[file.role] = self._find_shortened(file, path) or path
        return paths

    def verify(self, name: str, device: str = 'cpu') -> list[FileCheck]:
        """Read each file of a model and compare size and checksum.

        Also of the file without its custom operator, where that was written.
        """
        checks = [self._check(file) for file in self.entry(name).files_for(device)]
        return [*checks, *(found for check in checks for found in self._check_shortened(check))]

    def install(
        self, name: str, device: str = 'cpu', progress: Progress | None = None
    ) -> dict[str, Path]:
        """Download what is missing or wrong of a model, and take off what LiteRT cannot run.

        A file takes its place only when it is complete and its checksum is right; what was
        there before stays until then. Where a custom operator is to be taken off, the file as
        downloaded stays, so that it can be verified, and the shortened one is written beside it.

        Parameters
        ----------
        name, device
            The model and what it shall run on.
        progress
            Called while downloading.

        Returns
        -------
        dict
            Path of each file by role.

        Raises
        ------
        ModelError
            If a file cannot be downloaded, shortened or written, or is not the one that was
            expected.
        """
        target = self.folders[-1]
        files = self.entry(name).files_for(device)
        needed = []
        for check in map(self._check, files):
            _refuse_hiding(check, target)
            if check.state in ('missing', 'wrong'):
                if check.file.address is None:
                    wrong = f'{check.path}: {check.fault}; {remedy(check.file, name)}'
                    raise ModelError(wrong if check.path else self._absence(check.file, name))
                needed.append(check.file)
        try:
            if needed:
                with _scratch(target) as scratch:
                    _put(download_files(needed, self._wheels, scratch, progress), target)
            for file in files:
                if file.without:
                    self._shorten(file, target)
        except OSError as error:
            raise ModelError(f'cannot install {name} into {target}: {error}') from error
        return self.locate(name, device)

    def _shorten(self, file: ModelFile, target: Path) -> None:
        """Write the file without its custom operator, if it is not there."""
        path = self._find(file.name)
        if path is None or file.without is None:
            return
        content = without_operator(path, file.without)
        check = self._check(file.shortened(content))
        _refuse_hiding(check, target)
        if check.state != 'good':
            with _scratch(target) as scratch:
                part = scratch / file.shortened_name
                part.write_bytes(content)
                _put([part], target)

    def _check_shortened(self, check: FileCheck) -> list[FileCheck]:
        """Compare the file without its custom operator, if there is one, with the whole one."""
        file = check.file
        if file.without is None or check.path is None or check.state == 'wrong':
            return []
        path = self._find(file.shortened_name)
        if path is None:
            return []
        try:
            return [self._check(file.shortened(without_operator(check.path, file.without)))]
        except ModelError as error:
            unknown = replace(file, name=file.shortened_name, size=None, sha256=None)
            return [FileCheck(unknown, path, 'unverified', str(error))]

    def _find_shortened(self, file: ModelFile, whole: Path) -> Path | None:
        """Path of the file without its custom operator; None if it is missing or wrong."""
        path = self._find(file.shortened_name) if file.without else None
        if path is None or file.without is None:
            return None
        try:
            shortened = file.shortened(without_operator(whole, file.without))
        except ModelError:
            return path  # the older runtime cannot shorten the whole file, and needs this one
        return None if known_fault(shortened, path) else path

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
