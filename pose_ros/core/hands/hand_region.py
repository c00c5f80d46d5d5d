"""Regions of hands from the keypoints of a body."""

from __future__ import annotations

import numpy as np

from pose_ros.core.models.hand import turned_region
from pose_ros.core.topology import BLAZEPOSE33, Side
from pose_ros.core.types import Crop, Person

# Region over the box of a hand, and shift upwards: MediaPipe's, for pose models with knuckles.
_SCALE, _SHIFT = 2.7, 0.1
# Wrist to knuckles over elbow to wrist [-]: 0.09 m of 0.25 m, adult proportions.
_KNUCKLES = 0.36
# Elbow to wrist over shoulder to elbow and over shoulder width [-]: adult proportions. They give
# the size where the forearm points at the camera.
_OF_UPPER_ARM, _OF_SHOULDERS = 0.85, 0.65
# Minimum score of a wrist whose hand is looked for [-], MediaPipe's.
MIN_WRIST_SCORE = 0.1


def region_from_pose(person: Person, side: Side) -> Crop | None:
    """Region around the hand of a person; None if the wrist is not seen."""
    index = person.topology.index
    wrist = index(f'{side}_wrist')
    if person.scores[wrist] < MIN_WRIST_SCORE or not np.isfinite(person.keypoints[wrist]).all():
        return None
    at = person.keypoints[wrist].astype(float)
    knuckles = _knuckles(person, side) if person.topology is BLAZEPOSE33 else _ahead(person, side)
    if knuckles is None:
        return None
    centre, reach = knuckles
    up = centre - at
    if not np.isfinite(up).all() or not up.any():
        return None
    return turned_region(centre, up, np.full(2, 2 * reach), _SCALE, _SHIFT)


def _knuckles(person: Person, side: Side) -> tuple[np.ndarray, float]:
    """Knuckle [2] [px] of the middle finger, and its distance to the wrist [px]."""
    wrist, first, last = (
        person.keypoints[person.topology.index(f'{side}_{name}')].astype(float)
        for name in ('wrist', 'index', 'pinky')
    )
    middle = (2 * first + last) / 3
    return middle, float(np.hypot(*(middle - wrist)))


def _ahead(person: Person, side: Side) -> tuple[np.ndarray, float] | None:
    """Knuckles as of a straight wrist, from elbow and wrist alone; None if they are not seen."""
    index = person.topology.index
    points, seen = person.keypoints.astype(float), person.observed
    wrist, elbow = index(f'{side}_wrist'), index(f'{side}_elbow')
    shoulder, other = (
        index(f'{side}_shoulder'),
        index(f'{"right" if side == "left" else "left"}_shoulder'),
    )
    if not (seen[wrist] and seen[elbow]):
        return None
    forearm = points[wrist] - points[elbow]
    length = float(np.hypot(*forearm))
    for a, b, ratio in ((shoulder, elbow, _OF_UPPER_ARM), (shoulder, other, _OF_SHOULDERS)):
        if seen[a] and seen[b]:
            length = max(length, ratio * float(np.hypot(*(points[a] - points[b]))))
    return points[wrist] + _KNUCKLES * forearm, _KNUCKLES * length
