"""The one place that loops over people and hands their bodies to the observers of motion."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
import math
from typing import Any

from pose_ros.core.body.lone_hand import LoneHandMemory
from pose_ros.core.body.state import Body, BodyState
from pose_ros.core.motion.events import EventStream, MotionEvent
from pose_ros.core.motion.observer import MotionConfig, Observer
from pose_ros.core.motion.observers import make_observers
from pose_ros.core.names import unknown_name
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.timeline import Step, Timeline
from pose_ros.core.types import Person, TrackedHand


@dataclass
class Motion:
    """What people do in one frame.

    Attributes
    ----------
    values
        What each observer reports, by its name.
    events
        What begins, ends or is complete.
    faults
        Errors of observers whose model failed in this frame; the others went on.
    observers
        Names of all observers.
    """

    values: dict[str, list[Any]] = field(default_factory=dict)
    events: list[MotionEvent] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    observers: Collection[str] = ()

    def __getitem__(self, name: str) -> list[Any]:
        """What an observer reports; nothing of an observer that is not wanted.

        KeyError if there is no such observer.
        """
        if self.observers and name not in self.observers:
            raise KeyError(unknown_name('observer', name, self.observers))
        return self.values.get(name, [])


class MotionWatcher:
    """Watches the motion of people: gestures, postures, falls, exercises, joint angles.

    Parameters
    ----------
    observers
        What to watch for; None for all with their default settings. `make_observers` makes them
        from settings.

    Examples
    --------
    >>> watcher = MotionWatcher()
    >>> for frame in frames:
    ...     for event in watcher.observe(estimator.estimate(frame), frame.stamp).events:
    ...         print(event.time, event.skeleton_id, event.title, event.phase)
    """

    def __init__(self, observers: Iterable[Observer] | None = None) -> None:
        if isinstance(observers, MotionConfig):
            raise TypeError('write MotionWatcher(make_observers(config))')
        observers = make_observers() if observers is None else observers
        self.observers = {observer.name: observer for observer in observers}
        for name, observer in self.observers.items():
            if not observer.grace > 0:
                raise ValueError(f'{name}: grace must be positive, got {observer.grace}')
        self._people: dict[str, set[int]] = {name: set() for name in self.observers}
        self._wanted = set(self.observers)
        self._bodies: dict[int, Body] = {}
        self._hands: dict[int, LoneHandMemory] = {}
        self._last_seen: dict[int, float] = {}
        self._timeline = Timeline()
        self._stream = EventStream()

    def want(self, names: Collection[str]) -> Motion:
        """Run these observers and no others; returns what ends with the others.

        An observer that is wanted again starts anew.
        """
        unknown = set(names) - self.observers.keys()
        if unknown:
            raise ValueError(unknown_name('observer', min(unknown), self.observers))
        stamp = self._timeline.last or 0.0
        ended = {name: self._lose(name, stamp) for name in sorted(self._wanted.difference(names))}
        self._wanted = set(names)
        return Motion(ended, self._stream.take(ended, stamp), observers=self.observers)

    def observe(
        self, people: Sequence[Person], stamp: float, hands: Iterable[TrackedHand] = ()
    ) -> Motion:
        """Take the people of the next frame, also when there are none.

        Parameters
        ----------
        people
            From the estimator. People without an id (0) are left out.
        stamp
            Of the frame [s]. A late or repeated frame changes nothing; after a jump back all
            people are lost (see `Timeline`).
        hands
            Of the same frame, for gestures of fingers; also hands without a person.
        """
        if not math.isfinite(stamp):
            raise ValueError(f'stamp must be a finite time [s], got {stamp}')
        before = self._timeline.last
        step = self._timeline.advance(stamp)
        if step in (Step.LATE, Step.REPEATED):
            return Motion(observers=self.observers)
        motion = Motion(
            {name: [] for name in self.observers if name in self._wanted}, observers=self.observers
        )
        if step is Step.JUMP and before is not None:
            self._lose_all(motion, before)
        present = {person.id: person for person in people if person.id}
        hands = list(hands)
        states: list[BodyState] = [
            self._bodies.setdefault(skeleton_id, Body()).update(
                person, stamp, [hand for hand in hands if hand.skeleton_id == skeleton_id]
            )
            for skeleton_id, person in present.items()
        ]
        states += [
            self._hands.setdefault(-hand.id, LoneHandMemory()).update(hand, stamp)
            for hand in hands
            if hand.id and not hand.skeleton_id
        ]
        watched = {name: self._watched(name, states) for name in motion.values}
        reported = {name: self._leave(name, bodies, stamp) for name, bodies in watched.items()}
        for name, bodies in watched.items():
            for body in sorted(bodies, key=lambda one: one.id not in self._people[name]):
                self.observers[name].prepare(body)
        for name, values in reported.items():
            values.extend(self._watch(name, watched[name], motion))
        self._last_seen.update({state.id: stamp for state in states})
        motion.events += self._stream.take(reported, stamp)
        for name, values in reported.items():
            motion.values[name] += values
        self._forget_bodies()
        return motion

    def _watched(self, name: str, states: Iterable[BodyState]) -> list[BodyState]:
        """Bodies that one observer looks at."""
        lone_hands = self.observers[name].of_lone_hands
        return [state for state in states if state.id > 0 or lone_hands]

    def _leave(self, name: str, bodies: Sequence[BodyState], stamp: float) -> list[Any]:
        """What one observer reports on the people who are not among the bodies of a frame."""
        observer, known = self.observers[name], self._people[name]
        values: list[Any] = []
        present = {body.id for body in bodies}
        for skeleton_id in sorted(known):
            if stamp - self._last_seen[skeleton_id] > observer.grace:
                known.discard(skeleton_id)
                values += observer.lose(skeleton_id, stamp)
            elif skeleton_id not in present:
                values += observer.miss(skeleton_id, stamp)
        return values

    def _watch(self, name: str, bodies: Sequence[BodyState], motion: Motion) -> list[Any]:
        """What one observer reports on the bodies of a frame."""
        values: list[Any] = []
        for body in bodies:
            self._people[name].add(body.id)
            try:
                values += self.observers[name].observe(body)
            except ModelError as error:
                motion.faults.append(str(error))
        return values

    def finish(self) -> list[MotionEvent]:
        """End everything that goes on, after the last frame of a recording."""
        motion = Motion({name: [] for name in self._wanted})
        self._lose_all(motion, self._timeline.last or 0.0)
        self._timeline.reset()
        return motion.events

    def _lose_all(self, motion: Motion, stamp: float) -> None:
        """Lose all people at a time [s]."""
        for name, values in motion.values.items():
            values.extend(self._lose(name, stamp))
        motion.events += [*self._stream.take(motion.values, stamp), *self._stream.finish(stamp)]
        self._forget_bodies()

    def _lose(self, name: str, stamp: float) -> list[Any]:
        """What one observer reports when it loses all people at a time [s]."""
        people, observer = sorted(self._people[name]), self.observers[name]
        self._people[name].clear()
        return [value for skeleton_id in people for value in observer.lose(skeleton_id, stamp)]

    def _forget_bodies(self) -> None:
        """Forget people and hands that no observer knows."""
        known = set().union(*self._people.values())
        for memories in (self._bodies, self._hands, self._last_seen):
            for unknown in memories.keys() - known:
                del memories[unknown]


def single_observer(observer: Observer) -> Callable[[Sequence[Person], float], list[Any]]:
    """Run one observer: a function of the people of a frame and its stamp [s]."""
    watcher = MotionWatcher([observer])
    return lambda people, stamp: watcher.observe(people, stamp)[observer.name]
