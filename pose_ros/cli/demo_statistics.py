"""What the demo counts and measures; free of ROS, fed with plain values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

# Truths and skeletons that wait for each other; two seconds of images.
WAITING = 64


@dataclass(frozen=True)
class GestureMoment:
    """A gesture of one person begins or ends.

    Attributes
    ----------
    stamp
        Of the image that it rests on [s].
    phase
        'started' or 'ended'.
    hand
        'none', 'left', 'right' or 'both'; the person's own.
    duration
        [s] since it began.
    direction
        Unit vector (x right, y down, z) of a pointing gesture, else zero.
    """

    stamp: float
    person: int
    gesture: str
    phase: str
    hand: str
    score: float = 1.0
    duration: float = 0.0
    direction: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @property
    def title(self) -> str:
        """The gesture with its hand, as people would say it; a name may hold its hand."""
        name = self.gesture.replace('_', ' ')
        return name if self.hand == 'none' or self.hand in name else f'{name} ({self.hand})'


@dataclass(frozen=True, eq=False)
class TruePerson:
    """One person of a picture whose joints are known.

    Attributes
    ----------
    keypoints
        [17, 2] in COCO-17's order [px].
    visible
        bool [17]: whether the picture shows it.
    height
        Of the person when standing [px].
    """

    keypoints: np.ndarray
    visible: np.ndarray
    height: float


class KeypointError:
    """Distance between found and true keypoints, over all that the pictures show.

    Keypoints with a low score count like the others; the people who were not found are missed,
    never left out.
    """

    def __init__(self) -> None:
        self._distances: list[np.ndarray] = []
        self._fractions: list[np.ndarray] = []
        self._visible = 0

    def add(self, truths: Sequence[TruePerson], found: Sequence[np.ndarray]) -> None:
        """Compare one picture's true people with those found ([17, 2] each) [px]."""
        self._visible += sum(int(truth.visible.sum()) for truth in truths)
        distances = {
            (i, j): np.linalg.norm(truth.keypoints - keypoints, axis=1)[truth.visible]
            for i, truth in enumerate(truths)
            for j, keypoints in enumerate(found)
            if truth.visible.any()
        }
        # The nearest pair first; each person is taken once.
        while distances:
            best = min(distances, key=lambda pair: float(distances[pair].mean()))
            self._distances.append(distances[best])
            self._fractions.append(distances[best] / truths[best[0]].height)
            distances = {
                pair: values
                for pair, values in distances.items()
                if pair[0] != best[0] and pair[1] != best[1]
            }

    def summary(self) -> dict[str, float | int | None]:
        """Means [px] and [1/height], and the share of the visible keypoints that they cover."""
        compared = sum(map(len, self._distances))
        if not compared:
            return {'px': None, 'fraction_of_height': None, 'keypoints': 0, 'missed_share': None}
        fractions = np.concatenate(self._fractions)
        return {
            'px': round(float(np.concatenate(self._distances).mean()), 2),
            'fraction_of_height': round(float(fractions.mean()), 4),
            'within_5_percent_of_height': round(float((fractions <= 0.05).mean()), 4),
            'keypoints': compared,
            'missed_share': round(1 - compared / self._visible, 4),
        }


class Statistics:
    """Everything that has arrived so far."""

    def __init__(self) -> None:
        self.frames_in = 0
        self.markers = 0
        self.marker_messages = 0
        self.overlays = 0
        self.people = 0
        self.people_max = 0
        self.gestures: list[GestureMoment] = []
        self.keypoint_error: KeypointError | None = None
        self.received: list[float] = []  # [s], monotonic
        self.latencies: list[float] = []  # [s]
        self.inference: list[float] = []  # [s]
        self.first_stamp = 0.0  # of the first image that anything came of [s]
        self.last_image = self.last_processed = self.last_overlay = -1.0  # stamps [s]
        self._truths: dict[float, Sequence[TruePerson]] = {}
        self._found: dict[float, Sequence[np.ndarray]] = {}

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
        people: Sequence[np.ndarray],
    ) -> None:
        """Take the skeletons of one image: keypoints [17, 2] of each person [px]."""
        self._note(stamp)
        self.received.append(received)
        self.latencies.append(latency)
        self.inference.append(inference)
        self.people = len(people)
        self.people_max = max(self.people_max, self.people)
        self.last_processed = stamp
        self._compare(stamp, self._truths, self._found, people)

    def add_gesture(self, moment: GestureMoment) -> None:
        """Take the beginning or end of a gesture."""
        self._note(moment.stamp)
        self.gestures.append(moment)

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
            self.keypoint_error.add(self._truths.pop(stamp), self._found.pop(stamp))
        while len(own) > WAITING:
            own.pop(next(iter(own)))

    def counts(self) -> dict[str, int]:
        """How often each gesture has begun."""
        return dict(Counter(m.title for m in self.gestures if m.phase == 'started'))

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
        started = [moment for moment in self.gestures if moment.phase == 'started']
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
            'gestures': dict(Counter(moment.gesture for moment in started)),
            'gestures_by_hand': self.counts(),
            'markers_published': self.markers,
            'marker_messages': self.marker_messages,
            'overlay_images': self.overlays,
        }
        if self.keypoint_error is not None:
            summary['keypoint_error'] = self.keypoint_error.summary()
        return summary


def milliseconds(seconds: Sequence[float], percentile: float) -> float | None:
    """Percentile of times [s] in [ms]; None of none."""
    return round(float(np.percentile(seconds, percentile)) * 1000, 2) if seconds else None
