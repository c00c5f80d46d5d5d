"""What an actor can do, by name: one file for each kind of motion."""

from __future__ import annotations

from dataclasses import replace

from pose_ros.actor.motions.basic import BASIC
from pose_ros.actor.motions.everyday_motions import EVERYDAY
from pose_ros.actor.motions.exercise_motions import EXERCISES
from pose_ros.actor.motions.fall_motions import FALLS
from pose_ros.actor.motions.gesture_motions import GESTURES
from pose_ros.actor.motions.motion import SIT, STAND, ActorMotion
from pose_ros.actor.motions.sign_motions import SIGNS
from pose_ros.core.names import unknown_name

__all__ = ['BASIC', 'MOTIONS', 'SIT', 'STAND', 'ActorMotion', 'motion_named']

MOTIONS = {
    name: replace(motion, name=name)
    for kind in (BASIC, GESTURES, FALLS, EXERCISES, SIGNS, EVERYDAY)
    for name, motion in kind.items()
}


def motion_named(name: str) -> ActorMotion:
    """Motion of a name; ValueError lists the known ones."""
    try:
        return MOTIONS[name]
    except KeyError:
        raise ValueError(unknown_name('motion', name, MOTIONS)) from None
