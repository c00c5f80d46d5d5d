"""People found where there are none, and true people found, in clips made from still images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from camera_clips import ClipFrame, camera_clip
import numpy as np

from pose_ros.core.motion.watcher import MotionWatcher
from pose_ros.core.tracking.similarity import overlap
from pose_ros.core.types import Box, Person
from pose_ros.evaluation.tracking import Estimator

EVENT_KINDS = ('fall', 'gesture', 'exercise')
"""Events that need a person: whatever of them an empty clip has is false."""
# A person found is an annotated one if their boxes overlap more than this (IoU).
_SAME_PERSON = 0.3


@dataclass
class FalsePeople:
    """What was found in clips without people.

    Attributes
    ----------
    frames
        Number of frames.
    with_person
        Frames with anybody, confirmed or not.
    with_id
        Frames with at least one confirmed id and one keypoint observed.
    images
        Names of the images with a confirmed id, and in how many frames.
    events
        Number of events of each kind of `EVENT_KINDS`.
    """

    frames: int = 0
    with_person: int = 0
    with_id: int = 0
    images: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)

    @property
    def ids_per_thousand(self) -> float:
        """Frames with a confirmed id of 1,000."""
        return 1000 * self.with_id / max(self.frames, 1)

    @property
    def people_per_thousand(self) -> float:
        """Frames with anybody, confirmed or not, of 1,000."""
        return 1000 * self.with_person / max(self.frames, 1)


@dataclass
class TruePeople:
    """What was found in clips with annotated people.

    Attributes
    ----------
    clips, people
        Number of clips, and of annotated people.
    clips_found
        Clips in which at least one annotated person had an id.
    people_found
        Annotated people who had an id in at least one frame.
    first_frames
        Of each clip of `clips_found`, the frames until the first id, counted from 1.
    """

    clips: int = 0
    people: int = 0
    clips_found: int = 0
    people_found: int = 0
    first_frames: list[int] = field(default_factory=list)


def count_false_people(
    estimator: Estimator,
    images: Iterable[tuple[str, np.ndarray]],
    seconds: float,
    rate: float = 30.0,
    watcher: MotionWatcher | None = None,
) -> FalsePeople:
    """Count the people found in clips of images without people.

    Parameters
    ----------
    estimator
        Starts anew for each clip.
    images
        Names and BGR images.
    seconds
        Length of each clip [s].
    rate
        Frames per second.
    watcher
        Counts events too; takes all clips as one video.
    """
    result = FalsePeople()
    for seed, (name, image) in enumerate(images):
        estimator.reset()
        for clip_frame in camera_clip(image, seconds, rate, seed):
            people = estimator.estimate(clip_frame.frame)
            result.with_person += bool(people)
            has_id = bool(_confirmed(people))
            result.with_id += has_id
            result.images[name] += has_id
            if watcher is not None:
                events = watcher.observe(people, result.frames / rate).events
                result.events.update(e.kind for e in events if e.kind in EVENT_KINDS)
            result.frames += 1
    result.images += Counter()  # without those that have none
    return result


def count_true_people(
    estimator: Estimator,
    images: Iterable[tuple[np.ndarray, np.ndarray]],
    seconds: float,
    rate: float = 30.0,
) -> TruePeople:
    """Count the people found in clips of annotated images.

    Parameters
    ----------
    estimator
        Starts anew for each clip.
    images
        BGR images and the boxes [N, 4] (x, y, width, height) [px] of the people in them.
    seconds, rate
        Length of each clip [s] and frames per second.
    """
    result = TruePeople()
    for seed, (image, boxes) in enumerate(images):
        estimator.reset()
        found: set[int] = set()
        first = 0
        for number, clip_frame in enumerate(camera_clip(image, seconds, rate, seed), 1):
            people = _confirmed(estimator.estimate(clip_frame.frame))
            found.update(_matches(people, list(_moved(boxes, clip_frame))))
            if found and not first:
                first = number
        result.clips += 1
        result.people += len(boxes)
        result.clips_found += bool(found)
        result.people_found += len(found)
        result.first_frames += [first] if first else []
    return result


def _confirmed(people: Iterable[Person]) -> list[Person]:
    return [person for person in people if person.id and person.observed.any()]


def _moved(boxes: np.ndarray, clip_frame: ClipFrame) -> Iterator[Box]:
    """Boxes of a still image in a frame of its clip."""
    matrix, frame = clip_frame.from_image, clip_frame.frame
    for x, y, width, height in boxes:
        corners = np.array([[x, y], [x + width, y + height]]) @ matrix[:, :2].T + matrix[:, 2]
        yield Box.around(np.clip(corners, 0, [frame.width, frame.height]))


def _matches(people: Iterable[Person], boxes: list[Box]) -> Iterator[int]:
    """Index of the annotated box that each person overlaps most, where that is enough."""
    for person in people:
        overlaps = [overlap(person.box, box) for box in boxes]
        if max(overlaps, default=0.0) > _SAME_PERSON:
            yield int(np.argmax(overlaps))
