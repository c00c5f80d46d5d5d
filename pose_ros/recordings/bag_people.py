"""People of a bag as the subscribers of pose_node get them."""

from __future__ import annotations

from collections.abc import Sequence

from pose_ros.core.space.kinematics_estimator import KinematicsEstimator
from pose_ros.core.space.position_estimator import PositionEstimator
from pose_ros.core.types import Frame, Person
from pose_ros.message_types import Header
from pose_ros.message_values import people_of
from pose_ros.recordings.bag_images import BagFrame
from pose_ros.ros.conversions import skeleton_array


class BagPeople:
    """Adds positions and velocities where the camera is calibrated, as pose_node by default."""

    def __init__(self) -> None:
        self._positions = PositionEstimator()
        self._kinematics = KinematicsEstimator()

    def place(self, people: list[Person], frame: Frame) -> list[Person]:
        """People with positions; those of videos are unchanged."""
        if not isinstance(frame, BagFrame) or frame.view is None:
            return people
        placed = self._positions.place(people, frame.view)
        return self._kinematics.update(placed, frame.view.stamp)

    @staticmethod
    def as_published(people: Sequence[Person], size: tuple[int, int]) -> list[Person]:
        """People with what a message holds of them, for an image of (width, height) [px]."""
        return people_of(skeleton_array(people, Header(), size))
