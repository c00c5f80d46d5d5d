"""Examples in parts for cross-validation, and movements of none of the classes for each part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pose_ros.core.motion.learned_model import NONE
from pose_ros.core.motion.normalised import Window
from pose_ros.learning.clips import Clip, clip_of, mirrored
from pose_ros.learning.examples import NOT_MIRRORED, SAME, MotionClass
from pose_ros.learning.negatives import can_improvise, distinct, improvised, near_misses
from pose_ros.learning.windows import Dataset

# Near misses for each example, and improvised movements in all.
_MISSES, _IMPROVISED = 4, 200
# Maximum number of parts: more cost time and tell little more.
_PARTS, _PERSON_PARTS = 5, 10


@dataclass(frozen=True)
class Split:
    """How examples are divided.

    Attributes
    ----------
    parts
        Number of the part of each example, for each class.
    count
        Number of parts.
    method
        In words, for the report.
    """

    parts: list[np.ndarray]
    count: int
    method: str


def split(classes: Sequence[MotionClass], rng: np.random.Generator) -> Split:
    """Parts by person if every example names one, else with the same share of each class."""
    persons = [[example.person for example in motion.examples] for motion in classes]
    known = sorted({person for own in persons for person in own})
    if len(known) > 1 and '' not in known:
        count = min(len(known), _PERSON_PARTS)
        part = dict(zip(known, rng.permutation(len(known)) % count))
        method = f'leave one person out, {len(known)} persons'
        if count < len(known):
            method = f'{count} groups of {len(known)} persons, each left out once'
        return Split([np.array([part[p] for p in own], int) for own in persons], count, method)
    count = min([_PARTS, *(len(motion.examples) for motion in classes if motion.name != NONE)])
    parts = [rng.permutation(len(motion.examples)) % count for motion in classes]
    return Split(parts, count, f'{count}-fold, persons mixed')


def part_of(classes: Sequence[MotionClass], divided: Split, number: int) -> list[MotionClass]:
    """Classes with the examples of one part."""
    return [
        MotionClass(
            motion.name,
            motion.hand,
            motion.mirror,
            tuple(e for e, part in zip(motion.examples, parts) if part == number),
        )
        for motion, parts in zip(classes, divided.parts)
    ]


def datasets(
    parts: Sequence[Sequence[MotionClass]], window: Window, rng: np.random.Generator
) -> list[Dataset]:
    """Clips of each part; nothing in one is made from an example of another."""
    clips = [[[clip_of(e, window) for e in motion.examples] for motion in part] for part in parts]
    varied = [_with_mirrored(part, own) for part, own in zip(parts, clips)]
    known = [[clip for own in same for clip in own] for same in zip(*varied)]
    made: list[list[Clip]] = []
    for part, own in zip(parts, clips):
        originals = [clip for motion in _learned(part, own) for clip in motion]
        free = _IMPROVISED // len(parts) if can_improvise(window) else 0
        misses = near_misses(originals, _MISSES * len(originals), rng) if originals else []
        made.append(misses + improvised(free, window, originals, rng))
    kept = distinct([clip for others in made for clip in others], known)
    ends = np.cumsum([len(others) for others in made])
    recorded = [
        [clip for m, clips in zip(part, own) if m.name == NONE for clip in clips]
        for part, own in zip(parts, clips)
    ]
    return [
        Dataset(motions, others + [clip for clip, keep in zip(all_made, keeps) if keep])
        for motions, others, all_made, keeps in zip(
            varied, recorded, made, np.split(kept, ends[:-1])
        )
    ]


def _learned(classes: Sequence[MotionClass], clips: Sequence[list[Clip]]) -> list[list[Clip]]:
    """Clips of the motions, without those of none."""
    return [own for motion, own in zip(classes, clips) if motion.name != NONE]


def _with_mirrored(
    classes: Sequence[MotionClass], clips: Sequence[list[Clip]]
) -> list[list[Clip]]:
    """Clips of each motion, and those that are its mirror images."""
    motions = [motion for motion in classes if motion.name != NONE]
    names = [motion.name for motion in motions]
    learned = _learned(classes, clips)
    full = [list(own) for own in learned]
    for motion, own in zip(motions, learned):
        if motion.mirror != NOT_MIRRORED:
            image = motion.name if motion.mirror == SAME else motion.mirror
            full[names.index(image)] += [mirrored(clip) for clip in own]
    return full
