"""Motion capture as a pose model would see it from virtual cameras."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
import json
from pathlib import Path
import zipfile

import numpy as np

from pose_ros.actor.skeletons import Errors, ModelView
from pose_ros.core.topology import COCO17
from pose_ros.core.types import Person
from pose_ros.tables import check_npz, check_object, number_in

SIZE = (640, 480)
"""Of the virtual cameras' images (width, height) [px]."""
# Focal length of the virtual cameras [px]: a horizontal view of 62 degrees, as webcams have.
_FOCAL = 530.0
# Distance of the cameras from the middle of the motion [m]: a body of 1.75 m is 265 px high.
_DISTANCE = 3.5
# Height of a standing body over the distance from its nose to its ankles. Drillis and Contini
# (1966): ankle at 0.039, eyes at 0.936 of the body's height.
_HEIGHT_OF_NOSE_TO_ANKLE = 1.11


@dataclass(frozen=True)
class VirtualCamera:
    """Where a virtual camera stands.

    Attributes
    ----------
    azimuth
        From the front of the person, counterclockwise from above [deg].
    height
        Above the floor [m]; the camera looks at the middle of the motion.
    """

    azimuth: float
    height: float

    def __str__(self) -> str:
        return f'{self.azimuth:g} deg, {self.height:g} m'


@dataclass(frozen=True, eq=False)
class Take:
    """One recorded motion.

    Attributes
    ----------
    joints
        float [T, 17, 3], COCO's keypoints [m], z up; NaN where unknown.
    rate
        Frames per second.
    """

    joints: np.ndarray
    rate: float

    def seen(self, camera: VirtualCamera, errors: Errors) -> Iterator[tuple[float, list[Person]]]:
        """Stamp [s] and person in each frame, as a pose model sees them.

        Parameters
        ----------
        camera
            From where.
        errors
            Of the model; the same in each call.
        """
        pixels = self._pixels(camera)
        scale = _FOCAL / _DISTANCE
        length = np.linalg.norm(self.joints[:, 0] - self.joints[:, 15:].mean(axis=1), axis=1)
        height = _HEIGHT_OF_NOSE_TO_ANKLE * float(np.nanmax(length)) * scale
        model = ModelView(COCO17, errors, self.rate, np.random.default_rng(0))
        nothing_hidden = np.zeros(len(COCO17), bool)
        for index, points in enumerate(pixels):
            named = dict(zip(COCO17.keypoint_names, np.nan_to_num(points, nan=-1e6)))
            person = model.see(named, nothing_hidden, height, SIZE)
            yield index / self.rate, [] if person is None else [person]

    def _pixels(self, camera: VirtualCamera) -> np.ndarray:
        """Joints in the image of a camera [T, 17, 3], with the depth in pixels."""
        joints = self.joints
        middle = np.nanmedian(joints.reshape(-1, 3), axis=0)
        across = np.nanmedian(joints[:, 5] - joints[:, 6], axis=0)  # to the person's left
        front = np.arctan2(-across[0], across[1])  # the person's left is +y if they face +x
        angle = front + np.radians(camera.azimuth)
        floor = np.nanmin(joints[..., 2])
        place = middle + _DISTANCE * np.array([np.cos(angle), np.sin(angle), 0.0])
        place[2] = floor + camera.height
        forward = (middle - place) / np.linalg.norm(middle - place)
        right = np.cross(forward, [0.0, 0.0, 1.0])
        right /= np.linalg.norm(right)
        down = np.cross(forward, right)
        x, y, z = np.moveaxis((joints - place) @ np.stack([right, down, forward]).T, -1, 0)
        z = np.maximum(z, 0.1)
        scale = _FOCAL / _DISTANCE
        return np.stack(
            [_FOCAL * x / z + SIZE[0] / 2, _FOCAL * y / z + SIZE[1] / 2, (z - _DISTANCE) * scale],
            axis=-1,
        )


CAMERAS = (
    VirtualCamera(0, 1.2),
    VirtualCamera(40, 1.2),
    VirtualCamera(90, 1.2),
    VirtualCamera(-40, 0.6),
)
"""Cameras in front, obliquely in front, at the side, and low."""


def read_take(path: Path, name: str) -> Take:
    """One motion of a file.

    Parameters
    ----------
    path
        NPZ with arrays [T, 17, 3], and optionally a JSON text ``meta`` with ``rate_hz`` (30
        without it).
    name
        Of the array.

    Raises
    ------
    ValueError
        Names file and reason.
    """
    try:
        check_npz(path)
        with np.load(path, allow_pickle=False) as file:
            if name not in file:
                raise ValueError(f'has no array {name!r}, but: {", ".join(file.files)}')
            joints = file[name]
            meta = json.loads(str(file['meta'])) if 'meta' in file else {}
            check_object(meta)
            rate = number_in(meta, 'rate_hz') if 'rate_hz' in meta else 30.0
            if rate <= 0:
                raise ValueError(f'rate_hz must be more than 0, got {rate}')
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f'{path}: {error}') from error
    if joints.ndim != 3 or joints.shape[1:] != (17, 3) or not len(joints):
        raise ValueError(f'{path}: {name} must be [T, 17, 3], got {list(joints.shape)}')
    return Take(joints.astype(float), rate)
