"""Gestures and the exercises that look like them, in the actor's true joints."""

import itertools
import math

import numpy as np
import pytest

from pose_ros.actor.body import ActorPose, joints
from pose_ros.core.motion.gestures import GestureRecogniser, Phase
from pose_ros.core.motion.rules import Hand, load_rules
from pose_ros.core.motion.watcher import single_observer
from pose_ros.core.resources import config_file
from pose_ros.core.topology import COCO17
from pose_ros.core.types import Box, KeypointState, Person

RULES = load_rules(config_file('gestures.yaml'))
REST = ActorPose()
LEVEL = ActorPose(left_arm=(88, 0), right_arm=(88, 0), left_forearm=(88, 0), right_forearm=(88, 0))
# Weights at the shoulders, and over the head.
RACKED = ActorPose(
    left_arm=(40, 0), right_arm=(40, 0), left_forearm=(172, 0), right_forearm=(172, 0)
)
PRESSED = ActorPose(
    left_arm=(165, 0), right_arm=(165, 0), left_forearm=(172, 0), right_forearm=(172, 0)
)
RAISED = ActorPose(
    left_arm=(172, 0), right_arm=(172, 0), left_forearm=(172, 0), right_forearm=(172, 0)
)
# Hands before the belly, near each other.
FOLDED = ActorPose(
    left_arm=(5, 20), right_arm=(5, 20), left_forearm=(-40, 60), right_forearm=(-40, 60)
)
# Hands together and wide apart, before the chest.
CLAPPED = ActorPose(
    left_arm=(5, 25), right_arm=(5, 25), left_forearm=(-75, 45), right_forearm=(-75, 45)
)
APART = ActorPose(
    left_arm=(20, 25), right_arm=(20, 25), left_forearm=(40, 60), right_forearm=(40, 60)
)

# Level arms that close before the chest and open.
CLOSED = ActorPose(
    left_arm=(15, 68), right_arm=(15, 68), left_forearm=(-85, 60), right_forearm=(-85, 60)
)
# Hands at the shoulders, and one that goes straight out to the side.
GUARD = ActorPose(
    left_arm=(20, 20), right_arm=(20, 20), left_forearm=(160, 0), right_forearm=(160, 0)
)
STRAIGHT = GUARD._replace(left_arm=(88, 0), left_forearm=(110, 0))
LEFT_PUNCH = ActorPose(
    left_arm=(0, 70), right_arm=(0, 20), left_forearm=(0, 90), right_forearm=(0, 120)
)


def person(pose, turn=0.0):
    """Person in a pose of the actor, turned from the camera [deg]."""
    points = joints(pose._replace(body=(0.0, turn)))
    keypoints = np.array([points[name][:2] for name in COCO17.keypoint_names], np.float32)
    keypoints = keypoints * 300 + (320, 240)
    return Person(
        COCO17,
        keypoints,
        np.full(17, 0.9, np.float32),
        np.full(17, KeypointState.OBSERVED, np.uint8),
        0.9,
        Box.around(keypoints),
        1,
    )


def to_and_fro(first, second, *, times, period, turn=0.0, rate=30):
    """Video from one pose to the other and back, as a sine."""
    for i in range(round((times + 0.05) * period * rate)):
        weight = (1 - math.cos(2 * math.pi * i / rate / period)) / 2
        yield i / rate, person(first.blend(second, weight), turn)


def started(video):
    """Gestures that begin: name, hand, time [s]."""
    observe = single_observer(GestureRecogniser(RULES))
    return [
        (gesture.name, gesture.hand, stamp)
        for stamp, body in video
        for gesture in observe([body], stamp)
        if gesture.phase is Phase.STARTED
    ]


@pytest.mark.parametrize('period', [2.0, 3.0])
def test_lateral_raises_are_no_t_poses(period):
    found = started(to_and_fro(REST, LEVEL, times=5, period=period))
    # The first repetitions cannot be told from the gesture, the others are in rhythm.
    assert {(name, hand) for name, hand, _ in found} <= {('t_pose', Hand.BOTH)}
    assert all(stamp < 2 * period for *_, stamp in found)


@pytest.mark.parametrize('period', [1.0, 2.0, 3.0])
@pytest.mark.parametrize('rest', [0.0, 4.0])
def test_presses_raise_no_hand_not_even_the_first_time(period, rest):
    # The hands come from the shoulders, where they may have rested.
    held = [(i / 30, person(RACKED)) for i in range(round(rest * 30))]
    pressed = to_and_fro(RACKED, PRESSED, times=5, period=period)
    assert started([*held, *((rest + stamp, body) for stamp, body in pressed)]) == []


@pytest.mark.parametrize(
    ('pose', 'gesture'), [(LEVEL, 't_pose'), (RAISED, 'hand_raised')], ids=['level', 'raised']
)
def test_arms_that_were_first_seen_raised_are_reported_after_a_rest(pose, gesture):
    ((name, hand, stamp),) = started([(i / 30, person(pose)) for i in range(90)])
    assert (name, hand) == (gesture, Hand.BOTH)
    assert 2.0 <= stamp < 2.4


def test_a_hand_that_rests_at_the_chest_does_not_delay_the_other():
    chest = REST._replace(left_arm=(20, 20), left_forearm=(-120, 40))
    up = chest._replace(right_arm=(172, 0), right_forearm=(172, 0))
    video = [
        (i / 30, person(chest.blend(up, min(max(i / 30 - 0.3, 0.0) / 0.4, 1)))) for i in range(50)
    ]
    ((name, hand, stamp),) = started(video)
    assert (name, hand) == ('hand_raised', Hand.RIGHT)
    assert stamp < 1.2


def test_one_arm_that_goes_up_in_rhythm_does_not_point_a_fourth_time():
    pointing = ActorPose(left_arm=(88, 0), left_forearm=(88, 0))
    found = started(to_and_fro(REST, pointing, times=5, period=3.0))
    assert [(name, hand, stamp // 3.0) for name, hand, stamp in found] == [
        ('point_left', Hand.LEFT, 0),
        ('point_left', Hand.LEFT, 1),
        ('point_left', Hand.LEFT, 2),
    ]


def test_arms_that_go_up_once_are_a_t_pose():
    rise = [(i / 30, person(REST.blend(LEVEL, min(1.0, i / 20)))) for i in range(60)]
    assert [(name, hand) for name, hand, _ in started(rise)] == [('t_pose', Hand.BOTH)]


@pytest.mark.parametrize(
    ('high', 'gesture'), [(LEVEL, 't_pose'), (RAISED, 'hand_raised')], ids=['level', 'raised']
)
def test_arms_that_go_up_slowly_are_reported_after_a_rest(high, gesture):
    rise = [(i / 30, person(REST.blend(high, min(1.0, i / 75)))) for i in range(180)]
    ((name, hand, stamp),) = started(rise)
    assert (name, hand) == (gesture, Hand.BOTH)
    assert 3.0 < stamp < 5.0  # the hands rest from 2.5 s on


@pytest.mark.parametrize('period', [1.0, 1.7])
def test_straight_arms_that_swing_over_the_head_wave(period):
    found = started(to_and_fro(REST, RAISED, times=5, period=period))
    assert {(name, hand) for name, hand, _ in found} == {('wave', Hand.BOTH)}
    assert found[0][2] < 2 * period


def test_folded_hands_are_no_crossed_arms():
    # 7 cm between the wrists before the belly.
    assert not started([(i / 30, person(FOLDED)) for i in range(60)])


def test_forearms_that_cross_far_from_the_elbows_are_no_crossed_arms():
    pose = ActorPose(
        left_arm=(10, 20), right_arm=(10, 20), left_forearm=(-88, 20), right_forearm=(-88, 20)
    )
    body = person(pose)
    body.keypoints[COCO17.index('left_elbow'), 0] += 10.0
    body.keypoints[COCO17.index('right_elbow'), 0] -= 10.0
    assert not started([(i / 30, body) for i in range(60)])


def test_hands_that_pass_each_other_for_a_moment_are_no_crossed_arms():
    # At rest for less than 0.3 s.
    arms = {'left_arm': (6, 28), 'right_arm': (6, 28)}
    pose = ActorPose(**arms, left_forearm=(-88, 6), right_forearm=(-88, 18))
    assert not started([(i / 30, person(pose if 30 <= i < 43 else REST)) for i in range(90)])


def test_hands_in_the_lap_are_not_on_the_hips():
    pose = ActorPose(
        left_arm=(40, -10), right_arm=(40, -10), left_forearm=(-75, 20), right_forearm=(-75, 20)
    )
    assert not started([(i / 30, person(pose)) for i in range(60)])


@pytest.mark.parametrize('period', [0.6, 0.8])
def test_arms_that_move_as_a_whole_do_not_beckon(period):
    low = ActorPose(left_arm=(15, 10), left_forearm=(20, 80))
    high = ActorPose(left_arm=(15, 70), left_forearm=(20, 140))
    assert started(to_and_fro(low, high, times=6, period=period)) == []


@pytest.mark.parametrize('apart', [0.3, 0.45])
def test_hands_that_do_not_meet_do_not_clap(apart):
    near = APART.blend(CLAPPED, 1 - apart)
    assert not started(to_and_fro(APART, near, times=6, period=0.6))


@pytest.mark.parametrize('period', [0.4, 1.0])
def test_wide_claps_fast_and_slow(period):
    found = started(to_and_fro(APART, CLAPPED, times=6, period=period))
    assert [(name, hand) for name, hand, _ in found] == [('clap', Hand.BOTH)]


def test_boxing_seen_from_the_side_does_not_clap():
    # The hands pass each other in the image.
    boxing = (LEFT_PUNCH, LEFT_PUNCH._replace(
        left_arm=LEFT_PUNCH.right_arm, left_forearm=LEFT_PUNCH.right_forearm,
        right_arm=LEFT_PUNCH.left_arm, right_forearm=LEFT_PUNCH.left_forearm,
    ))  # fmt: skip
    assert started(to_and_fro(*boxing, times=6, period=0.8, turn=90.0)) == []


def test_both_arms_to_one_side_do_not_point():
    pose = ActorPose(
        left_arm=(88, 0), left_forearm=(88, 0), right_arm=(-80, 40), right_forearm=(-88, 10)
    )
    assert started((i / 30, person(pose)) for i in range(60)) == []


def test_hands_that_tremble_do_not_clap_wave_or_beckon():
    # Wrists off by 0.1 torsos in every frame, as MoveNet finds those of people whose head is
    # outside the image. In the first second the noise is not known.
    found = []
    for seed, pose in itertools.product(range(3), (FOLDED.blend(CLAPPED, 0.7), GUARD)):
        rng = np.random.default_rng(seed)
        video = [(i / 25, person(pose)) for i in range(250)]
        for _, body in video:
            for side in ('left', 'right'):
                body.keypoints[COCO17.index(f'{side}_wrist')] += rng.normal(0, 9, 2)
        found += [one for one in started(video) if one[-1] > 1.0]
    assert found == []


@pytest.mark.parametrize('period', [0.7, 1.0])
def test_level_arms_that_close_and_open_do_not_clap(period):
    assert {name for name, *_ in started(to_and_fro(LEVEL, CLOSED, times=6, period=period))} <= {
        't_pose'
    }


@pytest.mark.parametrize('period', [0.6, 0.8])
def test_hand_that_strikes_from_the_elbow_does_not_wave(period):
    assert started(to_and_fro(GUARD, STRAIGHT, times=6, period=period)) == []


def test_t_pose_while_marching():
    # Each foot goes up by turns, and the wrists are off along the arm.
    rng = np.random.default_rng(0)
    video = []
    for i in range(90):
        lifted = {
            f'{side}_{part}': (0, angle * max(0.0, sign * math.sin(2 * math.pi * i / 30)))
            for side, sign in (('left', 1), ('right', -1))
            for part, angle in (('thigh', 80), ('shin', -10))
        }
        pose = REST.blend(LEVEL, min(1.0, max(0.0, (i - 45) / 10)))
        body = person(pose._replace(**lifted))
        for side in ('left', 'right'):
            body.keypoints[COCO17.index(f'{side}_wrist')] += rng.normal(0, 8), 0
        video.append((i / 15, body))
    assert [(name, hand) for name, hand, _ in started(video)] == [('t_pose', Hand.BOTH)]


def test_t_pose_after_bouncing():
    low = ActorPose(
        left_thigh=(0, 50), right_thigh=(0, 50), left_shin=(0, -40), right_shin=(0, -40)
    )
    video = list(to_and_fro(REST, low, times=3, period=1.0))
    end = video[-1][0]
    video += [(end + (i + 1) / 30, person(REST.blend(LEVEL, min(1, i / 12)))) for i in range(60)]
    assert [(name, hand) for name, hand, _ in started(video)] == [('t_pose', Hand.BOTH)]
