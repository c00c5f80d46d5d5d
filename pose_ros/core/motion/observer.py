"""What every observer of motion has in common."""

from __future__ import annotations

from typing import Any

from pose_ros.core.body.state import BodyState


class Observer:
    """Reads the bodies of people, frame by frame, with one state machine per person.

    `MotionWatcher` calls it: in each frame `miss` for each known person who is not in it, then
    `observe` for each person who is. Observers neither loop over people nor measure geometry.

    Attributes
    ----------
    name
        Of what it observes, unique among observers.
    grace
        Maximum time that a person may be away before `lose` is called [s].
    """

    name: str
    grace: float = 0.5

    def observe(self, body: BodyState) -> list[Any]:
        """Take a person in this frame and return what there is to report."""
        raise NotImplementedError

    def miss(self, skeleton_id: int, stamp: float) -> list[Any]:
        """Report on a known person who is not in the frame of this time [s]."""
        return []

    def lose(self, skeleton_id: int, stamp: float) -> list[Any]:
        """Forget a person who is away for longer than the grace, and report what ends."""
        return []
