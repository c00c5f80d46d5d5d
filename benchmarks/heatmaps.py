"""Error and time of reading sub-pixel peaks off heatmaps, by method.

tools/env.py python benchmarks/heatmaps.py
"""

from __future__ import annotations

from collections.abc import Iterator
import time

import numpy as np
from rich.console import Console
from rich.table import Table
import typer

from pose_ros.core.models.heatmap import METHODS, decode

SIZE, COUNT = 64, 17
HEATMAPS = 30  # of each kind, with COUNT peaks each
RUNS = 300
# kind: (sigma of the peaks [cells], sigma of the noise, whether the peaks are at the edges)
KINDS = {
    'smooth': (2.0, 0.0, False),
    'noise 0.02': (2.0, 0.02, False),
    'noise 0.05': (2.0, 0.05, False),
    'narrow, 0.02': (1.0, 0.02, False),
    'wide, 0.02': (3.0, 0.02, False),
    'edge, smooth': (2.0, 0.0, True),
    'edge, 0.02': (2.0, 0.02, True),
}


def heatmaps(kind: str, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Heatmaps [SIZE, SIZE, COUNT] of Gaussians as high as 0.4 to 1, and their true tops."""
    sigma, noise, edge = KINDS[kind]
    tops = generator.uniform(8, SIZE - 9, (COUNT, 2))
    if edge:
        axis = generator.integers(0, 2, COUNT)
        near = generator.uniform(0, 2, COUNT)
        far = generator.random(COUNT) < 0.5
        tops[np.arange(COUNT), axis] = np.where(far, SIZE - 1 - near, near)
    rows, columns = np.mgrid[0:SIZE, 0:SIZE, 0:1][:2]
    squared = (columns - tops[:, 0]) ** 2 + (rows - tops[:, 1]) ** 2
    painted = generator.uniform(0.4, 1.0, COUNT) * np.exp(-squared / (2 * sigma**2))
    painted += generator.normal(0.0, noise, painted.shape)
    return painted.astype(np.float32), tops


def mean_error(method: str, kind: str) -> float:
    """Mean distance of the points from the true tops [cells]."""
    generator = np.random.default_rng(0)
    distances = []
    for _ in range(HEATMAPS):
        painted, tops = heatmaps(kind, generator)
        points, _ = decode(painted, method)
        distances.append(np.hypot(*(points - tops).T))
    return float(np.mean(distances))


def decoding_times() -> dict[str, float]:
    """Median time [ms] of each method; all take turns."""
    painted, _ = heatmaps('noise 0.02', np.random.default_rng(0))
    times: dict[str, list[float]] = {method: [] for method in METHODS}
    for _ in range(RUNS):
        for method in METHODS:
            started = time.perf_counter()
            decode(painted, method)
            times[method].append(time.perf_counter() - started)
    return {method: 1e3 * float(np.median(of)) for method, of in times.items()}


def measure() -> Iterator[dict]:
    """One row a method."""
    times = decoding_times()
    for method in METHODS:
        yield {
            'what': 'heatmap to keypoints',
            'method': method,
            **{kind: mean_error(method, kind) for kind in KINDS},
            'ms': times[method],
            'ratio': times[method] / times['argmax'],
        }


def main() -> None:
    """Measure and print."""
    table = Table(
        'method', *KINDS, 'median [ms]', 'over argmax', title='mean error [cells]', width=110
    )
    for row in measure():
        errors = (f'{row[kind]:.3f}' for kind in KINDS)
        table.add_row(row['method'], *errors, f'{row["ms"]:.3f}', f'{row["ratio"]:.1f}')
    Console(width=110).print(table)


if __name__ == '__main__':
    typer.run(main)
