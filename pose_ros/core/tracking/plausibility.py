"""Keypoints that cannot be where the model puts them.

In an image a bone may be as short as it likes, for it may point at the camera; but it is never
longer than the person's own. A knee or an elbow bends one way only, which can be told where
positions in space are known, or where the person is seen from the side and the face says which
way is ahead. Whatever cannot be told is let pass: a false mark is worse than a missed one.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from pose_ros.core.topology import Topology

# Factor on the score of a keypoint that is marked.
IMPLAUSIBLE_TRUST = 0.5

# Lengths of bones over the height of the body (Drillis and Contini 1964; Winter 2009), as far as
# keypoints lie on the joints; and how far from them a person's own may be.
_LENGTHS = {
    'shoulders': 0.220,
    'hips': 0.120,
    'side': 0.290,
    'upper arm': 0.172,
    'forearm': 0.157,
    'thigh': 0.245,
    'shin': 0.246,
}
_MIN_OWN, _MAX_OWN = 0.8, 1.3
# Longest bone that is let pass: a share of the person's own and, for no model is exact, a share
# of the height.
_LONGEST, _SLACK = 1.2, 0.06
# Share of the bones that may be shorter than they are when the height is read from them.
_FORESHORTENED = 0.65
# Rates [1/s] at which a person may come nearer or go away.
_NEARER_RATE, _FARTHER_RATE = 0.6, 0.25
# The person's own lengths are medians over this many moments, this far apart [s].
_MOMENTS, _MOMENT = 60, 0.1
_MIN_MOMENTS = 10
# Time [s] after which a place is forgotten, and the step [heights] that gives a joint away.
_FORGET, _JUMP = 0.5, 0.15
# Sine of the angle by which a joint may bend the wrong way; more in space, where a model's depth
# is a guess, and where limbs turned sideways are not judged.
_WRONG_WAY, _WRONG_WAY_IN_SPACE, _SIDEWAYS = 0.5, 0.7, 0.4
# An upper arm is judged while its cosine to hanging down is over this: arms overhead bend back.
_HANGING = 0.3
# Side view: shoulders and hips at most this wide and the nose at least this far ahead of the
# ears [heights]; bones at least this share of their length, for they must lie in the image.
_NARROW, _AHEAD, _IN_PLANE = 0.06, 0.035, 0.7

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
    kinds
        [B] places in `_LENGTHS`; left and right are of one kind.
    limbs
        Arms and legs.
    corners
        [4]: left and right shoulder, left and right hip.
    """

    def __init__(self, topology: Topology) -> None:
        ends: list[tuple[int, int]] = []
        kinds: list[int] = []

        def add(kind: str, first: str, second: str) -> int:
            ends.append((topology.index(first), topology.index(second)))
            kinds.append(list(_LENGTHS).index(kind))
            return len(ends) - 1

        limbs = []
        self.shoulders = add('shoulders', 'left_shoulder', 'right_shoulder')
        self.hips = add('hips', 'left_hip', 'right_hip')
        self.sides = [add('side', f'{side}_shoulder', f'{side}_hip') for side in _SIDES]
        for side in _SIDES:
            for leg, (root, hinge, end), (upper, lower) in (
                (False, ('shoulder', 'elbow', 'wrist'), ('upper arm', 'forearm')),
                (True, ('hip', 'knee', 'ankle'), ('thigh', 'shin')),
            ):
                first, middle, last = (f'{side}_{joint}' for joint in (root, hinge, end))
                limb = _Limb(
                    root=topology.index(first),
                    hinge=topology.index(middle),
                    end=topology.index(last),
                    upper=add(upper, first, middle),
                    lower=add(lower, middle, last),
                    leg=leg,
                )
                limbs.append(limb)
        self.limbs = tuple(limbs)
        self.ends = np.array(ends).T
        self.kinds = np.array(kinds)
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
        self._usual = np.array(list(_LENGTHS.values()))
        self.reset()

    def reset(self) -> None:
        """Forget the person."""
        self._stamp = -np.inf
        self._height = 0.0
        self._own = self._usual[self._bones.kinds]
        self._moments: deque[np.ndarray] = deque(maxlen=_MOMENTS)
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
        if not whole.any():
            return bad
        lengths = np.hypot(*(keypoints[first] - keypoints[second]).T)
        height = self._measure(lengths, whole, step)
        lengths = lengths / height
        # The middle of four corners, of which one is far off: the median of each axis.
        middle = np.sort(keypoints[self._bones.corners], axis=0)[1:3].mean(axis=0)
        places = (keypoints - middle) / height
        long = whole & (lengths > self._own * _LONGEST + _SLACK)
        if long.any():
            self._mark_trunk(long, bad)
            for limb in self._bones.limbs:
                if not bad[limb.root]:
                    self._mark_far(limb, long, places, seen, bad)
        self._mark_bent(places, seen, lengths, world, bad)
        self._remember(places, seen & ~bad, lengths, whole)
        return bad

    def _measure(self, lengths: np.ndarray, whole: np.ndarray, step: float) -> float:
        """Height of the body [px], were it standing straight, from the bones seen whole."""
        now = max(_quantile((lengths[whole] / self._own[whole]).tolist(), _FORESHORTENED), 1.0)
        if self._height > 0.0:
            least = self._height * (1.0 - _FARTHER_RATE * step)
            most = self._height * (1.0 + _NEARER_RATE * step)
            self._height = min(max(now, least), most)
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
            reach = self._own[[limb.upper, limb.lower]].sum() * _LONGEST + _SLACK
            bad[limb.end] = (
                seen[limb.end] and _length(places[limb.end] - places[limb.root]) > reach
            )
        elif long[limb.lower]:
            bad[limb.hinge if hinge > max(_JUMP, 2.0 * end) else limb.end] = True

    def _jump(self, joint: int, places: np.ndarray) -> float:
        """Way [heights] that a joint made against the trunk since it was last believed."""
        if self._placed is None or self._stamp - self._placed[joint] > _FORGET:
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
        if not seen[self._bones.corners].all():
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
        """Way that a person seen from the side faces in the image.

        1: clockwise from the way the trunk points up, as to the right for who stands; -1: the
        other way; 0: it cannot be told.
        """
        ears = self._ears[seen[self._ears]]
        if not (len(ears) and seen[self._nose]):
            return 0
        if max(lengths[self._bones.shoulders], lengths[self._bones.hips]) > _NARROW:
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
        if stamp - self._sampled < _MOMENT:
            return
        self._sampled = stamp
        first, second = self._bones.ends
        self._moments.append(np.where(whole & good[first] & good[second], lengths, np.nan))
        if len(self._moments) < _MIN_MOMENTS:
            return
        moments, kinds = np.array(self._moments), self._bones.kinds
        for kind, usual in enumerate(self._usual.tolist()):
            of_kind = moments[:, kinds == kind]
            found = of_kind[~np.isnan(of_kind)]
            if len(found) >= _MIN_MOMENTS:
                own = _quantile(found.tolist(), 0.5)
                self._own[kinds == kind] = min(max(own, _MIN_OWN * usual), _MAX_OWN * usual)


def _up(corners: np.ndarray) -> np.ndarray:
    """Direction from the hips to the shoulders, from the corners of the trunk [4, D]."""
    up = corners[:2].sum(axis=0) - corners[2:].sum(axis=0)
    return np.asarray(up / max(_length(up), 1e-6))


def _wrong_in_image(joints: np.ndarray, corners: np.ndarray, ahead: int, leg: bool) -> bool:
    """Whether a limb [3, 2] of a person seen from the side bends the wrong way."""
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
