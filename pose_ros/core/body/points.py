"""The keypoints of a person in one frame as points, lengths and directions."""

from __future__ import annotations

from functools import cached_property, lru_cache
import math

import numpy as np

from pose_ros.core.anatomy import torsos
from pose_ros.core.topology import SIDES, Side, Topology
from pose_ros.core.types import KeypointState, Person

# Shoulder width of a torso seen from the front [torsos]. People have 0.6 to 0.8.
WIDTH_OF_TORSO = torsos('shoulder', 'shoulder')
# Minimum width of the shoulders to tell left from right [torsos]: a side view has neither.
_MIN_WIDTH = 0.2
# Minimum length of a torso with a measurable shape [px].
_MIN_TORSO = 4.0
# Models give low scores to correct hands in front of the body or pointing at the camera: these
# keypoints count from this score on [-].
_MIN_HAND_SCORE = 0.2
# Keypoints outside the image count from this score on, where they are asked for [-]: the hands of
# people who press over the upper edge have 0.4 to 1.
_MIN_OUTSIDE_SCORE = 0.4
_HANDS = ('elbow', 'wrist', 'index', 'pinky')


class UnseenError(Exception):
    """A keypoint that a measure needs was not observed."""


class PosePoints:
    """The observed keypoints of a person in one frame.

    Points and vectors are complex numbers in pixels: x to the right of the image, y up.

    Parameters
    ----------
    person
        In any keypoint format. Only observed keypoints count, and hands from a score of 0.2 on.
    outside
        Whether also those count that a model is sure of outside the image.
    """

    def __init__(self, person: Person, outside: bool = False) -> None:
        self.person = person
        names, places = person.topology.keypoint_names, person.keypoints.tolist()
        self._points = {
            name: complex(x, -y)
            for name, (x, y), seen in zip(names, places, _seen(person, outside).tolist())
            if seen
        }

    def sees(self, side: Side, name: str) -> bool:
        """Whether a joint of one side was observed."""
        return f'{side}_{name}' in self._points

    def inside(self, side: Side, name: str) -> bool:
        """Whether a joint of one side was observed inside the image."""
        person = self.person
        return bool(person.observed[person.topology.index(f'{side}_{name}')])

    def point(self, name: str) -> complex:
        """Position of a keypoint; UnseenError if it was not observed or the format lacks it."""
        try:
            return self._points[name]
        except KeyError:
            raise UnseenError(name) from None

    def middle(self, *names: str) -> complex:
        """Mean position of keypoints; UnseenError if one was not observed."""
        return sum(self.point(name) for name in names) / len(names)

    def joint(self, side: Side, name: str) -> complex:
        """Position of a joint of one side; UnseenError if it was not observed."""
        return self.point(f'{side}_{name}')

    def limb(self, side: Side, start: str, end: str) -> complex:
        """Vector between two joints of one side; UnseenError if one was not observed."""
        return self.joint(side, end) - self.joint(side, start)

    @cached_property
    def scores(self) -> dict[str, float]:
        """Scores of all keypoints of the format, 0 to 1."""
        return dict(zip(self.person.topology.keypoint_names, self.person.scores.tolist()))

    def in_space(self, *names: str) -> np.ndarray | None:
        """Positions of keypoints [N, 3] [m]; None unless all are observed and have positions."""
        world = self.person.world
        if world is None or not all(name in self._points for name in names):
            return None
        points = np.asarray(world[[self.person.topology.index(name) for name in names]], float)
        return points if np.isfinite(points).all() else None

    @cached_property
    def shoulders(self) -> complex:
        """Vector from the right shoulder to the left one."""
        return self.joint('left', 'shoulder') - self.joint('right', 'shoulder')

    @cached_property
    def trunk(self) -> complex:
        """Mean vector from the hips to the shoulders of the sides that are observed."""
        sides = [s for s in SIDES if self.sees(s, 'shoulder') and self.sees(s, 'hip')]
        if not sides:
            raise UnseenError('trunk')
        return sum(self.limb(side, 'hip', 'shoulder') for side in sides) / len(sides)

    @cached_property
    def scale(self) -> float:
        """Length of the torso [px]; from the width of the shoulders if no hip is observed."""
        # Both look too short, never too long: by bending, by standing sideways.
        scale = 0.0
        if all(self.sees(side, 'shoulder') for side in SIDES):
            scale = abs(self.shoulders) / WIDTH_OF_TORSO
        if any(self.sees(side, 'shoulder') and self.sees(side, 'hip') for side in SIDES):
            scale = max(scale, abs(self.trunk))
        if scale < _MIN_TORSO:
            raise UnseenError('torso')
        return scale

    def towards_left(self, vector: complex) -> float:
        """Part of a vector towards the person's left [torsos]; UnseenError in a side view."""
        width = self.shoulders.real / self.scale
        if abs(width) < _MIN_WIDTH:
            raise UnseenError('left and right')
        return math.copysign(vector.real / self.scale, width * vector.real)


def _seen(person: Person, outside: bool) -> np.ndarray:
    """Mask [K] of the keypoints that count."""
    unsure = person.states == KeypointState.BELOW_THRESHOLD
    seen: np.ndarray = person.observed | (
        _hands(person.topology) & unsure & (person.scores >= _MIN_HAND_SCORE)
    )
    if outside and person.observed.any():
        beyond = person.states == KeypointState.PREDICTED
        seen |= beyond & (person.scores >= _MIN_OUTSIDE_SCORE) & _near(person)
    return seen


def _near(person: Person) -> np.ndarray:
    """Mask [K] of the keypoints within a body's size of the observed ones."""
    points = person.keypoints[person.observed]
    low, high = points.min(axis=0), points.max(axis=0)
    size = (high - low).max()
    near: np.ndarray = np.all(
        (person.keypoints >= low - size) & (person.keypoints <= high + size), axis=1
    )
    return near


@lru_cache(maxsize=8)
def _hands(topology: Topology) -> np.ndarray:
    """Mask [K] of the keypoints of arms and hands."""
    return np.array([name.endswith(_HANDS) for name in topology.keypoint_names])
