"""Models by their names: what the settings ask for is found, loaded and put together."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.finding.bottom_up import BottomUp
from pose_ros.core.finding.finder import Finder
from pose_ros.core.finding.top_down import TopDown
from pose_ros.core.hands.hand_tracker import HandTracker
from pose_ros.core.models.blazepose import BlazePose
from pose_ros.core.models.detector import Detector
from pose_ros.core.models.detectors import DETECTOR_FAMILIES, load_detector
from pose_ros.core.models.movenet import MoveNet
from pose_ros.core.models.multipose import MoveNetMultipose
from pose_ros.core.models.openpose import OpenPose
from pose_ros.core.models.pose import MultiPoseModel, PoseModel
from pose_ros.core.models.posenet import PoseNet
from pose_ros.core.models.simcc import SimCC
from pose_ros.core.models.tinypose import TinyPose
from pose_ros.core.runtime.device import Device
from pose_ros.core.runtime.device_selector import DeviceSelector
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.runtime.image_model import ModelLoader
from pose_ros.core.runtime.loading import model_loader
from pose_ros.core.runtime.openvino import is_installed
from pose_ros.core.runtime.store import ModelStore
from pose_ros.core.tracking.keypoint_filter import smoothers
from pose_ros.core.tracking.region import region_tracker

OWN_DETECTOR = 'blazepose_detector'
# Finds the most people, and many false ones.
WIDE_DETECTOR = 'picodet_416'
# Tell people from other things best, the fastest first.
SURE_DETECTORS = ('yolox_nano_openvino', 'yolox_nano')

# What makes a model of its file, a number of threads and what loads it onto its runtime and
# device; role of the file, threads by default.
_SINGLE_FAMILIES: dict[str, tuple[Callable[[Path, int, ModelLoader], PoseModel], str, int]] = {
    'movenet': (MoveNet, 'model', 1),
    'blazepose': (lambda path, threads, _: BlazePose(path, threads), 'landmarks', 2),
    'tinypose': (TinyPose, 'model', 1),
    'simcc': (SimCC, 'model', 1),
}
# Of its file, a number of threads, the longer side of an input whose size is open [px], and what
# loads it.
_MULTI_FAMILIES: dict[str, Callable[..., MultiPoseModel]] = {
    'multipose': MoveNetMultipose,
    'openpose': OpenPose,
}
_EDGE_TPU_FAMILIES = ('movenet', 'posenet')
_MULTI_THREADS = 2


def load_pose_model(
    config: EstimatorConfig, store: ModelStore, device_selector: DeviceSelector | None = None
) -> PoseModel:
    """Single-person model of the settings; ModelError if it is missing or of another kind.

    It runs on the selected device, by default that of the settings.
    """
    device_selector = device_selector or select_device(config, store)
    family = store.entry(config.model).family
    if family not in _SINGLE_FAMILIES:
        kind = 'a person detector' if family in DETECTOR_FAMILIES else f'of the family {family}'
        raise ModelError(
            f'{config.model} is {kind}, no model of the pose of one person; families of those '
            f'are: {", ".join(_SINGLE_FAMILIES)}'
        )
    make, role, threads = _SINGLE_FAMILIES[family]
    path = store.locate(config.model)[role]
    return make(path, config.threads or threads, device_selector.load)


def select_device(config: EstimatorConfig, store: ModelStore) -> DeviceSelector:
    """Device for the model of the settings; ModelError if the model does not run on it."""
    accelerable = store.entry(config.model).family in _EDGE_TPU_FAMILIES
    return DeviceSelector(
        config.model,
        Device.parse(config.device),
        store,
        accelerable=accelerable,
        fallback_to_cpu=config.on_device_loss == 'cpu',
        precision=config.precision,
    )


def build_finder(
    config: EstimatorConfig, store: ModelStore, device_selector: DeviceSelector | None = None
) -> Finder:
    """What finds people as the settings ask for; ModelError if a model cannot be had.

    The pose model runs on the selected device, by default that of the settings.
    """
    device_selector = device_selector or select_device(config, store)
    family = store.entry(config.model).family
    if family == 'posenet' or family in _MULTI_FAMILIES:
        return BottomUp(_load_multi_model(config, store, device_selector), config)

    def detectors_for(config: EstimatorConfig) -> tuple[str, ...]:
        return detector_names(config, store)

    def load(name: str) -> Detector:
        return load_detector(name, store, config.threads or 2, config.precision)

    model = load_pose_model(config, store, device_selector)
    finder = TopDown(model, config, partial(region_tracker, model), detectors_for, load)
    # MoveNet finds one person in the whole frame better than BlazePose's detector does.
    if family != 'movenet' or config.mode != 'single' or detectors_for(config) != (OWN_DETECTOR,):
        finder.use_detectors()
    return finder


def build_hand_tracker(config: EstimatorConfig, store: ModelStore) -> HandTracker | None:
    """Tracker of hands as the settings ask for; ModelError if its model is missing."""
    if config.hands == 'none':
        return None
    family = store.entry(config.hand_model).family
    if family != 'hand':
        raise ModelError(f'hand_model must be of the family hand, {config.hand_model} is {family}')
    return HandTracker(
        store.locate(config.hand_model),
        config.threads or 2,
        everywhere=config.hands == 'all',
        smoothers=partial(smoothers, config),
    )


def _load_multi_model(
    config: EstimatorConfig, store: ModelStore, device_selector: DeviceSelector
) -> MultiPoseModel:
    entry = store.entry(config.model)
    path = store.locate(config.model)['model']
    threads = config.threads or _MULTI_THREADS
    if entry.family == 'posenet':
        return PoseNet(path, threads, device_selector.load)
    if entry.runtime != 'litert':
        raise ModelError(
            f'{config.model}: models of the family {entry.family} run on litert only, '
            f'got runtime {entry.runtime}'
        )
    try:
        return _MULTI_FAMILIES[entry.family](path, threads, max(entry.input), model_loader(entry))
    except ValueError as error:  # the entry of a user's own model may say anything
        raise ModelError(f'{config.model}: {error}') from error


def detector_names(config: EstimatorConfig, store: ModelStore) -> tuple[str, ...]:
    """Names of the detectors that the settings ask for; they take turns.

    `auto` depends on what is installed. TinyPose and SimCC use the detector that finds the most
    people and the one that is the least often wrong, which also confirms people. MoveNet and
    BlazePose use the latter; BlazePose in `single` its own, too, which sees how people lie.
    """
    if config.detector != 'auto':
        return (config.detector,)
    sure = next((name for name in SURE_DETECTORS if _is_usable(name, store)), None)
    if store.entry(config.model).family == 'blazepose':
        own = (config.model,) if sure is None or config.mode == 'single' else ()
        return (*own, sure) if sure else own
    if store.entry(config.model).family == 'movenet' and sure:
        return (sure,)  # MoveNet gains nothing from weak detections
    wide = WIDE_DETECTOR if _is_usable(WIDE_DETECTOR, store) else None
    return tuple(filter(None, (wide, sure))) or (OWN_DETECTOR,)


def _is_usable(name: str, store: ModelStore) -> bool:
    """Whether a model and its runtime are installed."""
    if store.entry(name).runtime == 'openvino' and not is_installed():
        return False
    try:
        store.locate(name)
    except ModelError:
        return False
    return True
