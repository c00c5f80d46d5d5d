"""People out of heatmaps and part affinity fields, as OpenPose makes them.

A heatmap is high where a kind of keypoint is, whoever's; a field holds for one kind of limb the
direction in which it runs, wherever one is. Pairs of peaks between which the field runs from one
to the other are limbs, and limbs that share keypoints are people (Cao et al., "Realtime
Multi-Person 2D Pose Estimation using Part Affinity Fields", CVPR 2017).

Coordinates are cells, (0, 0) the centre of the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pose_ros.core.topology import BODY25, COCO17, COCO18, Topology

_SAMPLES = 10  # along a limb
_MAX_PEAKS = 24  # of one kind: more are noise, and pairs of them would take long
_LENGTH_PENALTY = 0.5  # of a limb as long as the image is high
_FAINTEST = 0.01  # of a peak; below it the logarithm is that of noise


@dataclass(frozen=True)
class FieldLayout:
    """Which channels hold what.

    Attributes
    ----------
    topology
        Format of the keypoints, in the order of the heatmaps; the background's may follow.
    limbs
        (start, end, channel): keypoints that a limb joins, and the channel with the x of its
        field; that of y is the next.
    spare
        How many of the limbs, the last ones, only join parts of people that no other limb joins.
    """

    topology: Topology
    limbs: tuple[tuple[int, int, int], ...]
    spare: int = 0

    @property
    def channels(self) -> int:
        """Number of the fields' channels."""
        return 2 * len(self.limbs)

    @cached_property
    def counted(self) -> np.ndarray:
        """Mask [K] of the keypoints that make a person: those of COCO's 17."""
        return np.isin(self.topology.keypoint_names, COCO17.keypoint_names)


# Limbs and channels of OpenPose's models COCO and BODY_25. The spare ones run from the shoulders
# to the ears, for heads seen from behind.
# fmt: off
COCO18_FIELDS = FieldLayout(
    COCO18,
    (
        (1, 2, 12), (1, 5, 20), (2, 3, 14), (3, 4, 16), (5, 6, 22), (6, 7, 24), (1, 8, 0),
        (8, 9, 2), (9, 10, 4), (1, 11, 6), (11, 12, 8), (12, 13, 10), (1, 0, 28), (0, 14, 30),
        (14, 16, 34), (0, 15, 32), (15, 17, 36), (2, 16, 18), (5, 17, 26),
    ),
    spare=2,
)
BODY25_FIELDS = FieldLayout(
    BODY25,
    (
        (1, 8, 0), (1, 2, 14), (1, 5, 22), (2, 3, 16), (3, 4, 18), (5, 6, 24), (6, 7, 26),
        (8, 9, 6), (9, 10, 2), (10, 11, 4), (8, 12, 8), (12, 13, 10), (13, 14, 12), (1, 0, 30),
        (0, 15, 32), (15, 17, 36), (0, 16, 34), (16, 18, 38), (14, 19, 40), (19, 20, 42),
        (14, 21, 44), (11, 22, 46), (22, 23, 48), (11, 24, 50), (2, 17, 20), (5, 18, 28),
    ),
    spare=2,
)
# fmt: on
FIELD_LAYOUTS = (COCO18_FIELDS, BODY25_FIELDS)


@dataclass(frozen=True, eq=False)
class FoundPerson:
    """One person in the maps.

    Attributes
    ----------
    keypoints
        float32 [K, 2]: (x, y) [cells]; one that was not found stands where the nearest one found
        along the body is.
    scores
        float32 [K]: heights of the peaks, 0 to 1; 0 where none was found.
    score
        What speaks for this person out of all that could, keypoints and limbs: 0 to 1.
    """

    keypoints: np.ndarray
    scores: np.ndarray
    score: float


@dataclass(frozen=True, eq=False)
class Peaks:
    """Local maxima of the heatmaps, kind after kind.

    Attributes
    ----------
    points
        float [N, 2]: (x, y) [cells].
    scores
        float [N].
    kinds
        int [N]: index of the keypoint that each may be.
    """

    points: np.ndarray
    scores: np.ndarray
    kinds: np.ndarray

    def of(self, kind: int) -> np.ndarray:
        """Indices of the peaks of one kind."""
        first, last = np.searchsorted(self.kinds, (kind, kind + 1))
        return np.arange(first, last)


@dataclass(frozen=True)
class FieldDecoder:
    """Finds the people in heatmaps and part affinity fields.

    Attributes
    ----------
    layout
        Which channels hold what.
    peak_threshold
        Least height of a peak.
    field_threshold
        Least part of a field's length, along the limb, with which a sample speaks for it.
    sample_share
        Least share of a limb's samples that must speak for it.
    min_parts
        People with fewer keypoints of those that COCO's 17 are, are dropped: toes do not count.
    min_evidence
        Nor are people with less evidence per keypoint found: heights of peaks plus limbs.
    """

    layout: FieldLayout
    peak_threshold: float = 0.1
    field_threshold: float = 0.05
    sample_share: float = 0.8
    min_parts: int = 4
    min_evidence: float = 0.4

    def decode(self, heatmaps: np.ndarray, fields: np.ndarray) -> list[FoundPerson]:
        """Find the people.

        Parameters
        ----------
        heatmaps
            float32 [height, width, K], or K + 1 with the background's.
        fields
            float32 [height, width, 2 × limbs].

        Returns
        -------
        list of FoundPerson
            The surest first. ValueError if the arrays do not fit the layout.
        """
        count = len(self.layout.topology)
        shape, channels = heatmaps.shape, self.layout.channels
        if len(shape) != 3 or shape[2] not in (count, count + 1):
            raise ValueError(
                f'expected heatmaps [height, width, {count} or {count + 1}], got {list(shape)}'
            )
        if fields.shape != (*shape[:2], channels):
            expected = [*shape[:2], channels]
            raise ValueError(f'expected fields {expected}, got {list(fields.shape)}')
        peaks = find_peaks(heatmaps[..., :count], self.peak_threshold)
        people = self._assemble(peaks, self._limbs(peaks, fields))
        return sorted(people, key=lambda person: -person.score)

    def _limbs(self, peaks: Peaks, fields: np.ndarray) -> list[_LimbType]:
        """Limbs between peaks, in the order in which they shall be joined."""
        pairs = [
            (np.repeat(starts, len(ends)), np.tile(ends, len(starts)))
            for starts, ends in (
                (peaks.of(start), peaks.of(end)) for start, end, _ in self.layout.limbs
            )
        ]
        counts = [len(starts) for starts, _ in pairs]
        starts, ends = (np.concatenate(side) for side in zip(*pairs))
        channels = np.repeat([channel for _, _, channel in self.layout.limbs], counts)
        scores = self._agreement(peaks.points[starts], peaks.points[ends], fields, channels)
        # Of two peaks along the same limb the higher one is its end.
        scores *= np.sqrt(peaks.scores[starts] * peaks.scores[ends])
        limbs = []
        last = len(self.layout.limbs) - self.layout.spare
        for number, end_of_kind in enumerate(np.cumsum(counts)):
            kind = np.s_[end_of_kind - counts[number] : end_of_kind]
            limbs += _assigned(starts[kind], ends[kind], scores[kind], spare=number >= last)
        return sorted(limbs, key=lambda limb: (limb.spare, -limb.score))

    def _agreement(
        self, starts: np.ndarray, ends: np.ndarray, fields: np.ndarray, channels: np.ndarray
    ) -> np.ndarray:
        """How well the field runs from starts [N, 2] to ends [N, 2]; 0 where it does not."""
        along = ends - starts
        lengths = np.linalg.norm(along, axis=1)
        directions = along / np.maximum(lengths, 1e-6)[:, None]
        steps = np.linspace(0, 1, _SAMPLES)
        points = starts[:, None] + steps[:, None] * along[:, None]
        field = _sampled(fields, points, channels)
        agreement = (field * directions[:, None]).sum(axis=2)
        share = (agreement > self.field_threshold).mean(axis=1)
        # Long limbs are less likely; and of two bodies in one line the limbs are alike in length.
        penalty = _LENGTH_PENALTY * (lengths / fields.shape[0]) ** 2
        scores = agreement.mean(axis=1) - penalty
        return np.where((share >= self.sample_share) & (scores > 0), scores, 0.0)

    def _assemble(self, peaks: Peaks, limbs: list[_LimbType]) -> list[FoundPerson]:
        """Join limbs to people, the surest limbs first; no person has a keypoint twice."""
        bodies = _Bodies(peaks.kinds, len(self.layout.topology))
        for limb in limbs:
            bodies.join(limb)
        people = []
        for parts, limb_evidence in bodies.all():
            found = parts >= 0
            evidence = peaks.scores[parts[found]].sum() + limb_evidence
            if np.count_nonzero(
                found & self.layout.counted
            ) >= self.min_parts and evidence >= self.min_evidence * np.count_nonzero(found):
                people.append(self._person(peaks, parts, float(evidence)))
        return people

    def _person(self, peaks: Peaks, parts: np.ndarray, evidence: float) -> FoundPerson:
        found = parts >= 0
        places = parts[self.layout.topology.nearest(found)]
        scores = np.where(found, np.minimum(peaks.scores[parts], 1.0), 0.0)
        # As many peaks as there are keypoints, and the limbs that join them.
        most = 2 * len(parts) - 1
        return FoundPerson(
            peaks.points[places].astype(np.float32),
            scores.astype(np.float32),
            min(evidence / most, 1.0),
        )


@dataclass(frozen=True)
class _LimbType:
    """A limb between two peaks; a spare one joins only what no other limb joins."""

    start: int
    end: int
    score: float
    spare: bool


class _Bodies:
    """Sets of peaks that belong together; at first each peak is one of its own."""

    def __init__(self, kinds: np.ndarray, count: int) -> None:
        self._parts = np.full((len(kinds), count), -1)
        self._parts[np.arange(len(kinds)), kinds] = np.arange(len(kinds))
        self._evidence = np.zeros(len(kinds))
        self._body = np.arange(len(kinds))  # of each peak

    def join(self, limb: _LimbType) -> None:
        """Make one body of two unless they have keypoints of the same kind."""
        kept, given = self._body[limb.start], self._body[limb.end]
        parts, others = self._parts[kept], self._parts[given]
        if ((parts >= 0) & (others >= 0)).any():
            return
        parts[others >= 0] = others[others >= 0]
        self._evidence[kept] += self._evidence[given] + limb.score
        self._body[self._body == given] = kept

    def all(self) -> list[tuple[np.ndarray, float]]:
        """Peaks [K] of each body, -1 where it has none, and the evidence of its limbs."""
        return [(self._parts[body], self._evidence[body]) for body in np.unique(self._body)]


def find_peaks(heatmaps: np.ndarray, threshold: float) -> Peaks:
    """Find local maxima, to a fraction of a cell.

    Parameters
    ----------
    heatmaps
        float32 [height, width, K].
    threshold
        Least height.
    """
    rows, columns, kinds = np.nonzero(_is_peak(heatmaps, threshold))
    scores = heatmaps[rows, columns, kinds]
    order = np.lexsort((-scores, kinds))
    # Number of each peak among those of its kind, the highest first.
    rank = np.arange(len(order)) - np.searchsorted(kinds[order], kinds[order])
    order = order[rank < _MAX_PEAKS]
    rows, columns, kinds, scores = rows[order], columns[order], kinds[order], scores[order]
    across = _vertices(heatmaps[rows, :, kinds], columns)
    down = _vertices(heatmaps[:, columns, kinds].T, rows)
    points = np.stack([across, down], axis=1)
    return Peaks(points, scores.astype(np.float64), kinds)


def _is_peak(heatmaps: np.ndarray, threshold: float) -> np.ndarray:
    """Mask of the cells that are higher than their eight neighbours; of equals it is the last."""
    height, width = heatmaps.shape[:2]
    padded = np.pad(heatmaps, ((1, 1), (1, 1), (0, 0)), constant_values=-np.inf)
    peak = heatmaps >= threshold
    for number, (down, right) in enumerate(np.ndindex(3, 3)):
        neighbour = padded[down : down + height, right : right + width]
        if number < 4:
            peak &= heatmaps >= neighbour
        elif number > 4:
            peak &= heatmaps > neighbour
    return np.asarray(peak)


def _vertices(lines: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """Where the Gaussian through three values has its top, half a cell from the highest at most.

    The values are those of lines [N, size] around the cells [N]; at the edges of the nearest
    three.
    """
    if lines.shape[1] < 3:
        return cells.astype(np.float64)
    middles = cells.clip(1, lines.shape[1] - 2)
    around = np.take_along_axis(lines, middles[:, None] + [-1, 0, 1], axis=1)
    low, middle, high = np.log(np.maximum(around, _FAINTEST * around.max(axis=1)[:, None])).T
    bend = low - 2 * middle + high
    peaked = bend < 0
    steps = (low - high) / np.where(peaked, 2 * bend, 1.0)
    tops = np.where(peaked, middles + steps, cells)
    return np.asarray(tops.clip(cells - 0.5, cells + 0.5), np.float64)


def _sampled(fields: np.ndarray, points: np.ndarray, channels: np.ndarray) -> np.ndarray:
    """Values (x, y) [N, S, 2] of fields at points [N, S, 2], between cells linearly."""
    height, width, count = fields.shape
    limit = np.array([width - 1, height - 1])
    cells = np.clip(np.floor(points), 0, limit - 1).astype(int)
    right, down = np.moveaxis(np.clip(points - cells, 0, 1), 2, 0)[..., None]
    first = (cells[..., 1] * width + cells[..., 0]) * count + channels[:, None]
    index = first[..., None] + np.arange(2)
    flat = fields.reshape(-1)
    upper = flat[index] * (1 - right) + flat[index + count] * right
    index += width * count
    lower = flat[index] * (1 - right) + flat[index + count] * right
    return np.asarray(upper * (1 - down) + lower * down)


def _assigned(
    starts: np.ndarray, ends: np.ndarray, scores: np.ndarray, spare: bool
) -> list[_LimbType]:
    """Limbs of one kind: every peak in one at most, the scores together as high as can be.

    `starts`, `ends` and `scores` are those of all pairs [N].
    """
    if not scores.any():
        return []
    rows, row = np.unique(starts, return_inverse=True)
    columns, column = np.unique(ends, return_inverse=True)
    table = np.zeros((len(rows), len(columns)))
    table[row, column] = scores
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415 slow to import

    chosen = zip(*linear_sum_assignment(table, maximize=True))
    return [
        _LimbType(int(rows[i]), int(columns[j]), float(table[i, j]), spare)
        for i, j in chosen
        if table[i, j] > 0
    ]
