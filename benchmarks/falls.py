"""Falls that are found, and alarms where nobody falls, on the actor's skeletons.

tools/env.py python benchmarks/falls.py                           prints, about twenty minutes
tools/env.py python benchmarks/falls.py --seeds 2 --hours 0.1     the same, small
tools/env.py python benchmarks/falls.py --write docs/falls.md     also into the page
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from rich.console import Console

from pose_ros.actor import SIT, STAND, Action, Actor, Scene, SkeletonFrame, skeletons
from pose_ros.actor.everyday import everyday
from pose_ros.actor.motions.everyday import varied
from pose_ros.actor.motions.falls import (
    FALL_KEYS,
    LOOK_ALIKE_KEYS,
    LYING,
    SEATED,
    Keys,
    course,
)
from pose_ros.core.motion.falls import Fall, FallDetector, FallPhase
from pose_ros.core.types import Person

FACINGS = (0.0, 90.0, 180.0, 270.0)  # give or take 45 degrees, by the seed
HEIGHTS = (100.0, 420.0)  # [px], give or take a fifth
RATES = (15.0, 30.0)  # [Hz]
FIRST_SEED = 1000  # those below are for tuning
ONSET = 1.2  # [s]
AFTERWARDS = 2.6  # [s] of lying there
LATEST = 2.0  # a fall must be told so soon after the landing [s]
LOSSES = ('seen', 'blinks', 'new id', 'gone')
MARKS = '<!-- measured -->', '<!-- /measured -->'
console = Console()


@dataclass(frozen=True)
class Case:
    """One film of one motion."""

    keys: Keys
    facing: float
    height: float
    fps: float
    seed: int
    seated: bool = False
    lying: bool = False

    def film(self, world: bool = False) -> list[SkeletonFrame]:
        """Skeletons of it; the picture is large enough for all of the body."""
        rng = np.random.default_rng(self.seed)
        motion = varied(course(self.keys, self.facing + float(rng.uniform(-45, 45))), rng)
        height = self.height * float(rng.uniform(0.8, 1.2))
        rest = SIT if self.seated else STAND
        rest = rest._replace(body=(0.0, motion.pose(0.0).body[1]))
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


def landing(film: Sequence[SkeletonFrame]) -> float:
    """When head and hips are first as low as at the end, but for a hand's breadth [s]."""
    points = [frame.truths[0] for frame in film]
    levels = np.array([p['head'][1] + p['pelvis'][1] for p in points]) / 2
    drop = levels[-1] - levels[0]
    return film[int(np.argmax(levels > levels[0] + 0.9 * drop))].stamp


def losing(film: Sequence[SkeletonFrame], how: str) -> Iterator[tuple[float, tuple[Person, ...]]]:
    """What the detector gets of a fall: the person may get lost half-way down.

    Parameters
    ----------
    film
        Of a fall.
    how
        'seen': nothing is lost; 'blinks': for half a second; 'new id': for a second, and then
        somebody else seems to lie there; 'gone': for good.
    """
    down = landing(film)
    gap = {'seen': 0.0, 'blinks': 0.5, 'new id': 1.0, 'gone': np.inf}[how]
    for frame in film:
        since = frame.stamp - (down - 0.15)
        people = frame.people
        if 0 <= since < gap:
            people = ()
        elif since >= gap and how == 'new id':
            people = tuple(replace(person, id=7) for person in people)
        yield frame.stamp, people


def events(film: Iterable[tuple[float, Sequence[Person]]]) -> list[tuple[float, Fall]]:
    """What is told, and when."""
    detector = FallDetector()
    return [(stamp, fall) for stamp, people in film for fall in detector.observe(people, stamp)]


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
                ),
            )


@dataclass
class Score:
    """How often something was found."""

    found: int = 0
    total: int = 0
    warned: int = 0
    delays: list[float] | None = None

    @property
    def share(self) -> float:
        """Found of all."""
        return self.found / self.total if self.total else float('nan')


def measure_falls(seeds: Iterable[int], how: str = 'seen') -> dict[str, Score]:
    """Falls found in time, by their kind."""
    scores: dict[str, Score] = defaultdict(lambda: Score(delays=[]))
    for kind, case in cases(FALL_KEYS, seeds):
        film = case.film()
        down = landing(film)
        told = events(losing(film, how))
        score = scores[kind]
        score.total += 1
        fallen = [stamp for stamp, fall in told if fall.phase is FallPhase.FALLEN]
        score.warned += any(fall.phase is FallPhase.FALLING for _, fall in told)
        if fallen and fallen[0] - down <= LATEST:
            score.found += 1
            score.delays.append(fallen[0] - down)
    return scores


def measure_look_alikes(seeds: Iterable[int]) -> tuple[dict[str, Score], float]:
    """Alarms at what is no fall, by its kind, and the hours that it took."""
    scores: dict[str, Score] = defaultdict(Score)
    seconds = 0.0
    for kind, case in cases(LOOK_ALIKE_KEYS, seeds):
        film = case.film()
        told = events((frame.stamp, frame.people) for frame in film)
        seconds += film[-1].stamp
        score = scores[kind]
        score.total += 1
        score.found += any(fall.phase is FallPhase.FALLEN for _, fall in told)
        score.warned += any(fall.phase is FallPhase.FALLING for _, fall in told)
    return scores, seconds / 3600


def measure_everyday(hours: float, first: int) -> tuple[int, int, float]:
    """False alarms and false early warnings in so many hours of everyday motion."""
    alarms = warnings = 0
    films = max(round(hours * 60), 1)
    for number in range(films):
        seed = first + number
        height = float(np.random.default_rng(seed).uniform(100, 420))
        scene = everyday(seed, 60.0, height, RATES[number % 2])
        told = events((frame.stamp, frame.people) for frame in skeletons(scene, seed))
        alarms += sum(fall.phase is FallPhase.FALLEN for _, fall in told)
        warnings += sum(fall.phase is FallPhase.FALLING for _, fall in told)
    return alarms, warnings, films / 60
