"""Models by their names: what the settings ask for is found, loaded and put together."""

from __future__ import annotations

from collections.abc import Callable

from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.finding.finder import Finder
from pose_ros.core.finding.top_down import TopDown
from pose_ros.core.models.blazepose import BlazePose
from pose_ros.core.models.detector import Detector
from pose_ros.core.models.detectors import load_detector
from pose_ros.core.models.movenet import MoveNet
from pose_ros.core.models.pose import PoseModel
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.runtime.store import ModelStore
from pose_ros.core.tracking.region import AlignmentRegions, KeypointRegions, RegionTracker

OWN_DETECTOR = 'blazepose_detector'
MANY_DETECTOR = 'yolox_nano'


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
    family = store.entry(config.model).family
    if family in _MULTI_FAMILIES:
        return BottomUp(_MULTI_FAMILIES[family](config, store), config)
    blazepose = family == 'blazepose'

    def make_regions() -> RegionTracker:
        return AlignmentRegions() if blazepose else KeypointRegions(finder.config.crop_padding)

    def load() -> Detector:
        return load_detector(detector_name(finder.config, store), store, config.threads or 2)

    finder = TopDown(load_pose_model(config, store), config, make_regions, load)
    if blazepose or config.mode != 'single':
        finder.prepare()
    return finder


def detector_name(config: EstimatorConfig, store: ModelStore) -> str:
    """Name of the detector that the settings ask for.

    Left to us it is the model's own where there is one person, for it knows how the body is
    turned; else the one that sees people far away, too, where it is installed.
    """
    if config.detector != 'auto':
        return config.detector
    own = config.model if store.entry(config.model).family == 'blazepose' else OWN_DETECTOR
    if config.mode == 'single' and own == config.model:
        return own
    try:
        store.locate(MANY_DETECTOR)
    except ModelError:
        return own
    return MANY_DETECTOR


_MULTI_FAMILIES: dict[str, Callable[[EstimatorConfig, ModelStore], MultiPoseModel]] = {}
