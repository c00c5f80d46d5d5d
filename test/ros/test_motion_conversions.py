"""What people do, from values of the core to messages."""

import math

from builtin_interfaces.msg import Time
import numpy as np
import pytest
from rclpy.serialization import deserialize_message, serialize_message
from std_msgs.msg import Header

from pose_ros.core.body.angles import JointAngles
from pose_ros.core.motion.exercises import ExercisePhase, ExerciseState, Fault, Verdict
from pose_ros.core.motion.falls import Fall, FallPhase
from pose_ros.core.motion.gestures import Gesture, Phase
from pose_ros.core.motion.posture_observer import Posture, PostureState
from pose_ros.core.motion.rules import Hand
from pose_ros.msg import ExerciseState as ExerciseStateMsg
from pose_ros.msg import FallEvent, GestureEvent
from pose_ros.msg import Posture as PostureMsg
from pose_ros.ros.images import stamp_of
from pose_ros.ros.motion_conversions import (
    angles_to_joint_state,
    angles_to_msg,
    exercise_to_msg,
    fall_to_msg,
    gesture_to_msg,
    posture_to_msg,
    time_to_msg,
)

HEADER = Header(stamp=Time(sec=1_700_000_000, nanosec=123_456_789), frame_id='camera')


def through_the_wire(message):
    return deserialize_message(serialize_message(message), type(message))


def angles_of(person_id, *angles):
    values = np.array(angles)
    names = ('left_knee', 'right_knee', 'trunk')
    known = np.isfinite(values)
    confidences = np.where(known, 0.75, 0.0)
    return JointAngles(person_id, names, values, confidences, np.where(known, 0.1, np.nan), True)


@pytest.mark.parametrize('phase', Phase)
@pytest.mark.parametrize('hand', Hand)
def test_gestures(phase, hand):
    gesture = Gesture('point', phase, hand, 0.5, 1.25, (0.6, -0.8, 0.0), 3)
    message = through_the_wire(gesture_to_msg(gesture, HEADER))
    assert message.header == HEADER
    assert (message.gesture, message.skeleton_id, message.score) == ('point', 3, 0.5)
    assert (message.phase, message.hand) == (
        getattr(GestureEvent, phase.name),
        getattr(GestureEvent, hand.name),
    )
    direction = message.direction
    assert (direction.x, direction.y, direction.z, message.duration) == (0.6, -0.8, 0.0, 1.25)


def test_angles_are_all_there_unknown_ones_as_nan():
    angles = angles_of(3, 1.5, math.nan, 0.25)
    message = through_the_wire(angles_to_msg(angles, HEADER))
    assert message.header == HEADER
    assert (message.skeleton_id, message.in_space) == (3, True)
    assert tuple(message.names) == angles.names
    np.testing.assert_array_equal(message.angles, angles.angles)
    np.testing.assert_array_equal(message.confidences, angles.confidences)
    np.testing.assert_allclose(message.standard_deviations, angles.deviations, rtol=1e-6)


def test_a_joint_state_has_the_known_joints_of_all_people():
    people = [angles_of(3, 1.5, math.nan, 0.25), angles_of(12, math.nan, 2.5, 0.5)]
    message = through_the_wire(angles_to_joint_state(people, HEADER))
    assert message.header == HEADER
    assert dict(zip(message.name, message.position)) == {
        'person_3/left_knee': 1.5,
        'person_3/trunk': 0.25,
        'person_12/right_knee': 2.5,
        'person_12/trunk': 0.5,
    }
    assert len(message.name) == len(message.position) == 4
    assert not message.velocity
    assert not message.effort
    assert not angles_to_joint_state([angles_of(1, *[math.nan] * 3)], HEADER).name


@pytest.mark.parametrize('posture', Posture)
def test_postures(posture):
    message = through_the_wire(posture_to_msg(PostureState(4, posture, 0.5, 2.25), HEADER))
    assert message.header == HEADER
    assert message.posture == getattr(PostureMsg, posture.name)
    assert (message.skeleton_id, message.confidence, message.duration) == (4, 0.5, 2.25)


@pytest.mark.parametrize('phase', FallPhase)
@pytest.mark.parametrize('lost', [False, True])
def test_falls(phase, lost):
    onset = stamp_of(HEADER) - 1.5
    fall = Fall(4, phase, 0.75, onset, onset + 1.25, 1.5, 2.5, lost)
    message = through_the_wire(fall_to_msg(fall, HEADER))
    assert message.header == HEADER
    assert (message.skeleton_id, message.phase) == (4, getattr(FallEvent, phase.name))
    assert (message.confidence, message.duration, message.peak_descent_rate) == (0.75, 1.5, 2.5)
    assert message.lost is lost
    # A double holds the seconds since 1970 to less than a microsecond.
    for stamp, expected in ((message.onset, 1.5), (message.landing, 0.25)):
        nanoseconds = (HEADER.stamp.sec - stamp.sec) * 10**9 + HEADER.stamp.nanosec - stamp.nanosec
        assert nanoseconds == pytest.approx(expected * 1e9, abs=1000)


def test_a_landing_that_has_not_been_is_zero():
    message = fall_to_msg(Fall(4, FallPhase.FALLING, 0.5, 10.0, None, 0.5, 1.0), HEADER)
    assert message.landing == Time()
    assert message.onset == Time(sec=10)


@pytest.mark.parametrize(
    ('stamp', 'expected'),
    [(0.0, (0, 0)), (1.25, (1, 250_000_000)), (2.9999999999, (3, 0)), (-0.5, (0, 0))],
)
def test_times(stamp, expected):
    message = time_to_msg(stamp)
    assert (message.sec, message.nanosec) == expected


@pytest.mark.parametrize('phase', ExercisePhase)
@pytest.mark.parametrize('range_reached', Verdict)
def test_exercises(phase, range_reached):
    faults = (Fault('knees_cave_in', True, 0.5, 0.75, 0.125), Fault('lean', False, 1.0, 2.0, 0.5))
    state = ExerciseState(
        skeleton_id=5,
        exercise='squat',
        phase=phase,
        repetitions=7,
        repetition_done=True,
        angle=math.nan,
        peak_angle=1.5,
        range_reached=range_reached,
        confidence=0.75,
        outward_time=1.25,
        turn_time=0.25,
        return_time=0.5,
        faults=faults,
        hold_time=20.5,
        retracted=True,
    )
    message = through_the_wire(exercise_to_msg(state, HEADER))
    assert message.header == HEADER
    assert (message.skeleton_id, message.exercise, message.repetitions) == (5, 'squat', 7)
    assert message.phase == getattr(ExerciseStateMsg, phase.name)
    assert message.range_reached == getattr(ExerciseStateMsg, range_reached.name)
    assert message.repetition_done is True
    assert math.isnan(message.angle)
    assert (message.peak_angle, message.confidence) == (1.5, 0.75)
    assert (message.outward_time, message.turn_time, message.return_time) == (1.25, 0.25, 0.5)
    assert (message.hold_time, message.retracted) == (20.5, True)
    found = [(f.name, f.certain, f.value, f.limit, f.standard_deviation) for f in message.faults]
    assert found == [
        ('knees_cave_in', True, 0.5, 0.75, 0.125),
        ('lean', False, 1.0, 2.0, 0.5),
    ]
