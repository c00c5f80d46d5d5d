"""Joint angles of people, each with its standard deviation and confidence."""

from __future__ import annotations

from dataclasses import dataclass, replace
import math

import numpy as np

from pose_ros.core.body.angle_lines import Lines
from pose_ros.core.body.angle_plan import angle_plan, torso_size, trunk_sides
from pose_ros.core.body.jitter import Jitter
from pose_ros.core.names import unknown_name
from pose_ros.core.positions import PositionSource
from pose_ros.core.types import Person

# Minimum length of a line with a direction [px].
MIN_PIXELS = 4.0
# The same as a share of the torso [torsos].
MIN_SHARE = 0.12
# Confidence is the probability that the error of an angle is below this [rad].
RIGHT_WITHIN = math.radians(10.0)
# Lasting error of a model's joint at a score of one [torsos]. This and the next two were measured
# with BlazePose full and MoveNet Lightning on videos of the actor (docs/evaluation/angles.md).
_BIAS = 0.025
# White noise of a keypoint until it has been measured [torsos].
_GUESS = 0.01
# Standard deviation of the trunk's direction where only one side is observed [rad].
_ONE_SIDED = math.radians(5.0)
# Scores count from this value on [-].
_MIN_SCORE = 0.05


@dataclass(frozen=True, eq=False)
class JointAngles:
    """The joint angles of one person at one time.

    Attributes
    ----------
    skeleton_id
        As in `Person`.
    names
        Of the angles, always the full set of the keypoint format.
    angles
        float64 [N] [rad]; NaN where it cannot be known.
    confidences
        float64 [N]: the chance that the angle is right within 10 degrees times the least score
        of its keypoints; 0 where the angle is NaN.
    deviations
        float64 [N]: standard deviation [rad]; NaN like the angle.
    in_space
        True: of the body itself, with the help of positions in metres. False: as seen in the
        image plane, where a limb that points at the camera is foreshortened.
    """

    skeleton_id: int
    names: tuple[str, ...]
    angles: np.ndarray
    confidences: np.ndarray
    deviations: np.ndarray
    in_space: bool

    def __post_init__(self) -> None:
        """Refuse arrays that do not fit the names."""
        for name in ('angles', 'confidences', 'deviations'):
            shape = getattr(getattr(self, name), 'shape', None)
            if shape != (len(self.names),):
                raise ValueError(f'{name} must have shape ({len(self.names)},), got {shape}')

    def index(self, name: str) -> int:
        """Index of an angle in the arrays; ValueError lists the names."""
        try:
            return self.names.index(name)
        except ValueError:
            raise ValueError(unknown_name('angle', name, self.names)) from None

    def angle(self, name: str) -> float:
        """Angle of a name [rad], NaN if it cannot be known; ValueError lists the names."""
        return float(self.angles[self.index(name)])


class AngleMeter:
    """Measure the joint angles of one person and learn the jitter of the keypoints.

    Parameters
    ----------
    in_space
        Whether positions in metres are used where the person has them. Otherwise all angles are
        those in the image plane.
    """

    def __init__(self, in_space: bool = True) -> None:
        self._jitter = Jitter()
        self._in_space = in_space

    def measure(self, person: Person, stamp: float) -> JointAngles:
        """Measure the angles in the next frame.

        Parameters
        ----------
        person
            From the estimator. Its keypoints are smoothed, so the angles are not.
        stamp
            Of the frame [s]; stamps increase.
        """
        if not self._in_space:
            person = replace(person, world=None)
        points = _points(person)
        return _measure(
            person, points, self._jitter.update(stamp, points, lambda: _guess(person, points))
        )


def measure(person: Person, jitter: np.ndarray | None = None) -> JointAngles:
    """Measure the joint angles of one person, without history.

    Parameters
    ----------
    person
        In any keypoint format; only keypoints that were observed count.
    jitter
        Standard deviations of the keypoints' white noise: [K, 2] [px], or with positions in
        metres [K, 3] [px, px, m], the last of the depth. None takes a hundredth of the torso.
    """
    points = _points(person)
    if jitter is None:
        jitter = np.broadcast_to(_guess(person, points), points.shape)
    elif jitter.shape != points.shape:
        raise ValueError(f'jitter must have shape {points.shape}, got {jitter.shape}')
    return _measure(person, points, jitter)


def _measure(person: Person, points: np.ndarray, jitter: np.ndarray) -> JointAngles:
    """Measure the joint angles of a person from `_points` and their jitter."""
    size = torso_size(person.topology, points[:, :2])
    seen = np.isfinite(points).all(axis=1)
    scores = np.clip(person.scores, _MIN_SCORE, 1.0)
    errors = (jitter[:, :2] ** 2).mean(axis=1) + (_BIAS * size) ** 2 / scores

    sides = trunk_sides(person.topology, seen)
    plan = angle_plan(person.topology, sides)
    keypoints = np.where(seen[:, None], person.keypoints, 0.0)
    in_space = points.shape[1] == 3
    if in_space:
        positions = np.where(seen[:, None], np.asarray(person.world), 0.0)
        found = person.positions
        measured = found is not None and found.source is PositionSource.DEPTH
        lines = Lines.in_space(plan, keypoints, positions, measured)
        depth_errors = jitter[:, 2] ** 2
        if found is not None and measured:
            depth_errors = np.where(seen, found.deviations**2, 0.0)
        variances = lines.variances(errors) + lines.tilt_variances(depth_errors)
    else:
        lines = Lines.in_plane(plan, keypoints)
        variances = lines.variances(errors)
    if len(sides) == 1:
        variances += plan.on_trunk * _ONE_SIDED**2

    known = lines.longer_than(max(MIN_PIXELS, MIN_SHARE * size))
    known &= ~(plan.uses & ~seen).any(axis=1)
    angles = np.where(known, lines.angles(), np.nan)
    deviations = np.where(known, np.sqrt(variances), np.nan)
    min_scores = np.where(plan.uses, scores, 1.0).min(axis=1)
    confidences = np.where(known, min_scores * _chances(deviations), 0.0)
    return JointAngles(person.id, plan.names, angles, confidences, deviations, in_space)


def widened(angles: JointAngles, factor: float) -> JointAngles:
    """Angles with deviations larger by a factor, and confidences to match."""
    deviations = angles.deviations * factor
    change = _chances(deviations) / _chances(angles.deviations)
    confidences = np.where(np.isfinite(deviations), angles.confidences * change, 0.0)
    return replace(angles, deviations=deviations, confidences=confidences)


def _chances(deviations: np.ndarray) -> np.ndarray:
    """Probability of an error below `RIGHT_WITHIN`, of deviations [N] [rad]."""
    return np.array([math.erf(x) for x in RIGHT_WITHIN / (math.sqrt(2.0) * deviations)])


def _points(person: Person) -> np.ndarray:
    """What is measured of the keypoints: [K, 2] [px], or [K, 3] with the depth [m]; NaN if unseen.

    The depth is there if one keypoint has a position.
    """
    seen = person.observed
    points = np.where(seen[:, None], person.keypoints, np.nan).astype(np.float64)
    if person.world is None:
        return points
    seen = seen & np.isfinite(person.world).all(axis=1)
    if not seen.any():
        return points
    return np.column_stack([points, np.where(seen, person.world[:, 2], np.nan)])


def _guess(person: Person, points: np.ndarray) -> np.ndarray:
    """Standard deviation of white noise in each axis of the points, before any is measured."""
    pixels = _GUESS * torso_size(person.topology, points[:, :2])
    if points.shape[1] == 2:
        return np.array([pixels, pixels])
    metres = _GUESS * torso_size(person.topology, np.asarray(person.world))
    return np.array([pixels, pixels, metres])
