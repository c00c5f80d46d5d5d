"""Movements of one person, made independent of place, size and frame rate.

Training and running share these functions, so that a network sees the same in both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from pose_ros.core.body.points import WIDTH_OF_TORSO
from pose_ros.core.topology import Topology
from pose_ros.core.types import Person

JOINTS = (
    'nose',
    *(
        f'{side}_{joint}'
        for joint in ('shoulder', 'elbow', 'wrist', 'hip', 'knee', 'ankle')
        for side in ('left', 'right')
    ),
)
"""Those that every keypoint format has, and that tell movements apart."""

_SWAP = {'left': 'right', 'right': 'left'}
MIRROR = [
    JOINTS.index('_'.join(_SWAP.get(part, part) for part in name.split('_'))) for name in JOINTS
]
"""Indices that swap left and right."""

LEFT_SHOULDER, RIGHT_SHOULDER = JOINTS.index('left_shoulder'), JOINTS.index('right_shoulder')
_HIPS = [JOINTS.index('left_hip'), JOINTS.index('right_hip')]
# A joint that is unseen for no longer than this is where it was between before and after [s].
_GAP = 0.4


@cache
def _indices(topology: Topology) -> tuple[int, ...]:
    return tuple(topology.index(name) for name in JOINTS)


def joints_of(person: Person, in_space: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Joints of a person, from any keypoint format.

    Parameters
    ----------
    person
        Only keypoints that were observed count.
    in_space
        Positions [m] rather than places in the image [px]; none are seen without positions.

    Returns
    -------
    tuple
        Points [J, 2 or 3] in the order of `JOINTS`, and which of them are seen [J].
    """
    index = list(_indices(person.topology))
    seen = person.observed[index]
    if not in_space:
        return person.keypoints[index], seen & np.isfinite(person.keypoints[index]).all(axis=1)
    if person.world is None:
        return np.zeros((len(index), 3)), np.zeros(len(index), dtype=bool)
    return person.world[index], seen & np.isfinite(person.world[index]).all(axis=1)


@dataclass(frozen=True, eq=False)
class Movement:
    """Joints of one person over time.

    Attributes
    ----------
    stamps
        [N] [s], strictly increasing.
    points
        [N, J, 2 or 3], in pixels or metres, or in torsos after `normalised`.
    seen
        [N, J]: which of the points are known.
    """

    stamps: np.ndarray
    points: np.ndarray
    seen: np.ndarray

    def __post_init__(self) -> None:
        """Refuse arrays that do not fit."""
        count = len(self.stamps)
        shape = self.points.shape
        if shape not in ((count, len(JOINTS), 2), (count, len(JOINTS), 3)):
            raise ValueError(f'points must have shape ({count}, {len(JOINTS)}, 2 or 3): {shape}')
        if self.seen.shape != shape[:2]:
            raise ValueError(f'seen must have shape {shape[:2]}, got {self.seen.shape}')
        if not (np.diff(self.stamps) > 0).all():
            raise ValueError('stamps must increase strictly')

    @classmethod
    def of(
        cls, people: Sequence[Person], stamps: Sequence[float], in_space: bool = False
    ) -> Movement:
        """Movement of the person who is seen at each of the times [s]."""
        joints = [joints_of(person, in_space) for person in people]
        points, seen = (np.array(parts) for parts in zip(*joints))
        return cls(np.asarray(stamps, dtype=float), points, seen)

    def __len__(self) -> int:
        """Return the number of moments."""
        return len(self.stamps)

    @property
    def duration(self) -> float:
        """From the first moment to the last [s]."""
        return float(self.stamps[-1] - self.stamps[0])

    def sampled(self, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Points [T, J, 2 or 3] at other times [T] [s], and which are known [T, J].

        In between by straight lines. A joint is unknown where it was unseen for too long, and
        before and after the movement.
        """
        count, numbers = len(self), np.arange(len(self))[:, None]
        before = np.maximum.accumulate(np.where(self.seen, numbers, -1))
        after = np.minimum.accumulate(np.where(self.seen, numbers, count)[::-1])[::-1]
        beyond = np.ones((1, len(JOINTS)), dtype=int)
        first = np.vstack([-beyond, before])[np.searchsorted(self.stamps, times, side='right')]
        last = np.vstack([after, count * beyond])[np.searchsorted(self.stamps, times, side='left')]
        known = (first >= 0) & (last < count)
        first, last = np.where(known, first, 0), np.where(known, last, 0)
        start, length = self.stamps[first], self.stamps[last] - self.stamps[first]
        known &= length <= _GAP
        share = (times[:, None] - start) / np.where(length > 0, length, 1.0)
        share = np.where(known & (length > 0), share, 0.0)[..., None]
        joints = np.arange(len(JOINTS))[None]
        points = self.points[first, joints] * (1 - share) + self.points[last, joints] * share
        return points, known

    def normalised(self) -> Movement:
        """Movement in torsos, see `normalise`."""
        return Movement(self.stamps, *normalise(self.points, self.seen))


def normalise(points: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points seen from the middle of the shoulders, in torsos; unknown ones are 0.

    The torso is the median of all the moments, so that bending over does not blow the person up.
    In space the person is also turned to face the camera, by the mean direction of the
    shoulders; in the image nothing can be turned back.

    Parameters
    ----------
    points
        [N, J, 2 or 3].
    seen
        [N, J]: which are known. Where not both shoulders are, nothing is known afterwards.

    Returns
    -------
    tuple
        Points and what is known, of the same shapes.
    """
    left, right = points[:, LEFT_SHOULDER], points[:, RIGHT_SHOULDER]
    whole = seen[:, LEFT_SHOULDER] & seen[:, RIGHT_SHOULDER]
    torso = _torso(points[whole], seen[whole])
    if torso <= 0:
        return np.zeros(points.shape), np.zeros(seen.shape, dtype=bool)
    seen = seen & whole[:, None]
    points = (points - ((left + right) / 2)[:, None]) / torso
    if points.shape[2] == 3:
        points = points @ _facing_turn((left - right)[whole].mean(axis=0))
    return np.where(seen[..., None], points, 0.0), seen


def features(points: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """What a network sees of normalised points [..., J, axes]: float32 [..., J × axes + J].

    The points, 0 where unknown, and for each joint 1 where it is known.
    """
    flat = np.where(seen[..., None], points, 0.0).reshape(*seen.shape[:-1], -1)
    return np.concatenate([flat, seen], axis=-1).astype(np.float32)


def _torso(points: np.ndarray, seen: np.ndarray) -> float:
    """Median length of the torso, from the shoulders' width where it seems shorter."""
    if not len(points):
        return 0.0
    left, right = points[:, LEFT_SHOULDER], points[:, RIGHT_SHOULDER]
    widths = np.linalg.norm(left - right, axis=1) / WIDTH_OF_TORSO
    trunk = np.linalg.norm((left + right) / 2 - points[:, _HIPS].mean(axis=1), axis=1)
    hips = seen[:, _HIPS].all(axis=1)
    return float(np.median(np.where(hips, np.maximum(trunk, widths), widths)))


def _facing_turn(shoulders: np.ndarray) -> np.ndarray:
    """Matrix [3, 3] for row vectors, about the vertical, that turns the shoulders to +x."""
    length = np.hypot(shoulders[0], shoulders[2])
    if not length:
        return np.eye(3)
    cos, sin = shoulders[0] / length, shoulders[2] / length
    return np.array([[cos, 0.0, -sin], [0.0, 1.0, 0.0], [sin, 0.0, cos]])


@dataclass(frozen=True)
class Window:
    """The last seconds of a movement, as a network sees them.

    Attributes
    ----------
    seconds
        Length.
    rate
        Moments per second, whatever the camera's frame rate.
    in_space
        Whether positions in metres are used, not places in the image.
    """

    seconds: float = 3.0
    rate: float = 15.0
    in_space: bool = False

    def __post_init__(self) -> None:
        """Refuse what holds no movement."""
        if not 0.3 <= self.seconds <= 30:
            raise ValueError(f'a window must last 0.3 to 30 s, got {self.seconds}')
        if not 5 <= self.rate <= 60:
            raise ValueError(f'the rate must be 5 to 60 moments a second, got {self.rate}')

    @property
    def shape(self) -> tuple[int, int]:
        """(moments, numbers of each) of what `features` gives."""
        axes = 3 if self.in_space else 2
        return round(self.seconds * self.rate), len(JOINTS) * (axes + 1)

    def times(self, end: float) -> np.ndarray:
        """Moments [T] [s] of the window that ends at a time."""
        return np.asarray(end - np.arange(self.shape[0])[::-1] / self.rate)

    def features(self, movement: Movement, end: float) -> np.ndarray:
        """What the network sees of a movement at a time [s]: float32 of `shape`."""
        return features(*normalise(*movement.sampled(self.times(end))))
