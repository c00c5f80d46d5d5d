"""The ways on which people of a scene come together and part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pose_ros.actor.motions.basic import WALK_RATE
from pose_ros.actor.scene import Actor
from pose_ros.actor.stage import Camera, Place

STEP_RATE = 2 * WALK_RATE
"""Steps per second: after every whole one the legs are side by side."""
LONGEST_WALK = 2.8
"""Time [s] after which everybody has reached the others."""


@dataclass(frozen=True)
class Way:
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

    place: Place
    start: float
    middle: float
    end: float
    departure: float
    met: float

    @property
    def lasting(self) -> float:
        """Time from the start to the middle [s], and from there to the end."""
        return self.met - self.departure


def draw_ways(
    rng: np.random.Generator, camera: Camera, places: list[Place], spread: float
) -> list[Way]:
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
        Way(place, start, middle, 2 * middle - start, moment + delay - took, moment + delay)
        for place, start, took, delay in zip(places, starts, lasting, delays)
    ]


def go_on(rng: np.random.Generator, ways: list[Way]) -> list[Actor]:
    """All walk past the meeting place without a stop."""
    return [
        way.place.walker(way.start, (way.departure, way.met + way.lasting, way.end))
        for way in ways
    ]


def wait(rng: np.random.Generator, ways: list[Way]) -> list[Actor]:
    """All stop where they meet; then each goes on or back."""
    actors = []
    for way in ways:
        leave = way.met + rng.uniform(0.1, 0.8)
        there = way.end if rng.random() < 0.5 else way.start
        legs = (way.departure, way.met, way.middle), (leave, leave + way.lasting, there)
        actors.append(way.place.walker(way.start, *legs))
    return actors


def turn_back(rng: np.random.Generator, ways: list[Way]) -> list[Actor]:
    """All turn round where they meet and go back the way they came."""
    return [
        way.place.walker(
            way.start,
            (way.departure, way.met, way.middle),
            (way.met, way.met + way.lasting, way.start),
        )
        for way in ways
    ]
