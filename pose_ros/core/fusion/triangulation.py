"""Positions of keypoints from the rays of several cameras."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from pose_ros.core.fusion.rays import Rays

# A ray farther than this from the point is of something else [standard deviations]. Three of a
# normal error in two dimensions are passed by 1 %; those of models have longer tails.
_GATE = 4.0
# Positions less certain than this are unknown [m].
_MAX_DEVIATION = 2.0
# Distances of a camera are corrected by the keypoints that others see, too, from so many on.
_MIN_COMMON = 4
# A corrected distance is not more certain than this [m].
_MIN_ERROR = 0.05


@dataclass(frozen=True, eq=False)
class Triangulation:
    """Keypoints of one person in the fixed frame.

    Attributes
    ----------
    points
        [K, 3] [m]; NaN where unknown.
    covariances
        [K, 3, 3] [m²]; NaN where unknown.
    used
        Mask [C, K] of the rays that the points come from.
    """

    points: np.ndarray
    covariances: np.ndarray
    used: np.ndarray

    @property
    def deviations(self) -> np.ndarray:
        """[K] [m]: root of the mean square distance from the true points."""
        return np.asarray(np.sqrt(np.trace(self.covariances, axis1=1, axis2=2)))

    def reliable(self) -> Triangulation:
        """The same without points whose deviation exceeds 2 m: those on a ray anywhere."""
        known = self.deviations < _MAX_DEVIATION
        points = np.where(known[:, None], self.points, np.nan)
        return replace(
            self,
            points=points,
            covariances=np.where(known[:, None, None], self.covariances, np.nan),
        )


def triangulate(views: Sequence[Rays]) -> Triangulation:
    """Points nearest to all rays, by weighted least squares.

    Each ray counts with its error across it, which grows with the distance, and with the distance
    that its camera estimates. The solution is refined once with the distances found. While a ray
    does not agree, one is left out: of three or more the one without which the others agree best,
    of two the less certain one. Points that one camera alone sees are at its distance, corrected
    by the points that others see, too.

    Parameters
    ----------
    views
        One for each camera, of the same keypoint format.

    Returns
    -------
    Triangulation
        NaN where no camera sees the keypoint.
    """
    used = np.stack([view.seen for view in views])
    points, covariances = _agreed(views, used)
    if len(views) > 1:
        corrected = [_corrected(v, points, u & (used.sum(0) > 1)) for v, u in zip(views, used)]
        alone = used.sum(axis=0) == 1
        found = _Stack.of(corrected).solve(used)
        points[alone], covariances[alone] = found[0][alone], found[1][alone]
    unknown = ~used.any(axis=0)
    points[unknown] = covariances[unknown] = np.nan
    return Triangulation(points, covariances, used)


class _Stack(NamedTuple):
    """Rays of all cameras: the fields of `Rays` with cameras in front."""

    origins: np.ndarray
    directions: np.ndarray
    distances: np.ndarray
    distance_deviations: np.ndarray
    errors: np.ndarray
    angle_errors: np.ndarray

    @classmethod
    def of(cls, views: Sequence[Rays]) -> _Stack:
        names = ('directions', 'distances', 'distance_deviations', 'errors', 'angle_errors')
        arrays = (np.stack([getattr(view, name) for view in views]) for name in names)
        return cls(np.stack([view.origin for view in views])[:, None], *arrays)

    def solve(self, used: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Points [K, 3], covariances, residuals of the used rays [C, K] [standard deviations]."""
        directions = self.directions
        places = self.origins + self.distances[..., None] * directions
        along = directions[..., :, None] * directions[..., None, :]
        distances = self.distances
        for _ in range(2):
            across = np.hypot(self.errors, self.angle_errors * distances)[..., None, None]
            precision = (np.eye(3) - along) / across**2
            precision += along / self.distance_deviations[..., None, None] ** 2
            precision[~used] = 0.0
            total = precision.sum(axis=0)
            total[~used.any(axis=0)] = np.eye(3)
            covariances = np.linalg.inv(total)
            points = np.einsum('kij,ckjl,ckl->ki', covariances, precision, places, optimize=True)
            distances = np.abs(np.einsum('cki,cki->ck', points - self.origins, directions))
        offsets = places - points
        squares = np.einsum('cki,ckij,ckj->ck', offsets, precision, offsets, optimize=True)
        return points, covariances, np.sqrt(np.maximum(squares, 0.0))

    def worst(self, used: np.ndarray) -> np.ndarray:
        """Camera [K] without which the others agree best; of two the less certain one."""
        costs = np.full(used.shape, np.inf)
        for camera in range(len(used)):
            others = used.copy()
            others[camera] = False
            costs[camera] = np.square(self.solve(others)[2]).sum(axis=0)
        uncertain = -np.hypot(self.errors, self.angle_errors * self.distances)
        costs = np.where(used.sum(axis=0) > 2, costs, uncertain)
        return np.asarray(np.where(used, costs, np.inf).argmin(axis=0))


def _agreed(views: Sequence[Rays], used: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points and covariances; rays that do not agree are removed from ``used`` [C, K]."""
    stack = _Stack.of(views)
    for _ in views:
        points, covariances, residuals = stack.solve(used)
        wrong = np.flatnonzero((used.sum(axis=0) > 1) & (residuals > _GATE).any(axis=0))
        if not len(wrong):
            break
        part = _Stack(stack.origins, *(array[:, wrong] for array in stack[1:]))
        used[part.worst(used[:, wrong]), wrong] = False
    return points, covariances


def _corrected(view: Rays, points: np.ndarray, common: np.ndarray) -> Rays:
    """Rays with distances scaled to points [K, 3] that other cameras see, too."""
    if common.sum() < _MIN_COMMON:
        return view
    true = np.einsum('ki,ki->k', points - view.origin, view.directions)
    distances = view.distances * float(np.median(true[common] / view.distances[common]))
    error = max(float(np.std(true[common] - distances[common])), _MIN_ERROR)
    deviations = np.minimum(view.distance_deviations, error)
    return replace(view, distances=distances, distance_deviations=deviations)
