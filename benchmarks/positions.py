"""How well people are placed in space: by depth, by the model's landmarks, by their size.

The actor, 1.7 m tall and drawn in perspective, does a few motions at several distances and places
in the image; the depth images have the errors of a stereo camera. Real models, true positions.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
import logging
from pathlib import Path
import sys
import time

import numpy as np

from pose_ros.actor import Actor, Scene, frames
from pose_ros.actor.depth import with_errors
from pose_ros.core.camera import CameraModel
from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.space.depth_image import DepthImage
from pose_ros.core.space.position_estimator import PositionEstimator
from pose_ros.core.space.strategy import CameraView
from pose_ros.core.topology import COCO17
from pose_ros.core.types import Frame
from pose_ros.evaluation.report import markdown_table, write_block

SIZE = (640, 480)
CAMERA = CameraModel.from_field_of_view(*SIZE, 1.05)
WAYS = ('depth', 'model', 'height')
MODELS = ('blazepose_full', 'movenet_lightning')
DISTANCES = (2.0, 3.0, 4.0)
# Motion, how far the actor is turned [deg], place in the image [px].
SCENES = (
    ('stand', 0.0, 320.0),
    ('wave_right', 40.0, 200.0),
    ('squat', 60.0, 320.0),
    ('t_pose', 0.0, 420.0),
    ('raise_both', -40.0, 520.0),
)
RATE, DURATION, SETTLED = 8, 2.0, 0.6  # [Hz] [s] [s]
HEAD = (
    'positions', 'model', 'distance', 'hips off', '95 %', 'joints off', '95 %', 'known',
    'within two deviations', 'time',
)  # fmt: skip


def video(distance: float) -> Iterator[tuple[bool, object]]:
    """Frames at a distance, each with whether it begins another scene."""
    height = CAMERA.focal * 1.7 / distance
    for motion, facing, x in SCENES:
        actor = Actor(motion, x=x, y=240 + 0.47 * height, height=height, facing=facing, start=0.0)
        scene = Scene(duration=DURATION, fps=RATE, actors=(actor,))
        for index, frame in enumerate(frames(scene, 1, CAMERA.focal)):
            yield index == 0, frame


def rows(model: str, distance: float) -> Iterator[list[str]]:
    """A row for each way that the model has."""
    estimator = PoseEstimator(EstimatorConfig(model=model))
    rng = np.random.default_rng(1)
    found: dict[str, list] = {way: [] for way in WAYS}
    placements: dict[str, PositionEstimator] = {}
    for first, frame in video(distance):
        if first:
            estimator.reset()
            placements = {way: PositionEstimator(way) for way in WAYS}
        people = estimator.estimate(Frame(frame.image, frame.stamp))
        depth = DepthImage(with_errors(frame.depth, rng), 0.001)
        for way, placement in placements.items():
            started = time.perf_counter()
            placed = placement.place(people, CameraView(CAMERA, SIZE, frame.stamp, depth))
            share = (time.perf_counter() - started) / estimator.statistics.inference_time
            if frame.stamp >= SETTLED:
                found[way] += [(p.converted(COCO17), frame.people[0], share) for p in placed]
    for way, cases in found.items():
        if any(person.positions is not None for person, *_ in cases):
            yield [way, f'`{model}`', f'{distance:.0f} m', *figures(cases, distance)]


def figures(cases: list, distance: float) -> list[str]:
    """Cells with the errors of people (person, truth, share of the time)."""
    hips, joints, known, within = [], [], [], []
    for person, truth, _ in cases:
        shown = truth.visible & person.observed
        if person.positions is None:
            known.append(np.zeros(shown.sum(), bool))
            continue
        off = person.positions.points - truth.positions
        middle = off[11:13].mean(axis=0)
        hips.append(np.linalg.norm(middle) / distance)
        there = np.isfinite(off[:, 2])
        known.append(there[shown])
        joints.append(np.linalg.norm(off, axis=1)[shown & there])
        deviations = person.positions.deviations[shown & there]
        within.append(np.abs(off[shown & there, 2]) < 2 * deviations)
    errors = 100 * np.concatenate(joints)
    return [
        f'{100 * np.nanmedian(hips):.1f} %',
        f'{100 * np.nanquantile(hips, 0.95):.1f} %',
        f'{np.median(errors):.1f} cm',
        f'{np.quantile(errors, 0.95):.0f} cm',
        f'{100 * np.concatenate(known).mean():.0f} %',
        f'{100 * np.concatenate(within).mean():.0f} %',
        f'{100 * np.median([share for *_, share in cases]):.0f} %',
    ]


def main() -> None:
    """Print the table, or write it into a page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--write', type=Path, help='page with a block `positions`')
    page = parser.parse_args().write
    lines = []
    for model in MODELS:
        try:
            lines += [row for distance in DISTANCES for row in rows(model, distance)]
        except ModelError as error:
            logging.error(error)
    table = markdown_table(HEAD, lines)
    sys.stdout.write(table + '\n')
    if page is not None:
        write_block('positions', table, page)


if __name__ == '__main__':
    main()
