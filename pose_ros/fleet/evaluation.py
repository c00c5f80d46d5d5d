"""Motion events of a batch, compared with a table of what happens in its recordings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
import io
import json
from pathlib import Path, PurePath

import numpy as np

from pose_ros.core.media import is_url
from pose_ros.core.types import KeypointState
from pose_ros.evaluation.motion_events import MotionResult
from pose_ros.evaluation.motion_truth import Truth
from pose_ros.extras import library
from pose_ros.fleet.status import InputStatus
from pose_ros.fleet.storage import Storage
from pose_ros.fleet.tasks import events_of, people_of
from pose_ros.records import event_of


def truths_by_input(truths: Iterable[Truth], sources: Sequence[str]) -> dict[str, Truth]:
    """What happens in each input that the table names: by the end of its path.

    Rows about other files are left out. ValueError for a row that is about several inputs, and if
    no row is about any.
    """
    found: dict[str, Truth] = {}
    for truth in truths:
        parts = PurePath(truth.file).parts
        fitting = [one for one in sources if _parts(one)[-len(parts) :] == parts]
        if len(fitting) > 1:
            raise ValueError(
                f'the table of the truth has {truth.file}, but several inputs are named so'
            )
        if fitting and not truth.take:
            source = fitting[0]
            if source in found:
                raise ValueError(
                    f'the table of the truth has two rows about {source}: {found[source].file} '
                    f'and {truth.file}'
                )
            found[source] = truth
    if not found:
        raise ValueError('the table of the truth names none of the inputs')
    return found


def _parts(source: str) -> tuple[str, ...]:
    return PurePath(source if is_url(source) else Path(source).absolute()).parts


def motion_result(status: InputStatus, truth: Truth, storage: Storage) -> MotionResult:
    """What was reported for a recording that was analysed, as of `pose-ros evaluate motion`."""
    name = events_of(status.name)
    lines = storage.read(name).decode().splitlines() if storage.has(name) else []
    try:
        events = [event_of(json.loads(line)) for line in lines]
    except ValueError as error:
        raise ValueError(
            f'{storage.location}/{name} is damaged ({error}): remove it and run again'
        ) from error
    return MotionResult(
        truth,
        seconds=status.end,
        present=status.frames_with_people / max(status.frames, 1),
        events=tuple(event for event in events if event.kind != 'posture'),
        spans=_spans(status, storage),
        error=status.reason,
    )


def _spans(status: InputStatus, storage: Storage) -> dict[int, tuple[float, float]]:
    """When each id was seen first and last [s], by the table of the people."""
    if not storage.has(people_of(status.name)):
        return {}
    file = io.BytesIO(storage.read(people_of(status.name)))
    table = library('pyarrow.parquet', 'fleet').ParquetFile(file)
    states = [name for name in table.schema.names if name.endswith('_state')]
    rows = table.read(['id', 'time', *states])
    seen = np.any([rows[name].to_numpy() == KeypointState.OBSERVED for name in states], axis=0)
    ids, times = (rows[name].to_numpy()[seen] for name in ('id', 'time'))
    return {
        int(one): (float(times[ids == one].min()), float(times[ids == one].max()))
        for one in np.unique(ids)
    }
