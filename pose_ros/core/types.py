"""The values that pass through the core; each checks itself when it is made.

Pixel coordinates are those of OpenCV and of ROS camera models: x to the right, y down, (0, 0) in
the centre of the first pixel.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property
import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from pose_ros.core.kinematics import UNKNOWN, Kinematics
from pose_ros.core.positions import Positions
from pose_ros.core.topology import HAND21, Side, Topology, keypoint_map

MAX_IMAGE_SIDE = 16384


class FrameError(ValueError):
    """An image that cannot be used; the message says what was wrong."""


def check_image_size(width: int, height: int) -> None:
    """FrameError for an image without area, or with a side that no camera has [px]."""
    if not (0 < width <= MAX_IMAGE_SIDE and 0 < height <= MAX_IMAGE_SIDE):
        raise FrameError(f'image sides must be 1 to {MAX_IMAGE_SIDE} px, got {width}×{height}')


class KeypointState(IntEnum):
    """How a keypoint came about; the values are those of ``Keypoint.msg``."""

    OBSERVED = 0
    BELOW_THRESHOLD = 1
    PREDICTED = 2
    IMPLAUSIBLE = 3


@dataclass(frozen=True, eq=False)
class Frame:
    """One image.

    Attributes
    ----------
    image
        uint8 [height, width, 3]; never written to.
    stamp
        Time of the exposure [s], on any clock that only goes forward; None for a single image,
        in which no person is tracked.
    channels
        Order of the channels. Kept as delivered: models swap on their small crop.
    """

    image: np.ndarray
    stamp: float | None = None
    channels: Literal['rgb', 'bgr'] = 'rgb'

    def __post_init__(self) -> None:
        """Refuse what is not an image."""
        shape = getattr(self.image, 'shape', None)
        if shape is None or len(shape) != 3 or shape[2] != 3 or self.image.dtype != np.uint8:
            found = f'{getattr(self.image, "dtype", type(self.image).__name__)} {shape}'
            raise FrameError(f'expected a uint8 image [height, width, 3], got {found}')
        check_image_size(shape[1], shape[0])
        if self.channels not in ('rgb', 'bgr'):
            raise FrameError(f"channels must be 'rgb' or 'bgr', got {self.channels!r}")
        if not math.isfinite(self.time):
            raise FrameError(f'stamp must be finite, got {self.stamp}')

    @property
    def time(self) -> float:
        """The stamp [s]; 0 for a single image."""
        return 0.0 if self.stamp is None else self.stamp

    @property
    def width(self) -> int:
        """Width [px]."""
        return int(self.image.shape[1])

    @property
    def height(self) -> int:
        """Height [px]."""
        return int(self.image.shape[0])

    def contains(self, point: tuple[float, float]) -> bool:
        """Whether a point (x, y) [px] lies in the image."""
        return 0 <= point[0] < self.width and 0 <= point[1] < self.height

    def shows(self, points: ArrayLike) -> np.ndarray:
        """Mask [...] of the points [..., 2] [px] that lie in the image."""
        points = np.asarray(points)
        x, y = points[..., 0], points[..., 1]
        return np.asarray((x >= 0) & (x < self.width) & (y >= 0) & (y < self.height))


@dataclass(frozen=True)
class Box:
    """An upright rectangle in pixels of the source image; may reach beyond its edges."""

    x: float
    y: float
    width: float
    height: float

    @classmethod
    def around(cls, points: np.ndarray) -> Box:
        """Smallest box around points [N, 2]."""
        xs, ys = points.T.tolist()
        x, y = min(xs), min(ys)
        return cls(x, y, max(xs) - x, max(ys) - y)

    @property
    def centre(self) -> tuple[float, float]:
        """Centre (x, y) [px]."""
        return self.x + self.width / 2, self.y + self.height / 2

    def clipped(self, right: float, bottom: float) -> Box:
        """Part of it between (0, 0) and (right, bottom); at the edge if all of it is beyond."""
        xs, ys = (self.x, self.x + self.width), (self.y, self.y + self.height)
        left, end = (min(max(x, 0.0), right) for x in xs)
        top, low = (min(max(y, 0.0), bottom) for y in ys)
        return Box(left, top, end - left, low - top)


@dataclass(frozen=True)
class Crop:
    """A square region of the source image, possibly rotated and beyond its edges.

    Attributes
    ----------
    centre
        (x, y) [px].
    side
        Side of the square [px].
    rotation
        Angle [rad], clockwise in the image, by which the square is turned.
    """

    centre: tuple[float, float]
    side: float
    rotation: float = 0.0

    def __post_init__(self) -> None:
        """Refuse a region that is no region."""
        values = (*self.centre, self.side, self.rotation)
        if not (all(map(math.isfinite, values)) and self.side > 0):
            raise ValueError(f'a crop needs finite values and a positive side, got {self}')

    def to_image(self, size: float) -> np.ndarray:
        """Affine matrix [2, 3] from coordinates within the crop, 0 to size, to the image's."""
        cos, sin = math.cos(self.rotation), math.sin(self.rotation)
        scale = self.side / size
        matrix = np.array([[cos, -sin, 0.0], [sin, cos, 0.0]]) * scale
        matrix[:, 2] = np.asarray(self.centre) - matrix[:, :2] @ (size / 2, size / 2)
        return matrix


@dataclass(frozen=True, eq=False)
class Person:
    """One person of one frame.

    Attributes
    ----------
    topology
        The keypoint format.
    keypoints
        float32 [K, 2]: (x, y) [px of the source image], always the full set.
    scores
        float32 [K], 0 to 1.
    states
        uint8 [K] of `KeypointState`.
    score
        0 to 1, for the person as a whole.
    box
        Around the keypoints that can be trusted [px].
    id
        Stable while the person is tracked; 0 = untracked.
    z
        float32 [K]: depth relative to the hips' middle, in pixels (smaller is nearer), or None.
    world
        float32 [K, 3] [m], origin in the hips' middle, axes as the camera's (x right, y down,
        z away), or None.
    positions
        Where the keypoints are in the camera's optical frame, or None.
    kinematics
        How the body moves and faces; NaN where unknown.
    """

    topology: Topology
    keypoints: np.ndarray
    scores: np.ndarray
    states: np.ndarray
    score: float
    box: Box
    id: int = 0
    z: np.ndarray | None = None
    world: np.ndarray | None = None
    positions: Positions | None = None
    kinematics: Kinematics = UNKNOWN

    def __post_init__(self) -> None:
        """Refuse arrays that do not fit the format."""
        count = len(self.topology)
        for name, shape in (
            ('keypoints', (count, 2)),
            ('scores', (count,)),
            ('states', (count,)),
            ('z', (count,)),
            ('world', (count, 3)),
        ):
            array = getattr(self, name)
            if array is None and name in ('z', 'world'):
                continue
            if getattr(array, 'shape', None) != shape:
                found = getattr(array, 'shape', type(array).__name__)
                raise ValueError(
                    f'{self.topology.name} {name} must have shape {shape}, got {found}'
                )
        if self.positions is not None and len(self.positions) != count:
            raise ValueError(
                f'{self.topology.name} has {count} keypoints, got {len(self.positions)} positions'
            )

    @cached_property
    def observed(self) -> np.ndarray:
        """Mask [K] of the keypoints seen in this frame with a score over the threshold."""
        return np.asarray(self.states == KeypointState.OBSERVED)

    def converted(self, target: Topology) -> Person:
        """Return the same person in another format that this one contains."""
        if target is self.topology:
            return self
        index = keypoint_map(self.topology, target)
        return replace(
            self,
            topology=target,
            keypoints=self.keypoints[index],
            scores=self.scores[index],
            states=self.states[index],
            z=None if self.z is None else self.z[index],
            world=None if self.world is None else self.world[index],
            positions=None if self.positions is None else self.positions.at(index),
        )


@dataclass(frozen=True, eq=False)
class TrackedHand:
    """One hand of one frame, in the format `HAND21`.

    Attributes
    ----------
    keypoints
        float32 [21, 2]: (x, y) [px of the source image], also beyond its edges.
    z
        float32 [21]: depth relative to the wrist, in pixels (smaller is nearer).
    world
        float32 [21, 3] [m], origin in the middle of the hand, axes as the camera's (x right,
        y down, z away).
    score
        Confidence that this is a hand, 0 to 1.
    side
        The person's left or right hand; None if it could not be decided.
    side_score
        Confidence of the side, 0 to 1.
    id
        Stable while the hand is tracked; 0 = untracked.
    skeleton_id
        Id of the person; 0 = no person, or one without an id.
    """

    keypoints: np.ndarray
    z: np.ndarray
    world: np.ndarray
    score: float
    side: Side | None = None
    side_score: float = 0.0
    id: int = 0
    skeleton_id: int = 0

    def __post_init__(self) -> None:
        """Refuse arrays that do not fit the format."""
        count = len(HAND21)
        for name, shape in (('keypoints', (count, 2)), ('z', (count,)), ('world', (count, 3))):
            found = getattr(getattr(self, name), 'shape', type(getattr(self, name)).__name__)
            if found != shape:
                raise ValueError(f'{HAND21.name} {name} must have shape {shape}, got {found}')
        if self.side not in ('left', 'right', None):
            raise ValueError(f"side must be 'left', 'right' or None, got {self.side!r}")
