"""From images to people, what they do and how it looks: the nodes of one camera."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import pi
from pathlib import Path
import posixpath
from typing import Any

from pose_ros.bringup.arguments import (
    BOOLEAN,
    PARAMETER_ARGUMENTS,
    STANDARDS,
    file_argument,
    name_list,
)
from pose_ros.bringup.packages import require
from pose_ros.bringup.process import Process, in_one_process
from pose_ros.core.resources import config_file

# Arguments whose values are not text.
_TYPED = ('max_people', 'port', 'control')

# Values of a launch file's arguments by their names.
Values = Mapping[str, str]


def full_pipeline(values: Values, camera: Process | None = None) -> list[Process]:
    """Everything that pose.launch.py starts; with a camera in the place of source_node."""
    # Without images or without pose_node the others have nothing to do.
    nodes = [required(pose_node(values)), *followers(values), *bridge(values), *web(values)]
    own_camera = source(values) if camera is None else [camera]
    sources = [required(node) for node in own_camera]
    if values['one_process'] == 'true':
        # The end of a video must not end the others; the actor draws on the same core.
        inside = [node for node in sources if reads_camera(node)]
        sources = [node for node in sources if node not in inside]
        nodes = [in_one_process([*inside, *nodes])]
    nodes += sources
    if values['rviz'] == 'true':
        nodes += rviz(values, bool(own_camera))
    return nodes


def required(process: Process) -> Process:
    """The process as one whose failure ends the launch."""
    return replace(process, required=True)


def pose_node(values: Values) -> Process:
    """The node that finds people."""
    return own_node('pose_node', values, {'autostart': values['autostart'] == 'true'})


def followers(values: Values) -> list[Process]:
    """The nodes that say and show what people do."""
    return [own_node(name, values) for name in ('gesture_node', 'marker_node')]


def bridge(values: Values) -> list[Process]:
    """The node that speaks the messages of others, if it is wanted.

    ValueError for messages that it does not know.
    """
    wanted = values['bridge']
    if wanted == 'false':
        return []
    names = [] if wanted == 'true' else name_list('bridge', wanted)
    for name in names:
        if name not in STANDARDS:
            there = ', '.join(STANDARDS)
            raise ValueError(f'bridge must be true, false or some of {there}; got {name!r}')
    return [own_node('bridge_node', values, dict.fromkeys(names, True))]


def web(values: Values) -> list[Process]:
    """The node that serves the web page, if it is wanted."""
    return [own_node('web_node', values)] if values['web'] == 'true' else []


def source(values: Values) -> list[Process]:
    """The node that publishes images, if it is wanted."""
    if values['source'] == 'none':
        return []
    return [own_node('source_node', values, source_parameters(values['source'], people(values)))]


def reads_camera(node: Process) -> bool:
    """Whether a node is source_node with a camera."""
    return any(given.get('source') == 'camera' for given in node.parameters.values())


def own_node(name: str, values: Values, parameters: Mapping[str, Any] | None = None) -> Process:
    """A node of ours with the parameters of its file, of the user's file and of the arguments."""
    namespace = posixpath.join('/', values['namespace'])
    return Process(
        'pose_ros',
        name,
        name,
        namespace,
        files=parameter_files(name, values),
        parameters={
            posixpath.join(namespace, name): {
                'use_sim_time': values['use_sim_time'] == 'true',
                **given_parameters(name, values),
                **(parameters or {}),
            }
        },
        remappings=topics(values),
        respawn=values['respawn'] == 'true',
    )


def parameter_files(node: str, values: Values) -> tuple[str, ...]:
    """Parameter files of a node, the last of which counts; ValueError for one that is missing."""
    argument = file_argument(node)
    for name in (argument, 'params_file'):
        if values[name] and not Path(values[name]).is_file():
            raise ValueError(f'{name} must be a file, got {values[name]!r}')
    files = (values[argument] or str(config_file(f'{node}.yaml')), values['params_file'])
    return tuple(filter(None, files))


def given_parameters(node: str, values: Values) -> dict[str, Any]:
    """Parameters of a node that the arguments set."""
    given: dict[str, Any] = {}
    if node == 'pose_node' and people(values) > 1:
        given = {'mode': 'multi', 'max_people': people(values)}
    for argument in PARAMETER_ARGUMENTS.get(node, ()):
        name, text = argument.name, values[argument.name]
        if argument.names and text:
            given[name] = name_list(name, text)
        elif text:
            # The node refuses a value of another type, in one line.
            given[name] = _typed(text) if name in _TYPED else text
    return given


def _typed(text: str) -> str | int | bool:
    """Value of an argument that is a number or a boolean."""
    if text in BOOLEAN:
        return text == 'true'
    return int(text) if text.isdecimal() else text


def people(values: Values) -> int:
    """Number of people that is given, 0 if none; ValueError if it is not a number."""
    given = values['people']
    if given and not (given.isdecimal() and int(given)):
        raise ValueError(f'people must be a number from 1 on, got {given!r}')
    return int(given or 0)


def source_parameters(source: str, people: int = 0) -> dict[str, str | int]:
    """Parameters of source_node for a source, and for the number of actors if it is not 0."""
    kind, _, motion = source.partition(':')
    if kind == 'actor':
        scene = {'scene': motion} if motion else {}
        return {'source': 'actor', **scene, **({'people': people} if people else {})}
    if source == 'camera':
        return {'source': source}
    if source.startswith('/dev/'):
        return {'source': 'camera', 'device': source}
    return {'source': 'video', 'path': source}


def topics(values: Values) -> dict[str, str]:
    """Topics by the names that they have in the nodes.

    ValueError for a `remap` that is no list of old:=new.
    """
    image = values['image']
    beside = posixpath.join(posixpath.dirname(image), 'camera_info')
    named = {
        'image': image,
        'camera_info': values['camera_info'] or beside,
        'depth': values['depth'],
    }
    for pair in values['remap'].split():
        old, separator, new = pair.partition(':=')
        if not (old and separator and new):
            raise ValueError(
                f'remap must be a list such as "gestures:=/gestures falls:=/falls", got {pair!r}'
            )
        named[old] = new
    return named


# Configurations of RViz by the names that the argument `rviz_config` has for them.
RVIZ_CONFIGS = {'full': 'pose.rviz', 'light': 'pose_light.rviz'}
# Topics of ours that RViz shows, or whose frame it takes.
SHOWN = ('skeleton_markers', 'image_overlay', 'image_overlay/compressed', 'skeletons')


def rviz(values: Values, own_camera: bool) -> list[Process]:
    """RViz, and a place in the world for the camera where that is our own.

    start_rviz waits for the first image and becomes RViz. The absolute names in pose.rviz become
    those of the nodes.
    """
    for package in ('rviz2', 'tf2_ros') if own_camera else ('rviz2',):
        require(package, 'leave the argument rviz out')
    shown = {name: name for name in SHOWN} | topics(values)
    overlay = shown['image_overlay']
    shown['image_overlay/compressed'] = f'{overlay}/compressed'
    window = Process(
        'pose_ros',
        'start_rviz',
        'rviz2',
        posixpath.join('/', values['namespace']),
        parameters={
            posixpath.join('/', values['namespace'], 'rviz2'): {
                'use_sim_time': values['use_sim_time'] == 'true'
            }
        },
        remappings={f'/{name}': topic for name, topic in shown.items()},
        arguments=(
            *('--config', rviz_config(values)),
            *(['--frame', values['fixed_frame']] if values['fixed_frame'] else []),
            *(['--light'] if values['rviz_config'] == 'light' else []),
        ),
    )
    return [window, camera_frame()] if own_camera else [window]


def rviz_config(values: Values) -> str:
    """Path of RViz' configuration; ValueError for one that is missing."""
    wanted = values['rviz_config']
    if wanted in RVIZ_CONFIGS:
        return str(config_file(RVIZ_CONFIGS[wanted]))
    if not Path(wanted).is_file():
        names = ', '.join(RVIZ_CONFIGS)
        raise ValueError(f'rviz_config must be {names} or a file, got {wanted!r}')
    return wanted


def camera_frame() -> Process:
    """Frame of source_node's camera, looking along x: RViz shows only frames that tf knows."""
    return Process(
        'tf2_ros',
        'static_transform_publisher',
        arguments=(
            *('--frame-id', 'world', '--child-frame-id', 'camera_optical_frame'),
            *('--z', '1.5', '--roll', str(-pi / 2), '--yaw', str(-pi / 2)),
        ),
    )
