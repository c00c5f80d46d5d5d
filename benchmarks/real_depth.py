"""Distances of five real people in an image with registered depth, by model and source.

    tools/env.py python benchmarks/real_depth.py DIR --write docs/evaluation/positions.md

DIR has color.png, depth.png (16 bit, mm), camera_info.json and truth.json, as made from
test/five_people.pcd of PointCloudLibrary/pcl.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from depth_scene import DepthScene, read_scene
import numpy as np
import typer

from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.space.depth_image import DepthImage
from pose_ros.core.space.position_estimator import PositionEstimator
from pose_ros.core.space.strategy import CameraView
from pose_ros.evaluation.report import markdown_table, show_block

MODELS = ('blazepose_full', 'movenet_lightning', 'tinypose_256', 'posenet')
HEAD = ('model', 'positions', 'depth image', 'found', 'with position', 'median error', 'largest')
OFFSET = 8  # [px] between image and depth image


def depth_images(scene: DepthScene) -> Iterator[tuple[str, DepthImage]]:
    """Depth images of the scene, as measured and with faults."""
    yield 'as measured', DepthImage(scene.depth, 0.001)
    metres = np.where(scene.depth, scene.depth / 1000, np.nan).astype(np.float32)
    yield '32FC1', DepthImage(metres)
    small = np.random.default_rng(0).uniform(size=(60, 80)) < 0.3
    holes = np.kron(small, np.ones((8, 8), bool))
    yield '30 % more holes', DepthImage(np.where(holes, 0, scene.depth).astype(np.uint16), 0.001)
    yield f'{OFFSET} px off', DepthImage(np.roll(scene.depth, OFFSET, axis=1), 0.001)
    shifts = np.linspace(-OFFSET, OFFSET, len(scene.depth)).round().astype(int)
    rows = np.stack([np.roll(row, shift) for row, shift in zip(scene.depth, shifts)])
    yield f'rows {OFFSET} px off, rolling', DepthImage(rows, 0.001)


def rows(scene: DepthScene, model: str) -> Iterator[list[str]]:
    """A row for each source, and of one model for each fault of the depth image."""
    people = PoseEstimator(EstimatorConfig(model=model, mode='multi')).estimate(scene.image)
    size = scene.image.shape[1::-1]
    for source in ('depth', 'model', 'height'):
        for name, depth in depth_images(scene):
            if name != 'as measured' and (source, model) != ('depth', 'movenet_lightning'):
                continue
            view = CameraView(scene.camera, size, 0.0, depth)
            found = scene.errors(PositionEstimator(source).place(people, view))
            errors = np.array([abs(error) for error in found.values() if np.isfinite(error)])
            if len(errors):
                yield [
                    f'`{model}`',
                    source,
                    name if source == 'depth' else '-',
                    f'{len(found)} of {len(scene.people)}',
                    str(len(errors)),
                    f'{100 * np.median(errors):.1f} cm',
                    f'{100 * errors.max():.0f} cm',
                ]


def main(folder: Path, write: Annotated[Path | None, typer.Option()] = None) -> None:
    """Print the table, or write it into a page with a block `five-people`."""
    scene, lines = read_scene(folder), []
    for model in MODELS:
        try:
            lines += rows(scene, model)
        except ModelError as error:
            typer.echo(f'{model} left out: {error}', err=True)
    show_block('five-people', markdown_table(HEAD, lines), write)


if __name__ == '__main__':
    typer.run(main)
