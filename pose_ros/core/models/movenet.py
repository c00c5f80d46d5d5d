"""MoveNet single pose (Lightning, Thunder).

Input and output as described on the model's card (Google, 2021): an RGB image with pixels from
0 to 255, and [1, 1, 17, 3] of (y, x, score), coordinates relative to the image's sides.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pose_ros.core.models.crop import CropReader, apply_affine
from pose_ros.core.models.occlusion import OcclusionMask
from pose_ros.core.models.pose import Pose, PoseModel, RegionKind, best_half
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.runtime.image_model import ModelLoader
from pose_ros.core.runtime.litert import TfliteModel
from pose_ros.core.topology import COCO17
from pose_ros.core.types import Crop, Frame


class MoveNet(PoseModel):
    """A MoveNet single-pose model.

    Parameters
    ----------
    path
        The .tflite file.
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
    region: RegionKind = 'keypoints'
    aspect = 1.0
    # Passed by 83 % of the people whom PicoDet finds on COCO, and by 20 % of its false ones.
    min_score = 0.3
    # AP of whole images 0.375 with 0.15 (0.384 without it), and 4 of 473 false detections pass. A
    # little more keeps poor second poses of a person out.
    min_found: float | None = 0.2
    # Passed by 95 % of the people on COCO that the score lets pass, and by 6 % of the false ones.
    min_peak = 0.5
    masks_neighbours = True
    searches_frame = True

    def __init__(self, path: Path, threads: int = 1, load: ModelLoader = TfliteModel) -> None:
        self._model = load(path, threads)
        self._model.require_outputs((1, 1, 17, 3))
        width, height = self._model.input_size
        if width != height:
            raise ModelError(f'{path}: expected a square input, found {width}×{height}')
        if isinstance(self._model, TfliteModel):
            self._model.drop_zero_subtractions()  # a fifth of the time
        self._reader = CropReader((width, height), snap=True)

    def estimate(self, frame: Frame, crop: Crop, mask: OcclusionMask | None = None) -> Pose:
        """Pose of the person in the region."""
        image, to_image = self._reader.read(frame, crop, mask)
        (output,) = self._model.run(image)
        y_x_score = output.reshape(17, 3)
        keypoints = apply_affine(to_image, y_x_score[:, 1::-1])
        scores = y_x_score[:, 2].clip(0.0, 1.0)
        return Pose(keypoints.astype(np.float32), scores, score=best_half(scores))
