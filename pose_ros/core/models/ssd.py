"""SSD detectors whose file ends in TensorFlow Lite's own post-processing.

They give [1, N, 4] boxes (top, left, bottom, right, relative to the image's sides), [1, N]
kinds and [1, N] scores, and how many of the N count; people are the first of COCO's kinds.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pose_ros.core.models.crop import CropReader, whole_frame
from pose_ros.core.models.detector import SMALLEST, Detection, people_in_boxes
from pose_ros.core.models.pose import MAX_SCORE
from pose_ros.core.runtime.errors import ModelError, require_usable
from pose_ros.core.runtime.image_model import ModelLoader
from pose_ros.core.runtime.litert import TfliteModel
from pose_ros.core.types import Crop, Frame

_PERSON = 0
# The orders in which the converters of TensorFlow 1 and of TensorFlow 2 leave the outputs, and
# that of their names. Kinds and scores look alike: the place of the others tells the order.
_ORDERS = (
    ('boxes', 'kinds', 'scores', 'count'),
    ('scores', 'boxes', 'count', 'kinds'),
    ('count', 'scores', 'kinds', 'boxes'),
)


class Ssd:
    """An SSD-MobileNet or one of its kin, of which one category is taken.

    Parameters
    ----------
    path
        The .tflite file.
    threads
        Number of CPU threads.
    load
        Loads the file, see `ModelLoader`.
    category
        Which of the file's categories to find; COCO's first are people.

    Raises
    ------
    ModelError
        The file cannot be used or is no such model.
    """

    min_score = sure_score = threshold = 0.5
    # As its own threshold: not measured, since no file with people is at hand.
    min_agreement = 0.5
    smallest = SMALLEST
    sees_far = True
    sees_alignment = False

    def __init__(
        self,
        path: Path,
        threads: int = 1,
        load: ModelLoader = TfliteModel,
        *,
        category: int = _PERSON,
    ) -> None:
        self._category = category
        # The post-processing leaves anything in the rows beyond the count.
        self._model = load(path, threads, pixel_range=(-1.0, 1.0), checked=False)
        width, height = self._model.input_size
        if width != height:
            raise ModelError(f'{path}: expected a square input, found {width}×{height}')
        self._order = _order(path, self._model.output_shapes)
        self._reader = CropReader((width, height), snap=True)

    def detect(self, frame: Frame, view: Crop | None = None) -> list[Detection]:
        """People in a part of the frame, by default in all of it, the surest first."""
        image, to_image = self._reader.read(frame, view or whole_frame(frame))
        outputs = dict(zip(self._order, self._model.run(image)))
        require_usable('count of detections', outputs['count'], outputs['scores'].shape[1])
        count = max(int(outputs['count'].ravel()[0]), 0)
        scores = outputs['scores'][0, :count]
        require_usable('scores of detections', scores, MAX_SCORE)
        kinds = np.round(outputs['kinds'][0, :count])
        sure = (kinds == self._category) & (scores >= self.threshold)
        corners = outputs['boxes'][0, :count][sure][:, [1, 0, 3, 2]]
        return people_in_boxes(frame, corners, scores[sure], to_image, self.smallest)


def _order(path: Path, shapes: list[tuple[int, ...]]) -> tuple[str, ...]:
    """Names of the outputs in their order, recognised by their shapes."""
    most = next((shape[1] for shape in shapes if len(shape) == 3), 0)
    expected = {'boxes': (1, most, 4), 'kinds': (1, most), 'scores': (1, most), 'count': (1,)}
    for order in _ORDERS:
        if shapes == [expected[name] for name in order]:
            return order
    found = ', '.join(str(list(shape)) for shape in shapes)
    raise ModelError(
        f'{path}: expected the outputs of a detector, boxes [1, N, 4], kinds [1, N], '
        f'scores [1, N] and their count [1], found {found}'
    )
