"""Joint angles over time as a CSV table: writing and reading it."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import TextIO

import numpy as np

from pose_ros.core.body.angles import JointAngles
from pose_ros.plotting.recording import Recording
from pose_ros.tables import open_table

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
    columns, rows = open_table(path, text)
    names = [c for c in columns if c not in _KEYS and not c.endswith(_DEVIATION)]
    if 'time' not in columns or not names:
        raise ValueError(f'{path}: a table needs the column time and at least one angle')
    for row in rows:
        angles = [
            (
                name,
                row.number(name, missing=math.nan),
                row.number(name + _DEVIATION, missing=math.nan),
            )
            for name in names
        ]
        person = row.whole('skeleton_id', missing=1)
        source = row.cells.get('input') or str(path)
        timeline.add_angles(source, row.number('time'), person, angles)
