"""YAML from anyone: files that are too large or too deep, also by their aliases, are refused."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

LARGEST_FILE = 256 * 1024  # [bytes]; ten times the largest file that we ship
DEEPEST = 20  # levels of lists and mappings; our files have six
MAX_NODES = 50_000  # with each alias written out; our files have 2,000


@dataclass
class _Extent:
    """Nodes in a part of a file and its levels, with the aliases written out."""

    nodes: int = 1
    levels: int = 1


class _BoundedLoader(yaml.SafeLoader):
    """Reads plain data whose nodes and levels are bounded."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._open = [_Extent()]  # of the document and of the nodes that are being read
        self._extents: dict[int, _Extent] = {}  # of the nodes read, by id()

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        mark = self.peek_event().start_mark
        if len(self._open) > DEEPEST:
            raise _beyond(f'nested deeper than {DEEPEST} levels', mark)
        self._open.append(_Extent())
        alias = self.check_event(yaml.AliasEvent)
        node: yaml.Node | None = super().compose_node(parent, index)
        extent = self._open.pop()
        if alias:
            if id(node) not in self._extents:
                raise _beyond('an alias within its own anchor', mark)
            extent = self._extents[id(node)]
        self._extents[id(node)] = extent
        outer = self._open[-1]
        outer.nodes += extent.nodes
        outer.levels = max(outer.levels, extent.levels + 1)
        if len(self._open) + extent.levels - 1 > DEEPEST:
            raise _beyond(f'nested deeper than {DEEPEST} levels', mark)
        if outer.nodes > MAX_NODES:
            raise _beyond(f'more than {MAX_NODES} values, with aliases written out', mark)
        return node


def _beyond(problem: str, mark: yaml.Mark) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=mark)


def compose_yaml(path: Path) -> yaml.Node | None:
    """Nodes of a file; None if it is empty.

    Raises
    ------
    OSError
        The file cannot be read.
    UnicodeDecodeError
        It is not UTF-8.
    yaml.YAMLError
        It is not YAML, or beyond the bounds of this module.
    """
    with path.open('rb') as file:
        content = file.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise yaml.YAMLError(f'larger than the {LARGEST_FILE} bytes that are read')
    node: yaml.Node | None = yaml.compose(content.decode('utf-8'), Loader=_BoundedLoader)
    return node


def construct_yaml(node: yaml.Node) -> Any:
    """Python value of a node; ValueError if its text is not of the type that its tag names."""
    try:
        return yaml.constructor.SafeConstructor().construct_document(node)
    except (yaml.YAMLError, OverflowError, AttributeError, KeyError, TypeError) as error:
        raise ValueError(str(error)) from error


def load_yaml(path: Path) -> Any:
    """Python value of a file; raises as `compose_yaml` and `construct_yaml` do."""
    node = compose_yaml(path)
    return None if node is None else construct_yaml(node)
