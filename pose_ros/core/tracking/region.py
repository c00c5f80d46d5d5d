"""Where to look for the person in the next frame."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from pose_ros.core.models.blazepose import BlazePoseDetector, region
from pose_ros.core.models.crop import whole_frame
from pose_ros.core.models.pose import Pose
from pose_ros.core.topology import COCO17
from pose_ros.core.tracking.smoothing import OneEuroSmoother
from pose_ros.core.types import Crop, Frame

# Keypoints that may shape the crop [score], and how far beyond the torso it reaches at least.
_CROP_SCORE = 0.2
_TORSO_REACH = 1.9
# Somebody whose crop is smaller than this share of the frame deserves a second look.
_FAR = 0.8
# Side of the parts of the frame that are searched one by one, over the frame's shorter side.
_PART = 0.75


class RegionTracker(Protocol):
    """Gives the region that the pose model looks at and learns from what it finds."""

    @property
    def tracking(self) -> bool:
        """Whether the next region follows from a person seen before."""

    def region(self, frame: Frame) -> Crop | None:
        """Region of the frame to look at; None if there is nobody to look for."""

    def closer(self, frame: Frame, pose: Pose) -> Crop | None:
        """Region that shows somebody just found better; None if it was good enough."""

    def update(self, frame: Frame, pose: Pose) -> None:
        """Learn from a person found in the frame."""

    def lose(self) -> None:
        """Forget the person: search anew."""


class KeypointRegions:
    """Square around the last skeleton; the whole frame until there is one.

    The way of the crop in Google's MoveNet tutorial: centred on the hips, large enough for the
    torso with all limbs stretched and for every keypoint seen.

    Parameters
    ----------
    padding
        Distance from the crop's centre to its edge over that to the farthest keypoint, at least 1.
    """

    def __init__(self, padding: float) -> None:
        self.padding = padding
        self._crop: Crop | None = None

    @property
    def tracking(self) -> bool:
        """Whether the next region follows from a person seen before."""
        return self._crop is not None

    def region(self, frame: Frame) -> Crop:
        """Region of the frame to look at."""
        return self._crop or whole_frame(frame)

    def closer(self, frame: Frame, pose: Pose) -> Crop | None:
        """Region that shows somebody just found in the whole frame better."""
        crop = self._around(pose)
        far = crop is not None and crop.side < _FAR * whole_frame(frame).side
        return crop if far else None

    def update(self, frame: Frame, pose: Pose) -> None:
        """Learn from a person found in the frame."""
        crop = self._around(pose)
        fits = crop is not None and crop.side < whole_frame(frame).side
        self._crop = crop if fits else None

    def lose(self) -> None:
        """Forget the person: look at the whole frame."""
        self._crop = None

    def _around(self, pose: Pose) -> Crop | None:
        seen = pose.scores > _CROP_SCORE
        if not (seen[_SHOULDERS].any() and seen[_HIPS].any()):
            return None
        hips = _HIPS[seen[_HIPS]]
        centre = pose.keypoints[hips].mean(axis=0)
        distances = np.abs(pose.keypoints - centre).max(axis=1)
        torso = distances[_TORSO[seen[_TORSO]]].max()
        reach = max(_TORSO_REACH * torso, self.padding * distances[seen].max(), 1.0)
        return Crop((float(centre[0]), float(centre[1])), 2.0 * float(reach))


_SHOULDERS = np.array([COCO17.index('left_shoulder'), COCO17.index('right_shoulder')])
_HIPS = np.array([COCO17.index('left_hip'), COCO17.index('right_hip')])
_TORSO = np.concatenate([_SHOULDERS, _HIPS])


class DetectedRegions:
    """Region from the landmark model's alignment points; from the detector until there are any.

    The detector misses people who fill less than 40 % of the picture's height. While nobody is
    found, every second look is therefore at a part of the frame only, one after the other.

    Parameters
    ----------
    detector
        Runs on the first frame and after a loss only.
    """

    def __init__(self, detector: BlazePoseDetector) -> None:
        self.detector = detector
        self.detections = 0
        self._looks = 0
        # Settings of MediaPipe's graph for these two points.
        self._smoother = OneEuroSmoother(min_cutoff=0.01, beta=10.0)
        self._region: Crop | None = None

    @property
    def tracking(self) -> bool:
        """Whether the next region follows from a person seen before."""
        return self._region is not None

    def region(self, frame: Frame) -> Crop | None:
        """Region of the frame to look at; None if the detector finds nobody."""
        if self._region is not None:
            return self._region
        view = whole_frame(frame)
        if self._looks % 2:
            parts = closer_views(frame.width, frame.height)
            view = parts[self._looks // 2 % len(parts)]
        self._looks += 1
        self.detections += 1
        found = self.detector.detect(frame, view)
        return region(found[0].alignment) if found else None

    def closer(self, frame: Frame, pose: Pose) -> None:
        """Return None: the detector's region is as good as the next."""

    def update(self, frame: Frame, pose: Pose) -> None:
        """Learn from a person found in the frame."""
        if pose.alignment is None:
            raise ValueError('this model gives no alignment points to follow')
        points = self._smoother.apply(pose.alignment, frame.stamp, diameter(pose.alignment))
        self._region = region(points)

    def lose(self) -> None:
        """Forget the person: ask the detector."""
        self._region = None
        self._looks = 0
        self._smoother.reset()


def closer_views(width: int, height: int) -> list[Crop]:
    """Squares that cover a frame (width, height) [px] and overlap by 40 % at least."""
    side = _PART * min(width, height)

    def middles(length: int) -> np.ndarray:
        count = int(np.ceil((length - side) / (0.6 * side))) + 1
        return np.linspace(side / 2, length - side / 2, count)

    return [Crop((float(x), float(y)), side) for y in middles(height) for x in middles(width)]


def diameter(alignment: np.ndarray) -> float:
    """Diameter [px] of the circle around the body, at least 1."""
    return max(2.0 * float(np.hypot(*(alignment[1] - alignment[0]))), 1.0)
