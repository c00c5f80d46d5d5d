"""Gestures and the exercises that look like them, in the actor's true joints."""

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


@pytest.mark.parametrize(
    ('low', 'high', 'gesture', 'repetitions'),
    [(RACKED, PRESSED, 'hand_raised', 1), (REST, LEVEL, 't_pose', 2)],
    ids=['overhead press', 'lateral raise'],
)
@pytest.mark.parametrize('period', [2.0, 3.0])
def test_arms_that_go_up_in_rhythm_are_no_gesture(low, high, gesture, repetitions, period):
    found = started(to_and_fro(low, high, times=5, period=period))
    # The first repetitions cannot be told from the gesture, the others are in rhythm.
    assert {(name, hand) for name, hand, _ in found} <= {(gesture, Hand.BOTH)}
    assert all(stamp < repetitions * period for *_, stamp in found)


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
