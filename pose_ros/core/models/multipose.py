"""MoveNet MultiPose (Lightning): up to six people in one run.

Input and output as described on the model's card (Google, 2021): an RGB image with pixels from
0 to 255 whose sides are multiples of 32, and for each person 17 keypoints of (y, x, score), a
box and a score, coordinates relative to the image's sides.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from pose_ros.core.models.crop import apply_affine
from pose_ros.core.models.frame_input import FrameInput
from pose_ros.core.models.pose import Pose
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.runtime.litert import TfliteModel
from pose_ros.core.topology import COCO17
from pose_ros.core.types import Frame

_SIDES_OF = 32  # the input's sides are multiples of this [px]
_KEYPOINT_VALUES = 3 * len(COCO17)
_VALUES = _KEYPOINT_VALUES + 5  # and the box (ymin, xmin, ymax, xmax) with the person's score


class MoveNetMultipose:
    """A MoveNet multi-person model.

    Parameters
    ----------
    path
        The .tflite file.
    threads
        Number of CPU threads.
    size
        Longer side of the input image [px], a multiple of 32, where the file leaves it open;
        the shorter one follows the frames. Larger finds smaller people, and takes longer.
    load
        Loads the file, see `TfliteModel`.

    Raises
    ------
    ModelError
        The file cannot be used or is no such model.
    """

    topology = COCO17
    min_score = 0.25

    def __init__(
        self,
        path: Path,
        threads: int = 1,
        size: int = 256,
        load: Callable[..., TfliteModel] = TfliteModel,
    ) -> None:
        if size < _SIDES_OF or size % _SIDES_OF:
            raise ValueError(f'size must be a positive multiple of {_SIDES_OF}, got {size}')
        self._model = load(path, threads, input_size=(size, size))
        shapes = self._model.run_shapes()
        if len(shapes) != 1 or len(shapes[0]) != 3 or shapes[0][::2] != (1, _VALUES):
            found = ', '.join(str(list(shape)) for shape in shapes)
            raise ModelError(f'{path}: expected the output [1, people, {_VALUES}], found {found}')
        self._input = FrameInput(self._model, size, _SIDES_OF)

    def estimate_all(self, frame: Frame) -> list[Pose]:
        """Poses of all people in the frame, the surest first."""
        image, to_image = self._input.read(frame)
        (output,) = self._model.run(image)
        people = output.reshape(-1, _VALUES)
        people = people[np.argsort(-people[:, -1], kind='stable')]
        return [_pose(person, to_image) for person in people if person[-1] >= self.min_score]


def _pose(person: np.ndarray, to_image: np.ndarray) -> Pose:
    """Pose from one row [56] of the output."""
    y_x_score = person[:_KEYPOINT_VALUES].reshape(-1, 3)
    keypoints = apply_affine(to_image, y_x_score[:, 1::-1])
    scores = np.clip(y_x_score[:, 2], 0.0, 1.0)
    return Pose(keypoints.astype(np.float32), scores, score=float(np.clip(person[-1], 0.0, 1.0)))
