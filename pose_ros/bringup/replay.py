"""A recorded bag in the place of the camera, with the time of its recording."""

from __future__ import annotations

import posixpath

from pose_ros.bringup.arguments import (
    ONE_PROCESS,
    PEOPLE,
    RUNNING,
    RVIZ,
    SOURCE,
    TOPICS,
    Argument,
    changed,
)
from pose_ros.bringup.packages import require
from pose_ros.bringup.pipeline import Values, full_pipeline, topics
from pose_ros.bringup.process import Command, Start

ARGUMENTS = (
    Argument('bag', '', 'folder of the recording'),
    Argument('rate', '1.0', 'factor on its speed'),
    Argument('loop', 'false', 'whether it starts again at its end', ('true', 'false')),
    Argument('delay', '3.0', 'pause before it starts, in which the nodes come up [s]'),
    *changed((*TOPICS, *RVIZ, *PEOPLE, ONE_PROCESS, *RUNNING), use_sim_time='true', rviz='true'),
)


def replay_pipeline(values: Values) -> list[Start]:
    """Everything that replay.launch.py starts; ValueError without a bag or without ros2bag."""
    return [*full_pipeline({**values, SOURCE.name: SOURCE.default}), play(values)]


def play(values: Values) -> Command:
    """The command that plays the images of the bag and their surroundings, and nothing else.

    Skeletons that were recorded, too, would mix with those that are found now.
    """
    if not values['bag']:
        raise ValueError('bag must name the folder of the recording: bag:=FOLDER')
    require('ros2bag')
    names = {old: posixpath.join(values['namespace'], t) for old, t in topics(values).items()}
    wanted = [names[name] for name in ('image', 'camera_info', 'depth')]
    wanted += [f'{names["image"]}/compressed', f'{names["depth"]}/compressedDepth']
    return Command(
        (
            *('ros2', 'bag', 'play', values['bag'], '--clock', '100'),
            *('--rate', values['rate'], '--delay', values['delay']),
            *(['--loop'] if values['loop'] == 'true' else []),
            *('--topics', *wanted, '/tf', '/tf_static'),
        ),
        # RViz stays to look at the end.
        ends_launch=values['rviz'] == 'false',
    )
