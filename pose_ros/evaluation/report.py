"""Tables of figures: as text cells, as Markdown and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
import json
import math
from pathlib import Path
import sys
from typing import Any


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    key
        Of the value in a row.
    heading
        What stands above it.
    form
        Format of numbers, as in format().
    """

    key: str
    heading: str
    form: str = ''

    def cell(self, row: Mapping[str, Any]) -> str:
        """Text of a row's value; - for what is not there or no number."""
        value = row.get(self.key)
        if value is None or (isinstance(value, float) and not math.isfinite(value)):
            return '-'
        return str(value) if isinstance(value, str) else format(value, self.form)


@dataclass
class Report:
    """A table and what it says about what.

    Attributes
    ----------
    name
        Of the block in a Markdown file, see `write_markdown`.
    about
        How the figures came about, in a few sentences.
    columns
        Of the table.
    rows
        Values by the columns' keys.
    """

    name: str
    about: str
    columns: Sequence[Column]
    rows: list[dict[str, Any]] = field(default_factory=list)

    def markdown(self) -> str:
        """Text and table."""
        head = [column.heading for column in self.columns]
        table = markdown_table(head, [[c.cell(row) for c in self.columns] for row in self.rows])
        return f'{self.about}\n\n{table}\n'

    def json(self) -> str:
        """All values as they are; what is not finite is null."""
        rows = [{key: _finite(value) for key, value in row.items()} for row in self.rows]
        content = {'evaluation': self.name, 'about': self.about, 'rows': rows}
        return json.dumps(content, indent=2, allow_nan=False) + '\n'

    def write_markdown(self, path: Path) -> None:
        """Write text and table into a file; see `write_block`."""
        write_block(self.name, self.markdown(), path)


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Table as Markdown has it, without a newline at its end."""
    lines = [head, ['---'] * len(head), *rows]
    return '\n'.join('| ' + ' | '.join(line) + ' |' for line in lines)


def write_block(name: str, text: str, path: Path) -> None:
    """Write a text into a file.

    In a file that has the lines ``<!-- NAME -->`` and ``<!-- /NAME -->`` only what is between
    them is replaced. OSError if it cannot be written, ValueError as `surroundings`.
    """
    before, after = surroundings(name, path)
    begin, end = _marks(name)
    path.write_text(f'{before}{begin}\n{text.rstrip()}\n{end}\n{after}', encoding='utf-8')


def show_block(name: str, text: str, path: Path | None) -> None:
    """Print a text, and write it into a file if there is one, as `write_block`."""
    sys.stdout.write(text + '\n')
    if path is not None:
        write_block(name, text, path)


def surroundings(name: str, path: Path) -> tuple[str, str]:
    """What stands before and after the block of a table in a file; empty for a new one.

    ValueError if the file has other content, which would be lost; OSError if it cannot be read.
    """
    text = path.read_text(encoding='utf-8') if path.exists() else ''
    if not text.strip():
        return '', ''
    begin, end = _marks(name)
    first, last = text.find(begin), text.find(end)
    if not 0 <= first < last:
        raise ValueError(f'{path} has no lines {begin} and {end} to put the table between')
    return text[:first], text[last + len(end) :].removeprefix('\n')


def _marks(name: str) -> tuple[str, str]:
    return f'<!-- {name} -->', f'<!-- /{name} -->'


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
