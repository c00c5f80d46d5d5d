"""Looking for people who are not followed yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import time

import numpy as np

from pose_ros.core.models.crop import whole_frame
from pose_ros.core.models.detector import Detection, Detector
from pose_ros.core.tracking.similarity import overlap
from pose_ros.core.types import Box, Crop, Frame

# Side of the parts of the frame that are searched one by one, over the frame's shorter side.
_PART = 0.75
# A detection that overlaps somebody known more than this shows them.
_KNOWN_OVERLAP = 0.3


@dataclass
class SearchState:
    """Where the search for people stands between the frames of a sequence.

    Attributes
    ----------
    time
        Of the last frame [s], None before the first.
    failed
        Whether the search in the last frame found nobody.
    resumes
        Whether a search in this frame goes on where that one ended.
    looks
        How often the detector has looked since the search began with the whole frame.
    """

    time: float | None = None
    failed: bool = False
    resumes: bool = False
    looks: int = 0

    def begin_frame(self, time: float, longest_pause: float) -> None:
        """Note that a frame begins; a pause ends the search before it."""
        pause = self.time is None or not 0 <= time - self.time <= longest_pause
        self.resumes, self.failed = self.failed and not pause, False
        self.time = time


class DetectorSearch:
    """Regions of people whom a detector finds.

    A detector that misses people far away is shown a part of the frame at every second look, one
    after the other.

    Parameters
    ----------
    detector
        Finds people in a frame or in a part of it.

    Attributes
    ----------
    runs
        How often the detector has run.
    duration
        Of the last run [s].
    """

    def __init__(self, detector: Detector) -> None:
        self.detector = detector
        self.runs = 0
        self.duration = 0.0

    def detect(self, frame: Frame, state: SearchState) -> Sequence[Detection]:
        """People in the frame or in the part of it whose turn it is, the surest first."""
        view = whole_frame(frame)
        if state.looks % 2 and not self.detector.sees_far:
            parts = closer_views(frame.width, frame.height)
            view = parts[state.looks // 2 % len(parts)]
        state.looks += 1
        self.runs += 1
        started = time.perf_counter()
        found = self.detector.detect(frame, view)
        self.duration = time.perf_counter() - started
        return found


def unknown(detections: Sequence[Detection], known: Sequence[Box]) -> list[Detection]:
    """Detections of others than the people in these boxes; each box explains one of them."""
    table = np.array([[overlap(one.box, box) for box in known] for one in detections])
    table = table.reshape(len(detections), len(known))
    left = list(range(len(detections)))
    while table.size and table.max() > _KNOWN_OVERLAP:
        row, column = np.unravel_index(table.argmax(), table.shape)
        left.remove(int(row))
        table[row], table[:, column] = 0.0, 0.0
    return [detections[index] for index in left]


def closer_views(width: int, height: int) -> list[Crop]:
    """Squares that cover a frame (width, height) [px] and overlap by 40 % at least."""
    side = _PART * min(width, height)

    def middles(length: int) -> np.ndarray:
        count = int(np.ceil((length - side) / (0.6 * side))) + 1
        return np.linspace(side / 2, length - side / 2, count)

    return [Crop((float(x), float(y)), side) for y in middles(height) for x in middles(width)]
