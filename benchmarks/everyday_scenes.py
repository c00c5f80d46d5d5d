"""A long video of what people do all day."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pose_ros.actor.motions import MOTIONS, SIT, STAND
from pose_ros.actor.motions.everyday_motions import EVERYDAY, WALKS, mirrored, varied
from pose_ros.actor.scene import Action, Actor, Scene


def everyday(seed: int, duration: float = 60.0, height: float = 300.0, fps: float = 30.0) -> Scene:
    """A person who does one everyday thing after the other; every seed is another person.

    Parameters
    ----------
    seed
        Of what is done, when and how.
    duration
        Of the scene [s].
    height
        Of the standing body [px]; the image is as large as the walks need.
    fps
        Frames per second.
    """
    rng = np.random.default_rng(seed)
    rest = SIT if rng.uniform() < 0.2 else STAND
    middle = 1.6 * height
    actions: list[Action] = []
    time, x = 0.5, middle
    while time < duration:
        name = str(rng.choice(list(EVERYDAY)))
        if rest is SIT and not MOTIONS[name].upper:
            continue
        motion = varied(MOTIONS[name], rng)
        if name not in WALKS and rng.uniform() < 0.5:
            motion = mirrored(motion)
        lasts = motion.ramp + motion.back + float(rng.uniform(1.0, 4.0))
        speed = 0.4
        if name in WALKS:
            # Only what is called so gets anywhere; always back to the middle.
            motion = replace(motion, name='walk')
            speed = float(rng.uniform(0.15, 0.4)) * (1 if x <= middle else -1)
            x += speed * lasts * height
        actions.append(Action(motion, time, lasts, speed))
        time += lasts + float(rng.uniform(0.1, 1.2))
    actor = Actor(
        tuple(actions),
        x=middle,
        y=1.4 * height,
        height=height,
        rest=rest,
        facing=float(rng.uniform(-45.0, 45.0)),
    )
    return Scene(
        round(3.2 * height), round(1.5 * height), fps=fps, duration=duration, actors=(actor,)
    )
