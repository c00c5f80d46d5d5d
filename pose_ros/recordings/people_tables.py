"""People as tables: one row per person and frame, as CSV or Parquet."""

from __future__ import annotations

from collections.abc import Sequence
import csv
import math
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from pose_ros.core.topology import BLAZEPOSE33, Topology
from pose_ros.core.types import Person
from pose_ros.extras import library

SUFFIXES = ('.csv', '.parquet')
# Rows of a row group of a Parquet file [-]: some megabytes.
_ROW_GROUP = 10_000
# Decimals of pixels and seconds, and of scores and metres, as in the JSON lines.
_DECIMALS = 4


def open_people_table(path: Path, topology: Topology) -> PeopleTableFile:
    """Open a table for writing.

    Parameters
    ----------
    path
        Its suffix is one of `SUFFIXES`.
    topology
        Keypoint format of all people.

    Raises
    ------
    ValueError
        For another suffix.
    MissingLibraryError
        For Parquet, without pyarrow.
    OSError
        If the file cannot be written.
    """
    check_table_name(path)
    columns = _columns(topology)
    if path.suffix == '.csv':
        return PeopleTableFile(_CsvRows(path, columns), topology)
    return PeopleTableFile(_ParquetRows(path, columns), topology)


def check_table_name(path: Path) -> None:
    """ValueError if a table cannot have this name."""
    if path.suffix not in SUFFIXES:
        raise ValueError(f'{path}: a table ends in {" or ".join(SUFFIXES)}')


def _columns(topology: Topology) -> dict[str, type]:
    """Names and types of the columns."""
    parts: dict[str, type] = {'x': float, 'y': float, 'score': float, 'state': int}
    if topology is BLAZEPOSE33:
        parts |= {'world_x': float, 'world_y': float, 'world_z': float}
    columns: dict[str, type] = {'input': str, 'frame': int, 'time': float, 'id': int}
    columns |= dict.fromkeys(('score', 'box_x', 'box_y', 'box_width', 'box_height'), float)
    for name in topology.keypoint_names:
        columns |= {f'{name}_{part}': kind for part, kind in parts.items()}
    return columns


class _Rows(Protocol):
    def write(self, row: list[Any]) -> None: ...

    def close(self) -> None: ...


class PeopleTableFile:
    """Writes a row per person and frame; a context manager."""

    def __init__(self, rows: _Rows, topology: Topology) -> None:
        self._rows = rows
        self._topology = topology

    def __enter__(self) -> PeopleTableFile:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Finish the file."""
        self._rows.close()

    def write(self, source: str, index: int, time: float, people: Sequence[Person]) -> None:
        """Add the people of a frame of an input, at a time [s]."""
        for person in people:
            box = person.box
            numbers = (person.score, box.x, box.y, box.width, box.height)
            row = [source, index, round(time, 6), person.id, *map(_rounded, numbers)]
            world = self._world(person)
            for (x, y), score, state, point in zip(
                person.keypoints, person.scores, person.states, world
            ):
                row += [_rounded(x), _rounded(y), _rounded(score), int(state)]
                row += map(_rounded, point)
            self._rows.write(row)

    def _world(self, person: Person) -> np.ndarray:
        """Metric landmarks [K, 3] [m], NaN where unknown; [K, 0] of formats without them."""
        if self._topology is not BLAZEPOSE33:
            return np.empty((len(self._topology), 0))
        unknown = np.full((len(self._topology), 3), np.nan)
        return unknown if person.world is None else person.world


def _rounded(value: float) -> float | None:
    """Value with few decimals; None if it is not finite."""
    return round(float(value), _DECIMALS) if math.isfinite(value) else None


class _CsvRows:
    def __init__(self, path: Path, columns: dict[str, type]) -> None:
        self._file = path.open('w', encoding='utf-8', newline='')
        self._writer = csv.writer(self._file)
        self._writer.writerow(columns)

    def write(self, row: list[Any]) -> None:
        """Add a row; unknown values are empty."""
        self._writer.writerow(row)

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


class _ParquetRows:
    def __init__(self, path: Path, columns: dict[str, type]) -> None:
        self._arrow = library('pyarrow', 'tables')
        parquet = library('pyarrow.parquet', 'tables')
        types = {str: self._arrow.string(), int: self._arrow.int64(), float: self._arrow.float64()}
        self._schema = self._arrow.schema([(name, types[kind]) for name, kind in columns.items()])
        self._writer = parquet.ParquetWriter(path, self._schema)
        self._rows: list[list[Any]] = []

    def write(self, row: list[Any]) -> None:
        """Add a row; unknown values are null."""
        self._rows.append(row)
        if len(self._rows) == _ROW_GROUP:
            self._flush()

    def close(self) -> None:
        """Finish the file."""
        if self._rows:
            self._flush()
        self._writer.close()

    def _flush(self) -> None:
        arrays = [
            self._arrow.array(values, field.type)
            for values, field in zip(zip(*self._rows), self._schema)
        ]
        self._writer.write_table(self._arrow.Table.from_arrays(arrays, schema=self._schema))
        self._rows = []
