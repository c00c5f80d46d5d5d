"""Imports go one way, without circles; each class and module has a name of its own."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / 'pose_ros'
MODULES = {
    '.'.join(('pose_ros', *path.relative_to(PACKAGE).with_suffix('').parts)): path
    for path in PACKAGE.rglob('*.py')
}


def imports_of(path):
    """Modules of the package that a file imports, also for type checking or within functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, ast.ImportFrom) and (node.module or '').startswith('pose_ros'):
            for alias in node.names:
                whole = f'{node.module}.{alias.name}'
                yield whole if whole in MODULES else node.module
        elif isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.startswith('pose_ros.'))


GRAPH = {name: set(imports_of(path)) & MODULES.keys() - {name} for name, path in MODULES.items()}


def circle_in(graph):
    """Nodes of a circle, in order, or an empty list."""
    done, path = set(), []

    def visit(node):
        if node in path:
            return [*path[path.index(node) :], node]
        if node in done:
            return []
        path.append(node)
        for follower in sorted(graph.get(node, ())):
            if found := visit(follower):
                return found
        path.pop()
        done.add(node)
        return []

    return next(filter(None, map(visit, sorted(graph))), [])


def room(module):
    """Folder of the core that a module lies in, or the module itself."""
    parts = module.split('.')
    return parts[2] if len(parts) > 3 else module


def test_no_circle_of_modules():
    assert circle_in(GRAPH) == []


def test_no_circle_of_rooms_in_the_core():
    rooms = defaultdict(set)
    for module, targets in GRAPH.items():
        if module.startswith('pose_ros.core.'):
            rooms[room(module)] |= {room(target) for target in targets} - {room(module)}
    assert circle_in(rooms) == []


@pytest.mark.parametrize('name', sorted(n for n in MODULES if n.startswith('pose_ros.core')))
def test_the_core_imports_only_the_core(name):
    assert {t for t in GRAPH[name] if not t.startswith('pose_ros.core')} == set()
    text = MODULES[name].read_text(encoding='utf-8')
    assert 'import rclpy' not in text
    assert '_msgs.msg import' not in text


def test_each_class_and_module_has_a_name_of_its_own():
    """Two things of the same name are mistaken for each other; packages are namespaces."""
    places = defaultdict(list)
    for name, path in MODULES.items():
        if path.stem != '__init__':
            places[f'module {path.stem}'].append(name)
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
            if isinstance(node, ast.ClassDef):
                places[f'class {node.name}'].append(name)
    assert {name: found for name, found in places.items() if len(found) > 1} == {}
