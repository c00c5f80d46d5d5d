"""YAML with the lines of its entries, so that an error can say where it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math
from pathlib import Path
import re

import yaml

from pose_ros.core.bounded_yaml import compose_yaml, construct_yaml
from pose_ros.core.names import unknown_name

# Names of exercises, gestures and motions, which are also names of files.
NAME = re.compile(r'[\w-]{1,60}')
_LONGEST_QUOTE = 80  # characters of a wrong value that an error shows


@dataclass(frozen=True)
class Entry:
    """A value of a YAML file."""

    path: Path
    node: yaml.Node

    def error(self, reason: str) -> ValueError:
        """Make an error that names file, line and reason."""
        return ValueError(f'{self.path}:{self.node.start_mark.line + 1}: {reason}')

    @property
    def empty(self) -> bool:
        """Whether it is null, or nothing."""
        return self.node.tag == 'tag:yaml.org,2002:null'

    def fields(
        self, required: Sequence[str] = (), optional: Sequence[str] | None = None
    ) -> dict[str, Entry]:
        """Entries of a mapping; ValueError for one that is missing, twice or not allowed.

        With neither list given, all names are allowed.
        """
        if not isinstance(self.node, yaml.MappingNode):
            names = f': {", ".join(required)}' if required else ''
            raise self.error(f'expected names with values{names}')
        fields: dict[str, Entry] = {}
        for key, value in self.node.value:
            name, entry = Entry(self.path, key).text(), Entry(self.path, value)
            if name in fields:
                raise Entry(self.path, key).error(f'{name} is given twice')
            if (required or optional) and name not in (*required, *(optional or ())):
                known = (*required, *(optional or ()))
                raise Entry(self.path, key).error(unknown_name('field', name, known))
            fields[name] = entry
        for name in required:
            if name not in fields:
                raise self.error(f'{name} is missing')
        return fields

    def items(self) -> list[Entry]:
        """Entries of a list."""
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.error('expected a list')
        return [Entry(self.path, item) for item in self.node.value]

    def text(self, choices: Sequence[str] = ()) -> str:
        """Text, perhaps one of a few."""
        value = self.node.value
        if not isinstance(self.node, yaml.ScalarNode) or self.empty or not value:
            raise self.error('expected a text')
        if choices and value not in choices:
            raise self.error(f'expected one of {", ".join(choices)}, got {self._shown}')
        return str(value)

    def name(self, reserved: Sequence[str] = ()) -> str:
        """Name of up to 60 letters, digits, _ and -, none of the reserved words."""
        name = self.text()
        if not NAME.fullmatch(name):
            raise self.error(f'a name has up to 60 letters, digits, _ and -, got {self._shown}')
        if name in reserved:
            raise self.error(f'{name} has a meaning of its own: choose another name')
        return name

    def number(self, low: float = -math.inf, high: float = math.inf) -> float:
        """Finite number, not below low nor above high."""
        numbers = ('tag:yaml.org,2002:int', 'tag:yaml.org,2002:float')
        if self.node.tag not in numbers:
            raise self.error(f'expected a number, got {self._shown}')
        try:
            value = float(construct_yaml(self.node))
        except (ValueError, OverflowError):
            raise self.error(f'expected a number, got {self._shown}') from None
        if not math.isfinite(value):
            raise self.error(f'expected a finite number, got {self._shown}')
        if value < low:
            raise self.error(f'must be at least {low:g}, got {value:g}')
        if value > high:
            raise self.error(f'must be at most {high:g}, got {value:g}')
        return value

    def flag(self) -> bool:
        """True or false."""
        if self.node.tag != 'tag:yaml.org,2002:bool':
            raise self.error(f'expected true or false, got {self._shown}')
        return bool(construct_yaml(self.node))

    def whole(self) -> int:
        """Whole number."""
        if self.node.tag != 'tag:yaml.org,2002:int':
            raise self.error(f'expected a whole number, got {self._shown}')
        try:
            return int(construct_yaml(self.node))
        except ValueError:
            raise self.error(f'expected a whole number, got {self._shown}') from None

    @property
    def _shown(self) -> str:
        """Value as an error quotes it, of bounded length."""
        if not isinstance(self.node, yaml.ScalarNode):
            return 'a list or mapping'
        return repr(self.node.value[:_LONGEST_QUOTE])


def read_yaml(path: str | Path) -> Entry:
    """Read a file; ValueError names file, line and reason if it is missing or no YAML."""
    path = Path(path)
    try:
        node = compose_yaml(path)
    except OSError as error:
        raise ValueError(f'{path}: {error.strerror}') from error
    except UnicodeDecodeError as error:
        raise ValueError(f'{path}: {error}') from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ValueError(f'{path}:{line}: {error.problem}') from error
    except yaml.YAMLError as error:
        raise ValueError(f'{path}: {error}') from error
    if node is None:
        raise ValueError(f'{path}:1: the file is empty')
    return Entry(path, node)
