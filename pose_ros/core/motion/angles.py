"""Joint angles of people, each with its standard deviation and confidence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
import math

import numpy as np

from pose_ros.core.motion.jitter import Jitter
from pose_ros.core.motion.per_person import PerPerson
from pose_ros.core.topology import Topology
from pose_ros.core.types import Person

Names = tuple[str, ...]
# From the middle of some keypoints to the middle of others.
_Line = tuple[Names, Names]

# Shorter bones have no direction worth telling [px] [torsos].
LEAST_PIXELS = 4.0
LEAST_SHARE = 0.12
# In space [m] instead of pixels.
LEAST_METRES = 0.02
# Confidence is the chance that an angle is right within this [rad].
RIGHT_WITHIN = math.radians(10.0)
# A trunk of which one side is seen: its line may lean against the body's by this [rad].
_ONE_SIDED = math.radians(5.0)
# Where models put a joint, and where it is: standard deviation [torsos] for a score of 1.
_BIAS = 0.03
# White noise until it has been measured [torsos].
_GUESS = 0.01

_SIDES = ('left', 'right')
_JOINTS = ('shoulder', 'elbow', 'wrist', 'hip', 'knee', 'ankle', 'heel', 'foot_index')
# Lengths of bones in torsos; they are seen too short, never too long.
_BONES = {
    ('shoulder', 'elbow'): 0.60,
    ('elbow', 'wrist'): 0.55,
    ('hip', 'knee'): 0.85,
    ('knee', 'ankle'): 0.85,
    ('shoulder', 'hip'): 1.0,
}
_SHOULDERS_APART = 0.8


@dataclass(frozen=True, eq=False)
class JointAngles:
    """The joint angles of one person at one time.

    Attributes
    ----------
    person_id
        As in `Person`.
    names
        Of the angles, always the full set of the keypoint format.
    angles
        float64 [N] [rad]; NaN where it cannot be known.
    confidences
        float64 [N]: the chance that the angle is right within 10 degrees, times the least score
        of its keypoints; 0 where the angle is NaN.
    deviations
        float64 [N]: standard deviation [rad]; NaN like the angle.
    in_space
        True: of the body itself, from positions in metres. False: as seen in the image plane; a
        limb that points at the camera is seen foreshortened.
    """

    person_id: int
    names: tuple[str, ...]
    angles: np.ndarray
    confidences: np.ndarray
    deviations: np.ndarray
    in_space: bool

    def __post_init__(self) -> None:
        """Refuse arrays that do not fit the names."""
        for name in ('angles', 'confidences', 'deviations'):
            shape = getattr(getattr(self, name), 'shape', None)
            if shape != (len(self.names),):
                raise ValueError(f'{name} must have shape ({len(self.names)},), got {shape}')

    def angle(self, name: str) -> float:
        """Angle of a name [rad], NaN if unknown; ValueError lists the names."""
        return float(self.angles[self.index(name)])

    def index(self, name: str) -> int:
        """Where an angle stands in the arrays; ValueError lists the names."""
        try:
            return self.names.index(name)
        except ValueError:
            known = ', '.join(self.names)
            raise ValueError(f'no angle {name!r}, known are: {known}') from None


class AngleMeter:
    """Measures the joint angles of people, and learns how much their keypoints tremble.

    Parameters
    ----------
    grace
        For how long a person may be away without being forgotten [s].
    """

    def __init__(self, grace: float = 0.5) -> None:
        self._people = PerPerson(_Tremble, grace)

    def observe(self, people: Sequence[Person], stamp: float) -> list[JointAngles]:
        """Measure the people of one frame; those without an id are left out.

        Parameters
        ----------
        people
            As the estimator gives them: their keypoints are smoothed, their angles will not be.
        stamp
            Of the frame [s]; a step back forgets everybody.
        """
        self._people.leave(stamp)
        measured = []
        for person in people:
            tremble = self._people.take(person.id, stamp) if person.id else None
            if tremble is not None:
                measured.append(measure(person, tremble.update(stamp, person)))
        return measured

    def forget(self, person_id: int) -> None:
        """Forget one person."""
        self._people.forget(person_id)


class _Tremble:
    """Noise of one person's points, in the picture or in space."""

    def __init__(self) -> None:
        self._jitter: Jitter | None = None
        self._in_space = False

    def update(self, stamp: float, person: Person) -> np.ndarray:
        """Take in a moment; standard deviations [K, D] of the points that `measure` looks at."""
        points = _points(person)
        in_space = points.shape[1] == 3
        if self._jitter is None or in_space is not self._in_space:
            size = _size(person.topology, points)
            if not size > 0:
                return np.zeros_like(points)
            self._jitter, self._in_space = Jitter(_GUESS * size), in_space
        return self._jitter.update(stamp, points)


def measure(person: Person, jitter: np.ndarray | None = None) -> JointAngles:
    """Joint angles of one person, without history.

    Parameters
    ----------
    person
        In any keypoint format; only keypoints that were observed count. With positions in metres
        the angles are those in space.
    jitter
        Standard deviations of the keypoints' white noise [K, D] [px], or [m] with positions; None
        takes a hundredth of the torso.
    """
    points = _points(person)
    in_space = points.shape[1] == 3
    size = _size(person.topology, points)
    if jitter is None:
        jitter = np.full(points.shape, _GUESS * size)
    elif jitter.shape != points.shape:
        raise ValueError(f'jitter must have shape {points.shape}, got {jitter.shape}')
    sides = _trunk_sides(person.topology, points)
    plan = _plan(person.topology, sides)
    lines = plan.weights @ np.nan_to_num(points) + plan.fixed[..., : points.shape[1]]
    lengths = np.linalg.norm(lines, axis=2)
    least = max(LEAST_METRES if in_space else LEAST_PIXELS, LEAST_SHARE * size)
    missing = plan.uses @ ~np.isfinite(points).all(axis=1)
    known = ~missing & ((lengths >= least) | plan.is_fixed).all(axis=1)
    lengths = np.where(lengths > 0, lengths, 1.0)
    cos = np.clip((lines[:, 0] * lines[:, 1]).sum(axis=1) / lengths.prod(axis=1), -1.0, 1.0)

    scores = np.clip(person.scores, 0.05, 1.0)
    variances = (jitter**2).mean(axis=1) + (_BIAS * size / scores) ** 2
    # How an angle follows its keypoints: each end turns its line by its error across it.
    first, second = np.moveaxis(plan.weights / lengths[..., None], 1, 0)
    turns = first**2 + second**2 - 2.0 * cos[:, None] * first * second
    variance = turns @ variances + (plan.on_trunk * _ONE_SIDED**2 if len(sides) == 1 else 0.0)
    deviations = np.where(known, np.sqrt(np.maximum(variance, 0.0)), np.nan)
    least_score = np.where(plan.uses, scores, 1.0).min(axis=1)
    chances = [math.erf(RIGHT_WITHIN / (math.sqrt(2.0) * d)) if d > 0 else 0.0 for d in deviations]
    return JointAngles(
        person.id,
        plan.names,
        np.where(known, np.arccos(cos), np.nan),
        np.where(known, least_score * chances, 0.0),
        deviations,
        in_space,
    )


def _points(person: Person) -> np.ndarray:
    """Positions [K, 3] [m] where they are given, else keypoints [K, 2] [px]; NaN if unseen."""
    seen = person.observed[:, None]
    if person.world is not None:
        points = np.where(seen, person.world, np.nan).astype(np.float64)
        if np.isfinite(points).any():
            return points
    return np.where(seen, person.keypoints, np.nan).astype(np.float64)


def _size(topology: Topology, points: np.ndarray) -> float:
    """Length of the torso, in the unit of the points, by whichever bones are seen; 0 if none."""
    starts, ends, lengths = _bones(topology)
    seen = np.linalg.norm(points[ends] - points[starts], axis=1) / lengths
    return float(np.nanmax(seen, initial=0.0))


@lru_cache
def _bones(topology: Topology) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Indices of the bones' ends and their lengths in torsos."""
    bones = {
        (f'{side}_{a}', f'{side}_{b}'): length
        for (a, b), length in _BONES.items()
        for side in _SIDES
    }
    bones['left_shoulder', 'right_shoulder'] = _SHOULDERS_APART
    ends = np.array([[topology.index(a), topology.index(b)] for a, b in bones])
    return ends[:, 0], ends[:, 1], np.array(list(bones.values()))


def _trunk_sides(topology: Topology, points: np.ndarray) -> tuple[str, ...]:
    """Sides of which shoulder and hip are seen; both where there is none."""
    seen = tuple(
        side
        for side in _SIDES
        if np.isfinite(points[[topology.index(f'{side}_{j}') for j in ('shoulder', 'hip')]]).all()
    )
    return seen or _SIDES


@dataclass(frozen=True, eq=False)
class _Plan:
    """The angles of a format: each between two lines, each line a weighted sum of keypoints.

    Attributes
    ----------
    names
        [N].
    weights
        [N, 2, K].
    fixed
        [N, 2, 3]: lines that no keypoint makes.
    uses
        bool [N, K]: the keypoints that an angle rests on.
    is_fixed
        bool [N, 2].
    on_trunk
        bool [N]: whether one of the lines is the trunk.
    """

    names: tuple[str, ...]
    weights: np.ndarray
    fixed: np.ndarray
    uses: np.ndarray
    is_fixed: np.ndarray
    on_trunk: np.ndarray


def _trunk(sides: tuple[str, ...]) -> _Line:
    """Line of the trunk, upwards."""
    return tuple(f'{side}_hip' for side in sides), tuple(f'{side}_shoulder' for side in sides)


def _definitions(sides: tuple[str, ...]) -> Iterator[tuple[str, _Line, _Line | None]]:
    """Name and the two lines of each angle; None is the vertical."""
    trunk = _trunk(sides)
    for side in _SIDES:
        shoulder, elbow, wrist, hip, knee, ankle, heel, toes = (
            (f'{side}_{joint}',) for joint in _JOINTS
        )
        yield f'{side}_elbow', (elbow, shoulder), (elbow, wrist)
        yield f'{side}_shoulder', (shoulder, elbow), trunk[::-1]
        yield f'{side}_hip', (hip, knee), trunk
        yield f'{side}_knee', (knee, hip), (knee, ankle)
        yield f'{side}_ankle', (ankle, knee), (heel, toes)
    ears, both = ('left_ear', 'right_ear'), ('left_shoulder', 'right_shoulder')
    yield 'neck', (both, ears), trunk
    yield 'trunk', trunk, None


@lru_cache
def _plan(topology: Topology, sides: tuple[str, ...]) -> _Plan:
    """Plan for a format, with the trunk along some sides."""
    known = set(topology.keypoint_names)
    entries = [
        (name, lines)
        for name, *lines in _definitions(sides)
        if known.issuperset(k for line in lines if line for end in line for k in end)
    ]
    weights = np.zeros((len(entries), 2, len(topology)))
    fixed = np.zeros((len(entries), 2, 3))
    is_fixed = np.zeros((len(entries), 2), dtype=bool)
    for i, (_, lines) in enumerate(entries):
        for j, line in enumerate(lines):
            if line is None:
                fixed[i, j], is_fixed[i, j] = (0.0, -1.0, 0.0), True
                continue
            for names, sign in zip(line, (-1.0, 1.0)):
                for name in names:
                    weights[i, j, topology.index(name)] += sign / len(names)
    trunk = _trunk(sides)
    on_trunk = [trunk in lines or trunk[::-1] in lines for _, lines in entries]
    uses = (weights != 0).any(axis=1)
    names = tuple(name for name, _ in entries)
    return _Plan(names, weights, fixed, uses, is_fixed, np.array(on_trunk))
