"""What people are doing, as words beside them, from the events so far."""

from __future__ import annotations

from pose_ros.core.motion.events import MotionEvent, describe_event, person_label

# Time that the count of an exercise is shown after a repetition [s].
_COUNT_SHOWN = 5.0


class CurrentWords:
    """Postures, gestures, falls and counts that hold after the events so far."""

    def __init__(self) -> None:
        self._going: dict[tuple[int, str, str], str] = {}
        self._counts: dict[int, tuple[float, str]] = {}
        self._falls: dict[int, str] = {}

    def take(self, event: MotionEvent) -> None:
        """Take the next event."""
        person = event.subject
        if event.kind == 'fall':
            self._falls.pop(person, None)
            if event.phase in ('falling', 'fallen'):
                self._falls[person] = event.phase
        elif event.kind == 'exercise':
            self._counts.pop(person, None)
            if event.phase == 'repetition':
                self._counts[person] = event.time, describe_event(event)
        elif event.phase == 'started':
            self._going[person, event.kind, event.title] = event.title
        else:
            self._going.pop((person, event.kind, event.title), None)

    @property
    def fallen(self) -> frozenset[int]:
        """Ids of people who have fallen."""
        return frozenset(person for person, phase in self._falls.items() if phase == 'fallen')

    def at(self, time: float) -> dict[int, str]:
        """Label of each person at a time [s]; of a hand without a person by its negative id."""
        counts = {p: words for p, (since, words) in self._counts.items()
                  if time - since <= _COUNT_SHOWN}  # fmt: skip
        people = {person for person, *_ in self._going} | counts.keys() | self._falls.keys()
        return {person: self._label(person, counts.get(person, '')) for person in people}

    def _label(self, person: int, count: str) -> str:
        def of(kind: str) -> str:
            return ', '.join(
                words for (one, a_kind, _), words in self._going.items()
                if (one, a_kind) == (person, kind)
            )  # fmt: skip

        return person_label(self._falls.get(person, ''), of('posture'), of('gesture'), count)
