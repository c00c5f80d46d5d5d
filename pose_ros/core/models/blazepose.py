"""BlazePose: a person detector and a landmark model that looks at the region it gives.

Anchors, decoding, regions and the refinement by the heatmap follow the description of the models
in MediaPipe's pose graphs (Google, Apache-2.0); the constants are theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from pose_ros.core.models.crop import CropReader, apply_affine, whole_frame
from pose_ros.core.models.pose import Pose
from pose_ros.core.runtime.litert import TfliteModel
from pose_ros.core.topology import BLAZEPOSE33
from pose_ros.core.types import Box, Crop, Frame

_DETECTOR_SIZE = 224
# (stride [px], anchors in each cell)
_ANCHOR_LAYERS = ((8, 2), (16, 2), (32, 6))
_SUPPRESSION_IOU = 0.3

_LANDMARK_SIZE = 256
_LANDMARKS = 39  # 33 keypoints, 2 alignment points, 4 that nobody uses
_HEATMAP_SIZE = 64
_HEATMAP_REACH = 4  # cells to each side: a kernel of 9
_HEATMAP_CONFIDENCE = 0.5  # below it the heatmap does not know better

# Side of the region over the diameter of the circle around the body.
_REGION_SCALE = 1.25


@dataclass(frozen=True, eq=False)
class Detection:
    """A person found by the detector.

    Attributes
    ----------
    box
        Around the face and shoulders [px].
    alignment
        float32 [2, 2] [px]: the hips' middle and a point on the circle around the whole body.
    score
        0 to 1.
    """

    box: Box
    alignment: np.ndarray
    score: float


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
    threshold
        Least score of a detection, 0 to 1.

    Raises
    ------
    ModelError
        The file cannot be used or is no such model.
    """

    def __init__(self, path: Path, threads: int = 1, threshold: float = 0.5) -> None:
        self.threshold = threshold
        self._model = TfliteModel(path, threads, pixel_range=(-1.0, 1.0))
        self._anchors = _anchors()
        count = len(self._anchors)
        self._model.require_outputs((1, count, 12), (1, count, 1))
        self._reader = CropReader(_DETECTOR_SIZE)

    def detect(self, frame: Frame, view: Crop | None = None) -> list[Detection]:
        """People in a part of the frame, by default in all of it, the surest first."""
        picture, to_image = self._reader.read(frame, view or whole_frame(frame))
        raw, logits = self._model.run(picture)
        scores = _sigmoid(logits.reshape(-1))
        sure = scores >= self.threshold
        if not sure.any():
            return []
        scores = scores[sure]
        # Centre, size, then four keypoints, all relative to the anchor [px of the input].
        values = raw[0, sure] / _DETECTOR_SIZE
        centres = values[:, 0:2] + self._anchors[sure]
        keypoints = values[:, 4:8].reshape(-1, 2, 2) + self._anchors[sure][:, None]
        corners = np.hstack([centres - values[:, 2:4] / 2, centres + values[:, 2:4] / 2])
        detections = []
        for members, score in _weighted_suppression(corners, scores):
            weights = scores[members] / scores[members].sum()
            corner = apply_affine(to_image, (weights @ corners[members]).reshape(2, 2))
            alignment = np.tensordot(weights, keypoints[members], axes=1)
            detections.append(
                Detection(
                    box=Box.around(corner),
                    alignment=apply_affine(to_image, alignment).astype(np.float32),
                    score=score,
                )
            )
        return detections


class BlazePose:
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
    least_score = 0.5

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
        self._reader = CropReader(_LANDMARK_SIZE, cv2.BORDER_REPLICATE)

    def estimate(self, frame: Frame, crop: Crop) -> Pose:
        """Pose of the person in the region; its score is the model's presence of a person."""
        picture, to_image = self._reader.read(frame, crop)
        landmarks, presence, heatmap, world = self._model.run(picture)
        landmarks = landmarks.reshape(_LANDMARKS, 5)
        points = refine_by_heatmap(landmarks[:, :2] / _LANDMARK_SIZE, heatmap[0])
        points = apply_affine(to_image, points).astype(np.float32)
        world = world.reshape(_LANDMARKS, 3)[:33]
        cos, sin = np.cos(crop.rotation), np.sin(crop.rotation)
        upright = world @ np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]], np.float32)
        return Pose(
            keypoints=points[:33],
            # A keypoint's score is its visibility: neither hidden nor outside of the picture.
            scores=_sigmoid(landmarks[:33, 3]),
            score=float(presence[0, 0]),
            z=landmarks[:33, 2] * np.float32(crop.side / _LANDMARK_SIZE),
            world=upright,
            alignment=points[33:35],
        )


def refine_by_heatmap(points: np.ndarray, heatmap: np.ndarray) -> np.ndarray:
    """Move each point to the centre of its heatmap's mass nearby, where the heatmap is sure.

    Parameters
    ----------
    points
        float32 [K, 2]: (x, y) relative to the picture's sides.
    heatmap
        float32 [height, width, K] of logits.

    Returns
    -------
    float32 [K, 2]
    """
    height, width, count = heatmap.shape
    cells = np.floor(points * (width, height)).astype(int)
    steps = np.arange(-_HEATMAP_REACH, _HEATMAP_REACH + 1)
    columns = cells[:, 0, None] + steps  # [K, 9]
    rows = cells[:, 1, None] + steps
    inside = (
        ((rows >= 0) & (rows < height))[:, :, None]
        & ((columns >= 0) & (columns < width))[:, None, :]
    )  # fmt: skip
    patches = heatmap[
        rows.clip(0, height - 1)[:, :, None],
        columns.clip(0, width - 1)[:, None, :],
        np.arange(count)[:, None, None],
    ]
    weights = _sigmoid(patches) * inside
    sums = weights.sum(axis=(1, 2))
    in_picture = ((cells >= 0) & (cells < (width, height))).all(axis=1)
    sure = in_picture & (weights.max(axis=(1, 2)) >= _HEATMAP_CONFIDENCE)
    centres = np.stack(
        [
            (weights.sum(axis=1) * columns).sum(axis=1) / width,
            (weights.sum(axis=2) * rows).sum(axis=1) / height,
        ],
        axis=1,
    )
    refined = points.copy()
    refined[sure] = centres[sure] / sums[sure, None]
    return refined


def _anchors() -> np.ndarray:
    """Centres [N, 2] of the detector's anchors, relative to the picture's sides."""
    layers = []
    for stride, repeats in _ANCHOR_LAYERS:
        cells = _DETECTOR_SIZE // stride
        rows, columns = np.mgrid[0:cells, 0:cells]
        centres = (np.stack([columns.ravel(), rows.ravel()], axis=1) + 0.5) / cells
        layers.append(np.repeat(centres, repeats, axis=0))
    return np.concatenate(layers).astype(np.float32)


def _weighted_suppression(
    corners: np.ndarray, scores: np.ndarray
) -> list[tuple[np.ndarray, float]]:
    """Groups of overlapping boxes [N, 4], each with its best score; the surest first."""
    groups = []
    left = np.argsort(-scores, kind='stable')
    while len(left):
        overlap = _iou(corners[left[0]], corners[left]) > _SUPPRESSION_IOU
        overlap[0] = True  # also a box without area
        groups.append((left[overlap], float(scores[left[0]])))
        left = left[~overlap]
    return groups


def _iou(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Intersection over union of one box [4] with boxes [N, 4] (x0, y0, x1, y1)."""
    sides = np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2])
    intersection = sides.clip(0).prod(axis=1)
    union = (box[2:] - box[:2]).prod() + (boxes[:, 2:] - boxes[:, :2]).prod(axis=1) - intersection
    return intersection / np.maximum(union, 1e-12)


def _sigmoid(logits: np.ndarray) -> np.ndarray:
    # Within the range of float32's exponential.
    return 1.0 / (1.0 + np.exp(-logits.clip(-80.0, 80.0)))
