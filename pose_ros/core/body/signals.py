"""Signals of a person that may oscillate: a forearm, the head, both hands, the hips."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
import math

from pose_ros.core.body.points import PosePoints, UnseenError
from pose_ros.core.topology import SIDES, Side

# Length of a forearm with a usable direction [torsos]: shorter ones point at the camera.
_MIN_FOREARM = 0.3
# Longer ones join points that do not belong together [torsos].
_MAX_FOREARM = 0.9
# Minimum height of a beckoning wrist over its elbow [torsos].
_MIN_WRIST_HEIGHT = -0.15
# Distance of the middle of nose and eyes in front of the middle of the ears [torsos].
_FACE_DEPTH = 0.154
# Minimum width of the shoulders for head movements [torsos]: the head of a person who is turned
# farther away is not seen well enough.
_MIN_FRONTALITY = 0.4
# Smallest rise of both hands [torsos]: real lateral raises and presses have 0.4 to 1.5.
_MIN_LIFT = 0.3
# Smallest rise with upright forearms, or of one arm [torsos]: presses and pull-ups of real people
# have 0.5 to 1.5, straight arms that wave over the head up to 0.45.
_MIN_PRESS = 0.5
# Smallest dip of the hips [torsos]: a standing body's noise is up to 0.20 of 1.65 on the actor.
_MIN_DIP = 0.27
# Maximum time of half a repetition [s]: slow lateral raises and squats of real people take 2.3.
_MAX_REPETITION = 3.0
# Maximum time of half a clap [s]: wide claps of real people take 0.6.
_MAX_CLAP = 1.0
# Minimum height of the nose over the shoulders [torsos]: lower ones belong to people who bow.
_MIN_NOSE_HEIGHT = 0.06


@dataclass(frozen=True)
class Signal:
    """A named signal.

    Attributes
    ----------
    name
        Prefix of its features, as in ``nod_half_cycles``, ``nod_amplitude`` and ``nod_period``.
    measure
        Its value; None if the limb is not in a position to swing. UnseenError if it is unknown.
    of_arm
        Whether it belongs to one arm (True) or to the person.
    unit
        Of the value.
    keypoints
        Names of the keypoints that it needs, without their side for a signal of an arm.
    meaning
        What oscillates, in words.
    min_swing
        Smaller half cycles are noise [unit].
    max_time
        Maximum time of a half cycle [s].
    """

    name: str
    measure: Callable[[PosePoints, Side], float | None]
    of_arm: bool
    unit: str
    keypoints: tuple[str, ...]
    meaning: str
    min_swing: float
    max_time: float

    @property
    def sides(self) -> tuple[Side, ...]:
        """Sides of the arms that the signal is measured on; a signal of the person has one."""
        return SIDES if self.of_arm else SIDES[:1]


def _forearm_swing(points: PosePoints, side: Side) -> float | None:
    """Angle of a raised forearm from upright to the right of the image [deg]."""
    forearm = points.limb(side, 'elbow', 'wrist')
    if not _MIN_FOREARM < abs(forearm) / points.scale < _MAX_FOREARM:
        raise UnseenError('forearm')
    if forearm.imag <= 0:
        return None
    return math.degrees(math.atan2(forearm.real, forearm.imag))


def _wrist_bounce(points: PosePoints, side: Side) -> float | None:
    """Height of the wrist over the elbow [torsos]."""
    height = points.limb(side, 'elbow', 'wrist').imag / points.scale
    return height if height > _MIN_WRIST_HEIGHT else None


def _face(points: PosePoints) -> complex | None:
    """Vector from the ears to the nose and eyes [torsos]; None if turned away or bowed."""
    height = points.point('nose') - points.middle('left_shoulder', 'right_shoulder')
    if (
        points.shoulders.real < _MIN_FRONTALITY * points.scale
        or height.imag < _MIN_NOSE_HEIGHT * points.scale
    ):
        return None
    front = points.middle('nose', 'left_eye', 'right_eye')
    return (front - points.middle('left_ear', 'right_ear')) / points.scale


def _shake(points: PosePoints, _: Side) -> float | None:
    """Turn of the face to the right of the image [deg]."""
    face = _face(points)
    return None if face is None else _face_angle(face.real)


def _nod(points: PosePoints, _: Side) -> float | None:
    """Turn of the face upwards [deg]."""
    face = _face(points)
    return None if face is None else _face_angle(face.imag)


def _face_angle(offset: float) -> float:
    """Angle by which the face is turned [deg], from its offset from the ears [torsos].

    Exact near the line to the camera and too small beyond: the inverse sine would turn small
    errors into large angles there.
    """
    return math.degrees(offset / _FACE_DEPTH)


def wrists_apart(points: PosePoints, _: Side) -> float:
    """Distance between the wrists [torsos]."""
    return abs(points.point('left_wrist') - points.point('right_wrist')) / points.scale


def arm_lift(points: PosePoints, side: Side) -> float:
    """Height of the wrist over the shoulder [torsos]."""
    return points.limb(side, 'shoulder', 'wrist').imag / points.scale


def _lift(points: PosePoints, _: Side) -> float:
    """Height of the lower wrist over its shoulder [torsos]; one arm alone does not move it."""
    return min(arm_lift(points, side) for side in SIDES)


def _press(points: PosePoints, side: Side) -> float | None:
    """As `_lift`, while both forearms stay within 45 degrees of upright."""
    for each in SIDES:
        forearm = points.limb(each, 'elbow', 'wrist')
        if forearm.imag < abs(forearm.real):
            return None
    return _lift(points, side)


def _dip(points: PosePoints, _: Side) -> float:
    """Height of the hips over the lower ankle [torsos]; a foot that is lifted does not move it."""
    foot = min(points.joint(side, 'ankle').imag for side in SIDES)
    return (points.middle('left_hip', 'right_hip').imag - foot) / points.scale


_HEAD = (
    *('nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear'),
    *('left_shoulder', 'right_shoulder'),
)
_ARM = ('elbow', 'wrist')
_ARMS = tuple(f'{side}_{joint}' for side in SIDES for joint in ('shoulder', 'elbow', 'wrist'))
SIGNALS = {
    signal.name: signal
    for signal in (
        Signal(
            name='forearm_swing',
            measure=_forearm_swing,
            of_arm=True,
            unit='deg',
            keypoints=_ARM,
            meaning='raised forearm, from side to side',
            min_swing=15.0,
            max_time=3.0,
        ),
        Signal(
            name='wrist_bounce',
            measure=_wrist_bounce,
            of_arm=True,
            unit='torso',
            keypoints=_ARM,
            meaning='wrist over elbow, up and down',
            min_swing=0.12,
            max_time=1.0,
        ),
        Signal(
            name='shake',
            measure=_shake,
            of_arm=False,
            unit='deg',
            keypoints=_HEAD,
            meaning='head, from side to side',
            min_swing=17.0,
            max_time=0.8,
        ),
        Signal(
            name='nod',
            measure=_nod,
            of_arm=False,
            unit='deg',
            keypoints=_HEAD,
            meaning='head, up and down',
            min_swing=9.0,
            max_time=0.7,
        ),
        Signal(
            name='clap',
            measure=wrists_apart,
            of_arm=False,
            unit='torso',
            keypoints=('left_wrist', 'right_wrist'),
            meaning='distance between the hands',
            min_swing=0.1,
            max_time=_MAX_CLAP,
        ),
        Signal(
            name='arm_lift',
            measure=arm_lift,
            of_arm=True,
            unit='torso',
            keypoints=('shoulder', 'wrist'),
            meaning='wrist over shoulder, up and down',
            min_swing=_MIN_PRESS,
            max_time=_MAX_REPETITION,
        ),
        Signal(
            name='lift',
            measure=_lift,
            of_arm=False,
            unit='torso',
            keypoints=tuple(k for k in _ARMS if not k.endswith('elbow')),
            meaning='both hands, up and down together',
            min_swing=_MIN_LIFT,
            max_time=_MAX_REPETITION,
        ),
        Signal(
            name='press',
            measure=_press,
            of_arm=False,
            unit='torso',
            keypoints=_ARMS,
            meaning='both hands over the elbows, up and down together',
            min_swing=_MIN_PRESS,
            max_time=_MAX_REPETITION,
        ),
        Signal(
            name='dip',
            measure=_dip,
            of_arm=False,
            unit='torso',
            keypoints=('left_hip', 'right_hip', 'left_ankle', 'right_ankle'),
            meaning='hips over the lower ankle, up and down',
            min_swing=_MIN_DIP,
            max_time=_MAX_REPETITION,
        ),
    )
}
