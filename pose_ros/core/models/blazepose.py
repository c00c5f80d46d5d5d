"""BlazePose: a person detector and a landmark model that looks at the region it gives.

Anchors, decoding, regions and the refinement by the heatmap follow the description of the models
in MediaPipe's pose graphs (Google, Apache-2.0); the constants are theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from pose_ros.core.models.anchors import AnchorDecoder, sigmoid
from pose_ros.core.models.crop import CropReader, apply_affine, upright, whole_frame
from pose_ros.core.models.detector import SMALLEST, Detection, large_enough, visible
from pose_ros.core.models.heatmap import windows
from pose_ros.core.models.occlusion import OcclusionMask
from pose_ros.core.models.pose import Pose, PoseModel, RegionKind
from pose_ros.core.runtime.image_model import ModelLoader
from pose_ros.core.runtime.litert import TfliteModel
from pose_ros.core.topology import BLAZEPOSE33
from pose_ros.core.types import Box, Crop, Frame

_DETECTOR_SIZE = 224
# (stride [px], anchors in each cell)
_ANCHOR_LAYERS = ((8, 2), (16, 2), (32, 6))
# Boxes of one face overlap more than this (IoU).
_SAME_FACE = 0.3
# Reach of a person from the hips' middle to the head, the feet and either side, over the radius of
# the circle around the body.
_HEAD, _FEET, _SIDE = 0.95, 0.9, 0.33

_LANDMARK_SIZE = 256
_LANDMARKS = 39  # 33 keypoints, 2 alignment points, 4 that no one uses
_HEATMAP_SIZE = 64
_HEATMAP_REACH = 4  # cells to each side: a kernel of 9
_HEATMAP_CONFIDENCE = 0.5  # below it the heatmap does not know better

# Side of the region over the diameter of the circle around the body.
_REGION_SCALE = 1.25


@dataclass(frozen=True, eq=False)
class BlazePoseDetection(Detection):
    """A person found by BlazePose's detector, which looks for faces.

    Attributes
    ----------
    face
        Box around the face [px].
    """

    face: Box


def region(alignment: np.ndarray) -> Crop:
    """Region around a body, turned so that the body stands upright in it.

    Parameters
    ----------
    alignment
        float32 [2, 2] [px]: the hips' middle and a point on the circle around the whole body,
        in the direction of the head.
    """
    centre = alignment[0]
    reach = alignment[1] - centre
    rotation = np.pi / 2 - np.arctan2(-reach[1], reach[0])
    rotation = (rotation + np.pi) % (2 * np.pi) - np.pi
    side = max(2 * _REGION_SCALE * float(np.hypot(*reach)), 1.0)
    return Crop((float(centre[0]), float(centre[1])), side, float(rotation))


class BlazePoseDetector:
    """Finds people by their face and the direction of their body.

    Parameters
    ----------
    path
        ``pose_detection.tflite``.
    threads
        Number of CPU threads.
    load
        Loads the file, see `ModelLoader`.

    Raises
    ------
    ModelError
        The file cannot be used or is no such model.
    """

    min_score = sure_score = threshold = 0.5
    smallest = SMALLEST
    # Mean over both views; passed by 94 % of the people found on COCO, by 14 % of false ones.
    min_agreement = 0.3
    # People who fill less than 40 % of the image's height are missed.
    sees_far = False
    sees_alignment = True

    def __init__(self, path: Path, threads: int = 1, load: ModelLoader = TfliteModel) -> None:
        self._model = load(path, threads, pixel_range=(-1.0, 1.0))
        self._decoder = AnchorDecoder(_DETECTOR_SIZE, _ANCHOR_LAYERS, _SAME_FACE)
        count = len(self._decoder)
        self._model.require_outputs((1, count, 12), (1, count, 1))
        self._reader = CropReader((_DETECTOR_SIZE, _DETECTOR_SIZE))

    def detect(self, frame: Frame, view: Crop | None = None) -> list[BlazePoseDetection]:
        """People in a part of the frame, by default in all of it, the surest first."""
        image, to_image = self._reader.read(frame, view or whole_frame(frame))
        raw, logits = self._model.run(image)
        detections = []
        for found in self._decoder.decode(raw, logits, self.threshold):
            alignment = apply_affine(to_image, found.keypoints[:2]).astype(np.float32)
            detections.append(
                BlazePoseDetection(
                    box=visible(frame, _body(alignment)),
                    score=found.score,
                    alignment=alignment,
                    face=Box.around(apply_affine(to_image, found.corners)),
                )
            )
        return large_enough(frame, detections, self.smallest)


def _body(alignment: np.ndarray) -> Box:
    """Box around the whole person, of whom a circle is known."""
    centre = alignment[0].astype(float)
    up = alignment[1] - centre
    across = np.array([-up[1], up[0]])
    corners = [centre + y * up + x * across for y in (_HEAD, -_FEET) for x in (-_SIDE, _SIDE)]
    return Box.around(np.array(corners))


class BlazePose(PoseModel):
    """BlazePose's landmark model (lite, full, heavy).

    Parameters
    ----------
    path
        ``pose_landmark_full.tflite`` or one of its sisters.
    threads
        Number of CPU threads.

    Raises
    ------
    ModelError
        The file cannot be used or is no such model.
    """

    topology = BLAZEPOSE33
    region: RegionKind = 'alignment'
    aspect = 1.0
    min_score = 0.5
    # With a product of 0.2, crossings lose people (IDF1 0.894, without it 0.910).
    min_found: float | None = None
    min_peak = 0.0
    masks_neighbours = True
    searches_frame = False

    def __init__(self, path: Path, threads: int = 1) -> None:
        self._model = TfliteModel(path, threads, pixel_range=(0.0, 1.0))
        self._model.require_outputs(
            (1, _LANDMARKS * 5),
            (1, 1),
            (1, _LANDMARK_SIZE, _LANDMARK_SIZE, 1),
            (1, _HEATMAP_SIZE, _HEATMAP_SIZE, _LANDMARKS),
            (1, _LANDMARKS * 3),
        )
        self._model.drop_output(2)  # a mask of the person, a third of the time
        self._reader = CropReader((_LANDMARK_SIZE, _LANDMARK_SIZE), cv2.BORDER_REPLICATE)

    def estimate(self, frame: Frame, crop: Crop, mask: OcclusionMask | None = None) -> Pose:
        """Pose of the person in the region; its score is the model's presence of a person."""
        image, to_image = self._reader.read(frame, crop, mask)
        landmarks, presence, heatmap, world = self._model.run(image)
        landmarks = landmarks.reshape(_LANDMARKS, 5)
        points = refine_by_heatmap(landmarks[:, :2] / _LANDMARK_SIZE, heatmap[0])
        points = apply_affine(to_image, points).astype(np.float32)
        world = world.reshape(_LANDMARKS, 3)[:33]
        return Pose(
            keypoints=points[:33],
            # A keypoint's score is its visibility: neither hidden nor outside of the image.
            scores=sigmoid(landmarks[:33, 3]),
            score=float(np.clip(presence[0, 0], 0.0, 1.0)),
            z=landmarks[:33, 2] * np.float32(crop.side / _LANDMARK_SIZE),
            world=upright(world, crop),
            alignment=points[33:35],
        )


def refine_by_heatmap(points: np.ndarray, heatmap: np.ndarray) -> np.ndarray:
    """Move each point to the centre of its heatmap's mass nearby, where the heatmap is sure.

    This is MediaPipe's way, whose results ours are held against to a hundredth of a pixel. The
    Gaussian fit that `heatmap.decode` prefers would be closer to the truth, but by little: OKS
    0.706 instead of 0.700 on 128 people of COCO.

    Parameters
    ----------
    points
        float32 [K, 2]: (x, y) relative to the image's sides.
    heatmap
        float32 [height, width, K] of logits.

    Returns
    -------
    float32 [K, 2]
    """
    size = np.array(heatmap.shape[1::-1])
    cells = np.floor(points * size).astype(int)
    around = windows(heatmap, cells, _HEATMAP_REACH)
    weights = sigmoid(around.values) * around.inside
    in_image = ((cells >= 0) & (cells < size)).all(axis=1)
    sure = in_image & (weights.max(axis=(1, 2)) >= _HEATMAP_CONFIDENCE)
    refined = points.copy()
    refined[sure] = (around.centre_of_mass(weights) / size)[sure]
    return refined
