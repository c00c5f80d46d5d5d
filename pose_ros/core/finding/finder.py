"""What finds people in frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.topology import Topology
from pose_ros.core.tracking.observation import Observation
from pose_ros.core.tracking.region import RegionTracker
from pose_ros.core.tracking.track import Track
from pose_ros.core.types import Frame


class Finder(Protocol):
    """Finds people in frames: those followed, and others.

    Attributes
    ----------
    config
        Settings; may be replaced at any time.
    """

    config: EstimatorConfig

    @property
    def topology(self) -> Topology:
        """Format of the keypoints."""

    def follow(
        self, frame: Frame, tracks: Sequence[Track], matches: Callable[[Observation], bool]
    ) -> list[Observation]:
        """Look for those who are followed, the most important first.

        Parameters
        ----------
        frame, tracks
            Where to look, and for whom.
        matches
            Whether an observation shows the person in whose region it was found.
        """

    def search(self, frame: Frame, known: Sequence[Observation], most: int) -> list[Observation]:
        """Look for others than those known already, at most for so many."""

    def examine(self, observation: Observation, look: int) -> float:
        """Second opinion on an observation: evidence from -1 (no person) to 1 (a person).

        Parameters
        ----------
        observation
            In the current frame.
        look
            Number of opinions on the same track before.
        """

    def reset(self) -> None:
        """Forget the frames before."""

    def fresh(self) -> Finder:
        """Finder with the same models that has seen no frame."""

    def regions(self) -> RegionTracker:
        """Regions of a newcomer."""
