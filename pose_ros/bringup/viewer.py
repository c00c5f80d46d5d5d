"""RViz alone, on a machine from which nodes elsewhere are watched."""

from __future__ import annotations

from pose_ros.bringup.arguments import RUNNING, RVIZ_VIEW, TOPICS, changed
from pose_ros.bringup.pipeline import Values, rviz
from pose_ros.bringup.process import Process

ARGUMENTS = changed((*TOPICS, *RVIZ_VIEW, *RUNNING), rviz_config='light')


def viewer(values: Values) -> list[Process]:
    """Everything that rviz.launch.py starts; ValueError without rviz2."""
    return rviz(values, own_camera=False)
