"""Keypoint formats as data: names, bones, left/right pairs and maps between formats."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal

import numpy as np

from pose_ros.core.names import unknown_name

Side = Literal['left', 'right']
"""The person's own left or right."""
SIDES: tuple[Side, Side] = ('left', 'right')
OTHER: dict[Side, Side] = {'left': 'right', 'right': 'left'}
_SWAP: dict[str, str] = dict(zip(SIDES, SIDES[::-1]))


def mirror_name(name: str) -> str:
    """Name of the same keypoint on the other side: 'left_knee' for 'right_knee'."""
    return '_'.join(_SWAP.get(part, part) for part in name.split('_'))


@dataclass(frozen=True)
class Topology:
    """A keypoint format.

    Attributes
    ----------
    name
        Name of the format, as in ``Skeleton.format``.
    keypoint_names
        Name of each keypoint in the format's order; "left" is the person's left.
    edges
        Bones by anatomy, as pairs of keypoint indices.
    """

    name: str
    keypoint_names: tuple[str, ...]
    edges: tuple[tuple[int, int], ...]

    def __len__(self) -> int:
        """Return the number of keypoints."""
        return len(self.keypoint_names)

    def index(self, keypoint_name: str) -> int:
        """Index of a keypoint; ValueError names the format if it has no such keypoint."""
        try:
            return self._indices[keypoint_name]
        except KeyError:
            kind = f'keypoint of {self.name}'
            raise ValueError(unknown_name(kind, keypoint_name, self.keypoint_names)) from None

    @cached_property
    def _indices(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.keypoint_names)}

    @cached_property
    def mirror(self) -> np.ndarray:
        """Indices [K] that swap left and right: ``keypoints[mirror]`` relabels the sides."""
        return np.array([self.index(mirror_name(name)) for name in self.keypoint_names])

    @cached_property
    def bone_distances(self) -> np.ndarray:
        """How many bones lie between two keypoints [K, K]; K where no bones join them."""
        count = len(self)
        distances = np.full((count, count), count)
        np.fill_diagonal(distances, 0)
        for a, b in self.edges:
            distances[a, b] = distances[b, a] = 1
        for middle in range(count):  # Floyd's and Warshall's shortest paths
            through = distances[:, middle, None] + distances[None, middle]
            np.minimum(distances, through, out=distances)
        return distances

    def nearest(self, found: np.ndarray) -> np.ndarray:
        """Index [K] of the keypoint nearest along the body among those found (mask [K]).

        A keypoint that is found is its own nearest; one is needed at least.
        """
        reachable = np.where(found[None, :], self.bone_distances, len(self) + 1)
        return np.asarray(reachable.argmin(axis=1))

    @cached_property
    def sides(self) -> np.ndarray:
        """Side of each keypoint [K]: -1 the person's left, +1 the right, 0 the middle."""
        return np.array(
            [
                -1 if 'left' in name else 1 if 'right' in name else 0
                for name in self.keypoint_names
            ],
            dtype=np.int8,
        )


def _named_edges(names: tuple[str, ...], text: str) -> tuple[tuple[int, int], ...]:
    """Index pairs from chains of names: ``'a-b-c d-e'`` joins a to b, b to c and d to e."""
    chains = (chain.split('-') for chain in text.split())
    return tuple((names.index(a), names.index(b)) for chain in chains for a, b in pairwise(chain))


_LIMBS = """
left_shoulder-right_shoulder-right_hip-left_hip-left_shoulder
left_shoulder-left_elbow-left_wrist right_shoulder-right_elbow-right_wrist
left_hip-left_knee-left_ankle right_hip-right_knee-right_ankle
"""

_COCO17_NAMES = (
    'nose',
    'left_eye',
    'right_eye',
    'left_ear',
    'right_ear',
    'left_shoulder',
    'right_shoulder',
    'left_elbow',
    'right_elbow',
    'left_wrist',
    'right_wrist',
    'left_hip',
    'right_hip',
    'left_knee',
    'right_knee',
    'left_ankle',
    'right_ankle',
)

_BLAZEPOSE33_NAMES = (
    'nose',
    'left_eye_inner',
    'left_eye',
    'left_eye_outer',
    'right_eye_inner',
    'right_eye',
    'right_eye_outer',
    'left_ear',
    'right_ear',
    'mouth_left',
    'mouth_right',
    'left_shoulder',
    'right_shoulder',
    'left_elbow',
    'right_elbow',
    'left_wrist',
    'right_wrist',
    'left_pinky',
    'right_pinky',
    'left_index',
    'right_index',
    'left_thumb',
    'right_thumb',
    'left_hip',
    'right_hip',
    'left_knee',
    'right_knee',
    'left_ankle',
    'right_ankle',
    'left_heel',
    'right_heel',
    'left_foot_index',
    'right_foot_index',
)

COCO17 = Topology(
    'coco17',
    _COCO17_NAMES,
    _named_edges(_COCO17_NAMES, 'left_ear-left_eye-nose-right_eye-right_ear' + _LIMBS),
)
# Left and right in it, for those who take several of an array's points at once.
COCO_SHOULDERS, COCO_WRISTS, COCO_HIPS = [5, 6], [9, 10], [11, 12]

BLAZEPOSE33 = Topology(
    'blazepose33',
    _BLAZEPOSE33_NAMES,
    _named_edges(
        _BLAZEPOSE33_NAMES,
        """
        left_ear-left_eye_outer-left_eye-left_eye_inner-nose
        nose-right_eye_inner-right_eye-right_eye_outer-right_ear mouth_left-mouth_right
        left_wrist-left_pinky-left_index-left_wrist-left_thumb
        right_wrist-right_pinky-right_index-right_wrist-right_thumb
        left_ankle-left_heel-left_foot_index-left_ankle
        right_ankle-right_heel-right_foot_index-right_ankle
        """
        + _LIMBS,
    ),
)

# OpenPose's formats, with the names that other formats have for the same keypoints.
_COCO18_NAMES = (
    'nose',
    'neck',
    'right_shoulder',
    'right_elbow',
    'right_wrist',
    'left_shoulder',
    'left_elbow',
    'left_wrist',
    'right_hip',
    'right_knee',
    'right_ankle',
    'left_hip',
    'left_knee',
    'left_ankle',
    'right_eye',
    'left_eye',
    'right_ear',
    'left_ear',
)

_BODY25_NAMES = (
    'nose',
    'neck',
    'right_shoulder',
    'right_elbow',
    'right_wrist',
    'left_shoulder',
    'left_elbow',
    'left_wrist',
    'mid_hip',
    'right_hip',
    'right_knee',
    'right_ankle',
    'left_hip',
    'left_knee',
    'left_ankle',
    'right_eye',
    'left_eye',
    'right_ear',
    'left_ear',
    'left_big_toe',
    'left_small_toe',
    'left_heel',
    'right_big_toe',
    'right_small_toe',
    'right_heel',
)

_NECK_AND_HEAD = """
left_ear-left_eye-nose-right_eye-right_ear nose-neck
neck-left_shoulder-left_elbow-left_wrist neck-right_shoulder-right_elbow-right_wrist
"""

COCO18 = Topology(
    'coco18',
    _COCO18_NAMES,
    _named_edges(
        _COCO18_NAMES,
        _NECK_AND_HEAD
        + """
        neck-left_hip-left_knee-left_ankle neck-right_hip-right_knee-right_ankle
        """,
    ),
)

BODY25 = Topology(
    'body25',
    _BODY25_NAMES,
    _named_edges(
        _BODY25_NAMES,
        _NECK_AND_HEAD
        + """
        neck-mid_hip-left_hip-left_knee-left_ankle mid_hip-right_hip-right_knee-right_ankle
        left_ankle-left_big_toe-left_small_toe left_ankle-left_heel
        right_ankle-right_big_toe-right_small_toe right_ankle-right_heel
        """,
    ),
)

_FINGERS = ('index_finger', 'middle_finger', 'ring_finger', 'pinky')
_HAND21_NAMES = (
    'wrist',
    *(f'thumb_{joint}' for joint in ('cmc', 'mcp', 'ip', 'tip')),
    *(f'{finger}_{joint}' for finger in _FINGERS for joint in ('mcp', 'pip', 'dip', 'tip')),
)

HAND21 = Topology(
    'hand21',
    _HAND21_NAMES,
    _named_edges(
        _HAND21_NAMES,
        """
        wrist-thumb_cmc-thumb_mcp-thumb_ip-thumb_tip
        wrist-index_finger_mcp-middle_finger_mcp-ring_finger_mcp-pinky_mcp-wrist
        """
        + ' '.join('-'.join(f'{f}_{j}' for j in ('mcp', 'pip', 'dip', 'tip')) for f in _FINGERS),
    ),
)
"""Format of a hand; not among the formats of bodies in `TOPOLOGIES`."""

TOPOLOGIES = {topology.name: topology for topology in (COCO17, BLAZEPOSE33, COCO18, BODY25)}


def topology_named(name: str) -> Topology:
    """Topology of a format name; ValueError lists the known ones."""
    try:
        return TOPOLOGIES[name]
    except KeyError:
        raise ValueError(unknown_name('keypoint format', name, TOPOLOGIES)) from None


def keypoint_map(source: Topology, target: Topology) -> np.ndarray:
    """Indices into the source's keypoints, in the target's order.

    ``keypoints[keypoint_map(BLAZEPOSE33, COCO17)]`` turns 33 keypoints into COCO's 17.
    ValueError where the source lacks a keypoint of the target.
    """
    return np.array([source.index(name) for name in target.keypoint_names])
