"""Writes docs/parameters.md and config/*_node.yaml from the parameter tables.

``python -m pose_ros.ros.parameter_docs FOLDER``, with the folder of the repository.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
import sys
import textwrap

import yaml

from pose_ros.evaluation.report import markdown_table
from pose_ros.ros.parameters import Parameter

# Module and name of the table of each node, and what the node does.
TABLES = {
    'pose_node': ('pose_parameters', 'TABLE', 'Publishes the skeletons in the newest image.'),
    'gesture_node': ('gesture_node', 'PARAMETERS', 'Publishes gestures, falls and exercises.'),
    'marker_node': ('marker_parameters', 'PARAMETERS', 'Draws people for RViz and the overlay.'),
    'bridge_node': ('bridge_node', 'PARAMETERS', 'Publishes messages of other packages.'),
    'fusion_node': ('fusion_node', 'PARAMETERS', 'Fuses the people of several cameras.'),
    'web_node': ('web_parameters', 'PARAMETERS', 'Shows camera and people in the browser.'),
    'source_node': ('source_node', 'PARAMETERS', 'Publishes images of a camera, video or actor.'),
}
COMMAND = 'make docs'
INTRODUCTION = f"""# Parameters

All parameters of all nodes, generated from the tables in the code (`{COMMAND}`). `ros2 param
describe` shows the same.

    ros2 param set /pose_node smoothing ema                       # while the node runs: live only
    ros2 run pose_ros pose_node --ros-args -p mode:=multi         # at the start
    ros2 launch pose_ros pose.launch.py params_file:=my.yaml      # as the files in config/

- **live**: can change while the node runs.
- Other parameters of `pose_node` must be set before it is configured: deactivate, clean up, set,
  configure. Those of the other nodes are set at the start.
- A value out of range is rejected with the reason.
- An array is written `[wave, stop]`; an empty one `['']` or `[]`.

Default files: [config/](../config).
"""


def table(node: str) -> Sequence[Parameter]:
    """The parameters of a node."""
    module, name, _ = TABLES[node]
    parameters: Sequence[Parameter] = getattr(import_module(f'pose_ros.ros.{module}'), name)
    return parameters


def value_text(value: object) -> str:
    """A default as it is written in YAML."""
    if isinstance(value, bool):
        return f'`{str(value).lower()}`'
    if isinstance(value, tuple):
        return f'`[{", ".join(value)}]`'
    # What would be read as nothing or as a number needs its quotes.
    quoted = isinstance(value, str) and (not value or value.isdigit())
    return f'`"{value}"`' if quoted else f'`{value}`'


def row(parameter: Parameter) -> list[str]:
    """Cells of a parameter."""
    if parameter.choices:
        allowed = ', '.join(f'`{choice}`' for choice in parameter.choices)
        if isinstance(parameter.default, tuple):
            allowed = f'array of {allowed}'
    elif parameter.range:
        allowed = parameter.range
    else:
        kind = type(parameter.default).__name__
        allowed = {
            'str': 'text',
            'bool': 'true, false',
            'int': 'integer',
            'float': 'number',
            'tuple': 'array of text',
        }[kind]
    meaning = parameter.meaning
    if meaning.partition(':')[0] not in parameter.choices:
        meaning = meaning[0].upper() + meaning[1:]
    meaning = meaning.replace('<', '&lt;').replace('|', '&#124;')
    live = 'live' if parameter.live else ''
    return [f'`{parameter.name}`', value_text(parameter.default), allowed, live, meaning]


def page() -> Iterator[str]:
    """Lines of the page."""
    yield INTRODUCTION
    for node, (_, _, what) in TABLES.items():
        yield f'## {node}\n\n{what}\n'
        head = ['parameter', 'default', 'values', 'live', 'meaning']
        yield markdown_table(head, map(row, table(node))) + '\n'


def node_yaml(node: str) -> str:
    """Parameter file of a node: each parameter with its default under its meaning."""
    lines = [
        f'# Parameters of {node} with their defaults, written by `{COMMAND}`.',
        '# live: can be changed while the node runs (ros2 param set).',
        f'/**/{node}:',
        '  ros__parameters:',
    ]
    for parameter in table(node):
        value = yaml.safe_dump(parameter.ros_default, default_flow_style=True).split('\n')[0]
        lines += [*_comment(parameter), f'    {parameter.name}: {value}']
    return '\n'.join(lines) + '\n'


def _comment(parameter: Parameter) -> list[str]:
    """Lines that explain a parameter."""
    unit = f' [{parameter.unit}]' if parameter.unit else ''
    parts = [parameter.meaning + unit, parameter.range, 'live' if parameter.live else '']
    text = '. '.join(part for part in parts if part)
    return textwrap.wrap(text, 95, initial_indent='    # ', subsequent_indent='    #   ')


def files() -> dict[str, str]:
    """Text of each file, by its path in the repository."""
    configs = {f'config/{node}.yaml': node_yaml(node) for node in TABLES}
    return {'docs/parameters.md': '\n'.join(page()), **configs}


def main() -> None:
    """Write the files."""
    for name, text in files().items():
        Path(sys.argv[1], name).write_text(text, encoding='utf-8')


if __name__ == '__main__':
    main()
