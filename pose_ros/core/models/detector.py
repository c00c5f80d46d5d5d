"""What a person detector is and what it returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pose_ros.core.types import Box, Crop, Frame


@dataclass(frozen=True, eq=False)
class Detection:
    """A person found by a detector.

    Attributes
    ----------
    box
        Around the whole person [px]; may reach beyond the frame.
    score
        0 to 1.
    alignment
        float32 [2, 2] [px]: the hips' middle and a point on the circle around the whole body, in
        the direction of the head.
    """

    box: Box
    score: float
    alignment: np.ndarray


class Detector(Protocol):
    """Finds people in a frame."""

    threshold: float
    """Least score of a detection, 0 to 1; may be changed at any time."""

    def detect(self, frame: Frame, view: Crop | None = None) -> list[Detection]:
        """People in a part of the frame, by default in all of it, the surest first."""
