"""Lines and places around people that drawings and markers share: frame, head, angles."""

from __future__ import annotations

from functools import lru_cache
import math

import numpy as np

from pose_ros.core.anatomy import BONES, HEAD
from pose_ros.core.topology import SIDES, Topology

# Angles that no joint of the body has: what they are written between.
_BETWEEN = {'neck': 'shoulder', 'trunk': 'hip'}


def bracket(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Corners of a frame around the locked person.

    Parameters
    ----------
    low, high
        (x, y) of the box to be framed.

    Returns
    -------
    np.ndarray
        [8, 2, 2]: two lines, from (x, y) to (x, y), in each corner of a box somewhat larger.
    """
    size = float((high - low).max())
    low, high = low - 0.08 * size, high + 0.08 * size
    reach = 0.25 * (high - low).min()
    lines = []
    for x, inwards in ((low[0], reach), (high[0], -reach)):
        for y, down in ((low[1], reach), (high[1], -reach)):
            lines += [((x, y), (x + inwards, y)), ((x, y), (x, y + down))]
    return np.array(lines)


def angle_keypoints(topology: Topology, name: str) -> list[int]:
    """Indices of the keypoints in whose middle a joint angle is to be written.

    Parameters
    ----------
    topology
        The keypoint format.
    name
        Of the angle, such as 'left_knee' or 'trunk'.

    Returns
    -------
    list of int
        Empty if the format has no such place.
    """
    part = _BETWEEN.get(name)
    names = (f'left_{part}', f'right_{part}') if part else (name,)
    known = topology.keypoint_names
    return [topology.index(n) for n in names] if all(n in known for n in names) else []


# Points of a ring around the head: round enough at any distance.
RING_POINTS = 24
_TURNS = 2 * np.pi * np.arange(RING_POINTS) / RING_POINTS
_CIRCLE = np.column_stack([np.cos(_TURNS), np.sin(_TURNS)])
# Radius of the head over the length of the trunk, and over the width of the shoulders [-].
_HEAD_PER_TRUNK = HEAD / 2 / BONES['shoulder', 'hip']
_HEAD_PER_SHOULDERS = HEAD / 2 / BONES['shoulder', 'shoulder']
# And over the distance from the middle of the face's keypoints to the farthest of them, up to
# the most that it may add to what trunk and shoulders say: those of a hidden face are far off.
_HEAD_PER_FACE = 1.25
_MAX_FACE_RATIO = 1.4
_FACE = ('nose', 'eye', 'ear', 'mouth')


@lru_cache(maxsize=8)
def face_keypoints(topology: Topology) -> np.ndarray:
    """Indices of the keypoints of the face."""
    return np.array(
        [
            i
            for i, name in enumerate(topology.keypoint_names)
            if any(part in _FACE for part in name.split('_'))
        ],
        int,
    )


def head_outline(topology: Topology, points: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Ring around the head, parallel to the image, and line from it to the middle of the neck.

    Parameters
    ----------
    topology
        The keypoint format.
    points
        [K, D] keypoints, on the image (D = 2) or in space (D = 3); NaN where unknown.

    Returns
    -------
    tuple or None
        Ring [RING_POINTS, D], and [2, D] of the neck, NaN without shoulders or where the format's
        own bones join the head to the body. None without a face of known size.
    """
    face = points[face_keypoints(topology)].tolist()
    face = [point for point in face if all(map(math.isfinite, point))]
    if not face:
        return None
    left, right, *hips = points[_trunk_keypoints(topology)].tolist()
    middle, base, bottom = _mean(face), _mean([left, right]), _mean(hips)
    # Turned or bent, lengths only become shorter.
    radius = _HEAD_PER_FACE * max(math.dist(point, middle) for point in face)
    by_body = (
        _HEAD_PER_SHOULDERS * math.dist(left, right),
        _HEAD_PER_TRUNK * math.dist(base, bottom),
    )
    smallest = max((length for length in by_body if length > 0), default=0.0)
    if smallest:
        radius = min(max(radius, smallest), _MAX_FACE_RATIO * smallest)
    if not radius > 0:
        return None
    ring = np.tile(middle, (RING_POINTS, 1))
    ring[:, :2] += radius * _CIRCLE
    length = math.dist(base, middle)
    neck = np.full((2, points.shape[1]), np.nan)
    if 'neck' not in topology.keypoint_names and length > radius:
        top = [m + (b - m) * radius / length for m, b in zip(middle, base)]
        neck = np.array([top, base])
    return ring, neck


def _mean(points: list[list[float]]) -> list[float]:
    return [sum(axis) / len(points) for axis in zip(*points)]


@lru_cache(maxsize=8)
def _trunk_keypoints(topology: Topology) -> list[int]:
    """Indices of the shoulders and hips, left before right."""
    return [topology.index(f'{s}_{part}') for part in ('shoulder', 'hip') for s in SIDES]
