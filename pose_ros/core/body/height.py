"""The height of a person in the image in any pose, and the levels of their body parts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
import math
from statistics import median

import numpy as np

from pose_ros.core.anatomy import BONES, FACE_OVER_HIPS, HIPS_OVER_ANKLES
from pose_ros.core.topology import SIDES, Topology
from pose_ros.core.types import Person

_LIMBS = (('shoulder', 'elbow'), ('elbow', 'wrist'), ('hip', 'knee'), ('knee', 'ankle'))
# Number of bones that must agree on a height: a single bone may be wrong. The trunk is the most
# reliable one and counts twice.
_MIN_WITNESSES = 2
_TRUNK_WEIGHT = 2
# Minimum height of a person with a measurable shape [px].
_MIN_HEIGHT = 12.0
# Time constants of the height [s]. It rises quickly, as bones that point at the camera look too
# short, and decays slowly, but not while the person stands: then they walk away.
_RISE_TIME = 0.3
_DECAY_TIME = 6.0
# Share of a standing body's way from face to ankles, by the height that the bones tell, from which
# on a person stands [-].
_STANDS = 0.9
# People on hands and feet have the shoulders two thirds of an arm over the wrists, and the hips
# over them too [body heights]. In a view from above, the hands of people who lie with their feet
# towards the camera are below the shoulders but beside the hips.
_SHOULDERS_OVER_HANDS = 0.2
_HIPS_OVER_HANDS = 0.05
_HEAD = ('nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear')


@dataclass(frozen=True)
class PartLevels:
    """Levels of the body parts in the image, y down [px]; NaN for unobserved parts.

    Attributes
    ----------
    x
        Mean x of the observed trunk and head [px].
    head, shoulders, hips, knees, ankles, wrists
        Mean y of the observed joints [px].
    feet_x
        Mean x of the observed ankles [px].
    """

    x: float
    head: float
    shoulders: float
    hips: float
    knees: float
    ankles: float
    wrists: float
    feet_x: float

    @classmethod
    def of(cls, person: Person) -> PartLevels:
        """Levels of one person, of the observed keypoints."""
        seen = person.observed
        which = _members(person.topology) & seen
        counts = np.where(which.any(axis=1), which.sum(axis=1), np.nan)
        sums = which.astype(float) @ np.where(seen[:, None], person.keypoints, 0.0)
        across, down = (sums.T / counts).tolist()
        x = [value for value in across[:3] if not math.isnan(value)]
        feet_x = across[4]  # as the parts of `_members` are ordered
        return cls(*(sum(x) / len(x) if x else math.nan, *down, feet_x))

    def supported_on_hands(self, height: float) -> bool:
        """Whether the hands carry the body: low, but not lying.

        Parameters
        ----------
        height
            Standing height of the person [px].
        """
        over_hands = self.wrists - self.shoulders > _SHOULDERS_OVER_HANDS * height
        return over_hands and self.wrists - self.hips > _HIPS_OVER_HANDS * height


class PeakHold:
    """Follow greater values quickly and smaller ones slowly.

    For a length that often looks too short and hardly ever too long.

    Parameters
    ----------
    rise
        Time constant for greater values [s].
    fall
        Time constant for smaller values [s].

    Attributes
    ----------
    value
        NaN before the first update.
    """

    def __init__(self, rise: float, fall: float) -> None:
        self.value = math.nan
        self._rise, self._fall = rise, fall
        self._stamp = 0.0

    def update(self, stamp: float, value: float, certain: bool = False) -> None:
        """Take the value at a time [s]; one that is certain is followed quickly."""
        if math.isnan(self.value):
            self.value = value
        else:
            time = self._rise if certain or value > self.value else self._fall
            self.value += (value - self.value) * (1.0 - math.exp((self._stamp - stamp) / time))
        self._stamp = stamp


class HeightEstimator:
    """Estimate the standing height of one person over time [px].

    The height comes from the lengths of the bones, so the person need not have stood.
    """

    def __init__(self) -> None:
        self._peak = PeakHold(_RISE_TIME, _DECAY_TIME)

    @property
    def height(self) -> float:
        """Current estimate [px]; NaN before enough of the body was observed."""
        return self._peak.value

    def update(self, person: Person, levels: PartLevels, stamp: float) -> float:
        """Take the person, with their levels, at a time [s]; the new estimate [px], or NaN."""
        seen = standing_height(person)
        if not math.isnan(seen):
            standing = (FACE_OVER_HIPS + HIPS_OVER_ANKLES) * seen
            stands = levels.ankles - levels.head > _STANDS * standing
            self._peak.update(stamp, seen, certain=stands)
        return self.height


def standing_height(person: Person) -> float:
    """Standing height of a person from one frame [px]; NaN if too few bones are observed.

    Bones that point at the camera look too short, except with positions in space.
    """
    scale = pixels_per_metre(person)
    in_space = person.world is not None and not math.isnan(scale)
    points = np.asarray(person.world) if in_space else person.keypoints
    known = person.observed & np.isfinite(points).all(axis=1)
    places = [place if seen else None for place, seen in zip(points.tolist(), known.tolist())]
    heights = []
    for first, second, ratio in _bones(person.topology):
        start, end = places[first], places[second]
        if start is not None and end is not None:
            heights.append(math.dist(start, end) / ratio)
    _, shoulders, hips, *_ = _parts(person.topology)
    top, bottom = _middle(places, shoulders), _middle(places, hips)
    if top is not None and bottom is not None:
        heights += [math.dist(top, bottom) / BONES['shoulder', 'hip']] * _TRUNK_WEIGHT
    if len(heights) < _MIN_WITNESSES:
        return math.nan
    height = scale * median(heights) if in_space else sorted(heights)[-_MIN_WITNESSES]
    return height if height >= _MIN_HEIGHT else math.nan


def _middle(places: list[list[float] | None], indices: np.ndarray) -> list[float] | None:
    """Mean of the known places among some; None if there are none."""
    known = [place for i in indices if (place := places[i]) is not None]
    return [sum(axis) / len(known) for axis in zip(*known)] if known else None


def pixels_per_metre(person: Person) -> float:
    """Pixels per metre at the person's distance; NaN without positions in space."""
    if person.world is None:
        return math.nan
    good = person.observed & np.isfinite(person.world).all(axis=1)
    if np.count_nonzero(good) < 4:
        return math.nan
    in_image, in_space = person.keypoints[good], person.world[good, :2]
    spread = float(in_space.var(axis=0).sum())
    return math.sqrt(float(in_image.var(axis=0).sum()) / spread) if spread > 1e-12 else math.nan


@lru_cache
def _parts(topology: Topology) -> tuple[np.ndarray, ...]:
    """Indices of head, shoulders, hips, knees, ankles and wrists."""
    joints = ('shoulder', 'hip', 'knee', 'ankle', 'wrist')
    pairs = [(f'left_{joint}', f'right_{joint}') for joint in joints]
    return tuple(np.array([topology.index(n) for n in names]) for names in (_HEAD, *pairs))


@lru_cache
def _members(topology: Topology) -> np.ndarray:
    """Mask [6, K] of the keypoints of each part."""
    parts = _parts(topology)
    members = np.zeros((len(parts), len(topology)), dtype=bool)
    for row, indices in zip(members, parts):
        row[indices] = True
    return members


@lru_cache
def _bones(topology: Topology) -> list[tuple[int, int, float]]:
    """Indices of both ends of each bone, and its length [body heights]."""
    bones = [('left_shoulder', 'right_shoulder', BONES['shoulder', 'shoulder'])]
    for start, end in _LIMBS:
        bones += [(f'{s}_{start}', f'{s}_{end}', BONES[start, end]) for s in SIDES]
    return [(topology.index(first), topology.index(last), ratio) for first, last, ratio in bones]
