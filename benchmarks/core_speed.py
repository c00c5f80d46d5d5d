"""Time of the estimator per frame over the raw invocation of its model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
import time

import numpy as np

from pose_ros.actor import Actor, Scene, frames
from pose_ros.actor.demo_scenes import hands as hands_scene
from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.factory import load_pose_model
from pose_ros.core.runtime.litert import TfliteModel
from pose_ros.core.runtime.store import ModelStore
from pose_ros.core.types import Frame

FRAMES = 300
WARM_UP = 20
SIZES = ((640, 480), (1920, 1080))
# (model, role of the file that runs on every frame, threads)
CASES = (
    ('movenet_lightning', 'model', 1),
    ('blazepose_full', 'landmarks', 1),
    ('blazepose_full', 'landmarks', 2),
)


def images(width: int, height: int, count: int = 30) -> list[np.ndarray]:
    """Images of an actor who waves [height, width, 3]."""
    actor = Actor('wave_right', x=width / 2, y=height * 0.95, height=height * 0.8)
    scene = Scene(width=width, height=height, duration=count / 30, actors=(actor,))
    return [shown.image for shown in frames(scene, seed=1)]


def raw_invocation(model: str, role: str, threads: int) -> Callable[[], object]:
    """The model alone, as it comes, fed with one image over and over."""
    return invocation(TfliteModel(ModelStore().locate(model)[role], threads))


def invocation(tflite: TfliteModel) -> Callable[[], object]:
    """Invocation of a model with one image over and over."""
    width, height = tflite.input_size
    image = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    tflite.run(image)
    return tflite._interpreter.invoke


def measure(installed: list[str]) -> Iterator[dict]:
    """One row a case; estimator and raw invocations take turns frame by frame."""
    for model, role, threads in CASES:
        if model not in installed:
            continue
        for width, height in SIZES:
            shown = images(width, height)
            config = EstimatorConfig(model=model, threads=threads)
            estimator = PoseEstimator(config)
            invoke = raw_invocation(model, role, threads)
            invoke_cut = invocation(load_pose_model(config, ModelStore())._model)
            ours, raw, cut = [], [], []
            for index in range(WARM_UP + FRAMES):
                frame = Frame(shown[index % len(shown)], index / 30, 'bgr')
                ours.append(elapsed(partial(estimator.estimate, frame)))
                raw.append(elapsed(invoke))
                cut.append(elapsed(invoke_cut))
            ours_ms, raw_ms, cut_ms = (
                1e3 * float(np.median(times[WARM_UP:])) for times in (ours, raw, cut)
            )
            yield {
                'what': 'estimator per frame',
                'model': model,
                'image': f'{width}×{height}',
                'threads': threads,
                'ms': ours_ms,
                'raw_invocation_ms': raw_ms,
                'ratio': ours_ms / raw_ms,
                'cut_ms': cut_ms,
                'cut_ratio': ours_ms / cut_ms,
            }


def measure_hands(installed: list[str]) -> Iterator[dict]:
    """Both hands of one person against the pose of the same frame; they take turns."""
    for model in ('hand_lite', 'hand_full'):
        if model not in installed:
            continue
        for threads in (1, 2):
            config = EstimatorConfig(hands='tracked', hand_model=model, threads=threads)
            estimator = PoseEstimator(config)
            shown = [frame.image for frame in islice(frames(hands_scene(), seed=1), 75, 105)]
            hands, pose = [], []
            for index in range(WARM_UP + FRAMES):
                frame = Frame(shown[index % len(shown)], index / 30, 'rgb')
                pose.append(elapsed(partial(estimator.estimate, frame)))
                hands.append(elapsed(estimator.find_hands))
            hands_ms, pose_ms = (1e3 * np.median(times[WARM_UP:]) for times in (hands, pose))
            yield {
                'what': 'both hands of one person',
                'model': model,
                'image': '640×480',
                'threads': threads,
                'ms': hands_ms,
                'blazepose_full_ms': pose_ms,
                'ratio': hands_ms / pose_ms,
            }


def elapsed(action: Callable[[], object]) -> float:
    """Time [s] that an action takes."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started
