"""State of one person whom several cameras see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
import math
from weakref import WeakSet

import numpy as np

from pose_ros.core.fusion.rays import CameraObservation, Rays
from pose_ros.core.fusion.triangulation import Triangulation
from pose_ros.core.kinematics import Kinematics
from pose_ros.core.positions import Positions, PositionSource
from pose_ros.core.space.body_frame import BodyFrame, body_frame
from pose_ros.core.space.kinematics_estimator import FIXED_UP
from pose_ros.core.space.motion_track import MotionTrack
from pose_ros.core.space.trunk import JOINTS, Trunk
from pose_ros.core.space.yaw_filter import YawFilter
from pose_ros.core.types import KeypointState, Person

# Speed of limbs against the trunk [m/s] that is not predicted, and of the trunk's changes.
_LIMB_SPEED = 0.5
# Error of a prediction at once [m].
_PREDICTION_ERROR = 0.05
# Rounds after which a person gets an id.
_MIN_HITS = 3
# Time constant of the noise of triangulated positions [s].
_NOISE_TIME = 0.1


class FusedTrack:
    """One person, seen by any number of cameras.

    Parameters
    ----------
    stamp
        Time of the first observation [s].

    Attributes
    ----------
    id
        0 until confirmed.
    stamp
        Time of the last observation [s].
    observations
        Those of the last round; empty if the person was not seen.
    body
        Where they are.
    keys
        Camera and its id of the person, of each camera.
    apart
        Tracks that are other people: one image has shown both.
    """

    def __init__(self, stamp: float) -> None:
        self.id = 0
        self.stamp = stamp
        self.observations: Sequence[CameraObservation] = ()
        self.body = self._known = _NOWHERE
        self.keys: set[tuple[str, int]] = set()
        self.apart: WeakSet[FusedTrack] = WeakSet()
        self._hits = 0
        self._motion = MotionTrack(FIXED_UP)
        self._yaw = YawFilter()
        self._velocity = np.zeros(3)
        self._frame: BodyFrame | None = None

    @property
    def confirmed(self) -> bool:
        """Whether the person may get an id: seen often enough, and confirmed by a camera."""
        return self._hits >= _MIN_HITS and bool(self.keys)

    def predicted(self, stamp: float) -> Triangulation:
        """Where the body is expected at a time."""
        step = stamp - self.stamp
        error = _PREDICTION_ERROR + 2 * _LIMB_SPEED * abs(step)
        return replace(
            self.body,
            points=self.body.points + step * self._velocity,
            covariances=self.body.covariances + error**2 * np.eye(3),
        )

    def at(self, rays: Rays, taken: float, stamp: float) -> Rays:
        """Rays of an image taken at one time, moved on to another."""
        lag = stamp - taken
        return rays.moved(lag * self._velocity, _LIMB_SPEED * lag) if lag else rays

    def see(
        self, observations: Sequence[CameraObservation], body: Triangulation | None, stamp: float
    ) -> None:
        """Take in the observations of one round."""
        self.observations = observations
        if body is None:
            return
        self.body, self.stamp = body, stamp
        self._known = body.reliable()
        self._hits += 1
        for observation in observations:
            camera, number = observation.key
            if number > 0:
                self.keys = {key for key in self.keys if key[0] != camera} | {(camera, number)}
        self._move(stamp)

    def _move(self, stamp: float) -> None:
        """Update velocity and direction."""
        topology = self.observations[0].person.topology
        index = [topology.index(name) for name in JOINTS]
        joints, covariances = self._known.points[index], self._known.covariances[index]
        known = np.isfinite(joints).all(axis=1)
        self._frame = body_frame(self._known.points, topology)
        if not known.any():
            return
        density = 2 * _NOISE_TIME * covariances[known].mean(axis=0)
        self._motion.update(Trunk(joints, density, PositionSource.TRIANGULATED), stamp)
        state = self._motion.state(stamp)
        if state is not None:
            self._velocity = state[1]
        if self._frame is not None:
            ahead = self._frame.rotation[:, 0]
            width = max(float(np.linalg.norm(joints[0] - joints[1])), 0.2)
            error = math.sqrt(2) * float(np.nanmean(self._known.deviations[index])) / width
            self._yaw.update(math.atan2(ahead[1], ahead[0]), min(error, math.pi), stamp)

    def person(self) -> Person:
        """The person of the last round, in the fixed frame."""
        best = max(self.observations, key=lambda o: int(o.rays.seen.sum()))
        person = best.image.orientation.upright_person(best.person, best.image.size)
        shown = self.body.used.any(axis=0) & np.isfinite(person.keypoints).all(axis=1)
        states = np.where(shown, KeypointState.OBSERVED, person.states).astype(np.uint8)
        scores = np.max([o.person.scores for o in self.observations], axis=0)
        sources = {o.person.positions.source for o in self.observations if o.person.positions}
        several = (self.body.used.sum(axis=0) > 1).any()
        source = PositionSource.TRIANGULATED if several or not sources else sources.pop()
        return replace(
            person,
            id=self.id,
            states=states,
            scores=np.where(shown, scores, person.scores),
            score=max(o.person.score for o in self.observations),
            positions=Positions(self._known.points, self._known.deviations, source),
            world=None,
            kinematics=self._kinematics(),
        )

    def _kinematics(self) -> Kinematics:
        state = self._motion.state(self.stamp)
        values = {}
        if self._frame is not None:
            values['orientation'] = np.array(self._frame.quaternion)
        if state is not None:
            position, velocity, deviation = state
            values |= {
                'fixed_position': position, 'velocity': velocity, 'fixed_velocity': velocity,
                'velocity_deviation': deviation, 'fixed_velocity_deviation': deviation,
            }  # fmt: skip
        return Kinematics(
            self._motion.motion,
            fixed_yaw=self._yaw.yaw,
            fixed_yaw_deviation=self._yaw.deviation(self.stamp),
            **values,
        )


_NOWHERE = Triangulation(np.empty((0, 3)), np.empty((0, 3, 3)), np.empty((0, 0), dtype=bool))
