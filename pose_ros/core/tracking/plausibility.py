"""Keypoints at impossible places.

A bone in the image may look short, as it may point at the camera, but never longer than the
person's own bone. Knees and elbows bend one way only. That is checked where positions in space
are known, and in a side view where the face shows which way is ahead. Doubtful keypoints pass: a
false mark is worse than a missed one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import cycle
import math
from operator import mul

import numpy as np

from pose_ros.core.topology import SIDES, Topology
from pose_ros.core.tracking.judged_bones import JudgedBones, JudgedLimb

Vector = Sequence[float]

# Factor on the score of a keypoint that is marked.
IMPLAUSIBLE_TRUST = 0.5

# A person's own lengths are at least this share of these [-].
_MIN_OWN = 0.8
# A person's own lengths are at most this share of these [-].
_MAX_OWN = 1.3
# Longest plausible bone, as a share of the person's own length [-].
_MAX_LENGTH = 1.2
# Error of models that is allowed for in addition [body heights].
_SLACK = 0.06
# Quantile of the heights that the bones indicate [-]: the others are foreshortened.
_HEIGHT_QUANTILE = 0.65
# Maximum growth of a person who approaches [1/s].
_GROW_RATE = 0.6
# Maximum shrinkage of a person who walks away [1/s].
_SHRINK_RATE = 0.25
# A person's own lengths are medians over this number of samples.
_MAX_SAMPLES = 60
# They count from this number of samples on.
_MIN_SAMPLES = 10
# Time between two samples [s].
_SAMPLE_PERIOD = 0.1
# Time after which the last place of a joint is forgotten [s].
_PLACE_TIMEOUT = 0.5
# Step that identifies the misplaced end of a bone [body heights].
_JUMP = 0.15
# Sine of the angle by which a joint may bend the wrong way in a side view [-].
_WRONG_WAY = 0.5
# The same in space, where a model's depth is inaccurate [-].
_WRONG_WAY_IN_SPACE = 0.7
# Limbs turned farther sideways than this are not checked in space (a sine) [-].
_SIDEWAYS = 0.4
# Minimum cosine between an upper arm and hanging down [-]: arms overhead bend backwards.
_HANGING = 0.3
# Maximum width of shoulders and hips in a side view [body heights].
_NARROW = 0.06
# Minimum distance of the nose ahead of the ears in a side view [body heights].
_AHEAD = 0.035
# Minimum share of its length that a bone in the image plane shows [-].
_IN_PLANE = 0.7


class PlausibilityChecker:
    """Marks the keypoints of one person that are impossible, from frame to frame.

    Arms and legs down to wrists and ankles and the corners of the trunk are judged; faces, hands
    and feet are too small for it.

    Parameters
    ----------
    topology
        Format of the keypoints.
    """

    def __init__(self, topology: Topology) -> None:
        self._bones = JudgedBones(topology)
        self._nose = topology.index('nose')
        self._ears = [topology.index(f'{side}_ear') for side in SIDES]
        self.reset()

    def reset(self) -> None:
        """Forget the person."""
        self._stamp = -math.inf
        self._height = 0.0
        self._own = list(self._bones.usual)
        self._samples: deque[list[float | None]] = deque(maxlen=_MAX_SAMPLES)
        self._sampled = -math.inf
        self._turns = cycle(self._bones.kinds)
        # Last place of each joint that was believed [body heights], and its time [s].
        self._believed: dict[int, tuple[Vector, float]] = {}

    def check(
        self,
        keypoints: np.ndarray,
        seen: np.ndarray,
        stamp: float,
        world: np.ndarray | None = None,
    ) -> np.ndarray:
        """Find the keypoints of one frame that are impossible.

        Parameters
        ----------
        keypoints
            [K, 2] [px].
        seen
            Mask [K] of the keypoints to be judged; nothing is concluded from the others.
        stamp
            Time [s]; a step back starts anew.
        world
            [K, 3] [m] (x right, y down, z away), where the model gives positions in space.

        Returns
        -------
        ndarray [K]
            Mask.
        """
        if stamp < self._stamp:
            self.reset()
        step = stamp - self._stamp
        self._stamp = stamp
        # Plain numbers: so few are no work for arrays.
        points, visible = keypoints.tolist(), seen.tolist()
        bones, bad = self._bones, [False] * len(points)
        whole = [visible[one] and visible[other] for one, other in bones.ends]
        if not any(whole):
            return np.array(bad)
        lengths = [math.dist(points[one], points[other]) for one, other in bones.ends]
        height = self._measure(lengths, whole, step)
        lengths = [length / height for length in lengths]
        # The median of each axis: one of the four corners may be far off.
        x, y = (_quantile([points[i][axis] for i in bones.corners], 0.5) for axis in (0, 1))
        places: list[Vector] = [
            ((right - x) / height, (down - y) / height) for right, down in points
        ]
        long = [
            is_whole and length > own * _MAX_LENGTH + _SLACK
            for is_whole, length, own in zip(whole, lengths, self._own)
        ]
        if any(long):
            self._mark_trunk(long, bad)
            for limb in bones.limbs:
                if not bad[limb.root]:
                    self._mark_far(limb, long, places, visible, bad)
        self._mark_bent(places, visible, lengths, world, bad)
        good = [is_visible and not is_bad for is_visible, is_bad in zip(visible, bad)]
        self._remember(places, good, lengths)
        return np.array(bad)

    def _measure(self, lengths: list[float], whole: list[bool], step: float) -> float:
        """Height of the body [px], were it standing straight, from the bones seen whole."""
        heights = [length / own for length, own, seen in zip(lengths, self._own, whole) if seen]
        now = max(_quantile(heights, _HEIGHT_QUANTILE), 1.0)
        if self._height > 0.0:
            low = self._height * (1.0 - _SHRINK_RATE * step)
            high = self._height * (1.0 + _GROW_RATE * step)
            self._height = min(max(now, low), high)
        else:
            self._height = now
        return max(self._height, now)

    def _mark_trunk(self, long: list[bool], bad: list[bool]) -> None:
        """Mark a corner of the trunk that is too far from both corners beside it."""
        bones = self._bones
        across = (bones.shoulders, bones.shoulders, bones.hips, bones.hips)
        for index, corner in enumerate(bones.corners):
            side, other = bones.sides[index % 2], bones.sides[1 - index % 2]
            bad[corner] = long[side] and long[across[index]] and not long[other]

    def _mark_far(
        self,
        limb: JudgedLimb,
        long: list[bool],
        places: list[Vector],
        visible: list[bool],
        bad: list[bool],
    ) -> None:
        """Mark the joint at the far end of a bone that is too long."""
        # It may be the nearer end that is off, if that is the one that jumped.
        root, hinge, end = (
            self._jump(joint, places) for joint in (limb.root, limb.hinge, limb.end)
        )
        if long[limb.upper]:
            if root > max(_JUMP, 2.0 * hinge):
                bad[limb.root] = True
                return
            bad[limb.hinge] = True
            reach = (self._own[limb.upper] + self._own[limb.lower]) * _MAX_LENGTH + _SLACK
            far = math.dist(places[limb.end], places[limb.root]) > reach
            bad[limb.end] = visible[limb.end] and far
        elif long[limb.lower]:
            bad[limb.hinge if hinge > max(_JUMP, 2.0 * end) else limb.end] = True

    def _jump(self, joint: int, places: list[Vector]) -> float:
        """Way [heights] that a joint made against the trunk since it was last believed."""
        place, stamp = self._believed.get(joint, (places[joint], self._stamp))
        return math.dist(places[joint], place) if self._stamp - stamp <= _PLACE_TIMEOUT else 0.0

    def _mark_bent(
        self,
        places: list[Vector],
        visible: list[bool],
        lengths: list[float],
        world: np.ndarray | None,
        bad: list[bool],
    ) -> None:
        """Mark the ends of limbs that are bent the wrong way, where that can be told."""
        bones = self._bones
        if not all(visible[corner] for corner in bones.corners):
            return
        points = places if world is None else world.tolist()
        trunk = [points[corner] for corner in bones.corners]
        ahead = 0
        if world is None:
            ahead = self._ahead(places, visible, lengths)
            if ahead == 0:
                return
        for limb in bones.limbs:
            joints = (limb.root, limb.hinge, limb.end)
            if not all(visible[joint] and not bad[joint] for joint in joints):
                continue
            if world is None and not all(
                lengths[bone] > _IN_PLANE * self._own[bone] for bone in (limb.upper, limb.lower)
            ):
                continue
            root, hinge, end = (points[joint] for joint in joints)
            upper, lower = _direction(root, hinge), _direction(hinge, end)
            if not limb.leg and -_dot(upper, _up(trunk)) < _HANGING:
                continue
            if world is None:
                forwards = ahead * (lower[0] * upper[1] - lower[1] * upper[0])
                limit = _WRONG_WAY
            else:
                forwards = _forwards(upper, lower, trunk[2:] if limb.leg else trunk[:2])
                limit = _WRONG_WAY_IN_SPACE
            bad[limb.end] = (forwards if limb.leg else -forwards) > limit

    def _ahead(self, places: list[Vector], visible: list[bool], lengths: list[float]) -> int:
        """Direction that a person in a side view faces in the image.

        1: clockwise from the trunk's up direction, so right for an upright person; -1: the other
        way; 0: unknown.
        """
        if max(lengths[self._bones.shoulders], lengths[self._bones.hips]) > _NARROW:
            return 0
        ears = [places[ear] for ear in self._ears if visible[ear]]
        if not (ears and visible[self._nose]):
            return 0
        up_x, up_y = _up([places[corner] for corner in self._bones.corners])
        x, y = (nose - sum(axis) / len(ears) for nose, axis in zip(places[self._nose], zip(*ears)))
        ahead = y * up_x - x * up_y
        return int(math.copysign(1, ahead)) if abs(ahead) > _AHEAD else 0

    def _remember(self, places: list[Vector], good: list[bool], lengths: list[float]) -> None:
        """Learn from what was not marked."""
        for joint, is_good in enumerate(good):
            if is_good:
                self._believed[joint] = places[joint], self._stamp
        if self._stamp - self._sampled < _SAMPLE_PERIOD:
            return
        self._sampled = self._stamp
        self._samples.append(
            [
                length if good[one] and good[other] else None
                for length, (one, other) in zip(lengths, self._bones.ends)
            ]
        )
        # The bones of one kind at a time: medians change slowly.
        kind = next(self._turns)
        found = [length for sample in self._samples for bone in kind if (length := sample[bone])]
        if len(self._samples) >= _MIN_SAMPLES and len(found) >= _MIN_SAMPLES:
            usual = self._bones.usual[kind[0]]
            own = min(max(_quantile(found, 0.5), _MIN_OWN * usual), _MAX_OWN * usual)
            for bone in kind:
                self._own[bone] = own


def _direction(start: Vector, end: Vector) -> Vector:
    """Vector of length 1 from one point to another."""
    way = [b - a for a, b in zip(start, end)]
    length = max(math.hypot(*way), 1e-6)
    return [part / length for part in way]


def _dot(one: Vector, other: Vector) -> float:
    return sum(map(mul, one, other))


def _up(trunk: list[Vector]) -> Vector:
    """Direction from the hips to the shoulders, from the corners of the trunk."""
    shoulders, hips = ([a + b for a, b in zip(*pair)] for pair in (trunk[:2], trunk[2:]))
    return _direction(hips, shoulders)


def _forwards(upper: Vector, lower: Vector, pair: list[Vector]) -> float:
    """Sine by which a limb in space is bent forwards; 0 where it is turned sideways.

    Parameters
    ----------
    upper, lower
        Directions of its bones.
    pair
        The left and the right joint where this limb and its sister begin.
    """
    right = _direction(*pair)
    if max(abs(_dot(lower, right)), abs(_dot(upper, right))) > _SIDEWAYS:
        return 0.0
    (rx, ry, rz), (ux, uy, uz) = right, upper
    front = ry * uz - rz * uy, rz * ux - rx * uz, rx * uy - ry * ux
    return _dot(lower, _direction((0.0, 0.0, 0.0), front))


def _quantile(values: list[float], share: float) -> float:
    """Quantile as of np.quantile, in a tenth of its time on few values."""
    ordered = sorted(values)
    low, weight = divmod(share * (len(ordered) - 1), 1.0)
    one, next_one = ordered[int(low)], ordered[min(int(low) + 1, len(ordered) - 1)]
    return one + weight * (next_one - one)
