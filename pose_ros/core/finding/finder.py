"""Interface of everything that finds people in frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.finding.search import DetectorRuns
from pose_ros.core.topology import Topology
from pose_ros.core.tracking.observation import Observation
from pose_ros.core.tracking.region import RegionTracker
from pose_ros.core.tracking.track import Track
from pose_ros.core.types import Frame


class Finder(Protocol):
    """Finds people in frames: tracked people, and others.

    Attributes
    ----------
    detector_runs
        Number and time of the runs of person detectors.
    """

    detector_runs: DetectorRuns

    @property
    def topology(self) -> Topology:
        """Format of the keypoints."""

    def follow(self, frame: Frame, tracks: Sequence[Track]) -> list[Observation]:
        """Look for tracked people, the most important first."""

    def search(
        self, frame: Frame, known: Sequence[Observation], max_people: int
    ) -> list[Observation]:
        """Look for at most so many people in addition to those known already."""

    def second_opinion(self, observation: Observation, look: int) -> float:
        """Second opinion on an observation: evidence from -1 (no person) to 1 (a person).

        Parameters
        ----------
        observation
            In the current frame.
        look
            Number of opinions on the same track before.
        """

    def check(self, config: EstimatorConfig) -> None:
        """Raise ModelError if a model that the settings need cannot be loaded; change nothing."""

    def reconfigure(self, config: EstimatorConfig) -> None:
        """Change settings while running; ModelError as of `check`."""

    def use_detectors(self) -> None:
        """Search with person detectors, if there are any; ModelError if one cannot be loaded."""

    def reset(self) -> None:
        """Forget the frames before."""

    def fresh(self) -> Finder:
        """Finder with the same models that has seen no frame."""

    def regions(self) -> RegionTracker:
        """Region tracker of a new track."""
