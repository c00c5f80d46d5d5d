"""Named signals of a person that may swing to and fro: a forearm, a head, two hands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
import math

from pose_ros.core.body.pose_geometry import Moment, Side, UnseenError

# A shorter forearm [torsos] points at the camera, its angle is noise; a longer one joins points
# that do not belong together.
_FOREARM = (0.3, 0.9)
# A forearm that hangs lower than this is not beckoning [torsos].
_LOWERED = -0.15
# How far the middle of nose and eyes lies before that of the ears [torsos].
_FACE = 0.154
# Shoulders that look narrower [torsos] are turned away too far to see how the head moves.
_FACING = 0.4
# A nose that is less above the shoulders [torsos] is that of somebody who bows.
_UPRIGHT = 0.06


@dataclass(frozen=True)
class Signal:
    """A named signal.

    Attributes
    ----------
    name
        Its features are called so: sway_passes, sway_amplitude, sway_period.
    measure
        Its value; None where the limb is not in the position to swing; UnseenError if it
        cannot be known.
    of_arm
        Whether it belongs to one arm or to the person.
    unit
        Of the value.
    keypoints
        Names of the keypoints that it rests on, without their side if it is an arm's.
    meaning
        What swings, in words.
    least_pass
        Swings smaller than this are noise.
    longest_pass
        Slower swings are none [s].
    """

    name: str
    measure: Callable[[Moment, Side], float | None]
    of_arm: bool
    unit: str
    keypoints: tuple[str, ...]
    meaning: str
    least_pass: float
    longest_pass: float


def _sway(moment: Moment, side: Side) -> float | None:
    """Raised forearm, from upright to the picture's right [deg]."""
    forearm = moment.limb(side, 'elbow', 'wrist')
    if not _FOREARM[0] < abs(forearm) / moment.scale < _FOREARM[1]:
        raise UnseenError('forearm')
    if forearm.imag <= 0:
        return None
    return math.degrees(math.atan2(forearm.real, forearm.imag))


def _pump(moment: Moment, side: Side) -> float | None:
    """Wrist above the elbow [torsos]."""
    height = moment.limb(side, 'elbow', 'wrist').imag / moment.scale
    return height if height > _LOWERED else None


def _face(moment: Moment) -> complex | None:
    """Middle of nose and eyes, from that of the ears [torsos]; None if turned away or bowed."""
    height = moment.point('nose') - moment.middle('left_shoulder', 'right_shoulder')
    if moment.shoulders.real < _FACING * moment.scale or height.imag < _UPRIGHT * moment.scale:
        return None
    front = moment.middle('nose', 'left_eye', 'right_eye')
    return (front - moment.middle('left_ear', 'right_ear')) / moment.scale


def _shake(moment: Moment, _: Side) -> float | None:
    """Face turned to the picture's right [deg]."""
    face = _face(moment)
    return None if face is None else _angle(face.real)


def _nod(moment: Moment, _: Side) -> float | None:
    """Face turned up [deg]."""
    face = _face(moment)
    return None if face is None else _angle(face.imag)


def _angle(way: float) -> float:
    """How far the face is turned [deg] where its middle has gone so far from the ears'.

    True near the line to the camera; less than true beyond, where the inverse of the sine would
    make great angles of small errors.
    """
    return math.degrees(way / _FACE)


def wrists_apart(moment: Moment, _: Side) -> float:
    """Distance between the wrists [torsos]."""
    return abs(moment.point('left_wrist') - moment.point('right_wrist')) / moment.scale


_HEAD = (
    *('nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear'),
    *('left_shoulder', 'right_shoulder'),
)
_ARM = ('elbow', 'wrist')
SIGNALS = {
    signal.name: signal
    for signal in (
        Signal('sway', _sway, True, 'deg', _ARM, 'raised forearm, from side to side', 15, 3.0),
        Signal('pump', _pump, True, 'torso', _ARM, 'wrist over elbow, up and down', 0.12, 1.0),
        Signal('shake', _shake, False, 'deg', _HEAD, 'head, from side to side', 17, 0.8),
        Signal('nod', _nod, False, 'deg', _HEAD, 'head, up and down', 9, 0.7),
        Signal(
            'clap',
            wrists_apart,
            False,
            'torso',
            ('left_wrist', 'right_wrist'),
            'distance between the hands',
            0.1,
            0.6,
        ),
    )
}  # fmt: skip
