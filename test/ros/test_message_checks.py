"""What a node accepts of other nodes' messages."""

import math

from geometry_msgs.msg import Point
import pytest
from rclpy.logging import get_logger
from std_msgs.msg import Header

from pose_ros.core.configuration import MAX_PEOPLE, EstimatorConfig
from pose_ros.msg import (
    ExerciseFault,
    ExerciseState,
    FallEvent,
    GestureEvent,
    Hand,
    HandArray,
    JointAngles,
    Keypoint,
    Posture,
    Skeleton,
    SkeletonArray,
)
from pose_ros.ros.diagnostics import OK, WARN
from pose_ros.ros.message_checks import CHECKS
from pose_ros.ros.skeleton_reader import SkeletonReader

pytestmark = pytest.mark.ros


class Owner:
    """As much of a node as a reader needs."""

    def get_logger(self):
        return get_logger('owner')

    def resolve_topic_name(self, name):
        return f'/{name}'

    def count_publishers(self, _):
        return 1


def skeleton(person_id=1):
    return Skeleton(
        id=person_id,
        format='coco17',
        score=0.9,
        keypoints=[Keypoint(x=100.0 + i, y=200.0 - i, score=0.8) for i in range(17)],
        position_source=Skeleton.POSITIONS_DEPTH,
        positions=[Point(x=0.1 * i, y=0.2, z=3.0) for i in range(17)],
        position_deviations=[0.02] * 17,
    )


def skeletons(*people):
    return SkeletonArray(
        header=Header(frame_id='camera'), image_width=640, image_height=480, skeletons=people
    )


@pytest.fixture
def reader():
    return SkeletonReader(Owner(), 'skeletons')


def set_field(path):
    """Function that sets a field of a message by a path such as 'keypoints.3.x'."""
    *way, last = path.split('.')

    def change(message, value):
        for step in way:
            message = message[int(step)] if step.isdigit() else getattr(message, step)
        setattr(message, last, value)

    return change


def test_a_valid_message_is_read_whole(reader):
    found = skeletons(skeleton(3), skeleton(0), skeleton(4))
    assert [person.id for person in reader.read(found)] == [3, 4]
    assert [person.id for person in reader.read(found, unconfirmed=True)] == [3, 0, 4]
    assert reader.status(True)[0] == OK


@pytest.mark.parametrize(
    ('field', 'value', 'reason'),
    [
        ('keypoints.3.x', math.nan, 'left_ear is OBSERVED, but its place is not finite'),
        ('keypoints.3.y', math.inf, 'keypoint left_ear must be within ±1e+06'),
        ('keypoints.16.x', -2e6, 'keypoint right_ankle must be within ±1e+06'),
        ('keypoints.0.score', math.nan, 'score of nose must be 0 to 1'),
        ('keypoints.0.score', 1.5, 'score of nose must be -0.001 to 1.001, got 1.5'),
        ('keypoints.0.state', 9, 'unknown keypoint state 9, known are 0 to 3'),
        ('score', -1.0, 'score must be'),
        ('format', 'stickman', "unknown keypoint format 'stickman'"),
        ('format', 'x' * 201, 'format must have at most 200 characters, got 201'),
        ('box.x_offset', 2**32 - 1, 'box x_offset + width must be 0 to 16384'),
        ('box.height', 16385, 'box y_offset + height must be 0 to 16384'),
        ('positions.5.z', math.inf, 'position left_shoulder must be within ±100000'),
        ('positions.5.z', 1e154, 'position left_shoulder must be within ±100000'),
        ('positions', [Point()] * 3, 'points [K, 3] and deviations [K]'),
        ('position_deviations', [-1.0] * 17, 'position deviation of nose must be 0 to'),
        ('position_deviations', [math.inf] * 17, 'position deviation of nose must be 0 to'),
        ('position_source', 77, '77 is not a valid PositionSource'),
        ('keypoints', [Keypoint()] * 5, 'coco17 keypoints must have shape (17, 2)'),
    ],
)
def test_a_bad_skeleton_is_left_out_alone(reader, field, value, reason):
    message = skeletons(skeleton(1), skeleton(2), skeleton(3))
    set_field(field)(message.skeletons[1], value)
    assert [person.id for person in reader.read(message)] == [1, 3]
    level, text, figures = reader.status(True)
    assert level == WARN
    assert figures['bad messages'] == '1'
    assert reason.partition(' 0 to 1')[0] in figures['last bad message']
    assert figures['last bad message'] in text


@pytest.mark.parametrize(
    ('field', 'value'), [('x', math.nan), ('y', -1e6), ('score', 0.0), ('score', 1.0)]
)
def test_what_is_not_observed_may_be_unknown(reader, field, value):
    message = skeletons(skeleton())
    keypoint = message.skeletons[0].keypoints[9]
    keypoint.state = Keypoint.PREDICTED
    setattr(keypoint, field, value)
    message.skeletons[0].positions[9] = Point(x=math.nan, y=math.nan, z=math.nan)
    message.skeletons[0].position_deviations[9] = math.nan
    assert len(reader.read(message)) == 1


@pytest.mark.parametrize(
    ('field', 'value', 'reason'),
    [
        ('image_width', 0, 'image_width must be 1 to 16384, got 0'),
        ('image_height', 16385, 'image_height must be 1 to 16384, got 16385'),
        ('header.stamp.nanosec', 10**9, 'stamp nanosec must be 0 to 1e+09, got 1000000000'),
        ('header.stamp.sec', -1, 'stamp sec must be 0 to'),
        ('header.frame_id', 'x' * 300, 'frame_id must have at most 200 characters'),
    ],
)
def test_a_message_that_is_bad_as_a_whole(reader, field, value, reason):
    message = skeletons(skeleton())
    set_field(field)(message, value)
    assert reader.read(message) is None
    assert reader.status(True)[2]['last bad message'].startswith(f'skeletons: {reason}')


def test_no_more_people_than_can_be_followed(reader):
    EstimatorConfig(max_people=MAX_PEOPLE)
    with pytest.raises(ValueError, match='max_people'):
        EstimatorConfig(max_people=MAX_PEOPLE + 1)
    crowd = [skeleton(i + 1) for i in range(MAX_PEOPLE)]
    assert len(reader.read(skeletons(*crowd))) == MAX_PEOPLE
    assert reader.read(skeletons(*crowd, skeleton(99))) is None
    assert 'at most 50 skeletons are allowed, got 51' in reader.status(True)[1]


def test_an_id_counts_once(reader):
    message = skeletons(skeleton(5), skeleton(5), skeleton(6), skeleton(0), skeleton(0))
    assert [p.id for p in reader.read(message, unconfirmed=True)] == [5, 6, 0, 0]
    assert reader.status(True)[2]['last bad message'] == 'skeleton: id 5 appears twice'


def exercise(**fields):
    return ExerciseState(faults=[ExerciseFault(name='knees_in', value=0.1)], **fields)


def angles(**fields):
    return JointAngles(**{'names': ['trunk', 'neck'], 'angles': [0.1, math.nan], **fields})


@pytest.mark.parametrize(
    'message',
    [
        GestureEvent(gesture='wave', phase=GestureEvent.ENDED, hand=GestureEvent.BOTH, score=1.0),
        Posture(posture=Posture.LYING, confidence=1.0, duration=3e5),
        FallEvent(phase=FallEvent.CLOSED, confidence=0.5, peak_descent_rate=math.nan),
        exercise(exercise='squat', angle=math.nan, repetitions=2**32 - 1),
        angles(),
        angles(confidences=[0.9, 0.0], standard_deviations=[0.02, math.nan]),
    ],
)
def test_valid_messages_pass(reader, message):
    passed = []
    reader.checked('topic', passed.append)(message)
    assert passed == [message]


@pytest.mark.parametrize(
    ('message', 'reason'),
    [
        (GestureEvent(gesture='x' * 201), 'gesture must have at most 200 characters'),
        (GestureEvent(phase=3), 'phase must be 0 to 2, got 3'),
        (GestureEvent(hand=4), 'hand must be 0 to 3, got 4'),
        (GestureEvent(score=math.inf), 'score must be'),
        (GestureEvent(duration=math.nan), 'duration must be'),
        (Posture(posture=6), 'posture must be 0 to 5, got 6'),
        (Posture(confidence=math.nan), 'confidence must be'),
        (FallEvent(phase=4), 'phase must be 0 to 3, got 4'),
        (FallEvent(peak_descent_rate=math.inf), 'peak_descent_rate must be'),
        (ExerciseState(phase=4), 'phase must be 0 to 3, got 4'),
        (ExerciseState(range_reached=3), 'range_reached must be 0 to 2, got 3'),
        (ExerciseState(angle=math.inf), 'angle must be'),
        (ExerciseState(hold_time=-1.0), 'hold_time must be'),
        (ExerciseState(faults=[ExerciseFault()] * 201), 'at most 200 faults are allowed, got 201'),
        (ExerciseState(faults=[ExerciseFault(name='x' * 201)]), 'fault must have at most 200'),
        (angles(angles=[0.1]), 'expected 2 angles, got 1'),
        (angles(angles=[0.1, 1e300]), 'angles of neck must be -100 to 100, got 1e+300'),
        (angles(confidences=[0.5]), 'expected 2 confidences, got 1'),
        (angles(names=['x'] * 201, angles=[0.0] * 201), 'at most 200 names are allowed'),
    ],
)
def test_bad_messages_are_dropped_and_counted(reader, message, reason):
    passed = []
    check = reader.checked('topic', passed.append)
    for _ in range(3):
        check(message)
    assert passed == []
    level, text, figures = reader.status(False)
    assert level == WARN
    assert text.startswith('3 messages or skeletons left out; topic: ')
    assert reason in figures['last bad message']
    assert figures['bad messages'] == '3'
    # Reported once.
    assert reader.status(False)[0] == OK


@pytest.mark.parametrize('kind', [k for k in CHECKS if k is not SkeletonArray])
def test_the_stamp_of_every_type_is_checked(reader, kind):
    message = kind()
    message.header.stamp.nanosec = 2**32 - 1
    reader.checked('topic', pytest.fail)(message)
    assert 'stamp nanosec' in reader.status(True)[1]


@pytest.mark.parametrize(
    ('change', 'reason'),
    [
        ({'format': 'hand42'}, 'must be hand21'),
        ({'depths': [0.0] * 20}, r'\(21,\), got \(20,\)'),
        ({'score': 1.5}, 'score of a hand must be'),
        ({'side_score': float('nan')}, 'side_score of a hand must be'),
        ({'depths': [float('nan')] * 21}, 'depths of a hand must be within'),
        ({'world_points': [Point(x=1e9)] * 21}, 'world_points of a hand must be within'),
        ({'side': 3}, 'side must be 0 to 2'),
    ],
)
def test_hands_that_cannot_be_used_are_refused(change, reason):
    values = {
        'format': 'hand21',
        'keypoints': [Keypoint() for _ in range(21)],
        'depths': [0.0] * 21,
        'world_points': [Point() for _ in range(21)],
    }
    check = CHECKS[HandArray]
    check(HandArray(image_width=640, image_height=480, hands=[Hand(**values)]))
    broken = HandArray(image_width=640, image_height=480, hands=[Hand(**{**values, **change})])
    with pytest.raises(ValueError, match=reason):
        check(broken)
