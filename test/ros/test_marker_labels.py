"""Labels of each person, from the messages of gesture_node."""

import math

import numpy as np
import pytest
from std_msgs.msg import Header

from pose_ros.core.body.angles import measure
from pose_ros.core.topology import BLAZEPOSE33
from pose_ros.core.types import Box, Person
from pose_ros.msg import (
    ExerciseFault,
    ExerciseState,
    FallEvent,
    GestureEvent,
    JointAngles,
    Posture,
)
from pose_ros.ros.labels import ANGLES, FALLEN_PATIENCE, FALLING_PATIENCE, PATIENCE, Labels

pytestmark = pytest.mark.ros


def header(stamp):
    message = Header()
    message.stamp.sec, message.stamp.nanosec = int(stamp), round(stamp % 1 * 1e9)
    return message


def event(stamp, phase, gesture='wave', hand=GestureEvent.NONE, person=1):
    return GestureEvent(
        header=header(stamp), gesture=gesture, phase=phase, hand=hand, skeleton_id=person
    )


def posture(stamp, value=Posture.SITTING, person=1):
    return Posture(header=header(stamp), skeleton_id=person, posture=value)


def fall(stamp, phase, person=1):
    return FallEvent(header=header(stamp), skeleton_id=person, phase=phase)


@pytest.fixture
def labels():
    return Labels()


@pytest.mark.parametrize(
    ('gesture', 'hand', 'words'),
    [
        ('wave', GestureEvent.LEFT, 'wave left'),
        ('hand_raised', GestureEvent.BOTH, 'hand raised both'),
        ('point_right', GestureEvent.RIGHT, 'point right'),
        ('point_left', GestureEvent.RIGHT, 'point left right'),
        ('t_pose', GestureEvent.NONE, 't pose'),
    ],
)
def test_words_name_gesture_and_hand(labels, gesture, hand, words):
    labels.on_gesture(event(10.0, GestureEvent.STARTED, gesture, hand))
    assert labels.at(10.0).words == {1: words}


def test_a_gesture_is_there_from_its_start_to_its_end(labels):
    assert labels.at(9.0).words == {}
    labels.on_gesture(event(10.0, GestureEvent.STARTED))
    labels.on_gesture(event(10.5, GestureEvent.HELD))
    assert labels.at(10.5).words == {1: 'wave'}
    labels.on_gesture(event(11.0, GestureEvent.ENDED))
    assert labels.at(11.0).words == {}


def test_the_end_of_one_gesture_leaves_the_others(labels):
    labels.on_gesture(event(10.0, GestureEvent.STARTED, hand=GestureEvent.LEFT))
    labels.on_gesture(event(10.0, GestureEvent.STARTED, hand=GestureEvent.RIGHT))
    labels.on_gesture(event(10.0, GestureEvent.STARTED, hand=GestureEvent.LEFT, person=2))
    assert labels.at(10.0).words == {1: 'wave left, wave right', 2: 'wave left'}
    labels.on_gesture(event(10.1, GestureEvent.ENDED, hand=GestureEvent.LEFT))
    assert labels.at(10.1).words == {1: 'wave right', 2: 'wave left'}


def test_gestures_of_a_hand_without_a_person_are_under_its_negative_id(labels):
    message = event(10.0, GestureEvent.STARTED, 'fist', GestureEvent.LEFT, person=0)
    message.hand_id = 1
    labels.on_gesture(message)
    labels.on_gesture(event(10.0, GestureEvent.STARTED))
    assert labels.at(10.0).words == {-1: 'fist left', 1: 'wave'}


def test_a_gesture_whose_end_was_lost_does_not_stay(labels):
    labels.on_gesture(event(10.0, GestureEvent.STARTED))
    assert labels.at(10.9).words == {1: 'wave'}
    labels.on_gesture(event(10.9, GestureEvent.HELD))
    assert labels.at(11.8).words == {1: 'wave'}
    assert labels.at(12.0).words == {}


def test_a_clock_set_back_ends_what_was_seen_before(labels):
    labels.on_gesture(event(100.0, GestureEvent.STARTED))
    labels.on_fall(fall(100.0, FallEvent.FALLEN))
    assert labels.at(90.0, present={1}).words == {}
    assert labels.at(100.0).fallen == frozenset()


@pytest.mark.parametrize('stamp', [0.0, 50.0])
def test_where_stamps_stand_still_what_is_old_ends_by_the_time_of_receipt(
    labels, monkeypatch, stamp
):
    now = 1000.0
    monkeypatch.setattr('time.monotonic', lambda: now)
    labels.on_gesture(event(stamp, GestureEvent.STARTED))
    labels.on_fall(fall(stamp, FallEvent.FALLEN, person=2))
    labels.at(stamp)
    now += 0.9 * PATIENCE
    assert labels.at(stamp, present={2}).words == {1: 'wave', 2: 'fallen'}
    now += 0.2 * PATIENCE
    assert labels.at(stamp).words == {2: 'fallen'}
    now += FALLEN_PATIENCE
    assert labels.at(stamp).words == {}


def test_each_thing_has_its_line(labels):
    labels.on_exercise(
        ExerciseState(
            header=header(5.0),
            skeleton_id=1,
            exercise='jumping_jack',
            repetitions=3,
            faults=[
                ExerciseFault(name='arms_low', certain=True),
                ExerciseFault(name='feet_close', certain=False),
            ],
        )
    )
    labels.on_gesture(event(5.0, GestureEvent.STARTED))
    labels.on_posture(posture(5.0, Posture.STANDING))
    assert labels.at(5.0).words == {1: 'standing\nwave\njumping jack 3, arms low'}
    labels.on_posture(posture(5.1, Posture.UNKNOWN))
    assert labels.at(5.1).words == {1: 'wave\njumping jack 3, arms low'}
    labels.on_exercise(
        ExerciseState(header=header(5.2), skeleton_id=1, exercise='plank', hold_time=12.4)
    )
    assert labels.at(5.2).words == {1: 'wave\nplank 12 s'}
    labels.on_exercise(
        ExerciseState(
            header=header(5.3), skeleton_id=1, exercise='plank', repetitions=1, retracted=True
        )
    )
    assert labels.at(5.3).words == {1: 'wave'}
    assert labels.at(5.0 + 1.5 * PATIENCE).words == {}


def test_every_posture_has_a_word(labels):
    for name in ('STANDING', 'SITTING', 'CROUCHING', 'BENDING', 'LYING'):
        labels.on_posture(posture(1.0, getattr(Posture, name)))
        assert labels.at(1.0).words == {1: name.lower()}


@pytest.mark.parametrize('over', [FallEvent.RECOVERED, FallEvent.CLOSED])
def test_who_has_fallen_stays_so_until_it_is_over(labels, over):
    labels.on_posture(posture(1.0))
    labels.on_fall(fall(1.0, FallEvent.FALLING))
    assert labels.at(1.0).words == {1: 'falling'}
    assert labels.at(1.0).fallen == frozenset()
    labels.on_fall(fall(2.0, FallEvent.FALLEN))
    stamp = 2.0
    while stamp < 3 * FALLEN_PATIENCE:
        stamp += 0.5 * FALLEN_PATIENCE
        assert labels.at(stamp, present={1}).fallen == {1}
        assert labels.at(stamp, present={1}).words == {1: 'fallen'}
    labels.on_fall(fall(stamp, over))
    labels.on_posture(posture(stamp, Posture.STANDING))
    assert labels.at(stamp, present={1}).fallen == frozenset()
    assert labels.at(stamp).words == {1: 'standing'}


def test_the_fallen_who_do_not_come_back_are_forgotten(labels):
    labels.on_fall(fall(2.0, FallEvent.FALLEN))
    labels.on_fall(fall(2.0, FallEvent.FALLING, person=2))
    assert labels.at(2.0 + 0.9 * FALLING_PATIENCE).words == {1: 'fallen', 2: 'falling'}
    assert labels.at(2.0 + 1.1 * FALLING_PATIENCE).words == {1: 'fallen'}
    assert labels.at(2.0 + 0.9 * FALLEN_PATIENCE).fallen == {1}
    assert labels.at(2.0 + 1.1 * FALLEN_PATIENCE).fallen == frozenset()


def test_only_the_angles_wanted_are_shown(labels):
    labels.angles = frozenset({'left_knee', 'trunk'})
    message = JointAngles(
        header=header(1.0),
        skeleton_id=3,
        names=['left_knee', 'right_knee', 'trunk'],
        angles=[1.5, 2.5, math.nan],
    )
    labels.on_angles(message)
    angles = labels.at(1.0).angles
    assert angles.keys() == {3}
    assert angles[3]['left_knee'] == 1.5
    assert angles[3].keys() == {'left_knee', 'trunk'}
    labels.angles = frozenset()
    labels.on_angles(message)
    assert labels.at(1.0).angles == {}


def test_all_angles_that_are_measured_can_be_asked_for():
    points = np.random.default_rng(1).uniform(0, 100, (33, 2)).astype(np.float32)
    ones, states = np.ones(33, np.float32), np.zeros(33, np.uint8)
    person = Person(BLAZEPOSE33, points, ones, states, 1.0, Box(0, 0, 1, 1), 1)
    assert sorted(ANGLES) == sorted(measure(person).names)
