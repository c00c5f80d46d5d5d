"""Cutting long recordings into chunks, and joining their people again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
import math

import numpy as np
from scipy.optimize import linear_sum_assignment

from pose_ros.core.types import Person
from pose_ros.fleet.people_file import FramePeople

# Distance of the keypoints of one person as two chunks see them, as a share of the box [-]. Both
# run the same model on the same frame; only crops and filters differ, which is a few per cent.
_SAME_PERSON = 0.1
# Frames in which two people must be the same [-]: fewer are a coincidence where paths cross.
_MIN_COMMON_FRAMES = 3
# Differences of stamps that are rounding [s].
_SAME_TIME = 1e-6


@dataclass(frozen=True)
class Chunk:
    """A part of a recording.

    Attributes
    ----------
    name
        That the results of the recording begin with.
    source
        The recording.
    index
        Number of the chunk in it.
    start, end
        Time that it stands for [s].
    warm_up
        Time before `start` that is read, too [s]: tracks and filters settle, and people are
        matched with those of the chunk before.
    """

    name: str
    source: str
    index: int
    start: float
    end: float
    warm_up: float

    @property
    def first(self) -> float:
        """Time of the first frame that is read [s]."""
        return max(self.start - self.warm_up, 0.0)


def cut(
    name: str, source: str, duration: float | None, length: float, overlap: float
) -> list[Chunk]:
    """Chunks of a recording.

    Parameters
    ----------
    name, source
        As in `Chunk`.
    duration
        Its duration [s]; one chunk if it is unknown.
    length
        Of a chunk [s].
    overlap
        Of a chunk with the one before [s].
    """
    count = max(math.ceil((duration or 0.0) / length - 0.5), 1)
    bounds = [number * length for number in range(count)] + [math.inf]
    return [
        Chunk(name, source, index, start, end, overlap if index else 0.0)
        for index, (start, end) in enumerate(pairwise(bounds))
    ]


def join(chunks: Iterable[tuple[Chunk, Sequence[FramePeople]]]) -> Iterator[FramePeople]:
    """Frames of a whole recording, with ids as if it had been read in one go.

    People are matched by their keypoints in the frames that two chunks share. A person who is out
    of sight in all of them gets a new id.

    Parameters
    ----------
    chunks
        In order, each with its frames, those of the warm-up included.
    """
    recording_ids = _RecordingIds()
    before: dict[float, FramePeople] = {}
    for chunk, frames in chunks:
        shared = [(before[key], frame) for frame in frames if (key := _key(frame.time)) in before]
        ids = _matches(shared)
        before = {}
        for frame in frames:
            people = [
                replace(person, id=recording_ids.of(person.id, ids)) if person.id else person
                for person in frame.people
            ]
            joined = replace(frame, people=people)
            before[_key(frame.time)] = joined
            if frame.time >= chunk.start - _SAME_TIME:
                yield joined


def _key(time: float) -> float:
    return round(time / _SAME_TIME)


class _RecordingIds:
    """Ids of the whole recording, counted from 1 in the order of appearance."""

    def __init__(self) -> None:
        self._last = 0

    def of(self, person_id: int, ids: dict[int, int]) -> int:
        """Id for that of a chunk; `ids` is what is known of the chunk, and grows."""
        if person_id not in ids:
            self._last += 1
            ids[person_id] = self._last
        return ids[person_id]


def _matches(shared: Sequence[tuple[FramePeople, FramePeople]]) -> dict[int, int]:
    """Ids of the recording of the people of a chunk, by their ids in the chunk.

    Parameters
    ----------
    shared
        The same frame as the chunk before has it, with ids of the recording, and as this one.
    """
    common: Counter[tuple[int, int]] = Counter()
    for known, new in shared:
        for one in known.people:
            for other in new.people:
                if one.id and other.id and _is_same(one, other):
                    common[one.id, other.id] += 1
    if not common:
        return {}
    rows, columns = (sorted({pair[side] for pair in common}) for side in (0, 1))
    counts = np.array([[common[row, column] for column in columns] for row in rows])
    return {
        columns[column]: rows[row]
        for row, column in zip(*linear_sum_assignment(-counts))
        if counts[row, column] >= _MIN_COMMON_FRAMES
    }


def _is_same(one: Person, other: Person) -> bool:
    both = one.observed & other.observed
    if not both.any():
        return False
    distance = np.linalg.norm(one.keypoints[both] - other.keypoints[both], axis=1)
    return bool(np.median(distance) < _SAME_PERSON * max(one.box.width, one.box.height))
