"""Depth images of the actor, and the errors that depth cameras make."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise

import cv2
import numpy as np

from pose_ros.actor.draw import Figure

BODY_HEIGHT = 1.7
"""Of every actor [m]: who looks smaller is farther away."""

STEP = 2
"""Pixels of the image to a side of one of the depth image."""

# Between the person who stands farthest back and the wall [m].
_WALL = 1.2
# Error of a stereo camera [1/m] × distance²; what it leaves out, and what it mixes at edges.
_NOISE = 0.002
_HOLES, _MIXED = 0.02, 0.5
_EDGE = 0.1  # step [m] that counts as an edge
_SHADOW = 4  # width [px] of what only one of two lenses sees


def positions(figure: Figure, centre: tuple[float, float], focal: float) -> np.ndarray:
    """Where COCO's joints [17, 3] [m] of a figure in perspective are: x right, y down, z away.

    Parameters
    ----------
    figure
        As `Figure.in_perspective` gives it.
    centre
        Principal point (x, y) [px].
    focal
        Focal length [px].
    """
    away = (focal + figure.depths) * BODY_HEIGHT / figure.height
    return (
        np.column_stack([(figure.keypoints - centre) / focal, np.ones(len(away))]) * away[:, None]
    )


def depth_image(
    figures: Sequence[Figure], size: tuple[int, int], focal: float, behind: float = _WALL
) -> np.ndarray:
    """Depth image without errors, of half the image's resolution.

    Parameters
    ----------
    figures
        People, the farthest first; drawn in perspective.
    size
        (width, height) of the image [px].
    focal
        Focal length [px of the image].
    behind
        Distance of the wall from the person farthest back [m].

    Returns
    -------
    np.ndarray
        float32 [height / 2, width / 2] [m].
    """
    width, height = (side // STEP for side in size)
    farthest = max((focal * BODY_HEIGHT / figure.height for figure in figures), default=3.0)
    depth = np.full((height, width), farthest + behind, np.float32)
    for figure in figures:
        metres = BODY_HEIGHT / figure.height
        # In perspective a pixel at the actor's place is as long as one of its depth.
        balls = figure.balls.astype(np.float32)
        for part, place in zip(figure.parts, figure.places):
            own = balls[place]
            pairs = list(pairwise(own) if part.chain else combinations(own, 2))
            _draw(depth, pairs or [(own[0], own[0])], own, focal, metres)
    return depth


def _draw(
    depth: np.ndarray,
    pairs: list[tuple[np.ndarray, np.ndarray]],
    balls: np.ndarray,
    focal: float,
    metres: float,
) -> None:
    """Draw a part over what is there: as the image is painted, so both show the same."""
    height, width = depth.shape
    reach = balls[:, 3].max()
    low = (balls[:, :2].min(axis=0) - reach) / STEP
    high = (balls[:, :2].max(axis=0) + reach) / STEP
    low = np.maximum(np.floor(low), 0).astype(int)
    high = np.minimum(np.ceil(high) + 1, (width, height)).astype(int)
    if (low >= high).any():
        return
    columns, rows = np.meshgrid(
        *(np.arange(a, b, dtype=np.float32) * STEP + (STEP - 1) / 2 for a, b in zip(low, high))
    )
    nearest = np.full(columns.shape, np.inf, np.float32)
    for first, last in pairs:
        np.minimum(nearest, _rod(columns, rows, first, last, focal), out=nearest)
    shown = np.isfinite(nearest)
    if len(pairs) > len(balls) and shown.any():  # a hull, with gaps between the rods
        hull = np.zeros(nearest.shape, np.uint8)
        cv2.fillConvexPoly(hull, cv2.convexHull(cv2.findNonZero(shown.astype(np.uint8))), 1)
        around = cv2.erode(nearest, np.ones((9, 9), np.uint8), iterations=3)
        nearest = np.where(shown | (hull == 0), nearest, around)
    part = depth[low[1] : high[1], low[0] : high[0]]
    drawn = np.isfinite(nearest)
    part[drawn] = nearest[drawn] * metres


def _rod(
    columns: np.ndarray, rows: np.ndarray, first: np.ndarray, last: np.ndarray, focal: float
) -> np.ndarray:
    """Distance [px] of the surface around the line from one ball to another; infinite beside."""
    across = last[:2] - first[:2]
    square = float(across @ across)
    along = (columns - first[0]) * across[0] + (rows - first[1]) * across[1]
    share = np.clip(along / square, 0, 1) if square > 1e-6 else np.zeros_like(along)
    x, y, z, radius = (first[i] + share * (last[i] - first[i]) for i in range(4))
    inside = radius**2 - (columns - x) ** 2 - (rows - y) ** 2
    bulge = np.sqrt(np.maximum(inside, 0)) * (1 + z / focal)
    return np.where(inside >= 0, focal + z - bulge, np.inf).astype(np.float32)


def with_errors(depth: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Depth image as a stereo camera would give it.

    Noise grows with the square of the distance; edges mix before and behind, and have a shadow at
    their left; holes are anywhere.

    Parameters
    ----------
    depth
        float32 [height, width] [m].
    rng
        Source of the errors.

    Returns
    -------
    np.ndarray
        uint16 [height, width] [mm], 0 where nothing was measured.
    """
    noise, chance, share = rng.standard_normal((3, *depth.shape), np.float32)
    kernel = np.ones((3, 3), np.uint8)
    near, far = cv2.erode(depth, kernel), cv2.dilate(depth, kernel)
    edge = far - near > _EDGE
    mixed = near + np.abs(share) % 1 * (far - near)
    seen = np.where(edge & (chance < _MIXED - 0.5), mixed, depth)
    shadow = np.zeros_like(edge)
    step = np.zeros_like(edge)
    step[:, :-1] = depth[:, :-1] - depth[:, 1:] > _EDGE
    for shift in range(_SHADOW):
        shadow[:, : step.shape[1] - shift] |= step[:, shift:]
    holes = cv2.resize(
        rng.uniform(size=(depth.shape[0] // 6 + 1, depth.shape[1] // 6 + 1)),
        depth.shape[::-1],
        interpolation=cv2.INTER_NEAREST,
    )
    seen = seen + noise * _NOISE * seen**2
    seen[shadow | (holes < _HOLES)] = 0
    return np.clip(np.round(seen * 1000), 0, 65535).astype(np.uint16)
