"""`import pose_ros` offers the public API without loading it."""

from __future__ import annotations

import subprocess
import sys

import pytest

import pose_ros


def test_importing_loads_nothing_heavy():
    code = (
        'import sys, pose_ros; '
        'print({"numpy", "cv2", "rclpy", "ai_edge_litert", "yaml"} & sys.modules.keys())'
    )
    out = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert out.stdout == 'set()\n'


@pytest.mark.parametrize('name', pose_ros.__all__)
def test_each_name_is_the_one_of_its_module(name):
    value = getattr(pose_ros, name)
    assert value.__name__ == name
    assert getattr(sys.modules[value.__module__], name) is value


def test_names_are_listed_and_unknown_ones_refused():
    assert set(pose_ros.__all__) <= set(dir(pose_ros))
    with pytest.raises(AttributeError, match="module 'pose_ros' has no attribute 'PoseEstimater'"):
        _ = pose_ros.PoseEstimater
    with pytest.raises(ImportError, match='PoseEstimater'):
        from pose_ros import PoseEstimater  # noqa: F401, PLC0415


@pytest.mark.ros
def test_messages_are_part_of_the_same_package():
    code = 'import pose_ros; from pose_ros import Person, msg; print(pose_ros.msg is msg)'
    out = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert out.stdout == 'True\n'
