"""``pose-ros evaluate``: how good models are, on annotated images and on rendered scenes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from itertools import product
import os
from pathlib import Path
import platform
from typing import Any

import typer

from pose_ros.actor.multi_person_scenes import SCENE_KINDS, multi_person_scene
from pose_ros.cli.console import check_outputs, complain, complaints, progress_bars
from pose_ros.cli.evaluate_motion import motion
from pose_ros.cli.options import (
    DETECTOR,
    FIGURES,
    MARKDOWN,
    MODELS,
    THREADS,
    chosen_configs,
    chosen_models,
    modes,
)
from pose_ros.cli.report_output import check_markdown, show
from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.runtime.errors import ModelError
from pose_ros.evaluation import coco as coco_measure
from pose_ros.evaluation import tracking as tracking_measure
from pose_ros.evaluation.coco import (
    CocoImage,
    Found,
    GivenBoxes,
    find_images,
    read_annotations,
    whole_images,
)
from pose_ros.evaluation.report import Column, Report
from pose_ros.evaluation.tracking import Run, follow
from pose_ros.extras import library

app = typer.Typer(
    help='Measure models: keypoints on images, identities in rendered scenes, motion in videos.',
    add_completion=False,
    no_args_is_help=True,
)
app.command()(motion)

MAX_PEOPLE_PER_IMAGE = 20  # COCO's measure counts no more in an image
FIRST_SEED = 1000  # those below are for tuning

_IMAGES = typer.Option(..., metavar='DIR', help='Folder of the images.')
_ANNOTATIONS = typer.Option(..., metavar='FILE', help='Person keypoints in the format of COCO.')
_MODES = modes('multi')
_BOXES = typer.Option(
    False, '--boxes', help='Also look into the annotated boxes, without a detector.'
)
_PEOPLE_LIMIT = typer.Option(
    MAX_PEOPLE_PER_IMAGE, '--max-people', min=1, help='Maximum number of people per image.'
)
_LIMIT = typer.Option(0, min=0, help='Only the first images; 0 is all.')

_SCENES = typer.Option(
    [],
    metavar='KIND',
    help='passing, crossing, leaving, returning or group; repeat for several. Else all.',
)
_SEEDS = typer.Option(10, min=1, metavar='N', help='Scenes of each kind.')
_FIRST_SEED = typer.Option(FIRST_SEED, min=0, help='Seed of the first; those below 1000 tune.')
_FPS = typer.Option(
    [], metavar='RATE', help='Frames per second; repeat for several. Else 30, 15 and 7.5.'
)
_SAME_CLOTHES = typer.Option(False, '--same-clothes', help='Let all wear the same.')
_CLOTHING = typer.Option(
    True, '--clothing/--no-clothing', help='Whether clothes help to tell people apart.'
)


@app.command()
def coco(
    *,
    images: str = _IMAGES,
    annotations: str = _ANNOTATIONS,
    model: list[str] = MODELS,
    mode: list[str] = _MODES,
    boxes: bool = _BOXES,
    detector: str = DETECTOR,
    max_people: int = _PEOPLE_LIMIT,
    limit: int = _LIMIT,
    threads: int = THREADS,
    json_file: str = FIGURES,
    markdown: str = MARKDOWN,
) -> None:
    """Average precision of keypoints on images with COCO's annotations, by pycocotools.

    Exit code 2 if something cannot be used.
    """
    with complaints():
        library('pycocotools.coco')
        check_outputs([markdown], [Path(annotations)], json_file)
        check_markdown('coco', markdown)
        # All that can be refused is refused before any work is done.
        estimators = [
            PoseEstimator(config)
            for config in chosen_configs(
                model, mode, 'multi', detector=detector, max_people=max_people, threads=threads
            )
        ]
        boxed = _boxed(chosen_models(model), threads) if boxes else {}
        truth = read_annotations(Path(annotations))
        if limit:
            truth['images'] = truth['images'][:limit]
        annotated = find_images(truth, Path(images))
        report = _coco_report(annotated, Path(annotations).name, max_people, boxes)
        with progress_bars('{task.completed:.0f}/{task.total:.0f} images') as bars:
            for estimator in estimators:
                config = estimator.config
                done = partial(
                    bars.advance,
                    bars.add_task(f'{config.model} {config.mode}', total=len(annotated)),
                )
                found = whole_images(estimator, annotated, done)
                row = {'model': config.model, 'mode': config.mode}
                report.rows.append(row | _coco_figures(truth, annotated, found))
            for name, boxed_model in boxed.items():
                done = partial(
                    bars.advance, bars.add_task(f'{name} given boxes', total=len(annotated))
                )
                found = boxed_model.find(annotated, done)
                row = {'model': name, 'mode': 'given boxes'}
                report.rows.append(row | _coco_figures(truth, annotated, found))
        show(report, json_file, markdown)


@app.command()
def tracking(
    *,
    model: list[str] = MODELS,
    mode: list[str] = _MODES,
    scenes: list[str] = _SCENES,
    seeds: int = _SEEDS,
    first_seed: int = _FIRST_SEED,
    fps: list[float] = _FPS,
    same_clothes: bool = _SAME_CLOTHES,
    clothing: bool = _CLOTHING,
    detector: str = DETECTOR,
    threads: int = THREADS,
    json_file: str = FIGURES,
    markdown: str = MARKDOWN,
) -> None:
    """Identities kept in scenes of several people with true ids, by motmetrics.

    Exit code 2 if something cannot be used.
    """
    with complaints():
        library('motmetrics')
        block = _tracking_block(same_clothes, clothing)
        check_outputs([markdown], [], json_file)
        check_markdown(block, markdown)
        kinds, rates = scenes or list(SCENE_KINDS), fps or [30.0, 15.0, 7.5]
        numbers = range(first_seed, first_seed + seeds)
        # All that can be refused is refused before any work is done.
        estimators = [
            PoseEstimator(config)
            for config in chosen_configs(
                model, mode, 'multi', detector=detector, use_appearance=clothing, threads=threads
            )
        ]
        for kind, rate in product(kinds, rates):
            multi_person_scene(kind, first_seed, fps=rate)
        report = _tracking_report(block, numbers, same_clothes, clothing)
        with progress_bars('{task.completed:.0f}/{task.total:.0f} scenes') as bars:
            for estimator in estimators:
                name, way = estimator.config.model, estimator.config.mode
                runs: dict[tuple[str, float], list[Run]] = {}
                done = partial(
                    bars.advance,
                    bars.add_task(f'{name} {way}', total=len(kinds) * len(rates) * seeds),
                )
                for kind, rate, seed in product(kinds, rates, numbers):
                    scene = multi_person_scene(kind, seed, fps=rate, same_clothes=same_clothes)
                    runs.setdefault((kind, rate), []).append(follow(estimator, scene, seed))
                    done()
                report.rows += _tracking_rows(name, way, runs)
        show(report, json_file, markdown)


def _boxed(names: list[str], threads: int) -> dict[str, GivenBoxes]:
    """Those of the models that see one person, by name; complains of the others."""
    boxed = {}
    for name in names:
        try:
            boxed[name] = GivenBoxes(EstimatorConfig(model=name, threads=threads))
        except ModelError as error:
            complain(f'not over given boxes: {error}')
    return boxed


def _coco_figures(truth: dict[str, Any], images: list[CocoImage], found: Found) -> dict[str, Any]:

    complete = [image.id for image in images if image.is_complete]
    figures = asdict(coco_measure.score(truth, found.detections))
    if 0 < len(complete) < len(images):
        subset = asdict(coco_measure.score(truth, found.detections, complete))
        figures |= {f'complete_{key}': value for key, value in subset.items()}
    return {**figures, 'ms': found.milliseconds, 'found': len(found.detections)}


def _coco_report(images: list[CocoImage], name: str, most: int, boxes: bool) -> Report:

    people = sum(len(image.boxes) for image in images)
    complete = [image for image in images if image.is_complete]
    about = (
        f'{name}: {len(images)} images, {people} people with keypoints; at most {most} people '
        f'per image; {_machine()}, median time per image without reading it.'
    )
    if boxes:
        about += ' Given boxes: the model runs on the annotated boxes, without detection.'
    columns = [
        *(Column('model', 'model'), Column('mode', 'mode'), Column('ap', 'AP', '.3f')),
        *(Column('ap50', 'AP50', '.3f'), Column('ap75', 'AP75', '.3f')),
        Column('ar', 'AR', '.3f'),
    ]
    if 0 < len(complete) < len(images):
        known = sum(len(image.boxes) for image in complete)
        about += (
            f' "Complete" are the {len(complete)} images ({known} people) in which all people are '
            'annotated; in the others, detections without an annotation count as false.'
        )
        columns += [
            Column('complete_ap', 'AP complete', '.3f'),
            Column('complete_ap50', 'AP50 complete', '.3f'),
        ]
    columns += [Column('found', 'found', 'd'), Column('ms', 'ms/image', '.1f')]
    return Report('coco', about, columns)


def _tracking_block(same_clothes: bool, clothing: bool) -> str:
    """Name of the table: one for each way to measure, so that a page can hold them all."""
    parts = ['same-clothes'] * same_clothes + ['no-clothing'] * (not clothing)
    return '-'.join(['tracking', *parts])


def _tracking_report(block: str, seeds: range, same_clothes: bool, clothing: bool) -> Report:

    clothes = 'the same clothes on all' if same_clothes else 'different clothes'
    use = 'used' if clothing else 'not used'
    about = (
        f'Scenes of the actor, seeds {seeds[0]} to {seeds[-1]}, {clothes}, colour of the clothes '
        f'{use} to tell people apart; all: every scene and rate of the row above together.'
    )
    columns = [
        *(Column('model', 'model'), Column('mode', 'mode'), Column('scenes', 'scenes')),
        *(
            Column('fps', 'fps', 'g'),
            Column('count', 'number', 'd'),
            Column('idf1', 'IDF1', '.3f'),
        ),
        *(Column('mota', 'MOTA', '.3f'), Column('switches', 'switches', 'd')),
        *(Column('fragmentations', 'fragments', 'd'), Column('misses', 'misses', 'd')),
        *(Column('false_positives', 'false', 'd'), Column('people', 'people', 'd')),
        *(Column('found', 'found', '.3f'), Column('error_px', 'error [px]', '.1f')),
        Column('error', 'error/height', '.1%'),
    ]
    return Report(block, about, columns)


def _tracking_rows(
    model: str, mode: str, runs: dict[tuple[str, float], list[Run]]
) -> Iterator[dict[str, Any]]:

    def row(kind: str, rate: float | None, some: list[Run]) -> dict[str, Any]:
        figures = asdict(tracking_measure.score(some))
        count = figures.pop('scenes')
        return {
            'model': model,
            'mode': mode,
            'scenes': kind,
            'fps': rate,
            'count': count,
        } | figures

    for (kind, rate), some in runs.items():
        yield row(kind, rate, some)
    if len(runs) > 1:
        yield row('all', None, [run for some in runs.values() for run in some])


def _machine() -> str:
    return f'{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}'
