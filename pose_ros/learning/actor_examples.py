"""Examples by the actor: for trying things out and for proofs, where the truth is known."""

from __future__ import annotations

import numpy as np

from pose_ros.actor import Action, Actor, ActorMotion, Scene, skeletons
from pose_ros.actor.motions.signs import Sign, SignStyle
from pose_ros.core.topology import COCO17, Topology
from pose_ros.learning.examples import Example


def perform(
    motion: str | ActorMotion,
    duration: float,
    rng: np.random.Generator,
    *,
    topology: Topology = COCO17,
    fps: float = 30.0,
    world: bool = False,
) -> Example:
    """One motion by a person of any size, anywhere, half turned away at most by 30 degrees.

    Parameters
    ----------
    motion
        Of the actor.
    duration
        From its onset to its end [s].
    rng
        Decides size, place, direction, and the model's errors.
    topology, fps, world
        Of the skeletons.
    """
    start = float(rng.uniform(0.4, 1.2))
    height = float(rng.uniform(150, 420))
    actor = Actor(
        (Action(motion, start, duration),),
        x=float(rng.uniform(220, 420)),
        y=470.0,
        height=height,
        facing=float(rng.uniform(-30, 30)),
    )
    scene = Scene(fps=fps, duration=start + duration + 1.0, actors=(actor,))
    seed = int(rng.integers(2**31))
    sequence = [f for f in skeletons(scene, seed, topology, world=world) if f.people]
    return Example.of([f.people[0] for f in sequence], [f.stamp for f in sequence], 'actor')


def perform_sign(
    sign: Sign, rng: np.random.Generator, topology: Topology = COCO17, fps: float = 30.0
) -> Example:
    """One sign in a person's style."""
    motion, duration = sign.played(SignStyle.of(rng))
    return perform(motion, duration, rng, topology=topology, fps=fps)
