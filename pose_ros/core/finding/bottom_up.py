"""Everybody at once, by a model that sees many people."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.models.crop import whole_frame
from pose_ros.core.models.detector import Detection
from pose_ros.core.models.pose import MultiPoseModel, Pose
from pose_ros.core.topology import Topology
from pose_ros.core.tracking.observation import Observation
from pose_ros.core.tracking.track import Track
from pose_ros.core.types import Crop, Frame


class BottomUp:
    """Finds everybody in a frame at once.

    Parameters
    ----------
    model
        Sees many people.
    config
        Settings; may be replaced at any time.
    """

    def __init__(self, model: MultiPoseModel, config: EstimatorConfig) -> None:
        self.config = config
        self._model = model

    @property
    def topology(self) -> Topology:
        """Format of the keypoints."""
        return self._model.topology

    def follow(
        self, frame: Frame, tracks: Sequence[Track], matches: Callable[[Observation], bool]
    ) -> list[Observation]:
        """Everybody in the frame, the surest first."""
        least = self.config.person_threshold or self._model.least_score
        return [
            Observation.of(pose, frame, self.topology, self.config.keypoint_threshold)
            for pose in self._model.estimate_all(frame)
            if pose.score >= least
        ]

    def search(self, frame: Frame, known: Sequence[Observation], most: int) -> list[Observation]:
        """Nobody: all have been found."""
        return []

    def examine(self, observation: Observation, look: int) -> float:
        """Full evidence: the model's own threshold decides."""
        return 1.0

    def reset(self) -> None:
        """Do nothing: no frame is remembered."""

    def fresh(self) -> BottomUp:
        """Finder with the same model that has seen no frame."""
        return self

    def regions(self) -> WholeFrames:
        """Regions of a newcomer."""
        return WholeFrames()


class WholeFrames:
    """No regions: the model looks at the whole frame."""

    def region(self, frame: Frame, alone: bool = True) -> Crop:
        """Return the whole frame."""
        return whole_frame(frame)

    def update(self, frame: Frame, pose: Pose) -> None:
        """Do nothing."""

    def around(self, detection: Detection) -> Crop:
        """Square around a detection."""
        box = detection.box
        return Crop(box.centre, max(box.width, box.height, 1.0))

    def reconfigure(self, config: EstimatorConfig) -> None:
        """Do nothing: no setting is read."""
