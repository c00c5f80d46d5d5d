"""Scenes that each show one kind of motion: gestures, falls, exercises."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from pose_ros.actor.mixed_scene import line_up, mixed_scene
from pose_ros.actor.motions.exercise_motions import duration, exercise, usual
from pose_ros.actor.motions.fall_motions import FALL_KEYS, LOOK_ALIKE_KEYS, course
from pose_ros.actor.motions.motion import ActorMotion, hold
from pose_ros.actor.scene import Action, Actor, Scene

_PAUSE, _BEGIN = 0.8, 1.2  # between motions, and before the first [s]
_LATER = 0.5  # from one person's beginning to the next one's [s]

_Sequence = Sequence[tuple['str | ActorMotion', float]]

_GESTURES: _Sequence = (
    ('wave_right', 2.4),
    ('wave_both', 2.4),
    ('raise_left', 1.8),
    ('raise_both', 2.0),
    ('point_left', 1.8),
    ('point_up_right', 1.8),
    ('point_at_camera_right', 2.0),
    ('stop_left', 2.0),
    ('come_here_right', 2.8),
    ('t_pose', 2.0),
    ('arms_crossed', 2.2),
    ('hands_on_hips', 2.2),
    ('clap', 2.4),
    ('bow', 2.6),
    ('head_shake', 2.6),
    ('nod', 2.6),
)
_RAISED = {'right_arm': (25.0, 10.0), 'right_forearm': (165.0, 10.0)}
_ACROSS = {'right_arm': (20.0, 20.0), 'right_forearm': (-95.0, 20.0)}
# Name, shape of the hand, and angles of the arm.
_HANDS = (
    ('open_palm', 'open_palm', _RAISED),
    ('fist', 'fist', _RAISED),
    ('victory', 'victory', _RAISED),
    ('ok', 'ok', _RAISED),
    ('point', 'point', _RAISED),
    ('call', 'call', _RAISED),
    ('three', 'three', _RAISED),
    ('four', 'four', _RAISED),
    ('thumb_down', 'thumb', _ACROSS),
)
# What looks like a fall stands beside falls; how far the body is turned from the camera [deg].
_FALLS = (
    ('lace_up', 30.0, 7.4),
    ('fall_left', 0.0, 6.5),
    ('drop_onto_chair', 50.0, 6.4),
    ('fall_backwards', 65.0, 6.5),
    ('lie_slowly', -70.0, 8.0),
)
# Repetitions, fault, and how far the body is turned from the camera [deg].
_FITNESS = (
    ('squat', 3, '', 30.0),
    ('squat', 2, 'knees_cave_in', 0.0),
    ('overhead_press', 3, '', 0.0),
    ('jumping_jack', 4, '', 0.0),
    ('lunge', 3, '', 70.0),
    ('deadlift', 3, '', 70.0),
    ('push_up', 3, '', 80.0),
)


def hands(people: int = 1) -> Scene:
    """Gestures of fingers, of a person near by who is seen to the knees."""
    sequence = [
        (ActorMotion(hold(right_fingers=shape, **angles), upper=True, name=name), 2.0)
        for name, shape, angles in _HANDS
    ]
    return _scene(sequence, people, Actor(height=640.0, y=640.0))


def gestures(people: int = 1) -> Scene:
    """The gestures, one after the other."""
    return _scene(_GESTURES, people, Actor())


def falls(people: int = 1) -> Scene:
    """Falls, and what looks like them; with room to lie down."""
    keys = {**FALL_KEYS, **LOOK_ALIKE_KEYS}
    sequence = [
        (replace(course(keys[name], turn), name=name), lasts) for name, turn, lasts in _FALLS
    ]
    return _scene(sequence, people, Actor(height=285.0, y=440.0))


def fitness(people: int = 1) -> Scene:
    """A few repetitions of each exercise, some of them wrong."""
    sequence = []
    for name, repetitions, fault, turn in _FITNESS:
        manner = usual(name, repetitions=repetitions, fault=fault)
        sequence.append((exercise(name, manner, turn), duration(name, manner)))
    return _scene(sequence, people, Actor(height=300.0, y=440.0))


def _scene(sequence: _Sequence, people: int, alone: Actor) -> Scene:
    """Sequence of one actor, or of several who each begin elsewhere in it."""
    actors = []
    for number, place in enumerate(line_up(people) if people > 1 else [alone]):
        first = number * len(sequence) // people
        actions, time = [], _BEGIN + _LATER * number
        for motion, lasts in (*sequence[first:], *sequence[:first]):
            actions.append(Action(motion, time, lasts))
            time += lasts + _PAUSE
        actors.append(replace(place, motion=tuple(actions)))
    return Scene(duration=time, actors=tuple(actors), blur=0.6)


SCENES: dict[str, Callable[[int], Scene]] = {
    'mixed': mixed_scene,
    'gestures': gestures,
    'hands': hands,
    'falls': falls,
    'fitness': fitness,
}
"""What makes a scene for so many people, by its name."""
