"""Labels of each person, from the messages of gesture_node."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
import time
from typing import Any, NamedTuple

from pose_ros.core.body.angle_plan import angle_plan
from pose_ros.core.body.posture import Posture as PostureKind
from pose_ros.core.configuration import MAX_PEOPLE
from pose_ros.core.motion.events import person_label
from pose_ros.core.motion.rules import Hand
from pose_ros.core.topology import BLAZEPOSE33
from pose_ros.message_types import ExerciseState, FallEvent, GestureEvent, JointAngles, Posture
from pose_ros.ros.images import stamp_of

_HANDS = {int(hand): hand.name.lower() for hand in Hand if hand}
_POSTURES = {int(posture): posture.name.lower() for posture in PostureKind if posture}
_FALLING, _FALLEN = 'falling', 'fallen'

# BlazePose's format has all angles.
ANGLES = angle_plan(BLAZEPOSE33).names

# Time after which a label without updates ends [s]: the message of its end may be lost.
PATIENCE = 1.0  # gestures, postures, exercises and angles come with every image
FALLING_PATIENCE = 5.0  # published once
FALLEN_PATIENCE = 60.0  # published once; counts only while the person is out of sight

MAX_NEWS = 20 * MAX_PEOPLE  # entries kept, whoever publishes; the oldest goes first


@dataclass(frozen=True)
class Annotations:
    """Labels to draw beside the skeletons.

    Attributes
    ----------
    words
        Lines beside the id, by id; of hands without a person by their negative id.
    fallen
        Ids of people who have fallen.
    angles
        Joint angles [rad] to draw at the joints, by id and name.
    """

    words: dict[int, str] = field(default_factory=dict)
    fallen: frozenset[int] = frozenset()
    angles: dict[int, dict[str, float]] = field(default_factory=dict)


class _Key(NamedTuple):
    """Person and kind of a label; only gestures have a name, since there can be several."""

    person: int
    kind: str
    name: str = ''


@dataclass
class _News:
    """A value, its stamp [s], its lifetime [s] and its monotonic time of receipt [s]."""

    value: Any
    stamp: float
    patience: float
    received: float

    def age(self, stamp: float, stands: bool) -> float:
        """Age at a stamp [s]; by the time of receipt if stamps are zero or do not advance."""
        return time.monotonic() - self.received if stands else stamp - self.stamp


class Labels:
    """The latest labels of each person.

    Attributes
    ----------
    angles
        Names of the joint angles to show.
    """

    def __init__(self) -> None:
        self.angles: Collection[str] = ()
        self._news: dict[_Key, _News] = {}
        self._stamp = 0.0

    def clear(self) -> None:
        """Forget everything."""
        self._news.clear()

    def on_gesture(self, event: GestureEvent) -> None:
        """Show a gesture until it has ended."""
        words = event.gesture.replace('_', ' ')
        hand = _HANDS.get(event.hand, '')
        if hand not in words.split():
            words = f'{words} {hand}'.strip()
        ended = event.phase == GestureEvent.ENDED
        subject = event.skeleton_id or -event.hand_id
        self._take(_Key(subject, 'gesture', words), event, '' if ended else words)

    def on_posture(self, message: Posture) -> None:
        """Show a posture, unless it is unknown."""
        key = _Key(message.skeleton_id, 'posture')
        self._take(key, message, _POSTURES.get(message.posture, ''))

    def on_fall(self, event: FallEvent) -> None:
        """Show a fall until the person is up again."""
        key = _Key(event.skeleton_id, 'fall')
        if event.phase == FallEvent.FALLING:
            self._take(key, event, _FALLING, FALLING_PATIENCE)
        else:
            fallen = event.phase == FallEvent.FALLEN
            self._take(key, event, _FALLEN if fallen else '', FALLEN_PATIENCE)

    def on_exercise(self, state: ExerciseState) -> None:
        """Show the count, or the time of a hold, and the certain faults."""
        if state.retracted:
            self._take(_Key(state.skeleton_id, 'exercise'), state, '')
            return
        faults = [fault.name.replace('_', ' ') for fault in state.faults if fault.certain]
        done = f'{state.hold_time:.0f} s' if state.hold_time else f'{state.repetitions}'
        count = f'{state.exercise.replace("_", " ")} {done}'
        self._take(_Key(state.skeleton_id, 'exercise'), state, ', '.join([count, *faults]))

    def on_angles(self, message: JointAngles) -> None:
        """Show the chosen angles; unknown ones are NaN."""
        angles = dict(zip(message.names, message.angles))
        wanted = {name: angle for name, angle in angles.items() if name in self.angles}
        self._take(_Key(message.skeleton_id, 'angles'), message, wanted)

    def _take(self, key: _Key, message: Any, value: Any, patience: float = PATIENCE) -> None:
        """Keep a value; an empty one removes the previous one."""
        if value:
            if key not in self._news and len(self._news) >= MAX_NEWS:
                del self._news[next(iter(self._news))]
            self._news[key] = _News(value, stamp_of(message.header), patience, time.monotonic())
        else:
            self._news.pop(key, None)

    def at(self, stamp: float, present: Collection[int] = ()) -> Annotations:
        """Labels for the skeletons of a stamp [s]; `present` are the ids of the people in it."""
        stands, self._stamp = stamp in (0.0, self._stamp), stamp
        for key, news in self._news.items():
            if key.person in present and news.value == _FALLEN:
                news.stamp, news.received = max(stamp, news.stamp), time.monotonic()
        # A stamp behind means that the clock was set back, as when a bag starts again.
        self._news = {
            key: news
            for key, news in self._news.items()
            if -PATIENCE <= news.age(stamp, stands) <= news.patience
        }
        people = {key.person for key in self._news}
        return Annotations(
            words={person: words for person in people if (words := self._words(person))},
            fallen=frozenset(k.person for k, news in self._news.items() if news.value == _FALLEN),
            angles={k.person: news.value for k, news in self._news.items() if k.kind == 'angles'},
        )

    def _words(self, person: int) -> str:
        def of(kind: str) -> str:
            found = [
                n.value for k, n in self._news.items() if (k.person, k.kind) == (person, kind)
            ]
            return ', '.join(found)

        return person_label(of('fall'), of('posture'), of('gesture'), of('exercise'))


# Topics with annotations, and the method of Labels that takes their messages.
ANNOTATIONS = {
    'gestures': Labels.on_gesture,
    'postures': Labels.on_posture,
    'falls': Labels.on_fall,
    'exercise': Labels.on_exercise,
    'joint_angles': Labels.on_angles,
}
