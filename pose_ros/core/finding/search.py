"""Search for people who are not tracked yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import time

import numpy as np

from pose_ros.core.models.crop import whole_frame
from pose_ros.core.models.detector import Detection, Detector
from pose_ros.core.tracking.observation import Observation
from pose_ros.core.tracking.similarity import overlap
from pose_ros.core.types import Box, Crop, Frame

# Side of the parts of the frame that are searched one by one, over the frame's shorter side [-].
_PART = 0.75
# Sides of the closer views over the longer side of the box that they check [-]. Only these two
# were tried, on COCO and on images without people (docs/evaluation).
_CLOSER = (2.2, 1.4)
# Minimum score of a detection that counts in a closer view [-].
_MIN_AGREEMENT = 0.02
# A detection that overlaps a known person by more than this shows that person (IoU).
KNOWN_OVERLAP = 0.3


@dataclass
class DetectorRuns:
    """Runs of person detectors.

    Attributes
    ----------
    count
        Number of searches.
    duration
        Of the last search [s].
    total
        Of all runs, second opinions included [s].
    """

    count: int = 0
    duration: float = 0.0
    total: float = 0.0


@dataclass
class SearchState:
    """State of the search for people between the frames of a sequence.

    Attributes
    ----------
    time
        Of the last frame [s], None before the first.
    failed
        Whether the search in the last frame found no one.
    resumes
        Whether a search in this frame continues that one.
    looks
        Number of views since the search began with the whole frame.
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
    """Regions of people whom detectors find.

    Several detectors take turns, frame by frame. One that misses people far away is shown a part
    of the frame at every second of its turns, one part after the other.

    Parameters
    ----------
    detectors
        Find people in a frame or in a part of it; the last one tells people from other things
        best, and gives the second opinion on the people found.
    runs
        Counts the runs.
    """

    def __init__(self, detectors: Sequence[Detector], runs: DetectorRuns) -> None:
        self.detectors = tuple(detectors)
        self._runs = runs

    def detect(
        self, frame: Frame, state: SearchState, threshold: float
    ) -> tuple[Sequence[Detection], Detector]:
        """People in the frame or in the part of it whose turn it is, and who found them.

        Parameters
        ----------
        frame, state
            Where to look.
        threshold
            Minimum score of a detection, 0 to 1; 0 = the detector's own.
        """
        turn, index = divmod(state.looks, len(self.detectors))
        detector = self.detectors[index]
        detector.threshold = threshold or detector.min_score
        view = whole_frame(frame)
        if turn % 2 and not detector.sees_far:
            parts = closer_views(frame.width, frame.height)
            view = parts[turn // 2 % len(parts)]
        state.looks += 1
        self._runs.count += 1
        found, self._runs.duration = self._run(detector, frame, view)
        return found, detector

    def agreement(self, observation: Observation, look: int, threshold: float) -> float:
        """How much a detector agrees that this is a person: -1 to 1, over 0 if it does.

        It is the score in a closer view, less the minimum score. The views alternate, and show
        the person upright: detectors score lying people much lower.

        Parameters
        ----------
        observation
            The person.
        look
            Number of opinions on the same person before.
        threshold
            Minimum score, 0 to 1; 0 = the detector's own.
        """
        detector, box = self.detectors[-1], observation.box
        detector.threshold = _MIN_AGREEMENT
        side = _CLOSER[look % len(_CLOSER)] * max(box.width, box.height, 1.0)
        view = Crop(box.centre, side, observation.quarter_turn)
        found, _ = self._run(detector, observation.frame, view)
        scores = [each.score for each in found if overlap(each.box, box) > KNOWN_OVERLAP]
        return max(scores, default=0.0) - (threshold or detector.min_agreement)

    def _run(
        self, detector: Detector, frame: Frame, view: Crop
    ) -> tuple[Sequence[Detection], float]:
        """Detections in a view, the surest first, and how long that took [s]."""
        started = time.perf_counter()
        found = detector.detect(frame, view)
        duration = time.perf_counter() - started
        self._runs.total += duration
        return found, duration


def unknown(detections: Sequence[Detection], known: Sequence[Box]) -> list[Detection]:
    """Detections of others than the people in these boxes; each box explains one of them."""
    table = np.array([[overlap(one.box, box) for box in known] for one in detections])
    table = table.reshape(len(detections), len(known))
    left = list(range(len(detections)))
    while table.size and table.max() > KNOWN_OVERLAP:
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
