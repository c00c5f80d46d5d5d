"""Where people of a scene stand before the camera, and what they wear."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pose_ros.actor.figure import Clothes
from pose_ros.actor.scene import Action, Actor

_SIZES = ((640, 480), (800, 600), (960, 540))
_SKINS = ((236, 192, 164), (224, 172, 140), (190, 134, 98), (132, 88, 62))
_HAIRS = ((40, 30, 26), (62, 42, 30), (120, 84, 50), (150, 148, 146))


@dataclass(frozen=True)
class Camera:
    """Where people at a distance [m] stand in the image.

    Attributes
    ----------
    width, height
        Of the image [px].
    focal
        Focal length [px].
    mount
        Height of the camera over the floor [m].
    floor
        Row where a person at the distance `far` stands [px].
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
        """Height [px] of a person of a height [m]."""
        return self.focal * tall / distance


@dataclass(frozen=True)
class Place:
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


def draw_camera(
    rng: np.random.Generator, mount: float, focal: tuple[float, float], far: float
) -> Camera:
    """Camera whose farthest person stands just before the wall of the room."""
    width, height = _SIZES[rng.integers(len(_SIZES))]
    return Camera(width, height, height * rng.uniform(*focal), mount, height * 0.82, far)


def draw_places(
    rng: np.random.Generator,
    camera: Camera,
    people: int,
    same: bool,
    *,
    near: float,
    grow: bool = False,
) -> list[Place]:
    """Lanes for people, in any order; `grow`: whoever is farther is also taller."""
    lane = (camera.far - near) / people
    distances = [near + lane * (i + rng.uniform(0.0, 1.0)) for i in range(people)]
    distances[0], distances[-1] = near, camera.far
    heights = rng.uniform(1.58, 1.86, people)
    heights = np.sort(heights) if grow else heights
    places = [
        Place(distance, camera.ground(distance), camera.size(distance, tall), clothes)
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
