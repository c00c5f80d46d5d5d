"""Measure pose_ros on this machine: medians and ratios, all from one run.

make bench                                   prints, and writes out/bench.json
make bench BENCH='--write docs/performance.md'
"""

from __future__ import annotations

from collections.abc import Iterator
import json
import os
from pathlib import Path
import platform
from typing import Annotated, Any

import core_speed
import cv2
import heatmaps
import many_people
import node_speed
from rich.console import Console
from rich.table import Table
import runtimes
import typer

from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.runtime.store import ModelStore
from pose_ros.evaluation.report import markdown_table

MODELS = (
    'movenet_lightning',
    'blazepose_full',
    'tinypose_128',
    'tinypose_256',
    'hand_lite',
    'hand_full',
)
COLUMNS = {
    'model': 'model',
    'node': 'node',
    'image': 'image',
    'threads': 'threads',
    'settings': 'settings',
    'method': 'method',
    **{kind: kind for kind in heatmaps.KINDS},
    'people': 'people',
    'ms': 'median [ms]',
    'mean_ms': 'mean [ms]',
    'detector_ms': 'of it detector [ms]',
    'one_ms': 'model, one person [ms]',
    'p99_ms': 'p99 [ms]',
    'blazepose_full_ms': 'pose, BlazePose full [ms]',
    'raw_invocation_ms': 'raw invocation [ms]',
    'litert_ms': 'LiteRT [ms]',
    'openvino_ms': 'OpenVINO [ms]',
    'ratio': 'ratio',
    'cut_ms': 'cut model [ms]',
    'cut_ratio': 'ratio to it',
    'beyond_ms': 'beyond it, per person [ms]',
    'rate': 'rate [Hz]',
    'cpu': 'CPU [cores]',
    'memory_mb': 'memory [MB]',
}
MEANINGS = {
    'estimator per frame': 'PoseEstimator.estimate() over the raw invocation of the model that '
    'runs on every frame, frame by frame in turns. Of BlazePose the branch that draws a mask is '
    'cut out, of MoveNet a subtraction of zero: the ratio to the raw invocation of this cut '
    'model is what the package itself adds.',
    'both hands of one person': 'PoseEstimator.find_hands() for the two hands of one person, over '
    'PoseEstimator.estimate() with BlazePose full on the same frame, in turns.',
    'several people per frame': 'PoseEstimator.estimate() in the mode multi, less the detector '
    'that runs every ten frames, over one run of the single-person model with crop and decoding, '
    'in turns. Per person it takes so much longer than that run (median of the frames); with '
    'several people TinyPose decodes faster, and TinyPose 128 runs two or three at once.',
    'LiteRT and OpenVINO': 'One run of a model file, one thread, float32, in turns. OpenVINO '
    'alone runs the files that LiteRT cannot read.',
    'heatmap to keypoints': 'Mean error [cells] of each way to read the highest peak off a '
    f'heatmap of {heatmaps.SIZE}×{heatmaps.SIZE} cells, on painted peaks whose true places are '
    f'known; time for {heatmaps.COUNT} of them, over that of argmax.',
    'image to skeleton': 'From an image being published by one process to its skeleton being '
    'received by a third, with pose_node (one thread) in the second, at 30 Hz; raw invocation '
    'at the same pace, before each run. "shipped" are the settings of pose.launch.py and the '
    'demo; in "one process" the camera and pose_node share one, and its CPU time and memory are '
    'those of both.',
    'maximum rate': 'Skeletons per second when images come at 200 Hz.',
    'CPU time per skeleton message': 'Of a node that receives skeletons at 30 Hz, with DDS.',
}
console = Console()


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    cpu = platform.processor() or platform.machine()
    for line in Path('/proc/cpuinfo').read_text().splitlines():
        if line.startswith('model name'):
            cpu = line.split(':')[1].strip()
            break
    return {'cpu': cpu, 'cores': os.cpu_count(), 'python': platform.python_version()}


def installed_models() -> list[str]:
    """Those of the models that can be measured here."""
    store, found = ModelStore(), []
    for name in MODELS:
        try:
            store.locate(name)
        except ModelError as error:
            console.print(f'left out: {error}', style='yellow')
        else:
            found.append(name)
    return found


def rows() -> Iterator[dict[str, Any]]:
    """Everything that is measured."""
    installed = installed_models()
    yield from core_speed.measure(installed)
    yield from core_speed.measure_hands(installed)
    yield from many_people.measure(installed)
    yield from runtimes.measure()
    yield from heatmaps.measure()
    yield from node_speed.measure_pipeline(installed)
    yield from node_speed.measure_followers()


def cell(value: object) -> str:
    """A figure as text."""
    if isinstance(value, float):
        digits = 3 if value < 0.5 else 2 if value < 10 else 1
        return f'{value:.{digits}f}'
    return str(value)


def tables(measured: list[dict[str, Any]]) -> Iterator[tuple[str, list[str], list[list[str]]]]:
    """(what, head, rows of cells) of each kind of measurement."""
    for what in MEANINGS:
        group = [row for row in measured if row['what'] == what]
        if group:
            keys = [key for key in COLUMNS if key in group[0]]
            head = [COLUMNS[key] for key in keys]
            yield what, head, [[cell(row[key]) for key in keys] for row in group]


def markdown(measured: list[dict[str, Any]], on: dict[str, Any]) -> str:
    """The tables as a page."""
    lines = [
        '# Performance',
        '',
        f'Measured by `make bench` on {on["cpu"]}, {on["cores"]} cores, Python {on["python"]}, '
        'in one run. Compare ratios rather than milliseconds: machines differ.',
    ]
    for what, head, rows_of_cells in tables(measured):
        lines += ['', f'## {what[0].upper()}{what[1:]}', '', MEANINGS[what], '']
        lines.append(markdown_table(head, rows_of_cells))
    return '\n'.join(lines) + '\n'


def main(
    write: Annotated[Path | None, typer.Option(help='Also write this Markdown page.')] = None,
) -> None:
    """Measure, print, write."""
    cv2.setNumThreads(1)
    on, measured = machine(), []
    with console.status('measuring, about three minutes') as status:
        for row in rows():
            measured.append(row)
            status.update(f'measured: {", ".join(map(cell, row.values()))}')
    console.print(f'{on["cpu"]}, {on["cores"]} cores, Python {on["python"]}')
    for what, head, rows_of_cells in tables(measured):
        table = Table(*head, title=what, title_justify='left')
        for cells in rows_of_cells:
            table.add_row(*cells)
        console.print(table)
    out = Path('out/bench.json')
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps({'machine': on, 'rows': measured}, indent=2, ensure_ascii=False))
    console.print(f'written: {out}')
    if write is not None:
        write.write_text(markdown(measured, on))
        console.print(f'written: {write}')


if __name__ == '__main__':
    typer.run(main)
