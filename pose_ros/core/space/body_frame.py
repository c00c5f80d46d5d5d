"""The frame of a person's body, as REP-155 lays it: in the hips, looking where they look."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pose_ros.core.topology import Topology

# A trunk shorter or narrower than this [m], or flatter than this [-], has no direction.
_MIN_TRUNK = 0.1
_MIN_WIDTH = 0.05
_MIN_ACROSS = 0.3


@dataclass(frozen=True, eq=False)
class BodyFrame:
    """Where a body is and how it is turned, in the frame of the positions it was made of.

    Attributes
    ----------
    origin
        float64 [3] [m]: the middle between the hips.
    rotation
        float64 [3, 3]: its columns are the body's axes, x forward, y to the person's left, z to
        the head; right-handed. ``rotation @ v`` turns a vector of the body into the frame of the
        positions.
    """

    origin: np.ndarray
    rotation: np.ndarray

    @property
    def quaternion(self) -> tuple[float, float, float, float]:
        """Rotation as (x, y, z, w), w not negative."""
        m = self.rotation
        # Of the four squares at least one is a quarter or more: begin with the largest.
        squares = (
            1 + np.array([[1, -1, -1], [-1, 1, -1], [-1, -1, 1], [1, 1, 1]]) @ m.diagonal()
        ) / 4
        largest = int(squares.argmax())
        x, y, z = m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1]
        xy, xz, yz = m[0, 1] + m[1, 0], m[0, 2] + m[2, 0], m[1, 2] + m[2, 1]
        products = np.array([[0, xy, xz, x], [xy, 0, yz, y], [xz, yz, 0, z], [x, y, z, 0]])[
            largest
        ]
        products[largest] = 4 * squares[largest]
        quaternion = products / (4 * np.sqrt(squares[largest]))
        if quaternion[3] < 0:
            quaternion = -quaternion
        return tuple(quaternion.tolist())


def body_frame(positions: np.ndarray, topology: Topology) -> BodyFrame | None:
    """Frame of a body (REP-155's ``body_<id>``).

    Parameters
    ----------
    positions
        [K, 3] [m], in any right-handed frame; NaN where unknown.
    topology
        Their format.

    Returns
    -------
    BodyFrame or None
        None if it cannot be told: a hip or both shoulders are unknown, or they lie so that the
        body has no front.
    """
    names = ('left_hip', 'right_hip', 'left_shoulder', 'right_shoulder')
    hips_and_shoulders = [topology.index(name) for name in names]
    left_hip, right_hip, left_shoulder, right_shoulder = np.asarray(positions, np.float64)[
        hips_and_shoulders
    ]
    sides = [left_shoulder - left_hip, right_shoulder - right_hip]
    seen = [side for side in sides if np.isfinite(side).all()]
    if not seen or not np.isfinite([left_hip, right_hip]).all():
        return None
    across = left_hip - right_hip
    if len(seen) == 2:
        across = across + left_shoulder - right_shoulder
    up = np.mean(seen, axis=0)
    height, width = np.linalg.norm(up), np.linalg.norm(across)
    if height < _MIN_TRUNK or width < _MIN_WIDTH:
        return None
    up /= height
    across /= width
    left = across - up * (up @ across)
    if np.linalg.norm(left) < _MIN_ACROSS:
        return None
    left /= np.linalg.norm(left)
    rotation = np.column_stack([np.cross(left, up), left, up])
    return BodyFrame((left_hip + right_hip) / 2, rotation)
