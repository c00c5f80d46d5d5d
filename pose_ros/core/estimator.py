"""Public API: images in, tracked people out."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
import logging
import time

import numpy as np

from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.factory import build_finder, build_hand_tracker, select_device
from pose_ros.core.finding.finder import Finder
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
from pose_ros.core.types import Frame, Person, TrackedHand

_log = logging.getLogger(__name__)


class PoseEstimator:
    """Tracks the people in a sequence of frames.

    Parameters
    ----------
    config
        Settings.
    store
        Installed models; by default those in $POSE_ROS_MODEL_PATH and the user's cache.

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
        self._device_selector = select_device(self.config, store)
        self._finder = build_finder(self.config, store, self._device_selector)
        self._hand_tracker = build_hand_tracker(self.config, store)
        self._repairs = Repairs()
        self._identities = _identities(self.config, self._finder, self._repairs)
        self._begin()

    @property
    def topology(self) -> Topology:
        """Format of the keypoints."""
        return self._finder.topology

    @property
    def device(self) -> DeviceStatus:
        """Where the model runs right now, and why."""
        return self._device_selector.status

    def close(self) -> None:
        """Release the device; the estimator cannot be used afterwards."""
        self._device_selector.close()

    @property
    def locked_id(self) -> int:
        """Id of the locked person, 0 = none."""
        return self._identities.locked_id

    @property
    def locked_seen(self) -> bool:
        """Whether the last frame shows the locked person."""
        return any(p.id == self.locked_id and p.observed.any() for p in self._people if p.id)

    def lock(self, method: str, person_id: int = 0) -> int:
        """Lock one person of the last frame.

        The locked person is tracked first and never replaced by another one; in the mode single
        no one else is tracked. The lock ends when they have been away for ``lock_timeout``.

        Parameters
        ----------
        method
            'id', 'largest', 'nearest_centre' or 'hand_raised'.
        person_id
            Id of the person, for the method 'id'.

        Returns
        -------
        int
            Id of the person.

        Raises
        ------
        LockError
            If no person fits; the lock stays as it was.
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
        """End the lock; whether there was one."""
        was_locked = bool(self.locked_id)
        self._identities.locked_id = 0
        return was_locked

    def reset(self) -> None:
        """Forget the frames before, and the lock; ids are not used again."""
        self._identities.reset()
        self.unlock()
        self._finder.reset()
        if self._hand_tracker is not None:
            self._hand_tracker.reset()
        self._begin()

    def _begin(self) -> None:
        """Begin a sequence of frames: all state from frame to frame is set here."""
        self._timeline = Timeline()
        self._frame: Frame | None = None
        self._people: list[Person] = []
        self._last: tuple[Frame, list[Person]] | None = None  # where hands are looked for
        self._published: Track | None = None  # the one track that single mode shows
        self._schedule = SearchSchedule(self.config)

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
        """Change settings while running, also for people already tracked.

        Parameters
        ----------
        config
            All settings; ValueError as of `check`, and then nothing changes.
        """
        self.check(config)
        self._finder.reconfigure(config)
        self.config = self._identities.config = self._schedule.config = config
        for track in self._identities.tracks:
            track.reconfigure(config)

    def estimate(self, image: Frame | np.ndarray) -> list[Person]:
        """Find the people in the next frame of a sequence, or in a single image.

        Parameters
        ----------
        image
            With a stamp, the next frame of the sequence. A frame up to ``track_timeout`` before
            the last one is late: it is dropped, counted in the statistics, and the people of the
            last frame are returned. A larger step back restarts tracking.
            Without a stamp, a single image: tracking is neither used nor disturbed. An array is
            a single image, uint8 [height, width, 3] in BGR as OpenCV's.

        Returns
        -------
        list of Person
            The locked one first, then the largest; empty without people. The id is 0 for people
            seen in fewer frames than ``min_hits``, and in a single image. Of these, a sequence
            shows the ones whose score and second opinions speak for a person, a single image all.
            People out of sight for less than ``coast_time`` are included, with all keypoints
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

    def find_hands(self) -> list[TrackedHand]:
        """Find the hands in the frame of the last `estimate`.

        Returns
        -------
        list of TrackedHand
            Those of people first, in the order of the people; empty with ``hands='none'``. The
            id is 0 in a single image.
        """
        if self._hand_tracker is None or self._last is None:
            return []
        hands = self._hand_tracker.find(*self._last, self.config.max_hands_people)
        self.statistics.hand_time = self._hand_tracker.hand_time
        self.statistics.hands_time = self._hand_tracker.duration
        return hands

    def _estimate_single(self, frame: Frame) -> list[Person]:
        """Find the people in an image by itself."""
        single = copy(self)
        single.statistics = replace(self.statistics)
        single._finder = self._finder.fresh()
        single._repairs = Repairs()
        single._identities = _identities(self.config, single._finder, single._repairs)
        single._begin()
        people = single._estimate_next(frame)
        for name in ('inference_time', 'person_time', 'detector_time', 'detections'):
            setattr(self.statistics, name, getattr(single.statistics, name))
        people = [replace(person, id=0) for person in people]
        self._last = frame, people
        return people

    def _estimate_next(self, frame: Frame) -> list[Person]:
        """Find the people in the next frame of a sequence."""
        started, searched = time.perf_counter(), self._finder.detector_runs.total
        self._frame = frame
        identities = self._identities
        identities.forget(frame.time)
        followed = self._tracks_to_follow(frame)
        observations = self._finder.follow(frame, followed)
        # Another person in the region of a track is not known yet.
        found = [s for s in observations if s.roi_track is None or identities.matches(s)]
        if self._schedule.is_due(frame.time, identities.tracks, followed, found):
            room = self._limit - len(found)
            if self.locked_id and not self.locked_seen:
                room = self.config.max_people  # any of them may be the locked one
            observations += self._finder.search(frame, found, max(room, 1))
        identities.update(observations, newcomers=not self._only_locked)
        self._people = self._shown(frame)
        self._last = frame, self._people
        searching = self._finder.detector_runs.total - searched
        self._count(time.perf_counter() - started, searching, len(observations))
        return self._people

    @property
    def _limit(self) -> int:
        """Maximum number of people to track."""
        return 1 if self.config.mode == 'single' else self.config.max_people

    @property
    def _only_locked(self) -> bool:
        """Whether the locked person alone is tracked."""
        return self.config.mode == 'single' and bool(self.locked_id)

    def _tracks_to_follow(self, frame: Frame) -> list[Track]:
        """Tracks whose regions are searched: the locked one, visible ones, large ones first.

        A search finds people again who were lost for longer or have left the image.
        """
        tracks = [
            track
            for track in self._identities.tracks
            if frame.time - track.stamp <= self.config.track_timeout
            and track.is_in_view(frame.time)
            and (track.id == self.locked_id or not self._only_locked)
        ]
        tracks.sort(
            key=lambda track: (
                not track.id or track.id != self.locked_id,
                track.is_doubtful,
                track.misses > 0,
                -track.size,
            )
        )
        return tracks[: self._limit]

    def _shown(self, frame: Frame) -> list[Person]:
        """People to publish, the most important first."""
        shown = []
        for track in self._identities.tracks:
            if frame.stamp is not None and not track.is_credible:
                continue
            person = track.person(frame.time, self.config.coast_time)
            if person is not None and (person.id == self.locked_id or not self._only_locked):
                shown.append((track, person))
        if len(shown) > self._limit:
            shown.sort(key=lambda pair: self._rank(*pair))
        shown = shown[: self._limit]
        self._published = shown[0][0] if shown else None
        people = [person for _, person in shown]
        return sorted(people, key=lambda person: (person.id != self.locked_id, -_area(person)))

    def _rank(self, track: Track, person: Person) -> tuple[bool, bool, bool, bool, float]:
        """Sort key of people where not all can be published."""
        return (
            not person.id or person.id != self.locked_id,
            not person.id,
            not person.observed.any(),
            self.config.mode == 'single' and track is not self._published,
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


def _identities(config: EstimatorConfig, finder: Finder, repairs: Repairs) -> Identities:
    """Identities of the people that a finder finds."""

    # Without the estimator: that would refer to itself, and keep its model until Python tidies up.
    def make_track(config: EstimatorConfig, track_id: int, observation: Observation) -> Track:
        keypoint_filter = KeypointFilter(config, finder.topology, repairs)
        return Track(track_id, observation, finder.regions(), keypoint_filter)

    return Identities(config, make_track, finder.second_opinion)


def _area(person: Person) -> float:
    return person.box.width * person.box.height
