"""How alike movements are, whatever their speed: dynamic time warping.

H. Sakoe and S. Chiba, "Dynamic programming algorithm optimization for spoken word recognition",
IEEE Transactions on Acoustics, Speech, and Signal Processing 26 (1978).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pose_ros.core.topology import HAND21
from pose_ros.learning.clips import Clip

_MOMENTS = 24
_BLOCK = 32
# Weight of the mean distance of the points of a hand [torsos], beside that of the joints.
_HAND_WEIGHT = 4.0
# Distance of a hand that is seen to one that is not [torsos]: half a palm.
_ONE_UNSEEN = 0.1


class Signatures(NamedTuple):
    """Clips from start to end at 24 samples.

    Attributes
    ----------
    joints
        [N, 24, F]; unknown ones from near them in time.
    hands
        [N, 24, H, F] of each of H hands, 2 or 0.
    seen
        [N, 24, H].
    """

    joints: np.ndarray
    hands: np.ndarray
    seen: np.ndarray


def signatures(clips: Sequence[Clip]) -> Signatures:
    """Clips as they are compared."""
    point_set = clips[0].movement.point_set
    hands = [hand for hand in point_set.hands if hand]
    joints = [i for i in point_set.masks if not any(i in hand for hand in hands)]
    wrists = np.array([hand[0] for hand in hands], int)
    rows = []
    for clip in clips:
        points, seen = clip.movement.sampled(np.linspace(clip.start, clip.end, _MOMENTS))
        for joint in joints:
            known = np.flatnonzero(seen[:, joint])
            if len(known):
                nearest = known[np.abs(np.arange(_MOMENTS)[:, None] - known).argmin(axis=1)]
                points[:, joint] = points[nearest, joint]
        rows.append(
            (
                points[:, joints].reshape(_MOMENTS, -1),
                points[:, hands].reshape(_MOMENTS, len(hands), len(HAND21) * points.shape[2]),
                seen[:, wrists],
            )
        )
    return Signatures(*(np.array(part) for part in zip(*rows)))


def distances(first: Sequence[Clip], second: Sequence[Clip]) -> np.ndarray:
    """Distance [len(first), len(second)] of clips: mean along the best path [torsos]."""
    rows, columns = signatures(first), signatures(second)
    return np.concatenate(
        [
            _block(Signatures(*(part[i : i + _BLOCK] for part in rows)), columns)
            for i in range(0, len(rows.joints), _BLOCK)
        ]
    )


def _block(first: Signatures, second: Signatures) -> np.ndarray:
    local = _apart(first.joints, second.joints)
    for hand in range(first.seen.shape[2]):
        apart = _apart(first.hands[:, :, hand], second.hands[:, :, hand]) / np.sqrt(len(HAND21))
        one, other = first.seen[:, None, :, None, hand], second.seen[None, :, None, :, hand]
        local += _HAND_WEIGHT * np.where(one & other, apart, _ONE_UNSEEN * (one ^ other))
    total = np.full((*local.shape[:2], _MOMENTS + 1, _MOMENTS + 1), np.inf)
    total[..., 0, 0] = 0.0
    for i in range(_MOMENTS):
        for j in range(_MOMENTS):
            best = np.minimum(total[..., i, j + 1], total[..., i + 1, j])
            total[..., i + 1, j + 1] = local[..., i, j] + np.minimum(best, total[..., i, j])
    return np.asarray(total[..., -1, -1] / _MOMENTS)


def _apart(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Distances [N, M, T, T] of the samples [N, T, F] and [M, T, F]."""
    squares = (first**2).sum(axis=2)[:, None, :, None] + (second**2).sum(axis=2)[None, :, None]
    products = np.einsum('atf,buf->abtu', first, second, optimize=True)
    return np.asarray(np.sqrt(np.maximum(squares - 2 * products, 0.0)))
