"""PicoDet, a person detector.

Input and outputs as PaddleDetection exports it without post-processing (Baidu, Apache-2.0): an
RGB image [1, 3, size, size] with ImageNet's mean and deviation, to which the whole frame is
stretched; boxes [1, N, 4] of (x0, y0, x1, y1) [px of the input] and scores [1, 1, N].
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from pose_ros.core.models.crop import CropReader, whole_frame
from pose_ros.core.models.detector import SMALLEST, Detection, people_in_boxes
from pose_ros.core.models.imagenet import IMAGENET_RANGE
from pose_ros.core.runtime.image_model import ModelLoader
from pose_ros.core.runtime.openvino import OpenVinoModel
from pose_ros.core.types import Crop, Frame


class PicoDet:
    """A PicoDet detector of people.

    Parameters
    ----------
    path
        The .xml file.
    threads
        Number of CPU threads.
    load
        Loads the file, see `ModelLoader`.

    Raises
    ------
    ModelError
        The file cannot be used or is no such model.
    """

    # At an input of 320 px: 297 of 310 people on COCO, and something in 32 of 42 images without
    # people (416 px: 299 and 39).
    min_score = threshold = 0.2
    # 255 of 310 people, and something in 14 of 42 images without people (416 px: 261 and 23).
    sure_score = 0.4
    # As YOLOX's: not measured. It counts only where YOLOX is not installed.
    min_agreement = 0.5
    smallest = SMALLEST
    sees_far = True
    sees_alignment = False

    def __init__(self, path: Path, threads: int = 1, load: ModelLoader = OpenVinoModel) -> None:
        self._model = load(path, threads, IMAGENET_RANGE)
        shapes = self._model.output_shapes
        count = shapes[0][1] if shapes and len(shapes[0]) == 3 else 0
        self._model.require_outputs((1, count, 4), (1, 1, count))
        self._size = self._model.input_size
        self._reader = CropReader(self._size, snap=True)

    def detect(self, frame: Frame, view: Crop | None = None) -> list[Detection]:
        """People in a part of the frame, by default in all of it, the surest first."""
        if view is None or view == whole_frame(frame):
            image, to_frame = self._stretched(frame)
        else:
            image, to_frame = self._reader.read(frame, view)
        boxes, scores = self._model.run(image)
        sure = scores[0, 0] >= self.threshold
        corners = boxes[0, sure] / (self._size * 2)
        return people_in_boxes(frame, corners, scores[0, 0, sure], to_frame, self.smallest)

    def _stretched(self, frame: Frame) -> tuple[np.ndarray, np.ndarray]:
        """Image and affine matrix as `CropReader.read` gives them: finds 5 % more than bars."""
        image = cv2.resize(frame.image, self._size)
        if frame.channels == 'bgr':
            cv2.cvtColor(image, cv2.COLOR_BGR2RGB, dst=image)
        across, down = frame.width / self._size[0], frame.height / self._size[1]
        # cv2.resize aligns the outer edges of the first pixels, not their centres.
        return image, np.array(
            [[frame.width, 0.0, (across - 1) / 2], [0.0, frame.height, (down - 1) / 2]]
        )
