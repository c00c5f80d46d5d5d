"""People found where there are none, and true people found, in every mode, model and detector.

tools/env.py python benchmarks/false_people.py --empty DIR --coco DIR --annotations FILE
tools/env.py python benchmarks/false_people.py --empty DIR --minutes 10      also counts events
tools/env.py python benchmarks/false_people.py … --videos DIR                also real videos
tools/env.py python benchmarks/false_people.py … --write docs/evaluation/accuracy.md  also into it
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Annotated, Any

from camera_clips import textures
import cv2
from empty_scenes import count_false_people, count_true_people
import numpy as np
from rich.console import Console
from rich.table import Table
import typer

from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.media import find_media, open_media
from pose_ros.core.motion.watcher import MotionWatcher
from pose_ros.evaluation.coco import read_annotations
from pose_ros.evaluation.report import Column, Report

MODELS = ('blazepose_full', 'movenet_lightning')
DETECTORS = ('blazepose_full', 'yolox_nano')
MODES = ('single', 'auto', 'multi')
CLIP = 0.7  # [s]
RATE = 30.0
EVENT_RATE = 15.0  # of the long clips in which events are counted
COLUMNS = (
    Column('model', 'model'),
    Column('detector', 'detector'),
    Column('mode', 'mode'),
    Column('ids', 'ids/1000', '.1f'),
    Column('anyone', 'people/1000', '.1f'),
    Column('textures', 'ids/1000, textures', '.1f'),
    Column('events', 'falls, gestures, repetitions'),
    Column('clips', 'clips found'),
    Column('people', 'people found'),
    Column('first', 'frames to the id'),
    Column('videos', 'video frames', '.3f'),
)
console = Console()

_MODEL = typer.Option(list(MODELS), help='Model of one person; repeat for several.')
_DETECTOR = typer.Option(list(DETECTORS), help='Person detector; repeat for several.')
_MODE = typer.Option(list(MODES), help='single, auto or multi; repeat for several.')


def read_images(folder: Path, half: str) -> list[tuple[str, np.ndarray]]:
    """Names and images of a folder; half of them: every second from the first or the second."""
    paths = sorted(folder.glob('*.jpg'))
    chosen = {'all': paths, 'even': paths[::2], 'odd': paths[1::2]}[half]
    return [(path.name, cv2.imread(str(path))) for path in chosen]


def read_coco(folder: Path, annotations: Path, half: str) -> Iterator[tuple[np.ndarray, Any]]:
    """Images and boxes [N, 4] of the people with keypoints."""
    truth = read_annotations(annotations)
    boxes = defaultdict(list)
    for note in truth['annotations']:
        if note['num_keypoints']:
            boxes[note['image_id']].append(note['bbox'])
    start, step = {'all': (0, 1), 'even': (0, 2), 'odd': (1, 2)}[half]
    for image in truth['images'][start::step]:
        if image['id'] in boxes:
            yield cv2.imread(str(folder / image['file_name'])), np.array(boxes[image['id']])


def frames_found(estimator: PoseEstimator, folder: Path) -> float:
    """Mean share of the frames of each video that have a confirmed id."""
    shares = []
    for media in map(open_media, find_media(folder)):
        if not media.sequence:
            continue
        estimator.reset()
        people = [estimator.estimate(frame) for frame in media.frames()]
        shares.append(np.mean([any(p.id and p.observed.any() for p in each) for each in people]))
    return float(np.mean(shares))


def main(
    *,
    empty: Annotated[Path, typer.Option(help='Folder of .jpg images without people.')],
    coco: Annotated[Path | None, typer.Option(help='Folder of images with people.')] = None,
    annotations: Annotated[Path | None, typer.Option(help='Their annotations.')] = None,
    videos: Annotated[Path | None, typer.Option(help='Folder of videos with people.')] = None,
    model: list[str] = _MODEL,
    detector: list[str] = _DETECTOR,
    mode: list[str] = _MODE,
    half: Annotated[str, typer.Option(help='all, even or odd: which of the images.')] = 'all',
    minutes: Annotated[float, typer.Option(help='Of clips to count events in; 0: none.')] = 0.0,
    write: Annotated[Path | None, typer.Option(help='Put the table into this page.')] = None,
    block: Annotated[str, typer.Option(help='Name of the block in it.')] = 'empty-scenes',
) -> None:
    """Measure, print, write."""
    images = read_images(empty, half)
    about = f'{len(images)} images without people as clips of {CLIP:g} s at {RATE:g} Hz'
    if minutes:
        about += f', events in {minutes:g} minutes of longer ones at {EVENT_RATE:g} Hz'
    report = Report(block, about + '.', COLUMNS)
    for values in product(model, detector, mode):
        row: dict[str, Any] = dict(zip(('model', 'detector', 'mode'), values))
        estimator = PoseEstimator(EstimatorConfig(**row))
        console.print(' '.join(values))
        found = count_false_people(estimator, images, CLIP, RATE)
        console.print(dict(found.images))
        row |= {'ids': found.ids_per_thousand, 'anyone': found.people_per_thousand}
        generated = count_false_people(estimator, textures().items(), CLIP, RATE)
        row['textures'] = generated.ids_per_thousand
        if minutes:
            seconds = 60 * minutes / len(images)
            long = count_false_people(estimator, images, seconds, EVENT_RATE, MotionWatcher())
            kinds = ('fall', 'gesture', 'exercise')
            row['events'] = ', '.join(str(long.events[kind]) for kind in kinds)
        if coco is not None and annotations is not None:
            true = count_true_people(estimator, read_coco(coco, annotations, half), CLIP, RATE)
            row['clips'] = f'{true.clips_found} of {true.clips}'
            row['people'] = f'{true.people_found} of {true.people}'
            row['first'] = f'{np.mean(true.first_frames):.1f}'
        if videos is not None:
            row['videos'] = frames_found(estimator, videos)
        report.rows.append(row)
        console.print({column.heading: column.cell(row) for column in COLUMNS})
    table = Table(*(column.heading for column in COLUMNS))
    for row in report.rows:
        table.add_row(*(column.cell(row) for column in COLUMNS))
    console.print(table)
    if write is not None:
        report.write_markdown(write)
        console.print(f'written: {write}')


if __name__ == '__main__':
    typer.run(main)
