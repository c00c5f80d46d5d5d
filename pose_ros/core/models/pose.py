"""What a pose model is and what it returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math
from typing import Literal, Protocol

import numpy as np

from pose_ros.core.models.occlusion import OcclusionMask
from pose_ros.core.runtime.errors import require_usable
from pose_ros.core.topology import Topology
from pose_ros.core.types import Crop, Frame

# Maximum score [-]: quantised outputs are rounded.
MAX_SCORE = 1.01
# Keypoints with a higher score are visible [-]; 0.3 gives the same ranking.
_VISIBLE = 0.2
# Number of keypoints whose scores make the peak: those of a half-visible person are enough.
_PEAK = 5


@dataclass(frozen=True, eq=False)
class Pose:
    """One person as a model sees them, before anything is remembered or smoothed.

    Attributes
    ----------
    keypoints
        float32 [K, 2]: (x, y) [px of the source image].
    scores
        float32 [K], 0 to 1.
    score
        0 to 1, for the person as a whole.
    z
        float32 [K] [px], relative to the hips' middle, or None.
    world
        float32 [K, 3] [m], or None.
    alignment
        float32 [2, 2] [px]: the hips' middle and a point on the circle around the whole body, from
        which the next region follows, or None.
    """

    keypoints: np.ndarray
    scores: np.ndarray
    score: float
    z: np.ndarray | None = None
    world: np.ndarray | None = None
    alignment: np.ndarray | None = None

    def __post_init__(self) -> None:
        """Raise OutputError for values that no later step could use."""
        require_usable('score of a pose', self.score, MAX_SCORE)
        require_usable('scores of a pose', self.scores, MAX_SCORE)
        for name in ('keypoints', 'z', 'world', 'alignment'):
            values = getattr(self, name)
            if values is not None:
                require_usable(f'{name} of a pose', values)

    @property
    def peak(self) -> float:
        """Mean of the highest keypoint scores, 0 to 1."""
        return _mean_of_highest(self.scores, _PEAK)


def best_half(scores: np.ndarray) -> float:
    """Mean of the higher half of the keypoint scores [K]: enough for a half-visible person.

    Times the detector's score, with PicoDet 320 and TinyPose 256, it keeps 90 % of the people
    found on COCO and 32 of 473 false detections in images without people; the mean of all
    keypoints keeps 40 (with MoveNet 84 and 97).
    """
    return _mean_of_highest(scores, len(scores) // 2)


def visible_mean(scores: np.ndarray) -> float:
    """Mean of the scores [K] of the keypoints that are visible; 0 if none is.

    For models whose scores say how visible a keypoint is. As a ranking on COCO it is better than
    `best_half` with TinyPose (AP of whole images 0.598, 0.591), worse with MoveNet (0.364, 0.384).
    """
    visible = scores[scores > _VISIBLE]
    return float(visible.mean()) if len(visible) else 0.0


def _mean_of_highest(scores: np.ndarray, count: int) -> float:
    return math.fsum(sorted(scores.tolist())[-count:]) / count


RegionKind = Literal['keypoints', 'box', 'alignment']
"""Region that a model was trained on: around the torso and all keypoints, around the person's box,
or the circle of its own alignment points."""


View = tuple[Crop, OcclusionMask | None]
"""A region to look into, and the neighbours to paint over."""


class PoseModel(Protocol):
    """Finds the one person in a region of a frame."""

    topology: Topology
    region: RegionKind
    aspect: float
    """Width of the region that it looks at over the height."""

    min_score: float
    """Minimum score of a pose."""

    min_found: float | None
    """Minimum product of the scores of the pose and of the detection that it was found by; None if
    the pose's own score decides."""

    masks_neighbours: bool
    """Whether it sees a person better if overlapping people are painted over."""

    searches_frame: bool
    """Whether it finds the one person in a whole frame."""

    min_peak: float
    """Minimum peak score of a pose that gets an id where no detector can confirm it."""

    def estimate(self, frame: Frame, crop: Crop, mask: OcclusionMask | None = None) -> Pose:
        """Pose of the person in the region; its score tells whether there is one.

        The neighbours of a mask are painted over in the model's input.
        """

    def estimate_each(self, frame: Frame, views: Sequence[View]) -> list[Pose]:
        """Pose of the person in each view; models may share work between them."""
        return [self.estimate(frame, crop, mask) for crop, mask in views]


class MultiPoseModel(Protocol):
    """Finds everybody in a frame at once (bottom-up)."""

    topology: Topology
    min_score: float
    """Minimum score of a pose."""

    def estimate_all(self, frame: Frame) -> list[Pose]:
        """Poses of all people in the frame, the surest first; all are over `min_score`.

        A keypoint that was not found has score 0 and stands where the nearest one found along
        the body is, so that coordinates are always finite.
        """
