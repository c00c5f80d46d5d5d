"""What the fingers of a hand do."""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise
import math

import numpy as np

from pose_ros.core.topology import HAND21
from pose_ros.core.types import TrackedHand

FINGERS = ('thumb', 'index', 'middle', 'ring', 'pinky')
# Keypoints whose connections make the bends of a finger: wrist (of the thumb: its root), knuckle,
# next joint, tip. The last joint would add noise; it bends with the others.
_CHAINS = {
    'thumb': [1, 2, 4],
    **{finger: [0, 5 + 4 * i, 6 + 4 * i, 8 + 4 * i] for i, finger in enumerate(FINGERS[1:])},
}
# Sum of the bends of a finger's joints [deg]. Below the first the finger is extended, over the
# second it is curled: flat hands of two signers had 35 to 98, fists 113 to 202.
EXTENDED, CURLED = 85.0, 112.0
# The same of the thumb, which bends less.
THUMB_EXTENDED, THUMB_CURLED = 45.0, 55.0
# Distance from the tip of an extended thumb to the knuckle of the pinky [palms]: 1.1 to 1.5, over
# the palm or the fingers 0.4 to 0.9.
_THUMB_OUT = 1.0


class HandShape:
    """Measures of one hand in one frame, each computed on first use.

    Angles and lengths are those in space, of the model's world points: they do not depend on the
    distance of the hand or on its turn. Palms: wrist to the knuckle of the middle finger.
    """

    def __init__(self, hand: TrackedHand) -> None:
        self.hand = hand
        self._world = hand.world.astype(float)

    @cached_property
    def palm(self) -> float:
        """Length of the palm [m], wrist to the knuckle of the middle finger."""
        return max(float(np.linalg.norm(self._world[9] - self._world[0])), 1e-6)

    @cached_property
    def curls(self) -> dict[str, float]:
        """Sum of the bends of a finger's joints [deg]; 0 is straight."""
        return {finger: self._curl(chain) for finger, chain in _CHAINS.items()}

    def _curl(self, chain: list[int]) -> float:
        bones = np.diff(self._world[chain], axis=0)
        return sum(_angle(a, b) for a, b in pairwise(bones))

    @cached_property
    def thumb_out(self) -> float:
        """Distance from the tip of the thumb to the knuckle of the pinky [palms]."""
        return self._distance('thumb_tip', 'pinky_mcp')

    @cached_property
    def pinch(self) -> float:
        """Distance between the tips of thumb and index finger [palms]."""
        return self._distance('thumb_tip', 'index_finger_tip')

    @cached_property
    def spread(self) -> float:
        """Angle between index finger and middle finger, knuckle to tip [deg]."""
        index, middle = (self._world[tip] - self._world[tip - 3] for tip in (8, 12))
        return _angle(index, middle)

    def extended(self, finger: str) -> bool | None:
        """Whether a finger is straight; None if it is neither straight nor curled."""
        curl = self.curls[finger]
        low, high = (THUMB_EXTENDED, THUMB_CURLED) if finger == 'thumb' else (EXTENDED, CURLED)
        if curl > high or (finger == 'thumb' and self.thumb_out < _THUMB_OUT):
            return False
        return True if curl < low else None

    @cached_property
    def palm_to_camera(self) -> float:
        """Angle between the direction that the palm faces and that to the camera [deg]."""
        index, pinky = self._world[5] - self._world[0], self._world[17] - self._world[0]
        normal = np.cross(index, pinky) * (-1.0 if self.hand.side == 'left' else 1.0)
        return _angle(normal, np.array([0.0, 0.0, -1.0]))

    def elevation(self, start: int, end: int) -> float:
        """Angle of a line between two keypoints above the horizontal [deg]."""
        x, y, z = self._world[end] - self._world[start]
        return math.degrees(math.atan2(-y, math.hypot(x, z)))

    def direction(self) -> np.ndarray:
        """Unit vector [3] from the knuckle of the index finger to its tip, axes of the camera."""
        vector = self._world[8] - self._world[5]
        return vector / max(float(np.linalg.norm(vector)), 1e-9)

    @cached_property
    def size(self) -> float:
        """Length of the palm as the image would show it unturned [px]."""
        points = self.hand.keypoints.astype(float)
        # Of several bones, those that are not foreshortened.
        bones = ((0, 5), (0, 9), (0, 13), (0, 17), (5, 17))
        starts, ends = np.array(bones).T
        pixels = np.linalg.norm(points[ends] - points[starts], axis=1)
        metres = np.linalg.norm(self._world[ends] - self._world[starts], axis=1)
        return float((pixels / np.maximum(metres, 1e-6)).max()) * self.palm

    def _distance(self, first: str, second: str) -> float:
        a, b = HAND21.index(first), HAND21.index(second)
        return float(np.linalg.norm(self._world[a] - self._world[b])) / self.palm


def _angle(first: np.ndarray, second: np.ndarray) -> float:
    """Angle between two vectors [deg], 0 to 180; 0 for one without a length."""
    lengths = float(np.linalg.norm(first) * np.linalg.norm(second))
    if not lengths:
        return 0.0
    return math.degrees(math.acos(max(-1.0, min(1.0, float(first @ second) / lengths))))
