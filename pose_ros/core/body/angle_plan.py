"""Which joint angles there are: each between two lines, each line between keypoints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from pose_ros.core.anatomy import torsos
from pose_ros.core.topology import SIDES, Topology

# From the middle of some keypoints to the middle of others.
Line = tuple[tuple[str, ...], tuple[str, ...]]

# Bones that the size of the torso is taken from: they look too short, never too long.
_SIDE_BONES = (
    ('shoulder', 'hip'),
    ('shoulder', 'elbow'),
    ('elbow', 'wrist'),
    ('hip', 'knee'),
    ('knee', 'ankle'),
)
_JOINTS = ('shoulder', 'elbow', 'wrist', 'hip', 'knee', 'ankle', 'heel', 'foot_index')


def _definitions(sides: tuple[str, ...]) -> Iterator[tuple[str, Line, Line | None]]:
    """Name and two lines of each angle, the trunk along some sides; None is straight up."""
    trunk = _trunk(sides)
    for side in SIDES:
        shoulder, elbow, wrist, hip, knee, ankle, heel, toes = (
            (f'{side}_{joint}',) for joint in _JOINTS
        )
        yield f'{side}_elbow', (elbow, shoulder), (elbow, wrist)
        yield f'{side}_shoulder', (shoulder, elbow), trunk[::-1]
        yield f'{side}_hip', (hip, knee), trunk
        yield f'{side}_knee', (knee, hip), (knee, ankle)
        yield f'{side}_ankle', (ankle, knee), (heel, toes)
    # Between the ears lies the axis about which a head turns: nose and eyes leave it.
    shoulders, ears = (tuple(f'{side}_{part}' for side in SIDES) for part in ('shoulder', 'ear'))
    yield 'neck', (shoulders, ears), trunk
    yield 'trunk', trunk, None


def _trunk(sides: tuple[str, ...]) -> Line:
    """Line from the hips up to the shoulders."""
    return tuple(f'{side}_hip' for side in sides), tuple(f'{side}_shoulder' for side in sides)


@dataclass(frozen=True, eq=False)
class AnglePlan:
    """The angles of a keypoint format as arrays.

    Attributes
    ----------
    names
        Of the N angles.
    weights
        [N, 2, K]: ``weights @ points`` are the lines; zero for one that is straight up.
    upright
        bool [N, 2]: the lines that are straight up.
    uses
        bool [N, K]: the keypoints that an angle rests on.
    on_trunk
        bool [N]: whether one of the lines is the trunk.
    """

    names: tuple[str, ...]
    weights: np.ndarray
    upright: np.ndarray
    uses: np.ndarray
    on_trunk: np.ndarray


@lru_cache
def angle_plan(topology: Topology, sides: tuple[str, ...] = SIDES) -> AnglePlan:
    """Plan of a format: all angles whose keypoints it has, with the trunk along some sides."""
    known = set(topology.keypoint_names)
    angles = [
        (name, lines)
        for name, *lines in _definitions(sides)
        if known.issuperset(k for line in lines if line for end in line for k in end)
    ]
    weights = np.zeros((len(angles), 2, len(topology)))
    for i, (_, lines) in enumerate(angles):
        for j, line in enumerate(lines):
            for end, sign in zip(line or (), (-1.0, 1.0)):
                weights[i, j, [topology.index(name) for name in end]] = sign / len(end)
    trunk = _trunk(sides)
    return AnglePlan(
        names=tuple(name for name, _ in angles),
        weights=weights,
        upright=np.array([[line is None for line in lines] for _, lines in angles]),
        uses=(weights != 0).any(axis=1),
        on_trunk=np.array([trunk in lines or trunk[::-1] in lines for _, lines in angles]),
    )


def trunk_sides(topology: Topology, seen: np.ndarray) -> tuple[str, ...]:
    """Sides whose shoulder and hip are seen (mask [K]); both where there are none."""
    index = topology.index
    sides = (s for s in SIDES if seen[index(f'{s}_shoulder')] and seen[index(f'{s}_hip')])
    return tuple(sides) or SIDES


def torso_size(topology: Topology, points: np.ndarray) -> float:
    """Length of the torso by whichever bones are seen, in the unit of the points; 0 if none.

    Parameters
    ----------
    topology
        The keypoint format.
    points
        [K, D]; NaN where a point is not known.
    """
    starts, ends, lengths = _bones(topology)
    seen = np.linalg.norm(points[ends] - points[starts], axis=1) / lengths
    return float(np.fmax.reduce(seen, initial=0.0))


@lru_cache
def _bones(topology: Topology) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Indices of the ends of the bones, and their lengths in torsos."""
    bones = {
        (f'{side}_{start}', f'{side}_{end}'): torsos(start, end)
        for start, end in _SIDE_BONES
        for side in SIDES
    }
    bones['left_shoulder', 'right_shoulder'] = torsos('shoulder', 'shoulder')
    ends = np.array([[topology.index(name) for name in bone] for bone in bones])
    return ends[:, 0], ends[:, 1], np.array(list(bones.values()))
