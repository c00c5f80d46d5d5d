"""A process that a launch file starts, as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path
import posixpath
from typing import Any

import yaml


@dataclass(frozen=True)
class Process:
    """An executable of a ROS package.

    Attributes
    ----------
    package, executable
        As in ``ros2 run``.
    name
        Of the node; empty: as the executable calls it.
    namespace
        Of the node, absolute.
    files
        YAML files of parameters; the last one counts.
    parameters
        By the full name of a node, those that go before the files.
    remappings
        Topics by the names that they have in the node.
    arguments
        Further ones of the command line.
    respawn
        Whether it is started again when it dies.
    required
        Whether the launch ends, with an error, when it fails and is not started again.
    """

    package: str
    executable: str
    name: str = ''
    namespace: str = '/'
    files: tuple[str, ...] = ()
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    remappings: Mapping[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    respawn: bool = False
    required: bool = False

    @property
    def full_name(self) -> str:
        """Name of the node with its namespace."""
        return posixpath.join(self.namespace, self.name)


@dataclass(frozen=True)
class Command:
    """A command whose end is the end of the whole launch, if so wished.

    Attributes
    ----------
    words
        The command line.
    ends_launch
        Whether everything ends with it.
    """

    words: tuple[str, ...]
    ends_launch: bool = False


Start = Process | Command


def parameter_text(parameters: Mapping[str, Mapping[str, Any]]) -> str:
    """Parameters by full names of nodes as the content of a parameter file."""
    content = {name: {'ros__parameters': dict(values)} for name, values in parameters.items()}
    return str(yaml.safe_dump(content))


def ros_arguments(process: Process, path: Path) -> list[str]:
    """Arguments that start a process without launch; its parameters are written to a file."""
    path.write_text(parameter_text(process.parameters), encoding='utf-8')
    remappings = {'__node': process.name, '__ns': process.namespace, **process.remappings}
    return [
        *process.arguments,
        '--ros-args',
        *(word for file in (*process.files, path) for word in ('--params-file', str(file))),
        *(word for old, new in remappings.items() for word in ('-r', f'{old}:={new}')),
    ]


def in_one_process(nodes: Sequence[Process]) -> Process:
    """The executable pose_ros_all in place of processes with a node each.

    The names of their topics become absolute, so that a namespace each can be kept.
    """
    # Each file once, in an order that is right for all nodes: later files go before earlier ones.
    files: TopologicalSorter[str] = TopologicalSorter()
    for node in nodes:
        for index, path in enumerate(node.files):
            files.add(path, *node.files[:index])
    return Process(
        'pose_ros',
        'pose_ros_all',
        files=tuple(files.static_order()),
        parameters={name: values for node in nodes for name, values in node.parameters.items()},
        remappings={
            posixpath.join(node.namespace, topic): posixpath.join(node.namespace, new)
            for node in nodes
            for topic, new in node.remappings.items()
        },
        arguments=tuple(node.full_name for node in nodes),
        respawn=all(node.respawn for node in nodes),
        required=any(node.required for node in nodes),
    )
