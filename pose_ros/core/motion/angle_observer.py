"""The joint angles of people, as an observer."""

from __future__ import annotations

from pose_ros.core.body.angles import JointAngles, widened
from pose_ros.core.body.state import BodyState
from pose_ros.core.motion.observer import Observer
from pose_ros.core.positions import PositionSource
from pose_ros.core.types import Person

# Factor on the deviations of angles in space from a model's positions: with it 90 % of the true
# angles of recorded people are within two of them (docs/evaluation/angles.md).
_IN_SPACE = 1.9


class AngleObserver(Observer):
    """Reports the joint angles of each person in each frame."""

    name = 'angles'

    def observe(self, body: BodyState) -> list[JointAngles]:
        """Joint angles of a person."""
        return [published(body.person, body.angles)]


def published(person: Person, angles: JointAngles) -> JointAngles:
    """Angles of a person with deviations that hold for all errors.

    Also for joints that a model takes for others. The body's own deviations are of the usual
    errors: exercises weigh image and space by them.
    """
    found = person.positions
    measured = found is not None and found.source is PositionSource.DEPTH
    return widened(angles, _IN_SPACE) if angles.in_space and not measured else angles
