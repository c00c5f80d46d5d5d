"""``pose-ros evaluate motion``: how well motion is recognised on videos of people."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
import os
from pathlib import Path

import typer

from pose_ros.cli.console import check_outputs, complaints, progress_bars, refuse_dash
from pose_ros.cli.options import DETECTOR, FIGURES, MARKDOWN, MODELS, chosen_configs, modes
from pose_ros.cli.report_output import check_markdown, show
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.motion.observer import MotionConfig
from pose_ros.core.motion.observers import make_observers
from pose_ros.evaluation.mocap import CAMERAS
from pose_ros.evaluation.motion_events import (
    MAX_FALL_DELAY,
    MotionResult,
    clip_row,
    figures,
    in_processes,
    watch_capture,
    watch_video,
)
from pose_ros.evaluation.motion_truth import Truth, check_files, read_truth
from pose_ros.evaluation.report import Column, Report

# Maximum number of videos that are named as not judged.
_MAX_SHOWN = 5
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

_VIDEOS = typer.Option('', metavar='DIR', help='Folder of the videos.')
_MOCAP = typer.Option(
    '', metavar='DIR', help='Folder of motion capture, seen from virtual cameras.'
)
_TRUTH = typer.Option(
    ..., metavar='FILE', help='Tab-separated table with the columns file and truth.'
)
_MODES = modes('single')
_EXERCISE = typer.Option('auto', help='Exercise to count, auto or none.')
_WORKERS = typer.Option(0, min=0, help='Processes; 0 is one per core.')
_CLIPS = typer.Option(False, '--clips', help='Also show a row for each video.')


def motion(
    *,
    videos: str = _VIDEOS,
    mocap: str = _MOCAP,
    truth: str = _TRUTH,
    model: list[str] = MODELS,
    mode: list[str] = _MODES,
    detector: str = DETECTOR,
    exercise: str = _EXERCISE,
    workers: int = _WORKERS,
    clips: bool = _CLIPS,
    json_file: str = FIGURES,
    markdown: str = MARKDOWN,
) -> None:
    """Exercises, gestures and falls recognised in videos of people or in motion capture.

    Exit code 2 if something cannot be used.
    """
    with complaints():
        refuse_dash(markdown)
        if bool(videos) == bool(mocap):
            raise ValueError('give either --videos or --mocap')
        folder = Path(videos or mocap)
        truths = read_truth(Path(truth))
        check_files(folder, truths)
        inputs = [Path(truth), *(folder / one.file for one in truths)]
        check_outputs([markdown], inputs, json_file)
        check_markdown('motion', markdown)
        motion_config = MotionConfig(exercise=exercise)
        make_observers(motion_config)
        if videos:
            # All that can be refused is refused before any work is done.
            configs = chosen_configs(model, mode, 'single', detector=detector, threads=1)
            for config in configs:
                PoseEstimator(config)
            runs = [
                ({'model': c.model, 'mode': c.mode}, partial(watch_video, folder, c))
                for c in configs
            ]
        else:
            runs = [
                (
                    {'model': 'mocap', 'mode': f'{camera}'},
                    partial(watch_capture, folder, camera),
                )
                for camera in CAMERAS
            ]
        report, rows = motion_reports(truths, Path(truth).name)
        with progress_bars('{task.completed:.0f}/{task.total:.0f} files') as bars:
            for names, watch in runs:
                task = bars.add_task(' '.join(names.values()), total=len(truths))
                results: list[MotionResult] = []
                jobs = [partial(watch, truth=one, motion=motion_config) for one in truths]
                for result in in_processes(jobs, workers or os.cpu_count() or 1):
                    results.append(result)
                    bars.advance(task)
                add_results(report, rows, names, results)
        if clips and json_file != '-':
            show(rows)
        show(report, json_file, markdown)


def motion_reports(truths: Sequence[Truth], name: str) -> tuple[Report, Report]:
    """Empty tables of all videos together and of each, for a table of the truth of this name."""
    return Report('motion', _about(truths, name), _COLUMNS), Report('clips', '', _CLIP_COLUMNS)


def add_results(
    report: Report, rows: Report, names: dict[str, str], results: Sequence[MotionResult]
) -> None:
    """Add the videos of one run, named by model and mode, to both tables."""
    report.rows.append(names | figures(results))
    rows.rows += [names | clip_row(result) for result in results]


def _about(truths: Sequence[Truth], name: str) -> str:
    unjudged = [truth.file for truth in truths if not truth.judged]
    shown = [*unjudged[:_MAX_SHOWN], *(['…'] if len(unjudged) > _MAX_SHOWN else [])]
    named = f', as their truth has no known name ({", ".join(shown)})' if unjudged else ''
    return (
        f'{name}: {len(truths)} videos, {len(unjudged)} of them not judged{named}. '
        'Exact: the repetitions of the right exercise are counted exactly, and no other is '
        'counted, for each person who has any. False: reported in videos without such an event, '
        'per minute. Falls found: FALLEN within '
        f'{MAX_FALL_DELAY:g} s of the start of the fall. Specificity: videos without a fall and '
        'without FALLEN.'
    )
