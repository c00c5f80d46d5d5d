"""The joint angles of people, as an observer."""

from __future__ import annotations

from pose_ros.core.body.angles import JointAngles
from pose_ros.core.body.state import BodyState
from pose_ros.core.motion.observer import Observer


class AngleObserver(Observer):
    """Reports the joint angles of each person in each frame."""

    name = 'angles'

    def observe(self, body: BodyState) -> list[JointAngles]:
        """Joint angles of a person."""
        return [body.angles]
