"""Positions from one to four cameras: the actor with true positions, and a real recording.

    tools/env.py python benchmarks/fusion.py DIR --write docs/evaluation/fusion.md

DIR has cam01.mp4 to cam04.mp4 and calibration.json (OpenCV: K, D, R, t), made from
Pose2Sim/Demo_SinglePerson of perfanalytics/pose2sim.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
import json
from math import atan2, pi
from pathlib import Path
import time
from typing import Annotated

import cv2
import numpy as np
import typer

from pose_ros.actor import Action, FloorPose, Scene, Walker, frames
from pose_ros.core.camera import CameraModel
from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.fusion.person_fusion import PersonFusion
from pose_ros.core.fusion.rays import CameraImage
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.space.position_estimator import PositionEstimator
from pose_ros.core.space.strategy import CameraView
from pose_ros.core.topology import COCO17, SIDES
from pose_ros.core.types import Frame, Person
from pose_ros.evaluation.report import markdown_table, show_block

MODELS = ('blazepose_full', 'movenet_lightning', 'tinypose_256')
COUNTS = (1, 2, 3, 4)
SIZE, RATE = (640, 480), 10.0
CAMERA = CameraModel.from_field_of_view(*SIZE, 1.2)
# Places on the floor [m], in the order in which cameras are added: 90° apart.
PLACES = ((4.0, 1.0), (-1.0, 4.0), (-4.0, -1.0), (1.0, -4.0))
SETTLED = 0.5  # [s]
ACTOR_HEAD = (
    'model', 'cameras', 'joints', 'error', '95 %', 'deviation', 'within two deviations',
)  # fmt: skip
REAL_HEAD = (
    'model', 'cameras', 'rounds', 'ids', 'with position', 'reprojection error',
    'of a camera left out', 'spread of bones', 'fusion',
)  # fmt: skip
BONES = [
    (COCO17.index(f'{side}_{a}'), COCO17.index(f'{side}_{b}'))
    for side in SIDES
    for a, b in (
        ('shoulder', 'elbow'), ('elbow', 'wrist'), ('hip', 'knee'), ('knee', 'ankle'),
        ('shoulder', 'hip'),
    )
]  # fmt: skip
JOINTS = np.arange(5, 17)

Clip = list[CameraImage]


def paths() -> dict[str, tuple[tuple[Action, ...], object]]:
    """Motions and paths of the actor."""
    return {
        'walk': ((Action('walk', 0.0),), lambda t: FloorPose(-0.8 + 0.6 * t, 0.2, 0.0)),
        'squat': ((Action('squat', 0.0),), lambda t: FloorPose(0.2, 0.1, 0.7)),
        'wave': ((Action('wave_left', 0.0),), lambda t: FloorPose(0.0, -0.2, pi / 2)),
    }


def actor_clip(estimator: PoseEstimator, number: int, name: str) -> tuple[Clip, list[np.ndarray]]:
    """Images of one camera with their people, and true joints in the fixed frame."""
    estimator.reset()
    x, y = PLACES[number]
    place = FloorPose(x, y, atan2(-y, -x))
    motion, path = paths()[name]
    walker = Walker(motion, path=path, camera=lambda t: place, focal=CAMERA.focal)
    pose = walker.camera_pose(0.0)
    scene = Scene(duration=3.0, fps=RATE, actors=(walker,))
    found, truth, placement = [], [], PositionEstimator()
    for shot in frames(scene, 2, CAMERA.focal):
        people = estimator.estimate(Frame(shot.image, shot.stamp))
        people = placement.place(people, CameraView(CAMERA, SIZE, shot.stamp))
        found.append(CameraImage(f'c{number}', shot.stamp, people, CAMERA, pose, SIZE))
        truth.append(shot.people[0].positions @ pose[0].T + pose[1])
    return found, truth


def actor_rows(model: str) -> Iterator[list[str]]:
    """A row for each number of cameras."""
    estimator = PoseEstimator(EstimatorConfig(model=model))
    errors: dict[int, list[np.ndarray]] = {count: [] for count in COUNTS}
    deviations: dict[int, list[np.ndarray]] = {count: [] for count in COUNTS}
    for name in paths():
        clips, truths = zip(*(actor_clip(estimator, n, name) for n in range(len(PLACES))))
        for count in COUNTS:
            fusion = PersonFusion()
            for number, images in enumerate(zip(*clips[:count])):
                people = fusion.update(images)
                if images[0].stamp >= SETTLED and people:
                    found = people[0].converted(COCO17).positions
                    offsets = (found.points - truths[0][number])[JOINTS]
                    errors[count].append(np.linalg.norm(offsets, axis=1))
                    deviations[count].append(found.deviations[JOINTS])
    for count in COUNTS:
        off, deviation = np.concatenate(errors[count]), np.concatenate(deviations[count])
        known = np.isfinite(off)
        off, deviation = off[known], deviation[known]
        yield [
            f'`{model}`', str(count), str(len(off)), f'{100 * np.median(off):.1f} cm',
            f'{100 * np.quantile(off, 0.95):.0f} cm', f'{100 * np.median(deviation):.1f} cm',
            f'{100 * np.mean(off < 2 * deviation):.0f} %',
        ]  # fmt: skip


def real_clip(estimator: PoseEstimator, folder: Path, entry: dict) -> Clip:
    """Images of a calibrated camera of the recording, with their people."""
    estimator.reset()
    matrix, rotation = np.array(entry['K']), np.array(entry['R'])
    camera = CameraModel(
        matrix, np.hstack([matrix, np.zeros((3, 1))]), np.array(entry['D']), 'plumb_bob'
    )
    pose = rotation.T, -rotation.T @ np.array(entry['t'])
    video = cv2.VideoCapture(str(folder / f'{entry["name"]}.mp4'))
    found, placement = [], PositionEstimator()
    while True:
        there, image = video.read()
        if not there:
            return found
        stamp, size = len(found) / 60.0, (image.shape[1], image.shape[0])
        people = estimator.estimate(Frame(np.ascontiguousarray(image[..., ::-1]), stamp))
        people = placement.place(people, CameraView(camera, size, stamp))
        found.append(CameraImage(entry['name'], stamp, people, camera, pose, size))


def off_rays(image: CameraImage, person: Person, points: np.ndarray) -> np.ndarray:
    """Reprojection errors [px] of points in the fixed frame, at the joints that are observed."""
    rotation, translation = image.pose
    places = (points - translation) @ rotation
    rays = image.model.rays(person.keypoints)
    error = np.linalg.norm((places / places[:, 2:] - rays)[:, :2], axis=1) * image.model.focal
    return error[JOINTS][person.observed[JOINTS]]


def real_rows(model: str, folder: Path) -> Iterator[list[str]]:
    """A row for each number of cameras."""
    estimator = PoseEstimator(EstimatorConfig(model=model))
    entries = json.loads((folder / 'calibration.json').read_text(encoding='utf-8'))['cameras']
    clips = [real_clip(estimator, folder, entry) for entry in entries]
    for count in COUNTS:
        yield [f'`{model}`', str(count), *_real_figures(clips, count)]


def _real_figures(clips: Sequence[Clip], count: int) -> list[str]:
    fusion = PersonFusion()
    ids, errors, others, lengths, known, elapsed = set(), [], [], [], [], 0.0
    for images in zip(*clips):
        start = time.perf_counter()
        people = fusion.update(images[:count])
        elapsed += time.perf_counter() - start
        ids |= {person.id for person in people} - {0}
        if not people or images[0].stamp < SETTLED:
            continue
        points = people[0].converted(COCO17).positions.points
        known.append(np.isfinite(points[JOINTS]).all(axis=1).mean())
        lengths.append([np.linalg.norm(points[a] - points[b]) for a, b in BONES])
        for number, image in enumerate(images):
            if image.people:
                off = off_rays(image, image.people[0].converted(COCO17), points)
                (errors if number < count else others).append(off)
    spread = np.nanstd(lengths, axis=0) / np.nanmean(lengths, axis=0)
    return [
        str(len(known)),
        str(len(ids)),
        f'{100 * np.mean(known):.0f} %',
        f'{np.nanmedian(np.concatenate(errors)):.1f} px' if count > 1 else '-',
        f'{np.nanmedian(np.concatenate(others)):.1f} px' if others else '-',
        f'{100 * np.median(spread):.1f} %',
        f'{1e3 * elapsed / len(clips[0]):.1f} ms',
    ]


def main(folder: Path, write: Annotated[Path | None, typer.Option()] = None) -> None:
    """Print the tables, or write them into a page with blocks `actor` and `real`."""
    actor, real = [], []
    for model in MODELS:
        try:
            actor += actor_rows(model)
            real += real_rows(model, folder)
        except ModelError as error:
            typer.echo(f'{model} left out: {error}', err=True)
    show_block('actor', markdown_table(ACTOR_HEAD, actor), write)
    show_block('real', markdown_table(REAL_HEAD, real), write)


if __name__ == '__main__':
    typer.run(main)
