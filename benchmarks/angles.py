"""Errors of joint angles on videos of the actor, by model and angle; and what they cost.

tools/env.py python benchmarks/angles.py                     prints
tools/env.py python benchmarks/angles.py --write docs/evaluation/angles.md
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
import time
from typing import Annotated

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table
from true_angles import true_angles
import typer

from pose_ros.actor import Action, Actor, Clothes, Scene, frames
from pose_ros.core.body.angles import AngleMeter
from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.types import Frame
from pose_ros.evaluation.report import markdown_table, write_block

# Model, and whether its angles are those in space.
RUNS = (('blazepose_full', False), ('movenet_lightning', False), ('blazepose_full', True))
MOTIONS = ('stand', 'wave_left', 'raise_both', 't_pose', 'point_left', 'squat', 'walk', 'lie_down')
SIZES = ((360, 0.0), (200, 25.0), (130, -35.0))  # height [px] and turn from the camera [deg]
LOOKS = (
    Clothes(),
    Clothes(shirt=(60, 110, 70), trousers=(90, 80, 70), skin=(120, 80, 60), hair=(20, 18, 16)),
    Clothes(shirt=(210, 200, 190), trousers=(40, 40, 44)),
)
BACKGROUNDS = ('room', 'gradient', 'plain')
SETTLING = 0.5  # time at the beginning that does not count [s]
HEAD = ('angle', 'median error', '95 % under', 'reported deviation', 'within two of it', 'absent')

console = Console()


@dataclass(frozen=True)
class Sample:
    """An angle beside the truth [rad]."""

    angle: float
    truth: float
    deviation: float


def scenes() -> Iterator[tuple[Actor, Scene]]:
    """Every motion at every size, clothes and backgrounds in turn."""
    for i, motion in enumerate(MOTIONS):
        for j, (height, facing) in enumerate(SIZES):
            actor = Actor(
                (Action(motion, 0.5, 3.8, speed=0.15),),
                x=260.0,
                y=450.0,
                height=height,
                clothes=LOOKS[(i + j) % 3],
                sway=0.0,
                facing=0.0 if motion == 'walk' else facing,
            )
            background = BACKGROUNDS[(i + 2 * j) % 3]
            yield actor, Scene(fps=15, duration=4.5, actors=(actor,), background=background)


def samples(model: str, in_space: bool) -> tuple[dict[str, list[Sample]], float]:
    """Every angle of every frame, by name without its side; and the angles' share of the time."""
    estimator = PoseEstimator(EstimatorConfig(model=model))
    found: dict[str, list[Sample]] = defaultdict(list)
    looking, measuring = [], []
    for seed, (actor, scene) in enumerate(scenes()):
        estimator.reset()
        meter = AngleMeter(in_space)
        for frame in frames(scene, seed):
            started = time.perf_counter()
            people = estimator.estimate(Frame(frame.image, frame.stamp))
            looked = time.perf_counter()
            measured = [meter.measure(person, frame.stamp) for person in people if person.id]
            measuring.append(time.perf_counter() - looked)
            looking.append(looked - started)
            if frame.stamp < SETTLING:
                continue
            truth = true_angles(actor.at(frame.stamp)[0].points, in_space)
            for angles in measured:
                for name, angle, deviation in zip(angles.names, angles.angles, angles.deviations):
                    joint = name.removeprefix('left_').removeprefix('right_')
                    found[joint].append(Sample(angle, truth[name], deviation))
    return found, float(np.median(measuring) / np.median(looking))


def rows(found: dict[str, list[Sample]]) -> Iterator[tuple[str, ...]]:
    """Rows of the table: an angle each, then all together."""
    together = [sample for group in found.values() for sample in group]
    for name, group in (*found.items(), ('all', together)):
        angle, truth, told = np.degrees([(s.angle, s.truth, s.deviation) for s in group]).T
        known = np.isfinite(angle)
        error = np.abs(angle - truth)[known]
        yield (
            name,
            f'{np.median(error):.1f}°',
            f'{np.percentile(error, 95):.0f}°',
            f'{np.median(told[known]):.1f}°',
            f'{np.mean(error < 2 * told[known]):.0%}',
            f'{1 - known.mean():.0%}',
        )


def markdown(tables: dict[str, list[tuple[str, ...]]]) -> str:
    """The tables as text of the page."""
    lines = []
    for title, table in tables.items():
        lines += ['', f'### {title}', '', markdown_table(HEAD, table)]
    return '\n'.join(lines[1:])


def main(
    write: Annotated[Path | None, typer.Option(help='Fill the tables of this page.')] = None,
) -> None:
    """Measure, print, write."""
    cv2.setNumThreads(1)
    tables = {}
    for model, in_space in RUNS:
        with console.status(f'measuring with {model}, about a minute'):
            try:
                found, share = samples(model, in_space)
            except ModelError as error:
                console.print(f'left out: {error}', style='yellow')
                continue
        title = f'{model}, {"in space" if in_space else "in the image plane"}'
        tables[title] = list(rows(found))
        table = Table(*HEAD, title=title, title_justify='left')
        for row in tables[title]:
            table.add_row(*row)
        console.print(table)
        console.print(f'time of the angles: {share:.1%} of that of the skeletons')
    if write is not None:
        write_block('angles', markdown(tables), write)
        console.print(f'written: {write}')


if __name__ == '__main__':
    typer.run(main)
