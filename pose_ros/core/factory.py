"""Models by their names: what the settings ask for is found, loaded and put together."""

from __future__ import annotations

from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.finding.finder import Finder
from pose_ros.core.finding.top_down import TopDown
from pose_ros.core.models.blazepose import BlazePose, BlazePoseDetector
from pose_ros.core.models.detector import Detector
from pose_ros.core.models.movenet import MoveNet
from pose_ros.core.models.pose import PoseModel
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.runtime.store import ModelStore
from pose_ros.core.tracking.region import AlignmentRegions, KeypointRegions, RegionTracker


def load_pose_model(config: EstimatorConfig, store: ModelStore) -> PoseModel:
    """Single-person model of the settings; ModelError if it cannot be had or is none."""
    entry = store.entry(config.model)
    if entry.family == 'movenet':
        return MoveNet(store.locate(config.model)['model'], config.threads or 1)
    if entry.family == 'blazepose':
        return BlazePose(store.locate(config.model)['landmarks'], config.threads or 2)
    raise ModelError(f'{config.model} is of the family {entry.family}, no single-person model')


def build_finder(config: EstimatorConfig, store: ModelStore) -> Finder:
    """What finds people as the settings ask for; ModelError if a model cannot be had."""
    entry = store.entry(config.model)
    blazepose = entry.family == 'blazepose'

    def make_regions() -> RegionTracker:
        return AlignmentRegions() if blazepose else KeypointRegions(finder.config.crop_padding)

    def load_detector() -> Detector:
        files = store.locate('blazepose_full')
        return BlazePoseDetector(files['detector'], config.threads or 2)

    finder = TopDown(load_pose_model(config, store), config, make_regions, load_detector)
    if blazepose or config.mode != 'single':
        finder.prepare()
    return finder
