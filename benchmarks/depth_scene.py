"""Real people in one image with registered depth, against their distance in the depth image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import json
from pathlib import Path

import cv2
import numpy as np

from pose_ros.core.anatomy import joint_depths
from pose_ros.core.camera import CameraModel
from pose_ros.core.space.trunk import JOINTS
from pose_ros.core.topology import COCO17
from pose_ros.core.types import Person

_TRUNK = [COCO17.index(name) for name in JOINTS]
# Joints of the trunk lie behind the surface that is measured by this [m].
_JOINT_DEPTHS = float(np.median(joint_depths(COCO17)[_TRUNK]))
# How far the middle of a trunk may lie beside the box of the true one [px].
_MARGIN = 15


@dataclass(frozen=True)
class TrueTorso:
    """A person of the scene.

    Attributes
    ----------
    name
        What to call them.
    box
        Of the torso: (left, top, right, bottom) [px].
    distance
        Of its surface along the optical axis [m].
    """

    name: str
    box: tuple[float, float, float, float]
    distance: float


@dataclass(frozen=True, eq=False)
class DepthScene:
    """One image with depth.

    Attributes
    ----------
    image
        uint8 [height, width, 3], BGR.
    depth
        uint16 [height, width] [mm], 0 where nothing was measured.
    camera
        Of both.
    people
        Everyone in the image.
    """

    image: np.ndarray
    depth: np.ndarray
    camera: CameraModel
    people: tuple[TrueTorso, ...]

    def errors(self, people: Sequence[Person]) -> dict[str, float]:
        """Error [m] of the distance of each true person; NaN without positions.

        People that were not found are left out.
        """
        found: dict[str, float] = {}
        for person in (person.converted(COCO17) for person in people):
            x, y = np.median(person.keypoints[_TRUNK], axis=0).tolist()
            for true in self.people:
                left, top, right, bottom = true.box
                inside = left - _MARGIN <= x <= right + _MARGIN
                if inside and top - _MARGIN <= y <= bottom + _MARGIN and true.name not in found:
                    distance = np.nan
                    if person.positions is not None:
                        distance = float(np.nanmedian(person.positions.points[_TRUNK, 2]))
                    found[true.name] = distance - _JOINT_DEPTHS - true.distance
                    break
        return found


def read_scene(folder: Path) -> DepthScene:
    """Scene of color.png, depth.png (16 bit, mm), camera_info.json and truth.json."""
    camera = json.loads((folder / 'camera_info.json').read_text(encoding='utf-8'))
    truth = json.loads((folder / 'truth.json').read_text(encoding='utf-8'))
    size = camera['width'], camera['height']
    return DepthScene(
        np.asarray(cv2.imread(str(folder / 'color.png'))),
        np.asarray(cv2.imread(str(folder / 'depth.png'), cv2.IMREAD_UNCHANGED)),
        CameraModel.from_field_of_view(*size, 2 * np.arctan(size[0] / 2 / camera['k'][0])),
        tuple(
            TrueTorso(one['who'], tuple(one['torso_box']), one['torso_depth_m'])
            for one in truth['people']
        ),
    )
