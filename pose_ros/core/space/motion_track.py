"""Motion of one person's trunk in one frame of reference."""

from __future__ import annotations

from collections import deque

import numpy as np

from pose_ros.core.kinematics import MotionState
from pose_ros.core.positions import PositionSource
from pose_ros.core.space.trunk import Trunk, TrunkCentre
from pose_ros.core.space.velocity_filter import VelocityFilter

Pose = tuple[np.ndarray, np.ndarray]
"""Rotation [3, 3] and translation [3] [m] from one frame to another."""

# Time without positions after which the velocity is unknown and starts anew [s].
GRACE = 1.0
# A person moves who is farther than the first from where they were a WINDOW ago, and is stationary
# again within the second [m]. Walking at 0.4 m/s gives 0.4 m; squats, raised arms and the noise of
# all sources on the standing actor up to 4.5 m away less than 0.3 m in 99 % of the images.
_WINDOW = 1.0  # [s]
_MOVED, _STAYED = 0.3, 0.2
# Spectral density of the acceleration [m²/s³]. Of 0.1, 0.3 and 1, the first has the smallest 95 %
# error of starts, stops, circles and straight walks together (benchmarks/velocity.py). The second
# is the smallest with which a sudden start is still within two deviations in 90 % of the images.
_WALKING, _STAYING = 0.3, 0.15
# Time from the first position to the first decision [s].
_DECISION = 0.5


class MotionTrack:
    """Velocity of a trunk, and whether it stays in place.

    Parameters
    ----------
    up
        Unit vector [3]: movement along it is not counted as moving.
    """

    def __init__(self, up: np.ndarray) -> None:
        self._level = np.eye(3) - np.outer(up, up)
        self._begin()

    def _begin(self) -> None:
        self._filter: VelocityFilter | None = None
        self._centre = TrunkCentre()
        self._source = PositionSource.NONE
        self._places: deque[tuple[float, np.ndarray]] = deque()
        self._first = 0.0
        self.last = -np.inf
        self.motion = MotionState.UNKNOWN

    def update(self, trunk: Trunk, stamp: float, pose: Pose | None = None) -> None:
        """Take in a trunk of a later image; the pose turns it into the frame of this track."""
        if trunk.source is not self._source or not 0 < stamp - self.last <= GRACE:
            if stamp == self.last:
                return
            self._begin()  # another source puts people elsewhere
            self._source, self._first = trunk.source, stamp
        centre, density = self._centre.of(trunk.joints, stamp), trunk.density
        if pose is not None:
            rotation, translation = pose
            centre = rotation @ centre + translation
            density = rotation @ density @ rotation.T
        if self._filter is None:
            self._filter = VelocityFilter(centre, density, stamp)
        else:
            self._filter.update(centre, density, stamp)
        self.last = stamp
        self._decide(self._filter.predict(stamp)[0], stamp)
        stays = self.motion is MotionState.STATIONARY
        self._filter.acceleration = _STAYING if stays else _WALKING

    def state(self, stamp: float) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        """Position [3] [m], velocity and its standard deviations [3] [m/s]; None if unknown."""
        if self._filter is None or not 0 <= stamp - self.last <= GRACE:
            return None
        return self._filter.predict(stamp)

    def _decide(self, position: np.ndarray, stamp: float) -> None:
        self._places.append((stamp, position))
        while stamp - self._places[0][0] > _WINDOW:
            self._places.popleft()
        moved = float(np.linalg.norm(self._level @ (position - self._places[0][1])))
        if moved > _MOVED:
            self.motion = MotionState.MOVING
        elif moved < _STAYED and stamp - self._first >= _DECISION:
            self.motion = MotionState.STATIONARY
