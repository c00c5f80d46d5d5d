"""Limbs and joint angles of a person in one frame, with their uncertainty."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
import math

from pose_ros.core.body.angles import JointAngles
from pose_ros.core.body.limbs import (
    BONES,
    BoneLengths,
    Hinges,
    Limb,
    angle_between,
    position_variance,
)
from pose_ros.core.body.points import WIDTH_OF_TORSO, PosePoints, UnseenError
from pose_ros.core.topology import SIDES, Side

SideReader = Callable[['Form', Side], 'Reading']
"""Reads a measure of one side; UnseenError if it is not observed."""

# Errors in depth bend a straight limb by up to this many standard deviations.
_STRAIGHT = 2.0


@dataclass(frozen=True)
class Reading:
    """A measured value.

    Attributes
    ----------
    value
        In the unit of the measure.
    deviation
        Its standard deviation.
    confidence
        Least score of the keypoints that it rests on, 0 to 1.
    """

    value: float
    deviation: float
    confidence: float


class Form:
    """The limbs and joint angles of a person in one frame, with their uncertainty.

    Angles are lifted out of the image plane by the lengths of the bones, and combined with
    positions in space if there are any.

    Parameters
    ----------
    points
        The person.
    lengths
        Of the person's bones, updated with this frame.
    hinges
        Of the person's joints.
    angles
        Of the person in this frame; angles in space are combined with those of the image.

    Attributes
    ----------
    readings
        Values of measures by name, filled by `Measure.reading`.
    """

    def __init__(
        self, points: PosePoints, lengths: BoneLengths, hinges: Hinges, angles: JointAngles
    ) -> None:
        self.points, self.lengths, self.hinges, self.angles = points, lengths, hinges, angles
        self.readings: dict[str, Reading | None] = {}
        self._sides: dict[SideReader, dict[Side, Reading]] = {}
        self._variances: dict[str, float] = {}

    def sides(self, read: SideReader) -> dict[Side, Reading]:
        """Readings of the sides that are observed, left before right."""
        if read not in self._sides:
            readings = self._sides[read] = {}
            for side in SIDES:
                with suppress(UnseenError):
                    readings[side] = read(self, side)
        return self._sides[read]

    def joint(self, name: str, first: Limb, second: Limb) -> Reading:
        """Angle at a joint [deg]: in the image, or in space where that is known better.

        Over 180 where a straight limb is bent the wrong way by its errors.
        """
        angle, deviation = angle_between(first, second)
        score = min(first.score, second.score)
        bend = self.hinges.bend(name, first, second, deviation)
        # Errors in depth bend a straight limb, and never straighten it: so the image counts.
        if bend is not None and self._straight_in_space(name):
            return Reading(math.degrees(math.pi - bend), math.degrees(deviation), score)
        return self.better(name, angle, deviation, score)

    def _straight_in_space(self, name: str) -> bool:
        """Whether a joint may be straight, for all that positions in space tell."""
        if not self.angles.in_space:
            return True
        index = self.angles.index(name)
        angle, deviation = self.angles.angles[index], self.angles.deviations[index]
        # Nothing is known where this is NaN.
        return not math.pi - angle > _STRAIGHT * deviation

    def better(self, name: str, angle: float, deviation: float, score: float) -> Reading:
        """Angle [deg] of a name in `JointAngles`, as the image [rad] and space say.

        Their mean by their certainty, and no surer than the surer: their errors go together.
        """
        angles = self.angles
        if angles.in_space:
            index = angles.index(name)
            other, in_space = float(angles.angles[index]), float(angles.deviations[index])
            if math.isfinite(other) and in_space > 0:
                weight = deviation**2 / (deviation**2 + in_space**2)
                angle += weight * (other - angle)
                deviation = min(deviation, in_space)
        return Reading(math.degrees(angle), math.degrees(deviation), score)

    def limb(self, bone: str, side: Side, reverse: bool = False) -> Limb:
        """Bone of one side, from its first end or (reverse) its second.

        UnseenError if it is not observed.
        """
        start, end = BONES[bone][:: -1 if reverse else 1]
        seen = self.points.limb(side, start, end)
        start, end = f'{side}_{start}', f'{side}_{end}'
        length = max(self.lengths[bone], abs(seen))
        score = min(self.points.scores[start], self.points.scores[end])
        return Limb(seen, length, self._variance(start), self._variance(end), score)

    def _variance(self, name: str) -> float:
        """Variance of a keypoint's position [px²]."""
        if name not in self._variances:
            score = self.points.scores[name]
            self._variances[name] = position_variance(self.torso, score)
        return self._variances[name]

    @cached_property
    def trunk(self) -> Limb:
        """From hips to shoulders; of one side where only that is seen."""
        sides = [limb for side in SIDES if (limb := self._try_limb('trunk', side)) is not None]
        if not sides:
            raise UnseenError('trunk')
        count = len(sides)
        seen = sum(limb.seen for limb in sides) / count
        near, far = (sum(v) / count**2 for v in zip(*((s.near, s.far) for s in sides)))
        return Limb(
            seen, max(self.lengths['trunk'], abs(seen)), near, far, min(s.score for s in sides)
        )

    def _try_limb(self, bone: str, side: Side) -> Limb | None:
        try:
            return self.limb(bone, side)
        except UnseenError:
            return None

    @cached_property
    def torso(self) -> float:
        """Length of the trunk [px]."""
        return self.lengths['trunk']

    @cached_property
    def leg(self) -> float:
        """Length of a leg [px]."""
        return self.lengths['thigh'] + self.lengths['shin']

    @cached_property
    def frontality(self) -> float:
        """0 in a side view, 1 from the front or from behind."""
        return min(1.0, abs(self.points.shoulders.real) / (WIDTH_OF_TORSO * self.torso))

    @cached_property
    def laterality(self) -> float:
        """1 in a side view, 0 from the front or from behind."""
        return math.sqrt(1.0 - self.frontality**2)

    def noise(self, *names: str) -> tuple[float, float]:
        """Standard deviation of the difference of keypoints [px], and their least score."""
        scores = [self.points.scores[name] for name in names]
        return math.sqrt(sum(map(self._variance, names))), min(scores)

    def apart(self, joint: str) -> complex:
        """From the right joint to the left one [px]."""
        return self.points.joint('left', joint) - self.points.joint('right', joint)
