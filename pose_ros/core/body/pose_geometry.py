"""A person at one time, measured in the person's own size."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import numpy as np

from pose_ros.core.types import KeypointState, Person

if TYPE_CHECKING:
    from pose_ros.core.body.features import Feature
    from pose_ros.core.body.history import History

Side = Literal['left', 'right']
SIDES: tuple[Side, Side] = ('left', 'right')
OTHER: dict[Side, Side] = {'left': 'right', 'right': 'left'}

# Shoulder width of a torso seen from the front. People have 0.6 to 0.8; the smaller the number,
# the more a person is trusted to stand sideways rather than to bend.
WIDTH_OF_TORSO = 0.7
# Shoulders nearer than this [torsos] belong to somebody seen from the side: no left and right.
_LEAST_WIDTH = 0.2
# A torso shorter than this [px] is a speck whose shape is noise.
_LEAST_TORSO = 4.0
# Models are unsure of hands before the body or towards the camera, and yet find them as well as
# surer ones: they count from a lower score on.
_HANDS = ('elbow', 'wrist', 'index', 'pinky')
_LEAST_HAND_SCORE = 0.2


class UnseenError(Exception):
    """A keypoint that a feature rests on was not observed."""


class Moment:
    """A person at one time; features are computed when asked for, once.

    Points are complex numbers in pixels, x to the picture's right and y up.

    Parameters
    ----------
    person
        In any keypoint format; only keypoints that were observed count, and hands from a score
        of 0.2 on.
    history
        What is known of the person's earlier moments, with this one already taken in; None
        leaves the features over time unknown.
    """

    def __init__(self, person: Person, history: History | None = None) -> None:
        self.person = person
        self.history = history
        self._points = person.keypoints.tolist()
        self._seen = _seen(person).tolist()
        self._values: dict[tuple[str, Side], float | None] = {}
        self._scale: float | None = None
        self._world = None if person.world is None else np.asarray(person.world, float)

    def value(self, feature: Feature, side: Side = 'left') -> float | None:
        """Value of a feature, for the arm of one side if it is an arm's; None if unknown."""
        key = feature.name, side
        if key not in self._values:
            try:
                self._values[key] = feature.measure(self, side)
            except UnseenError:
                self._values[key] = None
        return self._values[key]

    def sees(self, side: Side, name: str) -> bool:
        """Whether a joint of one side was observed."""
        return self._find(f'{side}_{name}') is not None

    def point(self, name: str) -> complex:
        """Where a keypoint is; UnseenError if it was not observed, or the format has none."""
        i = self._find(name)
        if i is None:
            raise UnseenError(name)
        x, y = self._points[i]
        return complex(x, -y)

    def middle(self, *names: str) -> complex:
        """Where the middle of keypoints is; UnseenError if one was not observed."""
        return sum(self.point(name) for name in names) / len(names)

    def joint(self, side: Side, name: str) -> complex:
        """Where a joint of one side is; UnseenError if it was not observed."""
        return self.point(f'{side}_{name}')

    def limb(self, side: Side, start: str, end: str) -> complex:
        """Vector between two joints of one side; UnseenError if one was not observed."""
        return self.joint(side, end) - self.joint(side, start)

    def in_space(self, *names: str) -> np.ndarray | None:
        """Places of keypoints in space [N, 3] [m]; None unless all are seen and have positions."""
        found = [i for i in map(self._find, names) if i is not None]
        if self._world is None or len(found) < len(names):
            return None
        points: np.ndarray = self._world[found]
        return points if np.isfinite(points).all() else None

    def _find(self, name: str) -> int | None:
        """Index of a keypoint that was observed; None if not, or if the format has none."""
        try:
            i = self.person.topology.index(name)
        except ValueError:
            return None
        return i if self._seen[i] else None

    @property
    def shoulders(self) -> complex:
        """Vector from the right shoulder to the left one."""
        return self.joint('left', 'shoulder') - self.joint('right', 'shoulder')

    @property
    def trunk(self) -> complex:
        """Vector from the hips up to the shoulders; of one side where only that is seen."""
        sides = [s for s in SIDES if self.sees(s, 'shoulder') and self.sees(s, 'hip')]
        if not sides:
            raise UnseenError('trunk')
        return sum(self.limb(side, 'hip', 'shoulder') for side in sides) / len(sides)

    @property
    def scale(self) -> float:
        """Length of the torso [px]; from the shoulders' width where no hip is seen."""
        if self._scale is None:
            # Both are seen too short, never too long: by bending, by standing sideways.
            self._scale = 0.0
            if all(self.sees(side, 'shoulder') for side in SIDES):
                self._scale = abs(self.shoulders) / WIDTH_OF_TORSO
            if any(self.sees(side, 'shoulder') and self.sees(side, 'hip') for side in SIDES):
                self._scale = max(self._scale, abs(self.trunk))
        if self._scale < _LEAST_TORSO:
            raise UnseenError('torso')
        return self._scale

    def towards_left(self, vector: complex) -> float:
        """Part of a vector towards the person's left [torsos]; UnseenError from the side."""
        width = self.shoulders.real / self.scale
        if abs(width) < _LEAST_WIDTH:
            raise UnseenError('left and right')
        return math.copysign(vector.real / self.scale, width * vector.real)


def _seen(person: Person) -> np.ndarray:
    """Mask [K] of the keypoints that count."""
    names = person.topology.keypoint_names
    hand = np.array([name.endswith(_HANDS) for name in names])
    unsure = person.states == KeypointState.BELOW_THRESHOLD
    seen: np.ndarray = person.observed | (hand & unsure & (person.scores >= _LEAST_HAND_SCORE))
    return seen
