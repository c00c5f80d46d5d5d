"""Human pose for ROS 2: skeletons, gestures and RViz overlays from camera images.

The public API without ROS. Names are imported at their first use, so that ``import pose_ros`` and
``import pose_ros.msg`` load neither numpy nor the models' runtime.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pose_ros.core.configuration import EstimatorConfig
    from pose_ros.core.estimator import PoseEstimator
    from pose_ros.core.media import open_media
    from pose_ros.core.motion.observer import MotionConfig
    from pose_ros.core.motion.observers import make_observers
    from pose_ros.core.motion.watcher import MotionWatcher
    from pose_ros.core.types import Frame, Person

__all__ = [
    'EstimatorConfig',
    'Frame',
    'MotionConfig',
    'MotionWatcher',
    'Person',
    'PoseEstimator',
    'make_observers',
    'open_media',
]

_MODULES = {
    'EstimatorConfig': 'core.configuration',
    'Frame': 'core.types',
    'MotionConfig': 'core.motion.observer',
    'MotionWatcher': 'core.motion.watcher',
    'Person': 'core.types',
    'PoseEstimator': 'core.estimator',
    'make_observers': 'core.motion.observers',
    'open_media': 'core.media',
}


def __getattr__(name: str) -> object:
    """Import a name of the public API (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    value = globals()[name] = getattr(import_module(f'{__name__}.{_MODULES[name]}'), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
