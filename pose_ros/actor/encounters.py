"""Scenes of several people drawn from a seed: they pass, cross, leave, return, stand together.

Everybody stands on one floor before one camera, so whoever is farther is smaller and higher up
in the picture. The people's order in the scene is their true identity.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

import numpy as np

from pose_ros.actor.draw import Figure
from pose_ros.actor.figure import Clothes
from pose_ros.actor.motions.basic import WALK_RATE
from pose_ros.actor.scene import Action, Actor, Scene

STEP_RATE = 2 * WALK_RATE
"""Steps per second: after every whole one the legs are side by side."""
LONGEST_WALK = 2.8
"""Time [s] after which everybody has reached the others."""
SEEN = 0.3
"""Share of the joints from which on somebody can be seen at all."""
LONGEST_HIDDEN = 0.9
"""Time [s], all in all, for which somebody may be seen less than that in a crossing."""

_SIZES = ((640, 480), (800, 600), (960, 540))
_GESTURES = (
    *('wave_left', 'wave_right', 'raise_left', 'raise_right', 'point_left', 'point_right'),
    *('raise_both', 't_pose', 'squat'),
)
_SKINS = ((236, 192, 164), (224, 172, 140), (190, 134, 98), (132, 88, 62))
_HAIRS = ((40, 30, 26), (62, 42, 30), (120, 84, 50), (150, 148, 146))


@dataclass(frozen=True)
class _Camera:
    """Where people at a distance [m] stand in the picture.

    Attributes
    ----------
    width, height
        Of the picture [px].
    focal
        Focal length [px].
    mount
        Height of the camera over the floor [m].
    floor
        Row where somebody at the distance `far` stands [px].
    far
        Greatest distance [m].
    """

    width: int
    height: int
    focal: float
    mount: float
    floor: float
    far: float

    def ground(self, distance: float) -> float:
        """Row of the floor [px]."""
        return self.floor + self.focal * self.mount * (1 / distance - 1 / self.far)

    def size(self, distance: float, tall: float) -> float:
        """Height [px] of somebody of a height [m]."""
        return self.focal * tall / distance


@dataclass(frozen=True)
class _Place:
    """One person before it is told what to do: a lane on the floor and clothes."""

    distance: float
    y: float
    height: float
    clothes: Clothes

    def actor(self, x: float, actions: tuple[Action, ...]) -> Actor:
        """Person who starts at x [px]."""
        return Actor(
            actions or 'stand',
            x=x,
            y=self.y,
            height=self.height,
            distance=self.distance,
            clothes=self.clothes,
        )

    def walker(self, x: float, *legs: tuple[float, float, float]) -> Actor:
        """Person who walks legs of (departure [s], arrival [s], place x [px])."""
        actions, here = [], x
        for departure, arrival, there in legs:
            speed = (there - here) / self.height / (arrival - departure)
            actions.append(Action('walk', departure, arrival - departure, speed=speed))
            here = there
        return self.actor(x, tuple(actions))


@dataclass(frozen=True)
class _Kind:
    """A kind of encounter: how many people take part and who draws it."""

    least: int
    most: int
    draw: Callable[[np.random.Generator, int, bool], Scene]


def encounter(
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
        Name out of `ENCOUNTERS`.
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
        raise ValueError(
            f'unknown encounter {kind!r}, known are: {", ".join(ENCOUNTERS)}'
        ) from None
    if people is not None and not chosen.least <= people <= chosen.most:
        raise ValueError(
            f'people must be {chosen.least} to {chosen.most} in {kind}, got {people!r}'
        )
    return replace(_drawn(kind, seed, people, same_clothes), fps=fps)


@lru_cache(maxsize=1000)
def _drawn(kind: str, seed: int, people: int | None, same: bool) -> Scene:
    """Encounter at any rate; kept, since to find a crossing takes a second."""
    chosen = _KINDS[kind]
    rng = np.random.default_rng((seed, ENCOUNTERS.index(kind)))
    drawn = int(rng.integers(chosen.least, chosen.most + 1))
    return chosen.draw(rng, people or drawn, same)


def _passing(rng: np.random.Generator, people: int, same: bool) -> Scene:
    """People walk past each other; a camera high up sees at least the heads of all."""
    camera = _camera(rng, mount=rng.uniform(2.1, 2.4), focal=(0.95, 1.05), far=5.0)
    places = _places(rng, camera, people, same, near=3.6, grow=True)
    return _film(rng, camera, _go_on(rng, _ways(rng, camera, places, spread=0.7)))


def _crossing(rng: np.random.Generator, people: int, same: bool) -> Scene:
    """People meet in one place: some walk on, some wait there, some go back as they came."""
    while True:
        camera = _camera(rng, mount=rng.uniform(1.05, 1.15), focal=(0.9, 1.1), far=4.6)
        places = _places(rng, camera, people, same, near=2.8)
        manner = (_go_on, _wait, _turn_back)[rng.integers(3)]
        actors = manner(rng, _ways(rng, camera, places, spread=0.3))
        scene = _film(rng, camera, actors)
        if _is_a_crossing(scene):
            return scene


def _leaving(rng: np.random.Generator, people: int, same: bool) -> Scene:
    """Somebody walks out of the picture and is back before a second is over."""
    return _absence(rng, people, same, away=rng.uniform(0.0, 0.1))


def _returning(rng: np.random.Generator, people: int, same: bool) -> Scene:
    """Somebody walks out of the picture and stays away for longer than a second."""
    return _absence(rng, people, same, away=rng.uniform(1.4, 2.4))


def _absence(rng: np.random.Generator, people: int, same: bool, away: float) -> Scene:
    """The first walks out at a side, waits there, comes back; the others stay."""
    camera = _camera(rng, mount=rng.uniform(1.1, 1.5), focal=(0.9, 1.1), far=4.6)
    places = _places(rng, camera, people, same, near=3.0)
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
    return _film(rng, camera, actors, rest=1.0)


def _group(rng: np.random.Generator, people: int, same: bool) -> Scene:
    """People stand side by side, gesture, walk a little there and back."""
    camera = _camera(rng, mount=rng.uniform(1.1, 1.6), focal=(0.85, 1.0), far=4.8)
    actors = []
    places = _places(rng, camera, people, same, near=3.4)
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
    return _film(rng, camera, actors, rest=0.0, least=5.0)


@dataclass(frozen=True)
class _Way:
    """One person's way to where all meet.

    Attributes
    ----------
    place
        Lane and clothes.
    start, middle, end
        Where it begins, where all meet, and the other side [px].
    departure, met
        When it begins and when the middle is reached [s].
    """

    place: _Place
    start: float
    middle: float
    end: float
    departure: float
    met: float

    @property
    def lasting(self) -> float:
        """Time from the start to the middle [s], and from there to the end."""
        return self.met - self.departure


def _ways(
    rng: np.random.Generator, camera: _Camera, places: list[_Place], spread: float
) -> list[_Way]:
    """People come from both sides by turns; the first two meet to the moment.

    Others are up to `spread` [s] early or late. All have their legs side by side when they meet,
    so that the nearer can cover the farther.
    """
    middle = camera.width * rng.uniform(0.45, 0.55)
    side = int(rng.choice([-1, 1]))
    starts, lasting, delays = [], [], []
    for number, place in enumerate(places):
        inner = number // 2
        speed = place.height * rng.uniform(0.45, 0.65)
        edge = camera.width * (0.40 - 0.14 * inner + rng.uniform(-0.02, 0.02))
        way = min(edge, speed * LONGEST_WALK)
        starts.append(middle + side * way)
        lasting.append(max(round(way / speed * STEP_RATE), 2) / STEP_RATE)
        delays.append(rng.uniform(-spread, spread) if inner else 0.0)
        side = -side
    moment = 0.6 + max(took - delay for took, delay in zip(lasting, delays))
    return [
        _Way(place, start, middle, 2 * middle - start, moment + delay - took, moment + delay)
        for place, start, took, delay in zip(places, starts, lasting, delays)
    ]


def _go_on(rng: np.random.Generator, ways: list[_Way]) -> list[Actor]:
    """All walk past the meeting place without a stop."""
    return [
        way.place.walker(way.start, (way.departure, way.met + way.lasting, way.end))
        for way in ways
    ]


def _wait(rng: np.random.Generator, ways: list[_Way]) -> list[Actor]:
    """All stop where they meet; then each goes on or back."""
    actors = []
    for way in ways:
        leave = way.met + rng.uniform(0.1, 0.8)
        there = way.end if rng.random() < 0.5 else way.start
        legs = (way.departure, way.met, way.middle), (leave, leave + way.lasting, there)
        actors.append(way.place.walker(way.start, *legs))
    return actors


def _turn_back(rng: np.random.Generator, ways: list[_Way]) -> list[Actor]:
    """All turn round where they meet and go back the way they came."""
    return [
        way.place.walker(
            way.start,
            (way.departure, way.met, way.middle),
            (way.met, way.met + way.lasting, way.start),
        )
        for way in ways
    ]


def _camera(
    rng: np.random.Generator, mount: float, focal: tuple[float, float], far: float
) -> _Camera:
    """Camera whose farthest person stands just before the wall of the room."""
    width, height = _SIZES[rng.integers(len(_SIZES))]
    return _Camera(width, height, height * rng.uniform(*focal), mount, height * 0.82, far)


def _places(
    rng: np.random.Generator,
    camera: _Camera,
    people: int,
    same: bool,
    *,
    near: float,
    grow: bool = False,
) -> list[_Place]:
    """Lanes for people, in any order; `grow`: whoever is farther is also taller."""
    lane = (camera.far - near) / people
    distances = [near + lane * (i + rng.uniform(0.0, 1.0)) for i in range(people)]
    distances[0], distances[-1] = near, camera.far
    heights = rng.uniform(1.58, 1.86, people)
    heights = np.sort(heights) if grow else heights
    places = [
        _Place(distance, camera.ground(distance), camera.size(distance, tall), clothes)
        for distance, tall, clothes in zip(distances, heights, _wardrobe(rng, people, same))
    ]
    return [places[i] for i in rng.permutation(people)]


def _wardrobe(rng: np.random.Generator, people: int, same: bool) -> list[Clothes]:
    """Clothes for all: shirts that can be told apart, or the same for everybody."""
    shirts: list[np.ndarray] = []
    while len(shirts) < people:
        shirt = rng.integers(25, 235, 3)
        if all(np.linalg.norm(shirt - other) > 70 for other in shirts):
            shirts.append(shirt)
    trousers, shoes = rng.integers(20, 120, (people, 3)), rng.integers(15, 90, (people, 3))
    skins, hairs = rng.integers(len(_SKINS), size=people), rng.integers(len(_HAIRS), size=people)
    return [
        Clothes(
            shirt=tuple(shirts[0 if same else i].tolist()),
            trousers=tuple(trousers[0 if same else i].tolist()),
            skin=_SKINS[skins[i]],
            hair=_HAIRS[hairs[i]],
            shoes=tuple(shoes[0 if same else i].tolist()),
        )
        for i in range(people)
    ]


def _gesture(rng: np.random.Generator) -> tuple[Action, ...]:
    """One gesture after a moment, or just standing."""
    if rng.random() < 0.25:
        return ()
    return (Action(str(rng.choice(_GESTURES)), rng.uniform(0.4, 1.5), rng.uniform(1.5, 3.0)),)


def _film(
    rng: np.random.Generator,
    camera: _Camera,
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


def _is_a_crossing(scene: Scene, rate: float = 15.0) -> bool:
    """Whether somebody is wholly covered for a moment, and nobody mostly for too long."""
    order = sorted(scene.actors, key=lambda actor: -actor.distance)
    vanished, hidden = 0, np.zeros(len(order), dtype=int)
    for time in np.arange(0.0, scene.duration, 1 / rate).tolist():
        if _close(order, time):
            seen = _seen([actor.at(time)[0] for actor in order])
            vanished += (seen == 0.0).any()
            hidden += seen < SEEN
        if hidden.max() > LONGEST_HIDDEN * rate:
            return False
    return vanished >= 2


def _close(actors: list[Actor], time: float) -> bool:
    """Whether two stand behind each other; cheaper to tell than who covers what."""
    middles = sorted(
        actor.x + actor.height * sum(action.walked(time) for action in actor.actions)
        for actor in actors
    )
    nearest = min(after - before for before, after in pairwise(middles))
    return nearest < 0.1 * max(actor.height for actor in actors)


def _seen(figures: list[Figure]) -> np.ndarray:
    """Share of the joints [N] to be seen of each figure, the farthest first."""
    shares = []
    for number, figure in enumerate(figures):
        seen = ~figure.hidden
        for nearer in figures[number + 1 :]:
            seen &= ~nearer.covers(figure.keypoints).any(axis=0)
        shares.append(seen.mean())
    return np.array(shares)


_KINDS = {
    'passing': _Kind(2, 4, _passing),
    'crossing': _Kind(2, 4, _crossing),
    'leaving': _Kind(2, 3, _leaving),
    'returning': _Kind(2, 3, _returning),
    'group': _Kind(2, 6, _group),
}
ENCOUNTERS = tuple(_KINDS)
"""Names of the kinds; `leaving` is back within a second, `returning` later."""
