"""gesture_node over real DDS: what people do besides gestures, and only what a person asks for."""

import math
from unittest.mock import Mock

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
import numpy as np
import pytest

from pose_ros.actor import Action, Actor, Scene, skeletons
from pose_ros.core.motion.angle_observer import AngleObserver
from pose_ros.core.motion.exercises import ExerciseCounter
from pose_ros.core.motion.falls import FallDetector
from pose_ros.core.motion.gestures import GestureRecogniser
from pose_ros.core.motion.learned import LearnedGestures
from pose_ros.core.motion.learned_model import Description, LearnedClass
from pose_ros.core.motion.normalised import Window
from pose_ros.core.motion.observer import MotionConfig
from pose_ros.core.motion.observers import configure, make_observers
from pose_ros.core.motion.posture_observer import PostureReader
from pose_ros.core.motion.rules import Hand
from pose_ros.core.motion.watcher import MotionWatcher
from pose_ros.core.runtime.errors import OutputError
from pose_ros.core.topology import BLAZEPOSE33
from pose_ros.core.types import Box, Person
from pose_ros.msg import ExerciseState, FallEvent, GestureEvent, Posture
from pose_ros.ros import diagnostics, skeleton_reader
from pose_ros.ros.conversions import positions_to_msg, skeleton_array
from pose_ros.ros.images import stamp_of
from pose_ros.ros.motion_outputs import OUTPUTS
from pose_ros.ros.on_demand import WATCH_PERIOD
from pose_ros.ros.qos import DIAGNOSTICS, EVENTS

pytestmark = pytest.mark.ros

FPS = 15.0


def scene(duration, *actions, **options):
    return Scene(
        duration=duration, fps=FPS, actors=(Actor(actions, **options),), background='plain'
    )


def seconds(time):
    return time.sec + time.nanosec * 1e-9


def check_headers(stage, messages):
    """Each message has the header of an image, and only the last one of a person can repeat."""
    assert messages
    for message in messages:
        assert message.header in stage.headers


def test_joint_angles_in_both_forms(make_stage):
    stage = make_stage('joint_angles', 'human_joint_states')
    stage.video(scene(1.5, Action('t_pose', 0.0)))
    last = stage.headers[-1]
    message = stage.wait_for('joint_angles', header=last)
    state = stage.wait_for('human_joint_states', header=last)
    check_headers(stage, stage.heard['joint_angles'])
    assert message.skeleton_id == 1
    measured = [m.angles for m in stage.heard['joint_angles'][-10:]]
    angles = dict(zip(message.names, np.degrees(np.nanmedian(measured, axis=0))))
    for side in ('left', 'right'):
        assert angles[f'{side}_elbow'] == pytest.approx(180, abs=20)
        assert angles[f'{side}_shoulder'] == pytest.approx(90, abs=12)
    assert angles['trunk'] == pytest.approx(0, abs=8)
    known = {f'person_1/{n}': a for n, a in zip(message.names, message.angles) if math.isfinite(a)}
    assert dict(zip(state.name, state.position)) == known
    # That topic is the robot's: robot_state_publisher would take people's joints for its own.
    assert stage.ros.node.count_publishers('/joint_states') == 0
    assert len(stage.heard['joint_angles']) == len(stage.headers)


def test_unknown_angles_are_nan_and_no_joint_states(make_stage, make_person):
    stage = make_stage('joint_angles', 'human_joint_states')
    person = make_person(8)
    person.states[person.topology.index('left_wrist')] = 1
    stage.play(person, images=3)
    message = stage.wait_for('joint_angles', header=stage.headers[-1])
    state = stage.wait_for('human_joint_states', header=stage.headers[-1])
    unknown = message.names.index('left_elbow')
    assert math.isnan(message.angles[unknown])
    assert message.confidences[unknown] == 0
    assert 'person_8/left_elbow' not in state.name
    assert 'person_8/right_elbow' in state.name


def test_positions_in_space_reach_the_angles(make_stage):
    stage = make_stage('joint_angles')
    *_, frame = skeletons(scene(0.5), seed=2, world=True)
    stage.play(*frame.people)
    message = skeleton_array(frame.people, stage.play(*frame.people), (640, 480))
    message.header.stamp.nanosec += 10**7
    # Anywhere before the camera.
    positions = np.add(frame.people[0].world, (0.5, 0.25, 3.0))
    message.skeletons[0].positions = positions_to_msg(positions)
    stage.send(message)
    assert stage.wait_for('joint_angles', in_space=False).header == stage.headers[0]
    assert stage.wait_for('joint_angles', in_space=True).header == message.header


def test_postures(make_stage):
    stage = make_stage('postures')
    stage.video(scene(7.0, Action('crouch', 2.0)), until=5.5)
    first = stage.wait_for('postures', posture=Posture.STANDING)
    last = stage.wait_for('postures', header=stage.headers[-1])
    check_headers(stage, stage.heard['postures'])
    assert first.skeleton_id == 1
    assert last.posture == Posture.CROUCHING
    assert 1.0 < last.duration < 3.5
    assert 0 < last.confidence <= 1


def test_a_fall_from_its_beginning_to_its_end(make_stage):
    stage = make_stage('falls')
    stage.video(scene(5.0, Action('fall_left', 2.0)))
    start = stamp_of(stage.headers[0])
    event = stage.wait_for('falls', phase=FallEvent.FALLEN)
    check_headers(stage, stage.heard['falls'])
    assert (event.skeleton_id, event.lost) == (1, False)
    onset, landing = seconds(event.onset) - start, seconds(event.landing) - start
    assert 1.8 < onset < 2.6
    assert onset < landing < 3.4
    assert event.duration == pytest.approx(stamp_of(event.header) - start - onset, abs=1e-3)
    assert event.peak_descent_rate > 0.3
    for early in stage.heard['falls'][:-1]:
        assert early.phase == FallEvent.FALLING
        assert early.landing == Time()


def test_no_one_there_any_more_is_part_of_a_fall(make_stage):
    stage = make_stage('falls')
    stage.video(scene(4.0, Action('fall_right', 2.0)), until=2.85)
    lost = len(stage.headers)
    assert all(event.phase == FallEvent.FALLING for event in stage.heard['falls'])
    # The skeletons of images without people.
    stage.play(images=30, rate=FPS)
    event = stage.wait_for('falls', phase=FallEvent.FALLEN)
    assert (event.skeleton_id, event.lost) == (1, True)
    assert event.header in stage.headers[lost:]


def test_repetitions_are_counted_and_the_exercise_is_chosen_live(make_stage):
    stage = make_stage('exercise', exercise='squat')
    squats = scene(7.0, Action('deep_squats', 1.0))
    stage.video(squats)
    last = stage.wait_for('exercise', header=stage.headers[-1])
    check_headers(stage, stage.heard['exercise'])
    assert (last.skeleton_id, last.exercise) == (1, 'squat')
    done = [m for m in stage.heard['exercise'] if m.repetition_done]
    assert [m.repetitions for m in done] == [1, 2, 3]
    assert {m.range_reached for m in done} == {ExerciseState.YES}
    counts = [m.repetitions for m in stage.heard['exercise']]
    assert set(np.diff(counts)) == {0, 1}
    refused = stage.ros.set_parameter(stage.node, 'exercise', 'dance')
    assert not refused.successful
    assert "unknown exercise 'dance', known are: auto, none, " in refused.reason
    assert stage.ros.set_parameter(stage.node, 'exercise', 'none').successful
    stage.heard['exercise'].clear()
    stage.video(squats, until=1.0)
    assert stage.heard['exercise'] == []
    assert stage.ros.set_parameter(stage.node, 'exercise', 'squat').successful
    stage.ros.spin_for(2 * WATCH_PERIOD)
    stage.video(squats, until=4.0)
    assert stage.wait_for('exercise', repetitions=1)


@pytest.fixture
def observed(monkeypatch):
    """Names of the observers that were given people."""
    names = set()
    for kind in (AngleObserver, PostureReader, FallDetector, ExerciseCounter, GestureRecogniser):

        def observe(self, body, original=kind.observe):
            names.add(self.name)
            return original(self, body)

        monkeypatch.setattr(kind, 'observe', observe)
    return names


@pytest.mark.parametrize(
    ('topic', 'observer'),
    [
        ('gestures', 'gestures'),
        ('joint_angles', 'angles'),
        ('human_joint_states', 'angles'),
        ('postures', 'postures'),
        ('falls', 'falls'),
        ('exercise', 'exercises'),
    ],
)
def test_only_what_is_asked_for_is_computed(make_stage, observed, topic, observer):
    stage = make_stage(topic)
    stage.video(scene(0.5))
    stage.ros.spin_until(lambda: observed, 'an observer')
    assert observed == {observer}


def test_who_listens_again_hears_nothing_of_before(make_stage):
    stage = make_stage('falls', 'postures')
    stage.video(scene(3.0, Action('fall_left', 2.0)), until=2.85)
    (listener,) = (s for s in stage.ros.node.subscriptions if s.topic_name == '/falls')
    stage.ros.node.destroy_subscription(listener)
    falls = next(p for p in stage.node.publishers if p.topic_name == '/falls')
    stage.ros.spin_until(lambda: falls.get_subscription_count() == 0, 'no subscription')
    stage.ros.spin_for(2 * WATCH_PERIOD)
    stage.play(images=5, rate=FPS)
    stage.heard['falls'] = stage.ros.collect(FallEvent, 'falls', EVENTS)
    stage.ros.spin_until(lambda: falls.get_subscription_count() == 1, 'a subscription')
    stage.ros.spin_for(2 * WATCH_PERIOD)
    stage.play(images=40, rate=FPS)
    assert stage.heard['falls'] == []


def test_events_of_a_crowd_in_one_image_all_arrive(make_stage, make_person):
    stage = make_stage('postures')
    crowd = [make_person(i, 10.0 * i) for i in range(1, 51)]
    stage.play(*crowd)
    stage.ros.spin_until(lambda: len(stage.heard['postures']) == 50, 'fifty postures')
    assert {m.skeleton_id for m in stage.heard['postures']} == set(range(1, 51))


def test_blazepose_is_understood(make_stage):
    stage = make_stage('joint_angles', 'postures')
    points = np.random.default_rng(1).uniform(100, 400, (33, 2)).astype(np.float32)
    ones, states = np.ones(33, np.float32), np.zeros(33, np.uint8)
    stage.play(Person(BLAZEPOSE33, points, ones, states, 1.0, Box(100, 100, 300, 300), 9))
    assert 'left_ankle' in stage.wait_for('joint_angles', skeleton_id=9).names
    stage.wait_for('postures', skeleton_id=9)


def test_other_parameters_leave_the_count_as_it_is():
    observers = make_observers(MotionConfig(exercise='squat'))
    watcher, counts = MotionWatcher(observers), []
    watcher.want({'exercises'})
    for frame in skeletons(scene(15.0, Action('squats', 0.5)), seed=1):
        if len(counts) == 150:
            configure(observers, MotionConfig(exercise='squat', grace=1.0))
        told = watcher.observe(frame.people, frame.stamp)['exercises']
        counts.append(told[0].repetitions if told else 0)
    assert counts[149] >= 1
    assert counts == sorted(counts)
    assert counts[-1] > counts[149]


def test_a_learned_model_that_fails_leaves_the_rules_at_work(make_stage, wrist_model, monkeypatch):
    path = wrist_model(Description((LearnedClass('salute', Hand.LEFT),), Window(1.0), 0.8))
    failing = Mock(side_effect=OutputError('mine.tflite: expected probabilities'))
    monkeypatch.setattr(LearnedGestures, 'observe', failing)
    monkeypatch.setattr(diagnostics, 'PERIOD', 0.05)
    stage = make_stage('gestures', learned=str(path))
    received = stage.ros.collect(DiagnosticArray, '/diagnostics', DIAGNOSTICS)
    stage.video(scene(2.0, Action('raise_left', 0.0)))
    stage.wait_for('gestures', gesture='hand_raised', phase=GestureEvent.STARTED)

    def reported():
        statuses = [status for array in received for status in array.status]
        return [s for s in statuses if s.message == 'mine.tflite: expected probabilities']

    found = stage.ros.spin_until(reported, 'the fault in /diagnostics')
    assert found[0].level == DiagnosticStatus.WARN


def test_a_learned_motion_from_its_file_to_its_events(make_stage, wrist_model):
    # One of the two has the name of a rule, which does not count any more.
    classes = (LearnedClass('salute', Hand.LEFT), LearnedClass('hand_raised', Hand.RIGHT))
    path = wrist_model(Description(classes, Window(1.0), 0.8))
    stage = make_stage('gestures', learned=str(path))
    stage.video(scene(3.5, Action('raise_left', 0.5, 1.5)))
    stage.play(images=10, rate=FPS)
    ended = stage.wait_for('gestures', gesture='salute', phase=GestureEvent.ENDED)
    check_headers(stage, stage.heard['gestures'])
    events = [e for e in stage.heard['gestures'] if e.gesture == 'salute']
    assert [e.phase for e in events] == [
        GestureEvent.STARTED,
        *[GestureEvent.HELD] * (len(events) - 2),
        GestureEvent.ENDED,
    ]
    start = stamp_of(stage.headers[0])
    assert 0.6 < stamp_of(events[0].header) - start < 1.6
    assert 1.7 < stamp_of(ended.header) - start < 3.0
    assert {(e.skeleton_id, e.hand) for e in events} == {(1, GestureEvent.LEFT)}
    assert events[0].score > 0.8
    assert ended.duration == pytest.approx(events[-2].duration, abs=0.3)
    # The rule would have reported the left hand.
    assert {e.hand for e in stage.heard['gestures'] if e.gesture == 'hand_raised'} == set()


def test_diagnostics_count_what_could_not_be_read(ros, make_stage, make_person, monkeypatch):
    monkeypatch.setattr(diagnostics, 'PERIOD', 0.05)
    monkeypatch.setattr(skeleton_reader, 'SILENCE', 0.3)
    stage = make_stage('postures')
    statuses = []
    ros.node.create_subscription(
        DiagnosticArray, '/diagnostics', lambda array: statuses.extend(array.status), DIAGNOSTICS
    )

    def wait_for(text, **figures):
        def found():
            return next(
                (
                    s
                    for s in statuses
                    if text in s.message
                    and figures.items() <= {p.key: p.value for p in s.values}.items()
                ),
                None,
            )

        return ros.spin_until(found, f'{text} with {figures} among {statuses[-3:]}')

    message = skeleton_array([make_person(i) for i in (1, 2, 3)], stage.play(), (640, 480))
    message.header.stamp.nanosec += 10**7
    message.skeletons[0].format = 'stickman'
    message.skeletons[1].keypoints[9].x = math.nan
    stage.send(message)
    assert stage.wait_for('postures', header=message.header).skeleton_id == 3
    status = wait_for('skeletons left out', **{'bad messages': '2', 'frames': '2'})
    assert status.level == DiagnosticStatus.WARN
    assert status.name == 'gesture_node'
    assert wait_for('left_wrist is OBSERVED, but its place is not finite')
    stage.play(make_person(3))
    assert wait_for(' frames per second', published='postures').level == DiagnosticStatus.OK
    status = wait_for('no skeletons for', frames='3')
    assert status.message.endswith('1 publisher on /skeletons')
    assert status.level == DiagnosticStatus.WARN
    statuses.clear()
    for listener in list(ros.node.subscriptions):
        if listener.topic_name == '/postures':
            ros.node.destroy_subscription(listener)
    assert wait_for('idle: no subscribers', published='').level == DiagnosticStatus.OK


def test_nothing_without_an_id_is_told_of(make_stage, make_person):
    stage = make_stage(*(output.topic for output in OUTPUTS))
    stage.play(make_person(0), make_person(0, 200.0), images=10)
    stage.play(make_person(7), images=2)
    for topic in ('joint_angles', 'human_joint_states', 'postures'):
        stage.wait_for(topic, header=stage.headers[-1])
    for topic in ('joint_angles', 'postures'):
        assert {message.skeleton_id for message in stage.heard[topic]} == {7}
    assert len(stage.heard['human_joint_states']) == 2
