"""What the demo counts and measures; free of ROS, fed with plain values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

import numpy as np

from pose_ros.cli.demo_people import FoundPerson, KeypointError, PersonRecord, TruePerson
from pose_ros.core.motion.events import MotionEvent

# Truths and skeletons that wait for each other; two seconds of images.
WAITING = 64


class Statistics:
    """Everything that has arrived so far."""

    def __init__(self) -> None:
        self.frames_in = 0
        self.markers = 0
        self.marker_messages = 0
        self.overlays = 0
        self.people = 0
        self.people_max = 0
        self.records: dict[int, PersonRecord] = {}
        self.events: list[MotionEvent] = []
        self.keypoint_error: KeypointError | None = None
        self.received: list[float] = []  # [s], monotonic
        self.latencies: list[float] = []  # [s]
        self.inference: list[float] = []  # [s]
        self.first_stamp = 0.0  # of the first image that anything came of [s]
        self.last_image = self.last_processed = self.last_overlay = -1.0  # stamps [s]
        self._truths: dict[float, Sequence[TruePerson]] = {}
        self._found: dict[float, Sequence[FoundPerson]] = {}

    @property
    def frames_processed(self) -> int:
        """Skeleton messages received."""
        return len(self.received)

    def add_image(self, stamp: float) -> None:
        """Count an image that the source has published."""
        self._note(stamp)
        self.frames_in += 1
        self.last_image = stamp

    def add_overlay(self, stamp: float) -> None:
        """Count an image of marker_node."""
        self.overlays += 1
        self.last_overlay = stamp

    def add_skeletons(
        self,
        stamp: float,
        received: float,
        latency: float,
        inference: float,
        people: Sequence[FoundPerson],
    ) -> None:
        """Take the people of one image."""
        self._note(stamp)
        self.received.append(received)
        self.latencies.append(latency)
        self.inference.append(inference)
        seen = [person for person in people if person.seen]
        self.people = len(seen)
        self.people_max = max(self.people_max, self.people)
        before = self.last_processed if len(self.received) > 1 else None
        self.last_processed = stamp
        for person in seen:
            if person.id:
                record = self.records.setdefault(person.id, PersonRecord(person.id, stamp))
                record.add(stamp, before, person.score)
        self._compare(stamp, self._truths, self._found, seen)

    def add_event(self, event: MotionEvent) -> None:
        """Take what begins, ends or is complete."""
        self._note(event.time)
        self.events.append(event)

    def events_by_time(self) -> list[MotionEvent]:
        """Events in the order of their times; those of several topics do not come so."""
        return sorted(self.events, key=attrgetter('time'))

    def _note(self, stamp: float) -> None:
        self.first_stamp = self.first_stamp or stamp

    def add_truth(self, stamp: float, people: Sequence[TruePerson]) -> None:
        """Take the true joints of one image."""
        self.keypoint_error = self.keypoint_error or KeypointError()
        self._compare(stamp, self._found, self._truths, people)

    def _compare(self, stamp: float, others: dict, own: dict, people: Sequence) -> None:
        """Compare the truth and the skeletons of an image as soon as both are there."""
        own[stamp] = people
        if stamp in others and self.keypoint_error is not None:
            found = self._found.pop(stamp)
            places = [person.keypoints for person in found]
            compared = self.keypoint_error.add(self._truths.pop(stamp), places)
            for index, distances in compared.items():
                if found[index].id:
                    self.records[found[index].id].add_error(distances)
        while len(own) > WAITING:
            own.pop(next(iter(own)))

    def present(self) -> list[int]:
        """Ids of those whom the last image shows."""
        return sorted(r.number for r in self.records.values() if r.last == self.last_processed)

    def rate(self) -> float:
        """Skeleton messages a second [Hz], from the first to the last."""
        times = self.received
        if len(times) < 2 or times[-1] == times[0]:
            return 0.0
        return (len(times) - 1) / (times[-1] - times[0])

    def recent(self, now: float, window: float = 2.0) -> tuple[float, float | None]:
        """Skeleton messages a second [Hz] and median latency [ms] of the last seconds."""
        count = 0
        while count < len(self.received) and self.received[-1 - count] > now - window:
            count += 1
        latencies = self.latencies[len(self.latencies) - count :]
        return count / window, milliseconds(latencies, 50)

    def summary(self) -> dict[str, Any]:
        """Return what summary.json holds of it."""
        summary = {
            'frames_in': self.frames_in,
            'frames_processed': self.frames_processed,
            'frames_per_second': round(self.rate(), 2),
            'latency_ms': {
                'median': milliseconds(self.latencies, 50),
                'p99': milliseconds(self.latencies, 99),
            },
            'inference_ms': {'median': milliseconds(self.inference, 50)},
            'people_max': self.people_max,
            'distinct_ids': len(self.records),
            'people': [self._person_summary(record) for record in self.records.values()],
            'gestures': gesture_names(self.events),
            'gestures_by_hand': gesture_titles(self.events),
            **motion_counts(self.events),
            'markers_published': self.markers,
            'marker_messages': self.marker_messages,
            'overlay_images': self.overlays,
        }
        if self.keypoint_error is not None:
            summary['keypoint_error'] = self.keypoint_error.summary()
        return summary

    def _person_summary(self, record: PersonRecord) -> dict[str, Any]:
        """What summary.json holds of one person; times [s] since the first image."""
        events = [event for event in self.events if event.person == record.number]
        return {
            'id': record.number,
            'first_seen': round(record.first - self.first_stamp, 3),
            'last_seen': round(record.last - self.first_stamp, 3),
            'seen_for': round(record.time, 3),
            'images': record.images,
            'keypoint_score': round(record.score, 3),
            'keypoint_error_px': None if record.error is None else round(record.error, 2),
            'gestures': gesture_titles(events),
            **motion_counts(events),
        }


def gesture_names(events: Iterable[MotionEvent]) -> dict[str, int]:
    """How often each gesture has begun."""
    return dict(Counter(e.name for e in events if (e.kind, e.phase) == ('gesture', 'started')))


def gesture_titles(events: Iterable[MotionEvent]) -> dict[str, int]:
    """How often each gesture has begun with each hand."""
    return dict(Counter(e.title for e in events if (e.kind, e.phase) == ('gesture', 'started')))


def motion_counts(events: Sequence[MotionEvent]) -> dict[str, dict[str, int]]:
    """Falls by phase, how often each posture was taken, repetitions, and faults in their form."""
    exercises = [event for event in events if event.kind == 'exercise']
    faults = [f['name'] for e in exercises for f in e.details['faults'] if f['certain']]
    return {
        'falls': dict(Counter(e.phase for e in events if e.kind == 'fall')),
        'postures': dict(
            Counter(e.name for e in events if (e.kind, e.phase) == ('posture', 'started'))
        ),
        'repetitions': _repetitions(exercises),
        'form_faults': dict(Counter(faults)),
    }


def _repetitions(events: Sequence[MotionEvent]) -> dict[str, int]:
    """Repetitions of each exercise, also of those before it was clear which one it is."""
    done: Counter[str] = Counter()
    last: dict[tuple[int, str], int] = {}
    for event in events:
        count = event.details['repetitions']
        before = last.get((event.person, event.name), 0)
        done[event.name] += count - before if count > before else count
        last[event.person, event.name] = count
    return dict(done)


def going_on(events: Iterable[MotionEvent], stamp: float) -> list[tuple[int, str]]:
    """Gestures and falls at a time [s]: (person, title), the earlier first."""
    found: dict[tuple[int, str, str], tuple[int, str]] = {}
    for event in events:
        if event.time > stamp or event.kind not in ('gesture', 'fall'):
            continue
        key = (event.person, event.name, event.hand)
        if event.phase in ('ended', 'recovered', 'closed'):
            found.pop(key, None)
        else:
            found[key] = (event.person, event.title if event.kind == 'gesture' else event.phase)
    return list(found.values())


def milliseconds(seconds: Sequence[float], percentile: float) -> float | None:
    """Percentile of times [s] in [ms]; None of none."""
    return round(float(np.percentile(seconds, percentile)) * 1000, 2) if seconds else None
