"""The one door: pictures in, people out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
import logging
from pathlib import Path
import time

import numpy as np

from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.models.blazepose import BlazePose, BlazePoseDetector
from pose_ros.core.models.movenet import MoveNet
from pose_ros.core.models.pose import Pose, PoseModel
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.runtime.store import ModelStore
from pose_ros.core.topology import Topology
from pose_ros.core.tracking.continuity import jumped
from pose_ros.core.tracking.region import (
    DetectedRegions,
    KeypointRegions,
    RegionTracker,
    diameter,
)
from pose_ros.core.tracking.smoothing import (
    ExponentialSmoother,
    NoSmoothing,
    OneEuroSmoother,
    Smoother,
)
from pose_ros.core.types import Box, Frame, KeypointState, Person

_log = logging.getLogger(__name__)


@dataclass
class Statistics:
    """What the estimator has done.

    Attributes
    ----------
    inference_time
        Time [s] that the last frame took, from picture to person.
    reinitialised
        Jumps to somebody else that were noticed.
    detections
        Runs of the person detector.
    """

    inference_time: float = 0.0
    reinitialised: int = 0
    detections: int = 0


class PoseEstimator:
    """Follows the person in a sequence of frames.

    Parameters
    ----------
    config
        Settings.
    store
        Where models lie; by default $POSE_ROS_MODEL_PATH and the user's cache.

    Raises
    ------
    ModelError
        The model is unknown, not installed or not usable; the message says what to do.

    Examples
    --------
    >>> import cv2
    >>> from pose_ros.core.estimator import PoseEstimator
    >>> from pose_ros.core.types import Frame
    >>> estimator = PoseEstimator()
    >>> people = estimator.estimate(Frame(cv2.imread('person.jpg'), channels='bgr'))
    """

    def __init__(
        self, config: EstimatorConfig | None = None, store: ModelStore | None = None
    ) -> None:
        self.config = config or EstimatorConfig()
        self.statistics = Statistics()
        self._model, self._regions = _build(self.config, store or ModelStore())
        self._smoother, self._world_smoother = _smoothers(self.config)
        self._last: _Seen | None = None
        self._last_stamp: float | None = None
        self._last_id = 0

    @property
    def topology(self) -> Topology:
        """Format of the keypoints."""
        return self._model.topology

    def reset(self) -> None:
        """Forget the frames before; ids are not used again."""
        self._last = None
        self._last_stamp = None
        self._regions.lose()

    def reconfigure(self, config: EstimatorConfig) -> None:
        """Change settings while running; ValueError names those that only a new start changes."""
        fixed = config.fixed_changes(self.config)
        if fixed:
            raise ValueError(f'{", ".join(fixed)} cannot change while running')
        old, self.config = self.config, config
        if isinstance(self._regions, KeypointRegions):
            self._regions.padding = config.crop_padding
        if _smoothing_of(config) != _smoothing_of(old):
            self._smoother, self._world_smoother = _smoothers(config)

    def estimate(self, frame: Frame) -> list[Person]:
        """Find the person in the next frame.

        Parameters
        ----------
        frame
            Stamps go forward; a step back or a gap longer than ``max_gap`` starts anew.

        Returns
        -------
        list of Person
            Empty when nobody is there.
        """
        started = time.perf_counter()
        self._forget_after_gap(frame.stamp)
        pose = self._follow(frame)
        same = pose is not None
        if pose is None:
            pose = self._search(frame)
            same = pose is not None and self._is_same(pose)
        people = [] if pose is None else [self._person(frame, pose, same)]
        if isinstance(self._regions, DetectedRegions):
            self.statistics.detections = self._regions.detections
        self.statistics.inference_time = time.perf_counter() - started
        return people

    def _follow(self, frame: Frame) -> Pose | None:
        """Look where the person was; None if it is nobody or somebody else."""
        if not self._regions.tracking:
            return None
        pose = self._look(frame)
        if pose is not None and not self._is_same(pose):
            self.statistics.reinitialised += 1
            pose = None
        if pose is None:
            self._regions.lose()
        return pose

    def _search(self, frame: Frame) -> Pose | None:
        """Look everywhere."""
        pose = self._look(frame)
        return None if pose is None else self._second_look(frame, pose)

    def _look(self, frame: Frame) -> Pose | None:
        """Look into the region."""
        region = self._regions.region(frame)
        if region is None:
            return None
        pose = self._model.estimate(frame, region)
        return pose if self._is_somebody(pose) else None

    def _second_look(self, frame: Frame, pose: Pose) -> Pose:
        """Look closer at somebody just found far away in the frame."""
        region = self._regions.closer(frame, pose)
        if region is None:
            return pose
        closer = self._model.estimate(frame, region)
        return closer if self._is_somebody(closer) else pose

    def _is_somebody(self, pose: Pose) -> bool:
        return pose.score >= (self.config.person_threshold or self._model.least_score)

    def _person(self, frame: Frame, pose: Pose, same: bool) -> Person:
        """Remember the pose and make a person of it, with a new id for somebody else."""
        sure = pose.scores >= self.config.keypoint_threshold
        seen = sure & _inside(pose.keypoints, frame)
        if not same:
            self._last_id += 1
            self._smoother.reset()
            self._world_smoother.reset()
        fresh = ~self._last.seen if same and self._last is not None else None
        self._last = _Seen(pose.keypoints, seen, frame.stamp)
        self._regions.update(frame, pose)

        keypoints, z, world = self._smoothed(frame.stamp, pose, seen, fresh)
        states = np.where(sure, KeypointState.PREDICTED, KeypointState.BELOW_THRESHOLD)
        states[seen] = KeypointState.OBSERVED
        return Person(
            topology=self.topology,
            keypoints=keypoints,
            scores=pose.scores,
            states=states.astype(np.uint8),
            score=pose.score,
            box=_box(keypoints, seen),
            id=self._last_id,
            z=z,
            world=world,
        )

    def _smoothed(
        self, stamp: float, pose: Pose, seen: np.ndarray, fresh: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
        """Keypoints [K, 2], z [K] and world [K, 3] after smoothing."""
        size = _size(pose, seen)
        if pose.z is None:
            return self._smoother.apply(pose.keypoints, stamp, size, fresh), None, None
        points = np.hstack([pose.keypoints, pose.z[:, None]])
        points = self._smoother.apply(points, stamp, size, fresh)
        world = pose.world
        if world is not None:
            world = self._world_smoother.apply(world, stamp, 1.0, fresh)
        return points[:, :2], points[:, 2], world

    def _is_same(self, pose: Pose) -> bool:
        """Whether a pose continues the person last seen."""
        if self._last is None:
            return False
        last, threshold = self._last, self.config.jump_threshold
        seen = pose.scores >= self.config.keypoint_threshold
        return not jumped(last.keypoints, pose.keypoints, last.seen, seen, threshold)

    def _forget_after_gap(self, stamp: float) -> None:
        """Start anew after a pause, a step back in time, or a person long unseen."""
        before, max_gap = self._last_stamp, self.config.max_gap
        if before is not None and not 0.0 <= stamp - before <= max_gap:
            self.reset()
        elif self._last is not None and stamp - self._last.stamp > max_gap:
            self._last = None
        self._last_stamp = stamp


@dataclass(frozen=True, eq=False)
class _Seen:
    """The person as last seen, before smoothing."""

    keypoints: np.ndarray
    seen: np.ndarray
    stamp: float


def _inside(points: np.ndarray, frame: Frame) -> np.ndarray:
    """Mask [K] of the points [K, 2] that lie in the picture."""
    return np.asarray(((points >= 0) & (points < (frame.width, frame.height))).all(axis=1))


def _box(keypoints: np.ndarray, seen: np.ndarray) -> Box:
    """Box around the keypoints seen; around all where these make none."""
    return Box.around(keypoints[seen] if np.count_nonzero(seen) > 1 else keypoints)


def _size(pose: Pose, seen: np.ndarray) -> float:
    """Size [px] of the person, to which their speed is compared."""
    if pose.alignment is not None:
        return diameter(pose.alignment)
    box = _box(pose.keypoints, seen)
    return max((box.width + box.height) / 2, 1.0)


def _smoothing_of(config: EstimatorConfig) -> tuple[str, float, float, float]:
    return (
        config.smoothing,
        config.ema_alpha,
        config.one_euro_min_cutoff,
        config.one_euro_beta,
    )


def _smoothers(config: EstimatorConfig) -> tuple[Smoother, Smoother]:
    """Smoothers of the keypoints [px] and of the world positions [m]."""
    if config.smoothing == 'none':
        return NoSmoothing(), NoSmoothing()
    if config.smoothing == 'ema':
        return ExponentialSmoother(config.ema_alpha), ExponentialSmoother(config.ema_alpha)
    cutoff, beta = config.one_euro_min_cutoff, config.one_euro_beta
    # A person is about two metres: speeds in metres count half of those in sizes, jitter as much
    # more, as in MediaPipe's graph.
    return OneEuroSmoother(cutoff, beta), OneEuroSmoother(2 * cutoff, beta / 2)


def _build(config: EstimatorConfig, store: ModelStore) -> tuple[PoseModel, RegionTracker]:
    entry = store.entry(config.model)
    try:
        build = _FAMILIES[entry.family]
    except KeyError:
        raise ModelError(
            f'{config.model} is of the family {entry.family}, which cannot be run yet; '
            f'can be: {", ".join(_FAMILIES)}'
        ) from None
    return build(config, store.locate(config.model))


def _build_movenet(
    config: EstimatorConfig, files: dict[str, Path]
) -> tuple[PoseModel, RegionTracker]:
    return MoveNet(files['model'], config.threads or 1), KeypointRegions(config.crop_padding)


def _build_blazepose(
    config: EstimatorConfig, files: dict[str, Path]
) -> tuple[PoseModel, RegionTracker]:
    threads = config.threads or 2
    detector = BlazePoseDetector(files['detector'], threads)
    return BlazePose(files['landmarks'], threads), DetectedRegions(detector)


_FAMILIES: dict[
    str, Callable[[EstimatorConfig, dict[str, Path]], tuple[PoseModel, RegionTracker]]
] = {'movenet': _build_movenet, 'blazepose': _build_blazepose}
