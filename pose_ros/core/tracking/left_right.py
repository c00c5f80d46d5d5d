"""Swap back left and right where a model confused them.

A model may mistake the front of a person for the back. From one frame to the next, left and right
are then swapped in the whole body, in the arms or in the legs. Real people show their side while
they turn. So the facing towards the camera is remembered, and it changes only as fast as people
turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
import math
from statistics import fmean

import numpy as np

from pose_ros.core.anatomy import BONES, FACE_WIDTH
from pose_ros.core.models.pose import Pose
from pose_ros.core.topology import SIDES, Topology

# Absence after which a person may have turned around unseen [s].
_MAX_GAP = 0.5
# The facing is 1 towards the camera, -1 away from it, 0 in a side view. It is trusted from this
# absolute value on [facings].
_SURE = 0.3
# A pair counts as swapped if it shows at least this facing against the trusted one [facings].
_CLEAR = 0.4
# Where one pair shows nothing, the trusted facing must be at least this [facings].
_SETTLED = 0.5
# Maximum rate at which people turn [facings/s].
_TURN_RATE = 6.0
# Pairs farther from the memory than this and a frame's turn are doubtful [facings].
_STEP = 0.4
# Rate at which doubtful pairs change the memory [facings/s].
_DOUBT_RATE = 0.8
# Maximum difference between shoulders and hips [facings]: people do not twist farther.
_DISAGREEMENT = 0.5
# A model that contradicts the memory for this time is right if the hands hang down, a pose that
# models know well [s].
_CONVINCED_HANDS_DOWN = 0.3
# The same with the hands anywhere [s].
_CONVINCED = 5.0
# Weight of the face over that of shoulders or hips while the facing is not trusted [-]: the head
# turns on its own.
_FACE_WEIGHT = 0.5
# Widths of shoulders, hips and face seen from the front [torsos].
_WIDTHS = [
    width / BONES['shoulder', 'hip']
    for width in (BONES['shoulder', 'shoulder'], BONES['hip', 'hip'], FACE_WIDTH)
]
# Share of these widths that every person has at least [-], for narrow bodies and coarse models.
_MIN_WIDTH_SHARE = 0.45
# Share of these widths that is assumed until wider ones are seen [-].
_FIRST_WIDTH_SHARE = 0.65
# Rate at which the learned widths of a person grow [1/s].
_WIDER = 1.0
# Rate at which they shrink [1/s].
_NARROWER = 0.1
# Where their end of the trunk shows nothing, limbs count as swapped if that brings them to less
# than this share of their distance from the frame before [-].
_NEARER = 0.6

_FACE_WORDS = frozenset({'eye', 'ear', 'mouth'})
_LEG_WORDS = frozenset({'hip', 'knee', 'ankle', 'heel', 'foot'})
_SHOULDERS, _HIPS, _FACE = range(3)


@dataclass(frozen=True, eq=False)
class _View:
    """What one pose shows of the body's sides.

    Attributes
    ----------
    facing
        Of shoulders, hips and face as labelled, -1 to 1; NaN where they are not seen.
    hands_down
        Whether both wrists hang below the shoulders.
    keypoints
        [K, 2] [px].
    middle
        Of the trunk (x, y) [px].
    shoulder_width
        From the front [px].
    """

    facing: list[float]
    hands_down: bool
    keypoints: np.ndarray
    middle: tuple[float, float]
    shoulder_width: float

    @cached_property
    def places(self) -> np.ndarray:
        """Keypoints [K, 2] from the trunk's middle in widths of the shoulders."""
        return np.asarray((self.keypoints - self.middle) / self.shoulder_width)


@dataclass(frozen=True)
class _Swaps:
    """Which pairs have their sides swapped."""

    arms: bool = False
    legs: bool = False
    face: bool = False


class LeftRightCorrector:
    """Swaps back the sides of one person, from frame to frame.

    Whole body, or arms (with the hands) or legs alone; keypoints, scores, z and world positions
    of a pair change places. Nothing is repaired before the person was seen for a moment.

    Parameters
    ----------
    topology
        Format of the keypoints.
    """

    def __init__(self, topology: Topology) -> None:
        self._mirror = topology.mirror
        self._indices = np.arange(len(topology))
        self._joints = [
            topology.index(f'{side}_{joint}')
            for joint in ('shoulder', 'hip', 'wrist')
            for side in SIDES
        ]
        left = np.flatnonzero(topology.sides < 0)
        words = [set(topology.keypoint_names[i].split('_')) for i in left]
        of_face = np.array([bool(_FACE_WORDS & found) for found in words])
        of_legs = np.array([bool(_LEG_WORDS & found) for found in words])
        self._face, self._legs = left[of_face], left[of_legs]
        self._arms = left[~of_face & ~of_legs]
        # Of shoulders, hips and face: (left, right) keypoints.
        self._pairs = [
            [(i, int(self._mirror[i])) for i in lefts]
            for lefts in ([self._joints[0]], [self._joints[2]], self._face.tolist())
        ]
        self.reset()

    def reset(self) -> None:
        """Forget the person."""
        self._stamp: float | None = None
        self._facing = 0.0
        self._widths: list[float] | None = None
        self._view: _View | None = None
        self._contradicted = self._contradicted_hands_down = 0.0

    def apply(self, pose: Pose, seen: np.ndarray, stamp: float) -> tuple[Pose, int]:
        """Swap back what the model confused in one frame.

        Parameters
        ----------
        pose
            As the model gives it.
        seen
            Mask [K] of the keypoints that can be trusted.
        stamp
            Time [s].

        Returns
        -------
        tuple
            The pose, and 1 where sides were swapped back, else 0.
        """
        step = 0.0
        if self._stamp is not None:
            step = stamp - self._stamp
            if not 0.0 <= step <= _MAX_GAP:
                self.reset()
                step = 0.0
        view = self._look(pose, seen, step)
        if math.isnan(view.facing[_SHOULDERS]) and math.isnan(view.facing[_HIPS]):
            return pose, 0
        self._stamp = stamp
        swaps = self._believed(self._judge(view), view, step)
        if swaps == _Swaps():
            self._learn(view.facing, step)
            self._view = view
            return pose, 0
        if swaps.arms and swaps.legs:
            self._learn([-value for value in view.facing], step)
        order = self._order(swaps)
        self._view = replace(view, keypoints=view.keypoints[order])
        return _reordered(pose, order), 1

    def _look(self, pose: Pose, seen: np.ndarray, step: float) -> _View:
        """See how wide the pairs lie across the body, and which way round."""
        points, visible = pose.keypoints.tolist(), seen.tolist()
        joints = [points[i] for i in self._joints]
        (lsx, lsy), (rsx, rsy), (lhx, lhy), (rhx, rhy), *wrists = joints
        up_x, up_y = (lsx + rsx - lhx - rhx) / 2, (lsy + rsy - lhy - rhy) / 2
        torso = max(math.hypot(up_x, up_y), 1e-3)

        def width(left: int, right: int) -> float:
            """Width of a pair across the body, over 0 from the front [px]."""
            (left_x, left_y), (right_x, right_y) = points[left], points[right]
            return ((right_x - left_x) * up_y - (right_y - left_y) * up_x) / torso

        # Of a body along the line of sight, the sides cannot be told.
        lies = abs(width(*self._pairs[_SHOULDERS][0])) > torso
        widths = [math.nan] * 3
        for part, pairs in enumerate(self._pairs):
            known = [width(*pair) for pair in pairs if visible[pair[0]] and visible[pair[1]]]
            if known and not lies:
                widths[part] = fmean(known)
        full = self._full_widths(widths, torso, step)
        return _View(
            facing=[min(max(width / most, -1.0), 1.0) for width, most in zip(widths, full)],
            hands_down=all(
                (x - shoulder_x) * up_x + (y - shoulder_y) * up_y < 0.0
                for (x, y), (shoulder_x, shoulder_y) in zip(wrists, joints)
            ),
            keypoints=pose.keypoints,
            middle=((lsx + rsx + lhx + rhx) / 4, (lsy + rsy + lhy + rhy) / 4),
            shoulder_width=full[_SHOULDERS],
        )

    def _full_widths(self, widths: list[float], torso: float, step: float) -> list[float]:
        """Widths [px] that the pairs have from the front, learned from those seen."""
        shown = [0.0 if math.isnan(width) else abs(width) for width in widths]
        usual = [torso * width for width in _WIDTHS]
        if self._widths is None:
            self._widths = [
                max(now, _FIRST_WIDTH_SHARE * width) for now, width in zip(shown, usual)
            ]
        else:
            low, high = 1.0 - _NARROWER * step, 1.0 + _WIDER * step
            self._widths = [
                max(min(max(now, low * own), high * own), 1e-3)
                for now, own in zip(shown, self._widths)
            ]
        return [max(own, _MIN_WIDTH_SHARE * width) for own, width in zip(self._widths, usual)]

    def _judge(self, view: _View) -> _Swaps:
        """Which pairs show the contrary of the memory."""
        if abs(self._facing) <= _SURE:
            return _Swaps()
        sign = math.copysign(1.0, self._facing)
        shown = [0.0 if math.isnan(value) else sign * value for value in view.facing]
        arms, legs = (shown[pair] < -_CLEAR for pair in (_SHOULDERS, _HIPS))
        # Where one end of the trunk shows nothing, the limbs there tell by where they were.
        if abs(shown[_SHOULDERS]) <= _CLEAR and (legs or abs(self._facing) > _SETTLED):
            arms = self._nearer_swapped(view.places, self._arms, _NEARER)
        if abs(shown[_HIPS]) <= _CLEAR and arms:
            legs = self._nearer_swapped(view.places, self._legs, 1.0)
        return _Swaps(arms, legs, face=arms and shown[_FACE] < _SURE)

    def _nearer_swapped(self, places: np.ndarray, left: np.ndarray, share: float) -> bool:
        """Whether limbs are nearer to where they were in the frame before when swapped."""
        right = self._mirror[left]
        if self._view is None:
            return False
        now, before = places[[left, right]], self._view.places[[left, right]]
        kept = _distances(now, before).mean()
        swapped = _distances(now, before[::-1]).mean()
        return bool(swapped < share * kept)

    def _believed(self, swaps: _Swaps, view: _View, step: float) -> _Swaps:
        """Give in to a model that has contradicted the memory for long."""
        whole = swaps.arms and swaps.legs
        self._contradicted += step
        self._contradicted_hands_down += step
        if not (swaps.arms or swaps.legs):
            self._contradicted = 0.0
        if not (whole and view.hands_down):
            self._contradicted_hands_down = 0.0
        if (
            self._contradicted > _CONVINCED
            or self._contradicted_hands_down > _CONVINCED_HANDS_DOWN
        ):
            self._facing = self._contradicted = self._contradicted_hands_down = 0.0
            return _Swaps()
        return swaps

    def _learn(self, facing: Sequence[float], step: float) -> None:
        """Turn the memory towards what a pose shows that does not contradict it any more."""
        unsure = abs(self._facing) <= _SURE
        weights = (1.0, 1.0, _FACE_WEIGHT if unsure else 0.0)
        known = [(w, value) for w, value in zip(weights, facing) if not math.isnan(value)]
        shown = sum(w * value for w, value in known) / sum(w for w, _ in known)
        way = shown - self._facing
        agreed = not abs(facing[_SHOULDERS] - facing[_HIPS]) > _DISAGREEMENT
        turning = unsure or (agreed and abs(way) < _STEP + _TURN_RATE * step)
        max_turn = (_TURN_RATE if turning else _DOUBT_RATE) * step
        self._facing += min(max(way, -max_turn), max_turn)

    def _order(self, swaps: _Swaps) -> np.ndarray:
        """Indices [K] that swap the pairs."""
        order = self._indices.copy()
        for swapped, left in (
            (swaps.arms, self._arms),
            (swaps.legs, self._legs),
            (swaps.face, self._face),
        ):
            if swapped:
                right = self._mirror[left]
                order[left], order[right] = right, left
        return order


def _distances(now: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Distances between points [..., 2], up to 1."""
    return np.asarray(np.minimum(np.hypot(*np.moveaxis(now - before, -1, 0)), 1.0))


def _reordered(pose: Pose, order: np.ndarray) -> Pose:
    return replace(
        pose,
        keypoints=pose.keypoints[order],
        scores=pose.scores[order],
        z=None if pose.z is None else pose.z[order],
        world=None if pose.world is None else pose.world[order],
    )
