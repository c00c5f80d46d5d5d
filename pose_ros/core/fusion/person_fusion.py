"""People seen by several cameras: each once, with an id of their own."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
import math

import numpy as np
from scipy.optimize import linear_sum_assignment

from pose_ros.core.fusion.fused_track import FusedTrack
from pose_ros.core.fusion.rays import CameraImage, CameraObservation, Rays
from pose_ros.core.fusion.triangulation import Triangulation, triangulate
from pose_ros.core.topology import COCO17, Topology
from pose_ros.core.types import Person

# Median distance of the keypoints of one person in two cameras, at most [standard deviations].
_GATE = 3.0
# The same for two tracks that become one.
_MERGE_GATE = 2.0
# The person that a camera has followed so far is nearer by this [standard deviations]: 1 gives
# two switches in six scenes of people who wander about (docs/evaluation/fusion.md), 2 none.
_FOLLOWED = 2.0
# Fewer common keypoints decide nothing.
_MIN_COMMON = 4
# A camera of whose keypoints a smaller share agrees with the others sees another person [-].
_MIN_AGREEMENT = 0.5


class PersonFusion:
    """Matches the people of several cameras by position and follows them.

    Parameters
    ----------
    track_timeout
        Maximum time that a person keeps the id out of all cameras' sight [s].
    """

    def __init__(self, track_timeout: float = 2.0) -> None:
        self._timeout = track_timeout
        self._tracks: list[FusedTrack] = []
        self._last_id = 0
        self._topologies: set[Topology] = set()

    def update(self, images: Sequence[CameraImage]) -> list[Person]:
        """People in the fixed frame, those with an id first.

        Parameters
        ----------
        images
            At most one of each camera, taken at about the same time.

        Returns
        -------
        list of Person
            At the time of the newest image. Positions and kinematics are in the fixed frame;
            keypoints are those of the camera that sees most of the person. Id 0: unconfirmed.
        """
        stamp = max(image.stamp for image in images)
        self._tracks = [t for t in self._tracks if 0 <= stamp - t.stamp <= self._timeout]
        topology = self._topology(images)
        groups: dict[FusedTrack, list[CameraObservation]] = {track: [] for track in self._tracks}
        free = []
        for image in images:
            seen = [CameraObservation.of(image, person, topology) for person in image.people]
            free += _assign(seen, self._tracks, groups)
        for group in _grouped(free):
            track = FusedTrack(stamp)
            self._tracks.append(track)
            groups[track] = group
        for track, group in groups.items():
            track.see(*_fused(group, track, stamp), stamp)
        self._merge()
        for track in self._tracks:
            if not track.id and track.confirmed:
                self._last_id += 1
                track.id = self._last_id
        people = [track.person() for track in self._tracks if track.observations]
        return sorted(people, key=lambda person: person.id or math.inf)

    def _topology(self, images: Sequence[CameraImage]) -> Topology:
        """Format of all people; COCO-17 once the cameras' formats differ."""
        found = {person.topology for image in images for person in image.people}
        if not found <= self._topologies:
            self._topologies |= found
            self._tracks.clear()
        return next(iter(self._topologies)) if len(self._topologies) == 1 else COCO17

    def _merge(self) -> None:
        """Make one of two tracks that different cameras see in the same place."""
        for older, younger in list(combinations(self._tracks, 2)):
            cameras = [{o.image.camera for o in t.observations} for t in (older, younger)]
            if cameras[0] & cameras[1]:
                older.apart.add(younger)
            if not all(cameras) or younger in older.apart:
                continue
            if not {older, younger} <= set(self._tracks):
                continue  # merged with another one already
            if _distance(older.body, younger.body) < _MERGE_GATE:
                self._tracks.remove(younger)
                older.keys.update(younger.keys)


def _assign(
    seen: list[CameraObservation],
    tracks: list[FusedTrack],
    groups: dict[FusedTrack, list[CameraObservation]],
) -> list[CameraObservation]:
    """Add the people of one image to the groups of their tracks; returns the others."""
    costs = np.array([[_cost(o, track) for track in tracks] for o in seen])
    pairs = _pairs(costs.reshape(len(seen), len(tracks)))
    for row, column in pairs.items():
        groups[tracks[column]].append(seen[row])
    return [o for row, o in enumerate(seen) if row not in pairs]


def _cost(observation: CameraObservation, track: FusedTrack) -> float:
    cost = _distance(_body(observation.rays), track.predicted(observation.image.stamp))
    return cost - _FOLLOWED if observation.key in track.keys else cost


def _grouped(free: list[CameraObservation]) -> list[list[CameraObservation]]:
    """Observations that belong to no track, by person."""
    groups: list[list[CameraObservation]] = []
    for camera in dict.fromkeys(o.image.camera for o in free):
        seen = [o for o in free if o.image.camera == camera]
        bodies = [triangulate([o.rays for o in group]) for group in groups]
        costs = np.array([[_distance(_body(o.rays), body) for body in bodies] for o in seen])
        pairs = _pairs(costs.reshape(len(seen), len(groups)))
        for row, observation in enumerate(seen):
            if row in pairs:
                groups[pairs[row]].append(observation)
            else:
                groups.append([observation])
    return groups


def _pairs(costs: np.ndarray) -> dict[int, int]:
    """Column of each row that has one, with the lowest sum of costs below the gate."""
    # Without the cut, one impossible pair would outweigh all possible ones.
    rows, columns = linear_sum_assignment(np.minimum(costs, _GATE))
    return {int(r): int(c) for r, c in zip(rows, columns) if costs[r, c] < _GATE}


def _body(rays: Rays) -> Triangulation:
    """Keypoints as one camera places them."""
    points = np.where(rays.seen[:, None], rays.points, np.nan)
    return Triangulation(points, rays.covariances, rays.seen[None])


def _distance(one: Triangulation, other: Triangulation) -> float:
    """Median distance of two bodies' keypoints [standard deviations]; infinite if unknown."""
    offsets = one.points - other.points
    common = np.isfinite(offsets).all(axis=1)
    if common.sum() < _MIN_COMMON:
        return math.inf
    sums = (one.covariances + other.covariances)[common]
    weighted = np.linalg.solve(sums, offsets[common][..., None])[..., 0]
    return float(np.median(np.sqrt(np.einsum('ki,ki->k', offsets[common], weighted))))


def _fused(
    group: list[CameraObservation], track: FusedTrack, stamp: float
) -> tuple[list[CameraObservation], Triangulation | None]:
    """Observations that agree, and where they see the person."""
    while group:
        body = triangulate([track.at(o.rays, o.image.stamp, stamp) for o in group])
        seen = np.stack([o.rays.seen for o in group])
        common = seen & (seen.sum(axis=0) > 1)
        shares = (body.used & common).sum(axis=1) / np.maximum(common.sum(axis=1), 1)
        doubtful = (shares < _MIN_AGREEMENT) & (common.sum(axis=1) >= _MIN_COMMON)
        if not doubtful.any():
            return group, body
        worst = int(np.where(doubtful, shares, 1.0).argmin())
        group = [o for number, o in enumerate(group) if number != worst]
    return [], None
