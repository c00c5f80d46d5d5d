"""The true joint angles of an actor."""

from __future__ import annotations

import numpy as np

from pose_ros.core.topology import SIDES


def true_angles(points: dict[str, np.ndarray], in_space: bool = True) -> dict[str, float]:
    """Angles by name [rad], as `pose_ros.core.body.angles` measures them.

    Parameters
    ----------
    points
        Of a figure by name, [3] in any unit.
    in_space
        Whether of the body itself or as seen in the image.
    """
    if not in_space:
        points = {name: point * (1, 1, 0) for name, point in points.items()}

    def middle(part: str) -> np.ndarray:
        middle: np.ndarray = (points[f'left_{part}'] + points[f'right_{part}']) / 2
        return middle

    trunk = middle('shoulder') - middle('hip')
    angles = {
        'neck': _between(middle('ear') - middle('shoulder'), trunk),
        'trunk': _between(trunk, np.array([0.0, -1.0, 0.0])),
    }
    joints = ('shoulder', 'elbow', 'wrist', 'hip', 'knee', 'ankle', 'heel', 'toes')
    for side in SIDES:
        shoulder, elbow, wrist, hip, knee, ankle, heel, toes = (
            points[f'{side}_{joint}'] for joint in joints
        )
        angles |= {
            f'{side}_elbow': _between(shoulder - elbow, wrist - elbow),
            f'{side}_shoulder': _between(elbow - shoulder, -trunk),
            f'{side}_hip': _between(knee - hip, trunk),
            f'{side}_knee': _between(hip - knee, ankle - knee),
            f'{side}_ankle': _between(knee - ankle, toes - heel),
        }
    return angles


def _between(first: np.ndarray, second: np.ndarray) -> float:
    """Angle between two vectors [rad]."""
    cosine = first @ second / np.linalg.norm(first) / np.linalg.norm(second)
    return float(np.arccos(np.clip(cosine, -1.0, 1.0)))
