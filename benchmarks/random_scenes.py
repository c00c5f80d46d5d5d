"""Scenes drawn from a seed."""

from __future__ import annotations

import numpy as np

from pose_ros.actor import Actor, Clothes, Scene
from pose_ros.actor.motions import BASIC


def random_scene(seed: int, people: int = 1) -> Scene:
    """A scene drawn from a seed: image, place, size, clothes, motion, light, blur and noise.

    Everybody starts within the image with the whole body; a walker may leave it. Several
    people stand side by side and may cover each other in part.
    """
    rng = np.random.default_rng(seed)
    width, height = ((640, 480), (480, 640), (800, 600), (1280, 720))[rng.integers(4)]
    actors = []
    for place in range(people):
        tall = height * rng.uniform(0.5, 0.8) * min(1.0, width / height)
        middle = width * (place + 0.5) / people
        actors.append(
            Actor(
                motion=str(rng.choice(list(BASIC))),
                x=middle + rng.uniform(-0.12, 0.12) * width / people,
                y=height * rng.uniform(0.90, 0.97),
                height=tall,
                start=rng.uniform(0.2, 0.6),
                speed=rng.choice([-1, 1]) * rng.uniform(0.2, 0.45),
                distance=rng.uniform(2, 5),
                clothes=_random_clothes(rng),
            )
        )
    return Scene(
        width=width,
        height=height,
        duration=3.0,
        actors=tuple(actors),
        background=str(rng.choice(['plain', 'gradient', 'room'])),
        brightness=rng.uniform(0.65, 1.25),
        blur=rng.uniform(0.0, 1.2),
        noise=rng.uniform(0.0, 8.0),
    )


def _random_clothes(rng: np.random.Generator) -> Clothes:
    """Any shirt, dark trousers, one of the skins and hairs that people have."""
    skins = ((236, 192, 164), (224, 172, 140), (190, 134, 98), (132, 88, 62))
    hairs = ((40, 30, 26), (62, 42, 30), (120, 84, 50), (150, 148, 146))

    def colour(low: int, high: int) -> tuple[int, int, int]:
        red, green, blue = rng.integers(low, high, 3).tolist()
        return red, green, blue

    return Clothes(
        shirt=colour(30, 230),
        trousers=colour(20, 110),
        skin=skins[rng.integers(len(skins))],
        hair=hairs[rng.integers(len(hairs))],
        shoes=colour(15, 90),
    )
