"""Positions guessed from how large a person looks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pose_ros.core.body.height import standing_height
from pose_ros.core.positions import Positions, PositionSource
from pose_ros.core.space.strategy import CameraView, SteadyDistance
from pose_ros.core.types import Person

# Standard deviation over the distance: people differ in height, and bones point at the camera.
_ERROR = 0.1
# Half of the depth of a body [m], which lies in a plane here.
_FLAT_ERROR = 0.15
# Lengths of bones are in pixels of a camera of this focal length [px].
_FOCAL = 600.0


class HeightStrategy:
    """Places all keypoints that were observed in one plane, as far away as the body is small.

    The size comes from the lengths of bones, so people need not stand.

    Parameters
    ----------
    body_height
        Of everybody [m].
    """

    def __init__(self, body_height: float = 1.7) -> None:
        self.body_height = body_height
        self._distances = SteadyDistance()

    def place(self, person: Person, view: CameraView) -> Positions | None:
        """Positions of the keypoints of a person; None if too few bones are seen."""
        rays = view.camera.rays(person.keypoints)
        height = standing_height(replace(person, keypoints=rays[:, :2] * _FOCAL))
        if not height > 0:
            return None
        distance = _FOCAL * self.body_height / height
        distance = self._distances.smooth(distance, person.id, view.stamp)
        points = view.camera.centre + rays * distance
        points[~person.observed] = np.nan
        errors = np.where(person.observed, np.hypot(_ERROR * distance, _FLAT_ERROR), np.nan)
        return Positions(points, errors, PositionSource.HEIGHT)
