"""Painting the actor with OpenCV: a placed body, its shaded parts and its face."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pose_ros.actor.body import Pose, joints
from pose_ros.actor.figure import Clothes, Part, parts
from pose_ros.core.topology import COCO17

_TURNS = np.linspace(0, 2 * np.pi, 16, endpoint=False)
_CIRCLE = np.stack([np.cos(_TURNS), np.sin(_TURNS)], axis=1)
# Radius and brightness of a part's layers, from its dark rim to its lit middle.
_LAYERS = ((1.0, 0.72), (0.82, 0.88), (0.60, 1.0), (0.34, 1.08))
_TO_LIGHT = np.array([-0.25, -0.20])
_SHIFT = 4  # bits of a pixel's fraction that OpenCV draws with


@dataclass(frozen=True, eq=False)
class Figure:
    """A body placed in the picture.

    Attributes
    ----------
    points
        Name to point [3] in pixels of the picture; z away from the camera.
    parts
        What is painted, the farthest first; balls in pixels.
    height
        Of the standing body [px].
    """

    points: dict[str, np.ndarray]
    parts: list[Part]
    height: float

    @classmethod
    def of(cls, pose: Pose, clothes: Clothes, x: float, y: float, height: float) -> Figure:
        """Put a pose with its lowest part on the ground line y and its pelvis over x [px]."""
        points = joints(pose)
        flesh = parts(points, clothes)
        balls = np.concatenate([part.balls for part in flesh])
        lowest = (balls[:, 1] + balls[:, 3]).max()
        origin = np.array([x + pose.shift[0] * height, y - (lowest + pose.shift[1]) * height, 0.0])
        for part in flesh:
            part.balls[:] *= height
            part.balls[:, :3] += origin
        placed = {name: point * height + origin for name, point in points.items()}
        return cls(placed, flesh, height)

    @property
    def keypoints(self) -> np.ndarray:
        """COCO's joints [17, 2] [px]."""
        return np.array([self.points[name][:2] for name in COCO17.keypoint_names])

    def hides(self, keypoints: np.ndarray) -> np.ndarray:
        """Mask of the points [N, 2] of somebody behind that this figure covers."""
        return np.any([_inside(part, keypoints) for part in self.parts], axis=0)

    def hidden(self) -> np.ndarray:
        """Mask [17] of COCO's joints that this figure's own parts cover."""
        keypoints, names = self.keypoints, COCO17.keypoint_names
        covered = np.zeros(len(names), dtype=bool)
        for part in self.parts:
            within = _inside(part, keypoints)
            covered = (covered | within) & ~(within & np.isin(names, part.joints))
        return covered

    def paint(self, image: np.ndarray, brightness: float = 1.0) -> None:
        """Draw onto an RGB picture, in place."""
        for part in self.parts:
            colour = np.array(part.colour) * brightness
            lift = part.balls[:, 3:] * _TO_LIGHT
            for size, light in _LAYERS:
                middle = part.balls[:, :2] + lift * (1 - size)
                rim = middle[:, None] + part.balls[:, None, 3:] * size * _CIRCLE
                _fill(image, rim.reshape(-1, 2), colour * light)


def _inside(part: Part, points: np.ndarray) -> np.ndarray:
    """Mask of the points [N, 2] within a part's outline."""
    rim = part.balls[:, None, :2] + part.balls[:, None, 3:] * _CIRCLE
    hull = cv2.convexHull(rim.reshape(-1, 2).astype(np.float32))[:, 0]
    edges = np.roll(hull, -1, axis=0) - hull
    away = points[:, None] - hull
    return np.all(edges[:, 0] * away[..., 1] >= edges[:, 1] * away[..., 0], axis=1) | np.all(
        edges[:, 0] * away[..., 1] <= edges[:, 1] * away[..., 0], axis=1
    )


def _fill(image: np.ndarray, points: np.ndarray, colour: np.ndarray) -> None:
    """Fill the hull of points [N, 2], given in continuous pixels."""
    fixed = np.round((points - 0.5) * (1 << _SHIFT)).astype(np.int32)
    colour = np.minimum(colour, 255.0).tolist()
    cv2.fillConvexPoly(image, cv2.convexHull(fixed), colour, cv2.LINE_AA, _SHIFT)
