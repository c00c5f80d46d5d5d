"""Repetitions and form of imitated people, by exercise, view, size, tempo and frame rate.

tools/env.py python benchmarks/exercises.py                          prints
tools/env.py python benchmarks/exercises.py --write docs/evaluation/exercises.md
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Annotated

from everyday_scenes import everyday
import numpy as np
from rich.console import Console
from rich.table import Table
import typer

from pose_ros.actor import Action, Actor, Scene, skeletons
from pose_ros.actor.motions.exercise_motions import FAULTS, Manner, duration, exercise, usual
from pose_ros.core.motion.exercise_rules import load_exercises
from pose_ros.core.motion.exercises import AUTO, ExerciseCounter, ExerciseState
from pose_ros.core.motion.watcher import single_observer
from pose_ros.core.resources import config_file
from pose_ros.core.topology import BLAZEPOSE33, COCO17
from pose_ros.evaluation.report import markdown_table, write_block

VIEWS = {'front': 0.0, '45°': 45.0, 'side': 90.0}
IN_AUTO = {one.name for one in load_exercises(config_file('exercises.yaml')) if one.auto}
console = Console()


@dataclass(frozen=True)
class Set:
    """One set of repetitions as a person does them before a camera."""

    exercise: str
    view: str
    manner: Manner
    height: float
    fps: float
    world: bool
    seed: int

    def scene(self) -> Scene:
        """What the camera sees."""
        turn = VIEWS[self.view] * (-1 if self.seed % 2 else 1) + self.seed * 7 % 21 - 10
        motion = exercise(self.exercise, self.manner, turn)
        took = duration(self.exercise, self.manner)
        actor = Actor((Action(motion, 1.0, took),), x=480, y=640, height=self.height)
        return Scene(width=960, height=720, fps=self.fps, duration=took + 2.0, actors=(actor,))

    def states(self, *chosen: str) -> list[list[ExerciseState]]:
        """States of the exercises in it."""
        counters = [single_observer(ExerciseCounter(name)) for name in chosen]
        topology = BLAZEPOSE33 if self.world else COCO17
        told: list[list[ExerciseState]] = [[] for _ in chosen]
        for frame in skeletons(self.scene(), self.seed, topology, world=self.world):
            for observe, states in zip(counters, told):
                states.extend(observe(frame.people, frame.stamp))
        return told


def sets(seeds: range, faults: bool) -> Iterator[Set]:
    """Sets that differ in everything; with every fault, or all of them well done."""
    for name in FAULTS:
        for fault in FAULTS[name] if faults else ('',):
            for view in VIEWS:
                for seed in seeds:
                    rng = np.random.default_rng([seed, *name.encode(), *view.encode()])
                    count = int(rng.integers(3, 7 if faults else 13))
                    manner = usual(name, repetitions=count, fault=fault, rng=rng)
                    yield Set(
                        name,
                        view,
                        manner.scaled(float(rng.uniform(0.7, 1.8))),
                        float(rng.uniform(130, 420)),
                        float(rng.choice([12.0, 20.0, 30.0])),
                        bool(rng.integers(2)),
                        seed,
                    )


def count_sets(seeds: range) -> list[list[str]]:
    """Results for correct sets."""
    tally: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for each in sets(seeds, faults=False):
        found = tally[each.exercise, each.view]
        wanted = each.manner.repetitions
        states, told = each.states(each.exercise, AUTO)
        counted: Counter[str] = Counter()
        for state in told:
            counted[state.exercise] += state.repetition_done
            counted[state.exercise] -= state.retracted * state.repetitions
        found['sets'] += 1
        found['exact'] += states[-1].repetitions == wanted
        found['auto sets'] += each.exercise in IN_AUTO
        found['auto'] += counted[each.exercise] == wanted
        found['recognised'] += set(+counted) == {each.exercise}
        for state in states:
            if state.repetition_done:
                found['done'] += 1
                found[state.range_reached.name] += 1
                found['faulty'] += any(fault.certain for fault in state.faults)
        if states[-1].repetitions != wanted:
            console.print(f'{states[-1].repetitions} of {wanted}: {each}', style='yellow')
    total: Counter[str] = Counter()
    for found in tally.values():
        total.update(found)
    tally['all', ''] = total
    return [
        [*key, str(found['sets']), at_least(found['exact'], found['sets'])]
        + [at_least(found[word], found['auto sets']) for word in ('auto', 'recognised')]
        + [share(found[word], found['done']) for word in ('YES', 'UNCERTAIN', 'NO', 'faulty')]
        for key, found in tally.items()
    ]


def share(part: int, whole: int) -> str:
    """Share in per cent."""
    return f'{part / max(whole, 1):.0%}'


def at_least(part: int, whole: int) -> str:
    """Share, and the lower end of its 95 % confidence interval after Wilson [%]."""
    z = 1.96
    rate, extra = part / max(whole, 1), z * z / max(whole, 1)
    spread = sqrt(extra * rate * (1 - rate) + extra * extra / 4)
    if not whole:
        return '–'
    return f'{rate:.0%} ({max(rate + extra / 2 - spread, 0.0) / (1 + extra):.1%})'


def judge_faults(seeds: range) -> list[list[str]]:
    """Results for sets with a fault in each repetition."""
    tally: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    for each in sets(seeds, faults=True):
        found = tally[each.exercise, each.manner.fault, each.view]
        for state in each.states(each.exercise)[0]:
            if state.repetition_done:
                found['done'] += 1
                for fault in state.faults:
                    whose = 'mine' if fault.name == each.manner.fault else 'others'
                    found[f'{whose} {fault.certain}'] += 1
        found['wanted'] += int(each.manner.repetitions)
    words = ('mine True', 'mine False', 'others True')
    return [
        [*key, f'{found["done"]} of {found["wanted"]}']
        + [share(found[word], found['done']) for word in words]
        for key, found in tally.items()
    ]


def depths(seeds: range) -> list[list[str]]:
    """Results for partial and full repetitions."""
    rows = []
    for name in FAULTS:
        for depth in (0.3, 0.7, 1.0):
            found: Counter[str] = Counter()
            for view in VIEWS:
                for seed in seeds:
                    manner = usual(name, repetitions=4, depth=depth)
                    each = Set(name, view, manner, 250.0, 20.0, bool(seed % 2), seed)
                    done = [s for s in each.states(name)[0] if s.repetition_done]
                    found.update(state.range_reached.name for state in done)
                    found['done'] += len(done)
                    found['wanted'] += 4
            verdicts = [str(found[word]) for word in ('YES', 'UNCERTAIN', 'NO')]
            rows.append([name, str(depth), f'{found["done"]} of {found["wanted"]}', *verdicts])
    return rows


def everyday_repetitions(seeds: range) -> list[list[str]]:
    """False repetitions in a minute of everyday motion for each seed."""
    found: Counter[str] = Counter()
    names = (AUTO, *FAULTS)
    for seed in seeds:
        counters = [single_observer(ExerciseCounter(name)) for name in names]
        scene = everyday(seed, 60.0, (160.0, 250.0, 380.0)[seed % 3], 15.0)
        world = bool(seed % 2)
        topology = BLAZEPOSE33 if world else COCO17
        for frame in skeletons(scene, seed, topology, world=world):
            for name, observe in zip(names, counters):
                states = observe(frame.people, frame.stamp)
                found[name] += sum(state.repetition_done for state in states)
    return [[name, str(found[name]), f'{found[name] / len(seeds):.2f}'] for name in names]


SECTIONS: dict[str, tuple[str, Callable[[range], list[list[str]]]]] = {
    'counts': (
        'exercise, view, sets, count exact, with auto, recognised, full, uncertain, not full, '
        'false faults',
        count_sets,
    ),
    'faults': (
        'exercise, fault, view, counted, certain, uncertain, other certain faults',
        judge_faults,
    ),
    'depths': ('exercise, share of the way, counted, full, uncertain, not full', depths),
    'everyday': ('parameter `exercise`, false repetitions, per minute', everyday_repetitions),
}


def main(
    section: Annotated[list[str], typer.Option(help='counts, faults, depths, everyday.')] = [],  # noqa: B006
    first: Annotated[int, typer.Option(help='First seed.')] = 100,
    count: Annotated[int, typer.Option(help='How many seeds.')] = 10,
    write: Annotated[Path | None, typer.Option(help='Markdown page to write into.')] = None,
) -> None:
    """Measure, print, write."""
    for name in section or SECTIONS:
        head, measure = SECTIONS[name]
        columns, rows = head.split(', '), measure(range(first, first + count))
        table = Table(*columns, title=name, title_justify='left')
        for row in rows:
            table.add_row(*row)
        console.print(table)
        if write is not None:
            write_block(name, markdown_table(columns, rows), write)
            console.print(f'written into {write}')


if __name__ == '__main__':
    typer.run(main)
