"""Actors that move as recorded people did."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from pose_ros.actor.body import HAND, NECK_OVER_SHOULDERS, SKULL, SOLE, toes_of
from pose_ros.actor.draw import Figure
from pose_ros.actor.figure import Clothes
from pose_ros.actor.scene import Actor
from pose_ros.core.topology import COCO17, SIDES

# Height of a standing body over the greatest distance from its nose to its ankles. Drillis and
# Contini (1966): ankle at 0.039, eyes at 0.936 of the body's height.
HEIGHT_OF_NOSE_TO_ANKLE = 1.11
# Ankle over the floor [heights], same source.
_ANKLE = 0.039
# The nose is below the ears by this angle, from the front of the head [rad].
_NOSE = np.arctan2(0.012, 0.056)
_INDEX = {name: COCO17.index(name) for name in COCO17.keypoint_names}


@dataclass(frozen=True, eq=False)
class PlayedActor(Actor):
    """A person who moves as recorded joints do, with the recorded proportions.

    Attributes
    ----------
    joints
        float [T, 17, 3]: COCO's joints [heights] from the first pelvis, in the actor's axes.
    rate
        Frames per second of the recording.
    """

    joints: np.ndarray = field(default_factory=lambda: np.zeros((1, 17, 3)))
    rate: float = 30.0

    def at(self, time: float, phase: float = 0.0) -> tuple[Figure, str]:
        """Body at a time [s], still before and after the recording; its name is 'played'."""
        frame = float(np.clip(time * self.rate, 0, len(self.joints) - 1))
        first = int(frame)
        last = min(first + 1, len(self.joints) - 1)
        moment = self.joints[first] + (self.joints[last] - self.joints[first]) * (frame - first)
        pelvis = _middle(moment, 'hip')
        points = _body(moment - pelvis)
        origin = np.array([self.x, self.y, 0.0]) + pelvis * self.height
        return Figure.placed(points, self.clothes, origin, self.height), 'played'


def play(
    joints: np.ndarray,
    rate: float,
    *,
    azimuth: float = 0.0,
    elevation: float = 0.0,
    x: float = 320.0,
    y: float = 460.0,
    height: float = 360.0,
    clothes: Clothes | None = None,
) -> PlayedActor:
    """Actor that moves as a recorded person.

    Parameters
    ----------
    joints
        [T, 17, 3]: COCO's joints [m], z up; gaps (NaN) are interpolated.
    rate
        Frames per second.
    azimuth, elevation
        Where the camera is: from the person's mean front, counterclockwise from above, and above
        the horizon [deg].
    x, y
        Where the pelvis is in the median, and the ground under the ankles [px].
    height
        Of the standing body [px].
    clothes
        Colours.

    Raises
    ------
    ValueError
        Of another shape, or a joint is never known.
    """
    joints = np.array(joints, dtype=float)
    if joints.ndim != 3 or joints.shape[1:] != (len(COCO17), 3) or not len(joints):
        raise ValueError(f'joints must be [T, 17, 3], got {list(joints.shape)}')
    for column in joints.reshape(len(joints), -1).T:
        known = np.flatnonzero(np.isfinite(column))
        if not len(known):
            raise ValueError('joints must each be known once at least')
        column[:] = np.interp(np.arange(len(column)), known, column[known])
    ankles = joints[:, [_INDEX['left_ankle'], _INDEX['right_ankle']]]
    length = np.linalg.norm(joints[:, _INDEX['nose']] - ankles.mean(axis=1), axis=1).max()
    stature = HEIGHT_OF_NOSE_TO_ANKLE * length
    left = np.median(joints[:, _INDEX['left_shoulder']] - joints[:, _INDEX['right_shoulder']], 0)
    angle = np.arctan2(-left[0], left[1]) + np.radians(azimuth)
    above = np.radians(elevation)
    away = -np.array([np.cos(angle) * np.cos(above), np.sin(angle) * np.cos(above), np.sin(above)])
    right = np.cross(away, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    axes = np.stack([right, np.cross(away, right), away])
    pelvis = np.median(_middle(joints, 'hip'), axis=0)
    floor = np.array([*pelvis[:2], ankles[..., 2].min() - _ANKLE * stature])
    placed = (joints - floor) @ axes.T / stature
    return PlayedActor(
        x=x, y=y, height=height, clothes=clothes or Clothes(), joints=placed, rate=rate
    )


def _middle(joints: np.ndarray, part: str) -> np.ndarray:
    """Middle of both sides' joints [..., 3]."""
    left, right = (joints[..., _INDEX[f'{side}_{part}'], :] for side in SIDES)
    return np.asarray((left + right) / 2)


def _unit(vector: np.ndarray) -> np.ndarray:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9))


def _frame(across: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors along `across` and, at a right angle to it, nearest to `second`."""
    across = _unit(across)
    return across, _unit(second - across * (across @ second))


def _body(joints: np.ndarray) -> dict[str, np.ndarray]:
    """All points of the drawing [heights] from the pelvis, of COCO's joints [17, 3] from there."""
    named = dict(zip(COCO17.keypoint_names, joints))
    shoulders, ears = _middle(joints, 'shoulder'), _middle(joints, 'ear')
    left, front = _frame(named['left_ear'] - named['right_ear'], named['nose'] - ears)
    up = np.cross(front, left)
    front, up = (
        front * np.cos(_NOSE) + up * np.sin(_NOSE),
        up * np.cos(_NOSE) - front * np.sin(_NOSE),
    )
    head = ears - 0.002 * (up + front)
    points = {'pelvis': np.zeros(3), 'head': head}
    points['neck'] = shoulders + NECK_OVER_SHOULDERS * _unit(shoulders)
    across, upright = _frame(named['left_hip'] - named['right_hip'], shoulders)
    ahead = np.cross(across, upright)
    for name, (side, high, far) in SKULL.items():
        points[name] = head + side * left + high * up + far * front
    for name, side in (('left', 1.0), ('right', -1.0)):
        own = {
            part: named[f'{name}_{part}']
            for part in ('shoulder', 'elbow', 'wrist', 'hip', 'knee', 'ankle')
        }
        shin = _unit(own['ankle'] - own['knee'])
        own['hand'] = own['wrist'] + HAND * _unit(own['wrist'] - own['elbow'])
        own['heel'] = own['ankle'] + SOLE * shin
        own['toes'] = own['heel'] + toes_of(side, across, upright, ahead)
        points |= {f'{name}_{part}': point for part, point in own.items()}
    return points
