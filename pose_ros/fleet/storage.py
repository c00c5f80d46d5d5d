"""Files of a batch: in a local folder, or in an object store that pyarrow knows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pose_ros.extras import library


@dataclass(frozen=True)
class Storage:
    """A folder with named files.

    Attributes
    ----------
    location
        Path, or URI such as s3://bucket/folder.
    """

    location: str

    def __post_init__(self) -> None:
        """Refuse what pyarrow cannot open; ValueError says why."""
        if not self.location:  # as a path this would be the current folder
            raise ValueError('the name of the folder for the results is empty')
        _ = self._place

    @cached_property
    def _place(self) -> tuple[Any, str]:
        arrow = library('pyarrow', 'fleet')
        fs = library('pyarrow.fs', 'fleet')
        if '://' not in self.location:
            return fs.LocalFileSystem(), str(Path(self.location).resolve())
        try:
            system, path = fs.FileSystem.from_uri(self.location)
        except (arrow.ArrowInvalid, OSError) as error:
            raise ValueError(f'{self.location} cannot be opened: {error}') from error
        return system, str(path)

    def read(self, name: str) -> bytes:
        """Content of a file; FileNotFoundError."""
        system, folder = self._place
        with system.open_input_stream(f'{folder}/{name}') as stream:
            return bytes(stream.read())

    def write(self, name: str, content: bytes) -> None:
        """Write a file as a whole: readers see the old one or the new one."""
        system, folder = self._place
        path = f'{folder}/{name}'
        system.create_dir(path.rpartition('/')[0], recursive=True)
        with system.open_output_stream(f'{path}.part') as stream:
            stream.write(content)
        system.move(f'{path}.part', path)

    def has(self, name: str) -> bool:
        """Whether there is a file."""
        system, folder = self._place
        kinds = library('pyarrow.fs', 'fleet').FileType
        return bool(system.get_file_info(f'{folder}/{name}').type == kinds.File)

    def remove_folder(self, name: str) -> None:
        """Remove a folder in it, if it is there."""
        system, folder = self._place
        kinds = library('pyarrow.fs', 'fleet').FileType
        if system.get_file_info(f'{folder}/{name}').type == kinds.Directory:
            system.delete_dir(f'{folder}/{name}')
