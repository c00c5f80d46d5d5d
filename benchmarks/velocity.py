"""Velocity, motion and direction of the walking actor, by model and source of positions.

    tools/env.py python benchmarks/velocity.py --write docs/evaluation/velocity.md

Real models on rendered images; depth images with the errors of a stereo camera; true positions.
The fixed frame is that of the paths; the poses of the camera in it are exact.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import atan2, cos, pi, remainder, sin
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from pose_ros.actor import Action, FloorPose, Scene, Walker, frames
from pose_ros.actor.depth import with_errors
from pose_ros.core.camera import CameraModel
from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.kinematics import Kinematics, MotionState
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.space.depth_image import DepthImage
from pose_ros.core.space.kinematics_estimator import KinematicsEstimator
from pose_ros.core.space.position_estimator import PositionEstimator
from pose_ros.core.space.strategy import CameraView
from pose_ros.core.space.trunk import JOINTS
from pose_ros.core.topology import COCO17
from pose_ros.core.types import Frame
from pose_ros.evaluation.report import markdown_table, show_block

SIZE = (640, 480)
CAMERA = CameraModel.from_field_of_view(*SIZE, 1.05)
MODELS = ('blazepose_full', 'movenet_lightning')
SOURCES = ('depth', 'model', 'height')
RATE, SETTLED = 15.0, 1.0  # [Hz] [s]
SPAN = 0.15  # [s] before and after an image, over which the true velocity is the mean
TRUNK = [COCO17.index(name) for name in JOINTS]
HEAD = (
    'positions', 'model', 'scenes', 'images', 'error', '95 %', 'deviation',
    'within two deviations', 'motion right', 'direction off', '95 %', 'within two deviations',
)  # fmt: skip

Path2D = Callable[[float], FloorPose]


def still(x: float, y: float, yaw: float) -> Path2D:
    """Stay in place."""
    return lambda t: FloorPose(x, y, yaw)


def line(
    x: float, y: float, vx: float, vy: float, *, start: float = 0.0, stop: float = 99.0
) -> Path2D:
    """Walk straight on from a start to a stop [s]."""

    def place(t: float) -> FloorPose:
        walked = min(max(t, start), stop) - start
        return FloorPose(x + vx * walked, y + vy * walked, atan2(vy, vx))

    return place


def circle(x: float, y: float, radius: float, speed: float) -> Path2D:
    """Walk in a circle."""
    rate = speed / radius
    return lambda t: FloorPose(
        x + radius * cos(rate * t), y + radius * sin(rate * t), rate * t + pi / 2
    )


AT_ORIGIN = still(0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Clip:
    """A scene; with its motion where it is the same for all of it."""

    group: str
    path: Path2D
    motion: str | tuple[Action, ...] = (Action('walk', 0.0),)
    camera: Path2D = AT_ORIGIN
    duration: float = 4.0
    truth: MotionState | None = MotionState.MOVING


def clips() -> Iterator[Clip]:
    """All scenes."""
    walking = 'walking'
    yield Clip(walking, line(5.2, 0.2, -0.9, 0.0))
    yield Clip(walking, line(1.9, -0.3, 0.8, 0.05))
    yield Clip(walking, line(3.0, 1.5, 0.0, -1.0), duration=3.0)
    yield Clip(walking, line(3.0, 1.0, 0.0, -0.4))
    yield Clip(walking, line(4.5, 1.5, -0.7, -0.7), duration=3.5)
    yield Clip(walking, line(4.5, -1.8, -0.2, 1.5), duration=2.4)
    yield Clip('in a circle', circle(3.2, 0.0, 0.9, 0.9), duration=6.0)
    stepping = (Action('walk', 2.0, 2.0),)
    yield Clip(
        'start, stop',
        line(4.2, 0.8, -0.8, -0.4, start=2.0, stop=4.0),
        stepping,
        duration=6,
        truth=None,
    )
    for distance in (2.0, 3.0, 4.5):
        for motion, turn in (('stand', 0.0), ('wave_right', 0.6), ('squat', 0.5), ('stand', 1.5)):
            place = still(distance, 0.2, pi - turn)
            yield Clip('standing', place, motion, truth=MotionState.STATIONARY)
    moving = 'walking, camera moves'
    yield Clip(moving, line(2.2, 0.1, 0.8, 0.0), camera=line(0.0, 0.0, 0.6, 0.0))
    turning = lambda t: FloorPose(0.0, 0.0, 0.8 * atan2(2.0 - 0.9 * t, 3.0))  # noqa: E731
    yield Clip(moving, line(3.0, 2.0, 0.0, -0.9), camera=turning)
    moving = 'standing, camera moves'
    nodding = lambda t: FloorPose(0.0, 0.0, 0.35 * sin(1.3 * t))  # noqa: E731
    stay = MotionState.STATIONARY
    yield Clip(moving, still(3.0, 0.0, pi), 'stand', nodding, truth=stay)
    yield Clip(moving, still(4.8, 0.2, pi), 'wave_left', line(0, 0, 0.6, 0), truth=stay)


@dataclass(frozen=True)
class Sample:
    """One image: errors of the horizontal velocity [m/s] and direction [rad], motion right."""

    error: np.ndarray
    deviation: np.ndarray
    motion: bool | None
    yaw: float
    yaw_within: bool


def samples(estimator: PoseEstimator, clip: Clip) -> Iterator[tuple[str, Sample]]:
    """Samples of a clip, by source of the positions."""
    estimator.reset()
    walker = Walker(clip.motion, path=clip.path, camera=clip.camera, focal=CAMERA.focal)
    placements = {source: PositionEstimator(source) for source in SOURCES}
    kinematics = {source: KinematicsEstimator() for source in SOURCES}
    rng = np.random.default_rng(1)
    times, places, found = [], [], []
    for shot in frames(Scene(duration=clip.duration, fps=RATE, actors=(walker,)), 2, CAMERA.focal):
        people = estimator.estimate(Frame(shot.image, shot.stamp))
        depth = DepthImage(with_errors(shot.depth, rng), 0.001)
        view = CameraView(CAMERA, SIZE, shot.stamp, depth)
        pose = walker.camera_pose(shot.stamp)
        times.append(shot.stamp)
        places.append(pose[0] @ shot.people[0].positions[TRUNK].mean(axis=0) + pose[1])
        for source in SOURCES:
            placed = placements[source].place(people, view)
            for person in kinematics[source].update(placed, shot.stamp, lambda p=pose: p):
                found.append((source, len(times) - 1, person.kinematics))
    for source, index, body in found:
        if times[index] >= SETTLED and np.isfinite(body.fixed_velocity).all():
            yield source, _sample(body, clip, times, places, index)


def _sample(
    body: Kinematics, clip: Clip, times: list[float], places: list[np.ndarray], index: int
) -> Sample:
    reach = round(SPAN * RATE)
    first, last = max(index - reach, 0), min(index + reach, len(times) - 1)
    true = (places[last] - places[first]) / (times[last] - times[first])
    yaw = abs(remainder(body.fixed_yaw - clip.path(times[index]).yaw, 2 * pi))
    return Sample(
        (body.fixed_velocity - true)[:2],
        body.fixed_velocity_deviation[:2],
        None if clip.truth is None else body.motion is clip.truth,
        yaw,
        yaw < 2 * body.fixed_yaw_deviation,
    )


def rows(model: str) -> Iterator[list[str]]:
    """A row for each source and group of scenes."""
    estimator = PoseEstimator(EstimatorConfig(model=model))
    groups: dict[tuple[str, str], list[Sample]] = defaultdict(list)
    for clip in clips():
        for source, sample in samples(estimator, clip):
            groups[source, clip.group].append(sample)
    for source in SOURCES:
        for (other, group), cases in groups.items():
            if other == source:
                yield [source, f'`{model}`', group, *figures(cases)]


def figures(cases: list[Sample]) -> list[str]:
    """Cells of some samples."""
    errors = np.array([case.error for case in cases])
    deviations = np.array([case.deviation for case in cases])
    lengths = np.linalg.norm(errors, axis=1)
    right = [case.motion for case in cases if case.motion is not None]
    turned = [case for case in cases if np.isfinite(case.yaw)]
    turns = np.degrees([case.yaw for case in turned])
    return [
        str(len(cases)),
        f'{np.median(lengths):.2f} m/s',
        f'{np.quantile(lengths, 0.95):.2f} m/s',
        f'{np.median(deviations.max(axis=1)):.2f} m/s',
        f'{100 * np.mean(np.abs(errors) < 2 * deviations):.0f} %',
        f'{100 * np.mean(right):.1f} %' if right else '-',
        f'{np.median(turns):.0f}°' if len(turns) else '-',
        f'{np.quantile(turns, 0.95):.0f}°' if len(turns) else '-',
        f'{100 * np.mean([case.yaw_within for case in turned]):.0f} %' if turned else '-',
    ]


def main(write: Annotated[Path | None, typer.Option()] = None) -> None:
    """Print the table, or write it into a page with a block `velocity`."""
    lines = []
    for model in MODELS:
        try:
            lines += rows(model)
        except ModelError as error:
            typer.echo(f'{model} left out: {error}', err=True)
    show_block('velocity', markdown_table(HEAD, lines), write)


if __name__ == '__main__':
    typer.run(main)
