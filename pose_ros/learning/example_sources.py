"""Where examples come from: videos, recorded bags, and skeletons that are published now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
import math
from pathlib import Path
import time
from typing import Any

from pose_ros.bags import is_bag, messages
from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.media import open_media
from pose_ros.core.timeline import Step
from pose_ros.core.types import Person, TrackedHand
from pose_ros.learning.examples import Example
from pose_ros.message_values import hands_of, people_of, seconds

Observation = tuple[float, Sequence[Person], Sequence[TrackedHand] | None]
"""Time [s], who is seen, and their hands; None if hands were not looked for."""

# An example is refused where the person is out of sight for longer [s].
_MAX_UNSEEN = 0.5
# Time between two looks at what has come [s].
_PERIOD = 0.1
# Topic of hands.
_HANDS = 'hands'


def observations(
    source: str | Path, config: EstimatorConfig | None = None, topic: str = 'skeletons'
) -> Iterator[Observation]:
    """People in a video, found by a pose model, or those in the messages of a bag.

    Parameters
    ----------
    source
        The file or URL of the video, or the file or folder of the bag.
    config
        For a video, and whether hands are wanted, also of a bag.
    topic
        Of a bag, with the skeletons.
    """
    config = config or EstimatorConfig()
    with_hands = config.hands != 'none'
    if is_bag(Path(source)):
        yield from _recorded(Path(source), topic, with_hands)
        return
    media = open_media(source)
    if not media.sequence:
        raise ValueError(f'{media.name}: an image shows no motion')
    estimator = PoseEstimator(config)
    for frame in media.frames():
        people = estimator.estimate(frame)
        yield frame.time, people, estimator.find_hands() if with_hands else None


def _recorded(bag: Path, topic: str, with_hands: bool) -> Iterator[Observation]:
    """People, and hands of the same stamps, which a bag has after them."""
    people, hands = {}, {}
    for name, stamp, message in messages(bag, [topic, _HANDS] if with_hands else [topic]):
        if name == _HANDS:
            hands[stamp] = hands_of(message)
        else:
            people[stamp] = people_of(message)
    if with_hands and not hands:
        raise ValueError(f'{bag}: has no hands: record the topic {_HANDS}, too')
    for stamp, seen in people.items():
        yield stamp, seen, hands.get(stamp, []) if with_hands else None


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
        inside = [one for one in seen if begin <= one[0] - first <= stop]
        made.append(_example(inside, f'{source} from {begin:g} s', person))
    return made


def _example(seen: Sequence[Observation], source: str, person: str) -> Example:
    counts = Counter(one.id for _, people, _ in seen for one in people)
    if not counts:
        raise ValueError(f'{source}: no person is seen')
    # Until a tracker is sure of a person, the id is 0.
    known = Counter({number: count for number, count in counts.items() if number}) or counts
    chosen = known.most_common(1)[0][0]
    rows: dict[float, Person] = {}
    found: dict[float, Sequence[TrackedHand]] = {}
    for stamp, people, hands in seen:
        same = [one for one in people if one.id == chosen]
        new = [one for one in people if not one.id] if not rows else []
        if same or len(new) == len(people) == 1:
            rows[stamp] = (same or new)[0]
            found[stamp] = [h for h in hands or () if h.skeleton_id == rows[stamp].id]
    stamps = [seen[0][0], *sorted(rows), seen[-1][0]]
    longest = max(after - before for before, after in pairwise(stamps))
    if longest > _MAX_UNSEEN:
        raise ValueError(
            f'{source}: the person is out of sight for {longest:.1f} s of it; '
            'choose the rest with --cut'
        )
    stamps = sorted(rows)
    own = None if any(hands is None for *_, hands in seen) else [found[s] for s in stamps]
    return Example.of([rows[s] for s in stamps], stamps, source, person, own)


class LiveSkeletons:
    """SkeletonArray messages of a topic, as they come; needs ROS 2.

    Parameters
    ----------
    topic
        Its name.
    with_hands
        Whether to listen to the topic ``hands``, too.
    """

    def __init__(self, topic: str = 'skeletons', with_hands: bool = False) -> None:
        try:
            import rclpy  # noqa: PLC0415

            from pose_ros.msg import HandArray, SkeletonArray  # noqa: PLC0415
            from pose_ros.ros.frame_times import FrameTimes  # noqa: PLC0415
            from pose_ros.ros.qos import SKELETONS  # noqa: PLC0415
            from pose_ros.ros.start import init_ros  # noqa: PLC0415
        except ImportError as error:
            raise ValueError(
                f'recording from a topic needs ROS 2 with pose_ros built ({error}): source it '
                'first (source install/setup.bash), or record from a video or a bag'
            ) from None
        self.topic = topic
        self._rclpy = rclpy
        self._context = rclpy.Context()
        init_ros(context=self._context)
        self._node = rclpy.create_node('motion_recorder', context=self._context)
        self._executor = rclpy.executors.SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        self._seen: list[tuple[float, Sequence[Person], float]] = []
        self._hands: dict[float, Sequence[TrackedHand]] = {}
        self._with_hands = with_hands

        times = FrameTimes(self._node)

        def keep(message: Any) -> None:
            when = times.read(message.header)
            if when.step is not Step.LATE:
                stamp = seconds(message.header.stamp)
                self._seen.append((when.time, people_of(message), stamp))

        def keep_hands(message: Any) -> None:
            self._hands[seconds(message.header.stamp)] = hands_of(message)

        self._node.create_subscription(SkeletonArray, topic, keep, SKELETONS)
        if with_hands:
            self._node.create_subscription(HandArray, _HANDS, keep_hands, SKELETONS)

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
                f'no skeletons on the topic {self.topic} for {timeout:g} s: is pose_node '
                'running, with the same ROS_DOMAIN_ID?'
            )

    def listen(self, duration: float) -> list[Observation]:
        """What comes within a time [s] from now; ValueError if there are no hands at all."""
        self._spin(0.05)
        self._seen.clear()
        self._hands.clear()
        self._spin(duration)
        if self._with_hands and not self._hands:
            raise ValueError('no hands on the topic hands: start pose_node with hands:=tracked')
        return [
            (time, people, self._hands.get(stamp, []) if self._with_hands else None)
            for time, people, stamp in self._seen
        ]

    def stream(self, duration: float = math.inf) -> Iterator[Observation]:
        """What comes from now on, one image behind: hands follow their people."""
        end = time.monotonic() + duration
        while time.monotonic() < end:
            self._spin(_PERIOD)
            for when, people, stamp in self._seen[:-1]:
                yield when, people, self._hands.pop(stamp, []) if self._with_hands else None
            del self._seen[:-1]
            for *_, stamp in self._seen:
                # Some hands come without people, such as those of late images.
                self._hands = {s: hands for s, hands in self._hands.items() if s >= stamp}

    def _spin(self, duration: float, until: Callable[[], bool] = lambda: False) -> None:
        end = time.monotonic() + duration
        while (left := end - time.monotonic()) > 0 and not until():
            self._executor.spin_once(timeout_sec=left)
