"""Lines and places around people that drawings and markers share: frame, head, angles."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from pose_ros.core.topology import Topology

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
# Radius of the head over other lengths, from an adult's proportions: the head is 0.13 of the
# height, and anatomy.BONES has the trunk 0.295 and the shoulders 0.22 of it.
_HEAD_PER_TRUNK = 0.22
_HEAD_PER_SHOULDERS = 0.295
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
    face = points[face_keypoints(topology)]
    face = face[np.isfinite(face).all(axis=1)]
    if not len(face):
        return None
    middle = face.mean(axis=0)
    shoulders, hips = (
        points[[topology.index(f'{side}_{part}') for side in ('left', 'right')]]
        for part in ('shoulder', 'hip')
    )
    base = shoulders.mean(axis=0)
    # Turned or bent, lengths only become shorter.
    radius = float(_HEAD_PER_FACE * np.linalg.norm(face - middle, axis=1).max())
    by_body = np.fmax(
        _HEAD_PER_SHOULDERS * np.linalg.norm(shoulders[0] - shoulders[1]),
        _HEAD_PER_TRUNK * np.linalg.norm(base - hips.mean(axis=0)),
    )
    if by_body > 0:
        radius = float(np.clip(radius, by_body, _MAX_FACE_RATIO * by_body))
    if not radius > 0:
        return None
    turn = 2 * np.pi * np.arange(RING_POINTS) / RING_POINTS
    ring = np.tile(middle, (RING_POINTS, 1))
    ring[:, 0] += radius * np.cos(turn)
    ring[:, 1] += radius * np.sin(turn)
    down = base - middle
    length = np.linalg.norm(down)
    neck = np.full((2, points.shape[1]), np.nan)
    if 'neck' not in topology.keypoint_names and length > radius:
        neck = np.array([middle + down * radius / length, base])
    return ring, neck
