"""People of a part of a recording as one compressed NumPy file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import io
from typing import Any

import numpy as np

from pose_ros.core.positions import Positions, PositionSource
from pose_ros.core.topology import topology_named
from pose_ros.core.types import Box, Person


@dataclass(frozen=True)
class FramePeople:
    """People of one frame.

    Attributes
    ----------
    time
        Since the first frame of the recording [s].
    size
        (width, height) of the image [px].
    people
        In pixels of the image; kinematics are not kept.
    """

    time: float
    size: tuple[int, int]
    people: Sequence[Person]


def pack(frames: Sequence[FramePeople], fault: str = '') -> bytes:
    """Content of a file with these frames, and why there are no more of them."""
    people = [person for frame in frames for person in frame.people]
    arrays: dict[str, Any] = {
        'fault': np.array(fault),
        'times': np.array([frame.time for frame in frames], np.float64),
        'sizes': np.array([frame.size for frame in frames], np.int32).reshape(-1, 2),
        'counts': np.array([len(frame.people) for frame in frames], np.int32),
    }
    if people:
        arrays['format'] = np.array(people[0].topology.name)
        arrays['ids'] = np.array([person.id for person in people], np.int64)
        arrays['person_scores'] = np.array([person.score for person in people], np.float64)
        boxes = [(p.box.x, p.box.y, p.box.width, p.box.height) for p in people]
        arrays['boxes'] = np.array(boxes, np.float64)
        for name in ('keypoints', 'scores', 'states'):
            arrays[name] = np.stack([getattr(person, name) for person in people])
        for name in ('z', 'world'):
            arrays[name] = _optional([getattr(person, name) for person in people])
        arrays |= _position_arrays([person.positions for person in people])
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def unpack(content: bytes) -> tuple[list[FramePeople], str]:
    """Frames of a file, and why there are no more of them; ValueError if it is damaged."""
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    people = _people(arrays) if 'ids' in arrays else []
    ends = np.cumsum(arrays['counts'])
    frames = [
        FramePeople(float(time), (int(size[0]), int(size[1])), people[end - count : end])
        for time, size, count, end in zip(arrays['times'], arrays['sizes'], arrays['counts'], ends)
    ]
    return frames, str(arrays['fault'])


def _optional(values: Sequence[np.ndarray | None]) -> np.ndarray:
    """Arrays of all people, NaN for those without; empty if no person has one."""
    known = next((value for value in values if value is not None), None)
    if known is None:
        return np.empty(0, np.float32)
    unknown = np.full_like(known, np.nan)
    return np.stack([unknown if value is None else value for value in values])


def _position_arrays(positions: Sequence[Positions | None]) -> dict[str, np.ndarray]:
    return {
        'position_points': _optional([None if one is None else one.points for one in positions]),
        'position_deviations': _optional(
            [None if one is None else one.deviations for one in positions]
        ),
        'position_sources': np.array(
            [PositionSource.NONE if one is None else one.source for one in positions], np.uint8
        ),
    }


def _positions(arrays: dict[str, np.ndarray], index: int) -> Positions | None:
    source = PositionSource(arrays['position_sources'][index])
    if source is PositionSource.NONE:
        return None
    return Positions(
        arrays['position_points'][index], arrays['position_deviations'][index], source
    )


def _people(arrays: dict[str, np.ndarray]) -> list[Person]:
    topology = topology_named(str(arrays['format']))
    optional: dict[str, Sequence[Any]] = {}
    for name in ('z', 'world'):
        values = arrays[name]
        known = [None] * len(arrays['ids']) if not values.size else list(values)
        optional[name] = [None if v is None or np.isnan(v).all() else v for v in known]
    return [
        Person(
            topology=topology,
            keypoints=arrays['keypoints'][i],
            scores=arrays['scores'][i],
            states=arrays['states'][i],
            score=float(arrays['person_scores'][i]),
            box=Box(*arrays['boxes'][i].tolist()),
            id=int(arrays['ids'][i]),
            z=optional['z'][i],
            world=optional['world'][i],
            positions=_positions(arrays, i),
        )
        for i in range(len(arrays['ids']))
    ]
