"""What a person detector is and what it returns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np

from pose_ros.core.models.crop import apply_affine
from pose_ros.core.models.pose import MAX_SCORE
from pose_ros.core.models.suppression import overlapping
from pose_ros.core.runtime.errors import require_usable
from pose_ros.core.types import Box, Crop, Frame

# Smallest height of a person worth a skeleton, over the image's height.
SMALLEST = 0.05
# Boxes of one person overlap more than this (IoU), those of two people less.
_SAME_PERSON = 0.55


@dataclass(frozen=True, eq=False)
class Detection:
    """A person found by a detector.

    Attributes
    ----------
    box
        Around what the frame shows of the whole person [px].
    score
        0 to 1.
    alignment
        float32 [2, 2] [px]: the hips' middle and a point on the circle around the whole body, in
        the direction of the head.
    """

    box: Box
    score: float
    alignment: np.ndarray

    def __post_init__(self) -> None:
        """Raise OutputError for values that no later step could use."""
        box = self.box
        require_usable('box of a detection', np.array([box.x, box.y, box.width, box.height]))
        require_usable('alignment of a detection', self.alignment)
        require_usable('score of a detection', self.score, MAX_SCORE)


class Detector(Protocol):
    """Finds people in a frame."""

    min_score: float
    """Minimum score of a detection that the pose model looks at."""

    sure_score: float
    """Detections with this score are looked at before others."""

    min_agreement: float
    """Minimum mean score in closer views of a person found, for that person to get an id."""

    sees_far: bool
    """Whether people far away are found in the whole frame; otherwise show parts of it, too."""

    sees_alignment: bool
    """Whether the alignment is seen, and not deduced from the box."""

    threshold: float
    """Least score of a detection, 0 to 1; may be changed at any time."""

    smallest: float
    """Minimum height of a person over the image's; may be changed at any time."""

    def detect(self, frame: Frame, view: Crop | None = None) -> Sequence[Detection]:
        """People in a part of the frame, by default in all of it, the surest first."""


def people_in_boxes(
    frame: Frame,
    corners: np.ndarray,
    scores: np.ndarray,
    to_image: np.ndarray,
    smallest: float,
) -> list[Detection]:
    """Detections of a detector that knows nothing but boxes.

    Parameters
    ----------
    frame
        The image.
    corners
        [N, 4]: (x0, y0, x1, y1), several of them around the same person.
    scores
        [N], all of them over the threshold.
    to_image
        [2, 3]: from the corners' coordinates to the image's.
    smallest
        Minimum height of a person over the image's.

    Returns
    -------
    list of Detection
        The surest first.
    """
    detections = []
    for first, *_ in overlapping(corners, scores, _SAME_PERSON):
        box = Box.around(apply_affine(to_image, corners[first].reshape(2, 2)))
        detections.append(Detection(visible(frame, box), float(scores[first]), upright(box)))
    return large_enough(frame, detections, smallest)


_AnyDetection = TypeVar('_AnyDetection', bound=Detection)


def large_enough(
    frame: Frame, detections: Iterable[_AnyDetection], smallest: float
) -> list[_AnyDetection]:
    """Detections of people in the image whose height over its own is no less than this."""
    return [
        detection
        for detection in detections
        if detection.box.width > 0 and detection.box.height > max(smallest * frame.height, 0)
    ]


def upright(box: Box) -> np.ndarray:
    """Alignment [2, 2] of a person of whom only the box is known.

    The circle through the box's corners: of several circles around the box this is the one in
    which BlazePose finds the joints best, whether people stand, sit or stretch out their arms.
    """
    x, y = box.centre
    radius = np.hypot(box.width, box.height) / 2
    return np.array([[x, y], [x, y - radius]], np.float32)


def visible(frame: Frame, box: Box) -> Box:
    """Part of a box that lies in the image; without area if none does."""
    return box.clipped(frame.width, frame.height)
