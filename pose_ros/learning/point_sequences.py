"""Motions as named points over time, from motion capture or other data sets.

An .npz file with the arrays ``X`` [N, T, P, 2 or 3], NaN where unknown; ``y`` [N], the number of
each example's class; optionally ``persons`` [N]; and ``meta``, a JSON text with ``points`` (P
names such as left_wrist), ``classes`` and ``rate_hz``.
"""

from __future__ import annotations

from dataclasses import dataclass
import json
from pathlib import Path
import re
import zipfile

import numpy as np

from pose_ros.core.motion.normalised import Movement, Window
from pose_ros.core.motion.point_set import PointSet
from pose_ros.learning.examples import MotionClass
from pose_ros.tables import check_npz, check_object, number_in

SUFFIX = '.npz'
_RATE = 20.0  # without rate_hz [Hz]


@dataclass(frozen=True, eq=False)
class PointSequence:
    """One person making one movement once, as points.

    Attributes
    ----------
    recorded
        The points, with stamps from 0.
    source, person
        Where it comes from, and who it is; empty if unknown.
    """

    recorded: Movement
    source: str = ''
    person: str = ''

    @property
    def duration(self) -> float:
        """Length [s]."""
        return self.recorded.duration

    @property
    def has_positions(self) -> bool:
        """Whether the points are in space."""
        return self.recorded.points.shape[2] == 3

    @property
    def point_set(self) -> PointSet:
        """Names of the points."""
        return self.recorded.point_set

    def movement(self, window: Window) -> Movement:
        """The points, in space or in a plane as they were recorded; ValueError for others."""
        if window.point_set != self.point_set:
            raise ValueError(f'{self.source}: has other points than those to be learned')
        if window.in_space != self.has_positions:
            raise ValueError(
                f'{self.source}: its points have {self.recorded.points.shape[2]} axes'
            )
        return self.recorded


def read_point_sequences(path: Path) -> list[MotionClass]:
    """Classes of a file, in its order; ValueError names the file and the reason."""
    try:
        check_npz(path)
        with np.load(path, allow_pickle=False) as file:
            points, labels = np.asarray(file['X'], float), np.asarray(file['y'])
            meta = json.loads(str(file['meta']))
            persons = file['persons'] if 'persons' in file else np.full(len(labels), '')
        check_object(meta)
        rate = number_in(meta, 'rate_hz') if 'rate_hz' in meta else _RATE
        if rate <= 0:
            raise ValueError(f'rate_hz must be more than 0, got {rate}')
        names, point_set = meta['classes'], PointSet(tuple(meta['points']))
        if points.ndim != 4 or points.shape[2] != len(point_set) or points.shape[3] not in (2, 3):
            raise ValueError(f'X must be [N, T, {len(point_set)}, 2 or 3], got {points.shape}')
        if not labels.shape == persons.shape == points.shape[:1]:
            raise ValueError(f'y and persons must be [{len(points)}], got {labels.shape}')
        if not ((labels >= 0) & (labels < len(names))).all():
            raise ValueError(f'y must be numbers of the {len(names)} classes')
        stamps = np.arange(points.shape[1]) / rate
        found: list[list[PointSequence]] = [[] for _ in names]
        for number, (sequence, label, person) in enumerate(zip(points, labels, persons)):
            seen = np.isfinite(sequence).all(axis=2)
            movement = Movement(stamps, np.where(seen[..., None], sequence, 0.0), seen, point_set)
            found[int(label)].append(PointSequence(movement, f'{path.name} {number}', str(person)))
        return [
            MotionClass(re.sub(r'\W+', '_', str(name)), examples=tuple(examples))
            for name, examples in zip(names, found)
            if examples
        ]
    except (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f'{path}: not point sequences ({error})') from error
