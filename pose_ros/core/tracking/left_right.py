"""Swap back left and right where a model confused them.

A model may mistake the front of a person for the back. From one frame to the next, left and right
are then swapped in the whole body, in the arms or in the legs. Real people show their side while
they turn. So the facing towards the camera is remembered, and it changes only as fast as people
turn.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
import math

import numpy as np

from pose_ros.core.anatomy import BONES, FACE_WIDTH
from pose_ros.core.models.pose import Pose
from pose_ros.core.topology import Topology

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
_WIDTHS = np.array([BONES['shoulder', 'shoulder'], BONES['hip', 'hip'], FACE_WIDTH])
_WIDTHS /= BONES['shoulder', 'hip']
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
        [3]: of shoulders, hips and face as labelled, -1 to 1; NaN where they are not seen.
    places
        [K, 2]: the keypoints from the trunk's middle in widths of the shoulders.
    hands_down
        Whether both wrists hang below the shoulders.
    """

    facing: np.ndarray
    places: np.ndarray
    hands_down: bool


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
        self._shoulder = topology.index('left_shoulder')
        self._hip = topology.index('left_hip')
        self._wrist = topology.index('left_wrist')
        left = np.flatnonzero(topology.sides < 0)
        words = [set(topology.keypoint_names[i].split('_')) for i in left]
        of_face = np.array([bool(_FACE_WORDS & found) for found in words])
        of_legs = np.array([bool(_LEG_WORDS & found) for found in words])
        self._face, self._legs = left[of_face], left[of_legs]
        self._arms = left[~of_face & ~of_legs]
        self.reset()

    def reset(self) -> None:
        """Forget the person."""
        self._stamp: float | None = None
        self._facing = 0.0
        self._widths: np.ndarray | None = None
        self._places = np.zeros(0)
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
            if not 0.0 < step <= _MAX_GAP:
                self.reset()
                step = 0.0
        view = self._look(pose, seen, step)
        if np.isnan(view.facing[_SHOULDERS]) and np.isnan(view.facing[_HIPS]):
            return pose, 0
        self._stamp = stamp
        swaps = self._believed(self._judge(view), view, step)
        if swaps == _Swaps():
            self._learn(view.facing, step)
            self._places = view.places
            return pose, 0
        if swaps.arms and swaps.legs:
            self._learn(-view.facing, step)
        order = self._order(swaps)
        self._places = view.places[order]
        return _reordered(pose, order), 1

    def _look(self, pose: Pose, seen: np.ndarray, step: float) -> _View:
        """See how wide the pairs lie across the body, and which way round."""
        points, other = pose.keypoints, self._mirror
        shoulders = points[self._shoulder], points[other[self._shoulder]]
        hips = points[self._hip], points[other[self._hip]]
        up = (shoulders[0] + shoulders[1] - hips[0] - hips[1]) / 2
        torso = max(float(np.hypot(*up)), 1e-3)
        across = np.array([-up[1], up[0]]) / torso
        both = seen & seen[other]
        face = self._face[both[self._face]]
        if np.abs((shoulders[0] - shoulders[1]) @ across) > torso:
            both = np.zeros_like(both)  # lies along the line of sight: sides cannot be told
            face = face[:0]
        widths = np.array(
            [
                (shoulders[0] - shoulders[1]) @ across if both[self._shoulder] else np.nan,
                (hips[0] - hips[1]) @ across if both[self._hip] else np.nan,
                ((points[face] - points[other[face]]) @ across).mean() if len(face) else np.nan,
            ]
        )
        full = self._full_widths(np.abs(widths), torso, step)
        wrists = points[[self._wrist, other[self._wrist]]] - shoulders
        middle = (shoulders[0] + shoulders[1] + hips[0] + hips[1]) / 4
        return _View(
            facing=(widths / full).clip(-1.0, 1.0),
            places=(points - middle) / full[_SHOULDERS],
            hands_down=bool((wrists @ up < 0.0).all()),
        )

    def _full_widths(self, widths: np.ndarray, torso: float, step: float) -> np.ndarray:
        """Widths [3] [px] that the pairs have from the front, learned from those seen."""
        if self._widths is None:
            self._widths = np.fmax(widths, torso * _FIRST_WIDTH_SHARE * _WIDTHS)
        else:
            low = self._widths * (1.0 - _NARROWER * step)
            high = self._widths * (1.0 + _WIDER * step)
            self._widths = np.fmax(np.fmax(widths, low).clip(low, high), 1e-3)
        return np.maximum(self._widths, torso * _MIN_WIDTH_SHARE * _WIDTHS)

    def _judge(self, view: _View) -> _Swaps:
        """Which pairs show the contrary of the memory."""
        if abs(self._facing) <= _SURE:
            return _Swaps()
        sign = math.copysign(1.0, self._facing)
        shown = [0.0 if math.isnan(value) else sign * value for value in view.facing.tolist()]
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
        now, before = places[[left, right]], self._places[[left, right]]
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

    def _learn(self, facing: np.ndarray, step: float) -> None:
        """Turn the memory towards what a pose shows that does not contradict it any more."""
        unsure = abs(self._facing) <= _SURE
        weights = (1.0, 1.0, _FACE_WEIGHT if unsure else 0.0)
        known = [(w, value) for w, value in zip(weights, facing.tolist()) if not math.isnan(value)]
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
