"""The loop over people that every observer of motion runs in."""

from dataclasses import replace

import pytest

from pose_ros.actor import Actor, Scene, skeletons
from pose_ros.core.body.state import Body
from pose_ros.core.motion.exercises import ExerciseCounter
from pose_ros.core.motion.falls import FallDetector
from pose_ros.core.motion.gestures import GestureRecogniser
from pose_ros.core.motion.observer import MotionConfig, Observer
from pose_ros.core.motion.posture_observer import PostureReader
from pose_ros.core.motion.rules import load_rules
from pose_ros.core.motion.watcher import MotionWatcher, single_observer
from pose_ros.core.resources import config_file


class Recorder(Observer):
    """Reports each call."""

    name = 'recorder'
    grace = 0.5

    def observe(self, body):
        return [('observe', body.id, body.stamp)]

    def miss(self, skeleton_id, stamp):
        return [('miss', skeleton_id, stamp)]

    def lose(self, skeleton_id, stamp):
        return [('lose', skeleton_id, stamp)]


@pytest.fixture(scope='module')
def person():
    """One person who stands, with the id 1."""
    return next(skeletons(Scene(duration=0.1, actors=(Actor('stand'),)))).people[0]


def test_each_person_is_observed_then_missed_then_lost_once(person):
    observe = single_observer(Recorder())
    other = replace(person, id=2)
    assert observe([person, other], 1.0) == [('observe', 1, 1.0), ('observe', 2, 1.0)]
    assert observe([person], 1.25) == [('miss', 2, 1.25), ('observe', 1, 1.25)]
    assert observe([person], 1.5) == [('miss', 2, 1.5), ('observe', 1, 1.5)]
    assert observe([person], 1.75) == [('lose', 2, 1.75), ('observe', 1, 1.75)]
    assert observe([person], 2.0) == [('observe', 1, 2.0)]


def test_people_without_an_id_and_twice_the_same_id_are_left_out(person):
    observe = single_observer(Recorder())
    assert observe([replace(person, id=0)], 0.0) == []
    assert observe([person, person], 0.1) == [('observe', 1, 0.1)]


def test_a_late_or_repeated_frame_changes_nothing(person):
    observe = single_observer(Recorder())
    observe([person], 1.0)
    assert observe([], 1.0) == []
    assert observe([], 0.9) == []
    assert observe([person], 1.1) == [('observe', 1, 1.1)]


def test_a_jump_back_loses_all_people(person):
    observe = single_observer(Recorder())
    observe([person], 10.0)
    assert observe([person], 2.0) == [('lose', 1, 10.0), ('observe', 1, 2.0)]


def test_an_observer_that_is_wanted_again_starts_anew(person):
    watcher = MotionWatcher([Recorder(), PostureReader()])
    watcher.observe([person], 0.0)
    watcher.want({'postures'})
    motion = watcher.observe([], 0.1)
    assert (motion['recorder'], motion['postures']) == ([], [])
    assert 'recorder' not in motion.values
    watcher.want({'recorder', 'postures'})
    assert watcher.observe([], 0.2)['recorder'] == []  # no person is known to it
    with pytest.raises(ValueError, match="unknown observer 'dances', known are: recorder, post"):
        watcher.want({'dances'})


def test_what_no_observer_reports_cannot_be_read(person):
    watcher = MotionWatcher([Recorder()])
    for stamp in (0.0, 0.0):  # the second frame is dropped
        motion = watcher.observe([person], stamp)
        with pytest.raises(KeyError, match="unknown observer 'exercise', known are: recorder"):
            motion['exercise']
    watcher.want(())
    assert watcher.observe([person], 0.1)['recorder'] == []


def test_what_is_no_time_and_no_observer_is_refused(person):
    with pytest.raises(ValueError, match='stamp must be a finite time'):
        MotionWatcher([Recorder()]).observe([person], float('nan'))
    with pytest.raises(TypeError, match='make_observers'):
        MotionWatcher(MotionConfig())


def test_a_grace_must_be_positive():
    recorder = Recorder()
    recorder.grace = 0.0
    with pytest.raises(ValueError, match=r'recorder: grace must be positive, got 0\.0'):
        MotionWatcher([recorder])


def test_a_body_is_measured_once_for_all_observers(person, monkeypatch):
    counts = {'update': 0}
    original = Body.update

    def update(self, *arguments):
        counts['update'] += 1
        return original(self, *arguments)

    monkeypatch.setattr(Body, 'update', update)
    watcher = MotionWatcher([PostureReader(), FallDetector(), ExerciseCounter()])
    for i in range(5):
        watcher.observe([person], i / 10)
    assert counts['update'] == 5


def test_a_body_is_forgotten_when_no_observer_knows_the_person(person):
    watcher = MotionWatcher([Recorder(), PostureReader()])
    watcher.observe([person], 0.0)
    for i in range(12):
        watcher.observe([], 0.1 * (i + 1))
    assert not watcher._bodies
    assert not watcher._last_seen


def test_measures_of_a_state_are_kept(person):
    state = Body().update(person, 0.0)
    assert state.levels is state.levels
    assert state.angles is state.angles
    assert state.posture == state.posture
    assert state.height > 0


def test_a_second_recording_may_begin_at_any_time(person):
    watcher = MotionWatcher([Recorder()])
    watcher.observe([person], 0.8)
    watcher.finish()
    assert watcher.observe([person], 0.1)['recorder'] == [('observe', 1, 0.1)]


def test_what_ends_with_an_observer_that_is_not_wanted_any_more_is_reported(person):
    watcher = MotionWatcher(
        [Recorder(), GestureRecogniser(load_rules(config_file('gestures.yaml')))]
    )
    frames = skeletons(Scene(duration=3.0, actors=(Actor('t_pose'),)))
    begun = [e for frame in frames for e in watcher.observe(frame.people, frame.stamp).events]
    assert ('t_pose', 'started') in [(event.name, event.phase) for event in begun]
    ended = watcher.want({'recorder'})
    assert ('t_pose', 'ended') in [(event.name, event.phase) for event in ended.events]
    assert watcher.want(()).values == {'recorder': [('lose', 1, watcher._timeline.last)]}


def test_every_person_is_prepared_before_anyone_is_observed(person):
    calls = []

    class Prepared(Recorder):
        def __init__(self, name):
            self.name = name

        def prepare(self, body):
            calls.append(('prepare', self.name))

        def observe(self, body):
            calls.append(('observe', self.name))
            return []

    MotionWatcher([Prepared('a'), Prepared('b')]).observe([person], 0.0)
    assert [call for call, _ in calls] == ['prepare', 'prepare', 'observe', 'observe']


def test_a_person_who_returns_after_the_grace_is_lost_first(person):
    observe = single_observer(Recorder())
    observe([person], 1.0)
    assert observe([person], 9.0) == [('lose', 1, 9.0), ('observe', 1, 9.0)]
