"""Motion events of a batch, compared with a table of what happens in its recordings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
import json
from pathlib import PurePath

from pose_ros.evaluation.motion_events import MotionResult, Truth
from pose_ros.fleet.status import InputStatus
from pose_ros.fleet.storage import Storage
from pose_ros.fleet.tasks import events_of
from pose_ros.recordings.records import event_of


def truths_by_input(truths: Iterable[Truth], sources: Sequence[str]) -> dict[str, Truth]:
    """What happens in each input that the table names: by the end of its path.

    ValueError for a row that is about none of the inputs, or about several.
    """
    found: dict[str, Truth] = {}
    for truth in truths:
        parts = PurePath(truth.file).parts
        fitting = [one for one in sources if PurePath(one).parts[-len(parts) :] == parts]
        if len(fitting) != 1 or truth.take:
            count = 'several inputs are' if len(fitting) > 1 else 'no input is'
            name = f'{truth.file}#{truth.take}' if truth.take else truth.file
            raise ValueError(f'the table of the truth has {name}, but {count} named so')
        found[fitting[0]] = truth
    return found


def motion_result(status: InputStatus, truth: Truth, storage: Storage) -> MotionResult:
    """What was reported for a recording that was analysed, as of `pose-ros evaluate motion`."""
    name = events_of(status.name)
    lines = storage.read(name).decode().splitlines() if storage.has(name) else []
    events = [event_of(json.loads(line)) for line in lines]
    return MotionResult(
        truth,
        seconds=status.end,
        present=status.frames_with_people / max(status.frames, 1),
        events=tuple(event for event in events if event.kind != 'posture'),
        error=status.reason,
    )
