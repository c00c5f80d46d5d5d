"""What the demo counts and measures; free of ROS."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from pose_ros.core.motion.events import MotionEvent
from pose_ros.core.topology import COCO17
from pose_ros.core.types import Person

# Images whose truth or skeletons are kept until the other one arrives: two seconds [-].
MAX_WAITING = 64


@dataclass
class PersonRecord:
    """When an id was seen.

    Attributes
    ----------
    first, last
        Stamps of the first and the last image [s].
    time
        Sum of the times between consecutive images with the person [s].
    errors
        Mean distance from the true keypoints, one for each image [px].
    """

    first: float
    last: float
    time: float = 0.0
    errors: list[float] = field(default_factory=list)


class DemoStatistics:
    """Everything that has arrived so far.

    Parameters
    ----------
    heights
        Standing height of each actor, by id [px]; empty for real people.
    """

    def __init__(self, heights: Mapping[int, float]) -> None:
        self.frames_in = 0
        self.frames_processed = 0
        self.people = 0
        self.people_max = 0
        self.records: dict[int, PersonRecord] = {}
        self.events: list[MotionEvent] = []
        self.first_stamp: float | None = None
        self.last_image = self.last_processed = self.last_overlay = -1.0  # stamps [s]
        self._heights = heights
        self._arrivals: list[float] = []  # monotonic [s]
        self._latencies: list[float] = []  # [s]
        self._inference: list[float] = []  # [s]
        self._distances: list[np.ndarray] = []  # over the height [-]
        self._pixels: list[np.ndarray] = []
        self._visible = 0
        self._waiting: dict[float, dict[str, Sequence[Person]]] = {}

    def add_image(self, stamp: float) -> None:
        """Count an image of the source."""
        self.frames_in += 1
        self.last_image = stamp
        self._note(stamp)

    def add_skeletons(
        self, stamp: float, arrival: float, latency: float, inference: float, people: list[Person]
    ) -> None:
        """Add the people found in one image.

        Parameters
        ----------
        stamp
            Of the image [s].
        arrival
            Monotonic time [s].
        latency, inference
            Age of the image on arrival, and time in the model [s].
        people
            As pose_node publishes them.
        """
        self._note(stamp)
        self.frames_processed += 1
        self._arrivals.append(arrival)
        self._latencies.append(latency)
        self._inference.append(inference)
        seen = [person for person in people if person.observed.any()]
        self.people = len(seen)
        self.people_max = max(self.people_max, len(seen))
        for person in seen:
            if person.id:
                record = self.records.setdefault(person.id, PersonRecord(stamp, stamp))
                if record.last == self.last_processed:
                    record.time += stamp - record.last
                record.last = stamp
        self.last_processed = stamp
        if self._heights:
            self._match(stamp, 'found', seen)

    def add_truth(self, stamp: float, people: list[Person]) -> None:
        """Add the true keypoints of one image; a score of 0 marks those that it does not show."""
        self._match(stamp, 'true', people)

    def add_event(self, event: MotionEvent) -> None:
        """Add an event."""
        self._note(event.time)
        self.events.append(event)

    def events_by_time(self) -> list[MotionEvent]:
        """Events in the order of their stamps; they come on several topics."""
        return sorted(self.events, key=attrgetter('time'))

    def since_start(self, stamp: float) -> float:
        """Time since the first image [s]."""
        return stamp - (self.first_stamp if self.first_stamp is not None else stamp)

    def _note(self, stamp: float) -> None:
        if self.first_stamp is None:
            self.first_stamp = stamp

    def _match(self, stamp: float, kind: str, people: Sequence[Person]) -> None:
        """Compare truth and skeletons of an image as soon as both are there."""
        waiting = self._waiting.setdefault(stamp, {})
        waiting[kind] = people
        if len(waiting) == 2:
            self._compare(waiting['true'], waiting['found'])
            del self._waiting[stamp]
        elif len(self._waiting) > MAX_WAITING:
            del self._waiting[next(iter(self._waiting))]

    def _compare(self, true_people: Sequence[Person], found_people: Sequence[Person]) -> None:
        true_people = [person for person in true_people if person.scores.any()]
        shown = [person.scores > 0 for person in true_people]
        self._visible += sum(int(mask.sum()) for mask in shown)
        found = [person.converted(COCO17).keypoints for person in found_people]
        distances = [
            [np.linalg.norm(person.keypoints - keypoints, axis=1)[mask] for keypoints in found]
            for person, mask in zip(true_people, shown)
        ]
        costs = np.array([[one.mean() for one in row] for row in distances])
        if not costs.size:
            return
        for i, j in zip(*linear_sum_assignment(costs)):
            self._pixels.append(distances[i][j])
            self._distances.append(distances[i][j] / self._heights[true_people[i].id])
            if found_people[j].id:
                self.records[found_people[j].id].errors.append(float(costs[i, j]))

    def summary(self) -> dict[str, Any]:
        """Content of summary.json; times since the first image [s]."""
        steps = np.diff(self._arrivals)
        summary = {
            'frames_in': self.frames_in,
            'frames_processed': self.frames_processed,
            'frames_per_second': round(1 / float(steps.mean()), 2) if steps.any() else 0.0,
            'latency_ms': {
                'median': _milliseconds(self._latencies, 50),
                'p99': _milliseconds(self._latencies, 99),
            },
            'inference_ms': {'median': _milliseconds(self._inference, 50)},
            'people_max': self.people_max,
            **event_counts(self.events),
            'people': [
                {
                    'id': number,
                    'first_seen': round(self.since_start(record.first), 3),
                    'last_seen': round(self.since_start(record.last), 3),
                    'seen_for': round(record.time, 3),
                    'keypoint_error_px': _mean(record.errors, 2),
                    **event_counts([e for e in self.events if e.skeleton_id == number]),
                }
                for number, record in list(self.records.items())  # others come meanwhile
            ],
        }
        if self._pixels:
            pixels = np.concatenate(self._pixels)
            summary['keypoint_error'] = {
                'px': _mean(pixels, 2),
                'fraction_of_height': _mean(np.concatenate(self._distances), 4),
                'missed_share': round(1 - len(pixels) / self._visible, 4),
            }
        return summary


def event_counts(events: Sequence[MotionEvent]) -> dict[str, dict[str, int]]:
    """Gestures and postures that began, phases of falls, repetitions, faults in their form."""
    exercises = [event for event in events if event.kind == 'exercise']
    started = [event for event in events if event.phase == 'started']
    judged = [fault for event in exercises for fault in event.details.get('faults', ())]
    faults = [fault['name'] for fault in judged if fault['certain']]
    return {
        'gestures': dict(Counter(e.title for e in started if e.kind == 'gesture')),
        'postures': dict(Counter(e.name for e in started if e.kind == 'posture')),
        'falls': dict(Counter(e.phase for e in events if e.kind == 'fall')),
        'repetitions': _repetitions(exercises),
        'form_faults': dict(Counter(faults)),
    }


def _repetitions(events: Sequence[MotionEvent]) -> dict[str, int]:
    """Repetitions by exercise, without those that were taken back."""
    done: Counter[str] = Counter()
    last: dict[tuple[int, str], int] = {}
    for event in events:
        count = event.details['repetitions']
        if event.phase == 'retracted':
            done[event.name] -= count
            last.pop((event.skeleton_id, event.name), None)
            continue
        before = last.get((event.skeleton_id, event.name), 0)
        done[event.name] += count - before if count > before else count
        last[event.skeleton_id, event.name] = count
    return dict(+done)


def _mean(values: Sequence[float] | np.ndarray, digits: int) -> float | None:
    return round(float(np.mean(values)), digits) if len(values) else None


def _milliseconds(seconds: Sequence[float], percentile: float) -> float | None:
    return round(float(np.percentile(seconds, percentile)) * 1000, 2) if seconds else None
