"""Keypoints and positions of a Skeleton message by name, in any keypoint format.

Indices differ between formats: 9 is the left wrist of ``coco17`` and a corner of the mouth in
``blazepose33``. These functions take the format from the message.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pose_ros.core.topology import topology_named

if TYPE_CHECKING:
    from geometry_msgs.msg import Point

    from pose_ros.msg import Keypoint, Skeleton


def keypoint(skeleton: Skeleton, name: str) -> Keypoint:
    """Return the keypoint of this name; check its ``state`` before you act on it.

    Parameters
    ----------
    skeleton
        Message, of a SkeletonArray.
    name
        Such as ``'left_wrist'``; "left" is the person's left.

    Raises
    ------
    ValueError
        The format is unknown, it has no such keypoint, or the message has too few or many.
    """
    return skeleton.keypoints[_index(skeleton, name)]


def position(skeleton: Skeleton, name: str) -> Point | None:
    """Return the position [m] of a keypoint in the camera's optical frame, None if unknown.

    Parameters
    ----------
    skeleton
        Message, of a SkeletonArray.
    name
        As for `keypoint`; the same errors.
    """
    index = _index(skeleton, name)
    if index >= len(skeleton.positions):
        return None
    point = skeleton.positions[index]
    return None if math.isnan(point.x + point.y + point.z) else point


def _index(skeleton: Skeleton, name: str) -> int:
    """Index of a keypoint that the message has."""
    topology = topology_named(skeleton.format)
    index = topology.index(name)
    if len(skeleton.keypoints) != len(topology):
        raise ValueError(
            f'{topology.name} has {len(topology)} keypoints, '
            f'the message has {len(skeleton.keypoints)}'
        )
    return index
