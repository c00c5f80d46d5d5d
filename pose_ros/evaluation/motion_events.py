"""Accuracy of motion events on videos and motion capture: exercises, gestures and falls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from statistics import median
from typing import Any

from pose_ros.actor.skeletons import Errors
from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.media import MediaError, open_media
from pose_ros.core.motion.events import MotionEvent
from pose_ros.core.motion.observer import MotionConfig
from pose_ros.core.motion.observers import make_observers
from pose_ros.core.motion.watcher import MotionWatcher
from pose_ros.core.types import FrameError, Person
from pose_ros.evaluation.mocap import VirtualCamera, read_take
from pose_ros.evaluation.motion_truth import Truth
from pose_ros.worker_pool import WorkerPool

MAX_FALL_DELAY = 6.0
"""Maximum time from the start of a fall to its FALLEN [s]: falls take up to 3 s, and FALLEN is due
2 s after the landing."""
# FALLEN may come this long before the fall's start in the table [s].
_EARLY = 1.0


@dataclass(frozen=True)
class MotionResult:
    """What was reported for a video.

    Attributes
    ----------
    truth
        Of the video.
    seconds
        Length of the video [s].
    present
        Share of the frames with a person, 0 to 1.
    events
        All but postures.
    spans
        When each id was seen first and last [s].
    error
        Why the video could not be read to its end; empty if it could.
    """

    truth: Truth
    seconds: float = 0.0
    present: float = 0.0
    events: tuple[MotionEvent, ...] = ()
    spans: Mapping[int, tuple[float, float]] = field(default_factory=dict)
    error: str = ''

    @property
    def sets(self) -> list[Counter[str]]:
        """Counted repetitions by exercise, of each person who has any.

        Repetitions that were taken back do not count. An id that was first seen after the last
        time of another one is taken for the same person.
        """
        people: list[tuple[float, Counter[str]]] = []
        for skeleton_id, (first, last) in sorted(self.spans.items(), key=lambda item: item[1]):
            found = self._counted(skeleton_id)
            for index, (end, before) in enumerate(people):
                if end < first and found:
                    people[index] = last, before + found
                    break
            else:
                people.append((last, found))
        return [found for _, found in people if found]

    def _counted(self, skeleton_id: int) -> Counter[str]:
        """Repetitions of an id by exercise, without those that were taken back."""
        found: Counter[str] = Counter()
        for event in self.events:
            if event.kind == 'exercise' and event.skeleton_id == skeleton_id:
                back = event.phase == 'retracted'
                found[event.name] += -event.details['repetitions'] if back else 1
        return +found

    @property
    def repetitions(self) -> Counter[str]:
        """Counted repetitions by exercise, of all people."""
        return sum(self.sets, Counter[str]())

    @property
    def gestures(self) -> Counter[str]:
        """Gestures that began, by name."""
        started = (e for e in self.events if e.kind == 'gesture' and e.phase == 'started')
        return Counter(event.name for event in started)

    @property
    def falls(self) -> list[float]:
        """Times of FALLEN [s]."""
        return [e.time for e in self.events if e.kind == 'fall' and e.phase == 'fallen']

    @property
    def warnings(self) -> int:
        """How often FALLING was reported."""
        return sum(e.kind == 'fall' and e.phase == 'falling' for e in self.events)


# One for each process and run, for all its videos.
_estimator = lru_cache(maxsize=1)(PoseEstimator)


def watch_video(
    folder: Path, config: EstimatorConfig, truth: Truth, motion: MotionConfig
) -> MotionResult:
    """Watch one video of a folder, with settings of the estimator and of the observers."""
    estimator = _estimator(config)
    estimator.reset()
    frames = open_media(folder / truth.file).frames()
    people = ((frame.time, estimator.estimate(frame)) for frame in frames)
    return _watch(people, truth, motion)


def watch_capture(
    folder: Path, camera: VirtualCamera, truth: Truth, motion: MotionConfig
) -> MotionResult:
    """Watch a recorded motion of a folder from a virtual camera."""
    take = read_take(folder / truth.file, truth.take)
    return _watch(take.seen(camera, Errors()), truth, motion)


def _watch(
    frames: Iterable[tuple[float, list[Person]]], truth: Truth, motion: MotionConfig
) -> MotionResult:
    """Watch frames: stamps [s] and people."""
    watcher = MotionWatcher(make_observers(motion))
    events: list[MotionEvent] = []
    spans: dict[int, tuple[float, float]] = {}
    count = present = 0
    seconds, error = 0.0, ''
    try:
        for seconds, people in frames:
            events += watcher.observe(people, seconds).events
            count += 1
            present += bool(people)
            for person in (each for each in people if each.observed.any()):
                first, _ = spans.get(person.id, (seconds, seconds))
                spans[person.id] = first, seconds
    except (MediaError, FrameError) as fault:
        error = str(fault)
    events += watcher.finish()
    kept = tuple(event for event in events if event.kind != 'posture')
    return MotionResult(truth, seconds, present / max(count, 1), kept, spans, error)


def in_processes(
    jobs: Sequence[Callable[[], MotionResult]], workers: int
) -> Iterator[MotionResult]:
    """Results of jobs that run in several processes, in their order."""
    with WorkerPool(workers) as pool:
        for future in [pool.submit(job) for job in jobs]:
            yield future.result()


def figures(clips: Sequence[MotionResult]) -> dict[str, Any]:
    """Figures over the judged clips; None where there is nothing to judge.

    `sets_exact`, `reps_found` and `wrong_names` are about clips with an exercise, `gestures_found`
    about those with a gesture, `falls_found` about falls. False events are those in clips without
    such an event, per minute.
    """
    clips = [clip for clip in clips if clip.truth.judged]
    sets = [clip for clip in clips if clip.truth.exercise]
    signs = [clip for clip in clips if clip.truth.gesture]
    other = [clip for clip in clips if not clip.truth.exercise]
    silent = [clip for clip in clips if not clip.truth.gesture]
    safe = [clip for clip in clips if not clip.truth.falls]
    right = [
        max((min(one[c.truth.exercise], c.truth.count) for one in c.sets), default=0) for c in sets
    ]
    counted = sum(sum(clip.repetitions.values()) for clip in sets)
    delays = [delay for clip in clips for delay in fall_delays(clip)]
    found = [delay for delay in delays if delay is not None]
    return {
        'clips': len(clips),
        'minutes': sum(clip.seconds for clip in clips) / 60,
        'sets': len(sets),
        'sets_exact': ratio(sum(is_exact(clip) for clip in sets), len(sets)),
        'reps_found': ratio(sum(right), sum(clip.truth.count for clip in sets)),
        'wrong_names': ratio(
            counted - sum(clip.repetitions[clip.truth.exercise] for clip in sets), counted
        ),
        'false_reps': per_minute(other, lambda clip: sum(clip.repetitions.values())),
        'gestures_found': ratio(sum(c.gestures[c.truth.gesture] > 0 for c in signs), len(signs)),
        'false_gestures': per_minute(silent, lambda clip: sum(clip.gestures.values())),
        'falls': len(delays),
        'falls_found': ratio(len(found), len(delays)),
        'fall_delay': median(found) if found else None,
        'specificity': ratio(sum(not clip.falls for clip in safe), len(safe)),
        'warnings': per_minute(safe, lambda clip: clip.warnings),
    }


def is_exact(clip: MotionResult) -> bool:
    """Whether the exercise of a clip was counted exactly, and no other was counted.

    If several people have repetitions, this holds for each of them.
    """
    expected = Counter({clip.truth.exercise: clip.truth.count})
    return bool(clip.sets) and all(one == expected for one in clip.sets)


def fall_delays(clip: MotionResult) -> list[float | None]:
    """Time from the start of each fall to its FALLEN [s]; None for a fall that was missed."""
    reported = list(clip.falls)
    delays: list[float | None] = []
    for start in clip.truth.falls:
        fitting = [time for time in reported if start - _EARLY <= time <= start + MAX_FALL_DELAY]
        delays.append(fitting[0] - start if fitting else None)
        for time in fitting[:1]:
            reported.remove(time)
    return delays


def ratio(part: float, whole: float) -> float | None:
    """Share of a whole; None without one."""
    return part / whole if whole else None


def per_minute(
    clips: Iterable[MotionResult], count: Callable[[MotionResult], int]
) -> float | None:
    """Sum of a count over clips, per minute; None without clips."""
    clips = list(clips)
    return ratio(60 * sum(map(count, clips)), sum(clip.seconds for clip in clips))


def clip_row(clip: MotionResult) -> dict[str, Any]:
    """One line about a clip: what happens in it, and what was reported."""
    truth = clip.truth
    falls = ', '.join(f'fall {time:g} s' for time in truth.falls)
    expected = f'{truth.exercise or truth.gesture} {truth.count}'.strip() if truth.count else falls
    reported = [
        *(f'{name} {count}' for name, count in clip.repetitions.items()),
        *(f'{name} {count}' for name, count in clip.gestures.items()),
        *(f'fallen {time:.1f} s' for time in clip.falls),
    ]
    return {
        'file': f'{truth.file}#{truth.take}' if truth.take else truth.file,
        'expected': expected or ('nothing' if truth.judged else 'not judged'),
        'reported': clip.error or ', '.join(reported) or '-',
        'seconds': clip.seconds,
        'present': clip.present,
    }
