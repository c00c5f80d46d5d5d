"""One person who is followed."""

from __future__ import annotations

from dataclasses import replace
import math

import numpy as np

from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.models.occlusion import BodyMask
from pose_ros.core.tracking.constant_velocity import ConstantVelocity
from pose_ros.core.tracking.keypoint_filter import KeypointFilter
from pose_ros.core.tracking.observation import Observation
from pose_ros.core.tracking.presence import Presence
from pose_ros.core.tracking.region import RegionTracker
from pose_ros.core.types import Box, Crop, Frame, Person

# Weight of a frame in the moving average of the size [-].
_SIZE_RATE = 0.2
# Minimum mean score of an unconfirmed person plus the evidence of second opinions, for the person
# to be published and to get an id [-]. On clips of 42 images without people and 55 with people
# (docs/evaluation).
_MIN_CREDIT = 0.35
# Weight of a sample in the moving average of the clothes' colours [-].
_CLOTHING_RATE = 0.25
# Time between two samples of the clothes [s]; each costs as much as a tenth of all else.
_CLOTHING_PERIOD = 0.1


class Track:
    """One person who is followed, seen now or not.

    Parameters
    ----------
    track_id
        Identifies the track within an estimator, also before the person gets an id.
    observation
        The first.
    regions, keypoint_filter
        Of this person alone.

    Attributes
    ----------
    id
        0 until the person is confirmed.
    observations
        Number of frames in which the person was seen.
    misses
        Number of frames since then; 0 while the last frame shows the person.
    presence
        Evidence that the track is a person; collected until it has an id.
    last
        The last observation.
    clothing
        Histogram of the torso's colours, or None.
    """

    def __init__(
        self,
        track_id: int,
        observation: Observation,
        regions: RegionTracker,
        keypoint_filter: KeypointFilter,
    ) -> None:
        self.track_id = track_id
        self.id = 0
        self.observations = self.misses = 0
        self.presence = Presence()
        self.regions = regions
        self.keypoint_filter = keypoint_filter
        self.size = observation.size
        self.clothing: np.ndarray | None = None
        self._clothing_due = -math.inf  # [s]
        self._alone = False
        self._detection_score = observation.detection_score
        self._mean_score = 0.0  # of the frames before the id
        self._motion = ConstantVelocity(
            observation.centre, observation.frame.time, observation.size
        )
        self.observe(observation, alone=not observation.in_front)

    @property
    def stamp(self) -> float:
        """Time of the last observation [s]."""
        return self.last.frame.time

    @property
    def is_doubtful(self) -> bool:
        """Whether it has no id because the evidence is against a person."""
        return not self.id and self.presence.is_doubtful

    @property
    def is_credible(self) -> bool:
        """Whether it has an id, or its scores and the second opinions speak for a person."""
        return bool(self.id) or self._mean_score + self.presence.evidence >= _MIN_CREDIT

    def observe(self, observation: Observation, alone: bool) -> None:
        """Take in an observation; its clothes only where no one else is near."""
        observation = self.keypoint_filter.repair(observation)
        self.last = observation
        self.observations += 1
        self.misses = 0
        self.size += _SIZE_RATE * (observation.size - self.size)
        self._motion.update(observation.centre, observation.frame.time, self.size)
        self.regions.update(observation.frame, observation.pose)
        self._alone = alone
        if alone and self.stamp >= self._clothing_due and observation.clothing is not None:
            self._clothing_due = self.stamp + _CLOTHING_PERIOD
            if self.clothing is None:
                self.clothing = observation.clothing
            self.clothing = self.clothing + _CLOTHING_RATE * (observation.clothing - self.clothing)
        self._person = self.keypoint_filter.observe(observation, self.id)
        if not self.id:
            # Confirmed people need no detector's score any more.
            score = self._detection_score * self._person.score
            self._person = replace(self._person, score=score)
            self._mean_score += (score - self._mean_score) / self.observations

    def is_obvious(self, stamp: float) -> bool:
        """Whether the place alone tells who it is: no one else was near, and not for long."""
        return self._alone and not self.misses and stamp < self._clothing_due

    def shift(self, stamp: float) -> tuple[float, float]:
        """Movement (x, y) [px] that is expected since the person was last seen."""
        return self._motion.shift(stamp)

    def centre(self, stamp: float) -> tuple[float, float]:
        """Where the middle of the person's torso is expected (x, y) [px]."""
        (x, y), (right, down) = self.last.centre, self.shift(stamp)
        return x + right, y + down

    def spread(self, stamp: float) -> float:
        """Standard deviation of the person's expected place [px]."""
        return self._motion.spread(stamp)

    def region(self, frame: Frame, alone: bool) -> Crop:
        """Region of the next frame in which to look for the person, alone or with others."""
        crop = self.regions.region(frame, alone)
        if not self.misses:
            return crop
        x, y = self.shift(frame.time)
        return replace(crop, centre=(crop.centre[0] + x, crop.centre[1] + y))

    def reconfigure(self, config: EstimatorConfig) -> None:
        """Take other settings; what they change starts anew."""
        self.keypoint_filter.reconfigure(config)
        self.regions.reconfigure(config)

    def expected_box(self, stamp: float) -> Box:
        """Box in which the person is expected."""
        x, y = self.shift(stamp)
        box = self.last.box
        return Box(box.x + x, box.y + y, box.width, box.height)

    def is_in_view(self, stamp: float) -> bool:
        """Whether the person is expected within the image."""
        return self.last.frame.contains(self.expected_box(stamp).centre)

    def body_mask(self, stamp: float) -> BodyMask:
        """About where the person's body is expected."""
        return BodyMask(self.last.joints + self.shift(stamp), self.size)

    def person(self, stamp: float, coast_time: float) -> Person | None:
        """Person at a time; None if they are out of sight for too long or out of the image."""
        if not self.misses:
            if self._person.id != self.id:
                self._person = replace(self._person, id=self.id)
            return self._person
        gap = stamp - self.stamp
        if not self.id or not 0 < gap <= coast_time:
            return None
        person = self.keypoint_filter.predict(self.shift(stamp), 1 - gap / coast_time)
        if not self.last.frame.contains(person.box.centre):
            return None
        return replace(person, id=self.id)
