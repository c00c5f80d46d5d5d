"""Joint angles over time as a CSV table: writing and reading it."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import TextIO

import numpy as np

from pose_ros.core.body.angles import JointAngles
from pose_ros.plotting.recording import Recording

_DEVIATION = '_deviation'
_KEYS = ('input', 'time', 'skeleton_id')


class AnglesTable:
    """Writes joint angles and their standard deviations [rad].

    Empty where an angle is not known. The columns are those of the first angles: all people must
    have the same.
    """

    def __init__(self, file: TextIO) -> None:
        self._writer = csv.writer(file)
        self._names: tuple[str, ...] = ()

    def write(self, source: str, time: float, angles: JointAngles) -> None:
        """Add a line: input, time [s], skeleton_id, and each angle followed by its deviation."""
        if not self._names:
            self._names = angles.names
            titles = [part for name in self._names for part in (name, name + _DEVIATION)]
            self._writer.writerow((*_KEYS, *titles))
        values = np.stack((angles.angles, angles.deviations), axis=1).ravel()
        cells = [f'{value:.4f}' if math.isfinite(value) else '' for value in values]
        self._writer.writerow((source, f'{time:.3f}', angles.skeleton_id, *cells))


def read_table(path: Path, text: str, timeline: Recording) -> None:
    """Add a table to a timeline.

    Any column but input, time, skeleton_id and the deviations is an angle; only time and one angle
    must be there. ValueError names file, line and reason.
    """
    rows = csv.DictReader(text.splitlines())
    columns = rows.fieldnames or []
    names = [c for c in columns if c not in _KEYS and not c.endswith(_DEVIATION)]
    if 'time' not in columns or not names:
        raise ValueError(f'{path}: a table needs the column time and at least one angle')
    for row in rows:
        try:
            angles = [(n, _number(row[n]), _number(row.get(n + _DEVIATION))) for n in names]
            time, person = float(row['time']), int(row.get('skeleton_id') or 1)
        except (TypeError, ValueError) as error:
            raise ValueError(f'{path}, line {rows.line_num}: {error}') from None
        timeline.add_angles(row.get('input') or str(path), time, person, angles)


def _number(text: str | None) -> float:
    return float(text) if text else math.nan
