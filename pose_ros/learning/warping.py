"""How alike movements are, whatever their speed: dynamic time warping.

H. Sakoe and S. Chiba, "Dynamic programming algorithm optimization for spoken word recognition",
IEEE Transactions on Acoustics, Speech, and Signal Processing 26 (1978).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pose_ros.learning.clips import Clip

_MOMENTS = 24
_BLOCK = 32


def signature(clip: Clip) -> np.ndarray:
    """Points [24, F] of the clip from its start to its end; unknown ones from near them."""
    times = np.linspace(clip.start, clip.end, _MOMENTS)
    points, seen = clip.movement.sampled(times)
    for joint in range(points.shape[1]):
        known = np.flatnonzero(seen[:, joint])
        if len(known):
            nearest = known[np.abs(np.arange(_MOMENTS)[:, None] - known).argmin(axis=1)]
            points[:, joint] = points[nearest, joint]
    return points.reshape(_MOMENTS, -1)


def distances(first: Sequence[Clip], second: Sequence[Clip]) -> np.ndarray:
    """Distance [len(first), len(second)] of clips: mean along the best path [torsos]."""
    rows, columns = (np.array([signature(clip) for clip in clips]) for clips in (first, second))
    blocks = (rows[i : i + _BLOCK] for i in range(0, len(rows), _BLOCK))
    return np.concatenate([_block(block, columns) for block in blocks])


def _block(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    squares = (first**2).sum(axis=2)[:, None, :, None] + (second**2).sum(axis=2)[None, :, None]
    products = np.einsum('atf,buf->abtu', first, second, optimize=True)
    local = np.sqrt(np.maximum(squares - 2 * products, 0.0))
    total = np.full((*local.shape[:2], _MOMENTS + 1, _MOMENTS + 1), np.inf)
    total[..., 0, 0] = 0.0
    for i in range(_MOMENTS):
        for j in range(_MOMENTS):
            best = np.minimum(total[..., i, j + 1], total[..., i + 1, j])
            total[..., i + 1, j + 1] = local[..., i, j] + np.minimum(best, total[..., i, j])
    return np.asarray(total[..., -1, -1] / _MOMENTS)
