"""Scenes: who does what, when, where and in what light; and their frames."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from math import inf, isfinite, pi, sin
from typing import Any

import numpy as np

from pose_ros.actor.background import BACKGROUNDS
from pose_ros.actor.body import ActorPose
from pose_ros.actor.draw import Figure
from pose_ros.actor.figure import Clothes
from pose_ros.actor.motions import STAND, ActorMotion, motion_named
from pose_ros.core.names import unknown_name


def _check(value: Any, name: str, low: float, high: float) -> None:
    """Refuse a number out of its range, naming the field."""
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if not number or not isfinite(value) or not low <= value <= high:
        raise ValueError(f'{name} must be {low:g} to {high:g}, got {value!r}')


@dataclass(frozen=True)
class Action:
    """One thing an actor does; before and after it the actor rests.

    Attributes
    ----------
    motion
        Name out of `motions.MOTIONS`, or a motion of one's own.
    start
        Onset [s of the scene].
    duration
        From the onset until the actor is at rest again [s]; infinite: to the end of the scene.
    speed
        Of walking [heights/s]; negative: towards the image's left.
    """

    motion: str | ActorMotion
    start: float = 0.5
    duration: float = inf
    speed: float = 0.4

    def __post_init__(self) -> None:
        """Refuse what cannot be done."""
        _ = self.played
        _check(self.start, 'start', -1e6, 1e6)
        if not self.duration > 0:
            raise ValueError(f'duration must be positive, got {self.duration!r}')
        _check(self.speed, 'speed', -3, 3)

    @property
    def played(self) -> ActorMotion:
        """The motion itself; ValueError for an unknown name."""
        return motion_named(self.motion) if isinstance(self.motion, str) else self.motion

    @property
    def end(self) -> float:
        """End [s of the scene]."""
        return self.start + self.duration

    def weight(self, time: float) -> float:
        """Share of this action in the actor's pose at a time of the scene, 0 to 1."""
        return self.played.weight(time - self.start, self.end - time)

    def pose(self, time: float, rest: ActorPose = STAND) -> ActorPose:
        """Pose of the motion at a time of the scene, of an actor who rests in a pose."""
        pose = self.played.on(rest, time - self.start)
        roll, turn = pose.body
        return pose if self.speed >= 0 else pose._replace(body=(roll, -turn))

    def walked(self, time: float) -> float:
        """Way to the image's right since the onset [heights]."""
        if self.played.name != 'walk':
            return 0.0
        return self.speed * min(max(time - self.start, 0.0), self.duration)


@dataclass(frozen=True)
class Actor:
    """One person of a scene.

    Attributes
    ----------
    motion
        Name of the one motion, done from `start` to the end; or the actions, one after another.
    x, y
        Where the actor stands: middle of the body, and the ground under it [px].
    height
        Of the standing body [px].
    start, speed
        As in `Action`, where the motion is a name.
    distance
        From the camera [m]: who is nearer covers who is farther; of two at the same distance
        the later in the scene covers the other.
    clothes
        Colours.
    sway
        Size of the small movements of a person standing, 1 = natural, 0 = a statue.
    rest
        Pose before, between and after the actions: `motions.STAND` or `motions.SIT`.
    facing
        How far the actor is turned from the camera towards the image's right [deg].
    """

    motion: str | tuple[Action, ...] = 'stand'
    x: float = 320.0
    y: float = 460.0
    height: float = 360.0
    start: float = 0.5
    speed: float = 0.4
    distance: float = 3.0
    clothes: Clothes = field(default_factory=Clothes)
    sway: float = 1.0
    rest: ActorPose = STAND
    facing: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what no actor can be."""
        _check(self.x, 'x', -1e5, 1e5)
        _check(self.y, 'y', -1e5, 1e5)
        _check(self.height, 'height', 10, 1e4)
        _check(self.distance, 'distance', 0.1, 1e3)
        _check(self.sway, 'sway', 0, 10)
        _check(self.facing, 'facing', -360, 360)
        actions = self.actions
        if not all(isinstance(action, Action) for action in actions):
            raise ValueError(f'motion must be a name or actions, got {self.motion!r}')
        for before, after in pairwise(actions):
            if before.end > after.start:
                raise ValueError(
                    f'motion must be one after another: {after.played.name} starts at '
                    f'{after.start:g} s, {before.played.name} ends at {before.end:g} s'
                )

    @property
    def actions(self) -> tuple[Action, ...]:
        """What the actor does, in the order of time."""
        if isinstance(self.motion, str):
            return (Action(self.motion, self.start, speed=self.speed),)
        return tuple(self.motion)

    def at(self, time: float, phase: float = 0.0) -> tuple[Figure, str]:
        """Body at a time of the scene [s] and the name of what it is doing.

        Phase [rad] sets this actor's sway apart from the others'.
        """
        pose, label = self.pose(time, phase)
        if self.facing:
            pose = pose._replace(body=(pose.body[0], pose.body[1] + self.facing))
        x = self.x + sum(action.walked(time) for action in self.actions) * self.height
        return Figure.of(pose, self.clothes, x, self.y, self.height), label

    def pose(self, time: float, phase: float = 0.0) -> tuple[ActorPose, str]:
        """Pose and the name of what the actor is doing, as of `at`; before the turn `facing`."""
        pose, label = self.rest, 'stand'
        for action in self.actions:
            weight = action.weight(time)
            if weight > 0.0:
                pose = self.rest.blend(action.pose(time, self.rest), weight)
                label = action.played.name if weight >= 0.5 else 'stand'
        return _swayed(pose, time, phase, self.sway), label


def _swayed(pose: ActorPose, time: float, phase: float, size: float) -> ActorPose:
    """Pose with the slow small movements of a living body."""

    def wave(rate: float, angle: float) -> float:
        return size * angle * sin(2 * pi * rate * time + phase * (1 + rate))

    def add(pair: tuple[float, float], first: float, second: float) -> tuple[float, float]:
        return pair[0] + first, pair[1] + second

    return pose._replace(
        shift=add(pose.shift, wave(0.23, 0.004), 0.0),
        torso=add(pose.torso, wave(0.31, 0.7), 0.0),
        head=add(pose.head, wave(0.19, 1.5), wave(0.13, 4.0)),
        left_arm=add(pose.left_arm, wave(0.27, 1.2), 0.0),
        right_arm=add(pose.right_arm, wave(0.29, 1.2), 0.0),
        left_forearm=add(pose.left_forearm, wave(0.37, 2.0), 0.0),
        right_forearm=add(pose.right_forearm, wave(0.33, 2.0), 0.0),
    )


@dataclass(frozen=True)
class Scene:
    """What the camera sees, and how well.

    Attributes
    ----------
    width, height
        Of the image [px].
    fps
        Frames per second.
    duration
        Of the scene [s].
    actors
        The people; no person is allowed, too.
    background
        Name out of `background.BACKGROUNDS`.
    brightness
        Factor on all colours, 1 = as they are.
    blur
        Standard deviation of the lens's blur [px].
    noise
        Standard deviation of the sensor's noise [levels of 255].
    """

    width: int = 640
    height: int = 480
    fps: float = 30.0
    duration: float = 4.0
    actors: tuple[Actor, ...] = (Actor(),)
    background: str = 'room'
    brightness: float = 1.0
    blur: float = 0.0
    noise: float = 2.0

    def __post_init__(self) -> None:
        """Refuse what cannot be recorded."""
        for name, low, high in (
            ('width', 16, 16384),
            ('height', 16, 16384),
            ('fps', 0.1, 1000),
            ('duration', 0.001, 1e6),
            ('brightness', 0, 4),
            ('blur', 0, 50),
            ('noise', 0, 100),
        ):
            _check(getattr(self, name), name, low, high)
        for name in ('width', 'height'):
            if not isinstance(getattr(self, name), (int, np.integer)):
                raise ValueError(f'{name} must be whole pixels, got {getattr(self, name)!r}')
        if self.background not in BACKGROUNDS:
            raise ValueError(unknown_name('background', self.background, BACKGROUNDS))
        if not all(isinstance(actor, Actor) for actor in self.actors):
            raise ValueError(f'actors must be Actor, got {self.actors!r}')

    @property
    def frame_count(self) -> int:
        """Number of frames, at least one."""
        return max(1, round(self.duration * self.fps))
