"""Proportions of an adult body: the only table of them. Also how deep joints lie in the flesh."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from pose_ros.core.topology import Topology

# Distances between the centres of joints [body heights]. Arms, legs, hands and head follow Drillis
# and Contini (1966), in Winter, Biomechanics and Motor Control of Human Movement; the trunk is as
# pose models draw it.
BONES = {
    ('shoulder', 'elbow'): 0.175,
    ('elbow', 'wrist'): 0.148,
    ('hip', 'knee'): 0.240,
    ('knee', 'ankle'): 0.235,
    ('shoulder', 'hip'): 0.295,
    ('neck', 'hip'): 0.31,
    ('shoulder', 'shoulder'): 0.22,
    ('hip', 'hip'): 0.16,
}
# Head, from chin to crown [body heights].
HEAD = 0.13
# Mean distance between the left and right keypoints of a face, seen from the front
# [body heights]: eyes 0.04, ears 0.09.
FACE_WIDTH = 0.065
# Hand, from the wrist to the fingertips [body heights].
HAND = 0.108
# Height of nose, eyes and ears over the shoulders, standing [body heights].
FACE_OVER_SHOULDERS = 0.10
# The same over the hips, and the hips over the knees and over the ankles.
FACE_OVER_HIPS = BONES['shoulder', 'hip'] + FACE_OVER_SHOULDERS
HIPS_OVER_KNEES = BONES['hip', 'knee']
HIPS_OVER_ANKLES = HIPS_OVER_KNEES + BONES['knee', 'ankle']
# The others, of hands, and of head and feet, are no longer than this.
_HAND, _OTHER = 0.07, 0.14
_FINGERS = ('pinky', 'index', 'thumb')
TALLEST = 2.05  # [m]

# From the surface that faces the camera to the middle of the joint [m].
_JOINT_DEPTHS = {
    'hip': 0.08,
    'shoulder': 0.05,
    'neck': 0.05,
    'knee': 0.05,
    'elbow': 0.04,
    'ankle': 0.04,
    'heel': 0.03,
    'wrist': 0.025,
    'ear': 0.02,
    'foot_index': 0.02,
    'toe': 0.02,
}


def torsos(start: str, end: str) -> float:
    """Length of a bone of `BONES`, from either end, over that of the trunk [torsos]."""
    length = BONES.get((start, end)) or BONES[end, start]
    return length / BONES['shoulder', 'hip']


@lru_cache(maxsize=8)
def joint_depths(topology: Topology) -> np.ndarray:
    """Distance [K] [m] from the surface that is seen to the joint behind it; 0 on the face."""
    return np.array(
        [
            next((depth for part, depth in _JOINT_DEPTHS.items() if name.endswith(part)), 0.0)
            for name in topology.keypoint_names
        ]
    )


@lru_cache(maxsize=8)
def bone_lengths(topology: Topology) -> tuple[np.ndarray, np.ndarray]:
    """Length [E] of each edge of a format over the body's height; mask [E] of those well known.

    The others, of head, hands and feet, are no longer than that.
    """
    lengths, known = [], []
    for edge in topology.edges:
        first, second = (topology.keypoint_names[i].rpartition('_')[2] for i in edge)
        usual = BONES.get((first, second), BONES.get((second, first)))
        in_hand = 'wrist' in (first, second) or (first in _FINGERS and second in _FINGERS)
        lengths.append(usual or (_HAND if in_hand else _OTHER))
        known.append(usual is not None)
    return np.array(lengths), np.array(known)
