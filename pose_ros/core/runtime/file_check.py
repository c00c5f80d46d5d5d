"""Whether a model file is the one that the manifest describes."""

from __future__ import annotations

from dataclasses import dataclass
import hashlib
from pathlib import Path
from typing import Literal

from pose_ros.core.runtime.manifest import ModelFile


@dataclass(frozen=True)
class FileCheck:
    """Result of comparing a file with its entry in the manifest.

    Attributes
    ----------
    file
        The entry.
    path
        Where the file is; None if it is missing.
    state
        'good'; 'wrong' (see `fault`); 'missing'; 'unverified' if neither size nor checksum is
        known.
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


def check_file(file: ModelFile, path: Path | None) -> FileCheck:
    """Read a file and compare size and checksum; the path is None where there is no file."""
    if path is None:
        return FileCheck(file, None, 'missing')
    try:
        content = path.read_bytes()
    except OSError as error:
        return FileCheck(file, path, 'wrong', f'cannot be read: {error.strerror}')
    sha256 = hashlib.sha256(content).hexdigest()
    fault = file.fault(content)
    if fault:
        return FileCheck(file, path, 'wrong', fault, sha256)
    return FileCheck(file, path, 'good' if file.identified else 'unverified', '', sha256)


# Faults found in this process, by file as it was and what it should be.
_known_faults: dict[tuple[object, ...], str] = {}


def known_fault(file: ModelFile, path: Path) -> str:
    """Fault as `check_file` finds it, reading each file once until it changes.

    Size, modification time, change time and inode tell whether a file has changed. A file of
    which nothing is known is not read.
    """
    if file.size is None and not file.identified:
        return ''
    try:
        stat = path.stat()
    except OSError as error:
        return f'cannot be read: {error.strerror}'
    expected = (file.size, file.sha256, file.git_blob)
    found = (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
    key = (path, *expected, *found)
    if key not in _known_faults:
        _known_faults[key] = check_file(file, path).fault
    return _known_faults[key]
