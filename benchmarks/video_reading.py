"""How fast videos are read by PyAV and by OpenCV, in turns, and how much memory it takes.

tools/env.py python benchmarks/video_reading.py --write docs/videos.md
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Annotated

import typer

from pose_ros.actor import Scene, frames
from pose_ros.core.media import VideoWriter
from pose_ros.core.media.opencv_reader import OpenCvReader
from pose_ros.core.media.pyav_reader import PyAvReader
from pose_ros.evaluation.report import Column, Report

ROUNDS = 5
SIZES = ((640, 480), (1920, 1080))
SECONDS = 4.0
# The long file is the clip so many times over.
REPEATS = 75
READERS = {'PyAV': lambda path: PyAvReader(path, 10.0), 'OpenCV': OpenCvReader}
REPORT = Report(
    'video reading',
    f'H.264 of the drawn actor, {SECONDS:g} s at 30 Hz, two cores; per frame, with conversion to '
    f'BGR; medians of {ROUNDS} rounds in turns. Memory growth: the peak of a process of its own '
    f'over {REPEATS * SECONDS / 60:g} minutes of it, less the peak of the first second.',
    (
        Column('reader', 'reader'),
        Column('size', 'image'),
        Column('cpu', 'CPU per frame [ms]', '.2f'),
        Column('elapsed', 'elapsed per frame [ms]', '.2f'),
        Column('ratio', 'CPU over OpenCV', '.2f'),
        Column('growth', 'memory growth [MB]', '.1f'),
    ),
)


def make_video(path: Path, size: tuple[int, int], repeats: int = 1) -> None:
    """Write the actor, over and over."""
    scene = Scene(width=size[0], height=size[1], duration=SECONDS)
    images = [frame.image[..., ::-1].copy() for frame in frames(scene)]
    with VideoWriter(path) as writer:
        for number in range(repeats * len(images)):
            writer.write(images[number % len(images)], number / 30)


def measure(name: str, path: Path) -> tuple[float, float]:
    """Time of the processor and elapsed time per frame [ms]."""
    reader = READERS[name](str(path))
    began, cpu = time.perf_counter(), time.process_time()
    count = sum(1 for _ in reader.frames())
    times = time.process_time() - cpu, time.perf_counter() - began
    reader.close()
    return times[0] / count * 1e3, times[1] / count * 1e3


def growth(name: str, path: Path) -> float:
    """Memory that the rest of a file takes beyond its first second [MB], in this process."""
    peak = 0
    reader = READERS[name](str(path))
    for number, _ in enumerate(reader.frames()):
        if number == 30:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    reader.close()
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak) / 1024


def rows(folder: Path) -> Iterator[dict[str, object]]:
    """One row a reader and size."""
    for size in SIZES:
        path, long = folder / 'video.mp4', folder / 'long.mp4'
        make_video(path, size)
        if size == SIZES[0]:
            make_video(long, size, REPEATS)
        measured = {name: [] for name in READERS}
        for _ in range(ROUNDS):
            for name, times in measured.items():
                times.append(measure(name, path))
        medians = {
            name: [statistics.median(part) for part in zip(*times)]
            for name, times in measured.items()
        }
        for name, (cpu, elapsed) in medians.items():
            row = {
                'reader': name,
                'size': f'{size[0]}×{size[1]}',
                'cpu': cpu,
                'elapsed': elapsed,
                'ratio': cpu / medians['OpenCV'][0],
            }
            if size == SIZES[0]:
                command = [sys.executable, __file__, '--grow', f'{name}:{long}']
                row['growth'] = float(subprocess.check_output(command, text=True))
            yield row


def main(
    write: Annotated[Path | None, typer.Option(help='Page to write the table into.')] = None,
    grow: Annotated[str, typer.Option(hidden=True)] = '',
) -> None:
    """Measure, print, and write into a page."""
    if grow:
        name, _, path = grow.partition(':')
        typer.echo(growth(name, Path(path)))
        return
    with tempfile.TemporaryDirectory() as folder:
        REPORT.rows += rows(Path(folder))
    typer.echo(REPORT.markdown())
    if write is not None:
        REPORT.write_markdown(write)


if __name__ == '__main__':
    typer.run(main)
