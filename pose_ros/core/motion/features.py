"""Named features of a person: the words in which gestures are described.

Lengths are in torsos (shoulders to hips), so that neither the person's size nor the distance
matters. Heights and angles are those of the picture: the camera is taken to stand upright.
"""

from __future__ import annotations

import cmath
from collections.abc import Callable
from dataclasses import dataclass
import math

from pose_ros.core.motion.history import History
from pose_ros.core.motion.moment import Moment, Side, UnseenError


@dataclass(frozen=True)
class Feature:
    """A named quantity.

    Attributes
    ----------
    name
        As in the rules.
    measure
        Computes it; UnseenError if it cannot be known.
    of_arm
        Whether it belongs to one arm or to the person.
    unit
        Of the value.
    keypoints
        Names of the keypoints that it rests on, without their side if it is an arm's.
    meaning
        One line.
    """

    name: str
    measure: Callable[[Moment, Side], float]
    of_arm: bool
    unit: str
    keypoints: tuple[str, ...]
    meaning: str

    def rests_on(self, side: Side) -> tuple[str, ...]:
        """Names of the keypoints that it rests on."""
        if not self.of_arm:
            return self.keypoints
        return tuple(k if k == 'nose' else f'{side}_{k}' for k in self.keypoints)


FEATURES: dict[str, Feature] = {}
_Measure = Callable[[Moment, Side], float]


def _feature(unit: str, *keypoints: str, of_arm: bool = True) -> Callable[[_Measure], _Measure]:
    """Enter a function under its name in the table of features."""

    def enter(measure: _Measure) -> _Measure:
        meaning = (measure.__doc__ or '').strip()
        name = measure.__name__
        FEATURES[name] = Feature(name, measure, of_arm, unit, keypoints, meaning)
        return measure

    return enter


def _angle_between(first: complex, second: complex) -> float:
    """Angle between two vectors [deg], 0 to 180."""
    if not first or not second:
        raise UnseenError('an angle at one point')
    return abs(math.degrees(cmath.phase(first / second)))


def _elevation(vector: complex) -> float:
    """Angle of a vector above the horizontal [deg], -90 to 90."""
    return math.degrees(math.atan2(vector.imag, abs(vector.real)))


@_feature('deg', 'shoulder', 'elbow', 'wrist')
def elbow_angle(moment: Moment, side: Side) -> float:
    """Angle at the elbow; 180 is a straight arm."""
    return _angle_between(
        moment.limb(side, 'elbow', 'shoulder'), moment.limb(side, 'elbow', 'wrist')
    )


@_feature('deg', 'shoulder', 'elbow', 'hip')
def shoulder_angle(moment: Moment, side: Side) -> float:
    """Angle between upper arm and trunk; 0 hangs, 90 is stretched out."""
    return _angle_between(
        moment.limb(side, 'shoulder', 'elbow'), moment.limb(side, 'shoulder', 'hip')
    )


@_feature('deg', 'shoulder', 'wrist')
def arm_elevation(moment: Moment, side: Side) -> float:
    """Line from shoulder to wrist above the horizontal; -90 hangs, 90 is straight up."""
    return _elevation(moment.limb(side, 'shoulder', 'wrist'))


@_feature('deg', 'elbow', 'wrist')
def forearm_elevation(moment: Moment, side: Side) -> float:
    """Forearm above the horizontal; -90 hangs, 90 is straight up."""
    return _elevation(moment.limb(side, 'elbow', 'wrist'))


@_feature('torso', 'shoulder', 'wrist')
def wrist_height(moment: Moment, side: Side) -> float:
    """Wrist above the shoulder."""
    return moment.limb(side, 'shoulder', 'wrist').imag / moment.scale


@_feature('torso', 'elbow', 'wrist')
def wrist_over_elbow(moment: Moment, side: Side) -> float:
    """Wrist above the elbow."""
    return moment.limb(side, 'elbow', 'wrist').imag / moment.scale


@_feature('torso', 'hip', 'wrist')
def wrist_over_hip(moment: Moment, side: Side) -> float:
    """Wrist above the hip."""
    return moment.limb(side, 'hip', 'wrist').imag / moment.scale


@_feature('torso', 'nose', 'wrist')
def wrist_over_nose(moment: Moment, side: Side) -> float:
    """Wrist above the nose."""
    return (moment.joint(side, 'wrist') - moment.point('nose')).imag / moment.scale


@_feature('torso', 'nose', 'wrist')
def wrist_to_nose(moment: Moment, side: Side) -> float:
    """Distance from wrist to nose."""
    return abs(moment.joint(side, 'wrist') - moment.point('nose')) / moment.scale


@_feature('torso', 'shoulder', 'wrist')
def reach_left(moment: Moment, side: Side) -> float:
    """Wrist from its shoulder towards the person's left."""
    return moment.towards_left(moment.limb(side, 'shoulder', 'wrist'))


@_feature('torso', 'shoulder', 'wrist')
def reach_right(moment: Moment, side: Side) -> float:
    """Wrist from its shoulder towards the person's right."""
    return -reach_left(moment, side)


@_feature('torso', 'shoulder', 'wrist')
def reach_out(moment: Moment, side: Side) -> float:
    """Wrist from its shoulder towards the arm's own side, away from the body."""
    return reach_left(moment, side) * (1 if side == 'left' else -1)


@_feature('', 'shoulder', 'elbow', 'wrist')
def straightness(moment: Moment, side: Side) -> float:
    """Distance from shoulder to wrist over the arm's length; 1 is straight."""
    upper, fore = moment.limb(side, 'shoulder', 'elbow'), moment.limb(side, 'elbow', 'wrist')
    length = abs(upper) + abs(fore)
    if not length:
        raise UnseenError('arm')
    return abs(upper + fore) / length


@_feature('torso', 'shoulder', 'elbow', 'wrist')
def arm_length(moment: Moment, side: Side) -> float:
    """Length of the arm in the picture; short where it points at the camera."""
    upper, fore = moment.limb(side, 'shoulder', 'elbow'), moment.limb(side, 'elbow', 'wrist')
    return (abs(upper) + abs(fore)) / moment.scale


@_feature('torso', 'shoulder', 'wrist')
def wrist_travel(moment: Moment, side: Side) -> float:
    """How far the wrist has moved against the shoulder in the last 0.4 s."""
    return _past(moment).travel(side)


@_feature('torso/s', 'shoulder', 'wrist')
def wrist_speed(moment: Moment, side: Side) -> float:
    """Mean speed of the wrist against the shoulder over the last 0.2 s."""
    return _past(moment).speed(side)


@_feature('', 'elbow', 'wrist')
def sway_passes(moment: Moment, side: Side) -> float:
    """How often the raised forearm has swung from side to side, without a rest."""
    return _past(moment).sway[side].passes


@_feature('deg', 'elbow', 'wrist')
def sway_amplitude(moment: Moment, side: Side) -> float:
    """Least angle of the last three of these swings."""
    return _past(moment).sway[side].amplitude


@_feature('s', 'elbow', 'wrist')
def sway_period(moment: Moment, side: Side) -> float:
    """Time of a swing there and back."""
    return _past(moment).sway[side].period


@_feature('deg', of_arm=False)
def lean(moment: Moment, _: Side) -> float:
    """Trunk against the vertical; where no hip is seen, the shoulders against the level."""
    try:
        return _angle_between(moment.trunk, 1j)
    except UnseenError:
        return abs(_elevation(moment.shoulders))


@_feature('torso', 'left_shoulder', 'right_shoulder', of_arm=False)
def frontality(moment: Moment, _: Side) -> float:
    """Width of the shoulders: about 0.7 facing the camera, -0.7 with the back to it."""
    return moment.shoulders.real / moment.scale


def _past(moment: Moment) -> History:
    if moment.history is None:
        raise UnseenError('the past')
    return moment.history
