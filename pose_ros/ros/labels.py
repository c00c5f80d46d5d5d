"""Words about each person, from the gestures that go on."""

from __future__ import annotations

from pose_ros.msg import GestureEvent
from pose_ros.ros.images import stamp_of

_HANDS = {
    GestureEvent.LEFT: 'left',
    GestureEvent.RIGHT: 'right',
    GestureEvent.BOTH: 'both',
}


class GestureLabels:
    """The gestures that go on, by person.

    Parameters
    ----------
    patience
        Time without news after which a gesture counts as ended [s]: its end may be lost.
    """

    def __init__(self, patience: float = 1.0) -> None:
        self._patience = patience
        self._active: dict[tuple[int, str], float] = {}

    def update(self, event: GestureEvent) -> None:
        """Take note of an event."""
        words = event.gesture.replace('_', ' ')
        hand = _HANDS.get(event.hand, '')
        if hand not in words.split():
            words = f'{words} {hand}'.strip()
        if event.phase == GestureEvent.ENDED:
            self._active.pop((event.skeleton_id, words), None)
        else:
            self._active[event.skeleton_id, words] = stamp_of(event.header)

    def at(self, stamp: float) -> dict[int, str]:
        """Words by person at a time [s]."""
        # A stamp far behind means that the clock was set back, as when a bag starts again.
        self._active = {
            key: seen for key, seen in self._active.items() if abs(stamp - seen) <= self._patience
        }
        labels: dict[int, str] = {}
        for person, words in self._active:
            labels[person] = f'{labels[person]}, {words}' if person in labels else words
        return labels
