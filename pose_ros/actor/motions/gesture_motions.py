"""The gestures that people make at each other and at robots, each in many styles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import asin, atan2, cos, degrees, pi, radians, sin

import numpy as np

from pose_ros.actor.body import ActorPose, Pair
from pose_ros.actor.motions.motion import STAND, ActorMotion, hold
from pose_ros.core.names import unknown_name


@dataclass(frozen=True)
class GestureStyle:
    """How a person makes a gesture.

    Attributes
    ----------
    size
        Factor on the size of swings.
    rate
        Factor on the speed of swings, and of the way into the gesture.
    lift
        How much higher than usual the arm is [deg].
    phase
        Where in the swing it begins [turns].
    facing
        How far the person is turned from the camera towards the image's right [deg]; what is
        meant for the camera goes there all the same.
    """

    size: float = 1.0
    rate: float = 1.0
    lift: float = 0.0
    phase: float = 0.0
    facing: float = 0.0

    @classmethod
    def drawn(cls, rng: np.random.Generator, facing: float = 0.0) -> GestureStyle:
        """Some style or other."""
        return cls(
            size=float(rng.uniform(0.75, 1.3)),
            rate=float(rng.uniform(0.75, 1.35)),
            lift=float(rng.uniform(-10.0, 10.0)),
            phase=float(rng.uniform()),
            facing=facing,
        )

    def swing(self, time: float, rate: float, size: float) -> float:
        """Where a swing of so many times per second and of such a size is at a time [s]."""
        return self.size * size * sin(2 * pi * (self.rate * rate * time + self.phase))


@dataclass(frozen=True)
class Performance:
    """A gesture in one style.

    Attributes
    ----------
    motion
        To act.
    known
        From the motion's onset until one can know the gesture [s]: the pose is reached; a hand
        has swung there and back; a head there, back and there again, for once is only a look.
    """

    motion: ActorMotion
    known: float


def perform(name: str, style: GestureStyle) -> Performance:
    """Gesture of a name, 'wave_left' or another one of `PERFORMED`, in a style."""
    try:
        make = PERFORMED[name]
    except KeyError:
        raise ValueError(unknown_name('gesture', name, PERFORMED)) from None
    return make(style)


def _held(style: GestureStyle, ramp: float = 0.5, /, **angles: Pair) -> Performance:
    """Pose that is taken and kept."""
    ramp /= style.rate
    return Performance(ActorMotion(hold(**angles), ramp, ramp, upper=True), ramp)


def _swung(
    style: GestureStyle,
    rate: float,
    pose: Callable[[float], ActorPose],
    ramp: float = 0.5,
    swings: float = 1.0,
) -> Performance:
    """Swings of so many times per second, on the way into the pose already."""
    ramp /= style.rate
    return Performance(
        ActorMotion(pose, ramp, ramp, upper=True), ramp + swings / (rate * style.rate)
    )


def _arm(side: str, arm: Pair, forearm: Pair | None = None) -> dict[str, Pair]:
    """Angles of one arm; straight without those of the forearm."""
    return {f'{side}_arm': arm, f'{side}_forearm': arm if forearm is None else forearm}


def _arms(arm: Pair, forearm: Pair | None = None) -> dict[str, Pair]:
    """Angles of both arms."""
    return _arm('left', arm, forearm) | _arm('right', arm, forearm)


def _ahead(side: str, facing: float, elevation: float = 0.0) -> Pair:
    """Angles of a limb that points at the camera, so far above the level [deg]."""
    turned, up = radians(facing), radians(elevation)
    outwards = -sin(turned) * cos(up) * (1 if side == 'left' else -1)
    forward = degrees(asin(cos(turned) * cos(up)))
    sideways = degrees(atan2(outwards, -sin(up)))
    # The same direction from the other end, where that is nearer to a hanging arm.
    if abs(sideways) > 90:
        sideways, forward = sideways - 180 * (1 if sideways > 0 else -1), 180 - forward
    return sideways, forward


def _wave(*sides: str) -> Callable[[GestureStyle], Performance]:
    """Hands at the height of the head or the shoulders, the forearms swinging."""

    def make(style: GestureStyle) -> Performance:
        def pose(time: float) -> ActorPose:
            swing = style.swing(time, 1.4, 24.0)
            upper, fore = 72.0 + 3.0 * style.lift, 156.0 + style.lift
            arms: dict[str, Pair] = {}
            for side, sign in zip(sides, (1, -1)):
                arms |= _arm(side, (upper, 10.0), (fore + sign * swing, 12.0))
            return STAND._replace(**arms)

        return _swung(style, 1.4, pose)

    return make


def _raise(*sides: str) -> Callable[[GestureStyle], Performance]:
    """Hands up: with the elbows bent where the style is low, else straight up."""

    def make(style: GestureStyle) -> Performance:
        straight = style.lift >= 0
        arm: Pair = (158.0 + style.lift, 0.0) if straight else (120.0 + 1.5 * style.lift, 0.0)
        forearm: Pair = (168.0 + 0.5 * style.lift, 0.0) if straight else (172.0, 0.0)
        arms = [_arm(side, arm, forearm) for side in sides]
        return _held(style, **{k: v for angles in arms for k, v in angles.items()})

    return make


def _point_aside(side: str) -> Callable[[GestureStyle], Performance]:
    """Arm stretched out to its own side."""
    return lambda style: _held(style, **_arm(side, (90.0 + style.lift, 0.0)))


def _point_up(side: str) -> Callable[[GestureStyle], Performance]:
    """Arm stretched obliquely upwards."""
    return lambda style: _held(style, **_arm(side, (136.0 + 0.6 * style.lift, 5.0)))


def _point_at_camera(side: str) -> Callable[[GestureStyle], Performance]:
    """Arm stretched towards the camera, the hand along it."""
    return lambda style: _held(style, **_arm(side, _ahead(side, style.facing, style.lift / 2)))


def _stop(side: str) -> Callable[[GestureStyle], Performance]:
    """Arm stretched towards the camera, the fingers up."""

    def make(style: GestureStyle) -> Performance:
        sideways, forward = _ahead(side, style.facing, style.lift)
        # Whatever the forearm's angles are, the hand's own are those of straight up.
        hand = (180.0 - sideways, -forward)
        return _held(style, **_arm(side, (sideways, forward)), **{f'{side}_hand': hand})

    return make


def _come_here(side: str) -> Callable[[GestureStyle], Performance]:
    """Forearm that swings from the camera up to oneself and back."""

    def make(style: GestureStyle) -> Performance:
        def pose(time: float) -> ActorPose:
            lifted = 38.0 + style.lift + style.swing(time, 1.3, 32.0)
            upper = 18.0, 25.0 + style.lift
            return STAND._replace(**_arm(side, upper, _ahead(side, style.facing, lifted)))

        return _swung(style, 1.3, pose)

    return make


def _t_pose(style: GestureStyle) -> Performance:
    """Both arms stretched out."""
    return _held(style, 0.6, **_arms((90.0 + style.lift, 0.0)))


def _arms_crossed(style: GestureStyle) -> Performance:
    """Forearms across the chest, each hand at the other elbow."""
    forearm = -(88.0 + style.lift)
    left = _arm('left', (6.0, 28.0), (forearm, 6.0))
    right = _arm('right', (6.0, 28.0), (forearm, 18.0))
    return _held(style, 0.6, **left, **right)


def _hands_on_hips(style: GestureStyle) -> Performance:
    """Elbows out, hands at the waist."""
    out = 44.0 + 0.6 * style.lift
    return _held(style, 0.6, **_arms((out, -12.0), (-out, 12.0)))


def _clap(style: GestureStyle) -> Performance:
    """Hands that meet in front of the chest."""

    def pose(time: float) -> ActorPose:
        apart = 0.5 * (1.0 - cos(2 * pi * (2.2 * style.rate * time + style.phase)))
        arm, inwards = (2.0, 34.0 + style.lift), 42.0 + 34.0 * style.size * apart
        return STAND._replace(**_arms(arm, (-100.0, inwards)))

    return _swung(style, 2.2, pose)


def _bow(style: GestureStyle) -> Performance:
    """Trunk forwards and down, the arms at the sides."""
    bend = 30.0 + 14.0 * style.size
    return _held(style, 0.8, torso=(0.0, bend), **_arms((8.0, bend * 0.6)))


def _head_shake(style: GestureStyle) -> Performance:
    """Head that turns to and fro."""
    return _swung(
        style,
        1.4,
        lambda time: STAND._replace(head=(0.0, style.swing(time, 1.4, 28.0))),
        ramp=0.25,
        swings=1.5,
    )


def _nod(style: GestureStyle) -> Performance:
    """Head that goes down and up."""
    return _swung(
        style,
        1.5,
        lambda time: STAND._replace(neck=(0.0, 10.0 + style.swing(time, 1.5, 16.0))),
        ramp=0.25,
        swings=1.5,
    )


PERFORMED: dict[str, Callable[[GestureStyle], Performance]] = {
    'wave_left': _wave('left'),
    'wave_right': _wave('right'),
    'wave_both': _wave('left', 'right'),
    'raise_left': _raise('left'),
    'raise_right': _raise('right'),
    'raise_both': _raise('left', 'right'),
    'point_left': _point_aside('left'),
    'point_right': _point_aside('right'),
    'point_up_left': _point_up('left'),
    'point_up_right': _point_up('right'),
    'point_at_camera_left': _point_at_camera('left'),
    'point_at_camera_right': _point_at_camera('right'),
    'stop_left': _stop('left'),
    'stop_right': _stop('right'),
    'come_here_left': _come_here('left'),
    'come_here_right': _come_here('right'),
    't_pose': _t_pose,
    'arms_crossed': _arms_crossed,
    'hands_on_hips': _hands_on_hips,
    'clap': _clap,
    'bow': _bow,
    'head_shake': _head_shake,
    'nod': _nod,
}
"""Gestures by name, in any style."""

# In the usual style; those of the mixed scene are among the basic motions.
_BASIC = ('wave_left', 'wave_right', 'raise_left', 'raise_right', 'raise_both', 'point_left',
          'point_right', 't_pose')  # fmt: skip
GESTURES = {name: perform(name, GestureStyle()).motion for name in PERFORMED if name not in _BASIC}
