"""Choosing the one person to keep to."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pose_ros.core.names import unknown_name
from pose_ros.core.topology import COCO_SHOULDERS, COCO_WRISTS
from pose_ros.core.tracking.similarity import coco_indices
from pose_ros.core.types import Person

# A hand is raised if it is this share of the box's height over its shoulder.
_RAISED = 0.1


class LockError(ValueError):
    """No one can be locked; the message says why."""


def choose(
    people: Sequence[Person], method: str, person_id: int, image_size: tuple[int, int]
) -> int:
    """Id of the person to keep to.

    Parameters
    ----------
    people
        Of the last frame.
    method
        'id', 'largest', 'nearest_centre' or 'hand_raised'.
    person_id
        The id, for the method of that name.
    image_size
        (width, height) [px].

    Raises
    ------
    LockError
        If no person fits; the message names the ids in view.
    """
    if method not in ('id', *_RANKS):
        raise LockError(unknown_name('way to choose', method, ('id', *_RANKS)))
    known_people = [person for person in people if person.id and person.observed.any()]
    if not known_people:
        raise LockError('no person is in view with an id that could be locked')
    if method == 'id':
        if person_id in {person.id for person in known_people}:
            return person_id
        there = ', '.join(str(person.id) for person in known_people)
        raise LockError(f'no person {person_id} is in view; there are: {there}')
    ranks = [_RANKS[method](person, image_size) for person in known_people]
    best = int(np.argmax(ranks))
    if ranks[best] == -np.inf:
        raise LockError('no one raises a hand over their shoulder')
    return known_people[best].id


def _area(person: Person, image_size: tuple[int, int]) -> float:
    return person.box.width * person.box.height


def _nearness(person: Person, image_size: tuple[int, int]) -> float:
    """Negative distance of the box from the middle of the image."""
    x, y = person.box.centre
    return -float(np.hypot(x - image_size[0] / 2, y - image_size[1] / 2))


def _hand_height(person: Person, image_size: tuple[int, int]) -> float:
    """Height of the higher hand over its shoulder, in heights of the box; -inf if it is not."""
    index = coco_indices(person.topology)
    wrists, shoulders = index[COCO_WRISTS], index[COCO_SHOULDERS]
    heights = (person.keypoints[shoulders, 1] - person.keypoints[wrists, 1]) / max(
        person.box.height, 1.0
    )
    raised = person.observed[wrists] & person.observed[shoulders] & (heights > _RAISED)
    return float(heights[raised].max()) if raised.any() else -np.inf


_RANKS: dict[str, Callable[[Person, tuple[int, int]], float]] = {
    'largest': _area,
    'nearest_centre': _nearness,
    'hand_raised': _hand_height,
}
