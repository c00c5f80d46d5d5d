"""What is kept of each person from picture to picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

State = TypeVar('State')


@dataclass
class _Kept(Generic[State]):
    """State of one person, and when the person was last seen."""

    state: State
    stamp: float


class PerPerson(Generic[State]):
    """Keeps a state for each person, by id, as long as the person is about.

    In each picture call `leave` first, then `take` for each person.

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

    def leave(self, stamp: float) -> list[tuple[int, State]]:
        """Forget those who have been away for longer than the grace, or whose time is ahead.

        Returns
        -------
        list of tuple
            Their ids and states.
        """
        gone = [i for i, k in self._kept.items() if not 0 <= stamp - k.stamp <= self.grace]
        return [(i, self._kept.pop(i).state) for i in gone]

    def take(self, person_id: int, stamp: float) -> State | None:
        """State of a person who is seen at a time [s]; None if this time is known already."""
        kept = self._kept.get(person_id)
        if kept is None:
            kept = self._kept[person_id] = _Kept(self._make(), stamp)
        elif kept.stamp == stamp:
            return None
        kept.stamp = stamp
        return kept.state

    def forget(self, person_id: int) -> State | None:
        """Forget one person; the state, or None for somebody unknown."""
        kept = self._kept.pop(person_id, None)
        return None if kept is None else kept.state
