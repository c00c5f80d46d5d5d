"""Whether people of a scene cover each other."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from pose_ros.actor.draw import Figure
from pose_ros.actor.scene import Actor, Scene

SEEN = 0.3
"""Share of the joints from which on a person can be seen at all."""
LONGEST_HIDDEN = 0.9
"""Time [s], all in all, for which a person may be seen less than that in a crossing."""


def is_a_crossing(scene: Scene, rate: float = 15.0) -> bool:
    """Whether a person is wholly covered for a moment, and no one mostly for too long."""
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
