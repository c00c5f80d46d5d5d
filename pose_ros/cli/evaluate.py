"""``pose-ros evaluate``: how good models are, on annotated images and on rendered scenes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from itertools import product
import os
from pathlib import Path
import platform
from typing import TYPE_CHECKING, Any

from rich import box, progress
from rich.console import Console
from rich.table import Table
import typer

from pose_ros.cli.console import complain, complaints, messages, output

if TYPE_CHECKING:
    from pose_ros.evaluation.coco import CocoImage, Found, GivenBoxes
    from pose_ros.evaluation.report import Report
    from pose_ros.evaluation.tracking import Run

app = typer.Typer(
    help='Measure models: keypoints on annotated images, identities on rendered scenes.',
    no_args_is_help=True,
)

MAX_PEOPLE_PER_IMAGE = 20  # COCO's measure counts no more in an image
WIDEST = 160  # columns of text
FIRST_SEED = 1000  # those below are for tuning

_IMAGES = typer.Option(..., metavar='DIR', help='Folder of the images.')
_ANNOTATIONS = typer.Option(..., metavar='FILE', help='Person keypoints in the format of COCO.')
_MODEL = typer.Option([], metavar='NAME', help='Model; repeat for several. Else the default.')
_MODE = typer.Option(
    [], metavar='MODE', help='single, multi or auto; repeat for several. Else multi.'
)
_DETECTOR = typer.Option('auto', help='Person detector, as pose-ros models list shows them.')
_THREADS = typer.Option(0, min=0, help="Threads; 0 is the model's own default.")
_JSON = typer.Option('', '--json', metavar='FILE', help='Write all figures as JSON.')
_MARKDOWN = typer.Option(
    '',
    metavar='FILE',
    help='Write the table as Markdown, into its block if the file is there already.',
)
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
    model: list[str] = _MODEL,
    mode: list[str] = _MODE,
    boxes: bool = _BOXES,
    detector: str = _DETECTOR,
    max_people: int = _PEOPLE_LIMIT,
    limit: int = _LIMIT,
    threads: int = _THREADS,
    json_file: str = _JSON,
    markdown: str = _MARKDOWN,
) -> None:
    """Average precision of keypoints on images with COCO's annotations, by pycocotools.

    Exit code 2 if something cannot be used.
    """
    with complaints():
        from pose_ros.core.configuration import EstimatorConfig  # noqa: PLC0415
        from pose_ros.core.estimator import PoseEstimator  # noqa: PLC0415
        from pose_ros.evaluation.coco import (  # noqa: PLC0415
            find_images,
            read_annotations,
            whole_images,
        )
        from pose_ros.extras import library  # noqa: PLC0415

        library('pycocotools.coco')
        check_markdown('coco', markdown)
        # All that can be refused is refused before any work is done.
        estimators = [
            PoseEstimator(
                EstimatorConfig(
                    model=one, mode=way, detector=detector, max_people=max_people, threads=threads
                )
            )
            for one, way in product(chosen_models(model), mode or ['multi'])
        ]
        boxed = _boxed(chosen_models(model), threads) if boxes else {}
        truth = read_annotations(Path(annotations))
        if limit:
            truth['images'] = truth['images'][:limit]
        annotated = find_images(truth, Path(images))
        report = _coco_report(annotated, Path(annotations).name, max_people, boxes)
        with progress_bars('images') as bar:
            for estimator in estimators:
                config = estimator.config
                done = bar(f'{config.model} {config.mode}', len(annotated))
                found = whole_images(estimator, annotated, done)
                row = {'model': config.model, 'mode': config.mode}
                report.rows.append(row | _coco_figures(truth, annotated, found))
            for name, boxed_model in boxed.items():
                done = bar(f'{name} given boxes', len(annotated))
                found = boxed_model.find(annotated, done)
                row = {'model': name, 'mode': 'given boxes'}
                report.rows.append(row | _coco_figures(truth, annotated, found))
        show(report, json_file, markdown)


@app.command()
def tracking(
    *,
    model: list[str] = _MODEL,
    mode: list[str] = _MODE,
    scenes: list[str] = _SCENES,
    seeds: int = _SEEDS,
    first_seed: int = _FIRST_SEED,
    fps: list[float] = _FPS,
    same_clothes: bool = _SAME_CLOTHES,
    clothing: bool = _CLOTHING,
    detector: str = _DETECTOR,
    threads: int = _THREADS,
    json_file: str = _JSON,
    markdown: str = _MARKDOWN,
) -> None:
    """Identities kept in scenes of several people with true ids, by motmetrics.

    Exit code 2 if something cannot be used.
    """
    with complaints():
        from pose_ros.actor.multi_person_scenes import ENCOUNTERS, encounter  # noqa: PLC0415
        from pose_ros.core.configuration import EstimatorConfig  # noqa: PLC0415
        from pose_ros.core.estimator import PoseEstimator  # noqa: PLC0415
        from pose_ros.evaluation.tracking import follow  # noqa: PLC0415
        from pose_ros.extras import library  # noqa: PLC0415

        library('motmetrics')
        block = _tracking_block(same_clothes, clothing)
        check_markdown(block, markdown)
        kinds, rates = scenes or list(ENCOUNTERS), fps or [30.0, 15.0, 7.5]
        numbers = range(first_seed, first_seed + seeds)
        # All that can be refused is refused before any work is done.
        estimators = [
            PoseEstimator(
                EstimatorConfig(
                    model=one,
                    mode=way,
                    detector=detector,
                    use_appearance=clothing,
                    threads=threads,
                )
            )
            for one, way in product(chosen_models(model), mode or ['multi'])
        ]
        for kind, rate in product(kinds, rates):
            encounter(kind, first_seed, fps=rate)
        report = _tracking_report(block, numbers, same_clothes, clothing)
        with progress_bars('scenes') as bar:
            for estimator in estimators:
                name, way = estimator.config.model, estimator.config.mode
                runs: dict[tuple[str, float], list[Run]] = {}
                done = bar(f'{name} {way}', len(kinds) * len(rates) * seeds)
                for kind, rate, seed in product(kinds, rates, numbers):
                    scene = encounter(kind, seed, fps=rate, same_clothes=same_clothes)
                    runs.setdefault((kind, rate), []).append(follow(estimator, scene, seed))
                    done()
                report.rows += _tracking_rows(name, way, runs)
        show(report, json_file, markdown)


def _boxed(names: list[str], threads: int) -> dict[str, GivenBoxes]:
    """Those of the models that see one person, by name; complains of the others."""
    from pose_ros.core.configuration import EstimatorConfig  # noqa: PLC0415
    from pose_ros.core.runtime.errors import ModelError  # noqa: PLC0415
    from pose_ros.evaluation.coco import GivenBoxes  # noqa: PLC0415

    boxed = {}
    for name in names:
        try:
            boxed[name] = GivenBoxes(EstimatorConfig(model=name, threads=threads))
        except ModelError as error:
            complain(f'not over given boxes: {error}')
    return boxed


def _coco_figures(truth: dict[str, Any], images: list[CocoImage], found: Found) -> dict[str, Any]:
    from pose_ros.evaluation.coco import score  # noqa: PLC0415

    complete = [image.id for image in images if image.is_complete]
    figures = asdict(score(truth, found.detections))
    if 0 < len(complete) < len(images):
        subset = asdict(score(truth, found.detections, complete))
        figures |= {f'complete_{key}': value for key, value in subset.items()}
    return {**figures, 'ms': found.milliseconds, 'found': len(found.detections)}


def _coco_report(images: list[CocoImage], name: str, most: int, boxes: bool) -> Report:
    from pose_ros.evaluation.report import Column, Report  # noqa: PLC0415

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
    from pose_ros.evaluation.report import Column, Report  # noqa: PLC0415

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
    from pose_ros.evaluation.tracking import score  # noqa: PLC0415

    def row(kind: str, rate: float | None, some: list[Run]) -> dict[str, Any]:
        figures = asdict(score(some))
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


def chosen_models(names: list[str]) -> list[str]:
    """Models asked for, each once; else the default."""
    from pose_ros.core.configuration import EstimatorConfig  # noqa: PLC0415

    return list(dict.fromkeys(names)) or [EstimatorConfig().model]


def check_markdown(name: str, markdown: str) -> None:
    """Refuse a file into which the table cannot be written later."""
    from pose_ros.evaluation.report import surroundings  # noqa: PLC0415

    if markdown:
        surroundings(name, Path(markdown))


def show(report: Report, json_file: str = '', markdown: str = '') -> None:
    """Print the table and write the files asked for."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in report.columns:
        table.add_column(column.heading, justify='right' if column.form else 'left', no_wrap=True)
    for row in report.rows:
        table.add_row(*(column.cell(row) for column in report.columns))
    # As wide as the table is: figures that are cut off are of no use.
    Console(width=max(output.width, WIDEST)).print(table)
    messages.print(report.about, highlight=False)
    if json_file:
        report.write_json(Path(json_file))
    if markdown:
        report.write_markdown(Path(markdown))


@contextmanager
def progress_bars(unit: str) -> Iterator[Callable[[str, int], Callable[[], None]]]:
    """Progress bars: called with a title and a total, gives what to call after each."""
    columns = (
        progress.TextColumn('{task.description}'),
        progress.BarColumn(),
        progress.TextColumn('{task.completed:.0f}/{task.total:.0f} ' + unit),
        progress.TimeRemainingColumn(),
    )
    quiet = not messages.is_terminal
    with progress.Progress(*columns, console=messages, transient=True, disable=quiet) as bars:

        def bar(title: str, total: int) -> Callable[[], None]:
            task = bars.add_task(title, total=total)
            return lambda: bars.advance(task)

        yield bar


def _machine() -> str:
    return f'{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}'
