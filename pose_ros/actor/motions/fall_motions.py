"""Falls, and what looks like one.

All are courses of poses: from one key to the next with the speed of a person who moves, or ever
faster, as a person falls.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from math import cos, radians, sin

from pose_ros.actor.body import ActorPose, Pair
from pose_ros.actor.motions.motion import SIT, STAND, ActorMotion
from pose_ros.core.topology import OTHER, Side

# The hips of a person who tips over stiffly go aside by half of the body's height.
_LEVER = 0.47
# A bed's or a couch's surface [heights].
_BED = 0.26


@dataclass(frozen=True)
class Key:
    """A pose at a time of a course.

    Attributes
    ----------
    time
        Since the onset [s].
    pose
        With its tip, not its turn: that is the way in which the whole course is done.
    falling
        Whether the way here gets ever faster and ends suddenly.
    """

    time: float
    pose: ActorPose
    falling: bool = False


Keys = tuple[Key, ...]


def course(keys: Keys, turn: float = 0.0, pace: float = 1.0, ramp: float = 0.15) -> ActorMotion:
    """Motion through the keys, then staying at the last.

    Parameters
    ----------
    keys
        The first at 0 s.
    turn
        From the camera towards the image's right [deg].
    pace
        Twice the pace takes half of the time.
    ramp
        Time to get into the first of the keys, from another pose [s].
    """
    times = [key.time / pace for key in keys]

    def pose(time: float) -> ActorPose:
        number = min(max(bisect_right(times, time), 1), len(keys) - 1)
        before, after = keys[number - 1], keys[number]
        start, end = times[number - 1], times[number]
        share = min(max((time - start) / (end - start), 0.0), 1.0)
        share = share * share if after.falling else share * share * (3.0 - 2.0 * share)
        return _placed(before.pose.blend(after.pose, share), turn)

    return ActorMotion(pose, ramp=ramp, back=2.0)


def _placed(pose: ActorPose, turn: float) -> ActorPose:
    """Pose turned, with the hips where its tip takes them."""
    left, forwards = (sin(radians(angle)) * _LEVER for angle in pose.tip)
    aside = left * cos(radians(turn)) + forwards * sin(radians(turn))
    shift = (pose.shift[0] + aside, pose.shift[1])
    return pose._replace(body=(pose.body[0], pose.body[1] + turn), shift=shift)


def _arms(arm: Pair, forearm: Pair) -> dict[str, Pair]:
    return {
        'left_arm': arm,
        'right_arm': arm,
        'left_forearm': forearm,
        'right_forearm': forearm,
    }


def _legs(thigh: Pair, shin: Pair) -> dict[str, Pair]:
    return {'left_thigh': thigh, 'right_thigh': thigh, 'left_shin': shin, 'right_shin': shin}


_CROUCH = STAND._replace(
    torso=(0.0, 30.0), **_legs((14.0, 100.0), (4.0, -42.0)), **_arms((14.0, 50.0), (0.0, 60.0))
)
_SQUAT = STAND._replace(
    torso=(0.0, 32.0), **_legs((16.0, 74.0), (4.0, -28.0)), **_arms((10.0, 60.0), (4.0, 80.0))
)
_KNEES = STAND._replace(**_legs((4.0, 10.0), (2.0, -88.0)))
_ONE_KNEE = STAND._replace(
    torso=(0.0, 14.0),
    left_thigh=(6.0, 86.0),
    left_shin=(2.0, -4.0),
    right_thigh=(6.0, 6.0),
    right_shin=(2.0, -88.0),
)
_FOURS = STAND._replace(
    tip=(0.0, 84.0), **_legs((2.0, 86.0), (2.0, -4.0)), **_arms((4.0, 88.0), (4.0, 88.0))
)
_ON_GROUND = STAND._replace(
    torso=(0.0, 8.0), **_legs((10.0, 86.0), (6.0, 84.0)), **_arms((16.0, 20.0), (4.0, 40.0))
)
_KNEES_UP = STAND._replace(
    torso=(0.0, 4.0), **_legs((8.0, 128.0), (4.0, 38.0)), **_arms((20.0, 20.0), (4.0, 50.0))
)
_LEANING_BACK = STAND._replace(
    torso=(0.0, -38.0), **_legs((14.0, 110.0), (6.0, 60.0)), **_arms((30.0, -40.0), (20.0, -30.0))
)
_ON_BACK = STAND._replace(tip=(0.0, -89.0), **_arms((34.0, 0.0), (20.0, 8.0)))
_ON_FRONT = STAND._replace(tip=(0.0, 88.0), **_arms((130.0, 6.0), (160.0, 8.0)))
_ON_LEFT = STAND._replace(
    tip=(88.0, 0.0), **_legs((0.0, 26.0), (0.0, -20.0)), **_arms((10.0, 50.0), (0.0, 70.0))
)
_CURLED = _ON_LEFT._replace(**_legs((0.0, 80.0), (0.0, 40.0)))
_ON_RIGHT = _ON_LEFT._replace(tip=(-88.0, 0.0))
_ON_SIDE = STAND._replace(**_arms((24.0, 30.0), (8.0, 50.0)))
_SLUMPED = _CROUCH._replace(torso=(10.0, 52.0), tip=(18.0, 0.0), neck=(0.0, 30.0))
_REACHING = _arms((20.0, 90.0), (14.0, 96.0))
_PLANK = STAND._replace(tip=(0.0, 76.0), **_arms((8.0, 84.0), (8.0, 84.0)))
_PLANK_LOW = STAND._replace(tip=(0.0, 85.0), **_arms((60.0, -10.0), (6.0, 84.0)))


def _step(side: Side, bend: float) -> ActorPose:
    """Long step with one leg, the trunk ahead."""
    other = OTHER[side]
    return STAND._replace(
        torso=(0.0, bend),
        **{
            f'{side}_thigh': (2.0, 34.0),
            f'{side}_shin': (1.0, 4.0),
            f'{other}_thigh': (2.0, -20.0),
            f'{other}_shin': (1.0, -40.0),
            **_arms((30.0, 30.0), (20.0, 50.0)),
        },
    )


def _lifted(pose: ActorPose, up: float = _BED) -> ActorPose:
    """Pose on a bed."""
    return pose._replace(shift=(pose.shift[0], up))


FALL_KEYS: dict[str, Keys] = {
    'fall_left': (Key(0.0, STAND), Key(0.85, _ON_LEFT, falling=True)),
    'fall_right': (Key(0.0, STAND), Key(0.85, _ON_RIGHT, falling=True)),
    'fall_forwards': (
        Key(0.0, STAND),
        Key(0.9, _ON_FRONT, falling=True),
    ),
    'fall_backwards': (
        Key(0.0, STAND),
        Key(
            0.5,
            STAND._replace(
                tip=(0.0, -22.0), torso=(0.0, 24.0), **_legs((4.0, 46.0), (2.0, 0.0))
            ),
            falling=True,
        ),
        Key(0.95, _ON_BACK),
    ),
    # Arms stretched out ahead, as one falls over a step.
    'trip': (
        Key(0.0, _step('left', 8.0)),
        Key(0.25, _step('right', 30.0)._replace(tip=(0.0, 14.0), **_REACHING)),
        Key(0.75, _ON_FRONT._replace(**_arms((24.0, 150.0), (14.0, 160.0))), falling=True),
    ),
    'stumble': (
        Key(0.0, _step('left', 6.0)),
        Key(0.3, _step('right', 24.0)),
        Key(0.6, _step('left', 44.0)),
        Key(0.85, _SQUAT._replace(tip=(0.0, 30.0), torso=(0.0, 40.0))),
        Key(1.35, _ON_FRONT, falling=True),
    ),
    # The knees give way.
    'collapse': (
        Key(0.0, STAND),
        Key(0.55, _SLUMPED, falling=True),
        Key(1.0, _ON_LEFT),
    ),
    'onto_knees': (
        Key(0.0, STAND),
        Key(0.5, _KNEES, falling=True),
        Key(1.15, _ON_FRONT, falling=True),
    ),
    'onto_seat': (
        Key(0.0, STAND),
        Key(0.75, _LEANING_BACK, falling=True),
        Key(1.5, _ON_BACK),
    ),
    'slide_down_wall': (
        Key(0.0, STAND),
        Key(1.1, _KNEES_UP),
        Key(1.3, _KNEES_UP),
        Key(1.95, _CURLED._replace(tip=(-88.0, 0.0))),
    ),
    'fall_from_chair': (
        Key(0.0, SIT),
        Key(0.3, SIT._replace(tip=(16.0, 0.0))),
        Key(0.85, _ON_LEFT._replace(**_legs((4.0, 60.0), (2.0, -10.0))), falling=True),
    ),
    'slip_from_chair': (
        Key(0.0, SIT),
        Key(0.6, _LEANING_BACK, falling=True),
        Key(1.1, _ON_BACK),
    ),
}  # fmt: skip
"""Falls by name; the last two are from a chair."""

LOW_FALL_KEYS: dict[str, Keys] = {
    'fall_out_of_bed': (
        Key(0.0, _lifted(_ON_BACK)),
        Key(0.6, _lifted(_ON_BACK._replace(shift=(0.15, 0.0)))),
        Key(0.9, _ON_BACK._replace(shift=(0.25, 0.0)), falling=True),
    ),
    'topple_on_ground': (Key(0.0, _ON_GROUND), Key(0.6, _CURLED, falling=True)),
}
"""Falls that begin low: out of a bed, and from sitting on the ground; by name."""

SEATED = ('fall_from_chair', 'slip_from_chair')
"""Falls that begin on a chair."""

_JUMP = STAND._replace(shift=(0.0, 0.16), **_arms((30.0, 20.0), (20.0, 30.0)))


def _often(*keys: Key, times: int = 3) -> Keys:
    """Keys that are gone through several times."""
    last = keys[-1].time
    again = (
        Key(key.time + number * last, key.pose, key.falling)
        for number in range(1, times)
        for key in keys[1:]
    )
    return (*keys, *again)


LOOK_ALIKE_KEYS: dict[str, Keys] = {
    'drop_onto_chair': (Key(0.0, STAND), Key(0.6, SIT, falling=True), Key(4.0, SIT),
                        Key(5.0, STAND)),
    'sit_and_stand': _often(Key(0.0, STAND), Key(0.9, SIT), Key(1.3, SIT), Key(2.1, STAND),
                            Key(2.5, STAND)),
    'sit_on_ground': (Key(0.0, STAND), Key(0.9, _CROUCH), Key(1.5, _ON_GROUND)),
    'drop_to_ground': (Key(0.0, STAND), Key(0.85, _KNEES_UP, falling=True)),
    'sit_then_lie': (Key(0.0, STAND), Key(1.1, _KNEES_UP), Key(2.4, _KNEES_UP),
                     Key(3.8, _ON_BACK)),
    'lie_slowly': (Key(0.0, STAND), Key(1.4, _KNEES), Key(2.6, _FOURS), Key(4.4, _ON_FRONT)),
    'lie_on_side_slowly': (Key(0.0, STAND), Key(1.4, _CROUCH), Key(2.4, _ON_GROUND),
                           Key(4.2, _CURLED)),
    'lie_on_bed': (Key(0.0, STAND), Key(1.0, SIT), Key(1.6, SIT), Key(2.6, _lifted(_ON_GROUND)),
                   Key(4.0, _lifted(_ON_BACK))),
    # About the body's own length, which lies in the image.
    'turn_in_bed': tuple(
        Key(1.8 * number, _lifted(_ON_SIDE._replace(body=(90.0, turn))))
        for number, turn in enumerate((0.0, 90.0, 20.0, -80.0, 0.0))
    ),
    'stretch_out': (Key(0.0, _ON_GROUND), Key(2.0, _ON_GROUND), Key(3.0, _ON_BACK)),
    'get_up': (Key(0.0, _ON_BACK), Key(2.0, _ON_BACK), Key(3.2, _ON_GROUND), Key(4.2, _CROUCH),
               Key(5.0, STAND)),
    'deep_squats': _often(Key(0.0, STAND), Key(0.6, _CROUCH), Key(0.9, _CROUCH), Key(1.5, STAND),
                          Key(1.8, STAND)),
    'crouch': (Key(0.0, STAND), Key(0.7, _CROUCH), Key(4.0, _CROUCH), Key(4.8, STAND)),
    'touch_toes': _often(Key(0.0, STAND), Key(0.8, STAND._replace(torso=(0.0, 125.0))),
                         Key(1.6, STAND), Key(2.0, STAND)),
    'pick_up_fast': (Key(0.0, STAND), Key(0.6, _CROUCH._replace(torso=(0.0, 70.0))),
                     Key(0.9, _CROUCH._replace(torso=(0.0, 70.0))), Key(1.6, STAND)),
    'lace_up': (Key(0.0, STAND), Key(0.9, _ONE_KNEE._replace(torso=(0.0, 70.0))),
                Key(5.0, _ONE_KNEE._replace(torso=(0.0, 72.0))), Key(5.9, STAND)),
    'kneel': (Key(0.0, STAND), Key(0.8, _ONE_KNEE), Key(1.4, _KNEES), Key(5.0, _KNEES)),
    'look_under': (Key(0.0, STAND), Key(0.9, _KNEES), Key(1.7, _FOURS),
                   Key(4.0, _FOURS), Key(5.0, _KNEES), Key(6.0, STAND)),
    'jump': _often(Key(0.0, STAND), Key(0.35, _SQUAT), Key(0.55, STAND), Key(0.75, _JUMP),
                   Key(0.95, STAND, falling=True), Key(1.1, _SQUAT), Key(1.6, STAND)),
    'press_ups': (
        Key(0.0, STAND), Key(1.3, _CROUCH), Key(2.6, _PLANK),
        *(Key(3.4 + 0.7 * i, _PLANK_LOW if i % 2 == 0 else _PLANK) for i in range(9)),
        Key(10.2, _CROUCH), Key(11.2, STAND),
    ),
}  # fmt: skip
"""What is no fall, by name."""

LYING = ('turn_in_bed', 'stretch_out', 'get_up')
"""Those that do not begin standing."""


def _leave(away: Callable[[float], Pair], turn: float) -> ActorMotion:
    """Go out of the image after a second, with steps."""

    def pose(time: float) -> ActorPose:
        swing = 24.0 * sin(2 * 3.14159 * 0.95 * time)
        return STAND._replace(
            shift=away(max(time - 1.0, 0.0)),
            body=(0.0, turn),
            left_thigh=(1.0, swing),
            right_thigh=(1.0, -swing),
            left_shin=(1.0, min(swing, 0.0)),
            right_shin=(1.0, min(-swing, 0.0)),
        )

    return ActorMotion(pose, ramp=0.3, back=0.3)


# Those that do not begin standing.
_RAMPS = {
    **dict.fromkeys(SEATED, 1.0),
    **dict.fromkeys((*LYING, *LOW_FALL_KEYS), 3.0),
    **dict.fromkeys(('trip', 'stumble'), 0.4),
}

FALLS: dict[str, ActorMotion] = {
    **{
        name: course(keys, ramp=_RAMPS.get(name, 0.15))
        for name, keys in {**FALL_KEYS, **LOW_FALL_KEYS, **LOOK_ALIKE_KEYS}.items()
    },
    'leave_right': _leave(lambda time: (0.75 * time, 0.0), 80.0),
    'leave_left': _leave(lambda time: (-0.75 * time, 0.0), -80.0),
    'leave_below': _leave(lambda time: (0.0, -0.5 * time), 0.0),
}
"""Falls and look-alikes, facing the camera."""
