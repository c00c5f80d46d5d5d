"""Where examples come from: videos, recorded bags, and skeletons that are published now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
import time
from typing import Any

from pose_ros.bags import is_bag, messages
from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.media import open_media
from pose_ros.core.timeline import Step
from pose_ros.core.types import Person
from pose_ros.learning.examples import Example
from pose_ros.message_values import people_of

Observation = tuple[float, Sequence[Person]]
"""Time [s], and who is seen."""

# An example is refused where the person is out of sight for longer [s].
_MAX_UNSEEN = 0.5


def observations(
    source: str | Path, model: str = '', topic: str = 'skeletons'
) -> Iterator[Observation]:
    """People in a video, found by a pose model, or in a bag's SkeletonArray messages.

    Parameters
    ----------
    source
        The file or URL of the video, or the file or folder of the bag.
    model
        For a video; empty is the default.
    topic
        Of a bag.
    """
    if is_bag(Path(source)):
        for _, stamp, message in messages(Path(source), [topic]):
            yield stamp, people_of(message)
        return
    media = open_media(source)
    if not media.sequence:
        raise ValueError(f'{media.name}: an image shows no motion')
    estimator = PoseEstimator(EstimatorConfig(model=model) if model else EstimatorConfig())
    for frame in media.frames():
        yield frame.time, estimator.estimate(frame)


def examples(
    seen: Iterable[Observation],
    source: str,
    cuts: Sequence[tuple[float, float]] = (),
    every: float = 0.0,
    person: str = '',
) -> list[Example]:
    """Examples of the person who is seen most in each part.

    Parameters
    ----------
    seen
        All that was seen.
    source
        Its name.
    cuts
        Begin and end [s from the first observation] of each example; empty: all of it is one.
    every
        Cut each part into examples of this length [s]; 0 leaves it whole.
    person
        Name of the person; empty if unknown.

    Raises
    ------
    ValueError
        If no person is there, or not for long enough.
    """
    seen = list(seen)
    if not seen:
        raise ValueError(f'{source}: nothing to see')
    first, end = seen[0][0], seen[-1][0] - seen[0][0]
    parts = list(cuts) or [(0.0, end + 1.0)]
    if every > 0:
        parts = [
            (begin + every * number, begin + every * (number + 1))
            for begin, stop in parts
            for number in range(max(round((min(stop, end) - begin) / every), 1))
        ]
    made = []
    for begin, stop in parts:
        inside = [(stamp, people) for stamp, people in seen if begin <= stamp - first <= stop]
        made.append(_example(inside, f'{source} from {begin:g} s', person))
    return made


def _example(seen: Sequence[Observation], source: str, person: str) -> Example:
    counts = Counter(one.id for _, people in seen for one in people)
    if not counts:
        raise ValueError(f'{source}: no person is seen')
    # Until a tracker is sure of a person, the id is 0.
    known = Counter({number: count for number, count in counts.items() if number}) or counts
    chosen = known.most_common(1)[0][0]
    rows: dict[float, Person] = {}
    for stamp, people in seen:
        same = [one for one in people if one.id == chosen]
        new = [one for one in people if not one.id] if not rows else []
        if same or len(new) == len(people) == 1:
            rows[stamp] = (same or new)[0]
    stamps = [seen[0][0], *sorted(rows), seen[-1][0]]
    longest = max(after - before for before, after in pairwise(stamps))
    if longest > _MAX_UNSEEN:
        raise ValueError(
            f'{source}: the person is out of sight for {longest:.1f} s of it; '
            'choose the rest with --cut'
        )
    return Example.of([rows[stamp] for stamp in sorted(rows)], sorted(rows), source, person)


class LiveSkeletons:
    """SkeletonArray messages of a topic, as they come; needs ROS 2.

    Parameters
    ----------
    topic
        Its name.
    """

    def __init__(self, topic: str = 'skeletons') -> None:
        try:
            import rclpy  # noqa: PLC0415

            from pose_ros.msg import SkeletonArray  # noqa: PLC0415
            from pose_ros.ros.frame_times import FrameTimes  # noqa: PLC0415
            from pose_ros.ros.qos import SKELETONS  # noqa: PLC0415
            from pose_ros.ros.start import init_ros  # noqa: PLC0415
        except ImportError as error:
            raise ValueError(
                f'recording from a topic needs ROS 2 with pose_ros built ({error}): source it '
                'first (source install/setup.bash), or record from a video or a bag'
            ) from None
        self._topic = topic
        self._rclpy = rclpy
        self._context = rclpy.Context()
        init_ros(context=self._context)
        self._node = rclpy.create_node('motion_recorder', context=self._context)
        self._executor = rclpy.executors.SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        self._seen: list[Observation] = []

        times = FrameTimes(self._node)

        def keep(message: Any) -> None:
            when = times.read(message.header)
            if when.step is not Step.LATE:
                self._seen.append((when.time, people_of(message)))

        self._node.create_subscription(SkeletonArray, topic, keep, SKELETONS)

    def __enter__(self) -> LiveSkeletons:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave ROS."""
        self._executor.shutdown()
        self._node.destroy_node()
        self._rclpy.shutdown(context=self._context)

    def wait(self, timeout: float = 10.0) -> None:
        """Wait for the first message; ValueError if none comes in time [s]."""
        self._spin(timeout, lambda: bool(self._seen))
        if not self._seen:
            raise ValueError(
                f'no skeletons on the topic {self._topic} for {timeout:g} s: is pose_node '
                'running, with the same ROS_DOMAIN_ID?'
            )

    def listen(self, seconds: float) -> list[Observation]:
        """What comes within a time [s] from now."""
        self._spin(0.05)
        self._seen.clear()
        self._spin(seconds)
        return list(self._seen)

    def _spin(self, seconds: float, until: Callable[[], bool] = lambda: False) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not until():
            self._executor.spin_once(timeout_sec=left)
