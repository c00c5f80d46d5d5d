"""Jitter of a person who stands still and lag of a fast wave, by smoothing.

tools/env.py python benchmarks/steadiness.py                     prints
tools/env.py python benchmarks/steadiness.py --write docs/evaluation/steadiness.md

The models run once; every smoothing is applied to the same keypoints. Clips of real people are
measured where the folder POSE_ROS_TEST_DATA holds them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
import os
from pathlib import Path
import time
from typing import Annotated

import cv2
import numpy as np
from random_scenes import random_scene
from rich.console import Console
from rich.table import Table
import typer

from pose_ros.actor import frames
from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.factory import load_pose_model
from pose_ros.core.media import open_media
from pose_ros.core.models.crop import whole_frame
from pose_ros.core.models.detectors import load_detector
from pose_ros.core.models.pose import Pose
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.runtime.store import ModelStore
from pose_ros.core.topology import COCO17, SIDES, Topology
from pose_ros.core.tracking.noise_aware import NoiseAwareSmoother
from pose_ros.core.tracking.region import diameter, region_tracker
from pose_ros.core.tracking.smoothing import (
    ExponentialSmoother,
    NoSmoothing,
    OneEuroSmoother,
    Smoother,
)
from pose_ros.core.types import Box, Frame
from pose_ros.evaluation.report import markdown_table, write_block

MODELS = ('movenet_lightning', 'blazepose_full')
SEEDS = range(500, 504)
STANDING, WAVING, EVERYDAY = 'stand_full_body.mp4', 'wave_full_body.mp4', 'falls/S1_ADL_10.mp4'
# The actor's wave, rendered at 20 and shown at 30 frames per second: 2.1 swings per second.
RENDERED, SHOWN = 20.0, 30.0
SECONDS = 4.0
SEEN = 0.3  # least score of a keypoint that counts
SETTLING = 0.5  # time [s] at the beginning that does not count
AT_REST = 0.1  # speed below which a point of a living body rests [person's sizes per second]
PAUSE = 0.2  # half of the time over which that speed is taken [s]
LAGS = np.arange(-0.05, 0.4, 0.001)  # that are tried [s]
# The default is the steadiest that is not behind by more than a frame and keeps the wave's size.
MAX_LAG, MIN_REACH = 1e3 / 30.0, 0.95

console = Console()


class InPixels:
    """One Euro filter whose speed counts in pixels per second, whatever the person's size."""

    def __init__(self, min_cutoff: float, beta: float) -> None:
        self._smoother = OneEuroSmoother(min_cutoff, beta)

    def apply(
        self, values: np.ndarray, stamp: float, scale: float, fresh: np.ndarray | None = None
    ) -> np.ndarray:
        """Smooth the points of one frame; the scale does not matter."""
        return self._smoother.apply(values, stamp, 1.0, fresh)

    def reset(self) -> None:
        """Forget what came before."""
        self._smoother.reset()


SMOOTHERS: dict[str, Callable[[], Smoother]] = {
    'none': NoSmoothing,
    'EMA 0.5': lambda: ExponentialSmoother(0.5),
    'EMA 0.6': lambda: ExponentialSmoother(0.6),
    'EMA 0.7': lambda: ExponentialSmoother(0.7),
    'One Euro in px: 1 Hz, 0.007': lambda: InPixels(1.0, 0.007),
    'One Euro in px: 1 Hz, 0.07': lambda: InPixels(1.0, 0.07),
    'One Euro by size: 0.05 Hz, 80': lambda: OneEuroSmoother(0.05, 80.0),
    'One Euro by size: 0.05 Hz, 40': lambda: OneEuroSmoother(0.05, 40.0),
    'One Euro by size: 0.05 Hz, 20': lambda: OneEuroSmoother(0.05, 20.0),
    'One Euro by size: 1 Hz, 40': lambda: OneEuroSmoother(1.0, 40.0),
    'noise aware': NoiseAwareSmoother,
}


@dataclass(frozen=True, eq=False)
class Recording:
    """What a model saw of one person.

    Attributes
    ----------
    stamps
        [N] [s].
    keypoints
        [N, K, 2] [px].
    sizes
        [N]: what speeds are compared to [px].
    seen
        Mask [K] of the keypoints seen in all frames.
    truth
        [N, 17, 2] [px], where it is known.
    topology
        Format of the keypoints.
    """

    stamps: np.ndarray
    keypoints: np.ndarray
    sizes: np.ndarray
    seen: np.ndarray
    truth: np.ndarray | None
    topology: Topology

    def smoothed(self, smoother: Smoother) -> np.ndarray:
        """Keypoints [N, K, 2] after smoothing."""
        moments = zip(self.keypoints, self.stamps.tolist(), self.sizes.tolist())
        return np.stack([smoother.apply(*moment) for moment in moments])


class Recorder:
    """Runs a model on videos of one person.

    Parameters
    ----------
    model
        Its name.
    """

    def __init__(self, model: str) -> None:
        self._config, store = EstimatorConfig(model=model), ModelStore()
        self._model = load_pose_model(self._config, store)
        self._detector = None
        if not self._model.searches_frame:
            own = 'detector' in store.locate(model)
            self._detector = load_detector(model if own else 'yolox_nano', store)

    def record(self, video: Iterable[tuple[Frame, np.ndarray | None]]) -> Recording:
        """Follow the person through frames with or without the truth [17, 2]."""
        regions = region_tracker(self._model, self._config)
        stamps, poses, truths = [], [], []
        for frame, truth in video:
            region = regions.region(frame)
            if not poses:
                region = whole_frame(frame)
                if self._detector is not None:
                    region = regions.around(self._detector.detect(frame)[0])
            pose = self._model.estimate(frame, region)
            regions.update(frame, pose)
            stamps.append(frame.stamp)
            poses.append(pose)
            truths.append(truth)
        return Recording(
            stamps=np.array(stamps),
            keypoints=np.stack([pose.keypoints for pose in poses]),
            sizes=np.array([size(pose) for pose in poses]),
            seen=np.stack([pose.scores > SEEN for pose in poses]).all(axis=0),
            truth=None if truths[0] is None else np.stack(truths),
            topology=self._model.topology,
        )


def size(pose: Pose) -> float:
    """Size of a person [px], as the estimator takes it."""
    if pose.alignment is not None:
        return diameter(pose.alignment)
    box = Box.around(pose.keypoints[pose.scores > SEEN])
    return (box.width + box.height) / 2


def acted(seed: int, motion: str) -> Iterator[tuple[Frame, np.ndarray]]:
    """Video of an actor who stands like a statue, or waves fast."""
    scene = random_scene(seed)
    still = motion == 'stand'
    actor = replace(scene.actors[0], motion=motion, start=-5.0, sway=0.0 if still else 1.0)
    rendered = SHOWN if still else RENDERED
    scene = replace(scene, actors=(actor,), fps=rendered, duration=SECONDS * SHOWN / rendered)
    for shown in frames(scene, seed):
        yield Frame(shown.image, shown.stamp * rendered / SHOWN), shown.people[0].keypoints


def clip(name: str) -> Iterator[tuple[Frame, None]]:
    """Frames of a clip of a real person."""
    for frame in open_media(clip_path(name)).frames():
        yield frame, None


def clip_path(name: str) -> Path:
    """Where a clip lies, if it does."""
    return Path(os.environ.get('POSE_ROS_TEST_DATA') or '/nonexistent') / 'clips' / name


def wandering(recording: Recording, smoothed: np.ndarray) -> float:
    """RMS distance of keypoints from where they are on average [px]: nothing moves."""
    rest = smoothed[recording.stamps > SETTLING][:, recording.seen]
    offsets = rest - rest.mean(axis=0)
    return float(np.sqrt((offsets**2).sum(axis=-1).mean()))


def shaking(recording: Recording, smoothed: np.ndarray) -> float:
    """RMS distance of keypoints from the middle of the frames beside [px]: slow moves count not.

    Scaled so that noise without memory counts as in `wandering`.
    """
    some = smoothed[recording.stamps > SETTLING][:, recording.seen]
    offsets = (some[1:-1] - (some[:-2] + some[2:]) / 2) * np.sqrt(2 / 3)
    return float(np.sqrt((offsets**2).sum(axis=-1).mean()))


def shaking_at_rest(recording: Recording, smoothed: np.ndarray) -> float:
    """Median distance of a keypoint from the middle of the frames beside while it rests [px].

    Scaled so that noise without memory counts as in `shaking`. Whether a point rests is told by
    the keypoints without smoothing.
    """
    stamps = recording.stamps
    count = max(round(PAUSE / float(np.median(np.diff(stamps)))), 1)
    middle = slice(count, len(stamps) - count)
    sums = np.pad(recording.keypoints.cumsum(axis=0), ((1, 0), (0, 0), (0, 0)))
    means = (sums[count:] - sums[:-count]) / count
    ways = np.linalg.norm(means[count + 1 :] - means[: -count - 1], axis=-1)
    between = (count + 1) * float(np.median(np.diff(stamps)))
    rests = ways / recording.sizes[middle, None] < AT_REST * between
    rests &= recording.seen & (stamps[middle] > SETTLING)[:, None]
    offsets = smoothed[1:-1] - (smoothed[:-2] + smoothed[2:]) / 2
    some = np.linalg.norm(offsets, axis=-1)[count - 1 : len(offsets) - count + 1][rests]
    # Of normal noise in two directions; outliers are no jitter.
    return float(np.median(some) * np.sqrt(2 / 3) / np.sqrt(np.log(2)))


def lag_and_reach(stamps: np.ndarray, motion: np.ndarray, smoothed: np.ndarray) -> np.ndarray:
    """Time [ms] by which points [N, 2] are behind a motion [N, 2], and their share of its size.

    The lag is where both correlate best.
    """
    start = stamps[0] + SETTLING
    counted = stamps > start
    found = smoothed[counted] - smoothed[counted].mean(axis=0)
    best, result = -np.inf, np.zeros(2)
    for lag in LAGS:
        late = np.stack([np.interp(stamps[counted] - lag, stamps, axis) for axis in motion.T], 1)
        late -= late.mean(axis=0)
        product = (late * found).sum()
        correlation = product / np.sqrt((late**2).sum() * (found**2).sum())
        if correlation > best:
            best, result = correlation, np.array([1e3 * lag, product / (late**2).sum()])
    return result


def wrists(recording: Recording) -> list[int]:
    """Indices of the wrists."""
    return [recording.topology.index(f'{side}_wrist') for side in SIDES]


def cost(smoother: Smoother, recording: Recording) -> float:
    """Time of one frame [µs]."""
    started = time.perf_counter()
    recording.smoothed(smoother)
    return 1e6 * (time.perf_counter() - started) / len(recording.stamps)


def measure(model: str) -> Iterator[dict[str, float | str]]:
    """One row a smoothing."""
    recorder = Recorder(model)
    standing = [recorder.record(acted(seed, 'stand')) for seed in SEEDS]
    waving = [recorder.record(acted(seed, 'wave_right')) for seed in SEEDS]
    videos = (STANDING, WAVING, EVERYDAY)
    real = all(clip_path(name).exists() for name in videos)
    if real:
        real_standing, real_waving, everyday = (recorder.record(clip(name)) for name in videos)
    unsmoothed = None
    for name, make in SMOOTHERS.items():
        wrist = wrists(waving[0])[1]
        actor = np.mean(
            [
                lag_and_reach(
                    one.stamps,
                    one.truth[:, COCO17.index('right_wrist')],
                    one.smoothed(make())[:, wrist],
                )
                for one in waving
            ],
            axis=0,
        )
        unsmoothed = actor[1] if unsmoothed is None else unsmoothed
        row: dict[str, float | str] = {
            'smoothing': name,
            'jitter': float(np.mean([wandering(one, one.smoothed(make())) for one in standing])),
            'lag': actor[0],
            'reach': actor[1] / unsmoothed,
        }
        if real:
            row['real jitter'] = shaking(real_standing, real_standing.smoothed(make()))
            row['rest jitter'] = shaking_at_rest(everyday, everyday.smoothed(make()))
            smoothed = real_waving.smoothed(make())
            row['real lag'] = np.mean(
                [
                    lag_and_reach(
                        real_waving.stamps, real_waving.keypoints[:, wrist], smoothed[:, wrist]
                    )[0]
                    for wrist in wrists(real_waving)
                ]
            )
        row['cost'] = cost(make(), standing[0])
        yield row


def choice(measured: dict[str, list[dict[str, float | str]]]) -> str:
    """Smoothing that is the steadiest of those that follow well, over all models."""
    jitter: dict[str, float] = {}
    for rows in measured.values():
        for row in rows:
            name = str(row['smoothing'])
            follows = row['lag'] <= MAX_LAG and row['reach'] >= MIN_REACH
            share = float(row['jitter']) / float(rows[0]['jitter']) if follows else np.inf
            jitter[name] = jitter.get(name, 1.0) * share
    return min(jitter, key=lambda name: jitter[name])


HEAD = {
    'smoothing': 'smoothing',
    'jitter': 'jitter, actor [px]',
    'real jitter': 'jitter, real, swaying [px]',
    'rest jitter': 'jitter, real, at rest [px]',
    'lag': 'lag, actor [ms]',
    'real lag': 'lag, real [ms]',
    'reach': 'reach, actor',
    'cost': 'time [µs]',
}
FORMATS = {
    'jitter': '.2f',
    'real jitter': '.2f',
    'rest jitter': '.2f',
    'reach': '.0%',
    'smoothing': '',
}


def cells(row: dict[str, float | str]) -> list[str]:
    """Figures of a row as text."""
    return [format(row[key], FORMATS.get(key, '.0f')) for key in HEAD if key in row]


def markdown(measured: dict[str, list[dict[str, float | str]]]) -> str:
    """Tables, and what follows from them."""
    lines = []
    for model, rows in measured.items():
        head = [title for key, title in HEAD.items() if key in rows[0]]
        lines += [f'### {model}', '', markdown_table(head, map(cells, rows)), '']
    return '\n'.join([*lines, f'Chosen: **{choice(measured)}**.'])


def main(
    write: Annotated[Path | None, typer.Option(help='Fill the tables of this page.')] = None,
) -> None:
    """Measure, print, write."""
    cv2.setNumThreads(1)
    measured = {}
    for model in MODELS:
        with console.status(f'measuring with {model}, about a minute'):
            try:
                measured[model] = list(measure(model))
            except ModelError as error:
                console.print(f'left out: {error}', style='yellow')
                continue
        titles = [title for key, title in HEAD.items() if key in measured[model][0]]
        table = Table(*titles, title=model, title_justify='left')
        for row in measured[model]:
            table.add_row(*cells(row))
        console.print(table)
    console.print(f'steadiest that follows well: {choice(measured)}')
    if write is not None:
        write_block('smoothing', markdown(measured), write)
        console.print(f'written: {write}')


if __name__ == '__main__':
    typer.run(main)
