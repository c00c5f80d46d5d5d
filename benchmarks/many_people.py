"""Cost of following several people, over what the model takes for one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from core_speed import elapsed
import numpy as np

from pose_ros.actor import Actor, Scene, frames
from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.factory import load_pose_model
from pose_ros.core.models.crop import whole_frame
from pose_ros.core.runtime.store import ModelStore
from pose_ros.core.types import Frame

CASES = (
    ('movenet_lightning', 1),
    ('blazepose_full', 2),
    ('tinypose_128', 1),
    ('tinypose_256', 1),
)
PEOPLE = (1, 3, 5)
FRAMES = 150
WARM_UP = 30


def in_a_row(people: int) -> Scene:
    """People side by side who wave; none covers another."""
    actors = tuple(
        Actor('wave_right', x=256 * (i + 0.5), y=450, height=320, start=0.1 * i)
        for i in range(people)
    )
    return Scene(width=1280, height=480, duration=(WARM_UP + FRAMES) / 30, actors=actors)


def measure(installed: list[str]) -> Iterator[dict]:
    """One row a case; estimator and single-person model take turns frame by frame."""
    for model, threads in CASES:
        if model not in installed:
            continue
        for people in PEOPLE:
            config = EstimatorConfig(model=model, threads=threads, mode='multi', max_people=people)
            scene = in_a_row(people)
            estimator = PoseEstimator(config)
            alone = load_pose_model(config, ModelStore())
            total, single, detector, followed = [], [], [], []
            for shown in frames(scene, seed=1):
                frame = Frame(shown.image, shown.stamp)
                before = estimator.statistics.detections
                total.append(elapsed(partial(estimator.estimate, frame)))
                single.append(elapsed(partial(alone.estimate, frame, whole_frame(frame))))
                ran = estimator.statistics.detections - before
                detector.append(ran * estimator.statistics.detector_time)
                followed.append(estimator.statistics.people)
            # Means: the detector runs on some frames only, and every one of its runs counts.
            whole, one, share = (
                1e3 * float(np.mean(times[WARM_UP:])) for times in (total, single, detector)
            )
            count = float(np.mean(followed[WARM_UP:]))
            each = (np.array(total) - detector) / np.maximum(followed, 1)
            beyond = 1e3 * float(np.median(each[WARM_UP:]) - np.median(single[WARM_UP:]))
            yield {
                'what': 'several people per frame',
                'model': model,
                'threads': threads,
                'image': '1280×480',
                'people': f'{count:.1f}',
                'mean_ms': whole,
                'detector_ms': share,
                'one_ms': one,
                'ratio': (whole - share) / one,
                'beyond_ms': beyond,
            }
