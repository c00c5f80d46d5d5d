"""Viewing rays of one person's keypoints in one camera, in the fixed frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from pose_ros.core.camera import CameraModel
from pose_ros.core.camera_orientation import UPRIGHT, CameraOrientation
from pose_ros.core.space.motion_track import Pose
from pose_ros.core.topology import Topology
from pose_ros.core.types import Person

# Standard deviation of a keypoint of score 1 from the joint, across the line of sight: a share of
# the body [m], and of the image [px]. Assumed; the reprojection errors of three models on a
# recording with four cameras are of the same size (docs/evaluation/fusion.md).
_BODY_ERROR, _PIXEL_ERROR = 0.02, 1.0
# A keypoint of a lower score counts as one of this score [-].
_MIN_SCORE = 0.3
# Assumed distance [m] and its standard deviation [m] without a position: no information.
_USUAL_DISTANCE, _UNKNOWN = 4.0, 20.0
# Nearest distance [m]: a ray goes forwards only.
_NEAREST = 0.1


@dataclass(frozen=True, eq=False)
class CameraImage:
    """People in one image of a calibrated camera.

    Attributes
    ----------
    camera
        Name of the camera.
    stamp
        Time of the exposure [s].
    people
        As published: keypoints in the image, positions in the camera's optical frame. Ids are
        the camera's own; negative without one.
    model
        The camera.
    pose
        Rotation [3, 3] and translation [3] [m] from the optical frame to the fixed frame.
    size
        (width, height) of the image [px].
    orientation
        Of the image.
    """

    camera: str
    stamp: float
    people: Sequence[Person]
    model: CameraModel
    pose: Pose
    size: tuple[int, int]
    orientation: CameraOrientation = UPRIGHT


@dataclass(frozen=True, eq=False)
class Rays:
    """Where the keypoints of a person can be, as one camera sees them.

    Attributes
    ----------
    origin
        [3] [m]: the lens in the fixed frame.
    directions
        [K, 3] unit vectors in the fixed frame.
    distances, distance_deviations
        [K] [m]: estimate of the camera along each ray, and its standard deviation.
    errors, angle_errors
        [K]: standard deviation across the ray, the constant part [m] and the part that grows
        with the distance [rad].
    seen
        Mask [K] of the keypoints that this camera observed.
    """

    origin: np.ndarray
    directions: np.ndarray
    distances: np.ndarray
    distance_deviations: np.ndarray
    errors: np.ndarray
    angle_errors: np.ndarray
    seen: np.ndarray

    @classmethod
    def of(cls, person: Person, model: CameraModel, pose: Pose) -> Rays:
        """Rays of a person in an image; see `CameraImage`."""
        rotation, translation = pose
        directions = model.rays(person.keypoints) @ rotation.T
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        origin = rotation @ model.centre + translation
        seen = person.observed & np.isfinite(directions).all(axis=1)
        distances = deviations = np.full(len(seen), np.nan)
        if person.positions is not None:
            points = person.positions.points @ rotation.T + translation
            distances = np.einsum('ki,ki->k', points - origin, directions)
            deviations = person.positions.deviations
        known = np.isfinite(distances) & np.isfinite(deviations) & (distances > _NEAREST)
        usual = float(np.median(distances[known])) if known.any() else _USUAL_DISTANCE
        scores = np.maximum(person.scores, _MIN_SCORE).astype(np.float64)
        return cls(
            origin,
            np.nan_to_num(directions),
            np.where(known, distances, usual),
            np.where(known, np.maximum(deviations, 1e-3), _UNKNOWN),
            _BODY_ERROR / scores,
            _PIXEL_ERROR / model.focal / scores,
            seen,
        )

    @cached_property
    def points(self) -> np.ndarray:
        """Keypoints at the distances that this camera estimates [K, 3] [m]."""
        return self.origin + self.distances[:, None] * self.directions

    @cached_property
    def covariances(self) -> np.ndarray:
        """Covariances of `points` [K, 3, 3] [m²]."""
        along = self.directions[:, :, None] * self.directions[:, None]
        across = np.hypot(self.errors, self.angle_errors * self.distances)[:, None, None]
        return (
            across**2 * (np.eye(3) - along) + self.distance_deviations[:, None, None] ** 2 * along
        )

    def moved(self, shift: np.ndarray, error: float) -> Rays:
        """Rays to a person who has moved [3] [m] since, with an additional error [m]."""
        return replace(self, origin=self.origin + shift, errors=np.hypot(self.errors, error))


@dataclass(frozen=True, eq=False)
class CameraObservation:
    """One person in one image."""

    image: CameraImage
    person: Person
    rays: Rays

    @classmethod
    def of(cls, image: CameraImage, person: Person, topology: Topology) -> CameraObservation:
        """CameraObservation of a person of an image, in a format that contains theirs."""
        person = person.converted(topology)
        return cls(image, person, Rays.of(person, image.model, image.pose))

    @property
    def key(self) -> tuple[str, int]:
        """Camera and its id of the person; not positive without one."""
        return self.image.camera, self.person.id
