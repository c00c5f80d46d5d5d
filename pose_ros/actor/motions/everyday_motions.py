"""What people do all day: none of it is a gesture or a fall."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import cos, pi, sin

import numpy as np

from pose_ros.actor.body import ActorPose, Pair
from pose_ros.actor.motions.basic import BASIC
from pose_ros.actor.motions.motion import SIT, STAND, ActorMotion, hold
from pose_ros.core.topology import SIDES, mirror_name

Angles = dict[str, Pair]


def mirrored(motion: ActorMotion) -> ActorMotion:
    """Same motion with left and right exchanged."""

    def pose(time: float) -> ActorPose:
        before = motion.pose(time)._asdict()
        after = {}
        for name, value in before.items():
            if name.startswith(SIDES):
                after[mirror_name(name)] = value
                continue
            first, second = value
            keeps_second = name in ('torso', 'neck', 'shift', 'tip', 'spine')
            after[name] = (-first, second if keeps_second else -second)
        return ActorPose(**after)

    return replace(motion, pose=pose)


def varied(motion: ActorMotion, rng: np.random.Generator) -> ActorMotion:
    """Same motion as another person does it: faster or slower, each limb a little different."""
    pace = float(rng.uniform(0.75, 1.3))
    parts = [part for part in ActorPose._fields[2:-2] if part != 'tip']
    offsets = {part: rng.normal(0.0, 4.0, 2) for part in parts if not part.endswith('shin')}

    def pose(time: float) -> ActorPose:
        plain = motion.pose(time * pace)
        moved = {
            part: (getattr(plain, part)[0] + offset[0], getattr(plain, part)[1] + offset[1])
            for part, offset in offsets.items()
        }
        return plain._replace(**moved)

    return replace(motion, pose=pose, ramp=motion.ramp / pace, back=motion.back / pace)


def seated(motion: ActorMotion) -> ActorMotion:
    """Motion of the upper body, done sitting down from standing."""
    return replace(
        motion,
        pose=lambda time: motion.on(SIT, time),
        ramp=max(motion.ramp, 1.1),
        back=1.1,
        upper=False,
    )


def _right(arm: Pair, forearm: Pair) -> Angles:
    """Angles of the right arm."""
    return {'right_arm': arm, 'right_forearm': forearm}


def _left(arm: Pair, forearm: Pair) -> Angles:
    """Angles of the left arm."""
    return {'left_arm': arm, 'left_forearm': forearm}


def _arms(arm: Pair, forearm: Pair) -> Angles:
    """Angles of both arms."""
    return _left(arm, forearm) | _right(arm, forearm)


def _held(ramp: float = 0.6, /, **angles: Pair) -> ActorMotion:
    """Pose of the upper body that is kept."""
    return ActorMotion(hold(**angles), ramp, ramp, upper=True)


def _course(*poses: tuple[float, Angles], ramp: float = 0.6) -> ActorMotion:
    """Poses of the upper body at times [s], smoothly from one to the next, and again."""
    times = [time for time, _ in poses]
    given = [STAND._replace(**angles) for _, angles in poses]
    lasts = times[-1]

    def pose(time: float) -> ActorPose:
        time %= lasts
        for (start, end), (before, after) in zip(pairwise(times), pairwise(given)):
            if time <= end:
                share = (time - start) / (end - start)
                return before.blend(after, share * share * (3.0 - 2.0 * share))
        return given[-1]

    return ActorMotion(pose, ramp, ramp, upper=True)


def _swinging(
    base: Angles, swing: Angles, rate: float, ramp: float = 0.6, later: Angles | None = None
) -> ActorMotion:
    """Pose of the upper body about which some angles swing; later ones a quarter behind."""

    def pose(time: float) -> ActorPose:
        angles = dict(base)
        for part, size in swing.items():
            wave = sin(2 * pi * rate * time)
            middle = angles.get(part, getattr(STAND, part))
            angles[part] = (middle[0] + size[0] * wave, middle[1] + size[1] * wave)
        for part, size in (later or {}).items():
            wave = sin(2 * pi * rate * 0.83 * time + 1.0)
            middle = angles.get(part, getattr(STAND, part))
            angles[part] = (middle[0] + size[0] * wave, middle[1] + size[1] * wave)
        return STAND._replace(**angles)

    return ActorMotion(pose, ramp, ramp, upper=True)


def _walk(arms: Angles, rate: float, turn: float, stride: float = 1.0) -> ActorMotion:
    """Steps, with the arms in a pose of their own; empty: swinging."""
    walk = BASIC['walk']

    def pose(time: float) -> ActorPose:
        steps = walk.pose(time * rate)
        plain = {
            part: (getattr(steps, part)[0], getattr(steps, part)[1] * stride)
            for part in ('left_thigh', 'right_thigh', 'left_shin', 'right_shin')
        }
        return steps._replace(body=(0.0, turn), **plain, **arms)

    return ActorMotion(pose, ramp=0.5, back=0.5)


def _turn_round(time: float) -> ActorPose:
    """Back to the camera and round again, with small steps on the spot, in five seconds."""
    share = 0.5 - 0.5 * cos(2 * pi * time / 5.0)
    step = 8.0 * sin(2 * pi * 1.6 * time)
    return STAND._replace(
        body=(0.0, 170.0 * share),
        left_thigh=(3.0, max(step, 0.0)),
        right_thigh=(3.0, max(-step, 0.0)),
        left_shin=(1.0, -max(step, 0.0)),
        right_shin=(1.0, -max(-step, 0.0)),
    )


_PICK_UP = STAND._replace(
    torso=(0.0, 62.0),
    left_arm=(10.0, 50.0),
    left_forearm=(6.0, 55.0),
    right_arm=(8.0, 70.0),
    right_forearm=(4.0, 72.0),
    left_thigh=(6.0, 42.0),
    right_thigh=(6.0, 42.0),
    left_shin=(2.0, -40.0),
    right_shin=(2.0, -40.0),
)
_TIE_SHOE = STAND._replace(
    torso=(0.0, 55.0),
    left_arm=(4.0, 62.0),
    left_forearm=(-6.0, 66.0),
    right_arm=(4.0, 62.0),
    right_forearm=(-6.0, 66.0),
    left_thigh=(6.0, 88.0),
    right_thigh=(12.0, 30.0),
    left_shin=(2.0, -6.0),
    right_shin=(2.0, -95.0),
)
_READING = _arms((6.0, 26.0), (-42.0, 66.0)) | {'neck': (0.0, 22.0)}
_TYPING = _arms((4.0, 22.0), (-22.0, 66.0)) | {'neck': (0.0, 14.0)}
_CARRYING = _arms((8.0, 30.0), (-24.0, 74.0))

_UPPER: dict[str, ActorMotion] = {
    # The hand at the mouth, and down to the table again.
    'drink': _course(
        (0.0, _right((14.0, 30.0), (-20.0, 62.0))),
        (1.0, _right((20.0, 46.0), (-150.0, 34.0)) | {'neck': (0.0, -8.0)}),
        (2.4, _right((22.0, 52.0), (-150.0, 30.0)) | {'neck': (0.0, -16.0)}),
        (3.4, _right((14.0, 30.0), (-20.0, 62.0))),
        (4.4, _right((14.0, 30.0), (-20.0, 62.0))),
    ),
    'eat': _course(
        (0.0, _right((12.0, 34.0), (-34.0, 58.0)) | {'neck': (0.0, 16.0)}),
        (0.7, _right((20.0, 44.0), (-146.0, 40.0)) | {'neck': (0.0, 8.0)}),
        (1.0, _right((20.0, 44.0), (-146.0, 40.0)) | {'neck': (0.0, 8.0)}),
        (1.7, _right((12.0, 34.0), (-34.0, 58.0)) | {'neck': (0.0, 16.0)}),
        (2.6, _right((12.0, 34.0), (-34.0, 58.0)) | {'neck': (0.0, 16.0)}),
    ),
    'phone': _swinging(
        _right((30.0, 26.0), (-154.0, 26.0)) | {'neck': (-5.0, 4.0)},
        {'head': (2.0, 9.0)},
        0.23,
    ),
    'read_phone': _held(**_right((6.0, 28.0), (-36.0, 84.0)), neck=(0.0, 28.0)),
    'scratch_head': _swinging(
        _right((82.0, 20.0), (-114.0, 14.0)) | {'neck': (4.0, 10.0)},
        {'right_forearm': (6.0, 8.0)},
        2.6,
    ),
    'comb_hair': _swinging(
        _right((96.0, 18.0), (-118.0, 10.0)) | {'neck': (-6.0, 4.0)},
        {'right_forearm': (10.0, 14.0), 'right_arm': (8.0, 6.0)},
        0.9,
    ),
    'adjust_glasses': _course(
        (0.0, _right((22.0, 40.0), (-132.0, 40.0))),
        (0.5, _right((28.0, 46.0), (-138.0, 32.0)) | {'neck': (0.0, 6.0)}),
        (1.1, _right((26.0, 44.0), (-136.0, 34.0)) | {'neck': (0.0, 6.0)}),
        (1.6, _right((22.0, 40.0), (-132.0, 40.0))),
    ),
    'brush_teeth': _swinging(
        _right((46.0, 34.0), (-126.0, 34.0)) | {'neck': (0.0, 12.0)},
        {'right_forearm': (7.0, 4.0)},
        2.8,
    ),
    'rub_face': _swinging(
        _arms((18.0, 46.0), (-158.0, 38.0)) | {'neck': (0.0, 12.0)},
        {'left_forearm': (6.0, 6.0), 'right_forearm': (6.0, 6.0)},
        1.2,
    ),
    'think': _held(
        **_right((8.0, 34.0), (-148.0, 30.0)), **_left((6.0, 20.0), (-84.0, 26.0))
    ),
    'check_watch': _course(
        (0.0, _left((16.0, 36.0), (-72.0, 44.0)) | {'neck': (0.0, 20.0)}),
        (1.2, _left((18.0, 38.0), (-80.0, 40.0)) | {'neck': (0.0, 24.0)}),
        (2.2, {}),
        (3.2, {}),
        (4.2, _left((16.0, 36.0), (-72.0, 44.0)) | {'neck': (0.0, 20.0)}),
    ),
    'fold_cloth': _course(
        (0.0, _arms((10.0, 34.0), (-10.0, 66.0)) | {'neck': (0.0, 18.0)}),
        (0.7, _arms((30.0, 40.0), (20.0, 72.0)) | {'neck': (0.0, 16.0)}),
        (1.4, _arms((6.0, 34.0), (-46.0, 58.0)) | {'neck': (0.0, 20.0)}),
        (2.1, _arms((8.0, 40.0), (-58.0, 48.0)) | {'neck': (0.0, 20.0)}),
        (3.0, _arms((10.0, 34.0), (-10.0, 66.0)) | {'neck': (0.0, 18.0)}),
    ),
    'wipe_table': _swinging(
        _right((16.0, 48.0), (4.0, 58.0)) | {'torso': (0.0, 16.0), 'neck': (0.0, 14.0)},
        {'right_arm': (16.0, 4.0), 'right_forearm': (24.0, 4.0)},
        0.9,
    ),
    'stir': _swinging(
        _right((14.0, 36.0), (-14.0, 70.0)) | {'neck': (0.0, 18.0)},
        {'right_forearm': (16.0, 0.0)},
        1.3,
        later={'right_forearm': (0.0, 8.0)},
    ),
    'read': _swinging(_READING, {'head': (0.0, 5.0)}, 0.3),
    'type': _swinging(
        _TYPING,
        {'left_forearm': (2.0, 4.0)},
        3.1,
        later={'right_forearm': (3.0, 4.0), 'head': (0.0, 3.0)},
    ),
    # Both hands before the belly and the chest, each in its own time.
    'talk': _swinging(
        _arms((14.0, 20.0), (-8.0, 78.0)) | {'neck': (0.0, 2.0)},
        {'left_forearm': (20.0, 20.0), 'left_arm': (5.0, 6.0), 'head': (2.0, 6.0)},
        0.7,
        later={'right_forearm': (22.0, 24.0), 'right_arm': (6.0, 8.0), 'neck': (1.0, 3.0)},
    ),
    'talk_lively': _course(
        (0.0, _arms((12.0, 18.0), (-10.0, 72.0))),
        (0.5, _right((24.0, 26.0), (40.0, 70.0)) | _left((12.0, 20.0), (-10.0, 64.0))),
        (0.9, _right((16.0, 22.0), (-20.0, 82.0)) | _left((14.0, 20.0), (6.0, 76.0))),
        (1.5, _arms((26.0, 24.0), (34.0, 76.0)) | {'head': (4.0, 8.0)}),
        (2.0, _arms((12.0, 16.0), (-16.0, 66.0))),
        (2.6, _left((30.0, 26.0), (64.0, 62.0)) | _right((11.0, 6.0), (0.0, 20.0))),
        (3.3, _arms((12.0, 18.0), (-10.0, 72.0))),
    ),
    'shrug': _course(
        (0.0, {}),
        (0.4, _arms((20.0, 6.0), (60.0, 40.0)) | {'head': (6.0, 0.0)}),
        (0.9, _arms((20.0, 6.0), (60.0, 40.0)) | {'head': (6.0, 0.0)}),
        (1.4, {}),
        (2.6, {}),
    ),
    'stretch': _course(
        (0.0, {}),
        (1.0, _arms((150.0, 10.0), (-124.0, 10.0)) | {'neck': (0.0, -14.0)}),
        (2.4, _arms((158.0, -4.0), (-132.0, -2.0)) | {'neck': (0.0, -16.0)}),
        (3.4, {}),
        (5.0, {}),
    ),
    'hands_behind_head': _held(**_arms((112.0, -14.0), (-128.0, -12.0))),
    'hands_in_pockets': _held(**_arms((18.0, -14.0), (-6.0, 16.0))),
    'hands_behind_back': _held(**_arms((14.0, -26.0), (-38.0, -24.0))),
    'carry_box': _held(**_CARRYING),
    'carry_tray': _held(**_right((12.0, 24.0), (10.0, 84.0))),
    'put_on_jacket': _course(
        (0.0, _left((40.0, -16.0), (30.0, -10.0)) | _right((16.0, 30.0), (-70.0, 40.0))),
        (0.8, _left((62.0, -10.0), (20.0, 20.0)) | _right((40.0, 20.0), (-110.0, 30.0))),
        (1.6, _right((48.0, -24.0), (20.0, -20.0)) | _left((14.0, 20.0), (-20.0, 50.0))),
        (2.4, _right((56.0, -6.0), (40.0, 10.0)) | _left((20.0, 30.0), (-90.0, 40.0))),
        (3.2, _arms((10.0, 24.0), (-50.0, 60.0)) | {'neck': (0.0, 20.0)}),
        (4.0, _left((40.0, -16.0), (30.0, -10.0)) | _right((16.0, 30.0), (-70.0, 40.0))),
    ),
    'hand_over': _course(
        (0.0, _right((11.0, 4.0), (4.0, 20.0))),
        (0.8, _right((14.0, 46.0), (4.0, 66.0))),
        (1.5, _right((14.0, 48.0), (4.0, 68.0))),
        (2.3, _right((11.0, 4.0), (4.0, 20.0))),
        (4.0, _right((11.0, 4.0), (4.0, 20.0))),
    ),
    'look_round': _course(
        (0.0, {}),
        (1.1, {'head': (0.0, 42.0)}),
        (1.9, {'head': (0.0, 44.0)}),
        (3.4, {'head': (0.0, -38.0)}),
        (4.2, {'head': (0.0, -40.0)}),
        (5.2, {}),
        (6.5, {}),
    ),
    'look_down': _course((0.0, {}), (0.8, {'neck': (0.0, 30.0)}), (2.2, {'neck': (0.0, 30.0)}),
                         (3.0, {}), (4.4, {})),
    'lean_on_table': _held(0.9, torso=(0.0, 26.0), **_arms((16.0, 30.0), (8.0, 34.0))),
    'shift_weight': _swinging({}, {'torso': (3.0, 1.0), 'head': (2.0, 6.0)}, 0.25),
}  # fmt: skip


def _steady(pose: ActorPose, ramp: float) -> ActorMotion:
    """Pose of the whole body that is kept."""
    return ActorMotion(lambda time: pose, ramp, ramp)


def _shelf(time: float) -> ActorPose:
    """Up to a shelf that one stands before, the back half to the camera."""
    reach = 12.0 * sin(2 * pi * 0.4 * time)
    return STAND._replace(
        body=(0.0, 128.0), **_right((120.0 + reach, 60.0), (150.0 + reach, 50.0))
    )


EVERYDAY: dict[str, ActorMotion] = {
    **_UPPER,
    'sit': _steady(SIT, 1.1),
    'sit_down_heavily': _steady(SIT, 0.75),
    'sit_and_lean': _steady(
        SIT._replace(torso=(0.0, 24.0), **_arms((10.0, 40.0), (-8.0, 60.0))), 1.3
    ),
    'pick_up': _steady(_PICK_UP, 0.9),
    'tie_shoe': _steady(_TIE_SHOE, 1.1),
    'reach_shelf': ActorMotion(_shelf, 0.9, 0.9),
    'turn_round': ActorMotion(_turn_round, 0.3, 0.4),
    'turn_away': ActorMotion(lambda time: STAND._replace(body=(0.0, 150.0)), 1.0, 1.0),
    'walk_slowly': _walk({}, 0.75, 62.0, 0.8),
    'walk_fast': _walk({}, 1.3, 66.0, 1.15),
    'walk_towards': _walk({}, 1.0, 20.0),
    'walk_with_box': _walk(_CARRYING, 0.9, 55.0, 0.8),
    'walk_reading': _walk(_right((6.0, 28.0), (-36.0, 84.0)) | {'neck': (0.0, 28.0)}, 0.8,
                          50.0, 0.7),
    'sit_read': seated(_UPPER['read']),
    'sit_type': seated(_UPPER['type']),
    'sit_drink': seated(_UPPER['drink']),
    'sit_eat': seated(_UPPER['eat']),
    'sit_talk': seated(_UPPER['talk']),
    'sit_phone': seated(_UPPER['phone']),
}  # fmt: skip
"""By name, as the actor does them usually; the hand is mostly the right one."""

WALKS = tuple(name for name in EVERYDAY if name.startswith('walk'))
"""Those in which the feet go."""
