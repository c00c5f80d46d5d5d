"""One person who is followed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.tracking.motion import ConstantVelocity
from pose_ros.core.tracking.occlusion import Figure
from pose_ros.core.tracking.presence import Presence
from pose_ros.core.tracking.region import RegionTracker
from pose_ros.core.tracking.sighting import Sighting
from pose_ros.core.tracking.steadier import Steadier
from pose_ros.core.types import Box, Crop, Frame, Person

# How fast the idea of somebody's size and clothes follows what is seen, per frame.
_SIZE_RATE = 0.2
_CLOTHING_RATE = 0.1


class Track:
    """One person who is followed, seen now or not.

    Parameters
    ----------
    number
        Tells the tracks of an estimator apart; given to everybody, also to those without id.
    sighting
        The first.
    regions, steadier
        Of this person alone.

    Attributes
    ----------
    id
        0 until it is certain that there is somebody.
    sightings
        Number of frames in which the person was seen.
    misses
        Number of frames since then; 0 while the last frame shows the person.
    presence
        Evidence that the track is a person; collected until it has an id.
    last
        The last sighting.
    clothing
        Histogram of the torso's colours, or None.
    """

    def __init__(
        self, number: int, sighting: Sighting, regions: RegionTracker, steadier: Steadier
    ) -> None:
        self.number = number
        self.id = 0
        self.sightings = self.misses = 0
        self.presence = Presence()
        self.regions = regions
        self.steadier = steadier
        self.size = sighting.size
        self.clothing: np.ndarray | None = None
        self._motion = ConstantVelocity(sighting.centre, sighting.frame.time, sighting.size)
        self.observe(sighting, alone=True)

    @property
    def stamp(self) -> float:
        """Time of the last sighting [s]."""
        return self.last.frame.time

    @property
    def is_doubtful(self) -> bool:
        """Whether it has no id because the evidence is against a person."""
        return not self.id and self.presence.is_doubtful

    def observe(self, sighting: Sighting, alone: bool) -> None:
        """Learn from a sighting; clothes only from those of somebody who stands alone."""
        sighting = self.steadier.repair(sighting)
        self.last = sighting
        self.sightings += 1
        self.misses = 0
        self.size += _SIZE_RATE * (sighting.size - self.size)
        self._motion.update(sighting.centre, sighting.frame.time, self.size)
        self.regions.update(sighting.frame, sighting.pose)
        if alone and sighting.clothing is not None:
            if self.clothing is None:
                self.clothing = sighting.clothing
            self.clothing = self.clothing + _CLOTHING_RATE * (sighting.clothing - self.clothing)
        self._person = self.steadier.observe(sighting)

    def shift(self, stamp: float) -> np.ndarray:
        """Way [2] [px] that the person is expected to have gone since last seen."""
        return self._motion.position(stamp) - self._motion.position(self.stamp)

    def centre(self, stamp: float) -> np.ndarray:
        """Where the middle of the person's torso is expected [2] [px]."""
        return self.last.centre + self.shift(stamp)

    def spread(self, stamp: float) -> float:
        """Standard deviation of the person's expected place [px]."""
        return self._motion.spread(stamp)

    def region(self, frame: Frame, alone: bool) -> Crop:
        """Region of the next frame in which to look for the person, alone or with others."""
        crop = self.regions.region(frame, alone)
        if not self.misses:
            return crop
        x, y = self.shift(frame.time).tolist()
        return replace(crop, centre=(crop.centre[0] + x, crop.centre[1] + y))

    def reconfigure(self, config: EstimatorConfig) -> None:
        """Take other settings; what they change starts anew."""
        self.steadier.reconfigure(config)
        self.regions.reconfigure(config)

    def expected_box(self, stamp: float) -> Box:
        """Box in which the person is expected."""
        x, y = self.shift(stamp).tolist()
        box = self.last.box
        return Box(box.x + x, box.y + y, box.width, box.height)

    def figure(self, stamp: float) -> Figure:
        """About where the person's body is expected."""
        return Figure(self.last.joints + self.shift(stamp), self.size)

    def person(self, stamp: float, prediction_time: float) -> Person | None:
        """Person at a time; None if they are out of sight for too long or out of the picture."""
        if not self.misses:
            return replace(self._person, id=self.id)
        gap = stamp - self.stamp
        if not self.id or not 0 < gap <= prediction_time:
            return None
        person = self.steadier.predict(self.shift(stamp), 1 - gap / prediction_time)
        if not self.last.frame.shows(np.array(person.box.centre)):
            return None
        return replace(person, id=self.id)
