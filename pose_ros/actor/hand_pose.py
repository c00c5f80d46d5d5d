"""The actor's hands: angles of the joints of the fingers in, 21 points in space out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from pose_ros.core.topology import HAND21, Side
from pose_ros.core.types import TrackedHand

# A right hand of an adult, palm to the camera, fingers up [m]: x to the right of the image, where
# the thumb is, y down, z away from the camera. Knuckles from the wrist, bones of the fingers.
_KNUCKLES = ((0.028, -0.088), (0.008, -0.092), (-0.012, -0.086), (-0.030, -0.076))
_BONES = (
    (0.042, 0.025, 0.022),
    (0.046, 0.029, 0.023),
    (0.043, 0.027, 0.023),
    (0.034, 0.020, 0.020),
)
_SPLAY = (1.0, 0.0, -0.7, -1.5)  # share of the spread by which a finger leans to the thumb
_THUMB_ROOT = (0.022, -0.022, -0.010)
_THUMB_BONES = (0.046, 0.034, 0.028)

Bends = tuple[float, float, float]
STRAIGHT: Bends = (5.0, 8.0, 5.0)
CURLED: Bends = (75.0, 100.0, 55.0)

Vector = tuple[float, float, float]


class Thumb(NamedTuple):
    """Directions of the three bones of the thumb."""

    first: Vector
    second: Vector
    third: Vector


THUMB_OUT = Thumb((0.75, -0.6, -0.25), (0.75, -0.65, -0.1), (0.72, -0.7, 0.0))
THUMB_SIDEWAYS = Thumb((0.87, -0.4, -0.3), (1.0, -0.1, 0.0), (1.0, 0.1, 0.1))
THUMB_TUCKED = Thumb((0.25, -0.75, -0.6), (-0.5, -0.6, -0.6), (-0.95, -0.2, -0.2))


@dataclass(frozen=True)
class HandPose:
    """Shape of a hand.

    Attributes
    ----------
    fingers
        Bends of knuckle, middle and last joint of index, middle, ring finger and pinky [deg].
    thumb
        Directions of its bones.
    spread
        Angle between index and middle finger [deg].
    """

    fingers: tuple[Bends, Bends, Bends, Bends]
    thumb: Thumb = THUMB_TUCKED
    spread: float = 6.0


def _shape(extended: str, thumb: Thumb = THUMB_TUCKED, spread: float = 6.0) -> HandPose:
    """Pose with some fingers straight, of the letters of index, middle, ring, pinky."""
    index, middle, ring, pinky = (STRAIGHT if f in extended else CURLED for f in 'imrp')
    return HandPose((index, middle, ring, pinky), thumb, spread)


# Thumb and index finger meet, the others are straight.
_PINCHING = HandPose(
    ((35.0, 62.0, 38.0), STRAIGHT, STRAIGHT, STRAIGHT),
    Thumb((0.35, -0.55, -0.75), (0.2, -0.9, -0.4), (0.05, -1.0, -0.15)),
    spread=12.0,
)

HAND_POSES: dict[str, HandPose] = {
    'open_palm': _shape('imrp', THUMB_OUT, spread=12.0),
    'fist': _shape(''),
    'thumb': _shape('', THUMB_SIDEWAYS),
    'victory': _shape('im', spread=22.0),
    'ok': _PINCHING,
    'point': _shape('i'),
    'call': _shape('p', THUMB_SIDEWAYS),
    'three': _shape('imr', spread=12.0),
    'four': _shape('imrp', spread=12.0),
}


def hand_points(pose: HandPose, side: Side = 'right') -> np.ndarray:
    """Points [21, 3] [m] from the wrist, palm to the camera and fingers up."""
    points = np.zeros((len(HAND21), 3))
    points[1] = _THUMB_ROOT
    for joint, (direction, length) in enumerate(zip(pose.thumb, _THUMB_BONES)):
        unit = np.array(direction) / np.linalg.norm(direction)
        points[2 + joint] = points[1 + joint] + length * unit
    for finger, (knuckle, bones, bends, splay) in enumerate(
        zip(_KNUCKLES, _BONES, pose.fingers, _SPLAY)
    ):
        lean, bend = np.radians(pose.spread * splay), 0.0
        at = np.array([*knuckle, 0.0])
        points[5 + 4 * finger] = at
        for joint in range(3):
            bend += np.radians(bends[joint])
            along = np.array([np.sin(lean), -np.cos(lean), 0.0]) * np.cos(bend)
            at = at + bones[joint] * (along - np.array([0.0, 0.0, np.sin(bend)]))
            points[6 + 4 * finger + joint] = at
    if side == 'left':
        points[:, 0] *= -1
    return points


def turned(
    points: np.ndarray, roll: float = 0.0, yaw: float = 0.0, pitch: float = 0.0
) -> np.ndarray:
    """Points turned about x (pitch), y (yaw), then clockwise in the image (roll) [deg]."""
    for angle, (a, b) in ((pitch, (1, 2)), (yaw, (2, 0)), (roll, (0, 1))):
        cos, sin = np.cos(np.radians(angle)), np.sin(np.radians(angle))
        points = points.copy()
        points[:, a], points[:, b] = (
            cos * points[:, a] - sin * points[:, b],
            sin * points[:, a] + cos * points[:, b],
        )
    return points


def seen_hand(
    points: np.ndarray,
    wrist: tuple[float, float],
    scale: float,
    side: Side,
    skeleton_id: int,
) -> TrackedHand:
    """Hand as pose_node reports it.

    Parameters
    ----------
    points
        [21, 3] [m].
    wrist
        In the image [px].
    scale
        Pixels per metre.
    side, skeleton_id
        Of the hand.
    """
    relative = points - points[0]
    return TrackedHand(
        keypoints=(np.array(wrist) + scale * relative[:, :2]).astype(np.float32),
        z=(scale * relative[:, 2]).astype(np.float32),
        world=(points - points.mean(axis=0)).astype(np.float32),
        score=0.95,
        side=side,
        side_score=0.95,
        id=1,
        skeleton_id=skeleton_id,
    )


def varied(pose: HandPose, random: np.random.Generator, deviation: float) -> HandPose:
    """Pose with other angles, as of another hand; standard deviation [deg]."""
    fingers = np.array(pose.fingers) + random.normal(0, deviation, (4, 3))
    index, middle, ring, pinky = (tuple(bends) for bends in fingers.tolist())
    return replace(pose, fingers=(index, middle, ring, pinky))
