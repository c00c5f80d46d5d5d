"""``pose-ros batch``: many recordings on many cores or machines."""

from __future__ import annotations

from collections.abc import Sequence
from glob import glob
import math
from pathlib import Path

from rich import box
from rich.table import Table
import typer

from pose_ros.cli.console import (
    check_outputs,
    complain,
    complaints,
    messages,
    output,
    progress_bars,
    refuse_dash,
)
from pose_ros.cli.evaluate_motion import add_results, motion_reports
from pose_ros.cli.options import DEPTH, FIGURES, MODEL, TOPIC
from pose_ros.cli.report_output import show
from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.motion.observer import MotionConfig
from pose_ros.evaluation.motion_truth import read_truth
from pose_ros.fleet.driver import BatchRun
from pose_ros.fleet.engines import Engine, ProcessEngine, RayEngine
from pose_ros.fleet.evaluation import motion_result, truths_by_input
from pose_ros.fleet.status import DONE, FILE, InputStatus
from pose_ros.fleet.storage import Storage
from pose_ros.fleet.tasks import BatchSettings
from pose_ros.recordings.inputs import find_inputs

TASKS = ('estimate', 'analyse', 'evaluate')

_INPUTS = typer.Argument(
    ...,
    metavar='INPUT',
    help='Videos, bags, folders, patterns such as "week/*.mp4", or .txt files with one a line.',
)
_OUTPUT = typer.Option(
    ..., '--output', metavar='DIR', help='Folder of the results, or a URI such as s3://…'
)
_TASK = typer.Option(
    'analyse',
    help='estimate: people; analyse: also what they do; evaluate: compare that with --truth, too.',
)
_TRUTH = typer.Option(
    '',
    metavar='FILE',
    help='For evaluate: tab-separated table with the columns file and truth; only inputs in it '
    'are processed.',
)
_WORKERS = typer.Option(0, min=0, help='Tasks at once; 0: one per core.')
_RAY = typer.Option(
    '', metavar='ADDRESS', help='Ray cluster, such as auto or ray://host:10001; local: start one.'
)
_CHUNK = typer.Option(300.0, min=20.0, help='Length that recordings are cut into [s].')
_OVERLAP = typer.Option(10.0, min=1.0, help='Overlap, in which people are matched [s].')
_MODE = typer.Option('multi', help='Whom to follow: single, multi or auto.')


def batch(
    inputs: list[str] = _INPUTS,
    *,
    output_dir: str = _OUTPUT,
    task: str = _TASK,
    workers: int = _WORKERS,
    ray: str = _RAY,
    model: str = MODEL,
    mode: str = _MODE,
    topic: str = TOPIC,
    depth: str = DEPTH,
    truth: str = _TRUTH,
    json_file: str = FIGURES,
    chunk: float = _CHUNK,
    overlap: float = _OVERLAP,
) -> None:
    """Process many recordings; run it again to go on where it was stopped.

    Writes NAME.people.parquet and, unless for estimate, NAME.events.jsonl for each input, and the
    state of all of them into status.parquet. Evaluate also shows what pose-ros evaluate motion
    shows. Exit code 1 if an input failed, 2 if an option is wrong.
    """
    with complaints():
        if task not in TASKS:
            raise ValueError(f'--task must be one of {", ".join(TASKS)}, got {task!r}')
        if bool(truth) != (task == 'evaluate') or (json_file and not truth):
            raise ValueError('--task evaluate needs --truth; only it uses --truth and --json')
        refuse_dash(output_dir)
        found = find_inputs(expanded(inputs), (topic, depth))
        for fault in found.faults:
            complain(fault)
        media = [one for one in found.media if one.sequence]
        if not media:
            raise ValueError('there is no video or bag among the inputs')
        truths = {}
        if truth:
            check_outputs([], [Path(truth), *(one.path for one in media)], json_file)
            truths = truths_by_input(read_truth(Path(truth)), [one.source for one in media])
            media = [one for one in media if one.source in truths]
        config = EstimatorConfig(model or EstimatorConfig().model, mode=mode, threads=1)
        motion = None if task == 'estimate' else MotionConfig()
        settings = BatchSettings(config, motion, Storage(output_dir), topic, depth)
        seconds = math.fsum(
            one.frame_count / one.frame_rate for one in media if one.frame_count and one.frame_rate
        )
        engine: Engine = _engine(ray, workers)
        try:
            with progress_bars('{task.completed:.0f} s of recordings') as bars:
                bar = bars.add_task(f'{len(media)} inputs', total=seconds)
                run = BatchRun(settings, engine, chunk, overlap, lambda s: bars.advance(bar, s))
                states = run.run(media)
        except KeyboardInterrupt:
            complain('stopped: the same command goes on where it is now')
            raise
        finally:
            engine.close()
        if json_file != '-':
            show_states(states)
        if truths:
            results = [
                motion_result(state, truths[one.source], settings.storage)
                for one, state in zip(media, states)
            ]
            report, rows = motion_reports(list(truths.values()), Path(truth).name)
            add_results(report, rows, {'model': config.model, 'mode': mode}, results)
            if json_file != '-':
                show(rows)
            show(report, json_file)
    failed = [one for one in states if one.state != DONE]
    for one in failed:
        complain(f'{one.input}: {one.reason.removeprefix(f"{one.input}: ")}')
    unreadable = f', not readable: {len(found.faults)}' if found.faults else ''
    messages.print(
        f'done: {len(states) - len(failed)}, failed: {len(failed)}{unreadable}; all of them: '
        f'{output_dir}/{FILE}',
        highlight=False,
        soft_wrap=True,
    )
    if failed or found.faults:
        raise typer.Exit(1)


def expanded(inputs: Sequence[str]) -> list[str]:
    """Inputs with patterns replaced by what they match, and lists by their lines.

    ValueError for a pattern that matches nothing, OSError for a list that cannot be read.
    """
    sources: list[str] = []
    for text in inputs:
        if text.endswith('.txt'):
            try:
                # Windows programs write a byte order mark.
                lines = Path(text).read_text(encoding='utf-8-sig').splitlines()
            except (OSError, UnicodeDecodeError) as error:
                raise ValueError(f'{text} cannot be read: {error}') from error
            sources += [line.strip() for line in lines if line.strip() and line[0] != '#']
        elif '://' not in text and not Path(text).exists() and any(mark in text for mark in '*?['):
            matches = sorted(glob(text, recursive=True))
            if not matches:
                raise ValueError(f'{text}: matches no file')
            sources += matches
        else:
            sources.append(text)
    return list(dict.fromkeys(sources))


def _engine(ray: str, workers: int) -> Engine:
    if not ray:
        return ProcessEngine(workers)
    return RayEngine('' if ray == 'local' else ray, workers)


def show_states(states: Sequence[InputStatus]) -> None:
    """Print a row per input."""
    table = Table(box=box.SIMPLE_HEAD)
    for name in ('input', 'state', 'seconds', 'frames', 'people', 'events'):
        table.add_column(name, justify='left' if name in ('input', 'state') else 'right')
    for one in states:
        numbers = (f'{one.duration:.0f}', *map(str, (one.frames, one.people, one.events)))
        style = None if one.state == DONE else 'red'
        table.add_row(Path(one.input).name, one.state, *numbers, style=style)
    output.print(table)
