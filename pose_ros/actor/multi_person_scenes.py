"""Scenes of several people drawn from a seed: they pass, cross, leave, return, stand together.

Everybody stands on one floor before one camera, so whoever is farther is smaller and higher up
in the image. The people's order in the scene is their true identity.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from pose_ros.actor.covering import is_a_crossing
from pose_ros.actor.meeting import draw_ways, go_on, turn_back, wait
from pose_ros.actor.scene import Action, Actor, Scene
from pose_ros.actor.stage import Camera, draw_camera, draw_places
from pose_ros.core.names import unknown_name

_GESTURES = (
    *('wave_left', 'wave_right', 'raise_left', 'raise_right', 'point_left', 'point_right'),
    *('raise_both', 't_pose', 'squat'),
)


@dataclass(frozen=True)
class _SceneKind:
    """A kind of scene: how many people take part and who draws it."""

    least: int
    most: int
    draw: Callable[[np.random.Generator, int, bool], Scene]


def multi_person_scene(
    kind: str,
    seed: int,
    people: int | None = None,
    fps: float = 30.0,
    same_clothes: bool = False,
) -> Scene:
    """Draw a scene in which people meet; the same seed gives the same scene at every rate.

    Parameters
    ----------
    kind
        Name out of `SCENE_KINDS`.
    seed
        Of everything that is drawn.
    people
        How many take part; None: drawn, too.
    fps
        Frames per second.
    same_clothes
        Whether all wear the same; skin and hair stay their own.

    Raises
    ------
    ValueError
        The kind is unknown, or that many people cannot take part in it.
    """
    try:
        chosen = _KINDS[kind]
    except KeyError:
        raise ValueError(unknown_name('scene', kind, SCENE_KINDS)) from None
    if people is not None and not chosen.least <= people <= chosen.most:
        raise ValueError(
            f'people must be {chosen.least} to {chosen.most} in {kind}, got {people!r}'
        )
    return replace(_drawn(kind, seed, people, same_clothes), fps=fps)


@lru_cache(maxsize=1000)
def _drawn(kind: str, seed: int, people: int | None, same: bool) -> Scene:
    """Scene at any rate; kept, since to find a crossing takes a second."""
    chosen = _KINDS[kind]
    rng = np.random.default_rng((seed, SCENE_KINDS.index(kind)))
    drawn = int(rng.integers(chosen.least, chosen.most + 1))
    return chosen.draw(rng, people or drawn, same)


def _passing(rng: np.random.Generator, people: int, same: bool) -> Scene:
    """People walk past each other; a camera high up sees at least the heads of all."""
    camera = draw_camera(rng, mount=rng.uniform(2.1, 2.4), focal=(0.95, 1.05), far=5.0)
    places = draw_places(rng, camera, people, same, near=3.6, grow=True)
    return _make_scene(rng, camera, go_on(rng, draw_ways(rng, camera, places, spread=0.7)))


def _crossing(rng: np.random.Generator, people: int, same: bool) -> Scene:
    """People meet in one place: some walk on, some wait there, some go back as they came."""
    while True:
        camera = draw_camera(rng, mount=rng.uniform(1.05, 1.15), focal=(0.9, 1.1), far=4.6)
        places = draw_places(rng, camera, people, same, near=2.8)
        manner = (go_on, wait, turn_back)[rng.integers(3)]
        actors = manner(rng, draw_ways(rng, camera, places, spread=0.3))
        scene = _make_scene(rng, camera, actors)
        if is_a_crossing(scene):
            return scene


def _leaving(rng: np.random.Generator, people: int, same: bool) -> Scene:
    """A person walks out of the image and is back before a second is over."""
    return _absence(rng, people, same, away=rng.uniform(0.0, 0.1))


def _returning(rng: np.random.Generator, people: int, same: bool) -> Scene:
    """A person walks out of the image and stays away for longer than a second."""
    return _absence(rng, people, same, away=rng.uniform(1.4, 2.4))


def _absence(rng: np.random.Generator, people: int, same: bool, away: float) -> Scene:
    """The first walks out at a side, waits there, comes back; the others stay."""
    camera = draw_camera(rng, mount=rng.uniform(1.1, 1.5), focal=(0.9, 1.1), far=4.6)
    places = draw_places(rng, camera, people, same, near=3.0)
    side = int(rng.choice([-1, 1]))

    def at(share: float) -> float:
        """Place [px] at a share of the way from the middle (0) to the side (1)."""
        return camera.width * (0.5 + side * share / 2)

    walker, *others = places
    edge, home = at(1.0) + side * walker.height * 0.2, at(rng.uniform(0.25, 0.4))
    way = abs(edge - home) / (walker.height * rng.uniform(0.5, 0.65))
    out = 0.8 + way
    legs = ((0.8, out, edge), (out + away, out + away + way, home))
    actors = [walker.walker(home, *legs)]
    for number, place in enumerate(others):
        x = at(-0.05 - 0.75 * (number + rng.uniform(0.3, 0.7)) / len(others))
        actors.append(place.actor(x, _gesture(rng)))
    return _make_scene(rng, camera, actors, rest=1.0)


def _group(rng: np.random.Generator, people: int, same: bool) -> Scene:
    """People stand side by side, gesture, walk a little there and back."""
    camera = draw_camera(rng, mount=rng.uniform(1.1, 1.6), focal=(0.85, 1.0), far=4.8)
    actors = []
    places = draw_places(rng, camera, people, same, near=3.4)
    for number, place in enumerate(places):
        slot = camera.width / people
        x = slot * (number + 0.5 + rng.uniform(-0.12, 0.12))
        if rng.random() < 0.3:
            start, way = rng.uniform(0.4, 1.2), rng.choice([-1, 1]) * rng.uniform(0.2, 0.45)
            there = float(np.clip(x + way * slot, 0.08 * camera.width, 0.92 * camera.width))
            lasting = max(abs(there - x) / (place.height * 0.35), 0.8)
            back = start + lasting + rng.uniform(0.1, 0.6)
            legs = ((start, start + lasting, there), (back, back + lasting, x))
            actors.append(place.walker(x, *legs))
        else:
            actors.append(place.actor(x, _gesture(rng)))
    return _make_scene(rng, camera, actors, rest=0.0, least=5.0)


def _gesture(rng: np.random.Generator) -> tuple[Action, ...]:
    """One gesture after a moment, or just standing."""
    if rng.random() < 0.25:
        return ()
    return (Action(str(rng.choice(_GESTURES)), rng.uniform(0.4, 1.5), rng.uniform(1.5, 3.0)),)


def _make_scene(
    rng: np.random.Generator,
    camera: Camera,
    actors: list[Actor],
    rest: float = 0.6,
    least: float = 0.0,
) -> Scene:
    """Scene in any light that lasts until everybody has come to rest."""
    ends = [action.end for actor in actors for action in actor.actions]
    walks = [end for end in ends if np.isfinite(end)]
    return Scene(
        width=camera.width,
        height=camera.height,
        duration=round(max([least, *(end + rest for end in walks)]), 1),
        actors=tuple(actors),
        background=str(rng.choice(['plain', 'gradient', 'room'])),
        brightness=rng.uniform(0.75, 1.2),
        blur=rng.uniform(0.0, 1.0),
        noise=rng.uniform(0.0, 6.0),
    )


_KINDS = {
    'passing': _SceneKind(2, 4, _passing),
    'crossing': _SceneKind(2, 4, _crossing),
    'leaving': _SceneKind(2, 3, _leaving),
    'returning': _SceneKind(2, 3, _returning),
    'group': _SceneKind(2, 6, _group),
}
SCENE_KINDS = tuple(_KINDS)
"""Names of the kinds; `leaving` is back within a second, `returning` later."""
