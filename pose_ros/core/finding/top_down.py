"""One region a person, by a model that sees one person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy

from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.finding.search import DetectorSearch, SearchState, unknown
from pose_ros.core.models.crop import whole_frame
from pose_ros.core.models.detector import Detection, Detector
from pose_ros.core.models.pose import Pose, PoseModel
from pose_ros.core.topology import Topology
from pose_ros.core.tracking.observation import Observation
from pose_ros.core.tracking.occlusion import BodyMask, mask_neighbours
from pose_ros.core.tracking.region import RegionTracker
from pose_ros.core.tracking.similarity import overlap
from pose_ros.core.tracking.track import Track
from pose_ros.core.types import Crop, Frame

# Somebody whose crop is smaller than this share of the frame deserves a second look.
_FAR = 0.8
# Who shares more than this with somebody's box (IoU) is painted over, if seen so lately [s].
_NEIGHBOUR, _FRESH = 0.1, 0.3


class TopDown:
    """Looks at each person in a region of their own.

    Parameters
    ----------
    model
        Sees one person.
    config
        Settings; may be replaced at any time.
    make_regions
        Makes the regions of a newcomer.
    detectors_for
        Names of the person detectors that settings ask for.
    load_detector
        Loads a detector of a name when it is needed first; ModelError if it cannot.

    Attributes
    ----------
    detector_search
        None until the detector is loaded; until then others are looked for by showing the model
        the whole frame.
    """

    def __init__(
        self,
        model: PoseModel,
        config: EstimatorConfig,
        make_regions: Callable[[], RegionTracker],
        detectors_for: Callable[[EstimatorConfig], tuple[str, ...]],
        load_detector: Callable[[str], Detector],
    ) -> None:
        self.config = config
        self.detector_search: DetectorSearch | None = None
        self._model = model
        self._make_regions = make_regions
        self._detectors_for = detectors_for
        self._load_detector = load_detector
        self._detectors: dict[str, Detector] = {}  # those loaded, by name
        self._state = SearchState()

    @property
    def topology(self) -> Topology:
        """Format of the keypoints."""
        return self._model.topology

    def prepare(self, config: EstimatorConfig) -> tuple[Detector, ...]:
        """Detectors that settings ask for, loaded for later; ModelError if one cannot be had."""
        names = self._detectors_for(config)
        for name in names:
            if name not in self._detectors:
                self._detectors[name] = self._load_detector(name)
        return tuple(self._detectors[name] for name in names)

    def use_detectors(self) -> None:
        """Search with the detectors of the settings; ModelError if one cannot be had."""
        detectors = self.prepare(self.config)
        if self.detector_search is None:
            self.detector_search = DetectorSearch(detectors)
        self.detector_search.detectors = detectors

    def reset(self) -> None:
        """Forget the frames before."""
        self._state = SearchState()

    def fresh(self) -> TopDown:
        """Finder with the same models that has seen no frame."""
        finder = copy(self)
        finder.reset()
        return finder

    def regions(self) -> RegionTracker:
        """Regions of a newcomer."""
        return self._make_regions()

    def follow(
        self, frame: Frame, tracks: Sequence[Track], matches: Callable[[Observation], bool]
    ) -> list[Observation]:
        """Look into the region of each person who is followed; past others who stand in it."""
        observations = []
        for track in tracks:
            region = track.region(frame, alone=len(tracks) == 1)
            neighbours = _neighbours(track, tracks, frame.time)
            observation = None
            if neighbours:
                view = mask_neighbours(frame, track.body_mask(frame.time), neighbours)
                observation = self._look(frame, region, track.number, view)
            if observation is None or not matches(observation):
                observation = self._look(frame, region, track.number)
            if observation is not None:
                observations.append(observation)
        self._state.begin_frame(frame.time, self.config.track_timeout)
        return observations

    def search(self, frame: Frame, known: Sequence[Observation], most: int) -> list[Observation]:
        """Look for others than those known already."""
        if self.detector_search is None:
            return self._search_frame(frame)
        if not known and not self._state.resumes:
            self._state.looks = 0
        detections, detector = self.detector_search.detect(
            frame, self._state, self.config.detector_threshold
        )
        detections = unknown(detections, [observation.box for observation in known])
        # The largest first: those are the nearest.
        detections.sort(key=lambda one: -one.box.width * one.box.height)
        found: list[Observation] = []
        for detection in detections[:most]:
            observation = self._meet(frame, detection, [*known, *found], detector.sees_alignment)
            if observation is not None:
                found.append(observation)
        if not found and not known and self.config.mode == 'single' and self._model.searches_frame:
            found = self._search_frame(frame)
        self._state.failed = not found
        return found

    def examine(self, observation: Observation, look: int) -> float:
        """Evidence of the detector in a closer view; without one, of the best keypoints."""
        if self.detector_search is not None:
            threshold = self.config.detector_threshold
            return self.detector_search.agreement(
                observation.frame, observation.box, look, threshold
            )
        if self.config.person_threshold:
            return 1.0
        return observation.pose.peak - self._model.least_peak

    def _look(
        self,
        frame: Frame,
        region: Crop,
        roi_track: int | None = None,
        view: Frame | None = None,
    ) -> Observation | None:
        """Somebody in a region, if there is; the model sees the view, where one is given."""
        pose = self._model.estimate(view or frame, region)
        if not self._is_somebody(pose):
            return None
        threshold = self.config.keypoint_threshold
        return Observation.of(pose, frame, self.topology, threshold, roi_track)

    def _meet(
        self,
        frame: Frame,
        detection: Detection,
        known: Sequence[Observation],
        sees_alignment: bool,
    ) -> Observation | None:
        """Somebody whom the detector found, past those who stand in front."""
        regions = self._make_regions()
        region = regions.around(detection)
        others = [
            BodyMask(one.joints, one.size)
            for one in known
            if overlap(detection.box, one.box) > _NEIGHBOUR
        ]
        view = mask_neighbours(frame, None, others) if others else None
        observation = self._look(frame, region, view=view) or self._look(frame, region)
        if observation is None or observation.pose.alignment is None or sees_alignment or others:
            return observation
        # The model itself knows better than the box how the body is turned.
        regions.update(frame, observation.pose)
        return self._look(frame, regions.region(frame)) or observation

    def _search_frame(self, frame: Frame) -> list[Observation]:
        """Whoever stands out in the whole frame, with a closer look at somebody far away."""
        observation = self._look(frame, whole_frame(frame))
        if observation is None:
            return []
        regions = self._make_regions()
        regions.update(frame, observation.pose)
        region = regions.region(frame)
        if region.side < _FAR * whole_frame(frame).side:
            observation = self._look(frame, region) or observation
        return [observation]

    def _is_somebody(self, pose: Pose) -> bool:
        return pose.score >= (self.config.person_threshold or self._model.least_score)


def _neighbours(track: Track, tracks: Sequence[Track], stamp: float) -> list[BodyMask]:
    """Bodies of those who are expected to overlap with somebody."""
    box = track.expected_box(stamp)
    return [
        other.body_mask(stamp)
        for other in tracks
        if other is not track
        and stamp - other.stamp < _FRESH
        and overlap(box, other.expected_box(stamp)) > _NEIGHBOUR
    ]
