"""Keypoints of one person over time: from the model's output to the published ones."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.models.pose import Pose
from pose_ros.core.topology import Topology
from pose_ros.core.tracking.left_right import LeftRightCorrector
from pose_ros.core.tracking.noise_aware import NoiseAwareSmoother
from pose_ros.core.tracking.observation import Observation, box_of
from pose_ros.core.tracking.plausibility import IMPLAUSIBLE_TRUST, PlausibilityChecker
from pose_ros.core.tracking.region import diameter
from pose_ros.core.tracking.smoothing import (
    ExponentialSmoother,
    NoSmoothing,
    OneEuroSmoother,
    Smoother,
)
from pose_ros.core.types import Box, KeypointState, Person

# Smoothing restarts for a person who was out of sight for longer [s].
_BLINK = 0.25
# Plain numbers, which arrays take faster than enumerations.
_OBSERVED, _PREDICTED, _BELOW_THRESHOLD = (
    int(state)
    for state in (KeypointState.OBSERVED, KeypointState.PREDICTED, KeypointState.BELOW_THRESHOLD)
)


@dataclass
class Repairs:
    """What was wrong with what models saw.

    Attributes
    ----------
    swaps
        Frames in which left and right of a person were swapped back.
    implausible
        Keypoints marked so.
    """

    swaps: int = 0
    implausible: int = 0


class KeypointFilter:
    """Repairs, checks and smooths the keypoints of one person.

    Parameters
    ----------
    config
        Settings.
    topology
        Format of the keypoints.
    repairs
        Counts what was repaired; several people may share it.
    """

    def __init__(self, config: EstimatorConfig, topology: Topology, repairs: Repairs) -> None:
        self._repairs = repairs
        self._config = config
        self._topology = topology
        self._last: Observation | None = None
        self._person: Person | None = None
        self._smoother, self._world_smoother = smoothers(config)
        self._sides = LeftRightCorrector(topology)
        self._checker = PlausibilityChecker(topology)

    def reconfigure(self, config: EstimatorConfig) -> None:
        """Take other settings; what they change starts anew."""
        old, self._config = self._config, config
        if _smoothing_of(config) != _smoothing_of(old):
            self._smoother, self._world_smoother = smoothers(config)
        if config.fix_left_right and not old.fix_left_right:
            self._sides.reset()
        if config.plausibility and not old.plausibility:
            self._checker.reset()

    def repair(self, observation: Observation) -> Observation:
        """Observation with left and right swapped back where the model confused them."""
        if not self._config.fix_left_right:
            return observation
        stamp, threshold = observation.frame.time, self._config.keypoint_threshold
        pose, swaps = self._sides.apply(observation.pose, observation.seen, stamp)
        if not swaps:
            return observation
        self._repairs.swaps += swaps
        confident = pose.scores >= threshold
        return replace(observation, pose=pose, confident=confident, similarities={})

    def observe(self, observation: Observation, person_id: int = 0) -> Person:
        """Person as seen in a frame; the observation is repaired already."""
        pose, seen, stamp = observation.pose, observation.seen, observation.frame.time
        fresh = None
        if self._last is not None:
            blind = stamp - self._last.frame.time > _BLINK
            fresh = np.ones_like(seen) if blind else ~self._last.seen
        self._last = observation
        sure = pose.scores >= self._config.keypoint_threshold
        states = np.array(
            [
                _OBSERVED if is_seen else _PREDICTED if is_sure else _BELOW_THRESHOLD
                for is_seen, is_sure in zip(seen.tolist(), sure.tolist())
            ],
            np.uint8,
        )
        scores, trusted = pose.scores, seen
        if self._config.plausibility:
            bad = self._checker.check(pose.keypoints, seen, stamp, pose.world)
            marked = int(np.count_nonzero(bad))
            if marked:
                self._repairs.implausible += marked
                states[bad] = KeypointState.IMPLAUSIBLE
                scores = np.where(bad, scores * np.float32(IMPLAUSIBLE_TRUST), scores)
                trusted = seen & ~bad
        keypoints, z, world = self._smoothed(pose, observation, fresh)
        self._person = Person(
            topology=self._topology,
            keypoints=keypoints,
            scores=scores,
            states=states,
            score=pose.score,
            box=box_of(keypoints, trusted),
            id=person_id,
            z=z,
            world=world,
        )
        return self._person

    def predict(self, shift: tuple[float, float], trust: float) -> Person:
        """Person out of sight, without an id.

        Parameters
        ----------
        shift
            Way since they were last seen (x, y) [px].
        trust
            Factor on all scores, 0 to 1.
        """
        assert self._person is not None, 'no person has been observed'
        last = self._person
        x, y = shift
        box = last.box
        states = np.where(last.observed, np.uint8(_PREDICTED), last.states)
        return replace(
            last,
            keypoints=last.keypoints + np.array(shift, np.float32),
            scores=last.scores * np.float32(trust),
            states=states,
            score=last.score * trust,
            box=Box(box.x + x, box.y + y, box.width, box.height),
        )

    def _smoothed(
        self, pose: Pose, observation: Observation, fresh: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
        """Keypoints [K, 2], z [K] and world [K, 3] after smoothing."""
        size, stamp = _size(pose, observation.box), observation.frame.time
        if pose.z is None:
            return self._smoother.apply(pose.keypoints, stamp, size, fresh), None, None
        points = np.hstack([pose.keypoints, pose.z[:, None]])
        points = self._smoother.apply(points, stamp, size, fresh)
        world = pose.world
        if world is not None:
            world = self._world_smoother.apply(world, stamp, 1.0, fresh)
        return points[:, :2], points[:, 2], world


def _size(pose: Pose, box: Box) -> float:
    """Size [px] of the person, to which their speed is compared."""
    if pose.alignment is not None:
        return diameter(pose.alignment)
    return max((box.width + box.height) / 2, 1.0)


def _smoothing_of(config: EstimatorConfig) -> tuple[str, float, float, float]:
    return (
        config.smoothing,
        config.ema_alpha,
        config.one_euro_min_cutoff,
        config.one_euro_beta,
    )


def smoothers(config: EstimatorConfig) -> tuple[Smoother, Smoother]:
    """Smoothers of the keypoints [px] and of the world positions [m]."""
    if config.smoothing == 'none':
        return NoSmoothing(), NoSmoothing()
    if config.smoothing == 'ema':
        return ExponentialSmoother(config.ema_alpha), ExponentialSmoother(config.ema_alpha)
    if config.smoothing == 'noise_aware':
        return NoiseAwareSmoother(), NoiseAwareSmoother()
    cutoff, beta = config.one_euro_min_cutoff, config.one_euro_beta
    # A person is about two metres: speeds in metres count half of those in sizes, jitter as much
    # more, as in MediaPipe's graph.
    return OneEuroSmoother(cutoff, beta), OneEuroSmoother(2 * cutoff, beta / 2)
