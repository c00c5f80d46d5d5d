"""PoseNet: everybody in a frame at once, from heatmaps and offsets.

The method is PersonLab's (Papandreou et al., "PersonLab: Person Pose Estimation and Instance
Segmentation with a Bottom-Up, Part-Based, Geometric Embedding Model", ECCV 2018). The model files
are Google Coral's, whose last operator (`PosenetDecoderOp`) does in C++ what is done here.

On a grid of cells, 16 pixels apart, the model gives for each keypoint
- a heatmap: how sure it is that the keypoint is within reach of the cell (logits),
- short offsets: from the cell to the keypoint [px], by which keypoints become sub-pixel,
- mid offsets: from a keypoint of a person to its neighbours along the body [px].
Heatmaps of this kind are discs, not Gaussians: `heatmap.decode` has nothing to fit there.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from pose_ros.core.models.crop import FrameReader, apply_affine
from pose_ros.core.models.pose import Pose
from pose_ros.core.runtime.image_model import ModelLoader
from pose_ros.core.runtime.litert import TfliteModel
from pose_ros.core.topology import COCO17
from pose_ros.core.types import Frame

DECODER_OPERATOR = 'PosenetDecoderOp'
STRIDE = 16  # of the grid [px]
_KEYPOINTS = len(COCO17)
# The tree along which people are put together, in the order of the mid offsets' channels: y of
# all branches outwards, x, then y and x of all branches inwards.
BRANCHES = (
    (0, 1), (1, 3), (0, 2), (2, 4),
    (0, 5), (5, 7), (7, 9), (5, 11), (11, 13), (13, 15),
    (0, 6), (6, 8), (8, 10), (6, 12), (12, 14), (14, 16),
)  # fmt: skip

_MAX_PEOPLE = 20
# Least score of a keypoint from which a person is put together.
_ROOT_SCORE = 0.2
# Two of a kind nearer than this are one [px of the input]. On 111 images of COCO AP is 0.240;
# with Coral's 10 it is 0.234, and there are more doubles.
_SAME_KEYPOINT = 20.0
# How often a keypoint found along the tree is put right by the short offsets. More does not help:
# there AP was 0.228 with 2, 0.234 with 3, 0.227 with Coral's 5.
_SHORT_STEPS = 3
_ROOTS_AT_ONCE = 32


@dataclass(frozen=True, eq=False)
class Fields:
    """What the model gives for one image.

    Attributes
    ----------
    heatmaps
        float32 [height, width, 17] of logits.
    short_offsets
        float32 [height, width, 34] [px]: y of each keypoint, then x.
    mid_offsets
        float32 [height, width, 64] [px]: see `BRANCHES`.
    """

    heatmaps: np.ndarray
    short_offsets: np.ndarray
    mid_offsets: np.ndarray


@dataclass(frozen=True, eq=False)
class Instance:
    """A person put together.

    Attributes
    ----------
    keypoints
        [17, 2]: (x, y) [px of the input].
    scores
        [17], 0 to 1.
    score
        Mean of the scores, without keypoints that belong to a surer person.
    """

    keypoints: np.ndarray
    scores: np.ndarray
    score: float


class PoseNet:
    """A PoseNet model with short and mid offsets.

    Parameters
    ----------
    path
        The .tflite file, with Google's decoding operator at its end or without.
    threads
        Number of CPU threads.
    load
        Loads the file, see `TfliteModel`.

    Raises
    ------
    ModelError
        The file cannot be used or is no such model.
    """

    topology = COCO17
    # Mean keypoint score. Of 90 cuts of COCO images without people all lie below, the highest at
    # 0.21; of the people in them whom the model finds (larger than 64 px, OKS over 0.5), 4 %.
    min_score = 0.25

    def __init__(self, path: Path, threads: int = 1, load: ModelLoader = TfliteModel) -> None:
        # Pixels go in as they are: 0 stands for -1, 255 for a bit less than 1.
        self._model = load(path, threads, (-1.0, 127 / 128), without=DECODER_OPERATOR)
        width, height = self._model.input_size
        grid = (1, (height - 1) // STRIDE + 1, (width - 1) // STRIDE + 1)
        self._model.require_outputs(
            (*grid, _KEYPOINTS), (*grid, 2 * _KEYPOINTS), (*grid, 4 * len(BRANCHES))
        )
        self._reader = FrameReader((width, height))

    def estimate_all(self, frame: Frame) -> list[Pose]:
        """Poses of all people in the frame, the surest first."""
        image, to_image = self._reader.read(frame)
        heatmaps, short_offsets, mid_offsets = self._model.run(image)
        people = decode(Fields(heatmaps[0], short_offsets[0], mid_offsets[0]))
        size = self._model.input_size
        return [
            Pose(
                keypoints=apply_affine(to_image, one.keypoints / size).astype(np.float32),
                scores=one.scores.astype(np.float32),
                score=one.score,
            )
            for one in people
            if one.score >= self.min_score
        ]


def decode(fields: Fields) -> list[Instance]:
    """Put people together, the surest first.

    The surest keypoints are roots, from which the rest of their person is found along the tree,
    until all of them are used, or belong to a person found already.
    """
    points, kinds = _local_maxima(fields)
    free = np.ones(len(points), bool)
    found: list[np.ndarray] = []
    while len(found) < _MAX_PEOPLE and free.any():
        # Many at once, as one costs as much: some will turn out to belong to the same person.
        roots = np.flatnonzero(free)[:_ROOTS_AT_ONCE]
        for root, person in zip(roots, _grow(fields, points[roots], kinds[roots])):
            if free[root] and len(found) < _MAX_PEOPLE:
                found.append(person)
                free &= _distances(points, person[kinds]) > _SAME_KEYPOINT
                free[root] = False
    people = np.reshape(found, (len(found), _KEYPOINTS, 2))
    channels = np.tile(np.arange(_KEYPOINTS), len(people))
    logits = _sample(fields.heatmaps, people.reshape(-1, 2), channels[:, None])
    return _without_doubles(people, _sigmoid(logits).reshape(-1, _KEYPOINTS))


def _local_maxima(fields: Fields) -> tuple[np.ndarray, np.ndarray]:
    """Keypoints [N, 2] [px] and the kind of each, the surest first."""
    heatmaps = fields.heatmaps
    highest_around = cv2.dilate(heatmaps, np.ones((3, 3), np.uint8))
    least = np.log(_ROOT_SCORE / (1 - _ROOT_SCORE))
    rows, columns, kinds = np.nonzero((heatmaps >= least) & (heatmaps == highest_around))
    points = np.stack(
        [
            columns * STRIDE + fields.short_offsets[rows, columns, kinds + _KEYPOINTS],
            rows * STRIDE + fields.short_offsets[rows, columns, kinds],
        ],
        axis=1,
    )
    order = np.argsort(-heatmaps[rows, columns, kinds], kind='stable')
    return points[order], kinds[order]


def _grow(fields: Fields, roots: np.ndarray, kinds: np.ndarray) -> np.ndarray:
    """Keypoints [N, 17, 2] [px] of the people to whom keypoints [N, 2] of these kinds belong.

    There is one way only from a keypoint to another along a tree, so that the order in which a
    person's keypoints are found does not matter: those as far from the root are found together.
    """
    people = np.zeros((len(roots), _KEYPOINTS, 2))
    people[np.arange(len(roots)), kinds] = roots
    steps = _STEPS[kinds]
    for step in range(1, steps.max() + 1):
        who, targets = np.nonzero(steps == step)
        points = people[who, _SOURCES[kinds[who], targets]]
        points = _follow(fields.mid_offsets, points, _CHANNELS[kinds[who], targets])
        channels = np.stack([targets + _KEYPOINTS, targets], axis=1)
        for _ in range(_SHORT_STEPS):
            points = _follow(fields.short_offsets, points, channels)
        people[who, targets] = points
    return people


def _ways() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ways along the tree from each keypoint (first index) to each other (second).

    Returns
    -------
    int [17, 17]
        Steps that it takes.
    int [17, 17]
        The last keypoint before the other.
    int [17, 17, 2]
        Channels of the mid offsets that lead from there to the other: of x and y.
    """
    count = len(BRANCHES)
    branches = {(a, b): (edge + count, edge) for edge, (a, b) in enumerate(BRANCHES)}
    branches |= {(b, a): (x + 2 * count, y + 2 * count) for (a, b), (x, y) in branches.items()}
    steps = np.full((_KEYPOINTS, _KEYPOINTS), -1)
    sources = np.zeros((_KEYPOINTS, _KEYPOINTS), int)
    channels = np.zeros((_KEYPOINTS, _KEYPOINTS, 2), int)
    for root in range(_KEYPOINTS):
        steps[root, root] = 0
        reached = [root]
        for source in reached:  # grows while it is gone through
            for (start, end), channel in branches.items():
                if start == source and steps[root, end] < 0:
                    steps[root, end] = steps[root, source] + 1
                    sources[root, end] = source
                    channels[root, end] = channel
                    reached.append(end)
    return steps, sources, channels


_STEPS, _SOURCES, _CHANNELS = _ways()


def _without_doubles(keypoints: np.ndarray, scores: np.ndarray) -> list[Instance]:
    """People with their final score, the surest first."""
    order = np.argsort(-scores.mean(axis=1), kind='stable')
    keypoints, scores = keypoints[order], scores[order]
    instances = []
    for index, (points, own) in enumerate(zip(keypoints, scores)):
        taken = (_distances(keypoints[:index], points) <= _SAME_KEYPOINT).any(axis=0)
        instances.append(Instance(points, own, float(own[~taken].sum() / _KEYPOINTS)))
    return sorted(instances, key=lambda instance: -instance.score)


def _follow(offsets: np.ndarray, points: np.ndarray, channels: np.ndarray) -> np.ndarray:
    """Points [N, 2] moved by the offsets in channels [N, 2]; from the edge if they are beyond."""
    height, width, _ = offsets.shape
    nearest = np.minimum(np.maximum(points, 0), ((width - 1) * STRIDE, (height - 1) * STRIDE))
    return nearest + _sample(offsets, nearest, channels)


def _sample(field: np.ndarray, points: np.ndarray, channels: np.ndarray) -> np.ndarray:
    """Values [N, C] of a field [height, width, …] at points [N, 2] [px], between its cells.

    Parameters
    ----------
    channels
        int [N, C]: those to be read at each point.
    """
    height, width, depth = field.shape
    cells = np.minimum(np.maximum(points / STRIDE, 0), (width - 1, height - 1))
    corners = np.minimum(cells.astype(int), (width - 2, height - 2))
    x, y = (cells - corners).T[..., None]
    values = field.reshape(-1)
    index = (corners @ (depth, width * depth))[:, None] + channels
    left, right = values.take(index), values.take(index + depth)
    above = left + x * (right - left)
    index += width * depth
    left, right = values.take(index), values.take(index + depth)
    below = left + x * (right - left)
    return np.asarray(above + y * (below - above))


def _distances(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Distances between points [..., 2]."""
    return np.hypot(points[..., 0] - others[..., 0], points[..., 1] - others[..., 1])


def _sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-logits.clip(-80.0, 80.0)))
