"""People seen in a frame, before they are matched with tracks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
import math

import numpy as np

from pose_ros.core.models.occlusion import BodyMask
from pose_ros.core.models.pose import Pose
from pose_ros.core.topology import COCO_HIPS, COCO_SHOULDERS, Topology
from pose_ros.core.tracking.clothing import colour_similarity, torso_colours
from pose_ros.core.tracking.similarity import coco_indices, keypoint_similarity, overlap, scale_of
from pose_ros.core.types import Box, Frame

_TORSO = np.array(COCO_SHOULDERS + COCO_HIPS)
# Height of a standing person over the length of the torso [-].
_HEIGHT_OF_TORSO = 3.0

# Two observations more alike than this show the same person; or less, if the clothes are the same.
_SAME, _MAY_BE_SAME, _SAME_CLOTHES = 0.6, 0.4, 0.8
# A person found by searching is a tracked one, perhaps a part of them, if the keypoints that are
# confident in both are more alike than this. Of 505 pairs of people in photographs of COCO, 5 are.
_SAME_PART = 0.3
# Minimum number of such keypoints.
_MIN_SHARED = 3


@dataclass(frozen=True, eq=False)
class Observation:
    """A person's pose in a frame.

    Attributes
    ----------
    pose
        As the model gave it.
    confident
        Mask [K]: keypoints over the threshold.
    frame
        The frame that shows it.
    topology
        Format of the keypoints.
    roi_track
        ``track_id`` of the track in whose region it was found; None if it was found by searching.
    similarities
        Similarity to the tracks that it was compared to, by their ``track_id``.
    detection_score
        Of the detection that it was found by, 0 to 1; 1 without a detector.
    in_front
        Bodies of other people who may cover this one.
    """

    pose: Pose
    confident: np.ndarray
    frame: Frame
    topology: Topology
    roi_track: int | None = None
    detection_score: float = 1.0
    similarities: dict[int, float] = field(default_factory=dict)
    in_front: tuple[BodyMask, ...] = ()

    @classmethod
    def of(
        cls,
        pose: Pose,
        frame: Frame,
        topology: Topology,
        threshold: float,
        *,
        roi_track: int | None = None,
        detection_score: float = 1.0,
    ) -> Observation:
        """Observation of a pose; its confident keypoints have at least the threshold's score."""
        confident = np.asarray(pose.scores >= threshold)
        return cls(pose, confident, frame, topology, roi_track, detection_score)

    @cached_property
    def seen(self) -> np.ndarray:
        """Mask [K]: confident keypoints within the image."""
        return np.asarray(self.confident & self.frame.shows(self.pose.keypoints))

    @cached_property
    def box(self) -> Box:
        """Box around the part of the body that the image shows.

        Confident keypoints beyond the image's edge count at the edge: a person whom it cuts off
        reaches to it, as in a detector's box.
        """
        box = box_of(self.pose.keypoints, self.confident)
        return box.clipped(self.frame.width - 1, self.frame.height - 1)

    @cached_property
    def joints(self) -> np.ndarray:
        """Keypoints [17, 2] of COCO's format."""
        return self.pose.keypoints.take(coco_indices(self.topology), axis=0)

    @cached_property
    def centre(self) -> tuple[float, float]:
        """Middle of the torso (x, y) [px]."""
        x, y = zip(*self._torso)
        return sum(x) / 4, sum(y) / 4

    @cached_property
    def size(self) -> float:
        """About the person's height [px], at least 1."""
        (lsx, lsy), (rsx, rsy), (lhx, lhy), (rhx, rhy) = self._torso
        torso = math.hypot(lsx + rsx - lhx - rhx, lsy + rsy - lhy - rhy) / 2
        return max(self.box.width, self.box.height, _HEIGHT_OF_TORSO * torso, 1.0)

    @cached_property
    def quarter_turn(self) -> float:
        """Rotation of a view in which the head is up [rad]: 0, a half, or a quarter turn."""
        (lsx, lsy), (rsx, rsy), (lhx, lhy), (rhx, rhy) = self._torso
        leaning = math.atan2(lsx + rsx - lhx - rhx, lhy + rhy - lsy - rsy)
        return round(leaning / (math.pi / 2)) * (math.pi / 2)

    @cached_property
    def _torso(self) -> list[list[float]]:
        """Left and right shoulder, left and right hip: (x, y) [px] of each."""
        torso: list[list[float]] = self.joints.take(_TORSO, axis=0).tolist()
        return torso

    @cached_property
    def clothing(self) -> np.ndarray | None:
        """Histogram of the torso's colours."""
        return torso_colours(self.frame, self.pose.keypoints, self.topology, self.in_front)

    def similarity(self, other: Observation) -> float:
        """Mean of keypoint similarity and overlap of the boxes, 0 to 1."""
        scale = scale_of(self.box)
        return (
            keypoint_similarity(self.joints, other.joints, scale) + overlap(self.box, other.box)
        ) / 2

    def shares_keypoints(self, other: Observation) -> bool:
        """Whether the keypoints that are confident in both are at the same places."""
        indices = coco_indices(self.topology)
        shared = self.confident[indices] & other.confident[indices]
        if np.count_nonzero(shared) < _MIN_SHARED:
            return False
        scale = max(scale_of(self.box), scale_of(other.box))
        return keypoint_similarity(self.joints, other.joints, scale, shared) > _SAME_PART


def box_of(keypoints: np.ndarray, seen: np.ndarray) -> Box:
    """Box around the keypoints seen; around all where these make none."""
    return Box.around(
        keypoints.compress(seen, axis=0) if np.count_nonzero(seen) > 1 else keypoints
    )


def distinct(observations: Sequence[Observation]) -> list[Observation]:
    """Observations without those that show the same person as an earlier one."""
    kept: list[Observation] = []
    for observation in observations:
        if not any(_same_person(observation, other) for other in kept):
            kept.append(observation)
    return kept


def _same_person(one: Observation, other: Observation) -> bool:
    """Whether an observation shows the person of an earlier one."""
    alike = one.similarity(other)
    if alike >= _SAME:
        return True
    if one.roi_track is None and other.roi_track is not None and one.shares_keypoints(other):
        return True
    if alike < _MAY_BE_SAME or one.clothing is None or other.clothing is None:
        return False
    return colour_similarity(one.clothing, other.clothing) > _SAME_CLOTHES
