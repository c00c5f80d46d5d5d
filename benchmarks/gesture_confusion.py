"""How well the actor's gestures are recognised: which for which, and when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from pose_ros.actor import SIT, STAND, Action, Actor, Scene, skeletons
from pose_ros.actor.motions.gesture_motions import PERFORMED, GestureStyle, perform
from pose_ros.core.motion.gestures import GestureRecogniser, Phase
from pose_ros.core.motion.rules import Hand, Rule
from pose_ros.core.motion.watcher import single_observer
from pose_ros.core.topology import Topology
from pose_ros.core.types import Person

HEIGHTS = (120, 240, 400)
"""Of the bodies in the images [px]."""
FACINGS = (-45.0, 0.0, 45.0)
"""How far people are turned from the camera [deg]."""
TOLERANCE = 0.5
"""Between an event and the truth [s]."""
NEED_33 = ('point_at_camera_left', 'point_at_camera_right', 'head_shake', 'nod')
"""Performed gestures that the rules do not know from 17 keypoints: without hands the first two
are stop; the head is seen too coarsely."""
_ONSET = 1.0  # of a gesture in its video [s]
_KEPT, _AFTER = 1.8, 0.8  # how long it is kept, and what the video goes on for [s]
_PARTS = {'raise': 'hand_raised'}  # of names that the rules call otherwise
_HANDLESS = ('bow', 'head_shake', 'nod')

Name = tuple[str, Hand]
"""A gesture and its hand."""
Sight = tuple[float, tuple[Person, ...]]
"""A time [s] and the people seen then."""


def expected(performed: str) -> Name:
    """Gesture and hand that the rules should report for one of `PERFORMED`."""
    base, _, side = performed.rpartition('_')
    if performed in _HANDLESS:
        return performed, Hand.NONE
    if side not in ('left', 'right', 'both'):
        return performed, Hand.BOTH
    return performed if base == 'point' else _PARTS.get(base, base), Hand[side.upper()]


@dataclass(frozen=True)
class Trial:
    """One gesture in one style, seen once.

    Attributes
    ----------
    performed
        Out of `PERFORMED`.
    seed
        Of the style and of the keypoints' errors.
    height
        Of the body [px].
    facing
        How far the person is turned from the camera [deg].
    seated
        Whether the person sits.
    """

    performed: str
    seed: int
    height: float = 240.0
    facing: float = 0.0
    seated: bool = False

    @classmethod
    def of_seeds(cls, seeds: Iterable[int], names: Iterable[str] = PERFORMED) -> list[Trial]:
        """Trials of all gestures; height, facing and sitting take turns from seed to seed."""
        return [
            cls(name, seed, HEIGHTS[seed % 3], FACINGS[seed // 3 % 3], seed % 4 == 3)
            for name in names
            for seed in seeds
        ]

    def scene(self, fps: float) -> tuple[Scene, float]:
        """Scene, and when the gesture can be known in it [s]."""
        rng = np.random.default_rng([self.seed, list(PERFORMED).index(self.performed)])
        done = perform(self.performed, GestureStyle.drawn(rng, self.facing))
        action = Action(done.motion, _ONSET, done.known + _KEPT + done.motion.back)
        actor = Actor(
            (action,),
            x=self.height,
            y=1.2 * self.height,
            height=self.height,
            rest=SIT if self.seated else STAND,
            facing=self.facing,
        )
        scene = Scene(
            width=round(2 * self.height),
            height=round(1.3 * self.height),
            fps=fps,
            duration=action.end + _AFTER,
            actors=(actor,),
        )
        return scene, _ONSET + done.known

    def sights(
        self, topology: Topology, world: bool, fps: float = 30.0
    ) -> tuple[Iterator[Sight], float]:
        """Skeletons as a model would see them, and when the gesture can be known."""
        scene, known = self.scene(fps)
        seen = skeletons(scene, self.seed, topology, world=world)
        return ((frame.stamp, frame.people) for frame in seen), known


@dataclass
class Confusion:
    """What was reported for what was performed.

    Attributes
    ----------
    reported
        For each performed gesture how often each was reported; of one that is reported again,
        each time.
    performed
        How often each was performed.
    delays
        From the truth to the report of the right one [s].
    """

    reported: dict[Name, Counter[Name]] = field(default_factory=dict)
    performed: Counter[Name] = field(default_factory=Counter)
    delays: dict[Name, list[float]] = field(default_factory=dict)

    def add(self, truth: Name, events: Iterable[tuple[Name, float]], known: float) -> None:
        """Take the events of one trial, with their times [s]."""
        self.performed[truth] += 1
        row = self.reported.setdefault(truth, Counter())
        for name, stamp in events:
            row[name] += 1
            if name == truth:
                self.delays.setdefault(truth, []).append(stamp - known)

    def recall(self, name: Name) -> float:
        """Share of the performed that were reported within the tolerance."""
        timely = sum(abs(delay) <= TOLERANCE for delay in self.delays.get(name, []))
        return timely / self.performed[name]

    def precision(self, name: Name) -> float:
        """Share of the reported that were performed."""
        every = sum(row[name] for row in self.reported.values())
        return self.reported[name][name] / every if every else 0.0


def begun(rules: Iterable[Rule], sights: Iterable[Sight]) -> list[tuple[Name, float]]:
    """Gestures that begin in what is seen, each with its time [s]."""
    observe = single_observer(GestureRecogniser(rules))
    return [
        ((gesture.name, gesture.hand), stamp)
        for stamp, people in sights
        for gesture in observe(people, stamp)
        if gesture.phase is Phase.STARTED
    ]
