"""The motions of the mixed scene: a few gestures, walking, crouching, lying down, a fall."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pose_ros.actor.body import ActorPose
from pose_ros.actor.motions.motion import STAND, ActorMotion, hold

WAVE_RATE = 1.4  # swings there and back per second
WALK_RATE = 0.9  # pairs of steps per second
WALK_TURN = 62.0  # how far a walker turns from the camera [deg]


def _wave(side: str) -> Callable[[float], ActorPose]:
    """Hand beside the head, the forearm swinging."""

    def pose(time: float) -> ActorPose:
        swing = 24.0 * np.sin(2 * np.pi * WAVE_RATE * time)
        return STAND._replace(
            **{f'{side}_arm': (78.0, 10.0), f'{side}_forearm': (158.0 + swing, 12.0)}
        )

    return pose


def _walk(time: float) -> ActorPose:
    """Steps of a person seen half from the side; the place moves elsewhere."""
    swing = np.sin(2 * np.pi * WALK_RATE * time)
    lift = np.cos(2 * np.pi * WALK_RATE * time)
    return STAND._replace(
        body=(0.0, WALK_TURN),
        torso=(0.0, 4.0),
        left_arm=(6.0, -24.0 * swing),
        right_arm=(6.0, 24.0 * swing),
        left_forearm=(6.0, 14.0 - 24.0 * swing),
        right_forearm=(6.0, 14.0 + 24.0 * swing),
        left_thigh=(1.0, 25.0 * swing),
        right_thigh=(1.0, -25.0 * swing),
        left_shin=(1.0, 20.0 * swing - 8.0 - 22.0 * max(lift, 0.0)),
        right_shin=(1.0, -20.0 * swing - 8.0 - 22.0 * max(-lift, 0.0)),
    )


_CROUCH = STAND._replace(
    torso=(0.0, 22.0),
    left_arm=(40.0, 40.0),
    right_arm=(40.0, 40.0),
    left_forearm=(-25.0, 50.0),
    right_forearm=(-25.0, 50.0),
    left_thigh=(48.0, 58.0),
    right_thigh=(48.0, 58.0),
    left_shin=(0.0, -22.0),
    right_shin=(0.0, -22.0),
)
_LYING = STAND._replace(left_arm=(22.0, 0.0), left_forearm=(14.0, 0.0))


def _lie_down(time: float) -> ActorPose:
    """Crouch, then over onto the side of the image's left, in two seconds and a half."""
    share = min(max((time - 1.0) / 1.5, 0.0), 1.0)
    lying = _LYING._replace(body=(-90.0, 0.0), shift=(-0.1, 0.0))
    return _CROUCH.blend(lying, share * share * (3.0 - 2.0 * share))


BASIC = {
    'stand': ActorMotion(hold()),
    'wave_left': ActorMotion(_wave('left'), upper=True),
    'wave_right': ActorMotion(_wave('right'), upper=True),
    'point_left': ActorMotion(hold(left_arm=(88.0, 0.0), left_forearm=(90.0, 0.0)), upper=True),
    'point_right': ActorMotion(hold(right_arm=(88.0, 0.0), right_forearm=(90.0, 0.0)), upper=True),
    'raise_left': ActorMotion(hold(left_arm=(166.0, 0.0), left_forearm=(174.0, 0.0)), upper=True),
    'raise_right': ActorMotion(
        hold(right_arm=(166.0, 0.0), right_forearm=(174.0, 0.0)), upper=True
    ),
    'raise_both': ActorMotion(
        hold(
            left_arm=(160.0, 0.0),
            left_forearm=(172.0, 0.0),
            right_arm=(160.0, 0.0),
            right_forearm=(172.0, 0.0),
        ),
        ramp=0.6,
        back=0.6,
        upper=True,
    ),
    't_pose': ActorMotion(
        hold(
            left_arm=(90.0, 0.0),
            left_forearm=(90.0, 0.0),
            right_arm=(90.0, 0.0),
            right_forearm=(90.0, 0.0),
        ),
        ramp=0.6,
        back=0.6,
        upper=True,
    ),
    'squat': ActorMotion(lambda time: _CROUCH, ramp=0.9, back=0.9),
    'walk': ActorMotion(_walk, ramp=0.4, back=0.4),
    'lie_down': ActorMotion(_lie_down, ramp=0.9, back=2.0),
    'fall': ActorMotion(
        lambda time: _LYING._replace(body=(90.0, 0.0), shift=(0.25, 0.0)), ramp=0.7, back=2.0
    ),
}
