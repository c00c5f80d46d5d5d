"""The demo's scene: everything in a row, alone or with several people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pose_ros.actor.figure import Clothes
from pose_ros.actor.scene import Action, Actor, Scene

_SEQUENCE = (
    ('wave_right', 2.4),
    ('wave_left', 2.4),
    ('raise_right', 2.0),
    ('raise_left', 2.0),
    ('raise_both', 2.2),
    ('point_left', 1.8),
    ('point_right', 1.8),
    ('t_pose', 2.0),
    ('squat', 2.4),
)
_PAUSE, _WALK, _TURN = 0.6, 1.4, 0.3  # [s]

MAX_ACTORS = 6
"""As many can do their gestures beside each other."""
# From one person's first gesture to the next one's; for walking past each other, and from one
# pair's departure to the next one's [s].
_LATER, _CROSSING, _APART = 0.5, 2.6, 0.8
# What each does before the first and before the second crossing.
_GESTURES_FIRST, _GESTURES_THEN = 2, 3
_SHIRTS = (
    (176, 52, 48), (44, 92, 168), (216, 176, 48), (58, 130, 76), (150, 82, 150), (222, 222, 216),
)  # fmt: skip
_TROUSERS = ((44, 58, 104), (60, 58, 56), (92, 74, 52))


def mixed_scene(people: int = 1) -> Scene:
    """The demo's scene: every gesture, standing in between, a walk there and back.

    Several people each do gestures at their own time; then they walk past each other to the
    other side, and after more gestures back. It ends as it begins, so it can be repeated without
    a jump.

    Parameters
    ----------
    people
        1 to 6.
    """
    places = line_up(people)
    return _solo() if people == 1 else _company(places)


def line_up(people: int) -> tuple[Actor, ...]:
    """So many people side by side in an image of 640×480 px, each in clothes of their own.

    From four on every second one stands farther away.
    """
    if not 1 <= people <= MAX_ACTORS:
        raise ValueError(f'people must be 1 to {MAX_ACTORS}, got {people}')
    if people == 1:
        return (Actor(),)
    actors = []
    for i in range(people):
        distance = 2.5 + 0.2 * i + (0.9 if people > 3 and i % 2 else 0.0)
        nearness = 2.5 / distance
        actors.append(
            Actor(
                x=640 * (0.06 + 0.88 * (i + 0.5) / people),
                y=290 + 170 * nearness,
                height=(340 if people == 2 else 280) * nearness,
                distance=distance,
                clothes=Clothes(shirt=_SHIRTS[i], trousers=_TROUSERS[i % len(_TROUSERS)]),
            )
        )
    return tuple(actors)


def _company(places: tuple[Actor, ...]) -> Scene:
    """The mixed scene with several people."""
    people = len(places)
    crossing = _CROSSING + _APART * (people // 2 - 1)
    first = _length(_GESTURES_FIRST) + _LATER * people
    then = first + crossing + _length(_GESTURES_THEN) + _LATER * people
    actors = []
    for i, (place, goal) in enumerate(zip(places, reversed(places))):
        later = _LATER * (i + 1)
        wait = _APART * min(i, people - 1 - i)
        # Neighbours begin far apart in the sequence.
        sequence = [_SEQUENCE[(4 * i + k) % len(_SEQUENCE)] for k in range(5)]
        actions = [
            *_one_after_another(sequence[:_GESTURES_FIRST], later),
            *_one_after_another(sequence[_GESTURES_FIRST:], first + crossing + later),
        ]
        speed = (goal.x - place.x) / place.height / _CROSSING
        if speed:
            actions.insert(_GESTURES_FIRST, Action('walk', first + wait, _CROSSING, speed=speed))
            actions.append(Action('walk', then + wait, _CROSSING, speed=-speed))
        actors.append(replace(place, motion=tuple(actions)))
    return Scene(duration=then + crossing + _PAUSE, actors=tuple(actors), blur=0.6)


def _length(gestures: int) -> float:
    """Longest time that so many gestures take [s]."""
    return gestures * (max(duration for _, duration in _SEQUENCE) + _PAUSE)


def _one_after_another(motions: Sequence[tuple[str, float]], start: float) -> list[Action]:
    """Motions with their durations [s], a pause after each."""
    actions = []
    for motion, duration in motions:
        actions.append(Action(motion, start, duration))
        start += duration + _PAUSE
    return actions


def _solo() -> Scene:
    """The mixed scene with one person."""
    actions, time = [], 0.8
    for motion, duration in _SEQUENCE:
        actions.append(Action(motion, time, duration))
        time += duration + _PAUSE
    for speed in (0.35, -0.35):
        actions.append(Action('walk', time, _WALK, speed=speed))
        time += _WALK + _TURN
    return Scene(duration=time, actors=(Actor(tuple(actions)),), blur=0.6)
