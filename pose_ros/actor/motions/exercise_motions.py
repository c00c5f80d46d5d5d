"""Exercises, done well and with faults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import accumulate
from math import asin, cos, degrees, inf, isfinite, radians, sin

import numpy as np

from pose_ros.actor.body import ActorPose, Pair, joints
from pose_ros.actor.motions.motion import STAND, ActorMotion
from pose_ros.core.topology import SIDES

# Half of the distance of the feet of a person who squats or lifts, and of the hips [heights].
_STANCE, _HIP = 0.12, 0.072
_THIGH, _SHIN, _ARM, _LEG = 0.233, 0.223, 0.305, 0.76


@dataclass(frozen=True)
class Manner:
    """How a person does an exercise.

    Attributes
    ----------
    depth
        How far it goes: 1 as it should, 0.5 half of the way.
    out, hold, back, rest
        Times to the turning point, at it, back, and before the next [s].
    repetitions
        How many before standing still; infinite: to the end of the scene.
    fault
        Name of what is done wrong, empty for nothing.
    rng
        Varies times and depth from one repetition to the next; None: all alike.
    """

    depth: float = 1.0
    out: float = 1.0
    hold: float = 0.25
    back: float = 0.9
    rest: float = 0.4
    repetitions: float = inf
    fault: str = ''
    rng: np.random.Generator | None = None

    def scaled(self, factor: float) -> Manner:
        """Same in other times."""
        times = {key: getattr(self, key) * factor for key in ('out', 'hold', 'back', 'rest')}
        return replace(self, **times)


def _share(manner: Manner) -> tuple[Callable[[float], float], float]:
    """Share of the way that has been gone at a time, and when all is over [s]."""
    times = (manner.out, manner.hold, manner.back, manner.rest)
    if manner.rng is None or not isfinite(manner.repetitions):
        count = int(manner.repetitions) if isfinite(manner.repetitions) else 1
        paces, depths = [1.0] * count, [manner.depth] * count
    else:
        count = int(manner.repetitions)
        paces = (1 + manner.rng.uniform(-0.12, 0.12, count)).tolist()
        depths = (manner.depth * (1 + manner.rng.uniform(-0.04, 0.04, count))).tolist()
    ends = list(accumulate(sum(times) * pace for pace in paces))

    def share(time: float) -> float:
        if not isfinite(manner.repetitions):
            time %= ends[-1]
        number = next((i for i, end in enumerate(ends) if time < end), None)
        if number is None or time < 0:
            return 0.0
        time = (time - (ends[number - 1] if number else 0.0)) / paces[number]
        out, hold, back, _ = times
        if time < out + hold:
            way = min(time / out, 1.0)
        else:
            way = max(0.0, 1.0 - (time - out - hold) / back)
        return depths[number] * way * way * (3.0 - 2.0 * way)

    return share, ends[-1] if isfinite(manner.repetitions) else inf


def _aside(width: float, length: float, forward: float) -> float:
    """Angle sideways [deg] that takes the end of a bone aside, while it points forward."""
    reach = length * max(cos(radians(forward)), 0.05)
    return degrees(asin(min(max(width / reach, -0.95), 0.95)))


def _both(**angles: Pair) -> dict[str, Pair]:
    """Angles for limbs of both sides."""
    return {f'{side}_{part}': pair for part, pair in angles.items() for side in SIDES}


def _legs(bend: float, ahead: float, knee: float, stance: float = _STANCE) -> dict[str, Pair]:
    """Legs with the knees bent [deg], a share of it by the thighs, knees and feet so far apart."""
    thigh, shin = ahead * bend, (ahead - 1.0) * bend
    return _both(
        thigh=(_aside(knee - _HIP, _THIGH, thigh), thigh),
        shin=(_aside(stance - knee, _SHIN, shin), shin),
    )


def _squat(share: float, fault: str) -> ActorPose:
    lean = 62.0 if fault == 'leans_forward' else 34.0
    knee = 0.03 if fault == 'knees_cave_in' else 0.15
    middle = (_HIP + _STANCE) / 2
    return STAND._replace(
        torso=(0.0, lean * share),
        **_legs(98.0 * share, 0.7, middle + (knee - middle) * share),
        **_both(arm=(6.0, 80.0 * share), forearm=(4.0, 6.0 + 82.0 * share)),
    )


def _deadlift(share: float, fault: str) -> ActorPose:
    rounding = 75.0 * share if fault == 'back_rounds' else 0.0
    bend = 76.0 * share - rounding / 2
    tilt = 22.0 * share if fault == 'uneven_shoulders' else 0.0
    down = bend + rounding
    return STAND._replace(
        torso=(tilt, bend),
        spine=(0.0, rounding),
        neck=(0.0, -0.5 * bend),
        **_legs(48.0 * share, 0.7, 0.1, 0.1),
        **_both(arm=(6.0, down), forearm=(4.0, down)),
    )


def _press(share: float, fault: str) -> ActorPose:
    def arm(share: float) -> tuple[Pair, Pair]:
        upper = (32.0 + 141.0 * share, 34.0 * (1.0 - share))
        return upper, (176.0 - 2.0 * share, 8.0 * (1.0 - share))

    left, right = arm(share), arm(share * 0.6 if fault == 'uneven_arms' else share)
    back = -24.0 * share if fault == 'leans_back' else 0.0
    return STAND._replace(
        torso=(0.0, back),
        left_arm=left[0],
        left_forearm=left[1],
        right_arm=right[0],
        right_forearm=right[1],
    )


def _push_up(share: float, fault: str) -> ActorPose:
    bend = 4.0 + 102.0 * share
    sag = {'hips_sag': 16.0, 'hips_pike': -24.0}.get(fault, 0.0)
    # In the plane of the trunk: from the shoulder towards the feet, and towards the ground.
    upper, fore = radians(88.0 - 0.72 * bend), radians(88.0 + 0.28 * bend)
    height = _ARM / 2 * (sin(upper) + sin(fore))
    rise = degrees(asin(min((height - 0.03) / _LEG, 1.0)))
    tip = 90.0 - rise
    return STAND._replace(
        tip=(0.0, tip),
        torso=(0.0, -sag),
        neck=(0.0, -12.0),
        **_both(
            arm=(14.0 + 16.0 * share, degrees(upper)),
            forearm=(6.0, degrees(fore)),
            thigh=(2.0, -sag),
            shin=(1.0, -sag),
        ),
    )


def _lunge(share: float, fault: str) -> ActorPose:
    front, rear = (66.0, -42.0) if fault == 'knee_beyond_toes' else (86.0, -4.0)
    lean = 40.0 if fault == 'leans_forward' else 6.0
    return STAND._replace(
        torso=(0.0, lean * share),
        left_thigh=(2.0, front * share),
        left_shin=(1.0, rear * share),
        right_thigh=(2.0, -6.0 * share),
        right_shin=(1.0, -84.0 * share),
        **_both(arm=(24.0, 0.0), forearm=(-50.0, 40.0)),
    )


def _jumping_jack(share: float, fault: str) -> ActorPose:
    arm = 10.0 + (108.0 if fault == 'arms_bent' else 158.0) * share
    fore = 8.0 + 166.0 * share
    leg = 3.0 + (2.0 if fault == 'legs_together' else 19.0) * share
    return STAND._replace(
        shift=(0.0, 0.05 * sin(np.pi * min(share, 1.0))),
        **_both(arm=(arm, 4.0), forearm=(fore, 4.0), thigh=(leg, 0.0), shin=(leg, 0.0)),
    )


def _pull_up(share: float, _: str) -> ActorPose:
    """Hang from a bar; the hands stay where they are."""

    def pose(share: float) -> ActorPose:
        upper = (170.0 - 128.0 * share, 14.0 * share)
        return STAND._replace(**_both(arm=upper, forearm=(174.0, 4.0)))

    plain = pose(share)
    hands = joints(plain)['left_wrist'][1] - joints(pose(0.0))['left_wrist'][1]
    return plain._replace(shift=(0.0, hands))


def _biceps_curl(share: float, fault: str) -> ActorPose:
    swing = -22.0 * share if fault == 'swings' else 0.0
    return STAND._replace(
        torso=(0.0, swing),
        **_both(arm=(9.0, 8.0 * share), forearm=(5.0, 6.0 + 138.0 * share)),
    )


def _sit_to_stand(share: float, _: str) -> ActorPose:
    """Sit down on a chair and stand up, the trunk leaning forwards on the way."""
    lean = 4.0 + 38.0 * sin(np.pi * min(share, 1.0))
    return STAND._replace(
        torso=(0.0, lean),
        **_legs(92.0 * share, 0.94, 0.1, 0.1),
        **_both(arm=(6.0, 30.0), forearm=(-40.0, 70.0)),
    )


@dataclass(frozen=True)
class _ExerciseKind:
    """An exercise: its pose at a share of the way with a fault, and how it is usually done."""

    pose: Callable[[float, str], ActorPose]
    manner: Manner
    faults: tuple[str, ...]
    ramp: float = 0.6


_KINDS = {
    'squat': _ExerciseKind(_squat, Manner(), ('knees_cave_in', 'leans_forward')),
    'push_up': _ExerciseKind(
        _push_up, Manner(out=0.8, hold=0.15, back=0.7, rest=0.3), ('hips_sag', 'hips_pike'), 2.0
    ),
    'deadlift': _ExerciseKind(
        _deadlift, Manner(out=1.2, hold=0.3, back=1.1), ('back_rounds', 'uneven_shoulders')
    ),
    'overhead_press': _ExerciseKind(_press, Manner(hold=0.3), ('uneven_arms', 'leans_back'), 0.8),
    'lunge': _ExerciseKind(
        _lunge, Manner(out=1.1, back=1.0), ('knee_beyond_toes', 'leans_forward')
    ),
    'jumping_jack': _ExerciseKind(
        _jumping_jack,
        Manner(out=0.4, hold=0.1, back=0.4, rest=0.15),
        ('legs_together', 'arms_bent'),
    ),
    'pull_up': _ExerciseKind(_pull_up, Manner(out=0.9, hold=0.2, back=1.0, rest=0.5), (), 0.8),
    'biceps_curl': _ExerciseKind(_biceps_curl, Manner(hold=0.2), ('swings',)),
    'sit_to_stand': _ExerciseKind(_sit_to_stand, Manner(hold=0.5), ()),
}
FAULTS = {name: kind.faults for name, kind in _KINDS.items()}
"""What can be done wrong in each exercise."""


def usual(name: str, **changes: object) -> Manner:
    """How an exercise is usually done, but for these changes."""
    return replace(_KINDS[name].manner, **changes)  # type: ignore[arg-type]


def exercise(name: str, manner: Manner, turn: float = 0.0) -> ActorMotion:
    """Motion of an exercise; see `duration` for how long it takes.

    Parameters
    ----------
    name
        Of the exercise.
    manner
        How it is done.
    turn
        How far the body is turned from the camera towards the image's right [deg].
    """
    kind = _KINDS[name]
    share, _ = _share(manner)

    def pose(time: float) -> ActorPose:
        plain = kind.pose(share(time - kind.ramp), manner.fault)._replace(body=(0.0, turn))
        if name == 'push_up':
            return plain
        # The feet stay where they are.
        points = joints(plain)
        feet = points['left_ankle'][0] + points['right_ankle'][0]
        return plain._replace(shift=(-feet / 2, plain.shift[1]))

    return ActorMotion(pose, ramp=kind.ramp, back=kind.ramp, name=name)


def duration(name: str, manner: Manner) -> float:
    """Time that a motion of `exercise` takes [s]; infinite for endless repetitions.

    A manner that varies draws anew each time: this is the longest that it can take.
    """
    kind = _KINDS[name]
    times = manner.out + manner.hold + manner.back + manner.rest
    return 2 * kind.ramp + 1.12 * times * manner.repetitions


def _named(name: str) -> dict[str, ActorMotion]:
    """An exercise done well, and with each of its faults."""
    return {
        name + (f'_{fault}' if fault else ''): exercise(name, usual(name, fault=fault))
        for fault in ('', *FAULTS[name])
    }


EXERCISES: dict[str, ActorMotion] = {
    key: motion for name in _KINDS for key, motion in _named(name).items() if key != 'squat'
} | {
    'squats': exercise('squat', usual('squat')),
    'plank': ActorMotion(
        lambda _: _push_up(0.0, '')._replace(body=(0.0, 90.0)), ramp=2.0, back=2.0, name='plank'
    ),
}
