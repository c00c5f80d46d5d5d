"""Angles and events of people over time, from any source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
import math

import numpy as np

from pose_ros.core.motion.events import MotionEvent

# Absence that interrupts a curve [s].
GAP = 0.5


@dataclass(frozen=True)
class Span:
    """A labelled interval, start and end [s]."""

    start: float
    end: float
    label: str
    hand: str = 'none'


@dataclass(frozen=True, eq=False)
class Curve:
    """One angle over time: times [N] [s], angles [N] and standard deviations [N] [rad].

    NaN where the angle is unknown, and once in every gap.
    """

    times: np.ndarray
    angles: np.ndarray
    deviations: np.ndarray

    @property
    def range(self) -> float:
        """Range of the angle between its 5th and 95th percentile [rad]; 0 if unknown."""
        known = self.angles[np.isfinite(self.angles)]
        return float(np.ptp(np.percentile(known, (5, 95)))) if known.size else 0.0


@dataclass
class PersonTimeline:
    """One person of one input, or one hand without a person (negative id)."""

    source: str
    person: int
    events: list[MotionEvent] = field(default_factory=list)
    samples: list[tuple[float, Mapping[str, tuple[float, float]]]] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """Names of the angles."""
        return list(dict.fromkeys(name for _, angles in self.samples for name in angles))

    @property
    def start(self) -> float:
        """Time of the first sample or event [s]."""
        times = [time for time, _ in self.samples] + [event.time for event in self.events]
        return min(times, default=0.0)

    @property
    def end(self) -> float:
        """Time of the last sample or event [s]."""
        times = [time for time, _ in self.samples] + [event.time for event in self.events]
        return max(times, default=0.0)

    def curve(self, name: str) -> Curve:
        """One angle over time."""
        nothing = (math.nan, math.nan)
        rows = [(time, *angles.get(name, nothing)) for time, angles in self.samples]
        values = np.array(sorted(rows)).reshape(-1, 3)
        gaps = np.flatnonzero(np.diff(values[:, 0]) > GAP) + 1
        values = np.insert(values, gaps, [[math.nan]], axis=0)
        return Curve(*values.T)

    def spans(self, kind: str) -> list[Span]:
        """Interval of each gesture or posture; one without an end lasts to the last event."""
        spans, going = [], {}
        for event in (e for e in self.events if e.kind == kind):
            key = (event.name, event.hand)
            if event.phase == 'started':
                going[key] = event.time - event.duration
            else:
                start = going.pop(key, event.time - event.duration)
                spans.append(Span(start, start + event.duration, event.name, event.hand))
        spans += [Span(start, self.end, *key) for key, start in going.items()]
        return sorted(spans, key=lambda span: span.start)

    def falls(self, end: float) -> list[Span]:
        """'falling' from the onset, 'fallen' from the landing to the recovery or to an end [s].

        A person who fell and left the image still counts as fallen.
        """
        spans: list[Span] = []
        label, since = '', 0.0
        for event in (e for e in self.events if e.kind == 'fall'):
            onset = event.details.get('onset', event.time - event.duration)
            over = event.phase in ('recovered', 'closed')
            if label == 'fallen' or (label and over):
                up = event.time if over else onset
                spans.append(Span(since, up, label))
            label, since = event.phase, onset
            if event.phase == 'fallen':
                since = event.details.get('landing') or event.time
                spans.append(Span(onset, since, 'falling'))
        if label in ('falling', 'fallen'):
            spans.append(Span(since, end if label == 'fallen' else self.end, label))
        return spans


class Recording:
    """Timelines of all people of all inputs."""

    def __init__(self) -> None:
        self._tracks: dict[tuple[str, int], PersonTimeline] = {}

    @property
    def tracks(self) -> list[PersonTimeline]:
        """In the order in which they came, each with its events in the order of time."""
        return list(self._tracks.values())

    def of(self, people: Sequence[int]) -> Recording:
        """Only these people; without any, all. ValueError for an id that there is not."""
        known = sorted({track.person for track in self.tracks})
        for person in people:
            if person not in known:
                there = ', '.join(map(str, known)) or 'none'
                raise ValueError(f'there is no person {person}, only: {there}')
        chosen = Recording()
        chosen._tracks = {
            key: track
            for key, track in self._tracks.items()
            if not people or track.person in people
        }
        return chosen

    def add_event(self, source: str, event: MotionEvent) -> None:
        """Take an event of an input."""
        self._track(source, event.subject).events.append(event)

    def add_angles(
        self, source: str, time: float, person: int, angles: Iterable[tuple[str, float, float]]
    ) -> None:
        """Take the angles of one person at one time [s]: name, angle and deviation [rad] each."""
        values = {name: (angle, deviation) for name, angle, deviation in angles}
        self._track(source, person).samples.append((time, values))

    def _track(self, source: str, person: int) -> PersonTimeline:
        return self._tracks.setdefault((source, person), PersonTimeline(source, person))
