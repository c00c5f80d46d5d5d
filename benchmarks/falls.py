"""Falls that are found, and alarms where no one falls, on the actor's skeletons.

tools/env.py python benchmarks/falls.py                           prints, about fifteen minutes
tools/env.py python benchmarks/falls.py --seeds 1 --hours 0.1     the same, small
tools/env.py python benchmarks/falls.py --write docs/evaluation/falls.md     also into the page
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from multiprocessing import Pool
from pathlib import Path
from typing import Annotated, Any

from everyday_scenes import everyday
import numpy as np
from rich.console import Console
from rich.table import Table
import typer

from pose_ros.actor import SIT, STAND, Action, Actor, Scene, SkeletonFrame, skeletons
from pose_ros.actor.motions.everyday_motions import varied
from pose_ros.actor.motions.fall_motions import (
    FALL_KEYS,
    LOOK_ALIKE_KEYS,
    LOW_FALL_KEYS,
    LYING,
    SEATED,
    Keys,
    course,
)
from pose_ros.core.motion.falls import Fall, FallDetector, FallPhase
from pose_ros.core.motion.watcher import single_observer
from pose_ros.core.types import Person
from pose_ros.evaluation.report import markdown_table, write_block

FACINGS = (0.0, 90.0, 180.0, 270.0)  # give or take 45 degrees, by the seed
HEIGHTS = (100.0, 420.0)  # [px], give or take a fifth
RATES = (15.0, 30.0)  # [Hz]
FIRST_SEED = 7000  # others are for tuning
ONSET = 1.2  # [s]
AFTERWARDS = 2.6  # [s] of lying there
LATEST = 2.0  # a fall must be told so soon after the landing [s]
SEEN = 'seen'
LOSSES = ('blinks', 'new id', 'gone')
console = Console()


@dataclass(frozen=True)
class Case:
    """One video of one motion."""

    keys: Keys
    facing: float
    height: float
    fps: float
    seed: int
    seated: bool = False
    lying: bool = False
    low: bool = False

    def video(self, world: bool = False) -> list[SkeletonFrame]:
        """Skeletons of it; the image is large enough for all of the body."""
        rng = np.random.default_rng(self.seed)
        motion = varied(course(self.keys, self.facing + float(rng.uniform(-45, 45))), rng)
        height = self.height * float(rng.uniform(0.8, 1.2))
        first = motion.pose(0.0)
        rest = SIT if self.seated else STAND
        rest = first if self.low else rest._replace(body=(0.0, first.body[1]))
        start = -1.0 if self.lying else ONSET
        actor = Actor((Action(motion, start),), 1.6 * height, 1.4 * height, height, rest=rest)
        scene = Scene(
            width=round(3.2 * height),
            height=round(1.5 * height),
            fps=self.fps,
            duration=ONSET + self.keys[-1].time / 0.75 + AFTERWARDS,
            actors=(actor,),
        )
        return list(skeletons(scene, self.seed, world=world))


def landing(video: Sequence[SkeletonFrame]) -> float:
    """When head and hips are first as low as at the end, but for a hand's breadth [s]."""
    points = [frame.truths[0] for frame in video]
    levels = np.array([p['head'][1] + p['pelvis'][1] for p in points]) / 2
    drop = levels[-1] - levels[0]
    return video[int(np.argmax(levels > levels[0] + 0.9 * drop))].stamp


def losing(video: Sequence[SkeletonFrame], how: str) -> Iterator[tuple[float, tuple[Person, ...]]]:
    """What the detector gets of a fall: the person may get lost half-way down.

    Parameters
    ----------
    video
        Of a fall.
    how
        'seen': nothing is lost; 'blinks': for half a second; 'new id': for a second, and then
        another person seems to lie there; 'gone': for good.
    """
    down = landing(video)
    gap = {'seen': 0.0, 'blinks': 0.5, 'new id': 1.0, 'gone': np.inf}[how]
    for frame in video:
        since = frame.stamp - (down - 0.15)
        people = frame.people
        if 0 <= since < gap:
            people = ()
        elif since >= gap and how == 'new id':
            people = tuple(replace(person, id=7) for person in people)
        yield frame.stamp, people


def events(video: Iterable[tuple[float, Sequence[Person]]]) -> list[tuple[float, Fall]]:
    """What is told, and when."""
    observe = single_observer(FallDetector())
    return [(stamp, fall) for stamp, people in video for fall in observe(people, stamp)]


def cases(kinds: dict[str, Keys], seeds: Iterable[int]) -> Iterator[tuple[str, Case]]:
    """Each kind of motion in every direction, near and far, at both rates."""
    for seed in seeds:
        for number, (kind, facing, height, fps) in enumerate(
            product(kinds, FACINGS, HEIGHTS, RATES)
        ):
            yield (
                kind,
                Case(
                    kinds[kind],
                    facing,
                    height,
                    fps,
                    1000 * seed + number,
                    seated=kind in SEATED,
                    lying=kind in LYING,
                    low=kind in LOW_FALL_KEYS,
                ),
            )


@dataclass(frozen=True)
class Told:
    """Events of one video.

    Attributes
    ----------
    kind
        Of the motion.
    hours
        Length of the video [h].
    alarms, warnings
        How many, FALLEN and FALLING.
    delay
        From the landing to the first alarm [s]; NaN without one, or without a fall.
    lead
        From the first warning to the landing [s]; NaN without.
    """

    kind: str
    hours: float
    alarms: int
    warnings: int
    delay: float = float('nan')
    lead: float = float('nan')

    @property
    def found(self) -> bool:
        """Whether the fall was told in time."""
        return self.delay <= LATEST


def watch(task: tuple[str, Case, Sequence[str]]) -> list[Told]:
    """Video one case and watch it in each of the ways of getting lost; none: no one falls."""
    kind, case, ways = task
    video = case.video()
    if not ways:
        return [_told(kind, events((frame.stamp, frame.people) for frame in video), video)]
    down = landing(video)
    return [_told(kind, events(losing(video, how)), video, down) for how in ways]


def _told(
    kind: str,
    told: list[tuple[float, Fall]],
    video: Sequence[SkeletonFrame],
    down: float = float('nan'),
) -> Told:
    """Events of a video of a fall that ends at a time [s], or of none."""
    fallen = [stamp for stamp, fall in told if fall.phase is FallPhase.FALLEN]
    falling = [stamp for stamp, fall in told if fall.phase is FallPhase.FALLING]
    return Told(
        kind,
        video[-1].stamp / 3600,
        len(fallen),
        len(falling),
        fallen[0] - down if fallen else float('nan'),
        down - falling[0] if falling else float('nan'),
    )


def live(seed: int) -> list[Told]:
    """Watch a minute of a person's everyday life."""
    rng = np.random.default_rng(seed)
    scene = everyday(seed, 60.0, float(rng.uniform(100, 420)), RATES[seed % 2])
    told = events((frame.stamp, frame.people) for frame in skeletons(scene, seed))
    phases = [fall.phase for _, fall in told]
    alarms, warnings = phases.count(FallPhase.FALLEN), phases.count(FallPhase.FALLING)
    return [Told('everyday', 1 / 60, alarms, warnings)]


Group = list[Told]


def by_kind(told: Iterable[Told]) -> dict[str, Group]:
    """Videos of each kind."""
    kinds: dict[str, Group] = defaultdict(list)
    for one in told:
        kinds[one.kind].append(one)
    return kinds


def falls_table(told: Group) -> list[list[str]]:
    """Rows: kind, videos, recall, delay, warned, lead."""
    rows = [['fall', 'videos', 'found', 'FALLEN after the landing [s]', 'warned', 'before it [s]']]
    for kind, group in [*by_kind(told).items(), ('**all**', told)]:
        delays = [one.delay for one in group if one.found]
        leads = [one.lead for one in group if not np.isnan(one.lead)]
        rows.append(
            [
                kind.replace('_', ' '),
                str(len(group)),
                f'{np.mean([one.found for one in group]):.3f}',
                f'{np.median(delays):.1f}' if delays else '',
                f'{len(leads) / len(group):.2f}',
                f'{np.median(leads):.1f}' if leads else '',
            ]
        )
    return rows


def loss_table(told: dict[str, Group]) -> list[list[str]]:
    """Rows: how the person gets lost, videos, recall."""
    names = {
        'blinks': 'half a second out of sight',
        'new id': 'a second, then lying there under another id',
        'gone': 'not seen again',
    }
    rows = [['out of sight just before the landing', 'videos', 'found']]
    for how, group in told.items():
        rows.append([names[how], str(len(group)), f'{np.mean([o.found for o in group]):.3f}'])
    return rows


def low_table(told: Group) -> list[list[str]]:
    """Rows: kind, videos, recall."""
    rows = [['fall from low down', 'videos', 'found']]
    for kind, group in by_kind(told).items():
        found = f'{np.mean([one.found for one in group]):.3f}'
        rows.append([kind.replace('_', ' '), str(len(group)), found])
    return rows


def quiet_table(told: Group) -> list[list[str]]:
    """Rows: what is done, videos, minutes, false alarms, false warnings."""
    rows = [['not a fall', 'videos', 'minutes', 'FALLEN', 'FALLING']]
    for kind, group in by_kind(told).items():
        minutes = 60 * sum(one.hours for one in group)
        alarms, warnings = (
            sum(getattr(one, what) for one in group) for what in ('alarms', 'warnings')
        )
        name = '**everyday life**' if kind == 'everyday' else kind.replace('_', ' ')
        rows.append([name, str(len(group)), f'{minutes:.0f}', str(alarms), str(warnings)])
    return rows


def main(
    seeds: Annotated[int, typer.Option(help='Of each fall in each direction.')] = 6,
    quiet_seeds: Annotated[int, typer.Option(help='Of each look-alike.')] = 2,
    hours: Annotated[float, typer.Option(help='Of everyday life [h].')] = 1.5,
    jobs: Annotated[int, typer.Option(help='Processes.')] = 2,
    write: Annotated[Path | None, typer.Option(help='Put the tables into this page.')] = None,
) -> None:
    """Measure, print, write."""
    chosen = range(FIRST_SEED, FIRST_SEED + seeds)
    videos = range(FIRST_SEED, FIRST_SEED + max(round(60 * hours), 1))
    ways = (SEEN, *LOSSES)
    with Pool(jobs) as pool:

        def run(work: Any, tasks: Iterable[Any], what: str) -> tuple[Group, ...]:
            """Groups: one for each way of getting lost."""
            with console.status(what):
                return tuple(map(list, zip(*pool.map(work, list(tasks), chunksize=8))))

        first, *lost = run(watch, [(*c, ways) for c in cases(FALL_KEYS, chosen[:1])], 'falls')
        falls = list(first)
        if seeds > 1:
            more = [(*c, (SEEN,)) for c in cases(FALL_KEYS, chosen[1:])]
            falls += run(watch, more, 'more falls')[0]
        low = run(watch, [(*c, (SEEN,)) for c in cases(LOW_FALL_KEYS, chosen[:1])], 'low')[0]
        quiet = [(*c, ()) for c in cases(LOOK_ALIKE_KEYS, chosen[:quiet_seeds])]
        alike = run(watch, quiet, 'look-alikes')[0] + run(live, videos, 'everyday life')[0]
    tables = [
        falls_table(falls),
        loss_table(dict(zip(LOSSES, lost))),
        low_table(low),
        quiet_table(alike),
    ]
    for rows in tables:
        table = Table(*rows[0])
        for row in rows[1:]:
            table.add_row(*row)
        console.print(table)
    if write is not None:
        text = '\n\n'.join(markdown_table(head, rows) for head, *rows in tables)
        write_block('measured', text, write)
        console.print(f'written: {write}')


if __name__ == '__main__':
    typer.run(main)
