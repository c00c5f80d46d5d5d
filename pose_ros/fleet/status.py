"""State of every recording of a batch, in one table."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
import io
from typing import Any

from pose_ros.extras import library
from pose_ros.fleet.storage import Storage

TO_DO, DONE, FAILED = 'to do', 'done', 'failed'
FILE = 'status.parquet'


@dataclass
class InputStatus:
    """One recording.

    Attributes
    ----------
    input
        Path or URL, as it was named when it was last processed.
    path
        The same for all spellings of the input, see `resolved`.
    name
        That its results begin with.
    state
        `TO_DO`, `DONE` or `FAILED`.
    reason
        Why it failed; results up to a damage are there all the same.
    tries
        How often tasks failed in the last run.
    duration
        Of the recording [s]; 0 if unknown.
    frames, frames_with_people, people, events
        What was found.
    end
        Time of the last frame [s].
    """

    input: str
    path: str
    name: str
    state: str = TO_DO
    reason: str = ''
    tries: int = 0
    duration: float = 0.0
    frames: int = 0
    frames_with_people: int = 0
    people: int = 0
    events: int = 0
    end: float = 0.0


class StatusTable:
    """Keeps the states in `FILE` of a storage.

    Parameters
    ----------
    storage
        Of the results.
    fingerprint
        Of the settings. ValueError if results of others are there.

    Attributes
    ----------
    inputs
        States by the resolved paths of the inputs.
    """

    def __init__(self, storage: Storage, fingerprint: str) -> None:
        self._storage = storage
        self._fingerprint = fingerprint.encode()
        self.inputs: dict[str, InputStatus] = {}
        if storage.has(FILE):
            self._load()

    def save(self) -> None:
        """Write the table."""
        arrow, parquet = library('pyarrow', 'fleet'), library('pyarrow.parquet', 'fleet')
        rows = [asdict(one) for one in self.inputs.values()]
        columns = {field.name: [row[field.name] for row in rows] for field in fields(InputStatus)}
        table = arrow.table(columns).replace_schema_metadata({'settings': self._fingerprint})
        file = io.BytesIO()
        parquet.write_table(table, file)
        self._storage.write(FILE, file.getvalue())

    def _load(self) -> None:
        parquet = library('pyarrow.parquet', 'fleet')
        try:
            table = parquet.read_table(io.BytesIO(self._storage.read(FILE)))
        except ValueError as error:  # as pyarrow's ArrowInvalid is
            raise ValueError(
                f'{self._storage.location}/{FILE} is damaged ({error}): remove it; all inputs are '
                'then processed again'
            ) from error
        found: Any = (table.schema.metadata or {}).get(b'settings')
        if found != self._fingerprint:
            raise ValueError(
                f'{self._storage.location} holds results of other settings: choose another folder'
            )
        try:
            states = [InputStatus(**row) for row in table.to_pylist()]
        except TypeError as error:
            raise ValueError(
                f'{self._storage.location}/{FILE} is of another version of pose_ros ({error}): '
                'choose another folder'
            ) from error
        self.inputs = {state.path: state for state in states}
