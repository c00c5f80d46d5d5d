"""How people move and face, from their positions in space."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
import math
from typing import Any

import numpy as np

from pose_ros.core.kinematics import Kinematics, MotionState
from pose_ros.core.positions import Positions, PositionSource
from pose_ros.core.space.body_frame import BodyFrame, body_frame
from pose_ros.core.space.motion_track import GRACE, MotionTrack, Pose
from pose_ros.core.space.trunk import JOINTS, Trunk, trunk_of
from pose_ros.core.space.yaw_filter import YawFilter
from pose_ros.core.topology import Topology
from pose_ros.core.types import Person

# Vertical axes: of a level camera's optical frame, and of a fixed frame (REP-103).
UP, FIXED_UP = np.array([0.0, -1.0, 0.0]), np.array([0.0, 0.0, 1.0])
# Longest time that positions wait for the pose of the camera [s].
_PATIENCE = 0.5
# Error of a joint beside those that all joints share [m].
_JOINT_ERROR = 0.02
# Standard deviation of the direction of walking from that of the body [rad].
_WALKING_ERROR = 0.5

CameraPose = Callable[[], Pose | None]


@dataclass(frozen=True, eq=False)
class _Look:
    """One person in one image, not yet in the fixed frame."""

    id: int
    trunk: Trunk
    body: BodyFrame | None
    yaw_deviation: float


class _PersonTrack:
    """State of one person."""

    def __init__(self, up: np.ndarray) -> None:
        self.relative = MotionTrack(up)
        self.fixed = MotionTrack(FIXED_UP)
        self.yaw = YawFilter()


class KinematicsEstimator:
    """Adds velocity, motion and orientation to people with positions.

    Parameters
    ----------
    up
        Unit vector [3] in the camera's optical frame that points up. It tells moving from
        standing up; the fixed frame does not need it.
    """

    def __init__(self, up: np.ndarray = UP) -> None:
        self._up = up
        self._tracks: dict[int, _PersonTrack] = {}
        self._waiting: deque[tuple[float, list[_Look], CameraPose]] = deque()

    def update(
        self,
        people: Sequence[Person],
        stamp: float,
        camera_pose: CameraPose | None = None,
    ) -> list[Person]:
        """People with their kinematics.

        Parameters
        ----------
        people
            Of one image, with positions in the camera's optical frame.
        stamp
            Time of the exposure [s].
        camera_pose
            Returns the pose of the camera's optical frame in the fixed frame (z up) at the time of
            this image, or None if it is not known yet. Positions then wait for it for half a
            second, and the velocity is predicted from those before. None without a fixed frame.
        """
        self._forget(stamp)
        looks = []
        for person in people:
            trunk = trunk_of(person.positions, person.topology)
            if trunk is not None and person.id:
                look = _look(person.id, trunk, person.positions, person.topology)
                looks.append(look)
                if person.id not in self._tracks:
                    self._tracks[person.id] = _PersonTrack(self._up)
                self._tracks[person.id].relative.update(trunk, stamp)
        if camera_pose is not None:
            self._waiting.append((stamp, looks, camera_pose))
            self._take_waiting(stamp)
        bodies = {look.id: look.body for look in looks}
        return [
            replace(
                person,
                kinematics=self._kinematics(
                    person.id, bodies.get(person.id), stamp, camera_pose is not None
                ),
            )
            for person in people
        ]

    def _forget(self, stamp: float) -> None:
        """Forget people who are away, and everything if time went back."""
        self._tracks = {
            person_id: track
            for person_id, track in self._tracks.items()
            if 0 <= stamp - track.relative.last <= GRACE
        }
        if self._waiting and self._waiting[-1][0] > stamp:
            self._waiting.clear()

    def _take_waiting(self, stamp: float) -> None:
        """Put the positions whose camera pose is known into the fixed frame, oldest first."""
        while self._waiting:
            taken, looks, camera_pose = self._waiting[0]
            pose = camera_pose()
            if pose is None and stamp - taken <= _PATIENCE:
                return
            self._waiting.popleft()
            for look in looks if pose is not None else ():
                if look.id in self._tracks:
                    self._take(self._tracks[look.id], look, taken, pose)

    @staticmethod
    def _take(track: _PersonTrack, look: _Look, stamp: float, pose: Pose | None) -> None:
        assert pose is not None
        track.fixed.update(look.trunk, stamp, pose)
        if look.body is not None:
            ahead = pose[0] @ look.body.rotation[:, 0]
            track.yaw.update(math.atan2(ahead[1], ahead[0]), look.yaw_deviation, stamp)
        elif track.fixed.motion is MotionState.MOVING:
            state = track.fixed.state(stamp)
            assert state is not None  # it was just updated
            _, (x, y, _), deviations = state
            doubt = math.hypot(_WALKING_ERROR, deviations[:2].max() / max(math.hypot(x, y), 0.1))
            track.yaw.update(math.atan2(y, x), min(doubt, math.pi), stamp)

    def _kinematics(
        self, person_id: int, body: BodyFrame | None, stamp: float, fixed: bool
    ) -> Kinematics:
        track = self._tracks.get(person_id)
        if track is None:
            return Kinematics()
        values: dict[str, Any] = {}
        if not fixed:
            values['motion'] = track.relative.motion
        if body is not None:
            values['orientation'] = np.array(body.quaternion)
        state = track.relative.state(stamp)
        if state is not None:
            _, values['velocity'], values['velocity_deviation'] = state
        state = track.fixed.state(stamp)
        if state is not None:
            position, values['fixed_velocity'], values['fixed_velocity_deviation'] = state
            values |= {
                'motion': track.fixed.motion,
                'fixed_position': position,
                'fixed_yaw': track.yaw.yaw,
                'fixed_yaw_deviation': track.yaw.deviation(stamp),
            }
        return Kinematics(**values)


def _look(person_id: int, trunk: Trunk, positions: Positions | None, topology: Topology) -> _Look:
    assert positions is not None
    if positions.source is PositionSource.HEIGHT:  # all in one plane by assumption
        return _Look(person_id, trunk, None, math.nan)
    body = body_frame(positions.points, topology)
    errors = positions.deviations[[topology.index(name) for name in JOINTS]]
    # What is uncertain for all joints alike, such as the distance, turns no body.
    own = errors**2 - np.nanmin(errors**2) + _JOINT_ERROR**2
    width = np.linalg.norm(np.nan_to_num(trunk.joints[0] - trunk.joints[1]))
    across = np.sqrt(np.nanmean(own) * 2) / max(float(width), 0.2)
    return _Look(person_id, trunk, body, min(float(across), math.pi))
