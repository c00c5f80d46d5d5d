"""Several cameras: the nodes of each in a namespace of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
import posixpath
import re
from typing import Any

import yaml

from pose_ros.bringup.arguments import (
    BOOLEAN,
    PEOPLE,
    RUNNING,
    RVIZ_VIEW,
    SOURCE,
    TOPICS,
    Argument,
    file_argument,
    name_list,
)
from pose_ros.bringup.pipeline import (
    Values,
    bridge,
    followers,
    own_node,
    pose_node,
    rviz,
    source,
    topics,
    web,
)
from pose_ros.bringup.process import Process, in_one_process
from pose_ros.core.bounded_yaml import load_yaml
from pose_ros.core.resources import config_file

# What may differ from camera to camera.
OF_A_CAMERA = (*TOPICS, SOURCE, *PEOPLE)
ARGUMENTS = (
    Argument('cameras', '', 'YAML list of cameras; empty: config/cameras.yaml, which explains it'),
    Argument(
        'followers',
        'each',
        'gesture_node and marker_node of every camera: a process each, one process for all, or '
        'none',
        ('each', 'one_process', 'none'),
    ),
    Argument(
        'fusion',
        'false',
        'starts fusion_node and its marker_node: the people of all cameras in fixed_frame, or in '
        'map if it is empty',
        BOOLEAN,
    ),
    Argument(
        file_argument('fusion_node'),
        '',
        'YAML file of all parameters of fusion_node; empty: config/fusion_node.yaml',
    ),
    Argument('rviz', '', 'name of the camera that RViz shows; empty: no RViz'),
    *RVIZ_VIEW,
    *PEOPLE,
    *RUNNING,
)


def cameras_pipeline(values: Values) -> list[Process]:
    """Everything that multi_camera.launch.py starts; ValueError as `read_cameras`."""
    nodes: list[Process] = []
    behind: list[Process] = []
    cameras = read_cameras(values)
    for camera in cameras:
        nodes += [pose_node(camera), *source(camera)]
        if values['followers'] != 'none':
            behind += followers(camera)
        behind += [*bridge(camera), *web(camera)]
    if values['followers'] == 'one_process':
        behind = [in_one_process(behind)]
    nodes += behind
    if values['fusion'] == 'true':
        nodes += fusion(values, cameras)
    if values['rviz']:
        names = [posixpath.basename(camera['namespace']) for camera in cameras]
        if values['rviz'] not in names:
            raise ValueError(f'rviz must be a camera: {", ".join(names)}; got {values["rviz"]!r}')
        shown = cameras[names.index(values['rviz'])]
        nodes += rviz(shown, own_camera=bool(source(shown)))
    return nodes


def fusion(values: Values, cameras: Sequence[Values]) -> list[Process]:
    """The node that fuses the people of all cameras, and the one that shows them."""
    fused = {**{argument.name: argument.default for argument in OF_A_CAMERA}, **values}
    names = [posixpath.basename(camera['namespace']) for camera in cameras]
    parameters: dict[str, Any] = {'cameras': names}
    if values['fixed_frame']:
        parameters['fixed_frame'] = values['fixed_frame']
    inputs = {
        f'{name}/{topic}': posixpath.join(name, new)
        for name, camera in zip(names, cameras)
        for topic, new in topics(camera).items()
        if topic in ('camera_info', 'skeletons')
    }
    node = replace(own_node('fusion_node', fused, parameters), remappings=inputs)
    return [node, own_node('marker_node', fused)]


def read_cameras(values: Values) -> list[dict[str, str]]:
    """Values of the arguments for each camera of the list.

    ValueError, with the file and the camera, for what is wrong in it; OSError if it cannot be
    read.
    """
    path = Path(values['cameras'] or config_file('cameras.yaml'))
    try:
        entries = load_yaml(path)
    except (yaml.YAMLError, ValueError) as error:
        raise ValueError(f'{path} is no YAML: {error}') from error
    if not isinstance(entries, list) or not entries:
        raise ValueError(f'{path} must be a list of cameras, each with a name')
    defaults = {argument.name: argument.default for argument in OF_A_CAMERA}
    cameras: list[dict[str, str]] = []
    for number, entry in enumerate(entries, start=1):
        try:
            name, given = _camera(entry)
        except ValueError as error:
            raise ValueError(f'{path}, camera {number}: {error}') from error
        namespace = posixpath.join(values['namespace'], name)
        if any(camera['namespace'] == namespace for camera in cameras):
            raise ValueError(f'{path}, camera {number}: there are two cameras {name!r}')
        cameras.append({**defaults, **values, **given, 'namespace': namespace})
    return cameras


def _camera(entry: object) -> tuple[str, dict[str, str]]:
    """Name and arguments of one entry of the list."""
    if not isinstance(entry, Mapping):
        raise ValueError(f'must have a name and arguments, got {entry!r}')
    name = entry.get('name')
    if not isinstance(name, str) or not re.fullmatch(r'[A-Za-z]\w*', name, re.ASCII):
        raise ValueError(f'name must be letters, digits and _, a letter first; got {name!r}')
    known = {argument.name: argument for argument in OF_A_CAMERA}
    given = {}
    for key, value in entry.items():
        if key == 'name':
            continue
        if key not in known:
            raise ValueError(f'unknown argument {key!r}, there are: name, {", ".join(known)}')
        if known[key].names and isinstance(value, list):
            name_list(key, str(value))
        elif not isinstance(value, (str, int, float)):
            raise ValueError(f'{key} must be one text or number, got {value!r}')
        # As on the command line: true, not True.
        given[key] = str(value).lower() if isinstance(value, bool) else str(value)
        choices = known[key].choices
        if choices and given[key] not in choices:
            allowed = ', '.join(filter(None, choices))
            raise ValueError(f'{key} must be one of {allowed}, got {given[key]!r}')
    return name, given
