"""One region a person, by a model that sees one person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace

from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.finding.search import (
    KNOWN_OVERLAP,
    DetectorRuns,
    DetectorSearch,
    SearchState,
    unknown,
)
from pose_ros.core.models.crop import whole_frame
from pose_ros.core.models.detector import Detection, Detector
from pose_ros.core.models.occlusion import BodyMask, OcclusionMask
from pose_ros.core.models.pose import Pose, PoseModel
from pose_ros.core.topology import Topology
from pose_ros.core.tracking.matching import similarity
from pose_ros.core.tracking.observation import Observation
from pose_ros.core.tracking.region import RegionTracker
from pose_ros.core.tracking.similarity import keypoint_similarity, overlap, scale_of
from pose_ros.core.tracking.track import Track
from pose_ros.core.types import Crop, Frame

# Minimum number of detections that the model looks at in a search [-]: the surest may be wrong.
_MIN_LOOKS = 3
# A person whose crop is smaller than this share of the frame's longer side is looked at again [-].
_FAR = 0.8
# Detection score of a person found in the whole frame without a detector [-]. In clips of images
# without people 2 of 1,000 frames have such a person published by MoveNet (with 1.0: 58).
_WHOLE_FRAME_SCORE = 0.6
# Neighbours whose box overlaps with a person's by more than this are painted over (IoU).
_NEIGHBOUR = 0.1
# Neighbours seen longer ago than this are not painted over [s].
_MAX_NEIGHBOUR_AGE = 0.3
# Those whose keypoints are more alike than this are not: they are the same person (OKS).
_SAME_BODY = 0.4


class TopDown:
    """Looks at each person in a region of their own.

    Parameters
    ----------
    model
        Sees one person.
    config
        Settings.
    make_regions
        Makes the region tracker of a new track from the settings.
    detectors_for
        Names of the person detectors that settings ask for.
    load_detector
        Loads a detector by its name when it is needed first; ModelError if it cannot.

    Attributes
    ----------
    detector_search
        None until a detector is loaded; until then new people are found by showing the model the
        whole frame.
    """

    def __init__(
        self,
        model: PoseModel,
        config: EstimatorConfig,
        make_regions: Callable[[EstimatorConfig], RegionTracker],
        detectors_for: Callable[[EstimatorConfig], tuple[str, ...]],
        load_detector: Callable[[str], Detector],
    ) -> None:
        self.config = config
        self.detector_runs = DetectorRuns()
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

    def check(self, config: EstimatorConfig) -> None:
        """Load the detectors that the settings need; ModelError if one cannot be loaded."""
        if self._needs_detector(config):
            self._load_detectors(config)

    def reconfigure(self, config: EstimatorConfig) -> None:
        """Take other settings; ModelError as of `check`, and then nothing changes."""
        self.check(config)
        self.config = config
        if self._needs_detector(config):
            self.use_detectors()

    def use_detectors(self) -> None:
        """Search with the detectors of the settings; ModelError if one cannot be loaded."""
        detectors = self._load_detectors(self.config)
        if self.detector_search is None:
            self.detector_search = DetectorSearch(detectors, self.detector_runs)
        self.detector_search.detectors = detectors

    def _needs_detector(self, config: EstimatorConfig) -> bool:
        return config.mode != 'single' or self.detector_search is not None

    def _load_detectors(self, config: EstimatorConfig) -> tuple[Detector, ...]:
        names = self._detectors_for(config)
        for name in names:
            if name not in self._detectors:
                self._detectors[name] = self._load_detector(name)
        return tuple(self._detectors[name] for name in names)

    def reset(self) -> None:
        """Forget the frames before."""
        self._state = SearchState()

    def fresh(self) -> TopDown:
        """Finder with the same models that has seen no frame."""
        finder = copy(self)
        finder.reset()
        return finder

    def regions(self) -> RegionTracker:
        """Region tracker of a new track."""
        return self._make_regions(self.config)

    def follow(self, frame: Frame, tracks: Sequence[Track]) -> list[Observation]:
        """Look into the region of each tracked person, with neighbours painted over."""
        views = [
            (track.region(frame, len(tracks) == 1), self._mask(track, tracks, frame.time))
            for track in tracks
        ]
        observations = []
        poses = self._model.estimate_each(frame, views)
        for track, (region, mask), pose in zip(tracks, views, poses):
            observation = self._observation(pose, frame, track.track_id)
            if mask is not None and (
                observation is None or not similarity(track, observation, self.config)
            ):
                observation = self._look(frame, region, track.track_id)
            if observation is not None:
                observations.append(observation)
        self._state.begin_frame(frame.time, self.config.track_timeout)
        return observations

    def search(
        self, frame: Frame, known: Sequence[Observation], max_people: int
    ) -> list[Observation]:
        """Look for people in addition to those known already."""
        if self.detector_search is None:
            return self._search_frame(frame)
        if not known and not self._state.resumes:
            self._state.looks = 0
        detections, detector = self.detector_search.detect(
            frame, self._state, self.config.detector_threshold
        )
        detections = unknown(detections, [observation.box for observation in known])
        # Detections that are sure first, and of those the largest: the nearest.
        detections.sort(
            key=lambda one: (one.score < detector.sure_score, -one.box.width * one.box.height)
        )
        found: list[Observation] = []
        for detection in detections[: max(max_people, _MIN_LOOKS)]:
            if len(found) == max_people:
                break
            observation = self._meet(frame, detection, [*known, *found], detector.sees_alignment)
            if observation is not None:
                found.append(observation)
        if not found and not known and self.config.mode == 'single' and self._model.searches_frame:
            found = self._search_frame(frame)
        self._state.failed = not found
        return found

    def second_opinion(self, observation: Observation, look: int) -> float:
        """Evidence of the detector in a closer view; without one, of the best keypoints."""
        if self.detector_search is not None:
            threshold = self.config.detector_threshold
            return self.detector_search.agreement(observation, look, threshold)
        if self.config.person_threshold:
            return 1.0
        return observation.pose.peak - self._model.min_peak

    def _look(
        self,
        frame: Frame,
        region: Crop,
        roi_track: int | None = None,
        mask: OcclusionMask | None = None,
        detection_score: float | None = None,
    ) -> Observation | None:
        """Person in a region, or None; the neighbours of a mask are painted over.

        The detection score is that of the detection that the region comes from.
        """
        pose = self._model.estimate(frame, region, mask)
        return self._observation(pose, frame, roi_track, detection_score)

    def _observation(
        self,
        pose: Pose,
        frame: Frame,
        roi_track: int | None = None,
        detection_score: float | None = None,
    ) -> Observation | None:
        """Observation of a pose; None if its score is too low."""
        score, minimum = pose.score, self._model.min_score
        if detection_score is not None and self._model.min_found is not None:
            score, minimum = detection_score * score, self._model.min_found
        if score < (self.config.person_threshold or minimum):
            return None
        threshold = self.config.keypoint_threshold
        return Observation.of(
            pose,
            frame,
            self.topology,
            threshold,
            roi_track=roi_track,
            detection_score=1.0 if detection_score is None else detection_score,
        )

    def _meet(
        self,
        frame: Frame,
        detection: Detection,
        known: Sequence[Observation],
        sees_alignment: bool,
    ) -> Observation | None:
        """Person whom the detector found, with the people in front painted over."""
        regions = self.regions()
        region = regions.around(detection)
        score = detection.score
        neighbours = [
            one
            for one in known
            if self._model.masks_neighbours and overlap(detection.box, one.box) > _NEIGHBOUR
        ]
        if neighbours:
            mask = OcclusionMask([BodyMask(one.joints, one.size) for one in neighbours])
            observation = self._look(frame, region, mask=mask, detection_score=score)
            if observation is not None:
                return observation
        observation = self._look(frame, region, detection_score=score)
        if observation is None:
            return None
        if neighbours:
            # Of neighbours who are not painted over, the model may see one once more.
            is_known = any(overlap(observation.box, n.box) > KNOWN_OVERLAP for n in neighbours)
            return None if is_known else observation
        if observation.pose.alignment is None or sees_alignment:
            return observation
        # The model knows the body's rotation better than the box does.
        regions.update(frame, observation.pose)
        return self._look(frame, regions.region(frame), detection_score=score) or observation

    def _search_frame(self, frame: Frame) -> list[Observation]:
        """Person whom the model sees in the whole frame, with a second, closer look from afar."""
        observation = self._look(frame, whole_frame(frame))
        if observation is None:
            return []
        regions = self.regions()
        regions.update(frame, observation.pose)
        region = regions.region(frame)
        if region.side < _FAR * whole_frame(frame).side:
            observation = self._look(frame, region) or observation
        return [replace(observation, detection_score=_WHOLE_FRAME_SCORE)]

    def _mask(self, track: Track, tracks: Sequence[Track], stamp: float) -> OcclusionMask | None:
        """Bodies to paint over: those that are expected to overlap with a person."""
        if not self._model.masks_neighbours:
            return None
        box = track.expected_box(stamp)
        neighbours = [
            other.body_mask(stamp)
            for other in tracks
            if other is not track
            and stamp - other.stamp < _MAX_NEIGHBOUR_AGE
            and overlap(box, other.expected_box(stamp)) > _NEIGHBOUR
        ]
        if not neighbours:
            return None
        # A person who is tracked twice would be painted over in both views.
        body, scale = track.body_mask(stamp), scale_of(box)
        others = [
            one
            for one in neighbours
            if keypoint_similarity(body.joints, one.joints, scale) < _SAME_BODY
        ]
        return OcclusionMask(others, body) if others else None
