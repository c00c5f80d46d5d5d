"""MediaPipe's hand models: a palm detector, landmarks, and a refinement of regions.

Regions, decoding and thresholds follow the description of the models in MediaPipe's hand and
holistic graphs (Google, Apache-2.0); the constants are theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from pose_ros.core.models.anchors import AnchorDecoder
from pose_ros.core.models.crop import CropReader, apply_affine, upright, whole_frame
from pose_ros.core.models.pose import MAX_SCORE
from pose_ros.core.runtime.errors import require_usable
from pose_ros.core.runtime.litert import TfliteModel
from pose_ros.core.topology import HAND21
from pose_ros.core.types import Crop, Frame

_PALM_SIZE = 192
# (stride [px], anchors in each cell)
_PALM_LAYERS = ((8, 2), (16, 6))
_SAME_PALM = 0.3  # boxes of one palm overlap more than this (IoU)
_PALM_KEYPOINTS = 7
_PALM_WRIST, _PALM_MIDDLE = 0, 2  # keypoints that give the direction of a hand
_PALM_SCALE, _PALM_SHIFT = 2.6, 0.5  # region over the palm's box

_LANDMARK_SIZE = 224
_Z_SCALE = 0.4  # z of the model is this much smaller than x and y

_RECROP_SIZE = 256
_RECROP_SHIFT = 0.1

# Landmarks without the outer joints of the fingers, which make the region of the next frame.
_INNER = [0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18]
_LANDMARK_SCALE, _LANDMARK_SHIFT = 2.0, 0.1


@dataclass(frozen=True, eq=False)
class HandLandmarks:
    """One hand as the model sees it.

    Attributes
    ----------
    keypoints
        float32 [21, 2]: (x, y) [px of the source image].
    z
        float32 [21] [px], relative to the wrist.
    world
        float32 [21, 3] [m], origin in the middle of the hand.
    score
        Presence of a hand, 0 to 1.
    left_score
        Confidence that it is a person's left hand, 0 to 1; below 0.5 it is a right one.
    """

    keypoints: np.ndarray
    z: np.ndarray
    world: np.ndarray
    score: float
    left_score: float

    def __post_init__(self) -> None:
        """Raise OutputError for values that no later step could use."""
        scores = np.array([self.score, self.left_score])
        require_usable('score of a hand', scores, MAX_SCORE)
        for name in ('keypoints', 'z', 'world'):
            require_usable(f'{name} of a hand', getattr(self, name))


def turned_region(
    centre: np.ndarray, up: np.ndarray, size: np.ndarray, scale: float, shift: float
) -> Crop:
    """Square region whose upper side lies in a direction.

    Parameters
    ----------
    centre
        [2]: of a box with the same direction [px].
    up
        [2]: direction of the region's upper side in the image.
    size
        [2]: (width, height) of the box [px].
    scale
        Side of the region over the longer side of the box.
    shift
        Shift of the centre upwards, in heights of the box.
    """
    rotation = float(np.arctan2(up[0], -up[1]))
    direction = np.array([np.sin(rotation), -np.cos(rotation)])
    x, y = (centre + shift * size[1] * direction).tolist()
    return Crop((x, y), max(scale * float(size.max()), 1.0), rotation)


def region_from_landmarks(keypoints: np.ndarray) -> Crop:
    """Region of a hand in the next frame, of its keypoints [21, 2] [px]."""
    index, middle, ring = keypoints[[5, 9, 13]]
    up = ((index + ring) / 2 + middle) / 2 - keypoints[0]
    rotation = np.arctan2(up[0], -up[1])
    cos, sin = np.cos(rotation), np.sin(rotation)
    turn = np.array([[cos, -sin], [sin, cos]])
    inner = keypoints[_INNER] @ turn  # axes of the region
    low, high = inner.min(axis=0), inner.max(axis=0)
    centre = turn @ ((low + high) / 2)
    return turned_region(centre, up, high - low, _LANDMARK_SCALE, _LANDMARK_SHIFT)


class HandLandmarker:
    """Landmark model of a hand (lite, full).

    Parameters
    ----------
    path
        ``hand_landmark_full.tflite`` or ``hand_landmark_lite.tflite``.
    threads
        Number of CPU threads.

    Raises
    ------
    ModelError
        The file cannot be used or is no such model.
    """

    min_score = 0.5

    def __init__(self, path: Path, threads: int = 1) -> None:
        self._model = TfliteModel(path, threads, pixel_range=(0.0, 1.0))
        values = (1, len(HAND21) * 3)
        self._model.require_outputs(values, (1, 1), (1, 1), values)
        self._reader = CropReader((_LANDMARK_SIZE, _LANDMARK_SIZE), cv2.BORDER_REPLICATE)

    def estimate(self, frame: Frame, crop: Crop) -> HandLandmarks:
        """Landmarks of the hand in the region."""
        image, to_image = self._reader.read(frame, crop)
        landmarks, presence, left, world = self._model.run(image)
        landmarks = landmarks.reshape(-1, 3) / np.float32(_LANDMARK_SIZE)
        return HandLandmarks(
            keypoints=apply_affine(to_image, landmarks[:, :2]).astype(np.float32),
            z=landmarks[:, 2] * np.float32(crop.side / _Z_SCALE),
            world=upright(world.reshape(-1, 3), crop),
            score=float(np.clip(presence[0, 0], 0.0, 1.0)),
            left_score=float(np.clip(1 - left[0, 0], 0.0, 1.0)),
        )


class HandRecropper:
    """Refines a region that follows from the keypoints of a body.

    Parameters
    ----------
    path
        ``hand_recrop.tflite``.
    threads
        Number of CPU threads.
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        self._model = TfliteModel(path, threads, pixel_range=(0.0, 1.0))
        self._model.require_outputs((1, 1, 1, 4))
        self._reader = CropReader((_RECROP_SIZE, _RECROP_SIZE), cv2.BORDER_REPLICATE)

    def refine(self, frame: Frame, crop: Crop) -> Crop:
        """Region of the hand that a larger region shows."""
        image, to_image = self._reader.read(frame, crop)
        points = self._model.run(image)[0].reshape(2, 2) / _RECROP_SIZE
        middle, lower = apply_affine(to_image, points)
        up = middle - lower
        return turned_region(middle, up, np.full(2, 2 * np.hypot(*up)), 1.0, _RECROP_SHIFT)


class PalmDetector:
    """Finds hands in a whole frame.

    Parameters
    ----------
    path
        ``palm_detection_full.tflite``.
    threads
        Number of CPU threads.
    """

    threshold = 0.5
    """Minimum score of a detection, 0 to 1."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        self._model = TfliteModel(path, threads, pixel_range=(0.0, 1.0))
        self._decoder = AnchorDecoder(_PALM_SIZE, _PALM_LAYERS, _SAME_PALM)
        count = len(self._decoder)
        self._model.require_outputs((1, count, 4 + 2 * _PALM_KEYPOINTS), (1, count, 1))
        self._reader = CropReader((_PALM_SIZE, _PALM_SIZE))

    def detect(self, frame: Frame) -> list[Crop]:
        """Regions of the hands in a frame, the surest first."""
        image, to_image = self._reader.read(frame, whole_frame(frame))
        raw, logits = self._model.run(image)
        regions = []
        for palm in self._decoder.decode(raw, logits, self.threshold):
            low, high = apply_affine(to_image, palm.corners)
            points = apply_affine(to_image, palm.keypoints)
            up = points[_PALM_MIDDLE] - points[_PALM_WRIST]
            centre, size = (low + high) / 2, high - low
            regions.append(turned_region(centre, up, size, _PALM_SCALE, _PALM_SHIFT))
        return regions
