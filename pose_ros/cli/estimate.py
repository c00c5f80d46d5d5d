"""``pose-ros estimate``: people in images, folders, videos and GIFs, without ROS."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
import sys
import time

import typer

from pose_ros.cli.console import check_outputs, complain, complaints, messages, refuse_dash
from pose_ros.cli.file_runs import (
    FileRun,
    bag_paths,
    check_bags,
    open_lines,
    prepare_overlays,
    run_files,
    without_existing,
)
from pose_ros.cli.options import (
    BAG,
    DEPTH,
    DURATION,
    HANDS,
    MODEL,
    SKIP_EXISTING,
    START,
    THREADS,
    TOPIC,
    given_config,
)
from pose_ros.cli.results import whole_file
from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.estimator import PoseEstimator
from pose_ros.recordings.inputs import InputFiles, find_inputs
from pose_ros.recordings.people_tables import check_table_name, open_people_table

_INPUTS = typer.Argument(..., metavar='INPUT', help='Images, videos, GIFs, bags, folders or URLs.')
_MODE = typer.Option(
    '',
    help='Whom to look for: single, multi or auto.',
    show_default='multi in images, single in videos',
)
_JSON = typer.Option(
    '', '--json', metavar='FILE', help='Write one JSON object a frame and line; - is the output.'
)
_OVERLAY = typer.Option(
    '',
    metavar='FILE',
    help='Draw the people onto the image or video (.mp4); a folder if there are several inputs.',
)
_TABLE = typer.Option(
    '', metavar='FILE', help='Write one row per person and frame as .csv or .parquet.'
)
_SMOOTHING = typer.Option(
    '', help='none, ema, one_euro or noise_aware.', show_default='noise_aware'
)


def estimate(
    inputs: list[str] = _INPUTS,
    *,
    model: str = MODEL,
    mode: str = _MODE,
    json_file: str = _JSON,
    table: str = _TABLE,
    bag: str = BAG,
    overlay: str = _OVERLAY,
    threads: int = THREADS,
    smoothing: str = _SMOOTHING,
    hands: str = HANDS,
    topic: str = TOPIC,
    depth: str = DEPTH,
    start: float = START,
    duration: float = DURATION,
    skip_existing: bool = SKIP_EXISTING,
) -> None:
    """Find people in images, videos, GIFs, bags, folders and network streams.

    Without an option for results JSON lines go to the output. People have the ids that the node
    would give them, counted from 1 in every file; 0 in images and until they are sure. Overlay and
    table number the people of an image from 1, in the order of the JSON line. Exit code 1 if an
    input could not be read to its end (the others are done), 2 if an option is wrong or a result
    cannot be written.
    """
    with complaints():
        refuse_dash(overlay, bag, table)
        found = find_inputs(inputs, (topic, depth), start, duration)
        for fault in found.faults:
            complain(fault)
        config = given_config(
            model=model, mode=mode, threads=threads, smoothing=smoothing, hands=hands
        )
        lines = json_file or ('' if overlay or table or bag else '-')
        results = Results(lines, table, bag, overlay, skip_existing)
        bad = _run(inputs, found, config, results, everybody=not mode)
    if bad or found.faults:
        raise typer.Exit(1)


@dataclass(frozen=True)
class Results:
    """Where results go; empty for nowhere."""

    json_file: str
    table: str
    bag: str
    overlay: str
    skip_existing: bool


def _run(
    sources: Sequence[str],
    found: InputFiles,
    config: EstimatorConfig,
    results: Results,
    *,
    everybody: bool,
) -> int:
    """Estimate all that was found; return how many files could not be read to their end."""
    media, json_file = found.media, results.json_file
    if not media:
        return 0
    overlays = prepare_overlays(Path(results.overlay), sources, media) if results.overlay else {}
    bags = bag_paths(results.bag, sources, media)
    if results.skip_existing:
        media = without_existing(media, (overlays, bags), (json_file, results.table))
        if not media:
            return 0
    check_bags(bags, media)
    if results.table:
        check_table_name(Path(results.table))
    files = [results.table, *(str(overlays[one]) for one in media if overlays)]
    check_outputs(files, (one.path for one in media), json_file)
    estimator = PoseEstimator(config)
    started = time.perf_counter()
    with ExitStack() as stack:
        table = None
        if results.table:
            path = stack.enter_context(whole_file(Path(results.table)))
            table = stack.enter_context(open_people_table(path, estimator.topology))
        lines = open_lines(stack, json_file)
        run = FileRun(estimator, lines, overlays, everybody, bags=bags, table=table)
        quiet = not messages.is_terminal or (json_file == '-' and sys.stdout.isatty())
        bad = run_files(media, run.run, quiet, bags)
    seconds = time.perf_counter() - started
    run.table.print(messages)
    messages.print(
        f'inputs: {len(media)}, frames: {run.frames}, with people: '
        f'{run.frames_with_people}, frames per second: {run.frames / seconds:.1f}',
        highlight=False,
    )
    return bad
