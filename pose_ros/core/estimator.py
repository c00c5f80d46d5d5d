"""Public API: images in, tracked people out."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
import logging
import time

import numpy as np

from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.factory import build_finder, deploy
from pose_ros.core.finding.schedule import SearchSchedule
from pose_ros.core.runtime.device import DeviceStatus
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.runtime.store import ModelStore
from pose_ros.core.statistics import Statistics
from pose_ros.core.timeline import Step, Timeline
from pose_ros.core.topology import Topology
from pose_ros.core.tracking.identity import Identities
from pose_ros.core.tracking.keypoint_filter import KeypointFilter, Repairs
from pose_ros.core.tracking.lock import choose
from pose_ros.core.tracking.observation import Observation
from pose_ros.core.tracking.track import Track
from pose_ros.core.types import Frame, Person

_log = logging.getLogger(__name__)


class PoseEstimator:
    """Follows the people in a sequence of frames.

    Parameters
    ----------
    config
        Settings.
    store
        Where models lie; by default $POSE_ROS_MODEL_PATH and the user's cache.

    Raises
    ------
    ModelError
        A model is unknown, not installed or not usable; the message says what to do.

    Examples
    --------
    >>> import cv2
    >>> from pose_ros.core.configuration import EstimatorConfig
    >>> from pose_ros.core.estimator import PoseEstimator
    >>> estimator = PoseEstimator(EstimatorConfig(mode='multi'))
    >>> people = estimator.estimate(cv2.imread('people.jpg'))
    """

    def __init__(
        self, config: EstimatorConfig | None = None, store: ModelStore | None = None
    ) -> None:
        self.config = config or EstimatorConfig()
        self.statistics = Statistics()
        store = store or ModelStore()
        self._deployment = deploy(self.config, store)
        self._finder = build_finder(self.config, store, self._deployment)
        self._identities = Identities(self.config, self._make_track, self._finder.examine)
        self._repairs = Repairs()
        self._begin()

    @property
    def topology(self) -> Topology:
        """Format of the keypoints."""
        return self._finder.topology

    @property
    def device(self) -> DeviceStatus:
        """Where the model runs right now, and why."""
        return self._deployment.status

    def close(self) -> None:
        """Let go of the device; the estimator is of no use afterwards."""
        self._deployment.close()

    @property
    def locked_id(self) -> int:
        """Id of the person to keep to, 0 = nobody."""
        return self._identities.locked_id

    @property
    def locked_seen(self) -> bool:
        """Whether the last frame shows the person to keep to."""
        return any(p.id == self.locked_id and p.observed.any() for p in self._people if p.id)

    def lock(self, method: str, person_id: int = 0) -> int:
        """Keep to one person of the last frame.

        They are looked for first, remembered for ``lock_timeout``, and never replaced by somebody
        else; in the mode single nobody else is looked for. The lock ends when they have been away
        for longer.

        Parameters
        ----------
        method
            'id', 'largest', 'nearest_centre' or 'hand_raised'.
        person_id
            The person, for the method 'id'.

        Returns
        -------
        int
            Id of the person.

        Raises
        ------
        LockError
            If nobody is as wanted; the lock stays as it was.
        """
        frame = self._frame
        size = (frame.width, frame.height) if frame is not None else (0, 0)
        self._identities.locked_id = choose(self._people, method, person_id, size)
        try:
            self._finder.use_detectors()
        except ModelError as error:
            _log.warning(
                'without a detector the locked person is found again only if they are the most '
                'visible person in the whole image: %s',
                error,
            )
        return self.locked_id

    def unlock(self) -> bool:
        """Keep to nobody; whether there was somebody."""
        was_locked = bool(self.locked_id)
        self._identities.locked_id = 0
        return was_locked

    def reset(self) -> None:
        """Forget the frames before, and the lock; ids are not used again."""
        self._identities.reset()
        self.unlock()
        self._finder.reset()
        self._begin()

    def _begin(self) -> None:
        """Begin a sequence of frames: set all that is kept from frame to frame here."""
        self._timeline = Timeline()
        self._frame: Frame | None = None
        self._people: list[Person] = []
        self._published: int | None = None  # number of the one track that single mode shows
        self._schedule = SearchSchedule()

    def check(self, config: EstimatorConfig) -> None:
        """Raise ValueError for settings that cannot be taken while running; change nothing."""
        fixed = config.fixed_changes(self.config)
        if fixed:
            raise ValueError(f'{", ".join(fixed)} cannot change while running')
        try:
            self._finder.check(config)
        except ModelError as error:
            raise ValueError(f'mode {config.mode} needs a detector: {error}') from error

    def reconfigure(self, config: EstimatorConfig) -> None:
        """Change settings while running, also for people already followed.

        Parameters
        ----------
        config
            All settings; ValueError as of `check`, and then nothing changes.
        """
        self.check(config)
        self._finder.reconfigure(config)
        self.config = self._identities.config = config
        for track in self._identities.tracks:
            track.reconfigure(config)

    def estimate(self, image: Frame | np.ndarray) -> list[Person]:
        """Find the people in the next frame of a sequence, or in a single image.

        Parameters
        ----------
        image
            With a stamp, the next frame of the sequence. A frame up to ``track_timeout`` before
            the last one is late: it is dropped, counted in the statistics, and the people of the
            last frame are returned. A larger step back starts anew.
            Without a stamp, a single image: tracking is neither used nor disturbed. An array is
            a single image, uint8 [height, width, 3] in BGR as OpenCV's.

        Returns
        -------
        list of Person
            The locked one first, then the largest; empty when nobody is there. Who was seen in
            fewer frames than ``min_hits`` has the id 0, and so have all in a single image.
            Who is out of sight for less than ``coast_time`` is among them, all keypoints
            PREDICTED.
        """
        frame = image if isinstance(image, Frame) else Frame(image, channels='bgr')
        if frame.stamp is None:
            return self._estimate_single(frame)
        self._timeline.limit = self.config.track_timeout
        before = self._timeline.last
        step = self._timeline.advance(frame.stamp)
        if step is Step.LATE:
            self.statistics.late += 1
            return self._people
        if step is Step.JUMP:
            _log.warning(
                'stamps went back from %.3f s to %.3f s: tracking starts anew', before, frame.stamp
            )
            self.reset()
            self._timeline.advance(frame.stamp)
        return self._estimate_next(frame)

    def _estimate_single(self, frame: Frame) -> list[Person]:
        """Find the people in an image by itself."""
        single = copy(self)
        single.statistics = replace(self.statistics)
        single._finder = self._finder.fresh()
        single._repairs = Repairs()
        single._identities = Identities(self.config, single._make_track, single._finder.examine)
        single._begin()
        people = single._estimate_next(frame)
        for name in ('inference_time', 'person_time', 'detector_time', 'detections'):
            setattr(self.statistics, name, getattr(single.statistics, name))
        return [replace(person, id=0) for person in people]

    def _estimate_next(self, frame: Frame) -> list[Person]:
        """Find the people in the next frame of a sequence."""
        started, searched = time.perf_counter(), self._finder.detector_runs.total
        self._frame = frame
        identities = self._identities
        identities.forget(frame.time)
        followed = self._sought(frame)
        observations = self._finder.follow(frame, followed)
        # Who stands where somebody else was looked for is not known yet.
        found = [s for s in observations if s.roi_track is None or identities.matches(s)]
        counts = len(identities.tracks), len(followed), len(found)
        doubtful = bool(followed) and all(track.is_doubtful for track in followed)
        if self._schedule.is_due(self.config, frame.time, *counts, doubtful=doubtful):
            room = self._limit - len(found)
            if self.locked_id and not self.locked_seen:
                room = self.config.max_people  # any of those found may be the locked one
            observations += self._finder.search(frame, found, max(room, 1))
        identities.update(observations, newcomers=not self._only_locked)
        self._people = self._shown(frame.time)
        searching = self._finder.detector_runs.total - searched
        self._count(time.perf_counter() - started, searching, len(observations))
        return self._people

    @property
    def _limit(self) -> int:
        """Most people to look for."""
        return 1 if self.config.mode == 'single' else self.config.max_people

    @property
    def _only_locked(self) -> bool:
        """Whether nobody but the locked person is looked for and told of."""
        return self.config.mode == 'single' and bool(self.locked_id)

    def _make_track(self, number: int, observation: Observation) -> Track:
        keypoint_filter = KeypointFilter(self.config, self.topology, self._repairs)
        return Track(number, observation, self._finder.regions(), keypoint_filter)

    def _sought(self, frame: Frame) -> list[Track]:
        """Those whose regions are looked into, the most important first.

        That is: locked, seen a moment ago, large. Who is gone for longer or out of the picture is
        known again if a search finds them.
        """
        tracks = self._identities.tracks
        sought = [
            track
            for track in tracks
            if frame.time - track.stamp <= self.config.track_timeout
            and frame.shows(track.centre(frame.time))
            and (track.id == self.locked_id or not self._only_locked)
        ]
        sought.sort(
            key=lambda track: (
                not track.id or track.id != self.locked_id,
                track.is_doubtful,
                track.misses > 0,
                -track.size,
            )
        )
        return sought[: self._limit]

    def _shown(self, stamp: float) -> list[Person]:
        """People to tell of, the most important first."""
        tracks = self._identities.tracks
        if self._only_locked:
            tracks = [track for track in tracks if track.id == self.locked_id]
        people = {t.track_id: t.person(stamp, self.config.coast_time) for t in tracks}
        shown = sorted(
            ((number, person) for number, person in people.items() if person is not None),
            key=lambda pair: self._rank(*pair),
        )[: self._limit]
        self._published = shown[0][0] if shown else None
        shown.sort(key=lambda pair: (pair[1].id != self.locked_id, -_area(pair[1])))
        return [person for _, person in shown]

    def _rank(self, number: int, person: Person) -> tuple[bool, ...] | tuple[float, ...]:
        """Order in which people are told of where not all can be."""
        is_locked = person.id and person.id == self.locked_id
        single = self.config.mode == 'single'
        return (
            not is_locked,
            not person.id,
            not person.observed.any(),
            single and number != self._published,
            -_area(person),
        )

    def _count(self, duration: float, searching: float, looks: int) -> None:
        """Keep the figures of the last frame; searching is the detector's time [s]."""
        statistics, runs = self.statistics, self._finder.detector_runs
        statistics.inference_time = duration
        statistics.detector_time, statistics.detections = runs.duration, runs.count
        if looks:
            statistics.person_time = (duration - searching) / looks
        statistics.people = len(self._identities.tracks)
        statistics.multi = self._schedule.expects_several
        statistics.swaps, statistics.implausible = self._repairs.swaps, self._repairs.implausible
        statistics.reinitialised = self._identities.track_switches
        statistics.expired_lock = self._identities.expired_lock


def _area(person: Person) -> float:
    return person.box.width * person.box.height
