"""Throughput of pose-ros batch against one process, as ratios of one run.

tools/env.py python benchmarks/fleet.py [--ray] [--rounds N]
"""

from __future__ import annotations

import argparse
from pathlib import Path
import sys
import tempfile
import time

import cv2
import numpy as np

from pose_ros.actor import Actor, Scene, frames
from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.media import Media, VideoWriter, open_media
from pose_ros.fleet.driver import BatchRun
from pose_ros.fleet.engines import Engine, ProcessEngine, RayEngine
from pose_ros.fleet.storage import Storage
from pose_ros.fleet.tasks import BatchSettings

VIDEOS = 8
SECONDS = 20.0
WORKERS = (1, 2)
FPS = 15.0


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--ray', action='store_true', help='on a local Ray')
    parser.add_argument('--rounds', type=int, default=1, help='medians of so many, in turns')
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        media = [open_media(path) for path in _videos(Path(folder))]
        rounds = []
        for number in range(options.rounds):
            alone = _alone(media)
            rates = [
                _batch(media, Path(folder, f'out{number}_{workers}'), workers, options.ray)
                for workers in WORKERS
            ]
            rounds.append([(rate, rate / alone) for rate in (alone, *rates)])
        sys.stdout.write('| workers | frames per second | ratio to one process |\n')
        sys.stdout.write('|---|---|---|\n')
        for name, (rate, ratio) in zip(('one process', *WORKERS), np.median(rounds, axis=0)):
            sys.stdout.write(f'| {name} | {rate:.1f} | {ratio:.2f} |\n')


def _videos(folder: Path) -> list[Path]:
    scene = Scene(duration=SECONDS, fps=FPS, actors=(Actor('wave_left', x=320),))
    path = folder / 'video.mp4'
    with VideoWriter(path, FPS) as writer:
        for frame in frames(scene, seed=1):
            writer.write(cv2.cvtColor(frame.image, cv2.COLOR_RGB2BGR), frame.stamp)
    copies = [folder / f'{number}.mp4' for number in range(VIDEOS)]
    for copy in copies:
        copy.symlink_to(path)
    return copies


def _alone(media: list[Media]) -> float:
    """Frames per second of the estimator alone."""
    estimator = PoseEstimator(EstimatorConfig(mode='multi', threads=1))
    count = 0
    started = time.perf_counter()
    for one in media:
        estimator.reset()
        for frame in one.frames():
            estimator.estimate(frame)
            count += 1
    return count / (time.perf_counter() - started)


def _batch(media: list[Media], output: Path, workers: int, on_ray: bool) -> float:
    """Frames per second of a batch, without the start of the workers."""
    config = EstimatorConfig(mode='multi', threads=1)
    engine: Engine = RayEngine('', workers) if on_ray else ProcessEngine(workers)
    warm_up = BatchSettings(config, None, Storage(str(output / 'warm_up')))
    BatchRun(warm_up, engine).run(media[:workers])
    settings = BatchSettings(config, None, Storage(str(output)))
    started = time.perf_counter()
    states = BatchRun(settings, engine).run(media)
    seconds = time.perf_counter() - started
    engine.close()
    return sum(one.frames for one in states) / seconds


if __name__ == '__main__':
    main()
