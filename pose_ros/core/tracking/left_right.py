"""Left and right that a model confused, swapped back.

A model may take a person who faces the camera for one who turns the back to it: from one frame to
the next all that is left becomes right, or the arms do, or the legs. A person cannot do that: who
turns around is seen from the side in between. So the memory kept here is how far the person
faces the camera, and it changes only as fast as people turn.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
import math

import numpy as np

from pose_ros.core.models.pose import Pose
from pose_ros.core.topology import Topology

# Time [s] without the person after which they may have turned around unseen.
_LONGEST_GAP = 0.5
# The facing is 1 towards the camera, -1 away from it, 0 from the side. What it must be to be
# believed, what a pair must show against it to be called swapped, and how sure the facing must
# be where a pair shows nothing.
_SURE, _CLEAR, _SETTLED = 0.3, 0.4, 0.5
# How fast people turn [facings per second]; pairs further from the memory than a frame's turn
# and this step are a model's doubts, and change the memory slowly.
_TURN_RATE, _STEP, _DOUBT_RATE = 6.0, 0.4, 0.8
# How far shoulders and hips may differ: people do not twist further.
_DISAGREEMENT = 0.5
# Time [s] after which a model that keeps contradicting the memory is right after all: with the
# hands down, which models know well, and otherwise.
_CONVINCED_HANDS_DOWN, _CONVINCED = 0.3, 5.0
# Weight of the face over that of shoulders and of hips: the head turns on its own. It counts as
# long as nothing is sure.
_FACE_WEIGHT = 0.5
# Rates [1/s] at which the widths of the body seen from the front are learned, and the least
# widths of shoulders, hips and face over the torso's length.
_WIDER, _NARROWER = 1.0, 0.1
_MIN_WIDTHS = np.array([0.35, 0.20, 0.10])
_FIRST_WIDTHS = np.array([0.50, 0.30, 0.15])
# How much nearer to where they were before limbs must be when swapped, if their trunk's end
# shows nothing; distances are taken up to a width of the shoulders.
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
            if not 0.0 < step <= _LONGEST_GAP:
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
            self._widths = np.fmax(widths, torso * _FIRST_WIDTHS)
        else:
            least = self._widths * (1.0 - _NARROWER * step)
            most = self._widths * (1.0 + _WIDER * step)
            self._widths = np.fmax(np.fmax(widths, least).clip(least, most), 1e-3)
        return np.maximum(self._widths, torso * _MIN_WIDTHS)

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
        most = (_TURN_RATE if turning else _DOUBT_RATE) * step
        self._facing += min(max(way, -most), most)

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
