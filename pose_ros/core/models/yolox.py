"""YOLOX, a detector of COCO's 80 kinds of things; people are the first of them.

Input and output as its authors export it (Megvii, Apache-2.0): BGR pixels from 0 to 255, and
[1, cells, 85] of (x, y, log width, log height, objectness, a score of each kind), coordinates
relative to cells of 8, 16 and 32 pixels.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pose_ros.core.models.crop import CropReader, whole_frame
from pose_ros.core.models.detector import SMALLEST, Detection, people_in_boxes
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.runtime.image_model import ModelLoader
from pose_ros.core.runtime.litert import TfliteModel
from pose_ros.core.types import Crop, Frame

_STRIDES = (8, 16, 32)
_OBJECTNESS, _PERSON, _VALUES = 4, 5, 85
_LARGEST = 10.0  # logarithm of a side in cells, far beyond any image


class Yolox:
    """A YOLOX detector, of which people are taken.

    Parameters
    ----------
    path
        The .tflite file.
    threads
        Number of CPU threads.
    load
        Loads the file, see `ModelLoader`.

    Raises
    ------
    ModelError
        The file cannot be used or is no such model.
    """

    # 275 of 310 people on COCO, and something in 5 of 42 images without people.
    min_score = threshold = 0.1
    # 237 of 310 people, and something in 1 of 42 images without people.
    sure_score = 0.4
    smallest = SMALLEST
    # Mean over both views; passed by 94 % of the people found on COCO (docs/evaluation).
    min_agreement = 0.5
    sees_far = True
    sees_alignment = False

    def __init__(self, path: Path, threads: int = 1, load: ModelLoader = TfliteModel) -> None:
        self._model = load(path, threads)
        width, height = self._model.input_size
        if width != height or width % max(_STRIDES):
            raise ModelError(
                f'{path}: expected a square input whose side is a multiple of '
                f'{max(_STRIDES)}, found {width}×{height}'
            )
        self._size = width
        self._cells, self._strides = _grid(width)
        self._model.require_outputs((1, len(self._cells), _VALUES))
        self._reader = CropReader((width, height), snap=True)

    def detect(self, frame: Frame, view: Crop | None = None) -> list[Detection]:
        """People in a part of the frame, by default in all of it, the surest first."""
        image, to_image = self._reader.read(frame, view or whole_frame(frame))
        (output,) = self._model.run(image[..., ::-1])
        scores = output[0, :, _OBJECTNESS] * output[0, :, _PERSON]
        sure = scores >= self.threshold
        values = output[0, sure]
        strides = self._strides[sure] / self._size
        centres = (values[:, 0:2] + self._cells[sure]) * strides
        sides = np.exp(values[:, 2:4].clip(None, _LARGEST)) * strides
        corners = np.hstack([centres - sides / 2, centres + sides / 2])
        return people_in_boxes(frame, corners, scores[sure], to_image, self.smallest)


def _grid(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Column and row [N, 2] of each cell, and its side [N, 1] [px of the input]."""
    cells, strides = [], []
    for stride in _STRIDES:
        count = size // stride
        rows, columns = np.mgrid[0:count, 0:count]
        cells.append(np.stack([columns.ravel(), rows.ravel()], axis=1))
        strides.append(np.full((count * count, 1), stride))
    return np.concatenate(cells).astype(np.float32), np.concatenate(strides).astype(np.float32)
