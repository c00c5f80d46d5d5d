"""Identities of people in rendered scenes, scored by motmetrics.

A person counts in a frame while at least 30 % of the joints are visible. People who are more
covered are not counted as missed, and a person found on them is not counted as false. Of the
people that the estimator reports, those count who have an id and at least one keypoint observed in
the frame: predicted people do not claim to be seen, and people without an id cannot have a wrong
one.
So the frames until a person has an id are misses; `found` counts them as found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
import warnings

import numpy as np
from scipy.optimize import linear_sum_assignment

from pose_ros.actor import ActorFrame, ActorTruth, Scene, frames
from pose_ros.core.topology import COCO17
from pose_ros.core.tracking.similarity import keypoint_similarity
from pose_ros.core.types import Frame, Person
from pose_ros.extras import library

MIN_VISIBLE = 0.3
"""Share of the joints from which on a person counts."""
MIN_SIMILARITY = 0.5
"""OKS from which on a person found may be the true person."""
# Root of the area of a standing person over their height, as COCO measures it.
_SCALE_OF_HEIGHT = 0.39


class Estimator(Protocol):
    """Finds the people in frame after frame."""

    def estimate(self, frame: Frame) -> list[Person]:
        """People in the next frame."""

    def reset(self) -> None:
        """Forget the frames before."""


@dataclass
class Run:
    """What happened in one scene.

    Attributes
    ----------
    events
        motmetrics' accumulator.
    frames
        Number of frames.
    counted, found
        True people in all frames, and those of them found, with or without an id.
    errors
        Mean distance of the visible joints of each person found from the truth [heights].
    errors_px
        The same in pixels.
    """

    events: Any
    frames: int = 0
    counted: int = 0
    found: int = 0
    errors: list[float] = field(default_factory=list)
    errors_px: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class TrackingScore:
    """Figures over a number of scenes.

    Attributes
    ----------
    scenes, frames, people
        How many; people are true people who can be seen, summed over the frames.
    switches
        Times that a true person's id changed.
    fragmentations
        Times that a true person was lost and found again.
    idf1, mota
        Of motmetrics, at most 1.
    misses, false_positives
        People not found with an id, and people found who are not there.
    found
        Share of the true people found, with an id or without.
    error_px, error
        Mean error of the visible joints of the people found: pixels, and share of the height.
    """

    scenes: int
    frames: int
    people: int
    switches: int
    fragmentations: int
    idf1: float
    mota: float
    misses: int
    false_positives: int
    found: float
    error_px: float
    error: float


def follow(
    estimator: Estimator, scene: Scene, seed: int, advance: Callable[[], object] = lambda: None
) -> Run:
    """Show a scene to an estimator from its beginning, and keep what it made of it.

    Parameters
    ----------
    estimator
        Is reset first.
    scene, seed
        What is rendered, see `pose_ros.actor.frames`.
    advance
        Called after each frame.

    Raises
    ------
    MissingLibraryError
        Without motmetrics.
    """
    run = Run(library('motmetrics').MOTAccumulator())
    partners: dict[int, int] = {}
    estimator.reset()
    for frame in frames(scene, seed):
        people = estimator.estimate(Frame(frame.image, frame.stamp))
        _note(run, frame, [person.converted(COCO17) for person in people], partners)
        advance()
    return run


def score(runs: Sequence[Run]) -> TrackingScore:
    """Figures over all runs, as motmetrics sums them up."""
    motmetrics = library('motmetrics')
    metrics = [
        'num_switches',
        'num_fragmentations',
        'idf1',
        'mota',
        'num_misses',
        'num_false_positives',
    ]
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # of pandas, about motmetrics
        table = motmetrics.metrics.create().compute_many(
            [run.events for run in runs],
            names=list(range(len(runs))),
            metrics=metrics,
            generate_overall=True,
        )
    overall = table.loc['OVERALL']
    counted = sum(run.counted for run in runs)
    return TrackingScore(
        scenes=len(runs),
        frames=sum(run.frames for run in runs),
        people=counted,
        switches=int(overall['num_switches']),
        fragmentations=int(overall['num_fragmentations']),
        idf1=float(overall['idf1']),
        mota=float(overall['mota']),
        misses=int(overall['num_misses']),
        false_positives=int(overall['num_false_positives']),
        found=sum(run.found for run in runs) / counted if counted else float('nan'),
        error_px=_mean([error for run in runs for error in run.errors_px]),
        error=_mean([error for run in runs for error in run.errors]),
    )


def _note(run: Run, frame: ActorFrame, people: list[Person], partners: dict[int, int]) -> None:
    """Add what was found in a frame; partners are the ids last matched with the true people."""
    people = [person for person in people if person.observed.any()]
    table = np.array([[_similarity(true, one) for one in people] for true in frame.people])
    table = table.reshape(len(frame.people), len(people))
    visible = np.array([true.visible.mean() >= MIN_VISIBLE for true in frame.people])
    counted, ignored = np.flatnonzero(visible), np.flatnonzero(~visible)

    pairs = _matched(table[counted])
    run.frames += 1
    run.counted += len(counted)
    run.found += len(pairs)
    for row, column in pairs:
        _note_error(run, frame.people[counted[row]], people[column])

    named = [column for column, person in enumerate(people) if person.id]
    ids = [people[column].id for column in named]
    kept = _kept(table[:, named], ids, counted, ignored, partners)
    columns = np.array([named[column] for column in kept], dtype=int)
    distances = 1 - table[np.ix_(counted, columns)]
    distances[distances > 1 - MIN_SIMILARITY] = np.nan
    run.events.update(
        counted.tolist(), [ids[column] for column in kept], distances, frameid=run.frames
    )


def _kept(
    table: np.ndarray,
    ids: list[int],
    counted: np.ndarray,
    ignored: np.ndarray,
    partners: dict[int, int],
) -> list[int]:
    """Columns of the people found without those who are explained by a person hidden.

    As in motmetrics, who was matched before stays matched; partners are brought up to date.
    """
    free = table[counted].copy()
    matched = []
    for row, true in enumerate(counted.tolist()):
        column = ids.index(partners[true]) if partners.get(true) in ids else -1
        if column >= 0 and free[row, column] >= MIN_SIMILARITY:
            matched.append((row, column))
            free[row] = free[:, column] = 0.0
    matched += _matched(free)
    partners.update((int(counted[row]), ids[column]) for row, column in matched)
    taken = {column for _, column in matched}
    explained = (table[ignored] >= MIN_SIMILARITY).any(axis=0)
    return [column for column in range(len(ids)) if column in taken or not explained[column]]


def _matched(table: np.ndarray) -> list[tuple[int, int]]:
    """Pairs of rows and columns with the greatest similarity in all, each over the least."""
    allowed = np.where(table >= MIN_SIMILARITY, table, 0.0)
    rows, columns = linear_sum_assignment(-allowed)
    return [(int(r), int(c)) for r, c in zip(rows, columns) if allowed[r, c] > 0]


def _similarity(true: ActorTruth, person: Person) -> float:
    """OKS over the joints that can be seen; over all of a person who cannot."""
    counted = true.visible if true.visible.mean() >= MIN_VISIBLE else None
    scale = _SCALE_OF_HEIGHT * true.height
    return keypoint_similarity(true.keypoints, person.keypoints, scale, counted)


def _note_error(run: Run, true: ActorTruth, person: Person) -> None:
    distances = np.linalg.norm(person.keypoints - true.keypoints, axis=1)[true.visible]
    run.errors_px.append(float(distances.mean()))
    run.errors.append(float(distances.mean() / true.height))


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else float('nan')
