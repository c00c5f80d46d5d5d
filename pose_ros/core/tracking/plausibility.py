"""Keypoints at impossible places.

A bone in the image may look short, as it may point at the camera, but never longer than the
person's own bone. Knees and elbows bend one way only. That is checked where positions in space
are known, and in a side view where the face shows which way is ahead. Doubtful keypoints pass: a
false mark is worse than a missed one.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from pose_ros.core.anatomy import BONES
from pose_ros.core.topology import Topology

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

_SIDES = ('left', 'right')


@dataclass(frozen=True)
class _Limb:
    """A limb: its joints from the trunk outwards, and its two bones by their place in `_Bones`."""

    root: int
    hinge: int
    end: int
    upper: int
    lower: int
    leg: bool


class _Bones:
    """The bones that are judged, in a keypoint format.

    Attributes
    ----------
    ends
        [2, B] indices of the keypoints at both ends.
    usual
        [B] usual lengths [body heights].
    alike
        [B, 2]: the left and the right bone of the same kind; B instead of a second one.
    limbs
        Arms and legs.
    corners
        [4]: left and right shoulder, left and right hip.
    """

    def __init__(self, topology: Topology) -> None:
        names: list[tuple[str, str]] = []

        def add(first: str, second: str) -> int:
            names.append((first, second))
            return len(names) - 1

        self.shoulders = add('left_shoulder', 'right_shoulder')
        self.hips = add('left_hip', 'right_hip')
        self.sides = [add(f'{side}_shoulder', f'{side}_hip') for side in _SIDES]
        limbs = []
        for side in _SIDES:
            for joints in (('shoulder', 'elbow', 'wrist'), ('hip', 'knee', 'ankle')):
                root, hinge, end = (f'{side}_{joint}' for joint in joints)
                limb = _Limb(
                    root=topology.index(root),
                    hinge=topology.index(hinge),
                    end=topology.index(end),
                    upper=add(root, hinge),
                    lower=add(hinge, end),
                    leg=joints[0] == 'hip',
                )
                limbs.append(limb)
        self.limbs = tuple(limbs)
        self.ends = np.array([[topology.index(name) for name in bone] for bone in names]).T
        kinds = [(one.partition('_')[2], other.partition('_')[2]) for one, other in names]
        self.usual = np.array([BONES[kind] for kind in kinds])
        last = {kind: i for i, kind in enumerate(kinds)}
        self.alike = np.array(
            [
                [kinds.index(kind), last[kind] if kinds.count(kind) == 2 else len(kinds)]
                for kind in kinds
            ]
        )
        self.corners = np.array(
            [topology.index(f'{side}_{joint}') for joint in ('shoulder', 'hip') for side in _SIDES]
        )


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
        self._bones = _Bones(topology)
        self._nose = topology.index('nose')
        self._ears = np.array([topology.index(f'{side}_ear') for side in _SIDES])
        self.reset()

    def reset(self) -> None:
        """Forget the person."""
        self._stamp = -np.inf
        self._height = 0.0
        self._own = self._bones.usual
        self._samples: deque[np.ndarray] = deque(maxlen=_MAX_SAMPLES)
        self._sampled = -np.inf
        self._places = np.zeros(0)
        self._placed: np.ndarray | None = None

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
        bad = np.zeros(len(seen), dtype=bool)
        first, second = self._bones.ends
        whole = seen[first] & seen[second]
        if not np.count_nonzero(whole):
            return bad
        lengths = np.hypot(*(keypoints[first] - keypoints[second]).T)
        height = self._measure(lengths, whole, step)
        lengths = lengths / height
        # The median of each axis: one of the four corners may be far off.
        _, low, high, _ = np.sort(keypoints[self._bones.corners], axis=0)
        places = (keypoints - (low + high) / 2) / height
        long = whole & (lengths > self._own * _MAX_LENGTH + _SLACK)
        if np.count_nonzero(long):
            self._mark_trunk(long, bad)
            for limb in self._bones.limbs:
                if not bad[limb.root]:
                    self._mark_far(limb, long, places, seen, bad)
        self._mark_bent(places, seen, lengths, world, bad)
        self._remember(places, seen & ~bad, lengths, whole)
        return bad

    def _measure(self, lengths: np.ndarray, whole: np.ndarray, step: float) -> float:
        """Height of the body [px], were it standing straight, from the bones seen whole."""
        heights = (lengths / self._own)[whole].tolist()
        now = max(_quantile(heights, _HEIGHT_QUANTILE), 1.0)
        if self._height > 0.0:
            low = self._height * (1.0 - _SHRINK_RATE * step)
            high = self._height * (1.0 + _GROW_RATE * step)
            self._height = min(max(now, low), high)
        else:
            self._height = now
        return max(self._height, now)

    def _mark_trunk(self, long: np.ndarray, bad: np.ndarray) -> None:
        """Mark a corner of the trunk that is too far from both corners beside it."""
        bones = self._bones
        for corner, side in zip(bones.corners, (*bones.sides, *bones.sides)):
            beside = [
                bone for bone in (bones.shoulders, bones.hips) if corner in bones.ends[:, bone]
            ]
            other = bones.sides[1 - bones.sides.index(side)]
            bad[corner] = long[side] and long[beside[0]] and not long[other]

    def _mark_far(
        self, limb: _Limb, long: np.ndarray, places: np.ndarray, seen: np.ndarray, bad: np.ndarray
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
            reach = self._own[[limb.upper, limb.lower]].sum() * _MAX_LENGTH + _SLACK
            bad[limb.end] = (
                seen[limb.end] and _length(places[limb.end] - places[limb.root]) > reach
            )
        elif long[limb.lower]:
            bad[limb.hinge if hinge > max(_JUMP, 2.0 * end) else limb.end] = True

    def _jump(self, joint: int, places: np.ndarray) -> float:
        """Way [heights] that a joint made against the trunk since it was last believed."""
        if self._placed is None or self._stamp - self._placed[joint] > _PLACE_TIMEOUT:
            return 0.0
        return _length(places[joint] - self._places[joint])

    def _mark_bent(
        self,
        places: np.ndarray,
        seen: np.ndarray,
        lengths: np.ndarray,
        world: np.ndarray | None,
        bad: np.ndarray,
    ) -> None:
        """Mark the ends of limbs that are bent the wrong way, where that can be told."""
        if not all(seen[self._bones.corners].tolist()):
            return
        ahead = 0 if world is not None else self._ahead(places, seen, lengths)
        if world is None and ahead == 0:
            return
        flat = lengths > _IN_PLANE * self._own
        for limb in self._bones.limbs:
            joints = [limb.root, limb.hinge, limb.end]
            if not seen[joints].all() or bad[joints].any():
                continue
            if world is not None:
                bad[limb.end] = _wrong_in_space(
                    world, joints, world[self._bones.corners], limb.leg
                )
            elif flat[limb.upper] and flat[limb.lower]:
                trunk = places[self._bones.corners]
                bad[limb.end] = _wrong_in_image(places[joints], trunk, ahead, limb.leg)

    def _ahead(self, places: np.ndarray, seen: np.ndarray, lengths: np.ndarray) -> int:
        """Direction that a person in a side view faces in the image.

        1: clockwise from the trunk's up direction, so right for an upright person; -1: the other
        way; 0: unknown.
        """
        if max(lengths[self._bones.shoulders], lengths[self._bones.hips]) > _NARROW:
            return 0
        ears = self._ears[seen[self._ears]]
        if not (len(ears) and seen[self._nose]):
            return 0
        up = _up(places[self._bones.corners])
        nose = places[self._nose] - places[ears].mean(axis=0)
        ahead = float(nose @ (-up[1], up[0]))
        return int(np.sign(ahead)) if abs(ahead) > _AHEAD else 0

    def _remember(
        self, places: np.ndarray, good: np.ndarray, lengths: np.ndarray, whole: np.ndarray
    ) -> None:
        """Learn from what was not marked."""
        stamp = self._stamp
        if self._placed is None:
            self._places, self._placed = places.copy(), np.full(len(good), -np.inf)
        self._places[good], self._placed[good] = places[good], stamp
        if stamp - self._sampled < _SAMPLE_PERIOD:
            return
        self._sampled = stamp
        first, second = self._bones.ends
        sample = np.full(len(first) + 1, np.nan)
        sample[:-1] = np.where(whole & good[first] & good[second], lengths, np.nan)
        self._samples.append(sample)
        if len(self._samples) < _MIN_SAMPLES:
            return
        samples = np.array(self._samples).T[self._bones.alike].reshape(len(first), -1)
        samples.sort(axis=1)  # NaN at the end
        counts = np.count_nonzero(np.isfinite(samples), axis=1)
        rows = np.arange(len(first))
        medians = (samples[rows, (counts - 1) // 2] + samples[rows, counts // 2]) / 2
        own = medians.clip(_MIN_OWN * self._bones.usual, _MAX_OWN * self._bones.usual)
        self._own = np.where(counts >= _MIN_SAMPLES, own, self._own)


def _up(corners: np.ndarray) -> np.ndarray:
    """Direction from the hips to the shoulders, from the corners of the trunk [4, D]."""
    up = corners[:2].sum(axis=0) - corners[2:].sum(axis=0)
    return np.asarray(up / max(_length(up), 1e-6))


def _wrong_in_image(joints: np.ndarray, corners: np.ndarray, ahead: int, leg: bool) -> bool:
    """Whether a limb [3, 2] in a side view bends the wrong way."""
    upper, lower = (bone / max(_length(bone), 1e-6) for bone in np.diff(joints, axis=0))
    if not leg and -upper @ _up(corners) < _HANGING:
        return False
    front = ahead * np.array([upper[1], -upper[0]])
    forwards = float(lower @ front)
    return (forwards if leg else -forwards) > _WRONG_WAY


def _wrong_in_space(world: np.ndarray, joints: list[int], corners: np.ndarray, leg: bool) -> bool:
    """Whether a limb of a body in space [K, 3] bends the wrong way."""
    upper, lower = (bone / max(_length(bone), 1e-6) for bone in np.diff(world[joints], axis=0))
    if not leg and -upper @ _up(corners) < _HANGING:
        return False
    right = corners[3] - corners[2] if leg else corners[1] - corners[0]
    right = right / max(_length(right), 1e-6)
    if abs(float(lower @ right)) > _SIDEWAYS or abs(float(upper @ right)) > _SIDEWAYS:
        return False
    front = right[[1, 2, 0]] * upper[[2, 0, 1]] - right[[2, 0, 1]] * upper[[1, 2, 0]]
    forwards = float(lower @ front) / max(_length(front), 1e-6)
    return (forwards if leg else -forwards) > _WRONG_WAY_IN_SPACE


def _length(vector: np.ndarray) -> float:
    return float(np.sqrt(vector @ vector))


def _quantile(values: list[float], share: float) -> float:
    """Quantile as of np.quantile, in a tenth of its time on few values."""
    ordered = sorted(values)
    low, weight = divmod(share * (len(ordered) - 1), 1.0)
    one, next_one = ordered[int(low)], ordered[min(int(low) + 1, len(ordered) - 1)]
    return one + weight * (next_one - one)
