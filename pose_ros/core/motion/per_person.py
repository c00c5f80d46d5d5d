"""What is kept of each person from picture to picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
import math
from typing import Generic, TypeVar

from pose_ros.core.timeline import Step, Timeline

State = TypeVar('State')


@dataclass
class _Kept(Generic[State]):
    """State of one person, and the frame that last showed them: its stamp [s] and number."""

    state: State
    stamp: float = -math.inf
    frame: int = -1


class PerPerson(Generic[State]):
    """Keeps a state for each person, by id, as long as the person is about.

    In each frame call `leave` first, then `take` for each person. The stamps follow the rule of
    `Timeline`: a late frame is left out, a jump back begins anew.

    Parameters
    ----------
    make
        Makes the state of somebody new.
    grace
        For how long a person may be away [s].
    """

    def __init__(self, make: Callable[[], State], grace: float = 0.5) -> None:
        if not grace > 0:
            raise ValueError(f'grace must be positive, got {grace}')
        self.grace = grace
        self._make = make
        self._kept: dict[int, _Kept[State]] = {}
        self._timeline = Timeline()
        self._late = False
        self._frame = 0

    def leave(self, stamp: float) -> list[tuple[int, State]]:
        """Begin a frame: forget those away for longer than the grace, or all after a jump back.

        Returns
        -------
        list of tuple
            Their ids and states.
        """
        step = self._timeline.advance(stamp)
        self._late = step is Step.LATE
        if self._late or step is Step.REPEATED:
            return []
        self._frame += 1
        jumped = step is Step.JUMP
        gone = [i for i, k in self._kept.items() if jumped or stamp - k.stamp > self.grace]
        return [(i, self._kept.pop(i).state) for i in gone]

    def take(self, person_id: int, stamp: float) -> State | None:
        """State of a person in the frame of a time [s].

        None where the frame tells nothing new: it is late, or known already.
        """
        if self._late:
            return None
        kept = self._kept.get(person_id)
        if kept is None:
            kept = self._kept[person_id] = _Kept(self._make())
        elif kept.frame == self._frame:
            return None
        kept.stamp, kept.frame = stamp, self._frame
        return kept.state

    def forget(self, person_id: int) -> State | None:
        """Forget one person; the state, or None for somebody unknown."""
        kept = self._kept.pop(person_id, None)
        return None if kept is None else kept.state
