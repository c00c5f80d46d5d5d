"""PP-TinyPose: one person in a crop, from heatmaps.

Input and output as PaddleDetection exports them (Baidu, Apache-2.0): an RGB image [1, 3, height,
width] with ImageNet's mean and deviation; the first output is [1, 17, height / 4, width / 4].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from pose_ros.core.models import heatmap
from pose_ros.core.models.crop import CropReader, apply_affine
from pose_ros.core.models.imagenet import IMAGENET_RANGE
from pose_ros.core.models.occlusion import OcclusionMask
from pose_ros.core.models.pose import Pose, PoseModel, RegionKind, View, visible_mean
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.runtime.image_model import ModelLoader
from pose_ros.core.topology import COCO17
from pose_ros.core.types import Crop, Frame

_STRIDE = 4  # of a heatmap's cells [px of the input]
# Share of a region that a small input shows [-]: the person needs the pixels more than the margin.
# In given boxes of COCO, regions of 1.0, 1.1 and 1.25 boxes give TinyPose 128 an AP of 0.559,
# 0.544 and 0.524 (in either half of the images alike), and TinyPose 256 0.621, 0.629 and 0.643.
_SMALL_SHARE = 0.8
_SMALL_HEIGHT = 128  # at most [px of the input]


class TinyPose(PoseModel):
    """A PP-TinyPose model, of either size.

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

    topology = COCO17
    region: RegionKind = 'box'
    # Passed by 93 % of the people whom PicoDet finds on COCO, and by 23 % of its false ones.
    min_score = 0.35
    # AP of whole images 0.592 (0.598 without it), and 46 of 473 false detections pass.
    min_found: float | None = 0.1
    min_peak = 0.5
    # AP of whole images on COCO 0.585, with masks 0.573.
    masks_neighbours = False
    searches_frame = False

    def __init__(self, path: Path, threads: int, load: ModelLoader) -> None:
        self._model = load(path, threads, IMAGENET_RANGE)
        width, height = self._model.input_size
        expected = (1, len(COCO17), height // _STRIDE, width // _STRIDE)
        shapes = self._model.output_shapes
        if not shapes or shapes[0] != expected:
            found = [list(shape) for shape in shapes]
            raise ModelError(f'{path}: expected heatmaps {list(expected)}, found {found}')
        self.aspect = width / height
        self._small = height <= _SMALL_HEIGHT
        self._share = _SMALL_SHARE if self._small else 1.0
        self._reader = CropReader((width, height))

    def estimate(self, frame: Frame, crop: Crop, mask: OcclusionMask | None = None) -> Pose:
        """Pose of the person in the region; its score is `visible_mean`."""
        (pose,) = self.estimate_each(frame, [(crop, mask)])
        return pose

    def estimate_each(self, frame: Frame, views: Sequence[View]) -> list[Pose]:
        """Pose of the person in each view; their heatmaps are decoded together: less time."""
        if not views:
            return []
        # A run of the model empties the caches of the CPU: crops before all runs, keypoints after.
        images, transforms = [], []
        for crop, mask in views:
            view = replace(crop, side=self._share * crop.side)
            image, to_frame = self._reader.read(frame, view, mask)
            images.append(image.copy())
            transforms.append(to_frame)
        if self._small:
            each = self._model.run_each(images)
        else:
            each = [self._model.run(image) for image in images]  # batches are no faster here
        heatmaps = [outputs[0][0] for outputs in each]
        cells, scores = heatmap.decode(np.concatenate(heatmaps).transpose(1, 2, 0))
        places = (cells * _STRIDE / self._model.input_size).reshape(len(views), -1, 2)
        return [
            Pose(apply_affine(to_frame, points).astype(np.float32), sure, visible_mean(sure))
            for to_frame, points, sure in zip(
                transforms, places, scores.clip(0.0, 1.0).reshape(len(views), -1)
            )
        ]
