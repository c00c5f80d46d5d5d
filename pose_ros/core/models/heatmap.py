"""Reading keypoints off heatmaps, to a fraction of a cell.

A cell's coordinates are those of its centre: (0, 0) is the centre of the first cell. Heatmaps are
probabilities or whatever else is about zero far from a keypoint, not logits.

Which method is the best on peaks that are known is measured by `benchmarks/heatmaps.py`: the
Gaussian fit and DARK are alike within a noisy heatmap, but at its edges only the former works.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

_FARTHEST = 2  # from the highest cell, which noise may have put beside the peak [cells]

_CENTROID_REACH = 4
_FIT_REACH = 3
_FAINTEST = 0.01  # of the peak; below it the logarithm is that of noise

# DARK's kernel: the Gaussian that it expects the model to have been trained with [cells].
_DARK_SIGMA = 2.0
_DARK_REACH = 4
_TAYLOR_REACH = 2


@dataclass(frozen=True, eq=False)
class Windows:
    """What lies around one cell of each heatmap.

    Attributes
    ----------
    values
        [K, side, side]; beyond the edges those of the nearest cell.
    columns, rows
        [K, side]: coordinates of the cells, also of those beyond the edges.
    inside
        bool [K, side, side]: whether there is such a cell.
    """

    values: np.ndarray
    columns: np.ndarray
    rows: np.ndarray
    inside: np.ndarray

    def centre_of_mass(self, weights: np.ndarray) -> np.ndarray:
        """Mean (x, y) of the cells [K, 2], weighted by [K, side, side]; (0, 0) without weights."""
        across = (weights.sum(axis=1) * self.columns).sum(axis=1)
        down = (weights.sum(axis=2) * self.rows).sum(axis=1)
        mass = weights.sum(axis=(1, 2)).clip(np.finfo(np.float32).tiny)
        return np.stack([across, down], axis=1) / mass[:, None]


def windows(heatmaps: np.ndarray, cells: np.ndarray, reach: int) -> Windows:
    """Cut a square out of each heatmap.

    Parameters
    ----------
    heatmaps
        [height, width, K].
    cells
        int [K, 2]: (x, y) of the middle of each square; may lie outside.
    reach
        Cells to each side of the middle.
    """
    height, width, count = heatmaps.shape
    steps = np.arange(-reach, reach + 1)
    columns = cells[:, 0, None] + steps
    rows = cells[:, 1, None] + steps
    inside = (
        ((rows >= 0) & (rows < height))[:, :, None]
        & ((columns >= 0) & (columns < width))[:, None, :]
    )  # fmt: skip
    values = heatmaps[
        rows.clip(0, height - 1)[:, :, None],
        columns.clip(0, width - 1)[:, None, :],
        np.arange(count)[:, None, None],
    ]
    return Windows(values, columns, rows, inside)


def decode(heatmaps: np.ndarray, method: str = 'gaussian') -> tuple[np.ndarray, np.ndarray]:
    """Highest peak of each heatmap.

    Parameters
    ----------
    heatmaps
        float32 [height, width, K], sides of at least 3 cells.
    method
        One of `METHODS`.

    Returns
    -------
    float32 [K, 2]
        (x, y) [cells].
    float32 [K]
        Value of the highest cell.

    Raises
    ------
    ValueError
        There is no such method, or the heatmaps have another shape.
    """
    if method not in _REFINEMENTS:
        raise ValueError(f'method must be one of {", ".join(METHODS)}, got {method!r}')
    if heatmaps.ndim != 3 or min(heatmaps.shape[:2]) < 3:
        raise ValueError(
            f'expected heatmaps [height, width, K] of at least 3×3, got {list(heatmaps.shape)}'
        )
    width, count = heatmaps.shape[1:]
    # Each heatmap contiguous: argmax is twice as fast. Heatmaps [K, height, width] that were
    # transposed are so already.
    by_keypoint = np.ascontiguousarray(heatmaps.transpose(2, 0, 1)).reshape(count, -1)
    highest = by_keypoint.argmax(axis=1)
    scores = by_keypoint[np.arange(count), highest]
    cells = np.stack([highest % width, highest // width], axis=1)
    # What has no height has no peak, and could not be divided by it either.
    points = _REFINEMENTS[method](heatmaps, cells, np.where(scores > 0, scores, 1.0))
    points = np.where(
        (scores > 0)[:, None], points.clip(cells - _FARTHEST, cells + _FARTHEST), cells
    )
    return points.astype(np.float32), scores.astype(np.float32)


def _argmax(heatmaps: np.ndarray, cells: np.ndarray, peaks: np.ndarray) -> np.ndarray:
    """Centre of the highest cell."""
    return cells


def _centroid(heatmaps: np.ndarray, cells: np.ndarray, peaks: np.ndarray) -> np.ndarray:
    """Weighted average around the highest cell.

    The window is as wide to the left as to the right of it, also at the edges, or else the edge
    would draw the point to the other side.
    """
    around = windows(heatmaps, cells, _CENTROID_REACH)
    both = around.inside & around.inside[:, ::-1, ::-1]
    return around.centre_of_mass(around.values.clip(0) * both)


def _parabola(heatmaps: np.ndarray, cells: np.ndarray, peaks: np.ndarray) -> np.ndarray:
    """Vertex of the parabola through three cells, across and down."""
    height, width, _ = heatmaps.shape
    middles = cells.clip(1, (width - 2, height - 2))
    values = windows(heatmaps, middles, 1).values
    cross = np.stack([values[:, 1, :], values[:, :, 1]], axis=1)  # [K, 2, 3]
    slopes = (cross[..., 2] - cross[..., 0]) / 2
    bends = cross[..., 0] - 2 * cross[..., 1] + cross[..., 2]
    hollow = bends < 0
    steps = np.where(hollow, -slopes / np.where(hollow, bends, 1.0), cells - middles)
    return middles + steps


def _gaussian(heatmaps: np.ndarray, cells: np.ndarray, peaks: np.ndarray) -> np.ndarray:
    """Top of the round Gaussian that fits the window best.

    The logarithm of a Gaussian is a quadratic function, so this is a linear fit; each cell weighs
    its value squared, as noise disturbs the logarithm of low values the most (Guo, "A simple
    algorithm for fitting a Gaussian function", IEEE Signal Processing Magazine, 2011). Cells
    beyond the edges just do not count.
    """
    around = windows(heatmaps, cells, _FIT_REACH)
    count = len(cells)
    values = (around.values.reshape(count, -1) / peaks[:, None]).clip(_FAINTEST)
    weights = values**2 * around.inside.reshape(count, -1)
    normal = (weights @ _FIT_SQUARES).reshape(count, 4, 4)
    right = (weights * np.log(values)) @ _FIT_TERMS
    _, across, down, bend = np.linalg.solve(normal, right[..., None])[..., 0].T
    peaked = bend < 0
    steps = np.stack([across, down], axis=1) / np.where(peaked, -2 * bend, 1.0)[:, None]
    return cells + np.where(peaked[:, None], steps, 0.0)


def _dark(heatmaps: np.ndarray, cells: np.ndarray, peaks: np.ndarray) -> np.ndarray:
    """Smoothed, then one Newton step on the logarithm (Taylor expansion to the second order).

    Zhang et al., "Distribution-Aware Coordinate Representation for Human Pose Estimation",
    CVPR 2020. As there, peaks too near to the edge for it stay where they are: smoothing would
    take what lies beyond the edge for empty.
    """
    around = windows(heatmaps, cells, _DARK_REACH + _TAYLOR_REACH)
    smooth = _DARK_KERNEL @ around.values @ _DARK_KERNEL.T
    log = np.log(np.maximum(smooth / peaks[:, None, None], _FAINTEST))
    # One and two cells to the left and right of the middle, which is 2; the same for up and down.
    slopes = np.stack([log[:, 2, 3] - log[:, 2, 1], log[:, 3, 2] - log[:, 1, 2]], axis=1) / 2
    xx = (log[:, 2, 4] - 2 * log[:, 2, 2] + log[:, 2, 0]) / 4
    yy = (log[:, 4, 2] - 2 * log[:, 2, 2] + log[:, 0, 2]) / 4
    xy = (log[:, 3, 3] - log[:, 3, 1] - log[:, 1, 3] + log[:, 1, 1]) / 4
    determinant = xx * yy - xy**2
    peaked = (xx < 0) & (determinant > 0) & around.inside.all(axis=(1, 2))
    steps = (
        np.stack(
            [xy * slopes[:, 1] - yy * slopes[:, 0], xy * slopes[:, 0] - xx * slopes[:, 1]], axis=1
        )
        / np.where(peaked, determinant, 1.0)[:, None]
    )
    return cells + np.where(peaked[:, None], steps, 0.0)


def _fit_terms() -> np.ndarray:
    """Terms [side², 4] of a round quadratic function: 1, x, y, x² + y²."""
    rows, columns = np.mgrid[-_FIT_REACH : _FIT_REACH + 1, -_FIT_REACH : _FIT_REACH + 1]
    terms = np.ones_like(rows), columns, rows, columns**2 + rows**2
    return np.stack([term.ravel() for term in terms], axis=1).astype(float)


def _dark_kernel() -> np.ndarray:
    """Matrix [5, 13] that smooths a line of the window and keeps its five middle cells."""
    steps = np.arange(-_DARK_REACH, _DARK_REACH + 1)
    kernel = np.exp(-((steps / _DARK_SIGMA) ** 2) / 2)
    matrix = np.zeros((2 * _TAYLOR_REACH + 1, 2 * (_DARK_REACH + _TAYLOR_REACH) + 1), np.float32)
    for row, line in enumerate(matrix):
        line[row : row + len(kernel)] = kernel / kernel.sum()
    return matrix


_FIT_TERMS = _fit_terms()
_FIT_SQUARES = (_FIT_TERMS[:, :, None] * _FIT_TERMS[:, None, :]).reshape(-1, 16)
_DARK_KERNEL = _dark_kernel()

_REFINEMENTS: dict[str, Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]] = {
    'argmax': _argmax,
    'centroid': _centroid,
    'parabola': _parabola,
    'gaussian': _gaussian,
    'dark': _dark,
}
METHODS = tuple(_REFINEMENTS)
