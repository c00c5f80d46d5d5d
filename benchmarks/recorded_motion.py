"""Errors of pose models and joint angles on figures that move as recorded people did.

    tools/env.py python benchmarks/recorded_motion.py DIR                     prints
    tools/env.py python benchmarks/recorded_motion.py DIR --write docs/evaluation/angles.md

DIR holds motion capture: uiprmd/*.npz (UI-PRMD) and hdm05/*.npz (HDM05) with COCO's joints
[T, 17, 3] in metres, z up, and for UI-PRMD the Plug-in Gait angles beside them. The true joints
and angles are those of the drawn figure, which has the recorded motion and proportions. The
Plug-in Gait angles are of the people themselves; their axes differ by constants, so the median
difference of each person and side is taken out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
import json
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
from rich.console import Console
from true_angles import true_angles
import typer

from pose_ros.actor import Scene, frames, play
from pose_ros.core.body.angles import AngleMeter, JointAngles
from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.motion.angle_observer import published
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.topology import COCO17
from pose_ros.core.types import Frame, Person
from pose_ros.evaluation.report import markdown_table, write_block

MODELS = ('blazepose_full', 'movenet_lightning')
AZIMUTHS = (0.0, 45.0, 90.0)  # of the camera, from the person's front [deg]
# Name, files, array of the joints, and persons of each.
MOTIONS = (
    ('squat', 'uiprmd/m01_*.npz', 'correct_coco17'),
    ('inline lunge', 'uiprmd/m03_*.npz', 'correct_coco17'),
    ('side lunge', 'uiprmd/m04_*.npz', 'correct_coco17'),
    ('arm raised sideways', 'uiprmd/m07_*.npz', 'correct_coco17'),
    ('lying down on the floor', 'hdm05/lieDownFloor_*.npz', 'clip01_coco17'),
)
PERSONS = 1
FPS = 15.0
HEIGHT = 300.0  # of the standing body [px]
SETTLING = 0.4  # time at the beginning that does not count [s]
ANGLES = ('knee', 'hip', 'elbow', 'shoulder')
# Plug-in Gait's flexion; ours is 180 degrees less it. The shoulder's has no single counterpart.
GAIT = ('knee', 'hip', 'elbow')
BODY = [i for i, name in enumerate(COCO17.keypoint_names) if i >= COCO17.index('left_shoulder')]
JOINT_HEAD = ('motion', 'median error', '95 % under', 'over 10 %', 'absent')
ANGLE_HEAD = (
    *('angle', 'camera', 'median error', '95 % under', 'reported deviation'),
    *('within two of it', 'absent', 'against Plug-in Gait'),
)

console = Console()


@dataclass(frozen=True)
class Clip:
    """One repetition of one person."""

    motion: str
    person: str
    joints: np.ndarray
    rate: float
    gait: dict[str, np.ndarray]


@dataclass(frozen=True)
class Sample:
    """An angle beside the truth [deg]; `gait` is NaN where Plug-in Gait has none."""

    angle: float
    truth: float
    deviation: float
    gait: float
    person: str


def clips(folder: Path) -> Iterator[Clip]:
    """First repetition of the first persons of each motion."""
    for motion, pattern, array in MOTIONS:
        for path in sorted(folder.glob(pattern))[:PERSONS]:
            with np.load(path) as file:
                meta = json.loads(str(file['meta']))
                joints, part, gait = file[array], slice(None), {}
                if 'correct_rep_start' in file:
                    # With the recorded rest around it.
                    start, end = file['correct_rep_start'][0], file['correct_rep_end'][0]
                    part = slice(max(start - 20, 0), end + 10)
                    columns = np.moveaxis(file['correct_angles'], 1, 0)  # [angles, T, 3]
                    gait = {n: column[part] for n, column in zip(meta['angles'], columns)}
            yield Clip(motion, path.stem[-3:], joints[part], meta.get('rate_hz', 30.0), gait)


def flexion(clip: Clip, name: str, time: float) -> float:
    """Plug-in Gait's angle as ours [deg]; NaN without."""
    joint = name.partition('_')[2]
    index = min(round(time * clip.rate), len(clip.joints) - 1)
    if joint not in GAIT or name not in clip.gait:
        return float('nan')
    return 180.0 - float(clip.gait[name][index, 0])


@dataclass
class Found:
    """All errors of a model."""

    joints: dict[str, list[np.ndarray]]
    angles: dict[tuple[bool, str, float], list[Sample]]


Video = list[tuple[float, Person | None, dict[str, np.ndarray]]]
"""Stamp [s], the person as the model sees it, and the figure's true points."""


def videos(model: str, recorded: Sequence[Clip]) -> Iterator[tuple[Clip, float, Video]]:
    """Clips from all sides, drawn and seen by a model."""
    estimator = PoseEstimator(EstimatorConfig(model=model))
    for number, clip in enumerate(recorded):
        for azimuth in AZIMUTHS:
            actor = play(clip.joints, clip.rate, azimuth=azimuth, height=HEIGHT)
            scene = Scene(fps=FPS, duration=len(clip.joints) / clip.rate, actors=(actor,))
            estimator.reset()
            video: Video = []
            for frame in frames(scene, number):
                people = estimator.estimate(Frame(frame.image, frame.stamp))
                points = actor.at(frame.stamp)[0].points
                video.append((frame.stamp, people[0] if people else None, points))
            yield clip, azimuth, video


def measure(seen: Iterable[tuple[Clip, float, Video]]) -> Found:
    """Errors in all videos."""
    found = Found(defaultdict(list), defaultdict(list))
    for clip, azimuth, video in seen:
        meters = {in_space: AngleMeter(in_space) for in_space in (False, True)}
        for stamp, person, points in video:
            for in_space, meter in meters.items():
                if person is not None and not (in_space and person.world is None):
                    angles = published(person, meter.measure(person, stamp))
                    if stamp >= SETTLING:
                        for joint, sample in _samples(clip, stamp, angles, points):
                            found.angles[in_space, joint, azimuth].append(sample)
            if stamp >= SETTLING:
                truth = np.array([points[name][:2] for name in COCO17.keypoint_names])
                found.joints[clip.motion].append(_errors(person, truth))
    return found


def _samples(
    clip: Clip, stamp: float, angles: JointAngles, points: dict[str, np.ndarray]
) -> Iterator[tuple[str, Sample]]:
    truth = true_angles(points, angles.in_space)
    for name, angle, deviation in zip(
        angles.names, np.degrees(angles.angles).tolist(), np.degrees(angles.deviations).tolist()
    ):
        joint = name.partition('_')[2]
        if joint in ANGLES:
            true, gait = float(np.degrees(truth[name])), flexion(clip, name, stamp)
            yield (
                joint,
                Sample(angle, true, deviation, gait, f'{clip.motion} {clip.person} {name}'),
            )


def _errors(person: Person | None, truth: np.ndarray) -> np.ndarray:
    """Errors of the body's joints [12] in shares of the height; NaN where absent."""
    if person is None:
        return np.full(len(BODY), np.nan)
    index = [person.topology.index(COCO17.keypoint_names[i]) for i in BODY]
    errors = np.linalg.norm(person.keypoints[index] - truth[BODY], axis=1) / HEIGHT
    return np.where(person.observed[index], errors, np.nan)


def joint_rows(found: Found) -> Iterator[tuple[str, ...]]:
    """Rows of the table of joints."""
    for motion, parts in found.joints.items():
        errors = np.concatenate(parts) * 100
        known = errors[np.isfinite(errors)]
        yield (
            motion,
            f'{np.median(known):.1f} %',
            f'{np.percentile(known, 95):.1f} %',
            f'{np.mean(known > 10):.1%}',
            f'{1 - len(known) / len(errors):.1%}',
        )


def angle_rows(found: Found, in_space: bool) -> Iterator[tuple[str, ...]]:
    """Rows of the table of angles, all of them together at the end."""
    groups = {
        (joint, f'{azimuth:g}°'): found.angles[in_space, joint, azimuth]
        for joint in ANGLES
        for azimuth in AZIMUTHS
    }
    groups['all', 'all'] = [sample for group in groups.values() for sample in group]
    for (joint, azimuth), samples in groups.items():
        angle, truth, told = np.array([(s.angle, s.truth, s.deviation) for s in samples]).T
        known = np.isfinite(angle)
        error = np.abs(angle - truth)[known]
        yield (
            joint,
            azimuth,
            f'{np.median(error):.1f}°',
            f'{np.percentile(error, 95):.0f}°',
            f'{np.median(told[known]):.1f}°',
            f'{np.mean(error < 2 * told[known]):.0%}',
            f'{1 - known.mean():.0%}',
            _against_gait(samples) if in_space else '–',
        )


def _against_gait(samples: Sequence[Sample]) -> str:
    """Median absolute difference without the median difference of each person and side."""
    groups: dict[str, list[float]] = defaultdict(list)
    for sample in samples:
        if np.isfinite(sample.angle) and np.isfinite(sample.gait):
            groups[sample.person].append(sample.angle - sample.gait)
    if not groups:
        return '–'
    away = np.concatenate([np.array(own) - np.median(own) for own in groups.values()])
    return f'{np.median(np.abs(away)):.1f}°'


def main(
    folder: Annotated[Path, typer.Argument(metavar='DIR', help='Motion capture.')],
    write: Annotated[Path | None, typer.Option(help='Fill the tables of this page.')] = None,
) -> None:
    """Measure, print, write."""
    cv2.setNumThreads(1)
    recorded, blocks = list(clips(folder)), []
    if not recorded:
        raise typer.BadParameter(f'{folder}: holds no uiprmd/*.npz or hdm05/*.npz')
    for model in MODELS:
        try:
            found = measure(videos(model, recorded))
        except ModelError as error:
            console.print(f'left out: {error}', style='yellow')
            continue
        blocks.append(f'### {model}: joints\n\n{markdown_table(JOINT_HEAD, joint_rows(found))}')
        for in_space in (False, True):
            if any(key[0] == in_space for key in found.angles):
                where = 'in space' if in_space else 'in the image plane'
                table = markdown_table(ANGLE_HEAD, angle_rows(found, in_space))
                blocks.append(f'### {model}: angles {where}\n\n{table}')
        console.print('\n\n'.join(blocks), highlight=False, soft_wrap=True)
    if write is not None:
        write_block('recorded', '\n\n'.join(blocks), write)
        console.print(f'written: {write}')


if __name__ == '__main__':
    typer.run(main)
