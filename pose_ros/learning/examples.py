"""Recorded examples of motions, one file a class.

A file holds JSON, one object a line: the class first, then an example on each line. What is kept
is what the pose model saw, so that how it is normalised may change later.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
import json
import os
from pathlib import Path
from typing import Any, Protocol, TextIO

import numpy as np

from pose_ros.core.motion.normalised import Movement, Window
from pose_ros.core.motion.point_set import BODY, BODY_AND_HANDS, PointSet
from pose_ros.core.motion.rules import Hand
from pose_ros.core.topology import HAND21, SIDES, topology_named
from pose_ros.core.types import Box, Person, TrackedHand
from pose_ros.core.yaml_reader import NAME

SUFFIX = '.jsonl'
NOT_MIRRORED, SAME = 'none', 'same'
_FORMAT = 'pose_ros motions 1'


@dataclass(frozen=True, eq=False)
class Example:
    """One person making one movement once; or, of the class none, doing anything else.

    Attributes
    ----------
    people
        The person at each time.
    stamps
        The times [s], strictly increasing.
    source, person
        Where it comes from, and who it is; empty if unknown.
    hands
        Hands of the person that were found at each time; None if they were not looked for.
    """

    people: tuple[Person, ...]
    stamps: tuple[float, ...]
    source: str = ''
    person: str = ''
    hands: tuple[tuple[TrackedHand, ...], ...] | None = None

    @classmethod
    def of(
        cls,
        people: Sequence[Person],
        stamps: Sequence[float],
        source: str = '',
        person: str = '',
        hands: Sequence[Sequence[TrackedHand]] | None = None,
    ) -> Example:
        """Example with times from 0 on; ValueError if it is too short to show a movement."""
        if len(people) != len(stamps) or len(people) < 5:
            raise ValueError(f'an example needs at least 5 images, got {len(people)}')
        if len({person.topology.name for person in people}) > 1:
            raise ValueError('an example must be of one keypoint format')
        times = np.subtract(stamps, stamps[0])
        if not (np.diff(times) > 0).all():
            raise ValueError('the times of an example must increase')
        if hands is not None and len(hands) != len(people):
            raise ValueError(f'expected hands of {len(people)} images, got {len(hands)}')
        found = None if hands is None else tuple(map(tuple, hands))
        return cls(tuple(people), tuple(times.tolist()), source, person, found)

    @property
    def duration(self) -> float:
        """Length [s]."""
        return self.stamps[-1]

    @property
    def has_positions(self) -> bool:
        """Whether there are positions in space."""
        return any(person.world is not None for person in self.people)

    @property
    def point_set(self) -> PointSet:
        """Names of the points that can be learned from."""
        return BODY if self.hands is None else BODY_AND_HANDS

    def movement(self, window: Window) -> Movement:
        """Points that a window uses; ValueError if not all of them were recorded."""
        if window.point_set not in (BODY, self.point_set):
            raise ValueError(f'an example from {self.source} has no hands, or other points')
        hands = None if window.point_set == BODY else self.hands
        return Movement.of(self.people, self.stamps, window.in_space, hands)


class AnyExample(Protocol):
    """An example of any kind, as training and evaluation use it."""

    @property
    def source(self) -> str: ...  # noqa: D102
    @property
    def person(self) -> str: ...  # noqa: D102
    @property
    def duration(self) -> float: ...  # noqa: D102
    @property
    def has_positions(self) -> bool: ...  # noqa: D102
    @property
    def point_set(self) -> PointSet: ...  # noqa: D102
    def movement(self, window: Window) -> Movement: ...  # noqa: D102


@dataclass(frozen=True)
class MotionClass:
    """A motion that is to be learned.

    Attributes
    ----------
    name
        Of the motion; ``none`` is everything else.
    hand
        That makes it, as the events will tell.
    mirror
        What it becomes with left and right swapped: the name of another class, ``same``, or
        ``none`` where that is no motion to be learned.
    examples
        Recorded so far.
    """

    name: str
    hand: Hand = Hand.NONE
    mirror: str = NOT_MIRRORED
    examples: tuple[AnyExample, ...] = ()

    def __post_init__(self) -> None:
        """Refuse names that cannot be file names, and a motion of one hand that is its mirror."""
        for name in (self.name, self.mirror):
            if not NAME.fullmatch(name):
                raise ValueError(f'a name has letters, digits, _ and - only, got {name!r}')
        if self.mirror in (SAME, self.name) and self.hand in (Hand.LEFT, Hand.RIGHT):
            raise ValueError(
                f'{self.name} is of the {self.hand.name.lower()} hand: its mirror image is of '
                'the other, so mirror cannot be same'
            )


def append_example(folder: Path, motion: MotionClass, example: Example) -> Path:
    """Add an example to the file of its class, which is made if there is none.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ValueError
        If the file is of another hand or mirror.
    OSError
        If it cannot be written; what was in it before stays.
    """
    path = folder / f'{motion.name}{SUFFIX}'
    head = {'format': _FORMAT, 'name': motion.name}
    head |= {'hand': motion.hand.name.lower(), 'mirror': motion.mirror}
    lines = [json.dumps(_record(example), separators=(',', ':'))]
    if path.exists():
        found = read_head(path)
        if (found.hand, found.mirror) != (motion.hand, motion.mirror):
            raise ValueError(
                f'{path}: holds a motion of hand {found.hand.name.lower()} and mirror '
                f'{found.mirror}, not {head["hand"]} and {motion.mirror}'
            )
    else:
        folder.mkdir(parents=True, exist_ok=True)
        lines.insert(0, json.dumps(head))
    before = path.stat().st_size if path.exists() else 0
    try:
        with path.open('a', encoding='utf-8') as file:
            file.write('\n'.join(lines) + '\n')
    except OSError as error:
        with suppress(OSError):
            if before:
                os.truncate(path, before)
            else:
                path.unlink()
        raise OSError(error.errno, os.strerror(error.errno or 0), str(path)) from error
    return path


def read_head(path: Path) -> MotionClass:
    """Class of a file, without its examples; ValueError if it is no such file."""
    with _opened(path) as file:
        return _head(path, file.readline())


def read_class(path: Path) -> MotionClass:
    """Read a file; ValueError names file, line and reason."""
    with _opened(path) as file:
        motion = _head(path, file.readline())
        examples = []
        for number, line in enumerate(file, 2):
            try:
                examples.append(_example(json.loads(line)))
            except (KeyError, TypeError, ValueError) as error:
                raise ValueError(f'{path}:{number}: not an example ({error})') from error
    return MotionClass(motion.name, motion.hand, motion.mirror, tuple(examples))


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    """A file to read; ValueError if it cannot be read, also while it is."""
    try:
        with path.open(encoding='utf-8') as file:
            yield file
    except OSError as error:
        raise ValueError(f'{path}: {error.strerror}') from error
    except UnicodeDecodeError as error:
        raise ValueError(f'{path}: not a file of recorded motions ({error})') from error


def read_folder(folder: Path) -> list[MotionClass]:
    """Read all classes of a folder, in the order of their names; ValueError if it holds none."""
    paths = sorted(folder.glob(f'*{SUFFIX}'))
    if not paths:
        raise ValueError(
            f'{folder}: no recorded motions (*{SUFFIX}); "pose-ros motions record" makes them'
        )
    return [read_class(path) for path in paths]


def _head(path: Path, line: str) -> MotionClass:
    try:
        head = json.loads(line)
        if head['format'] != _FORMAT:
            raise ValueError(f'format {head["format"]!r}')
        motion = MotionClass(head['name'], Hand[head['hand'].upper()], head['mirror'])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f'{path}:1: not a file of recorded motions ({error})') from error
    if motion.name != path.stem:
        raise ValueError(f'{path}: holds the motion {motion.name}: the file must be called so')
    return motion


def _record(example: Example) -> dict[str, Any]:
    """Pixels to a tenth, metres to a millimetre, times to a tenth of a millisecond."""
    people = example.people
    record = {
        'source': example.source,
        'person': example.person,
        'format': people[0].topology.name,
        'stamps': np.round(example.stamps, 4).tolist(),
        'keypoints': [_rounded(person.keypoints, 1) for person in people],
        'scores': [_rounded(person.scores, 2) for person in people],
        'states': [person.states.tolist() for person in people],
    }
    if example.has_positions:
        nowhere = np.full((len(people[0].topology), 3), np.nan)
        positions = (nowhere if p.world is None else p.world for p in people)
        record['world'] = [_rounded(position, 3) for position in positions]
    if example.hands is not None:
        record['hands'] = {'format': HAND21.name} | {
            side: [
                next((_hand_record(hand) for hand in hands if hand.side == side), None)
                for hands in example.hands
            ]
            for side in SIDES
        }
    return record


def _hand_record(hand: TrackedHand) -> dict[str, Any]:
    return {
        'keypoints': _rounded(hand.keypoints, 1),
        'world': _rounded(hand.world, 4),
        'score': round(float(hand.score), 2),
    }


def _rounded(values: np.ndarray, digits: int) -> list[Any]:
    """Lists of numbers; what is not finite becomes null."""
    rounded = np.round(np.asarray(values, dtype=float), digits)
    known = np.isfinite(rounded)
    return np.where(known, rounded.astype(object), np.array(None, dtype=object)).tolist()


def _example(record: dict[str, Any]) -> Example:
    topology = topology_named(record['format'])
    keypoints = np.array(record['keypoints'], dtype=np.float32)
    scores = np.array(record['scores'], dtype=np.float32)
    states = np.array(record['states'], dtype=np.uint8)
    world = np.array(record['world'], np.float32) if 'world' in record else None
    people = [
        Person(
            topology,
            points,
            scores[i],
            states[i],
            score=float(scores[i].mean()),
            box=Box.around(points),
            id=1,
            world=None if world is None else world[i],
        )
        for i, points in enumerate(keypoints)
    ]
    hands = _hands(record['hands'], len(people)) if 'hands' in record else None
    return Example.of(people, record['stamps'], record['source'], record.get('person', ''), hands)


def _hands(record: dict[str, Any], count: int) -> list[list[TrackedHand]]:
    """Hands in each of a number of images; ValueError for another format."""
    if record['format'] != HAND21.name:
        raise ValueError(f'hands must be {HAND21.name}, got {record["format"]!r}')
    found: list[list[TrackedHand]] = [[] for _ in range(count)]
    for side in SIDES:
        for hands, hand in zip(found, record[side]):
            if hand is not None:
                points, world = (
                    np.array(hand[name], np.float32) for name in ('keypoints', 'world')
                )
                z = np.zeros(len(HAND21), np.float32)
                hands.append(TrackedHand(points, z, world, hand['score'], side, skeleton_id=1))
    return found
