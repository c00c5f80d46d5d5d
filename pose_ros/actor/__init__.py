"""The drawn person with known joints: the demo's actor and the ground truth of the tests."""

from pose_ros.actor.figure import Clothes
from pose_ros.actor.mixed_scene import line_up, mixed_scene
from pose_ros.actor.motions import MOTIONS, SIT, STAND, ActorMotion
from pose_ros.actor.played import play
from pose_ros.actor.rendering import ActorFrame, ActorTruth, frames
from pose_ros.actor.scene import Action, Actor, Scene
from pose_ros.actor.skeletons import Errors, SkeletonFrame, skeletons
from pose_ros.actor.walker import FloorPose, Walker

__all__ = [
    'MOTIONS',
    'SIT',
    'STAND',
    'Action',
    'Actor',
    'ActorFrame',
    'ActorMotion',
    'ActorTruth',
    'Clothes',
    'Errors',
    'FloorPose',
    'Scene',
    'SkeletonFrame',
    'Walker',
    'frames',
    'line_up',
    'mixed_scene',
    'play',
    'skeletons',
]
