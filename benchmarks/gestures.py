r"""Which gesture is taken for which, how late, and what everyday motion is taken for.

tools/env.py python benchmarks/gestures.py                  prints
tools/env.py python benchmarks/gestures.py \
    --write docs/evaluation/gestures.md

Skeletons of the actor with a model's errors; then fewer, drawn, through the real models.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

from everyday_scenes import everyday
from gesture_confusion import (
    NEED_33,
    Confusion,
    Name,
    Sight,
    Trial,
    begun,
    expected,
)
import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table
import typer

from pose_ros.actor import frames, skeletons
from pose_ros.actor.motions.gesture_motions import PERFORMED
from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.motion.rules import load_rules
from pose_ros.core.resources import config_file
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.topology import BLAZEPOSE33, COCO17
from pose_ros.core.types import Frame
from pose_ros.evaluation.report import markdown_table, write_block

# No one had looked at these when the rules were tuned.
FIRST_SEED = 500
MODES = {'17 keypoints, 2D': (COCO17, False), '33 keypoints, 3D': (BLAZEPOSE33, True)}
MODELS = ('blazepose_full', 'movenet_lightning')
console = Console()


def label(name: Name) -> str:
    """Gesture and hand in words."""
    return f'{name[0]} {name[1].name.lower()}' if name[1] else name[0]


def names_for(blazepose: bool) -> list[str]:
    """Gestures that 33 keypoints can tell apart, or 17."""
    return [name for name in PERFORMED if blazepose or name not in NEED_33]


def matrix(what: str, confusion: Confusion) -> tuple[str, list[str], list[list[str]]]:
    """Row of each gesture: figures, and what else was reported for it."""
    head = ['performed', 'times', 'recall in time', 'precision', 'delay 5 to 95 % [s]',
            'also reported']  # fmt: skip
    rows = []
    for truth, count in confusion.performed.items():
        delays = confusion.delays.get(truth, [])
        span = ' to '.join(f'{d:.2f}' for d in np.quantile(delays, [0.05, 0.95])) if delays else ''
        others = Counter(confusion.reported[truth])
        others[truth] -= min(count, others[truth])
        others_found = ', '.join(f'{n} × {label(name)}' for name, n in others.items() if n)
        figures = f'{confusion.recall(truth):.2f}', f'{confusion.precision(truth):.2f}'
        rows.append([label(truth), str(count), *figures, span, others_found])
    return what, head, rows


def imitated(seeds: range) -> Iterator[tuple[str, list[str], list[list[str]]]]:
    """All gestures as skeletons with errors."""
    rules = load_rules(config_file('gestures.yaml'))
    for mode, (topology, world) in MODES.items():
        confusion = Confusion()
        for trial in track(Trial.of_seeds(seeds, names_for(world)), mode, console=console):
            sights, known = trial.sights(topology, world)
            confusion.add(expected(trial.performed), begun(rules, sights), known)
        yield matrix(f'Gestures, {mode}, errors of a model imitated', confusion)


def of_model(model: str, seeds: range) -> tuple[str, list[str], list[list[str]]]:
    """All gestures drawn, through a real model, at half of a camera's rate."""
    rules = load_rules(config_file('gestures.yaml'))
    estimator = PoseEstimator(EstimatorConfig(model=model))
    confusion = Confusion()
    trials = Trial.of_seeds(seeds, names_for(model.startswith('blazepose')))
    for trial in track(trials, model, console=console):
        scene, known = trial.scene(15.0)
        estimator.reset()
        seen = rendered(estimator, frames(scene, trial.seed))
        confusion.add(expected(trial.performed), begun(rules, seen), known)
    return matrix(f'Gestures, drawn, {model}', confusion)


def rendered(estimator: PoseEstimator, video: Iterable[Frame]) -> Iterator[Sight]:
    """People that a model sees in drawn images."""
    for frame in video:
        yield frame.stamp, tuple(estimator.estimate(Frame(frame.image, frame.stamp)))


def of_everyday(minutes: int, models: list[str]) -> tuple[str, list[str], list[list[str]]]:
    """What everyday motion is taken for: as skeletons, and for a tenth of the time drawn."""
    rules = load_rules(config_file('gestures.yaml'))
    rows = []
    seeds = range(FIRST_SEED, FIRST_SEED + minutes)
    for mode, (topology, world) in MODES.items():
        found: Counter[str] = Counter()
        for seed in track(seeds, f'everyday, {mode}', console=console):
            seen = skeletons(everyday(seed, 60.0, height=240.0), seed, topology, world=world)
            events = begun(rules, ((frame.stamp, frame.people) for frame in seen))
            found.update(label(name) for name, _ in events)
        rows.append([f'{mode}, imitated', str(minutes), *told(found)])
    few = max(1, minutes // 10)
    for model in models:
        estimator, found = PoseEstimator(EstimatorConfig(model=model)), Counter()
        for seed in track(seeds[:few], f'everyday, {model}', console=console):
            estimator.reset()
            video = frames(everyday(seed, 60.0, height=240.0, fps=15.0), seed)
            events = begun(rules, rendered(estimator, video))
            found.update(label(name) for name, _ in events)
        rows.append([f'drawn, {model}', str(few), *told(found)])
    return 'Everyday motion', ['seen by', 'minutes', 'false', 'which'], rows


def told(found: Counter[str]) -> tuple[str, str]:
    """How many, and which."""
    return str(sum(found.values())), ', '.join(f'{n} × {name}' for name, n in found.items())


def installed(models: Iterable[str]) -> list[str]:
    """Those of the models that are there."""
    found = []
    for model in models:
        try:
            PoseEstimator(EstimatorConfig(model=model))
        except ModelError as error:
            console.print(f'left out: {error}', style='yellow')
        else:
            found.append(model)
    return found


def markdown(tables: Iterable[tuple[str, list[str], list[list[str]]]]) -> str:
    """The tables as a part of a page."""
    lines = []
    for what, head, rows in tables:
        lines += [f'**{what}**', '', markdown_table(head, rows), '']
    return '\n'.join(lines)


def main(
    seeds: Annotated[int, typer.Option(help='Trials of each gesture as skeletons.')] = 20,
    drawn: Annotated[int, typer.Option(help='Trials of each gesture through real models.')] = 3,
    minutes: Annotated[int, typer.Option(help='Of everyday motion; a tenth is drawn.')] = 10,
    write: Annotated[Path | None, typer.Option(help='Also put into this Markdown page.')] = None,
) -> None:
    """Measure, print, write."""
    models = installed(MODELS) if drawn else []
    tables = list(imitated(range(FIRST_SEED, FIRST_SEED + seeds)))
    tables += [of_model(model, range(FIRST_SEED, FIRST_SEED + drawn)) for model in models]
    tables.append(of_everyday(minutes, models))
    for what, head, rows in tables:
        table = Table(*head, title=what, title_justify='left')
        for row in rows:
            table.add_row(*row)
        console.print(table)
    if write is not None:
        write_block('measured', markdown(tables), write)
        console.print(f'written: {write}')


if __name__ == '__main__':
    typer.run(main)
