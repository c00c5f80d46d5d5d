"""Keypoints by name: the same body part in every format."""

from __future__ import annotations

import math
import subprocess
import sys

from geometry_msgs.msg import Point
import pytest

from pose_ros.core.topology import TOPOLOGIES
from pose_ros.keypoints import keypoint, position
from pose_ros.msg import Keypoint, Skeleton


def skeleton_of(name, **fields):
    """Skeleton whose keypoints have their index as x."""
    count = len(TOPOLOGIES[name])
    keypoints = [Keypoint(x=float(i)) for i in range(count)]
    return Skeleton(format=name, keypoints=keypoints, **fields)


@pytest.mark.parametrize(
    ('name', 'index'),
    [
        ('coco17', Skeleton.LEFT_WRIST),
        ('blazepose33', Skeleton.BLAZEPOSE_LEFT_WRIST),
        ('coco18', 7),
        ('body25', 7),
    ],
)
def test_the_left_wrist_of_each_format(name, index):
    skeleton = skeleton_of(name)
    assert keypoint(skeleton, 'left_wrist') is skeleton.keypoints[index]
    assert position(skeleton, 'left_wrist') is None
    skeleton.positions = [Point(z=float(i)) for i in range(len(skeleton.keypoints))]
    assert position(skeleton, 'left_wrist').z == index
    skeleton.positions[index].y = math.nan
    assert position(skeleton, 'left_wrist') is None


@pytest.mark.parametrize('prefix', ['', 'BLAZEPOSE_'])
def test_names_are_those_of_the_constants(prefix):
    skeleton = skeleton_of('blazepose33' if prefix else 'coco17')
    names = TOPOLOGIES[skeleton.format].keypoint_names
    for name in names:
        index = getattr(Skeleton, f'{prefix}{name}'.upper())
        assert keypoint(skeleton, name).x == index


def test_wrong_names_and_messages_are_refused():
    with pytest.raises(
        ValueError, match=r"unknown keypoint of coco17 'left_heel' .*known are: nose, left"
    ):
        keypoint(skeleton_of('coco17'), 'left_heel')
    with pytest.raises(ValueError, match="unknown keypoint format 'coco'"):
        keypoint(Skeleton(format='coco'), 'nose')
    with pytest.raises(ValueError, match='coco17 has 17 keypoints, the message has 3'):
        keypoint(Skeleton(format='coco17', keypoints=[Keypoint()] * 3), 'nose')


def test_it_needs_no_rclpy():
    code = 'import sys, pose_ros.keypoints; print("rclpy" in sys.modules)'
    out = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert out.stdout == 'False\n'
