"""The scenes that show one kind of motion each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pose_ros.actor import skeletons
from pose_ros.actor.demo_scenes import SCENES
from pose_ros.core.motion.falls import FallDetector
from pose_ros.core.motion.posture_observer import PostureReader
from pose_ros.core.motion.watcher import MotionWatcher

NEW = ('gestures', 'falls', 'fitness')


@pytest.mark.parametrize('name', NEW)
def test_one_actor_stays_within_the_image_and_ends_as_at_the_beginning(name):
    scene = SCENES[name](1)
    [actor] = scene.actors
    for time in np.arange(0, scene.duration, 0.2):
        points = actor.at(time)[0].keypoints
        assert (points > 0).all(), time
        assert (points < (scene.width, scene.height)).all(), time
    first, last = (actor.at(time)[0].keypoints for time in (0.0, scene.duration))
    np.testing.assert_allclose(last, first, atol=8)
    assert scene.duration < 75


@pytest.mark.parametrize('name', NEW)
def test_several_begin_at_different_places_of_the_sequence(name):
    scene = SCENES[name](3)
    assert len(scene.actors) == 3
    firsts = {actor.actions[0].played.name for actor in scene.actors}
    assert len(firsts) == 3
    sequences = [sorted(a.played.name for a in actor.actions) for actor in scene.actors]
    assert sequences[0] == sequences[1] == sequences[2]
    assert max(actor.actions[-1].end for actor in scene.actors) <= scene.duration


def test_the_scenes_show_what_they_are_called_after():
    def played(name):
        return {action.played.name for action in SCENES[name](1).actors[0].actions}

    assert played('gestures') >= {'wave_both', 'clap', 'bow', 'nod', 'arms_crossed', 't_pose'}
    assert played('falls') >= {'fall_left', 'fall_backwards', 'lie_slowly', 'drop_onto_chair'}
    exercises = {'squat', 'push_up', 'deadlift', 'overhead_press', 'lunge', 'jumping_jack'}
    assert played('fitness') == exercises


def test_of_the_scene_of_falls_only_the_falls_are_taken_for_such():
    scene = replace(SCENES['falls'](1), fps=15.0)
    watcher, events = MotionWatcher([FallDetector(), PostureReader()]), []
    for frame in skeletons(scene, seed=4):
        events += watcher.observe(frame.people, frame.stamp).events
    fallen = [event for event in events if event.phase == 'fallen']
    [actor] = scene.actors
    falls = [action for action in actor.actions if action.played.name.startswith('fall')]
    assert len(fallen) == len(falls) == 2
    for event, action in zip(fallen, falls):
        assert action.start < event.details['landing'] < event.time < action.start + 3.0
    assert [event.phase for event in events if event.kind == 'fall'].count('recovered') == 2
    postures = {event.name for event in events if event.kind == 'posture'}
    assert postures >= {'standing', 'lying', 'sitting'}
