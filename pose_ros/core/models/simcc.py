"""RTMPose and other SimCC models: one person in a crop, from one vector an axis and keypoint.

Input and outputs as MMPose exports them (OpenMMLab, Apache-2.0): an RGB image [1, 3, height,
width] with ImageNet's mean and deviation; [1, K, n × width] and [1, K, n × height], high where a
keypoint is along its axis. Not yet run on the published weights, only on a model of the same
signature.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pose_ros.core.models.crop import CropReader, apply_affine
from pose_ros.core.models.imagenet import IMAGENET_RANGE
from pose_ros.core.models.occlusion import OcclusionMask
from pose_ros.core.models.pose import Pose, PoseModel, RegionKind, visible_mean
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.runtime.image_model import ModelLoader
from pose_ros.core.topology import BODY25, COCO17, Topology
from pose_ros.core.types import Crop, Frame

_HALPE26_NAMES = (
    *COCO17.keypoint_names,
    'head',
    'neck',
    'mid_hip',
    'left_big_toe',
    'right_big_toe',
    'left_small_toe',
    'right_small_toe',
    'left_heel',
    'right_heel',
)
# By number of keypoints: the named format that they are reduced to, and which of them it takes.
# COCO-WholeBody's 133 begin with COCO's 17.
_REDUCTIONS: dict[int, tuple[Topology, list[int]]] = {
    17: (COCO17, list(range(17))),
    26: (BODY25, [_HALPE26_NAMES.index(name) for name in BODY25.keypoint_names]),
    133: (COCO17, list(range(17))),
}


class SimCC(PoseModel):
    """A model of one person with a vector for each axis of each keypoint.

    Parameters
    ----------
    path
        The .onnx or .xml file.
    threads
        Number of CPU threads.
    load
        Loads the file, see `ModelLoader`.

    Raises
    ------
    ModelError
        The file cannot be used or is no such model.
    """

    region: RegionKind = 'box'
    # As TinyPose's: not measured, since no file with real weights was at hand.
    min_score = 0.35
    min_found: float | None = 0.1
    min_peak = 0.5
    masks_neighbours = False
    searches_frame = False

    def __init__(self, path: Path, threads: int, load: ModelLoader) -> None:
        self._model = load(path, threads, IMAGENET_RANGE)
        width, height = self._model.input_size
        shapes = self._model.output_shapes
        count = shapes[0][1] if len(shapes) == 2 and len(shapes[0]) == 3 else 0
        self._bins = shapes[0][-1] // width if count else 0
        if count not in _REDUCTIONS or self._bins < 1:
            counts = ', '.join(map(str, _REDUCTIONS))
            raise ModelError(
                f'{path}: expected vectors [1, K, n × {width}] and [1, K, n × {height}] of K = '
                f'{counts} keypoints, found {[list(shape) for shape in shapes]}'
            )
        self._model.require_outputs(
            (1, count, self._bins * width), (1, count, self._bins * height)
        )
        self.topology, self._kept = _REDUCTIONS[count]
        self.aspect = width / height
        self._reader = CropReader((width, height))

    def estimate(self, frame: Frame, crop: Crop, mask: OcclusionMask | None = None) -> Pose:
        """Pose of the person in the region; its score is `visible_mean`."""
        image, to_frame = self._reader.read(frame, crop, mask)
        across, down = (vectors[0, self._kept] for vectors in self._model.run(image))
        places = np.stack([across.argmax(axis=1), down.argmax(axis=1)], axis=1) / self._bins
        keypoints = apply_affine(to_frame, places / self._model.input_size)
        # A keypoint is as sure as the less sure of its axes.
        scores = np.minimum(across.max(axis=1), down.max(axis=1)).clip(0.0, 1.0)
        return Pose(keypoints.astype(np.float32), scores, visible_mean(scores))
