"""``pose-ros evaluate motion``: how well motion is recognised on videos of people."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
import os
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from pose_ros.cli.console import complaints
from pose_ros.cli.evaluate import app, check_markdown, chosen_models, progress_bars, show
from pose_ros.evaluation.report import Column, Report

if TYPE_CHECKING:
    from pose_ros.evaluation.motion_events import Truth

_COLUMNS = (
    *(Column('model', 'model'), Column('mode', 'mode'), Column('minutes', 'minutes', '.1f')),
    *(Column('sets', 'sets', 'd'), Column('sets_exact', 'exact', '.0%')),
    *(Column('reps_found', 'reps', '.0%'), Column('wrong_names', 'wrong names', '.0%')),
    *(Column('false_reps', 'false reps/min', '.2f'), Column('gestures_found', 'gestures', '.0%')),
    *(Column('false_gestures', 'false/min', '.2f'), Column('falls', 'falls', 'd')),
    *(Column('falls_found', 'found', '.0%'), Column('fall_delay', 'delay [s]', '.1f')),
    *(Column('specificity', 'specificity', '.0%'), Column('warnings', 'warnings/min', '.2f')),
)
_CLIP_COLUMNS = (
    *(Column('model', 'model'), Column('mode', 'mode'), Column('file', 'file')),
    *(Column('expected', 'expected'), Column('reported', 'reported')),
    *(Column('seconds', 'seconds', '.1f'), Column('present', 'present', '.0%')),
)

_VIDEOS = typer.Option(..., metavar='DIR', help='Folder of the videos.')
_TRUTH = typer.Option(
    ..., metavar='FILE', help='Tab-separated table with the columns file and truth.'
)
_MODEL = typer.Option([], metavar='NAME', help='Model; repeat for several. Else the default.')
_MODE = typer.Option(
    [], metavar='MODE', help='single, multi or auto; repeat for several. Else single.'
)
_DETECTOR = typer.Option('auto', help='Person detector, as pose-ros models list shows them.')
_EXERCISE = typer.Option('auto', help='Exercise to count, auto or none.')
_WORKERS = typer.Option(0, min=0, help='Processes; 0 is one per core.')
_CLIPS = typer.Option(False, '--clips', help='Also show a row for each video.')
_JSON = typer.Option('', '--json', metavar='FILE', help='Write all figures as JSON.')
_MARKDOWN = typer.Option(
    '',
    metavar='FILE',
    help='Write the table as Markdown, into its block if the file is there already.',
)


@app.command()
def motion(
    *,
    videos: str = _VIDEOS,
    truth: str = _TRUTH,
    model: list[str] = _MODEL,
    mode: list[str] = _MODE,
    detector: str = _DETECTOR,
    exercise: str = _EXERCISE,
    workers: int = _WORKERS,
    clips: bool = _CLIPS,
    json_file: str = _JSON,
    markdown: str = _MARKDOWN,
) -> None:
    """Exercises, gestures and falls recognised in videos of people.

    Exit code 2 if something cannot be used.
    """
    with complaints():
        from pose_ros.core.configuration import EstimatorConfig  # noqa: PLC0415
        from pose_ros.core.estimator import PoseEstimator  # noqa: PLC0415
        from pose_ros.core.motion.observers import MotionConfig, make_observers  # noqa: PLC0415
        from pose_ros.evaluation.motion_events import (  # noqa: PLC0415
            clip_row,
            figures,
            read_truth,
            watch_all,
        )

        check_markdown('motion', markdown)
        truths = read_truth(Path(truth))
        motion_config = MotionConfig(exercise=exercise)
        make_observers(motion_config)
        configs = [
            EstimatorConfig(model=one, mode=way, detector=detector, threads=1)
            for one, way in product(chosen_models(model), mode or ['single'])
        ]
        # All that can be refused is refused before any work is done.
        for config in configs:
            PoseEstimator(config)
        report = Report('motion', _about(truths, Path(truth).name), _COLUMNS)
        rows = Report('clips', '', _CLIP_COLUMNS)
        with progress_bars('videos') as bar:
            for config in configs:
                title = f'{config.model} {config.mode}'
                done = bar(title, len(truths))
                watched = []
                jobs = watch_all(
                    Path(videos), truths, config, motion_config, workers or os.cpu_count() or 1
                )
                for clip in jobs:
                    watched.append(clip)
                    done()
                names = {'model': config.model, 'mode': config.mode}
                report.rows.append(names | figures(watched))
                rows.rows += [names | clip_row(clip) for clip in watched]
        if clips:
            show(rows)
        show(report, json_file, markdown)


def _about(truths: Sequence[Truth], name: str) -> str:
    unjudged = sum(not truth.judged for truth in truths)
    return (
        f'{name}: {len(truths)} videos, {unjudged} of them not judged. Exact: the repetitions of '
        'the right exercise are counted exactly, and no other is counted. False: reported in '
        'videos without such an event, per minute. Falls found: FALLEN within 6 s of the start of '
        'the fall. Specificity: videos without a fall and without FALLEN.'
    )
