"""Everybody at once, by a model that sees many people."""

from __future__ import annotations

from collections.abc import Sequence

from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.finding.search import DetectorRuns
from pose_ros.core.models.pose import MultiPoseModel
from pose_ros.core.topology import Topology
from pose_ros.core.tracking.observation import Observation
from pose_ros.core.tracking.region import WholeFrames
from pose_ros.core.tracking.track import Track
from pose_ros.core.types import Frame


class BottomUp:
    """Finds everybody in a frame at once.

    Parameters
    ----------
    model
        Sees many people.
    config
        Settings.
    """

    def __init__(self, model: MultiPoseModel, config: EstimatorConfig) -> None:
        self.detector_runs = DetectorRuns()
        self._config = config
        self._model = model

    @property
    def topology(self) -> Topology:
        """Format of the keypoints."""
        return self._model.topology

    def follow(self, frame: Frame, tracks: Sequence[Track]) -> list[Observation]:
        """Everybody in the frame, the surest first."""
        min_score = self._config.person_threshold or self._model.min_score
        return [
            Observation.of(pose, frame, self.topology, self._config.keypoint_threshold)
            for pose in self._model.estimate_all(frame)
            if pose.score >= min_score
        ]

    def search(
        self, frame: Frame, known: Sequence[Observation], max_people: int
    ) -> list[Observation]:
        """No more people: `follow` finds all."""
        return []

    def second_opinion(self, observation: Observation, look: int) -> float:
        """Full evidence: the model's own threshold decides."""
        return 1.0

    def check(self, config: EstimatorConfig) -> None:
        """Do nothing: all settings can be taken."""

    def reconfigure(self, config: EstimatorConfig) -> None:
        """Take other settings."""
        self._config = config

    def use_detectors(self) -> None:
        """Do nothing: there are none."""

    def reset(self) -> None:
        """Do nothing: no frame is remembered."""

    def fresh(self) -> BottomUp:
        """Finder with the same model that has seen no frame."""
        return self

    def regions(self) -> WholeFrames:
        """Region tracker of a new track."""
        return WholeFrames()
