"""From pixels to rays: the pinhole camera with distortion and rectification."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np

from pose_ros.core.names import unknown_name

# Names of distortion models as in sensor_msgs/CameraInfo, with the numbers of coefficients.
_POLYNOMIAL = {'plumb_bob': (4, 5), 'rational_polynomial': (8, 12, 14)}
_FISHEYE = {'equidistant': (4,)}
_COUNTS = frozenset((0,)).union(*_POLYNOMIAL.values(), *_FISHEYE.values())
# Shortest focal length [px]: a shorter one is in other units.
_SHORTEST_FOCAL = 1.0
# Largest value in K and P [px] and in D [-]: far over those of real cameras.
_LARGEST = 1e7
# R times its transpose may differ from the identity by this [-]: calibrations are rounded.
_ROTATION_ERROR = 0.01
# OpenCV 5 has one function for both.
_undistort_points: Any = getattr(cv2, 'undistortPointsIter', cv2.undistortPoints)
_EXACT = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 100, 1e-10)


@dataclass(frozen=True, eq=False)
class CameraModel:
    """A calibrated camera, as sensor_msgs/CameraInfo describes it.

    Coordinates are those of RViz's Camera display and of image_geometry: a pixel's coordinates
    are used as they are. The principal point of a camera without lens errors is at half of the
    width and height.

    Attributes
    ----------
    matrix
        K [3, 3]: of the raw image [px].
    projection
        P [3, 4]: of the rectified image [px]; the fourth column is the base of the second
        camera of a stereo pair.
    distortion
        D: coefficients, empty without distortion.
    distortion_model
        'plumb_bob', 'rational_polynomial' or 'equidistant'; empty if D is.
    rectification
        R [3, 3].
    rectified
        Whether the pixels are those of the rectified image: then K, D and R play no part.
    mirrored
        Whether the pixels are those of a mirrored image, left to right, which K, D, R and P
        describe. Rays and places are in the optical frame of the camera, which is not mirrored.
    scale, offset
        Pixel of the calibrated image = pixel of ours × scale + offset, for x and y: images
        that were binned, resized or cut out.
    """

    matrix: np.ndarray
    projection: np.ndarray
    distortion: np.ndarray
    distortion_model: str = ''
    rectification: np.ndarray | None = None
    rectified: bool = False
    mirrored: bool = False
    scale: tuple[float, float] = (1.0, 1.0)
    offset: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        """Refuse values that no image can be projected with."""
        _check_projection('matrix', self.matrix, (3, 3))
        _check_projection('projection', self.projection, (3, 4))
        if not self.rectified:
            _check_distortion(self.distortion_model, self.distortion)
            _check_rotation(self.rectification)

    @classmethod
    def from_field_of_view(cls, width: int, height: int, angle: float) -> CameraModel:
        """Ideal camera with square pixels that sees so far from left to right [rad]."""
        if not (width > 0 and height > 0 and 0 < angle < np.pi):
            raise ValueError(f'no camera sees {width}×{height} px within {angle} rad')
        focal = width / 2 / np.tan(angle / 2)
        matrix = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]])
        return cls(matrix, np.hstack([matrix, np.zeros((3, 1))]), np.empty(0))

    @property
    def distorted(self) -> bool:
        """Whether the raw image is distorted."""
        return bool(np.any(self.distortion))

    @property
    def focal(self) -> float:
        """Focal length in x [px of our image]."""
        return float(self.projection[0, 0] / self.scale[0])

    @property
    def centre(self) -> np.ndarray:
        """Place of the lens in the optical frame [3] [m]: beside its origin in a stereo pair."""
        base = self.projection
        x, y = -base[0, 3] / base[0, 0], -base[1, 3] / base[1, 1]
        return np.array([-x if self.mirrored else x, y, 0.0])

    def rays(self, points: np.ndarray) -> np.ndarray:
        """Directions of what is seen at pixels.

        Parameters
        ----------
        points
            Pixels [N, 2] of our image; NaN stays NaN.

        Returns
        -------
        np.ndarray
            float64 [N, 3], from `centre` to one metre in front of the camera: x right, y down,
            z away (1).
        """
        pixels = np.asarray(points, np.float64) * self.scale + self.offset
        if self._to_rectify and len(pixels):
            pixels = self._rectify(pixels)
        base = self.projection
        rays = np.ones((len(pixels), 3))
        rays[:, 0] = (pixels[:, 0] - base[0, 2]) / base[0, 0]
        rays[:, 1] = (pixels[:, 1] - base[1, 2]) / base[1, 1]
        if self.mirrored:
            rays[:, 0] *= -1
        # Where a strong lens has no inverse.
        rays[~np.isfinite(rays).all(axis=1), :2] = np.nan
        return rays

    def back_project(self, points: np.ndarray, depth: float | np.ndarray) -> np.ndarray:
        """Places in the camera's optical frame that lie behind pixels.

        Parameters
        ----------
        points
            Pixels [N, 2] of our image; NaN stays NaN.
        depth
            Distance [m] from the camera to the plane, parallel to the image, of the places:
            one, or one for each [N].

        Returns
        -------
        np.ndarray
            float64 [N, 3] [m]: x right, y down, z away. P projects them onto the rectified
            image, K and D (after turning back by R) onto the raw one.
        """
        return self.centre + self.rays(points) * np.reshape(depth, (-1, 1))

    @cached_property
    def _to_rectify(self) -> bool:
        turned = self.rectification is not None and not np.allclose(self.rectification, np.eye(3))
        moved = not np.array_equal(self.matrix, self.projection[:, :3])
        return not self.rectified and (self.distorted or turned or moved)

    def _rectify(self, pixels: np.ndarray) -> np.ndarray:
        """Pixels of the rectified image from those of the raw one [N, 2]."""
        rotation = np.eye(3) if self.rectification is None else self.rectification
        target = self.projection[:, :3]
        source = pixels[:, None]
        if self.distorted and self.distortion_model in _FISHEYE:
            found = cv2.fisheye.undistortPoints(
                source, self.matrix, self.distortion, R=rotation, P=target
            )
        else:
            coefficients = self.distortion if self.distorted else np.empty(0)
            found = _undistort_points(
                source, self.matrix, coefficients, R=rotation, P=target, criteria=_EXACT
            )
        return np.asarray(found[:, 0])


def _check_projection(name: str, array: np.ndarray, shape: tuple[int, int]) -> None:
    if array.shape != shape or not (np.abs(array) <= _LARGEST).all():
        found = ' '.join(f'{value:g}' for value in array.ravel())
        raise ValueError(
            f'camera {name} must have the shape {shape} and finite values up to {_LARGEST:g}, '
            f'got {found}'
        )
    focal = min(array[0, 0], array[1, 1])
    if not focal > 0:
        raise ValueError(f'camera {name} has no focal length: it is not calibrated')
    if focal < _SHORTEST_FOCAL:
        raise ValueError(
            f'camera {name} must have a focal length of {_SHORTEST_FOCAL:g} px or more, '
            f'got {focal:g}'
        )


def _check_distortion(model: str, coefficients: np.ndarray) -> None:
    if coefficients.ndim != 1 or not (np.abs(coefficients) <= _LARGEST).all():
        found = ' '.join(f'{value:g}' for value in coefficients.ravel())
        raise ValueError(
            f'distortion coefficients must be finite and up to {_LARGEST:g}, got {found}'
        )
    count = len(coefficients)
    if count not in _COUNTS:
        raise ValueError(f'no distortion model has {count} coefficients')
    if not coefficients.any():
        return  # whatever the model, there is no distortion
    known = _POLYNOMIAL | _FISHEYE
    if model not in known:
        raise ValueError(unknown_name('distortion model', model, known))
    if count not in known[model]:
        raise ValueError(f'{model} has {known[model]} coefficients, got {count}')


def _check_rotation(matrix: np.ndarray | None) -> None:
    if matrix is None:
        return
    if (
        matrix.shape != (3, 3)
        or not np.allclose(matrix @ matrix.T, np.eye(3), atol=_ROTATION_ERROR)
        or np.linalg.det(matrix) < 0
    ):
        found = ' '.join(f'{value:g}' for value in matrix.ravel())
        raise ValueError(f'camera rectification must be a rotation of shape (3, 3), got {found}')
