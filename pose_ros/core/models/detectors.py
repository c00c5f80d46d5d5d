"""Person detectors by their names."""

from __future__ import annotations

from collections.abc import Callable

from pose_ros.core.models.blazepose import BlazePoseDetector
from pose_ros.core.models.detector import Detector
from pose_ros.core.models.picodet import PicoDet
from pose_ros.core.models.ssd import Ssd
from pose_ros.core.models.yolox import Yolox
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.runtime.loading import model_loader
from pose_ros.core.runtime.store import ModelStore

DETECTOR_FAMILIES: dict[str, Callable[..., Detector]] = {
    'blazepose_detector': BlazePoseDetector,
    'yolox': Yolox,
    'ssd': Ssd,
    'picodet': PicoDet,
}


def load_detector(
    name: str,
    store: ModelStore,
    threads: int = 1,
    precision: str = 'f32',
) -> Detector:
    """Detector of a name in config/models.yaml.

    Parameters
    ----------
    name
        As in the list of models; of a pose model with a detector of its own it is that one.
    store
        Where models lie.
    threads
        Number of CPU threads.
    precision
        See `model_loader`.

    Raises
    ------
    ModelError
        The model is unknown, no person detector, not installed or not usable.
    """
    entry = store.entry(name)
    if entry.family == 'blazepose':
        detector: Detector = BlazePoseDetector(store.locate(name)['detector'], threads)
    elif entry.family in DETECTOR_FAMILIES:
        detector = DETECTOR_FAMILIES[entry.family](
            store.locate(name)['model'], threads, model_loader(entry, precision)
        )
    else:
        known = [name for name in store.names if store.entry(name).family in DETECTOR_FAMILIES]
        raise ModelError(
            f'{name} is of the family {entry.family}, no person detector, '
            f'there are: {", ".join(known)}'
        )
    return detector
