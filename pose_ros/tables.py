"""Text tables with a line of titles, values of JSON objects, .npz: checked as they are read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
import csv
from dataclasses import dataclass
import math
from pathlib import Path
import reprlib
from typing import Any
import zipfile


@dataclass(frozen=True)
class Row:
    """One row of a table.

    Attributes
    ----------
    path, line
        Of the table; its lines count from 1.
    cells
        By the title of the column; None where the row is too short.
    """

    path: Path
    line: int
    cells: Mapping[str, str | None]

    def text(self, column: str) -> str:
        """Cell that must not be empty; ValueError."""
        text = (self.cells.get(column) or '').strip()
        if not text:
            raise self.fault(column, 'not be empty')
        return text

    def number(self, column: str, *, missing: float | None = None) -> float:
        """Finite number, or a value where the cell is empty or has it; ValueError."""
        text = self.cells.get(column)
        if missing is not None and (not text or text.strip().lower() == str(missing)):
            return missing
        try:
            number = float(text or '')
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise self.fault(column, 'be a number')
        return number

    def whole(self, column: str, *, missing: int | None = None) -> int:
        """Whole number, or a value where the cell is empty; ValueError."""
        number = self.number(column, missing=missing)
        if number != int(number):
            raise self.fault(column, 'be a whole number')
        return int(number)

    def fault(self, column: str, expected: str) -> ValueError:
        """Error about a cell that must be something else."""
        value = self.cells.get(column) or ''
        return ValueError(
            f'{self.path}, line {self.line}: {column} must {expected}, got {value!r}'
        )


def open_table(
    path: Path, text: str, needed: Collection[str] = (), delimiter: str = ','
) -> tuple[Sequence[str], Iterator[Row]]:
    """Titles of the columns of a table, and its rows.

    ValueError names file and line, also while the rows are read: a needed column is missing, two
    have one title, a row has more cells than titles, or a quotation mark is not closed.
    """
    table = csv.DictReader(text.splitlines(), delimiter=delimiter, strict=True)
    try:
        titles = table.fieldnames or ()
    except csv.Error as error:
        raise ValueError(f'{path}, line 1: {error}') from None
    for title in needed:
        if title not in titles:
            separator = 'tabs' if delimiter == '\t' else repr(delimiter)
            raise ValueError(
                f'{path} has no column {title!r}; it needs {" and ".join(needed)}, '
                f'separated by {separator}'
            )
    twice = [title for index, title in enumerate(titles) if title in titles[:index]]
    if twice:
        raise ValueError(f'{path}: two columns are called {twice[0]!r}')
    return titles, _rows(path, table)


def _rows(path: Path, table: csv.DictReader[str]) -> Iterator[Row]:
    titles = table.fieldnames or ()
    while True:
        begin = table.line_num + 1
        try:
            cells: Any = next(table, None)
        except csv.Error as error:
            raise ValueError(f'{path}, line {begin}: {error}') from None
        if cells is None:
            return
        row = Row(path, table.line_num, cells)
        if None in cells:
            count = len(titles) + len(cells[None])
            raise ValueError(
                f'{path}, line {row.line}: must have {len(titles)} cells, got {count}'
            )
        yield row


def check_npz(path: Path) -> None:
    """ValueError for a file that is there but no .npz, which NumPy would take for a pickle."""
    if path.is_file() and not zipfile.is_zipfile(path):
        raise ValueError('not an .npz file')


def check_object(record: Any) -> None:
    """ValueError for a value that is not a JSON object."""
    if not isinstance(record, Mapping):
        raise ValueError(f'must be an object, got {reprlib.repr(record)}')


def number_in(record: Mapping[str, Any], key: str) -> float:
    """Finite number of a JSON object; ValueError."""
    value = record.get(key)
    with suppress(OverflowError):  # whole numbers can be too large
        if isinstance(value, (int, float)) and type(value) is not bool and math.isfinite(value):
            return value
    raise ValueError(f'{key} must be a number, got {reprlib.repr(value)}')


def text_in(record: Mapping[str, Any], key: str) -> str:
    """Text of a JSON object; KeyError, ValueError."""
    value = record[key]
    if not isinstance(value, str):
        raise ValueError(f'{key} must be a text, got {reprlib.repr(value)}')
    return value


def whole_in(record: Mapping[str, Any], key: str) -> int:
    """Whole number of a JSON object; ValueError."""
    value = number_in(record, key)
    if value != int(value):
        raise ValueError(f'{key} must be a whole number, got {value!r}')
    return int(value)
