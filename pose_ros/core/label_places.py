"""Places for labels beside people: never over a joint or another label, and steady."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import cv2
import numpy as np

from pose_ros.core.anatomy import BONES, HAND
from pose_ros.core.outlines import head_outline
from pose_ros.core.topology import SIDES, Topology

# Of the grid on which free places are searched, along the longer side [cells]: fine enough for a
# label between two people, and 0.6 ms a label.
_CELLS = 80
# Between a label and the person, in cells.
_GAP = 2
# Motion of the body that a label does not follow, in cells: keypoints at rest jitter less.
_REST = 1.0
# A label that is so much farther from its person than another free place moves there, in heights
# of the label: less would let it jump to and fro with every swing of an arm.
_DETOUR = 1.5
# What nearer to another person counts as farther, in heights of the label.
_RIVAL = 6.0
# What below the feet counts as farther than beside the chest, in heights of the label.
_BELOW = 1.0
# Length of a hand over that of a forearm [-].
_HAND = HAND / BONES['elbow', 'wrist']
_CHEST = ('left_shoulder', 'right_shoulder')
_TRUNK = (*_CHEST, 'left_hip', 'right_hip')


@dataclass(frozen=True, eq=False)
class Labelled:
    """A person whose joints no label may hide, and the label, if the person has one.

    Attributes
    ----------
    key
        Id of the person.
    points
        [K, 2] keypoints, NaN where unknown.
    trusted
        Mask [K] of the known keypoints that tell where the person is; one at least.
    topology
        The keypoint format.
    size
        (width, height) of the label; None without one.
    """

    key: int
    points: np.ndarray
    trusted: np.ndarray
    topology: Topology
    size: tuple[float, float] | None = None

    @cached_property
    def box(self) -> np.ndarray:
        """Corners [2, 2] around the trusted keypoints."""
        trusted = self.points[self.trusted]
        return np.array([trusted.min(axis=0), trusted.max(axis=0)])

    def middle_of(self, names: Sequence[str]) -> np.ndarray:
        """Middle [2] of the trusted keypoints of these names, else of all trusted ones."""
        index = self.topology.index
        named = [i for i in map(index, names) if self.trusted[i]]
        return np.asarray(self.points[named or self.trusted].mean(axis=0))


@dataclass
class _Placed:
    """Where a label is: its middle, and that of the trunk then."""

    place: np.ndarray
    trunk: np.ndarray


class LabelPlaces:
    """Remembers where each person's label is, from frame to frame."""

    def __init__(self) -> None:
        self._placed: dict[int, _Placed] = {}

    def arrange(
        self, people: Sequence[Labelled], low: np.ndarray, high: np.ndarray
    ) -> list[np.ndarray | None]:
        """Middle [2] of each person's label; None for people without a label.

        Parameters
        ----------
        people
            All people in the image.
        low, high
            (x, y) of the corners of the area in which labels may be.

        Returns
        -------
        list
            Free places where there are any, else those that hide least.
        """
        grid = _Grid(low, high)
        for person in people:
            grid.block_body(person.points, person.topology)
        before, self._placed = self._placed, {}
        places: list[np.ndarray | None] = []
        boxes = [person.box for person in people]
        for number, person in enumerate(people):
            if person.size is None:
                places.append(None)
                continue
            rivals = boxes[:number] + boxes[number + 1 :]
            trunk = person.middle_of(_TRUNK)
            placed = self._follow(before.get(person.key), trunk, grid.cell)
            place = grid.nearest_free(person, rivals, placed.place if placed else None)
            if placed is None or (place != placed.place).any():
                placed = _Placed(place, trunk)
            if person.key:
                self._placed[person.key] = placed
            grid.block_box(place, person.size)
            places.append(place)
        return places

    def _follow(self, placed: _Placed | None, trunk: np.ndarray, cell: float) -> _Placed | None:
        """Where the label would be if it moved with the body."""
        if placed is None or np.abs(trunk - placed.trunk).max() <= _REST * cell:
            return placed
        return _Placed(placed.place + trunk - placed.trunk, trunk)


class _Grid:
    """What is taken of an area, in cells."""

    def __init__(self, low: np.ndarray, high: np.ndarray) -> None:
        self._low = np.asarray(low, np.float64)
        side = np.maximum(np.asarray(high, np.float64) - self._low, 1e-9)
        self.cell = float(side.max()) / _CELLS
        columns, rows = np.maximum(np.floor(side / self.cell).astype(int), 1)
        self._taken = np.zeros((rows, columns), np.uint8)

    def _cells(self, points: np.ndarray) -> np.ndarray:
        """Cells (column, row) of points, within what OpenCV's integers hold."""
        cells = np.floor((points - self._low) / self.cell)
        return np.clip(cells, -30_000, 30_000).astype(np.int32)

    def block_body(self, points: np.ndarray, topology: Topology) -> None:
        """Take what joints, bones, hands and head cover."""
        lines = np.concatenate([points[_edges(topology)], _hands(points, topology)])
        lines = lines[np.isfinite(lines).all(axis=(1, 2))]
        cv2.polylines(self._taken, list(self._cells(lines)), False, (1,))
        head = head_outline(topology, points)
        if head is not None:
            cv2.polylines(self._taken, [self._cells(head[0])], True, (1,))
        for x, y in self._cells(points[np.isfinite(points).all(axis=1)]).tolist():
            cv2.circle(self._taken, (x, y), 1, (1,), cv2.FILLED)

    def block_box(self, middle: np.ndarray, size: tuple[float, float]) -> None:
        """Take a label."""
        half = np.array(size) / 2
        (x0, y0), (x1, y1) = self._cells(np.array([middle - half, middle + half]))
        self._taken[max(y0, 0) : max(y1 + 1, 0), max(x0, 0) : max(x1 + 1, 0)] = 1

    def nearest_free(
        self, person: Labelled, rivals: Sequence[np.ndarray], wanted: np.ndarray | None
    ) -> np.ndarray:
        """Middle of a label: as wanted if that is free and near, else the nearest free one.

        Near to the person, and farther from the boxes of the others.
        """
        assert person.size is not None
        size = np.array(person.size)
        hidden = self._hidden(size)
        rows, columns = hidden.shape
        x = self._low[0] + size[0] / 2 + np.arange(columns) * self.cell
        y = self._low[1] + size[1] / 2 + np.arange(rows) * self.cell
        distance = np.min(
            [_lengths(x - px, y - py) + extra for px, py, extra in self._usual(person)],
            axis=0,
        )
        if rivals:
            own = _distance(x, y, person.box)
            nearest = np.sum([_distance(x, y, box) < own for box in rivals], axis=0)
            distance += _RIVAL * size[1] * nearest
        free = hidden == hidden.min()
        usual = np.where(free, distance, np.inf)
        if wanted is not None:
            column, row = np.round((wanted - (x[0], y[0])) / self.cell).astype(int)
            inside = 0 <= column < columns and 0 <= row < rows
            limit = usual.min() + _DETOUR * size[1]
            if inside and usual[row, column] <= limit:
                return wanted
            near = usual <= limit
            usual = np.where(near, _lengths(x - wanted[0], y - wanted[1]), np.inf)
        row, column = np.unravel_index(usual.argmin(), usual.shape)
        return np.array([x[column], y[row]])

    def _hidden(self, size: np.ndarray) -> np.ndarray:
        """Number of taken cells that a label hides, by the cell of its upper left corner.

        With a cell of air around it.
        """
        height, width = (int(n) for n in np.ceil(size[::-1] / self.cell))
        total = cv2.integral(np.pad(self._taken, 1))
        rows = max(self._taken.shape[0] - height + 1, 1)
        columns = max(self._taken.shape[1] - width + 1, 1)
        bottom = np.minimum(np.arange(rows) + height + 2, total.shape[0] - 1)
        right = np.minimum(np.arange(columns) + width + 2, total.shape[1] - 1)
        corners = total[bottom][:, right] - total[:rows][:, right] - total[bottom][:, :columns]
        return np.asarray(corners + total[:rows, :columns])

    def _usual(self, person: Labelled) -> list[tuple[float, float, float]]:
        """Middles (x, y) where the label would be best, each with a distance to be added."""
        assert person.size is not None
        width, height = person.size
        (left, _), (right, bottom) = person.box
        chest = person.middle_of(_CHEST)
        away = _GAP * self.cell
        return [
            (right + away + width / 2, chest[1], 0.0),
            (left - away - width / 2, chest[1], 0.0),
            (chest[0], bottom + away + height / 2, _BELOW * height),
        ]


@lru_cache(maxsize=8)
def _edges(topology: Topology) -> np.ndarray:
    return np.array(topology.edges)


@lru_cache(maxsize=8)
def _arms(topology: Topology) -> list[int]:
    """Indices of the elbows and wrists, left before right."""
    return [topology.index(f'{s}_{part}') for part in ('elbow', 'wrist') for s in SIDES]


def _hands(points: np.ndarray, topology: Topology) -> np.ndarray:
    """Lines [2, 2, 2] from the wrists along the forearms, as long as hands are."""
    elbows, wrists = points[_arms(topology)].reshape(2, 2, 2)
    return np.stack([wrists, wrists + _HAND * (wrists - elbows)], axis=1)


def _distance(x: np.ndarray, y: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Distance [rows, columns] of the points (x, y) of a grid from a box."""
    (left, top), (right, bottom) = box
    beside = np.maximum(np.maximum(left - x, x - right), 0.0)
    above = np.maximum(np.maximum(top - y, y - bottom), 0.0)
    return _lengths(beside, above)


def _lengths(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Lengths [rows, columns] of a grid of vectors (x, y); np.hypot takes five times as long."""
    return np.asarray(np.sqrt(x**2 + (y**2)[:, None]))
