"""How tall a person is in the picture, whatever they are doing, and how high their parts are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
import math

import numpy as np

from pose_ros.core.body.usual import Usual
from pose_ros.core.topology import Topology
from pose_ros.core.types import Person

# Lengths over the body's height: between the joints' centres, as pose models mark them. After
# Drillis and Contini (1966), in Winter, Biomechanics and Motor Control of Human Movement; the
# trunk and the shoulders' width as the models draw them on the people of the test clips.
_TRUNK = 0.295
_SHOULDERS = 0.22
_LIMBS = {
    ('shoulder', 'elbow'): 0.175,
    ('elbow', 'wrist'): 0.148,
    ('hip', 'knee'): 0.240,
    ('knee', 'ankle'): 0.235,
}
# One bone alone may be wrong or somebody's own: so many must say that a person is that tall. The
# trunk is the surest and counts so often.
_WITNESSES = _TRUNK_WEIGHT = 2
# Who is smaller is a speck whose shape is noise [px].
_LEAST_HEIGHT = 12.0
# The idea of the height follows a greater one in this time [s], a smaller one in that: bones are
# seen too short while they point at the camera, and people walk away slowly.
_RISE, _DECAY = 0.3, 6.0
# Whose shoulders are higher than this over the wrists is propped on the hands, two thirds of an
# arm, if the hips are that much higher, too: the hands of who lies with the feet to a camera that
# looks down are seen below the shoulders, but beside the hips [body heights].
_PROPPED, _CLEAR = 0.2, 0.05
_HEAD = ('nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear')


@dataclass(frozen=True)
class Heights:
    """Where the parts of a person are in the picture, y down [px]; NaN for what is not seen.

    Attributes
    ----------
    x
        Middle of what is seen of the trunk and the head.
    head, shoulders, hips, knees, ankles, wrists
        Mean of the joints seen.
    """

    x: float
    head: float
    shoulders: float
    hips: float
    knees: float
    ankles: float
    wrists: float

    @classmethod
    def of(cls, person: Person) -> Heights:
        """Heights of one person; only keypoints that were observed count."""
        seen = person.observed
        which = _members(person.topology) & seen
        counts = np.where(which.any(axis=1), which.sum(axis=1), np.nan)
        sums = which.astype(float) @ np.where(seen[:, None], person.keypoints, 0.0)
        across, down = (sums.T / counts).tolist()
        x = [value for value in across[:3] if not math.isnan(value)]
        return cls(sum(x) / len(x) if x else math.nan, *down)

    def propped(self, height: float) -> bool:
        """Whether the shoulders are an arm over the hands, which carry who is down but not lying.

        Parameters
        ----------
        height
            Of the person standing [px].
        """
        over_hands = self.wrists - self.shoulders > _PROPPED * height
        return over_hands and self.wrists - self.hips > _CLEAR * height


class Stature:
    """Follows the height that a person has, or would have standing upright [px].

    It comes from the lengths of the bones, so a person need never have stood.
    """

    def __init__(self) -> None:
        self._usual = Usual(_RISE, _DECAY)

    @property
    def height(self) -> float:
        """As far as is known [px]; NaN as long as too little has been seen."""
        return self._usual.value

    def update(self, person: Person, stamp: float) -> float:
        """Height after a look at the person at a time [s]; NaN as long as too little is seen."""
        seen = standing_height(person)
        if not math.isnan(seen):
            self._usual.update(stamp, seen)
        return self.height


def standing_height(person: Person) -> float:
    """Height that a person would have standing, by one look [px]; NaN where too little is seen.

    Bones that point at the camera are seen too short; with positions in space they are not.
    """
    points, in_space = person.keypoints.astype(float), False
    scale = pixels_per_metre(person)
    if person.world is not None and not math.isnan(scale):
        points, in_space = person.world.astype(float) * scale, True
    seen = person.observed & np.isfinite(points).all(axis=1)
    first, second, ratios = _bones(person.topology)
    known = seen[first] & seen[second]
    heights = (np.linalg.norm(points[first] - points[second], axis=1) / ratios)[known]
    trunk = _trunk(person, points, seen)
    if not math.isnan(trunk):
        heights = np.append(heights, [trunk] * _TRUNK_WEIGHT)
    if len(heights) < _WITNESSES:
        return math.nan
    height = float(np.median(heights) if in_space else np.sort(heights)[-_WITNESSES])
    return height if height >= _LEAST_HEIGHT else math.nan


def _trunk(person: Person, points: np.ndarray, seen: np.ndarray) -> float:
    """Height by the length of the trunk; NaN where it is not seen."""
    _, shoulders, hips, *_ = _parts(person.topology)
    shoulders, hips = shoulders[seen[shoulders]], hips[seen[hips]]
    if not len(shoulders) or not len(hips):
        return math.nan
    return float(
        np.linalg.norm(points[shoulders].mean(axis=0) - points[hips].mean(axis=0)) / _TRUNK
    )


def pixels_per_metre(person: Person) -> float:
    """Pixels that a metre has where the person is; NaN where that cannot be known."""
    if person.world is None:
        return math.nan
    good = person.observed & np.isfinite(person.world).all(axis=1)
    if np.count_nonzero(good) < 4:
        return math.nan
    in_picture = person.keypoints[good] - person.keypoints[good].mean(axis=0)
    in_space = person.world[good, :2] - person.world[good, :2].mean(axis=0)
    extent = float(np.linalg.norm(in_space))
    return float(np.linalg.norm(in_picture)) / extent if extent > 1e-6 else math.nan


@lru_cache
def _parts(topology: Topology) -> tuple[np.ndarray, ...]:
    """Indices of head, shoulders, hips, knees, ankles and wrists."""
    joints = ('shoulder', 'hip', 'knee', 'ankle', 'wrist')
    pairs = [(f'left_{joint}', f'right_{joint}') for joint in joints]
    return tuple(np.array([topology.index(n) for n in names]) for names in (_HEAD, *pairs))


@lru_cache
def _members(topology: Topology) -> np.ndarray:
    """Which keypoints belong to each of these parts [6, K]."""
    parts = _parts(topology)
    members = np.zeros((len(parts), len(topology)), dtype=bool)
    for row, indices in zip(members, parts):
        row[indices] = True
    return members


@lru_cache
def _bones(topology: Topology) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Indices [N] of both ends of each bone, and its length over the body's height [N]."""
    bones = [('left_shoulder', 'right_shoulder', _SHOULDERS)]
    for (start, end), ratio in _LIMBS.items():
        bones += [(f'{side}_{start}', f'{side}_{end}', ratio) for side in ('left', 'right')]
    return (
        np.array([topology.index(first) for first, _, _ in bones]),
        np.array([topology.index(second) for _, second, _ in bones]),
        np.array([ratio for *_, ratio in bones]),
    )
