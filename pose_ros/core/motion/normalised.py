"""Movements of one person, made independent of place, size and frame rate.

Training and running share these functions, so that a classifier sees the same in both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from pose_ros.core.body.points import WIDTH_OF_TORSO
from pose_ros.core.motion.point_set import BODY, BODY_AND_HANDS, PointSet
from pose_ros.core.topology import HAND21, SIDES, Topology
from pose_ros.core.types import Person, TrackedHand

# Gaps up to this are interpolated [s].
_GAP = 0.4
# Features are multiples of this share of a torso, so that the sums of convolutions are exact in
# single precision and the same on every machine; half a millimetre is far below any noise.
_GRID = 1 / 1024
# Features are cut off here [torsos].
_MAX_FEATURE = 8.0
# Minimum length of a window: that of a convolution's kernel.
_MIN_SAMPLES = 9
# Length of a palm after `normalise` [torsos].
_PALM = 0.2
# The palm is as long as the longest of these distances from the wrist in most frames.
_KNUCKLES = [HAND21.index(f'{f}_mcp') for f in ('index_finger', 'middle_finger', 'ring_finger')]


@cache
def _indices(topology: Topology, point_set: PointSet) -> tuple[np.ndarray, np.ndarray]:
    """Keypoint of each point, and which of the points the format has."""
    known = np.array([name in topology.keypoint_names for name in point_set.names])
    pairs = zip(point_set.names, known)
    return np.array([topology.index(name) if there else 0 for name, there in pairs]), known


def points_of(
    person: Person,
    point_set: PointSet = BODY,
    in_space: bool = False,
    hands: Iterable[TrackedHand] = (),
) -> tuple[np.ndarray, np.ndarray]:
    """Points of a person, from any keypoint format.

    Parameters
    ----------
    person
        Only keypoints that were observed count.
    point_set
        Points to return; those that the format lacks are unknown.
    in_space
        Positions [m] rather than places in the image [px]; unknown without positions.
    hands
        Those of the person. Their positions have an origin of their own.

    Returns
    -------
    tuple
        Points [J, 2 or 3], and which of them are known [J].
    """
    index, known = _indices(person.topology, point_set)
    keypoints = person.world if in_space else person.keypoints
    if keypoints is None:
        return np.zeros((len(index), 3)), np.zeros(len(index), dtype=bool)
    points = keypoints[index]
    known = known & person.observed[index] & np.isfinite(points).all(axis=1)
    for hand in hands:
        own = point_set.hands[SIDES.index(hand.side)] if hand.side else []
        if own:
            points[own], known[own] = hand.world if in_space else hand.keypoints, True
    return points, known


@dataclass(frozen=True, eq=False)
class Movement:
    """Points of one person over time.

    Attributes
    ----------
    stamps
        [N] [s], strictly increasing.
    points
        [N, J, 2 or 3], in pixels or metres, or in torsos after `normalised`.
    seen
        [N, J]: which of the points are known.
    point_set
        Names of the J points.
    """

    stamps: np.ndarray
    points: np.ndarray
    seen: np.ndarray
    point_set: PointSet = BODY

    def __post_init__(self) -> None:
        """Validate the shapes."""
        count, width = len(self.stamps), len(self.point_set)
        shape = self.points.shape
        if shape not in ((count, width, 2), (count, width, 3)):
            raise ValueError(f'points must have shape ({count}, {width}, 2 or 3), got {shape}')
        if self.seen.shape != shape[:2]:
            raise ValueError(f'seen must have shape {shape[:2]}, got {self.seen.shape}')
        if not (np.diff(self.stamps) > 0).all():
            raise ValueError('stamps must increase strictly')

    @classmethod
    def of(
        cls,
        people: Sequence[Person],
        stamps: Sequence[float],
        in_space: bool = False,
        hands: Sequence[Sequence[TrackedHand]] | None = None,
    ) -> Movement:
        """Movement of the person who is seen at each of the times [s], with hands if given."""
        point_set = BODY if hands is None else BODY_AND_HANDS
        together = zip(people, hands or [()] * len(people))
        joints = [points_of(person, point_set, in_space, own) for person, own in together]
        points, seen = (np.array(parts) for parts in zip(*joints))
        return cls(np.asarray(stamps, dtype=float), points, seen, point_set)

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.stamps)

    @property
    def duration(self) -> float:
        """From the first sample to the last [s]."""
        return float(self.stamps[-1] - self.stamps[0])

    def sampled(self, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Points [T, J, 2 or 3] at other times [T] [s], and which are known [T, J].

        In between by straight lines. A joint is unknown where it was unseen for too long, and
        before and after the movement.
        """
        count, numbers = len(self), np.arange(len(self))[:, None]
        before = np.maximum.accumulate(np.where(self.seen, numbers, -1))
        after = np.minimum.accumulate(np.where(self.seen, numbers, count)[::-1])[::-1]
        beyond = np.ones((1, len(self.point_set)), dtype=int)
        first = np.vstack([-beyond, before])[np.searchsorted(self.stamps, times, side='right')]
        last = np.vstack([after, count * beyond])[np.searchsorted(self.stamps, times, side='left')]
        known = (first >= 0) & (last < count)
        first, last = np.where(known, first, 0), np.where(known, last, 0)
        start, length = self.stamps[first], self.stamps[last] - self.stamps[first]
        known &= length <= _GAP
        share = (times[:, None] - start) / np.where(length > 0, length, 1.0)
        share = np.where(known & (length > 0), share, 0.0)[..., None]
        joints = np.arange(len(self.point_set))[None]
        points = self.points[first, joints] * (1 - share) + self.points[last, joints] * share
        return points, known

    def normalised(self) -> Movement:
        """Movement in torsos, see `normalise`."""
        normal = normalise(self.points, self.seen, self.point_set)
        return Movement(self.stamps, *normal, self.point_set)


def normalise(
    points: np.ndarray, seen: np.ndarray, point_set: PointSet = BODY
) -> tuple[np.ndarray, np.ndarray]:
    """Points relative to the middle of the shoulders, in torsos; unknown ones are 0.

    The torso is the median over all samples, so that bending over does not enlarge the person.
    In space the person is also turned to face the camera, by the mean direction of the
    shoulders. A point set without shoulders must be relative to the body already; it stays as it
    is. Hands become relative to their own wrists, all with a palm of the same length.

    Parameters
    ----------
    points
        [N, J, 2 or 3].
    seen
        [N, J]: which are known. Where not both shoulders are, nothing is known afterwards.
    point_set
        Names of the J points.

    Returns
    -------
    tuple
        Points and what is known, of the same shapes.
    """
    shoulders = point_set.pair('shoulder')
    if shoulders is None:
        return np.where(seen[..., None], points, 0.0), seen
    left, right = (points[:, index] for index in shoulders)
    whole = seen[:, shoulders[0]] & seen[:, shoulders[1]]
    torso = _torso(points[whole], seen[whole], shoulders, point_set.pair('hip'))
    if torso <= 0:
        return np.zeros(points.shape), np.zeros(seen.shape, dtype=bool)
    seen = seen & whole[:, None]
    points = (points - ((left + right) / 2)[:, None]) / torso
    if points.shape[2] == 3:
        points = points @ _facing_turn((left - right)[whole].mean(axis=0))
    for hand in point_set.hands:
        if hand:
            points[:, hand] = _in_palms(points[:, hand], seen[:, hand[0]]) * _PALM
    return np.where(seen[..., None], points, 0.0), seen


def _in_palms(points: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Points [N, 21, axes] of a hand relative to its wrist, in palms; seen [N]."""
    points = points - points[:, :1]
    palms = np.linalg.norm(points[seen][:, _KNUCKLES], axis=2).max(axis=1, initial=0.0)
    palm = float(np.median(palms)) if len(palms) else 0.0
    return points / palm if palm > 0 else np.zeros_like(points)


def features(points: np.ndarray, seen: np.ndarray, point_set: PointSet = BODY) -> np.ndarray:
    """Channels that are learned from, of normalised points.

    Parameters
    ----------
    points
        [..., T, J, axes].
    seen
        [..., T, J]. An unknown point keeps its nearest known place in time; 0 without any.
    point_set
        Names of the J points.

    Returns
    -------
    np.ndarray
        float32 [..., T, C]: the points, the bones between them, and 1 for each known point,
        for a hand as a whole.
    """
    points, known = _held(points, seen)
    bones = np.array(point_set.bones, dtype=int).reshape(-1, 2).T
    spans = points[..., bones[0], :] - points[..., bones[1], :]
    spans = np.where((known[..., bones[0]] & known[..., bones[1]])[..., None], spans, 0.0)
    parts = (points, spans, seen[..., point_set.masks])
    flat = [part.reshape(*seen.shape[:-1], -1) for part in parts]
    channels = np.concatenate(flat, axis=-1, dtype=np.float64)
    channels = np.clip(channels, -_MAX_FEATURE, _MAX_FEATURE)
    return (np.round(channels / _GRID) * _GRID).astype(np.float32)


def _held(points: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points with the last known value where unknown, before it the first; and which have any."""
    count = seen.shape[-2]
    samples = np.arange(count)[:, None]
    before = np.maximum.accumulate(np.where(seen, samples, -1), axis=-2)
    after = np.where(seen, samples, count)[..., ::-1, :]
    after = np.minimum.accumulate(after, axis=-2)[..., ::-1, :]
    index: np.ndarray = np.where(before >= 0, before, after)
    known = index < count
    held = np.take_along_axis(points, np.minimum(index, count - 1)[..., None], axis=-3)
    return np.where(known[..., None], held, 0.0), known


def _torso(
    points: np.ndarray,
    seen: np.ndarray,
    shoulders: tuple[int, int],
    hips: tuple[int, int] | None,
) -> float:
    """Median length of the torso, from the shoulders' width where it seems shorter."""
    if not len(points):
        return 0.0
    left, right = (points[:, index] for index in shoulders)
    widths = np.linalg.norm(left - right, axis=1) / WIDTH_OF_TORSO
    if hips is None:
        return float(np.median(widths))
    trunk = np.linalg.norm((left + right) / 2 - points[:, hips].mean(axis=1), axis=1)
    known = seen[:, hips].all(axis=1)
    return float(np.median(np.where(known, np.maximum(trunk, widths), widths)))


def _facing_turn(shoulders: np.ndarray) -> np.ndarray:
    """Matrix [3, 3] for row vectors, about the vertical, that turns the shoulders to +x."""
    length = np.hypot(shoulders[0], shoulders[2])
    if not length:
        return np.eye(3)
    cos, sin = shoulders[0] / length, shoulders[2] / length
    return np.array([[cos, 0.0, -sin], [0.0, 1.0, 0.0], [sin, 0.0, cos]])


@dataclass(frozen=True)
class Window:
    """The last seconds of a movement, as they are classified.

    Attributes
    ----------
    seconds
        Length.
    rate
        Moments per second, whatever the camera's frame rate.
    in_space
        Whether positions in metres are used, not places in the image.
    point_set
        Points that are used.
    """

    seconds: float = 3.0
    rate: float = 15.0
    in_space: bool = False
    point_set: PointSet = BODY

    def __post_init__(self) -> None:
        """Validate length and rate."""
        if not 0.3 <= self.seconds <= 30:
            raise ValueError(f'a window must last 0.3 to 30 s, got {self.seconds}')
        if not 5 <= self.rate <= 60:
            raise ValueError(f'the rate must be 5 to 60 samples a second, got {self.rate}')
        if self.shape[0] < _MIN_SAMPLES:
            raise ValueError(
                f'a window must have at least {_MIN_SAMPLES} samples, got {self.shape[0]}'
            )

    @property
    def shape(self) -> tuple[int, int]:
        """(samples, channels) of `features`."""
        spans = len(self.point_set) + len(self.point_set.bones)
        channels = spans * (3 if self.in_space else 2) + len(self.point_set.masks)
        return round(self.seconds * self.rate), channels

    def times(self, end: float) -> np.ndarray:
        """Moments [T] [s] of the window that ends at a time."""
        return np.asarray(end - np.arange(self.shape[0])[::-1] / self.rate)

    def features(self, movement: Movement, end: float) -> np.ndarray:
        """Channels of a movement up to a time [s]: float32 of `shape`."""
        points, seen = normalise(*movement.sampled(self.times(end)), self.point_set)
        return features(points, seen, self.point_set)
