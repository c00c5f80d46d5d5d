"""The colours of somebody's clothes, to tell them from others."""

from __future__ import annotations

import cv2
import numpy as np

from pose_ros.core.topology import Topology
from pose_ros.core.types import Frame

# Points looked at across and along the torso, and how much of it is left out at each edge.
_GRID = 12
_MARGIN = 0.15
# Bins of lightness and of each of the two axes of colour; light changes more than colour does.
_LIGHT_BINS, _COLOUR_BINS = 6, 16
# CIELAB's axes of clothes lie within this distance of grey, of 127 possible.
_COLOUR_REACH = 64.0
# A lying torso that is narrower than this share of its length shows arms, legs and background
# instead of the clothes [-]; an upright one is just seen from the side. The actor's walkers in
# profile have 0.22 or more, lying bodies as little as 0.01.
_MIN_LYING_ASPECT = 0.08
_CORNERS = ('left_shoulder', 'right_shoulder', 'left_hip', 'right_hip')


def torso_colours(frame: Frame, keypoints: np.ndarray, topology: Topology) -> np.ndarray | None:
    """Histogram of the colours between shoulders and hips.

    Parameters
    ----------
    frame
        The picture.
    keypoints
        float32 [K, 2] [px].
    topology
        Format of the keypoints.

    Returns
    -------
    float64 [38] or None
        Histograms of CIELAB's lightness and two colour axes, each with the sum 1; None if most
        of the torso is out of the picture, or it lies and is too narrow to show them.
    """
    index = [topology.index(name) for name in _CORNERS]
    left_shoulder, right_shoulder, left_hip, right_hip = keypoints[index].astype(np.float64)
    if _lies_edge_on(left_shoulder, right_shoulder, left_hip, right_hip):
        return None
    steps = np.linspace(_MARGIN, 1 - _MARGIN, _GRID)[:, None]
    top = left_shoulder + steps * (right_shoulder - left_shoulder)
    bottom = left_hip + steps * (right_hip - left_hip)
    points = (top[None] + steps[:, None] * (bottom - top)[None]).reshape(-1, 2)
    pixels = np.floor(points + 0.5).astype(int)
    inside = frame.shows(pixels)
    if np.count_nonzero(inside) < len(points) / 2:
        return None
    colours = frame.image[pixels[inside, 1], pixels[inside, 0]][None]
    code = cv2.COLOR_RGB2Lab if frame.channels == 'rgb' else cv2.COLOR_BGR2Lab
    light, red, blue = cv2.cvtColor(colours, code)[0].astype(np.float64).T
    axes = ((red - 128) / _COLOUR_REACH, (blue - 128) / _COLOUR_REACH)
    return np.concatenate(
        [
            _histogram(light / 255, _LIGHT_BINS),
            *(_histogram((axis + 1) / 2, _COLOUR_BINS) for axis in axes),
        ]
    )


def colour_similarity(one: np.ndarray, other: np.ndarray) -> float:
    """Bhattacharyya coefficient of two histograms of `torso_colours`, 0 to 1.

    The lesser of that of the lightness, softened, and those of the colours.
    """
    roots = np.sqrt(one * other)
    light = roots[:_LIGHT_BINS].sum()
    first = roots[_LIGHT_BINS : _LIGHT_BINS + _COLOUR_BINS].sum()
    second = roots[_LIGHT_BINS + _COLOUR_BINS :].sum()
    return float(np.sqrt(light) * first * second)


def _histogram(values: np.ndarray, bins: int) -> np.ndarray:
    """Histogram [bins] of values from 0 to 1, each shared by the two nearest bins; sum 1."""
    places = np.clip(values * bins - 0.5, 0, bins - 1 - 1e-9)
    low = places.astype(int)
    share = places - low
    histogram = np.bincount(low, 1 - share, bins) + np.bincount(low + 1, share, bins)
    return np.asarray(histogram / len(values))


def _lies_edge_on(*corners: np.ndarray) -> bool:
    """Whether a torso (left, right shoulder, left, right hip) lies and is hardly seen."""
    left_shoulder, right_shoulder, left_hip, right_hip = corners
    along = (left_hip + right_hip - left_shoulder - right_shoulder) / 2
    down, up = right_hip - left_shoulder, left_hip - right_shoulder
    area = abs(down[0] * up[1] - down[1] * up[0]) / 2
    return bool(abs(along[0]) > abs(along[1]) and area < _MIN_LYING_ASPECT * (along @ along))
