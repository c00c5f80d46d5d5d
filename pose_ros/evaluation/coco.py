"""Keypoints against COCO's annotations: average precision and recall by pycocotools."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout
from copy import deepcopy
from dataclasses import dataclass
import io
import json
from pathlib import Path
import time
from typing import Any

import numpy as np

from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.factory import load_pose_model
from pose_ros.core.media import open_media
from pose_ros.core.models.detector import Detection, upright
from pose_ros.core.models.pose import PoseModel
from pose_ros.core.runtime.store import ModelStore
from pose_ros.core.topology import COCO17, Topology, keypoint_map
from pose_ros.core.tracking.region import region_tracker
from pose_ros.core.types import Box, Crop, Frame
from pose_ros.evaluation.tracking import Estimator
from pose_ros.extras import library
from pose_ros.tables import whole_in

PERSON = 1
"""COCO's category."""
_WHOLE = ('image_id', 'category_id', 'num_keypoints')


class DatasetError(ValueError):
    """Annotations or images that cannot be used; the message says what is wrong."""


@dataclass(frozen=True, eq=False)
class CocoImage:
    """One image of a data set.

    Attributes
    ----------
    id
        Of the image in the annotations.
    path
        The file.
    size
        (width, height) [px] by the annotations.
    boxes
        [N, 4]: (x, y, width, height) [px] of the people whose keypoints are annotated.
    is_complete
        Whether everybody in the image is annotated, as far as the annotations tell.
    """

    id: int
    path: Path
    size: tuple[int, int]
    boxes: np.ndarray
    is_complete: bool

    def frame(self) -> Frame:
        """Read the image; MediaError or DatasetError if it is not what the annotations say."""
        [frame] = open_media(self.path).frames()
        if (frame.width, frame.height) != self.size:
            raise DatasetError(
                f'{self.path}: the image is {frame.width}×{frame.height}, '
                f'its annotations are for {self.size[0]}×{self.size[1]}'
            )
        return frame


@dataclass(frozen=True, eq=False)
class Found:
    """What was found in the images of a data set.

    Attributes
    ----------
    detections
        In COCO's format of results.
    seconds
        Time that each image took [s], without reading it.
    """

    detections: list[dict[str, Any]]
    seconds: list[float]

    @property
    def milliseconds(self) -> float:
        """Median time of an image [ms]."""
        return 1000 * float(np.median(self.seconds))


@dataclass(frozen=True)
class CocoScore:
    """COCO's figures for keypoints, 0 to 1; not a number where no person is annotated.

    Attributes
    ----------
    ap
        Mean average precision over the thresholds of OKS from 0.50 to 0.95.
    ap50, ap75
        Average precision at one of them.
    ar
        Mean recall over the thresholds.
    """

    ap: float
    ap50: float
    ap75: float
    ar: float


def read_annotations(path: Path) -> dict[str, Any]:
    """Read a file of COCO person keypoints; DatasetError if it is none."""
    try:
        truth = json.loads(path.read_text(encoding='utf-8'))
    except OSError as error:
        raise DatasetError(f'{path}: {error.strerror}') from error
    except ValueError as error:
        raise DatasetError(f'{path}: not JSON: {error}') from error
    if not isinstance(truth, dict) or not all(
        isinstance(truth.get(key), list) for key in ('images', 'annotations')
    ):
        raise DatasetError(f'{path}: not COCO annotations: no lists images and annotations')
    for index, note in enumerate(truth['annotations']):
        _check_annotation(note, f'{path}: annotation {index}')
    for index, image in enumerate(truth['images']):
        keys = {'id', 'file_name', 'width', 'height'}
        if not isinstance(image, dict) or not keys <= image.keys():
            raise DatasetError(f'{path}: image {index} lacks one of {", ".join(sorted(keys))}')
        _check_whole(image, sorted(keys - {'file_name'}), f'{path}: image {index}')
    for kind in ('images', 'annotations'):
        numbers = Counter(one['id'] for one in truth[kind] if 'id' in one)
        twice = [number for number, count in numbers.items() if count > 1]
        if twice:
            raise DatasetError(f'{path}: {kind} must have different ids, got {twice[0]} twice')
    if not any(note['num_keypoints'] for note in truth['annotations']):
        raise DatasetError(f'{path}: no person in it has keypoints')
    # pycocotools wants these, smaller files do without.
    truth.setdefault('categories', [{'id': PERSON, 'name': 'person'}])
    for index, note in enumerate(truth['annotations'], 1):
        note.setdefault('id', index)
        note.setdefault('iscrowd', 0)
    return truth


def find_images(truth: dict[str, Any], folder: Path) -> list[CocoImage]:
    """Images of the annotations in a folder; DatasetError names those that are not there."""
    images, missing = [], []
    notes: dict[int, list[dict[str, Any]]] = {}
    for note in truth['annotations']:
        notes.setdefault(note['image_id'], []).append(note)
    for image in truth['images']:
        path = folder / image['file_name']
        if not path.is_file():
            missing.append(image['file_name'])
            continue
        own = notes.get(image['id'], [])
        people = [note for note in own if note['num_keypoints'] and not note['iscrowd']]
        images.append(
            CocoImage(
                image['id'],
                path,
                (image['width'], image['height']),
                np.array([note['bbox'] for note in people], float).reshape(-1, 4),
                # The mark of subsets that lack people without keypoints.
                all(note.get('area_is_true', 1) for note in own),
            )
        )
    if missing:
        some = ', '.join(missing[:3]) + (', …' if len(missing) > 3 else '')
        raise DatasetError(
            f'{len(missing)} of {len(truth["images"])} images are not in {folder}: {some}'
        )
    return images


def whole_images(
    estimator: Estimator,
    images: Sequence[CocoImage],
    advance: Callable[[], object] = lambda: None,
) -> Found:
    """Find the people in whole images, each as the first frame of a sequence.

    Parameters
    ----------
    estimator
        Is reset before every image.
    images
        Where to look.
    advance
        Called after each image.

    Raises
    ------
    DatasetError, MediaError, FrameError
        An image cannot be used.
    """
    detections, seconds = [], []
    for image in images:
        frame = image.frame()
        estimator.reset()
        started = time.perf_counter()
        people = estimator.estimate(frame)
        seconds.append(time.perf_counter() - started)
        detections += [
            detection(image.id, one.topology, one.keypoints, one.scores, one.score)
            for one in people
        ]
        advance()
    return Found(detections, seconds)


class GivenBoxes:
    """Shows a single-person model the people whom the annotations report.

    Parameters
    ----------
    config
        Names the model; ModelError if it cannot be had or sees more than one person.
    """

    def __init__(self, config: EstimatorConfig, store: ModelStore | None = None) -> None:
        self._model: PoseModel = load_pose_model(config, store or ModelStore())
        self._regions = region_tracker(self._model, config)

    def find(
        self, images: Sequence[CocoImage], advance: Callable[[], object] = lambda: None
    ) -> Found:
        """Look once into every annotated box; the rest is as in `whole_images`."""
        detections, seconds = [], []
        for image in images:
            frame = image.frame()
            started = time.perf_counter()
            poses = [self._model.estimate(frame, crop) for crop in self._crops(image)]
            seconds.append(time.perf_counter() - started)
            detections += [
                detection(image.id, self._model.topology, one.keypoints, one.scores, one.score)
                for one in poses
            ]
            advance()
        return Found(detections, seconds)

    def _crops(self, image: CocoImage) -> Iterator[Crop]:
        for x, y, width, height in image.boxes.tolist():
            box = Box(x, y, width, height)
            yield self._regions.around(Detection(box, 1.0, upright(box)))


def detection(
    image_id: int, topology: Topology, keypoints: np.ndarray, scores: np.ndarray, score: float
) -> dict[str, Any]:
    """One person in COCO's format of results.

    COCO ranks all people by one score: ours is the person's, as it is published.
    """
    index = keypoint_map(topology, COCO17)
    points = np.column_stack([keypoints[index], scores[index]]).astype(float)
    return {
        'image_id': image_id,
        'category_id': PERSON,
        'keypoints': points.ravel().tolist(),
        'score': float(score),
    }


def score(
    truth: dict[str, Any],
    detections: Sequence[dict[str, Any]],
    image_ids: Sequence[int] | None = None,
) -> CocoScore:
    """COCO's figures by pycocotools.

    Parameters
    ----------
    truth
        As `read_annotations` gives it.
    detections
        In COCO's format of results.
    image_ids
        Those that count; None: all of the annotations.

    Raises
    ------
    MissingLibraryError
        Without pycocotools.
    """
    coco, cocoeval = library('pycocotools.coco'), library('pycocotools.cocoeval')
    with redirect_stdout(io.StringIO()):  # pycocotools tells its progress there
        annotated = coco.COCO()
        annotated.dataset = deepcopy(truth)
        annotated.createIndex()
        found = annotated.loadRes(deepcopy(list(detections))) if detections else coco.COCO()
        evaluation = cocoeval.COCOeval(annotated, found, 'keypoints')
        ids = image_ids if image_ids is not None else [one['id'] for one in truth['images']]
        evaluation.params.imgIds = sorted(ids)
        evaluation.params.catIds = [PERSON]
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    # Its -1 means that no person is annotated.
    stats = np.where(evaluation.stats < 0, np.nan, evaluation.stats)
    ap, ap50, ap75, ar = stats[[0, 1, 2, 5]].tolist()
    return CocoScore(ap, ap50, ap75, ar)


def _check_annotation(note: Any, name: str) -> None:
    """Refuse what is no person with keypoints."""
    if not isinstance(note, dict):
        raise DatasetError(f'{name} is no object')
    missing = [key for key in (*_WHOLE, 'area', 'keypoints', 'bbox') if key not in note]
    if missing:
        raise DatasetError(f'{name} has no {", ".join(missing)}: not COCO person keypoints')
    for key, length in (('keypoints', 3 * len(COCO17)), ('bbox', 4)):
        value = note[key]
        if not isinstance(value, list) or len(value) != length:
            found = len(value) if isinstance(value, list) else value
            raise DatasetError(f'{name}: {key} must be {length} numbers, got {found!r}')
        if not all(isinstance(number, (int, float)) for number in value):
            raise DatasetError(f'{name}: {key} must be numbers')
    if not isinstance(note['area'], (int, float)):
        raise DatasetError(f'{name}: area must be a number, got {note["area"]!r}')
    _check_whole(note, [*_WHOLE, *(['id'] if 'id' in note else [])], name)


def _check_whole(record: dict[str, Any], keys: Sequence[str], name: str) -> None:
    try:
        for key in keys:
            whole_in(record, key)
    except ValueError as error:
        raise DatasetError(f'{name}: {error}') from None
