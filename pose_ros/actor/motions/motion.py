"""What a motion is: a pose for every time, with a way into it and out of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pose_ros.actor.body import ActorPose

STAND = ActorPose(
    left_arm=(11.0, 0.0),
    right_arm=(11.0, 0.0),
    left_forearm=(6.0, 6.0),
    right_forearm=(6.0, 6.0),
    left_thigh=(3.0, 0.0),
    right_thigh=(3.0, 0.0),
    left_shin=(1.0, 0.0),
    right_shin=(1.0, 0.0),
)
SIT = STAND._replace(
    left_forearm=(0.0, 62.0),
    right_forearm=(0.0, 62.0),
    left_thigh=(8.0, 82.0),
    right_thigh=(8.0, 82.0),
)

# What a motion of the upper body moves.
_UPPER = (
    'torso',
    'head',
    'neck',
    'left_arm',
    'right_arm',
    'left_forearm',
    'right_forearm',
    'left_hand',
    'right_hand',
    'left_fingers',
    'right_fingers',
)


@dataclass(frozen=True)
class ActorMotion:
    """A motion that an actor can be told to do.

    Attributes
    ----------
    pose
        Pose at a time [s] after the motion's onset.
    ramp
        Time to get into the motion from the actor's rest [s].
    back
        Time to get out of it to the rest [s], before its end.
    upper
        Whether it leaves legs and place as they are at rest: it can be done sitting, too.
    name
        Of the motion.
    """

    pose: Callable[[float], ActorPose]
    ramp: float = 0.5
    back: float = 0.5
    upper: bool = False
    name: str = ''

    def weight(self, since: float, left: float) -> float:
        """Share of the motion in the pose, 0 to 1.

        Parameters
        ----------
        since
            Time since the motion's onset [s].
        left
            Time until its end [s]; infinite where it has none.
        """
        share = min(max(min(since / self.ramp, left / self.back), 0.0), 1.0)
        return share * share * (3.0 - 2.0 * share)

    def on(self, rest: ActorPose, time: float) -> ActorPose:
        """Pose at a time [s] after the onset, of an actor who rests in a pose."""
        pose = self.pose(time)
        if not self.upper:
            return pose
        return rest._replace(**{part: getattr(pose, part) for part in _UPPER})


def hold(**angles: Any) -> Callable[[float], ActorPose]:
    """Motion's pose that does not change: standing, but for these angles."""
    pose = STAND._replace(**angles)
    return lambda time: pose
