"""Colours of a person's clothes, to tell people apart."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
import math

import cv2
import numpy as np

from pose_ros.core.models.occlusion import BodyMask
from pose_ros.core.topology import Topology
from pose_ros.core.types import Frame

# Number of samples across and along the torso.
_GRID = 12
# Share of the torso that is left out at each edge [-].
_MARGIN = 0.15
# Bins of lightness: light changes more than colour does.
_LIGHT_BINS = 6
# Bins of each of the two axes of colour.
_COLOUR_BINS = 16
# CIELAB's axes of clothes are within this distance of grey, of 127 possible.
_COLOUR_REACH = 64.0
# A lying torso narrower than this share of its length shows arms, legs and background instead of
# clothes [-]; an upright one is just seen from the side. The actor's walkers in profile have 0.22
# or more, lying bodies as little as 0.01.
_MIN_LYING_ASPECT = 0.08
# Minimum share of the samples that no one covers [-].
_MIN_UNCOVERED = 0.2
_CORNERS = ('left_shoulder', 'right_shoulder', 'left_hip', 'right_hip')


def _sample_weights() -> np.ndarray:
    """Weights [samples, 4] of the torso's corners that give the samples."""
    steps = np.linspace(_MARGIN, 1 - _MARGIN, _GRID)
    down, across = (steps.ravel() for steps in np.meshgrid(steps, steps, indexing='ij'))
    up, back = 1 - down, 1 - across
    return np.stack([up * back, up * across, down * back, down * across], axis=1)


_WEIGHTS = _sample_weights()
# Of lightness and the two axes of colour: number of bins, first bin in the whole histogram.
_BINS = np.array([_LIGHT_BINS, _COLOUR_BINS, _COLOUR_BINS])
_FIRST_BINS = np.array([0, _LIGHT_BINS, _LIGHT_BINS + _COLOUR_BINS])
# Values of CIELAB, 0 to 255, that make the lower end and the reach of each histogram.
_LOW = np.array([0.0, 128 - _COLOUR_REACH, 128 - _COLOUR_REACH])
_REACH = np.array([255.0, 2 * _COLOUR_REACH, 2 * _COLOUR_REACH])


def torso_colours(
    frame: Frame, keypoints: np.ndarray, topology: Topology, in_front: Sequence[BodyMask] = ()
) -> np.ndarray | None:
    """Histogram of the colours between shoulders and hips.

    Parameters
    ----------
    frame
        The image.
    keypoints
        float32 [K, 2] [px].
    topology
        Format of the keypoints.
    in_front
        People who may cover the torso; what they cover does not count.

    Returns
    -------
    float64 [38] or None
        Histograms of CIELAB's lightness and two colour axes, each with the sum 1; None if most
        of the torso is out of the image or covered, or it lies and is too narrow to show them.
    """
    corners = keypoints[_corner_indices(topology)].astype(np.float64)
    if _lies_edge_on(corners):
        return None
    pixels = np.floor(_WEIGHTS @ corners + 0.5).astype(np.intp)
    inside = frame.shows(pixels)
    if np.count_nonzero(inside) < len(pixels) / 2:
        return None
    if in_front:
        inside[inside] = ~_covered(pixels[inside], in_front)
        if np.count_nonzero(inside) < _MIN_UNCOVERED * len(pixels):
            return None
    colours = frame.image[pixels[inside, 1], pixels[inside, 0]][None]
    code = cv2.COLOR_RGB2Lab if frame.channels == 'rgb' else cv2.COLOR_BGR2Lab
    return _histograms(cv2.cvtColor(colours, code)[0])


def _covered(pixels: np.ndarray, bodies: Sequence[BodyMask]) -> np.ndarray:
    """Mask [N] of the pixels [N, 2] (x, y) that bodies cover."""
    corner = pixels.min(axis=0)
    width, height = (pixels.max(axis=0) - corner + 1).tolist()
    covered = np.zeros((height, width), np.uint8)
    for body in bodies:
        body.draw(covered, np.column_stack([np.eye(2), -corner]), 1)
    x, y = (pixels - corner).T
    return np.asarray(covered[y, x] > 0)


@lru_cache(maxsize=16)
def _corner_indices(topology: Topology) -> np.ndarray:
    return np.array([topology.index(name) for name in _CORNERS])


def colour_similarity(one: np.ndarray, other: np.ndarray) -> float:
    """Bhattacharyya coefficient of two histograms of `torso_colours`, 0 to 1.

    The product of those of the colours and the root of that of the lightness.
    """
    light, first, second = np.add.reduceat(np.sqrt(one * other), _FIRST_BINS).tolist()
    return math.sqrt(light) * first * second


def _histograms(lab: np.ndarray) -> np.ndarray:
    """Histograms of the three channels of colours [N, 3] in a row, each with the sum 1.

    Each value is shared by the two nearest bins.
    """
    places = ((lab - _LOW) / _REACH * _BINS - 0.5).clip(0, _BINS - 1 - 1e-9)
    low = places.astype(np.intp)
    share = places - low
    bins = (low + _FIRST_BINS).ravel()
    count = int(_BINS.sum())
    histogram = np.bincount(bins, (1 - share).ravel(), count)
    histogram += np.bincount(bins + 1, share.ravel(), count)
    return np.asarray(histogram / len(lab))


def _lies_edge_on(corners: np.ndarray) -> bool:
    """Whether a torso (left, right shoulder, left, right hip) lies and is hardly seen."""
    (lsx, lsy), (rsx, rsy), (lhx, lhy), (rhx, rhy) = corners.tolist()
    along_x, along_y = (lhx + rhx - lsx - rsx) / 2, (lhy + rhy - lsy - rsy) / 2
    area = abs((rhx - lsx) * (lhy - rsy) - (rhy - lsy) * (lhx - rsx)) / 2
    return abs(along_x) > abs(along_y) and area < _MIN_LYING_ASPECT * (along_x**2 + along_y**2)
