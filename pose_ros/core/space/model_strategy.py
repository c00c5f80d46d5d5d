"""The model's metric landmarks placed in front of the camera (perspective-n-point)."""

from __future__ import annotations

import cv2
import numpy as np

from pose_ros.core.positions import Positions, PositionSource
from pose_ros.core.space.strategy import CameraView, SteadyDistance
from pose_ros.core.types import Person

# So many landmarks of so much score in all are needed.
_MIN_LANDMARKS = 6
_MIN_WEIGHT = 2.0
# Landmarks that are off by more than this across the line of sight count less and less [m].
_OFF = 0.06
_ROUNDS = 3
# Standard deviations: of the distance, mostly that of how large people are [-]; of a landmark
# before or behind the hips, by how far it is from them [-], and the least [m].
_SIZE_ERROR, _TILT_ERROR, _MIN_ERROR = 0.06, 0.25, 0.03


class ModelStrategy:
    """Places `Person.world` so that its landmarks lie behind the keypoints.

    The model looks at a person as if they were in the middle of the image, wherever they are:
    its axes are turned to the line of sight. Then the shift is found that brings the landmarks
    nearest to the rays of the keypoints, weighted by their scores; what does not fit counts
    little. The distance is smoothed over time, by person.
    """

    def __init__(self) -> None:
        self._distances = SteadyDistance()

    def place(self, person: Person, view: CameraView) -> Positions | None:
        """Positions of the keypoints of a person; None without landmarks, or if too few fit."""
        if person.world is None:
            return None
        world = person.world.astype(np.float64)
        rays = view.camera.rays(person.keypoints)
        usable = np.isfinite(world).all(axis=1) & np.isfinite(rays).all(axis=1)
        weights = np.where(usable & person.observed, person.scores, 0.0)
        hips = [person.topology.index(name) for name in ('left_hip', 'right_hip')]
        enough = np.count_nonzero(weights) >= _MIN_LANDMARKS and weights.sum() >= _MIN_WEIGHT
        if not (enough and usable[hips].all()):
            return None
        rays = np.where(usable[:, None], rays, 0.0)
        body = np.where(usable[:, None], world, 0.0) @ _towards(rays[hips].sum(axis=0)).T
        shift = _shift(body, rays, weights)
        if shift is None:
            return None
        shift *= self._distances.smooth(shift[2], person.id, view.stamp) / shift[2]
        points = np.where(usable[:, None], body + shift + view.camera.centre, np.nan)
        errors = np.hypot(
            _SIZE_ERROR * shift[2], _MIN_ERROR + _TILT_ERROR * np.linalg.norm(body, axis=1)
        )
        return Positions(points, np.where(usable, errors, np.nan), PositionSource.MODEL)


def _towards(ray: np.ndarray) -> np.ndarray:
    """Rotation [3, 3] that turns the optical axis into a ray, by the shortest way."""
    ray = ray / np.linalg.norm(ray)
    axis = np.cross((0.0, 0.0, 1.0), ray)
    sine = np.linalg.norm(axis)
    if sine < 1e-9:
        return np.eye(3)
    return np.asarray(cv2.Rodrigues(axis / sine * np.arctan2(sine, ray[2]))[0])


def _shift(body: np.ndarray, rays: np.ndarray, weights: np.ndarray) -> np.ndarray | None:
    """Shift [3] [m] of a body [K, 3] that brings it nearest to rays [K, 3]; None if it has none.

    A point of the body is off its ray by (X + tx) − u (Z + tz) across, and likewise down: least
    squares, repeated with less weight for what is off by much (Huber).
    """
    u, v = rays[:, 0], rays[:, 1]
    across = u * body[:, 2] - body[:, 0]
    down = v * body[:, 2] - body[:, 1]
    trusted = weights
    for _ in range(_ROUNDS):
        total, by_u, by_v = trusted.sum(), trusted @ u, trusted @ v
        matrix = np.array(
            [
                [total, 0, -by_u],
                [0, total, -by_v],
                [-by_u, -by_v, trusted @ (u**2 + v**2)],
            ]
        )
        right = np.array([trusted @ across, trusted @ down, -(trusted @ (u * across + v * down))])
        try:
            shift = np.linalg.solve(matrix, right)
        except np.linalg.LinAlgError:
            return None
        off = np.hypot(shift[0] - u * shift[2] - across, shift[1] - v * shift[2] - down)
        trusted = weights * np.minimum(1.0, _OFF / np.maximum(off, 1e-9))
    return shift if shift[2] > 0.1 and np.isfinite(shift).all() else None
