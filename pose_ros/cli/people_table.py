"""Who was found in which file, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pose_ros.core.types import Person

MAX_ROWS = 40  # of a table that is still read


@dataclass
class _Row:
    """One person of one file: in how many frames, with which scores and observed keypoints."""

    frames: int = 0
    scores: float = 0.0
    keypoints: int = 0
    of_keypoints: int = 0


@dataclass
class PeopleTable:
    """Collects the people of all files, and prints them."""

    _files: list[tuple[str, dict[int, _Row]]] = field(default_factory=list)

    def begin(self, name: str) -> None:
        """Begin with a file."""
        self._files.append((name, {}))

    def add(self, people: Sequence[Person]) -> None:
        """Add the people of its next frame; those without an id are left out."""
        rows = self._files[-1][1]
        for person in people:
            if person.id:
                row = rows.setdefault(person.id, _Row())
                row.frames += 1
                row.scores += person.score
                row.keypoints += int(person.observed.sum())
                row.of_keypoints = len(person.topology)

    def print(self, console: Console) -> None:
        """Print one row a person, and one for each file without people."""
        table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
        table.add_column('input', overflow='ellipsis', no_wrap=True)
        for name in ('person', 'frames', 'score', 'keypoints'):
            table.add_column(name, justify='right')
        rows = [
            (name, number, row)
            for name, found in self._files
            for number, row in (found.items() or [(0, _Row())])
        ]
        for name, number, row in rows[:MAX_ROWS]:
            if not number:
                table.add_row(escape(name), 'none')
                continue
            seen = f'{row.keypoints / row.frames:.0f} of {row.of_keypoints}'
            score = f'{row.scores / row.frames:.2f}'
            table.add_row(escape(name), str(number), str(row.frames), score, seen)
        console.print(table)
        if len(rows) > MAX_ROWS:
            console.print(f'… and {len(rows) - MAX_ROWS} more rows', highlight=False)
