"""``pose-ros estimate``: people in images, folders, videos and GIFs, without ROS."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
import sys
import time
from typing import Any

import typer

from pose_ros.cli.batch import (
    Batch,
    InputFiles,
    find_inputs,
    open_lines,
    prepare_overlays,
    run_files,
)
from pose_ros.cli.console import check_outputs, complain, complaints, messages
from pose_ros.cli.options import MODEL, THREADS
from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.estimator import PoseEstimator

_INPUTS = typer.Argument(..., metavar='INPUT', help='Images, videos, GIFs, folders or URLs.')
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
_SMOOTHING = typer.Option(
    '', help='none, ema, one_euro or noise_aware.', show_default='noise_aware'
)


def estimate(
    inputs: list[str] = _INPUTS,
    *,
    model: str = MODEL,
    mode: str = _MODE,
    json_file: str = _JSON,
    overlay: str = _OVERLAY,
    threads: int = THREADS,
    smoothing: str = _SMOOTHING,
) -> None:
    """Find people in images, videos, GIFs, folders and network streams.

    Without --json and --overlay the JSON lines go to the output. People have the ids that the node
    would give them, counted from 1 in every file; 0 in images and until they are sure. Overlay and
    table number the people of an image from 1, in the order of the JSON line. Exit code 1 if an
    input could not be read to its end (the others are done), 2 if an option is wrong or a result
    cannot be written.
    """
    with complaints():
        found = find_inputs(inputs)
        for fault in found.faults:
            complain(fault)
        chosen: dict[str, Any] = {
            'model': model,
            'mode': mode,
            'threads': threads,
            'smoothing': smoothing,
        }
        config = EstimatorConfig(**{name: value for name, value in chosen.items() if value})
        lines = json_file or ('' if overlay else '-')
        bad = _run(inputs, found, config, lines, overlay, everybody=not mode)
    if bad or found.faults:
        raise typer.Exit(1)


def _run(
    sources: Sequence[str],
    found: InputFiles,
    config: EstimatorConfig,
    json_file: str,
    overlay: str,
    *,
    everybody: bool,
) -> int:
    """Estimate all that was found; return how many files could not be read to their end."""
    if not found.media:
        return 0
    overlays = prepare_overlays(Path(overlay), sources, found.media) if overlay else {}
    check_outputs([json_file, *map(str, overlays.values())], (media.path for media in found.media))
    estimator = PoseEstimator(config)
    started = time.perf_counter()
    with ExitStack() as stack:
        batch = Batch(estimator, open_lines(stack, json_file), overlays, everybody)
        quiet = not messages.is_terminal or (json_file == '-' and sys.stdout.isatty())
        bad = run_files(found.media, batch.run, quiet)
    seconds = time.perf_counter() - started
    batch.table.print(messages)
    messages.print(
        f'inputs: {len(found.media)}, frames: {batch.frames}, with people: '
        f'{batch.frames_with_people}, frames per second: {batch.frames / seconds:.1f}',
        highlight=False,
    )
    return bad
