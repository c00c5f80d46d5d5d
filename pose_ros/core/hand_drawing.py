"""Hands drawn onto an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np

from pose_ros.core.colours import SIDE_COLOURS, Colour, bone_colours, pixel_colour
from pose_ros.core.topology import HAND21
from pose_ros.core.types import TrackedHand

_OUTLINE: Colour = (0.06, 0.06, 0.08)
_SHIFT = 4  # fraction bits of the coordinates that OpenCV draws with
_LINE = 0.03  # width of a bone over the size of the hand
_MAX_SIZE = 1e4  # [px] beyond which a hand is left out: OpenCV's integers could overflow


def hand_colours(hand: TrackedHand) -> tuple[np.ndarray, Colour]:
    """Colours of the bones [E, 3], the person's, and of the keypoints, the side's; 0 to 1."""
    side = {'left': -1, None: 0, 'right': 1}[hand.side]
    return bone_colours(HAND21, hand.skeleton_id), SIDE_COLOURS[side]


def hand_words(hand: TrackedHand, words: Mapping[int, str]) -> str:
    """Label of a hand without a person; empty for a hand of a person, whose label has it.

    Parameters
    ----------
    hand
        The hand.
    words
        By id; of hands without a person by their negative id.
    """
    return '' if hand.skeleton_id else words.get(-hand.id, '')


def draw_hands(image: np.ndarray, hands: Sequence[TrackedHand], channels: str) -> None:
    """Draw hands onto an image.

    Parameters
    ----------
    image
        uint8 [height, width, 3], drawn into.
    hands
        In pixels of the image.
    channels
        Order of the image's channels, rgb or bgr.
    """
    for hand in hands:
        if not (np.abs(hand.keypoints) < _MAX_SIZE).all():
            continue
        bones, dots = hand_colours(hand)
        size = float(np.ptp(hand.keypoints, axis=0).max())
        line = int(np.clip(_LINE * size, 1, 8))
        points = (hand.keypoints * 2**_SHIFT).round().astype(int)
        for width, colours in ((line + 2, [_OUTLINE] * len(bones)), (line, bones)):
            for (a, b), colour in zip(HAND21.edges, colours):
                ink = pixel_colour(colour, channels)
                ends = tuple(points[a].tolist()), tuple(points[b].tolist())
                cv2.line(image, *ends, ink, width, cv2.LINE_AA, _SHIFT)
        ink = pixel_colour(dots, channels)
        for point in points.tolist():
            radius = round(0.8 * max(line, 1.5) * 2**_SHIFT)
            cv2.circle(image, tuple(point), radius, ink, cv2.FILLED, cv2.LINE_AA, _SHIFT)
