"""Events of all kinds from what the core reports."""

from __future__ import annotations

import numpy as np
import pytest

from pose_ros.actor import Action, Actor, Scene, skeletons
from pose_ros.core.body.posture import Posture
from pose_ros.core.motion.events import (
    PostureChanges,
    exercise_events,
    fall_events,
    gesture_events,
)
from pose_ros.core.motion.exercises import ExercisePhase, ExerciseState, Fault, Verdict
from pose_ros.core.motion.falls import Fall, FallPhase
from pose_ros.core.motion.gestures import Gesture, Phase
from pose_ros.core.motion.observer import MotionConfig
from pose_ros.core.motion.observers import make_observers
from pose_ros.core.motion.posture_observer import PostureState
from pose_ros.core.motion.rules import Hand
from pose_ros.core.motion.watcher import MotionWatcher


def gesture(phase, direction=(0.0, 0.0, 0.0)):
    return Gesture('point', phase, Hand.LEFT, 0.75, 1.5, direction, 4)


def test_of_a_gesture_the_beginning_and_the_end_are_events():
    phases = [Phase.STARTED, Phase.HELD, Phase.ENDED]
    started, ended = gesture_events([gesture(phase) for phase in phases], 2.0)
    assert (started.kind, started.name, started.phase) == ('gesture', 'point', 'started')
    assert (started.time, started.skeleton_id, started.hand) == (2.0, 4, 'left')
    assert (started.score, started.duration, started.details) == (0.75, 1.5, {})
    assert ended.phase == 'ended'
    [pointing] = gesture_events([gesture(Phase.STARTED, (0.6, 0.8, 0.0))], 2.0)
    assert pointing.details == {'direction': (0.6, 0.8, 0.0)}


def test_a_fall_tells_its_times():
    fall = Fall(3, FallPhase.FALLEN, 0.8, 4.0, 4.75, 2.0, 1.25, lost=True)
    [event] = fall_events([fall], 6.0)
    assert (event.kind, event.name, event.phase) == ('fall', 'fall', 'fallen')
    assert (event.time, event.skeleton_id, event.hand) == (6.0, 3, 'none')
    assert (event.score, event.duration) == (0.8, 2.0)
    assert event.details == {
        'onset': 4.0,
        'landing': 4.75,
        'peak_descent_rate': 1.25,
        'lost': True,
    }


def exercise(done, faults=(), retracted=False):
    return ExerciseState(
        skeleton_id=2,
        exercise='squat',
        phase=ExercisePhase.READY,
        repetitions=5,
        repetition_done=done,
        angle=3.0,
        peak_angle=1.4,
        range_reached=Verdict.UNCERTAIN,
        confidence=0.9,
        outward_time=0.75,
        turn_time=0.25,
        return_time=0.5,
        faults=faults,
        retracted=retracted,
    )


def test_a_set_that_was_another_motion_is_taken_back():
    [event] = exercise_events([exercise(done=False, retracted=True)], 9.0)
    assert (event.kind, event.name, event.phase) == ('exercise', 'squat', 'retracted')
    assert event.details['repetitions'] == 5


def test_a_complete_repetition_is_an_event_with_its_count_and_faults():
    fault = Fault('knees_cave_in', certain=True, value=0.7, limit=0.8, standard_deviation=0.03)
    [event] = exercise_events([exercise(done=False), exercise(True, (fault,))], 9.0)
    assert (event.kind, event.name, event.phase) == ('exercise', 'squat', 'repetition')
    assert (event.time, event.skeleton_id, event.score, event.duration) == (9.0, 2, 0.9, 1.5)
    assert (event.details['repetitions'], event.details['range_reached']) == (5, 'uncertain')
    assert event.details['faults'] == [
        {
            'name': 'knees_cave_in',
            'certain': True,
            'value': 0.7,
            'limit': 0.8,
            'standard_deviation': 0.03,
        }
    ]


def test_only_changes_of_a_posture_are_events():
    changes = PostureChanges()
    course = [
        (0.0, Posture.UNKNOWN), (0.5, Posture.STANDING), (1.0, Posture.STANDING),
        (1.5, Posture.SITTING), (2.0, Posture.UNKNOWN), (2.5, Posture.STANDING),
    ]  # fmt: skip
    events = [
        event
        for stamp, posture in course
        for event in changes.take([PostureState(1, posture, 0.5, stamp / 10)], stamp)
    ]
    told = [(event.time, event.name, event.phase, event.duration) for event in events]
    assert told == [
        (0.5, 'standing', 'started', pytest.approx(0.05)),
        (1.5, 'standing', 'ended', pytest.approx(0.1)),
        (1.5, 'sitting', 'started', pytest.approx(0.15)),
        (2.0, 'sitting', 'ended', pytest.approx(0.15)),
        (2.5, 'standing', 'started', pytest.approx(0.25)),
    ]
    assert all(event.kind == 'posture' and event.skeleton_id == 1 for event in events)
    assert changes.take([], 3.4) == []
    [gone] = changes.take([], 3.6)
    assert (gone.name, gone.phase, gone.time) == ('standing', 'ended', 3.6)
    assert changes.finish(4.0) == []


def test_the_posture_of_each_person_is_followed_by_itself():
    changes = PostureChanges()
    both = [PostureState(1, Posture.STANDING, 1, 0), PostureState(2, Posture.SITTING, 1, 0)]
    assert [event.skeleton_id for event in changes.take(both, 0.0)] == [1, 2]
    # One at a time, as messages come.
    assert changes.take(both[:1], 0.1) == changes.take(both[1:], 0.1) == []
    ended = changes.finish(0.2)
    assert sorted((event.skeleton_id, event.name) for event in ended) == [
        (1, 'standing'),
        (2, 'sitting'),
    ]


def watched(watcher, scene, seed=3):
    """Events of a scene, and its angles by person."""
    events, angles = [], []
    for frame in skeletons(scene, seed):
        motion = watcher.observe(frame.people, frame.stamp)
        events += motion.events
        angles += motion['angles']
    return events + watcher.finish(), angles


def test_a_video_gives_events_of_several_kinds_and_angles():
    actor = Actor((Action('wave_left', 0.5, 3.0), Action('squat', 4.0, 3.0)))
    scene = Scene(duration=7.5, actors=(actor,))
    events, angles = watched(MotionWatcher(), scene)

    told = [(event.kind, event.name, event.phase) for event in events]
    assert told.count(('gesture', 'wave', 'started')) == 1
    assert told.count(('gesture', 'wave', 'ended')) == 1
    assert ('posture', 'standing', 'started') in told
    assert not [event for event in events if event.kind == 'fall']
    assert {event.skeleton_id for event in events} == {1}
    wave = next(event for event in events if event.name == 'wave')
    assert wave.hand == 'left'
    assert 0.5 < wave.time < 3.0
    assert len(angles) == scene.frame_count
    knees = np.degrees([measured.angle('left_knee') for measured in angles])
    assert np.nanmax(knees) > 160
    assert np.nanmin(knees[120:210]) < 130


def test_the_end_of_a_video_ends_what_goes_on():
    watcher = MotionWatcher()
    for frame in skeletons(Scene(duration=2.5, actors=(Actor('wave_left'),))):
        watcher.observe(frame.people, frame.stamp)
    ended = watcher.finish()
    kinds = {(event.kind, event.phase) for event in ended}
    assert kinds == {('gesture', 'ended'), ('posture', 'ended')}
    assert [event.time for event in ended] == pytest.approx([2.5 - 1 / 30] * len(ended))
    assert all(0 < event.duration < 2.5 for event in ended)
    assert watcher.finish() == []


def test_the_end_of_a_video_is_no_absence():
    """Who goes down fast and is then not rendered any more has not gone out of sight."""
    watcher = MotionWatcher()
    scene = Scene(duration=1.8, actors=(Actor('fall', start=1.0),))
    events, _ = watched(watcher, scene)
    assert 'fallen' not in {event.phase for event in events}


def test_people_without_an_id_are_left_out():
    watcher = MotionWatcher()
    frame = next(skeletons(Scene(duration=0.1)))
    nameless = [type(p)(**{**vars(p), 'id': 0}) for p in frame.people]
    motion = watcher.observe(nameless, 0.0)
    assert motion.events == []
    assert not any(motion.values.values())


def test_without_an_exercise_no_repetition_is_told_of():
    motions = tuple(Action('squat', 0.5 + 2.5 * i, 2.4) for i in range(3))
    scene = Scene(duration=8.5, fps=15, actors=(Actor(motions),))
    kinds = {
        exercise: [event.name for event in watched(watcher_of(exercise=exercise), scene)[0]]
        for exercise in ('squat', 'none')
    }
    assert 'squat' in kinds['squat']
    assert 'squat' not in kinds['none']


def watcher_of(**settings):
    return MotionWatcher(make_observers(MotionConfig(**settings)))


@pytest.mark.parametrize(
    ('settings', 'error'),
    [
        ({'exercise': 'chess'}, "unknown exercise 'chess', known are: auto, none, deadlift"),
        ({'gestures': ('wave', 'hop')}, "unknown gesture 'hop', known are: arms_crossed"),
        ({'grace': 0.0}, 'grace must be positive, got 0.0'),
        ({'rules_file': 'missing.yaml'}, 'missing.yaml'),
        ({'learned_file': 'missing.tflite'}, 'learned motions: .*missing.tflite'),
        ({'exercises_file': 'missing.yaml'}, 'missing.yaml'),
        ({'gestures': 'wave'}, "gestures must be a tuple of names, got 'wave'"),
    ],
)
def test_a_wrong_setting_is_refused(settings, error):
    with pytest.raises((ValueError, TypeError, OSError), match=error):
        watcher_of(**settings)


def test_exercises_of_ones_own(tmp_path):
    path = tmp_path / 'exercises.yaml'
    path.write_text(
        'exercises: [{name: knee_bend, leads: knees, start: 150, turn: 130, goal: 90, '
        'seconds: [0.2, 5]}]',
        'utf-8',
    )
    watcher = watcher_of(exercises_file=str(path), exercise='knee_bend')
    assert watcher.observers['exercises'].names == ('knee_bend',)
    scene = Scene(duration=6.0, actors=(Actor((Action('squat', 0.5, 3.0),), facing=60.0),))
    events = [e for f in skeletons(scene) for e in watcher.observe(f.people, f.stamp).events]
    assert {event.name for event in events if event.kind == 'exercise'} == {'knee_bend'}
