"""Place and noise of a person's trunk in one image."""

from __future__ import annotations

from dataclasses import dataclass
import math

import numpy as np

from pose_ros.core.positions import Positions, PositionSource
from pose_ros.core.topology import Topology

JOINTS = ('left_shoulder', 'right_shoulder', 'left_hip', 'right_hip')
# By source: the share of the deviations of positions that changes from image to image [-], and
# the time for which it lasts [s]. The rest is the same for seconds and changes no velocity. From
# the autocorrelation of the errors on the walking actor, two models (benchmarks/velocity.py).
_NOISE = {
    PositionSource.DEPTH: (0.4, 0.1),
    PositionSource.MODEL: (0.25, 0.5),
    PositionSource.HEIGHT: (0.15, 0.5),
}
# The same across the line of sight: standard deviation [m] and time [s].
_ACROSS, _ACROSS_TIME = 0.015, 0.1
# Time constant with which the joints move around their middle [s].
_OFFSET_TIME = 0.3


@dataclass(frozen=True, eq=False)
class Trunk:
    """Trunk of one person in one image.

    Attributes
    ----------
    joints
        [4, 3] [m]: JOINTS in the camera's optical frame; NaN where unknown.
    density
        [3, 3] [m² s]: spectral density of the noise of their middle.
    source
        Of the positions.
    """

    joints: np.ndarray
    density: np.ndarray
    source: PositionSource


def trunk_of(positions: Positions | None, topology: Topology) -> Trunk | None:
    """Trunk of a person; None if no joint of it has a position."""
    if positions is None or positions.source not in _NOISE:
        return None
    index = [topology.index(name) for name in JOINTS]
    joints = positions.points[index]
    known = np.isfinite(joints).all(axis=1)
    if not known.any():
        return None
    share, time = _NOISE[positions.source]
    ray = joints[known].mean(axis=0)
    along = np.outer(ray, ray) / max(float(ray @ ray), 1e-6)
    deviation = share * float(positions.deviations[index][known].mean())
    density = 2 * time * deviation**2 * along
    density += 2 * _ACROSS_TIME * _ACROSS**2 * (np.eye(3) - along)
    return Trunk(joints, density, positions.source)


class TrunkCentre:
    """Middle of a trunk, also while joints are unknown or one of them is measured wrongly.

    Each joint says where the middle is, from where it was around the middle a moment ago; the
    median of these counts.
    """

    def __init__(self) -> None:
        self._offsets = np.full((len(JOINTS), 3), np.nan)
        self._stamp = -math.inf

    def of(self, joints: np.ndarray, stamp: float) -> np.ndarray:
        """Middle [3] of joints [4, 3] [m] at a time [s]."""
        places = joints - self._offsets
        known = np.isfinite(places).all(axis=1)
        middle = np.median(places[known], axis=0) if known.any() else np.nanmean(joints, axis=0)
        weight = 1 - math.exp(-(stamp - self._stamp) / _OFFSET_TIME)
        new, old = joints - middle, self._offsets
        offsets = np.where(np.isnan(old), new, old + weight * (new - old))
        self._offsets, self._stamp = np.where(np.isnan(new), old, offsets), stamp
        return np.asarray(middle)
