"""The colours in which people are shown, in drawings and markers alike."""

from __future__ import annotations

from collections.abc import Sequence
import colorsys
from functools import lru_cache

import numpy as np

from pose_ros.core.topology import Topology

Colour = tuple[float, float, float]

# (r, g, b), 0 to 1, of the keypoints by side as in Topology.sides: left, middle, right.
SIDE_COLOURS: dict[int, Colour] = {-1: (1.0, 0.6, 0.1), 0: (1.0, 1.0, 1.0), 1: (0.1, 0.85, 1.0)}

# People without an id (0): unconfirmed.
UNTRACKED: Colour = (0.62, 0.62, 0.62)

# People who have fallen: deeper than the colour of any id.
FALLEN: Colour = (0.95, 0.05, 0.05)


def colour_of(person_id: int, fallen: bool = False) -> Colour:
    """Colour (r, g, b), 0 to 1, of a person; the same for the same id, far apart for the next.

    Without an id (0) it is grey, after a fall red.
    """
    if fallen:
        return FALLEN
    if not person_id:
        return UNTRACKED
    hue = (0.80 + 0.618034 * person_id) % 1.0
    rgb = colorsys.hsv_to_rgb(hue, 0.9, 1.0)
    # Blue and violet are dark to the eye: towards white until they stand out as green does.
    luminance = float(np.dot(rgb, (0.2126, 0.7152, 0.0722)))
    white = max(0.0, (0.45 - luminance) / (1.0 - luminance))
    red, green, blue = (c + (1.0 - c) * white for c in rgb)
    return red, green, blue


def pixel_colour(colour: Sequence[float], channels: str) -> tuple[int, int, int]:
    """Colour, 0 to 1, as a pixel of an image whose channels are in the order rgb or bgr."""
    first, second, third = (round(255 * float(c)) for c in colour)
    return (first, second, third) if channels == 'rgb' else (third, second, first)


@lru_cache(maxsize=256)
def keypoint_colours(topology: Topology, person_id: int) -> np.ndarray:
    """Colour of each keypoint [K, 3], 0 to 1, by its side; grey without an id (0). Read-only."""
    by_side = SIDE_COLOURS if person_id else dict.fromkeys(SIDE_COLOURS, UNTRACKED)
    colours = np.array([by_side[int(side)] for side in topology.sides], np.float32)
    colours.setflags(write=False)
    return colours


@lru_cache(maxsize=256)
def bone_colours(topology: Topology, person_id: int, fallen: bool = False) -> np.ndarray:
    """Colour of each bone [E, 3], 0 to 1: the person's, lighter left and deeper right. Read-only.

    A bone belongs to a side when both of its ends do. After a fall both sides are red.
    """
    colour = np.array(colour_of(person_id, fallen), np.float32)
    shades = {-1: colour * 0.45 + 0.55, 0: colour, 1: colour * 0.7}
    if fallen:
        shades = dict.fromkeys(shades, colour)
    sides = topology.sides[np.array(topology.edges)]
    both = np.where(sides[:, 0] == sides[:, 1], sides[:, 0], 0)
    colours = np.array([shades[int(side)] for side in both], np.float32)
    colours.setflags(write=False)
    return colours
