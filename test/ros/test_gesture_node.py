"""gesture_node over real DDS: skeletons in, gestures out."""

import math
from pathlib import Path
import subprocess
import sys

from geometry_msgs.msg import Point
import numpy as np
import pytest

from pose_ros.actor import Action, Actor
from pose_ros.core.camera_orientation import CameraOrientation
from pose_ros.core.topology import COCO17
from pose_ros.core.types import Box, KeypointState, Person
from pose_ros.msg import GestureEvent, Skeleton, SkeletonArray
from pose_ros.ros.conversions import skeleton_array
from pose_ros.ros.gesture_node import GestureNode
from pose_ros.ros.on_demand import WATCH_PERIOD
from pose_ros.ros.qos import EVENTS, SKELETONS

pytestmark = pytest.mark.ros

SIZE = (640, 480)
STARTED, HELD, ENDED = GestureEvent.STARTED, GestureEvent.HELD, GestureEvent.ENDED


def acted(motion, person_id=1, state=KeypointState.OBSERVED):
    """The actor, still in the middle of a motion."""
    keypoints = Actor((Action(motion, 0.0),)).at(1.5)[0].keypoints.astype(np.float32)
    return Person(
        topology=COCO17,
        keypoints=keypoints,
        scores=np.full(17, 0.75, np.float32),
        states=np.full(17, state, np.uint8),
        score=0.8,
        box=Box.around(keypoints),
        id=person_id,
    )


@pytest.fixture
def stage(make_stage):
    stage = make_stage('gestures')
    stage.events = stage.heard['gestures']
    return stage


def test_raised_hand_from_its_beginning_to_its_end(stage):
    stage.play(acted('stand', 42), images=5)
    stage.play(acted('raise_left', 42), images=12)
    first = stage.wait_for('gestures', gesture='hand_raised', phase=STARTED)
    assert (first.skeleton_id, first.hand) == (42, GestureEvent.LEFT)
    assert first.score == pytest.approx(0.75)
    assert (first.direction.x, first.direction.y, first.direction.z) == (0, 0, 0)
    stage.wait_for('gestures', gesture='hand_raised', phase=HELD)
    stage.play(images=8)
    last = stage.wait_for('gestures', gesture='hand_raised', phase=ENDED)
    assert last.duration > first.duration
    phases = [e.phase for e in stage.events]
    assert phases == [STARTED, *[HELD] * (len(phases) - 2), ENDED]
    assert len(phases) > 5


@pytest.mark.parametrize('mirrored', [False, True])
@pytest.mark.parametrize('rotate', [90, 180, 270])
def test_gestures_before_a_turned_camera(make_stage, rotate, mirrored):
    """Up is up and left is left, whatever the image; directions are the camera's."""
    orientation = CameraOrientation(rotate, mirrored)
    stage = make_stage('gestures', orientation=orientation)
    stage.play(acted('stand', 4), images=5)
    stage.play(acted('raise_left', 4), images=8)
    raised = stage.wait_for('gestures', gesture='hand_raised', phase=STARTED)
    assert raised.hand == GestureEvent.LEFT
    stage.play(acted('point_left', 4), images=12)
    pointing = stage.wait_for('gestures', gesture='point_left', phase=STARTED)
    assert pointing.hand == GestureEvent.LEFT
    # The left hand points to the right of the upright image.
    direction = (pointing.direction.x, pointing.direction.y)
    expected = orientation.direction_in_image((1.0, 0.0, 0.0))[:2]
    assert np.dot(direction, expected) > 0.95


def test_skeletons_of_an_unknown_angle_are_left_out(stage, capfd):
    stage.play(acted('stand', 4), images=2)
    message = skeleton_array([acted('raise_left', 4)], stage.play(), SIZE)
    message.rotate = 45
    stage.send(message)
    stage.ros.spin_until(
        lambda: 'rotate must be one of 0, 90, 180, 270, got 45' in capfd.readouterr().err, 'a line'
    )


def test_a_gesture_begun_before_there_is_an_id_counts_once(stage):
    # At ten images a second a raised hand is one long before the id.
    stage.play(acted('stand', 0), images=5)
    stage.play(acted('raise_left', 0), images=12)
    stage.play(acted('raise_left', 7), acted('stand', 0), images=30)
    stage.play(acted('raise_left', 7), acted('stand', 8), images=3)
    stage.play(acted('stand', 7), acted('stand', 8), images=12)
    assert stage.wait_for('gestures', gesture='hand_raised', phase=ENDED).skeleton_id == 7
    assert [e.phase for e in stage.events].count(STARTED) == 1
    assert {e.skeleton_id for e in stage.events} == {7}


def test_several_without_an_id_make_no_gestures(stage):
    stage.play(acted('raise_left', 0), acted('t_pose', 0), images=15)
    stage.play(acted('raise_left', 0), acted('t_pose', 3), images=30)
    assert stage.wait_for('gestures', gesture='t_pose', phase=STARTED).skeleton_id == 3
    assert {e.gesture for e in stage.events} == {'t_pose'}


def test_what_is_only_predicted_begins_no_gesture(stage):
    predicted = acted('raise_left', 5, KeypointState.PREDICTED)
    stage.play(acted('stand', 5), acted('stand', 6), images=5)
    stage.play(predicted, acted('t_pose', 6), images=15)
    stage.wait_for('gestures', gesture='t_pose', phase=STARTED)
    assert {e.skeleton_id for e in stage.events} == {6}


def test_a_gesture_goes_on_while_it_is_predicted_for_a_moment(stage):
    stage.play(acted('stand', 5), images=5)
    stage.play(acted('raise_left', 5), images=12)
    stage.play(acted('raise_left', 5, KeypointState.PREDICTED), images=3)
    stage.play(acted('raise_left', 5), images=5)
    stage.play(acted('stand', 5), images=12)
    stage.wait_for('gestures', gesture='hand_raised', phase=ENDED)
    phases = [e.phase for e in stage.events]
    assert (phases.count(STARTED), phases.count(ENDED)) == (1, 1)


def test_header_is_that_of_the_skeletons_to_the_bit(stage):
    headers = [stage.play(acted('point_right')) for _ in range(15)]
    stage.ros.spin_until(lambda: len(stage.events) > 8)
    for event in stage.events:
        assert event.header in headers
        assert event.header.frame_id == 'kitchen/камера'
    stamps = [(event.header.stamp.sec, event.header.stamp.nanosec) for event in stage.events]
    assert len(set(stamps)) == len(stamps)
    assert stamps[0][1] % 1000 == 789


def test_pointing_has_a_direction_in_the_image_or_in_space(stage):
    stage.play(acted('point_left'), images=10)
    event = stage.wait_for('gestures', gesture='point_left', phase=STARTED)
    assert event.hand == GestureEvent.LEFT
    # The person's left is the image's right.
    assert (event.direction.x, event.direction.y, event.direction.z) == pytest.approx(
        (1, 0, 0), abs=0.1
    )
    stage.play(images=8)
    stage.wait_for('gestures', gesture='point_left', phase=ENDED)
    stage.events.clear()
    for _ in range(10):
        message = skeleton_array([acted('point_left')], stage.play(), SIZE)
        message.header.stamp.nanosec += 50_000  # a little later than in play()
        positions = [Point(x=math.nan, y=math.nan, z=math.nan) for _ in range(17)]
        positions[Skeleton.LEFT_SHOULDER] = Point(x=0.1, y=0.2, z=3.0)
        positions[Skeleton.LEFT_WRIST] = Point(x=0.5, y=0.2, z=2.7)
        message.skeletons[0].positions = positions
        stage.send(message)
    event = stage.wait_for('gestures', gesture='point_left', phase=STARTED)
    assert (event.direction.x, event.direction.y, event.direction.z) == pytest.approx(
        (0.8, 0, -0.6)
    )


def test_gestures_are_chosen_live(stage):
    node, raised = stage.node, acted('raise_both')
    refused = stage.ros.set_parameter(node, 'gestures', ['wave', 'dance'])
    assert not refused.successful
    assert "unknown gesture 'dance', known are: " in refused.reason
    stage.play(acted('stand'), images=5)
    stage.play(raised, images=12)
    stage.wait_for('gestures', gesture='hand_raised', phase=STARTED)
    assert stage.ros.set_parameter(node, 'gestures', ['wave', 't_pose']).successful
    stage.play(raised)
    stage.wait_for('gestures', gesture='hand_raised', phase=ENDED)
    stage.events.clear()
    stage.play(raised, images=5)
    assert stage.ros.set_parameter(node, 'gestures', ['all']).successful
    stage.play(raised)
    assert stage.wait_for('gestures', gesture='hand_raised', phase=STARTED).duration > 1.0
    assert [e.phase for e in stage.events] == [STARTED]


def test_grace_changes_live(stage):
    assert not stage.ros.set_parameter(stage.node, 'grace', 0.0).successful
    assert stage.ros.set_parameter(stage.node, 'grace', 3.0).successful
    raised = acted('raise_right')
    stage.play(acted('stand'), images=5)
    stage.play(raised, images=12)
    stage.play(images=20)
    stage.play(raised, images=2)
    start = stage.wait_for('gestures', gesture='hand_raised', phase=STARTED)
    stage.ros.spin_until(lambda: stage.events[-1].duration > start.duration + 2.0)
    assert all(event.phase != ENDED for event in stage.events)


def test_skeletons_that_cannot_be_read_do_not_stop_the_others(stage):
    for _ in range(30):
        message = skeleton_array([acted('t_pose', i) for i in (1, 2, 3, 4)], stage.play(), SIZE)
        message.header.stamp.nanosec += 50_000  # a little later than in play()
        one, two, three, _ = message.skeletons
        one.format = 'stickman'
        two.keypoints = two.keypoints[:5]
        three.positions = [Point()]
        stage.send(message)
    assert stage.wait_for('gestures', gesture='t_pose', phase=STARTED).skeleton_id == 4
    assert {event.skeleton_id for event in stage.events} == {4}


def test_rules_of_ones_own(make_stage, tmp_path):
    path = tmp_path / 'mine.yaml'
    path.write_text(
        'gestures: [{name: upright, hand: none, when: {lean: [0, 20]}, hold: 0.2}]', 'utf-8'
    )
    stage = make_stage('gestures', rules_file=str(path))
    stage.play(acted('stand'), images=5)
    assert stage.wait_for('gestures', gesture='upright', phase=STARTED).hand == GestureEvent.NONE


@pytest.mark.parametrize(
    ('parameters', 'reason'),
    [
        (['rules_file:=/nowhere/mine.yaml'], '/nowhere/mine.yaml'),
        (['gestures:=[dance]'], "unknown gesture 'dance'"),
        (['rules_file:={wrong}'], 'wrong.yaml:2: unknown field'),
        (['learned:=/nowhere/mine.tflite'], '/nowhere/mine.tflite'),
        (['exercises_file:=/nowhere/mine.yaml'], '/nowhere/mine.yaml'),
    ],
)
def test_process_ends_with_one_line_about_what_is_wrong(ros_domain, tmp_path, parameters, reason):
    wrong = tmp_path / 'wrong.yaml'
    wrong.write_text('gestures:\n- {nam: x}\n', 'utf-8')
    script = Path(__file__).parents[2] / 'scripts' / 'gesture_node'
    arguments = [word for p in parameters for word in ('-p', p.format(wrong=wrong))]
    done = subprocess.run(
        [sys.executable, str(script), '--ros-args', *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert reason in done.stderr
    assert '[gesture_node]' in done.stderr
    assert 'GestureNode' not in done.stderr
    assert 'Traceback' not in done.stderr


def test_what_is_wrong_is_refused_at_the_start(ros, tmp_path):
    path = tmp_path / 'mine.tflite'
    path.write_bytes(b'no model')
    for parameters, reason in (
        ({'exercise': 'dance'}, "unknown exercise 'dance', known are: auto, "),
        ({'learned': str(path)}, f'learned motions: .*{path}'),
        ({'grace': 0.0}, 'grace'),
    ):
        with pytest.raises(ValueError, match=reason):
            ros.start(GestureNode, **parameters)


def test_nothing_is_asked_for_while_no_one_listens(ros):
    ros.start(GestureNode)
    skeletons = ros.node.create_publisher(SkeletonArray, 'skeletons', SKELETONS)
    ros.spin_for(3 * WATCH_PERIOD)
    assert skeletons.get_subscription_count() == 0
    listener = ros.node.create_subscription(GestureEvent, 'gestures', lambda _: None, EVENTS)
    ros.spin_until(lambda: skeletons.get_subscription_count() == 1, 'the subscription')
    ros.node.destroy_subscription(listener)
    ros.spin_until(lambda: skeletons.get_subscription_count() == 0, 'its end')
