"""Where to look for a person in the next frame."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.models.blazepose import region
from pose_ros.core.models.crop import whole_frame
from pose_ros.core.models.detector import Detection
from pose_ros.core.models.pose import Pose, PoseModel
from pose_ros.core.topology import COCO_HIPS, COCO_SHOULDERS
from pose_ros.core.tracking.smoothing import OneEuroSmoother
from pose_ros.core.types import Box, Crop, Frame

# Minimum score of keypoints that shape the crop [-].
_CROP_SCORE = 0.2
# Minimum distance of the crop's edge from its centre over that of the torso's farthest corner [-].
_TORSO_REACH = 1.9
# Side of the crop around a detector's box over the longer side of the box [-]: measured on COCO.
_BOX_REACH = 1.05
# Without a torso: side of the crop over that of the box around the visible keypoints [-].
_PART_REACH = 2.0
# Without a torso: minimum number of visible keypoints.
_MIN_PART = 3
# Size of a detector's box over that of the box around the keypoints [-]. On COCO 1.0 and 1.1 are
# alike (AP 0.514 and 0.511 of TinyPose 128 in its third region, 0.521 in annotated boxes), 1.25 is
# worse (0.489); the larger of the two leaves room to move.
_SKELETON_REACH = 1.1


class RegionTracker(Protocol):
    """Gives the region that a person is looked for in, and learns from what is found there."""

    def region(self, frame: Frame, alone: bool = True) -> Crop:
        """Region of the frame in which the person was; all of it where that is not known.

        Parameters
        ----------
        frame
            The next frame.
        alone
            Whether no one else is tracked. Otherwise the region is the person's own, however
            large: two people in one and the same region would become one.
        """

    def update(self, frame: Frame, pose: Pose) -> None:
        """Learn from the person found in the frame."""

    def around(self, detection: Detection) -> Crop:
        """Region to look at a person whom a detector has found."""

    def reconfigure(self, config: EstimatorConfig) -> None:
        """Take other settings."""


def region_tracker(model: PoseModel, config: EstimatorConfig) -> RegionTracker:
    """Regions of one person, as the model was trained on them."""
    if model.region == 'alignment':
        return AlignmentRegions()
    if model.region == 'box':
        return BoxRegions(config.crop_padding, model.aspect)
    return KeypointRegions(config.crop_padding)


class KeypointRegions:
    """Square around the last skeleton.

    The way of the crop in Google's MoveNet tutorial: centred on the hips, large enough for the
    torso with all limbs stretched and for every keypoint seen; the whole frame if that is larger
    than the frame and no one else is tracked.

    Parameters
    ----------
    padding
        Distance from the crop's centre to its edge over that to the farthest keypoint, at least 1.
    """

    def __init__(self, padding: float) -> None:
        self.padding = padding
        self._pose: Pose | None = None

    def region(self, frame: Frame, alone: bool = True) -> Crop:
        """Region of the frame in which the person was."""
        whole = whole_frame(frame)
        crop = None if self._pose is None else self._around(self._pose)
        return whole if crop is None or (alone and crop.side >= whole.side) else crop

    def update(self, frame: Frame, pose: Pose) -> None:
        """Learn from the person found in the frame."""
        self._pose = pose

    def around(self, detection: Detection) -> Crop:
        """Region to look at a person whom a detector has found."""
        box = detection.box
        return Crop(box.centre, _BOX_REACH * max(box.width, box.height, 1.0))

    def reconfigure(self, config: EstimatorConfig) -> None:
        """Take another padding."""
        self.padding = config.crop_padding

    def _around(self, pose: Pose) -> Crop | None:
        points, seen = pose.keypoints.tolist(), (pose.scores > _CROP_SCORE).tolist()
        hips = [points[i] for i in COCO_HIPS if seen[i]]
        shoulders = [points[i] for i in COCO_SHOULDERS if seen[i]]
        visible = [point for point, is_seen in zip(points, seen) if is_seen]
        if not (hips and shoulders):
            return self._around_part(np.array(visible))
        centre = sum(x for x, _ in hips) / len(hips), sum(y for _, y in hips) / len(hips)
        torso = _farthest(centre, [*shoulders, *hips])
        reach = max(_TORSO_REACH * torso, self.padding * _farthest(centre, visible), 1.0)
        return Crop(centre, 2.0 * reach)

    def _around_part(self, points: np.ndarray) -> Crop | None:
        """Region around a person without a visible torso; None with too few keypoints."""
        if len(points) < _MIN_PART:
            return None
        box = Box.around(points)
        return Crop(box.centre, _PART_REACH * self.padding * max(box.width, box.height, 1.0))


class BoxRegions:
    """Upright region around the last skeleton, with the aspect ratio of the model's input.

    For models that were trained on the boxes of people.

    Parameters
    ----------
    padding
        Size of the region over that of a detector's box, at least 1.
    aspect
        Width of the input over its height.
    """

    def __init__(self, padding: float, aspect: float) -> None:
        self.padding = padding
        self._aspect = aspect
        self._box: Box | None = None

    def region(self, frame: Frame, alone: bool = True) -> Crop:
        """Region of the frame in which the person was."""
        if self._box is None:
            return whole_frame(frame)
        return self._padded(self._box, _SKELETON_REACH * self.padding)

    def update(self, frame: Frame, pose: Pose) -> None:
        """Learn from the person found in the frame."""
        seen = pose.keypoints[pose.scores > _CROP_SCORE]
        if len(seen) >= _MIN_PART:
            self._box = Box.around(seen)

    def around(self, detection: Detection) -> Crop:
        """Region to look at a person whom a detector has found."""
        return self._padded(detection.box, self.padding)

    def reconfigure(self, config: EstimatorConfig) -> None:
        """Take another padding."""
        self.padding = config.crop_padding

    def _padded(self, box: Box, reach: float) -> Crop:
        return Crop(box.centre, reach * max(box.height, box.width / self._aspect, 1.0))


class AlignmentRegions:
    """Square around the circle that the landmark model draws around the body, turned with it."""

    def __init__(self) -> None:
        # Settings of MediaPipe's graph for these two points.
        self._smoother = OneEuroSmoother(min_cutoff=0.01, beta=10.0)
        self._region: Crop | None = None

    def region(self, frame: Frame, alone: bool = True) -> Crop:
        """Region of the frame in which the person was."""
        return self._region or whole_frame(frame)

    def update(self, frame: Frame, pose: Pose) -> None:
        """Learn from the person found in the frame."""
        if pose.alignment is None:
            raise ValueError('this model gives no alignment points to follow')
        points = self._smoother.apply(pose.alignment, frame.time, diameter(pose.alignment))
        self._region = region(points)

    def around(self, detection: Detection) -> Crop:
        """Region to look at a person whom a detector has found."""
        return region(detection.alignment)

    def reconfigure(self, config: EstimatorConfig) -> None:
        """Do nothing: no setting is read."""


class WholeFrames:
    """No regions: the model looks at the whole frame."""

    def region(self, frame: Frame, alone: bool = True) -> Crop:
        """Return the whole frame."""
        return whole_frame(frame)

    def update(self, frame: Frame, pose: Pose) -> None:
        """Do nothing."""

    def around(self, detection: Detection) -> Crop:
        """Square around a detection."""
        box = detection.box
        return Crop(box.centre, max(box.width, box.height, 1.0))

    def reconfigure(self, config: EstimatorConfig) -> None:
        """Do nothing: no setting is read."""


def _farthest(centre: tuple[float, float], points: list[list[float]]) -> float:
    """Distance along either axis from the centre to the point farthest from it [px]."""
    middle_x, middle_y = centre
    return max(max(abs(x - middle_x), abs(y - middle_y)) for x, y in points)


def diameter(alignment: np.ndarray) -> float:
    """Diameter [px] of the circle around the body, at least 1."""
    return max(2.0 * float(np.hypot(*(alignment[1] - alignment[0]))), 1.0)
