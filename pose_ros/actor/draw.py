"""Painting the actor with OpenCV: a body placed in the image, its parts shaded."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from pose_ros.actor.body import ActorPose, joints
from pose_ros.actor.figure import Clothes, Part, parts
from pose_ros.core.topology import COCO17

_TURNS = np.linspace(0, 2 * np.pi, 16, endpoint=False)
_CIRCLE = np.stack([np.cos(_TURNS), np.sin(_TURNS)], axis=1)
# Size and brightness of a part's layers, from its dark rim to its lit middle.
_SIZES = np.array([1.0, 0.82, 0.60, 0.34])
_LIGHTS = np.array([0.72, 0.88, 1.00, 1.08])
_FLAT = np.array([1.0])
_TO_LIGHT = np.array([-0.25, -0.20])
_SHIFT = 4  # bits of a pixel's fraction that OpenCV draws with


@dataclass(frozen=True, eq=False)
class Figure:
    """A body placed in the image.

    Attributes
    ----------
    points
        Name to point [3] in pixels of the image; z away from the camera.
    parts
        What is painted, the farthest first.
    balls
        [N, 4]: centre (x, y, z) and radius [px] of the balls of all parts, one after the other.
    height
        Of the standing body [px].
    """

    points: dict[str, np.ndarray]
    parts: list[Part]
    balls: np.ndarray
    height: float

    @classmethod
    def of(cls, pose: ActorPose, clothes: Clothes, x: float, y: float, height: float) -> Figure:
        """Put a pose with its lowest part on the ground line y and its pelvis over x [px]."""
        figure = cls.placed(joints(pose), clothes, np.zeros(3), height)
        lowest = (figure.balls[:, 1] + figure.balls[:, 3]).max()
        origin = (x + pose.shift[0] * height, y - lowest - pose.shift[1] * height, 0.0)
        return figure.moved(np.array(origin))

    @classmethod
    def placed(
        cls, points: dict[str, np.ndarray], clothes: Clothes, origin: np.ndarray, height: float
    ) -> Figure:
        """Put points [heights], as of `joints`, with the pelvis at an origin [3] [px]."""
        flesh = parts(points, clothes)
        balls = np.concatenate([part.balls for part in flesh]) * height
        figure = {name: point * height for name, point in points.items()}
        return cls(figure, flesh, balls, height).moved(origin)

    def moved(self, way: np.ndarray) -> Figure:
        """Figure moved by a vector [3] [px]."""
        points = {name: point + way for name, point in self.points.items()}
        return Figure(points, self.parts, self.balls + np.array([*way, 0.0]), self.height)

    def in_perspective(self, centre: tuple[float, float], focal: float) -> Figure:
        """Figure as a camera near by sees it: what is nearer is larger.

        Parameters
        ----------
        centre
            Principal point (x, y) [px].
        focal
            Focal length [px], which is also how far away the figure stands, in its pixels.
        """

        def seen(points: np.ndarray) -> np.ndarray:
            scale = focal / (focal + points[..., 2:3])
            flat = centre + (points[..., :2] - centre) * scale
            return np.concatenate([flat, points[..., 2:3], points[..., 3:] * scale], axis=-1)

        points = {name: seen(point) for name, point in self.points.items()}
        return Figure(points, self.parts, seen(self.balls), self.height)

    @cached_property
    def keypoints(self) -> np.ndarray:
        """COCO's joints [17, 2] [px]."""
        return np.array([self.points[name][:2] for name in COCO17.keypoint_names])

    @cached_property
    def depths(self) -> np.ndarray:
        """How far COCO's joints lie behind the pelvis [17] [px]."""
        return np.array([self.points[name][2] for name in COCO17.keypoint_names])

    def paint(self, image: np.ndarray, brightness: float = 1.0) -> None:
        """Draw onto an RGB image, in place."""
        rims = self._rims(_SIZES)
        for part, place in zip(self.parts, self.places):
            lights = _FLAT if part.flat else _LIGHTS
            colours = np.minimum(np.outer(lights, part.colour) * brightness, 255.0)
            for rim, colour in zip(rims[:, place], colours.tolist()):
                for joined in part.hulls:
                    hull = cv2.convexHull(rim[joined].reshape(-1, 2))
                    cv2.fillConvexPoly(image, hull, colour, cv2.LINE_AA, _SHIFT)

    def covers(self, points: np.ndarray) -> np.ndarray:
        """Mask [parts, N] of the parts whose outline contains the points [N, 2]."""
        mask = np.zeros((len(self.parts), len(points)), dtype=bool)
        rims, shapes = self._outline_rims, self._shapes
        # Most points are far from most shapes: only near ones are asked for exactly.
        bounds = np.ravel([(balls.start, balls.stop) for _, balls in shapes])
        low, high = (
            of.reduceat(np.vstack([end, end[-1:]]), bounds)[::2]
            for of, end in ((np.minimum, rims.min(axis=1)), (np.maximum, rims.max(axis=1)))
        )
        inside = (points >= low[:, None]) & (points <= high[:, None])
        near: np.ndarray = np.all(inside, axis=2)
        for shape in np.flatnonzero(near.any(axis=1)).tolist():
            part, balls = shapes[shape]
            hull = cv2.convexHull(rims[balls].reshape(-1, 2))
            for i in np.flatnonzero(near[shape]):
                mask[part, i] |= cv2.pointPolygonTest(hull, points[i].tolist(), False) >= 0
        return mask

    @cached_property
    def hidden(self) -> np.ndarray:
        """Mask [17] of COCO's joints that this figure's own parts cover."""
        covered = np.zeros(len(COCO17), dtype=bool)
        for part, within in zip(self.parts, self.covers(self.keypoints)):
            own = [name in part.joints for name in COCO17.keypoint_names]
            covered = (covered | within) & ~(within & own)
        return covered

    @cached_property
    def places(self) -> list[slice]:
        """Where each part's balls lie among all."""
        ends = np.cumsum([len(part.balls) for part in self.parts]).tolist()
        return [slice(start, end) for start, end in zip([0, *ends], ends)]

    @cached_property
    def _shapes(self) -> list[tuple[int, slice]]:
        """Convex shapes: the index of the part, and which of all balls are joined to one."""
        return [
            (index, slice(place.start + joined.start, place.start + joined.stop))
            for index, (part, place) in enumerate(zip(self.parts, self.places))
            for joined in part.hulls
        ]

    @cached_property
    def _outline_rims(self) -> np.ndarray:
        """Points [balls, 16, 2] on the balls' rims [px]."""
        return (self._rims(_SIZES[:1])[0] / (1 << _SHIFT)).astype(np.float32)

    def _rims(self, sizes: np.ndarray) -> np.ndarray:
        """Points [sizes, balls, 16, 2] on the balls' rims, in OpenCV's fixed-point pixels."""
        sizes = sizes[:, None, None]
        radius = self.balls[:, 3:]
        middle = self.balls[:, :2] + radius * _TO_LIGHT * (1 - sizes)
        rims = middle[:, :, None] + (radius * sizes)[:, :, None] * _CIRCLE
        return np.round(rims * (1 << _SHIFT)).astype(np.int32)
