"""Limbs in space from one image: a bone that looks too short points out of the image plane.

The camera is assumed upright, and the body small against its distance (weak perspective), after
C. J. Taylor, "Reconstruction of Articulated Objects from Point
Correspondences in a Single Uncalibrated Image", 2000.
"""

from __future__ import annotations

import cmath
from dataclasses import dataclass
from functools import cached_property
import math

from pose_ros.core.anatomy import torsos
from pose_ros.core.body.points import PosePoints, UnseenError
from pose_ros.core.topology import SIDES

# Standard deviation of a joint's position over some tenths of a second [torsos], at a score of
# _GOOD_SCORE or better; measured with BlazePose full on videos of the actor (docs/evaluation).
_POSITION = 0.025
# Scores count up to this value [-].
_GOOD_SCORE = 0.9
# Time constant in which a remembered length follows longer views [s].
_RISE_TIME = 0.5
# Time constant in which it follows shorter views [s]: it is a length that is hardly ever exceeded.
_DECAY_TIME = 20.0
# Time constant in which all lengths shrink if all bones look shorter [s]: the person walks away.
_SHRINK_TIME = 1.0
# Minimum length of a bone [px].
_MIN_LENGTH = 1.0
# A bone shorter than remembered by up to this may lie in the image plane [standard deviations]:
# the remembered length is one of the longest views.
_FLAT = 3.0
# Bones that show a smaller share of their length never count as lying in the image plane [-].
_MIN_FLAT = 0.75
# The same as _FLAT beside a limb that points out of the image plane [standard deviations]: each
# degree of tilt is a degree of the joint there.
_FLAT_BESIDE = 2.0
# Relative standard deviation of a remembered length [-].
LENGTH_KNOWN = 0.1
# A joint that is bent by more than this is not straight [standard deviations].
_BENT = 3.0

BONES = {
    'trunk': ('hip', 'shoulder'),
    'upper_arm': ('shoulder', 'elbow'),
    'forearm': ('elbow', 'wrist'),
    'thigh': ('hip', 'knee'),
    'shin': ('knee', 'ankle'),
}
_JOINTS = {joint for bone in BONES.values() for joint in bone}
# Lengths [torsos].
_PROPORTIONS = {bone: torsos(start, end) for bone, (start, end) in BONES.items()}
# Lengths are at least this share of what the longest bone indicates [-].
_MIN_PROPORTION = 0.8


class BoneLengths:
    """How long one person's bones are in the image while they lie in its plane [px].

    Attributes
    ----------
    ground
        Level of the lowest joint when the person was first seen, y up [px]: levels count from
        there, so that a change of the lengths hardly moves them.
    """

    def __init__(self) -> None:
        self.ground = math.nan
        self._lengths: dict[str, float] = {}
        self._stamp: float | None = None

    def __getitem__(self, bone: str) -> float:
        """Length of a bone [px]; UnseenError if it has never been seen."""
        try:
            return self._lengths[bone]
        except KeyError:
            raise UnseenError(bone) from None

    def update(self, stamp: float, points: PosePoints) -> None:
        """Take the person at a time [s]."""
        step = 0.0 if self._stamp is None else stamp - self._stamp
        self._stamp = stamp
        seen = _seen_lengths(points)
        if seen and math.isnan(self.ground):
            joints = ((side, joint) for joint in _JOINTS for side in SIDES)
            self.ground = min(points.joint(*each).imag for each in joints if points.sees(*each))
        for bone, length in seen.items():
            known = self._lengths.setdefault(bone, length)
            time = _RISE_TIME if length > known else _DECAY_TIME
            self._lengths[bone] = known + (length - known) * -math.expm1(-step / time)
        longest = max((length / self._lengths[b] for b, length in seen.items()), default=1.0)
        if longest < 1.0:
            factor = 1.0 + (longest - 1.0) * -math.expm1(-step / _SHRINK_TIME)
            self._lengths = {bone: length * factor for bone, length in self._lengths.items()}
        size = max((length / _PROPORTIONS[b] for b, length in self._lengths.items()), default=0.0)
        for bone, length in self._lengths.items():
            self._lengths[bone] = max(length, _MIN_PROPORTION * _PROPORTIONS[bone] * size)


def _seen_lengths(points: PosePoints) -> dict[str, float]:
    """Length of each bone that is seen, the longer of the two sides [px]."""
    lengths: dict[str, float] = {}
    for bone, (start, end) in BONES.items():
        for side in SIDES:
            if points.sees(side, start) and points.sees(side, end):
                length = abs(points.limb(side, start, end))
                if length >= _MIN_LENGTH:
                    lengths[bone] = max(length, lengths.get(bone, 0.0))
    return lengths


@dataclass(frozen=True)
class Limb:
    """A bone, or several in a line, as seen from one of its ends.

    Attributes
    ----------
    seen
        In the image, y up [px].
    length
        In space [px].
    near, far
        Variances of where its ends are [px²]; the near one is the joint that it is seen from.
    score
        Minimum of its keypoints.
    """

    seen: complex
    length: float
    near: float
    far: float
    score: float

    @cached_property
    def tilt(self) -> float:
        """Angle out of the image plane [rad], 0 to 90 degrees; 0 where there may be none."""
        return self._tilt(0.0, _FLAT)

    def tilts(self, other: Limb) -> tuple[float, float]:
        """Tilt beside another limb, and that of what is seen too long by a deviation [rad]."""
        flat = _FLAT_BESIDE if other.tilt else _FLAT
        steepest = self._tilt(math.hypot(self._noise, LENGTH_KNOWN), flat)
        return self._tilt(0.0, flat), steepest

    @cached_property
    def _noise(self) -> float:
        """Standard deviation of its length in the image over its length."""
        return math.sqrt(self.near + self.far) / self.length

    def _tilt(self, too_long: float, doubt: float) -> float:
        share = max(abs(self.seen) / self.length - too_long, 0.0)
        flat = max(_MIN_FLAT, 1.0 - doubt * self._noise)
        if share >= flat:
            return 0.0
        # What is seen much too short is no doubt tilted: there the length counts as it is.
        return math.acos(share / (flat + (1.0 - flat) * (1.0 - share / flat)))


def position_variance(trunk: float, score: float) -> float:
    """Variance of a keypoint's position [px²], from the length of the trunk [px] and its score."""
    share = min(max(score, 0.2) / _GOOD_SCORE, 1.0)
    return float((_POSITION * trunk / share**2) ** 2)


def angle_between(first: Limb, second: Limb) -> tuple[float, float]:
    """Angle between two limbs at one joint, which both point to the same side of the image.

    Returns
    -------
    tuple
        Angle and standard deviation [rad].
    """
    if not first.seen or not second.seen:
        raise UnseenError('an angle at one point')
    flat = math.cos(cmath.phase(first.seen / second.seen))

    def angle(tilt: float, other: float) -> float:
        cos = flat * math.cos(tilt) * math.cos(other) + math.sin(tilt) * math.sin(other)
        return math.acos(min(max(cos, -1.0), 1.0))

    (one, one_steep), (two, two_steep) = first.tilts(second), second.tilts(first)
    best = angle(one, two)
    turn = 1 / first.length**2 + 1 / second.length**2
    turn -= 2 * math.cos(best) / (first.length * second.length)
    variance = first.far / first.length**2 + second.far / second.length**2 + first.near * turn
    variance += (angle(one_steep, two) - best) ** 2 + (angle(one, two_steep) - best) ** 2
    return best, math.sqrt(variance)


class Hinges:
    """To which side in the image one person's joints bend.

    Elbows and knees bend one way only. So a limb that looks straight but for the errors, bent to
    the side where it has not been before, is over-straight by its errors: these then have a mean
    of zero, where the plain angle, never over 180 degrees, would be too small at any error.
    """

    def __init__(self) -> None:
        self._sides: dict[str, float] = {}

    def bend(self, name: str, first: Limb, second: Limb, deviation: float) -> float | None:
        """How far a straight joint is bent [rad], below zero the wrong way; None if it is not.

        Parameters
        ----------
        name
            Of the joint.
        first, second
            The two limbs at it, as for `angle_between`.
        deviation
            Standard deviation of the angle [rad].
        """
        if first.tilt or second.tilt:
            return None
        turn = cmath.phase(first.seen / second.seen)
        bend, side = math.pi - abs(turn), math.copysign(1.0, turn)
        if bend > _BENT * deviation:
            self._sides[name] = side
            return None
        return bend * side * self._sides.get(name, side)
