"""What is trained on, and what is kept to see whether it was learned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pose_ros.core.motion.learned_model import NONE
from pose_ros.core.motion.normalised import Window
from pose_ros.learning.clips import Clip, clip_of, mirrored
from pose_ros.learning.examples import NOT_MIRRORED, SAME, MotionClass
from pose_ros.learning.negatives import distinct, improvised, near_misses
from pose_ros.learning.windows import Dataset

# Near misses for each example; improvised movements for training, and for validation.
_MISSES, _IMPROVISED = 4, (150, 50)


def split(
    motion: MotionClass, held_out: float, rng: np.random.Generator
) -> tuple[MotionClass, MotionClass]:
    """Examples of a class for training, and those for validation."""
    order = [motion.examples[i] for i in rng.permutation(len(motion.examples))]
    kept = min(max(round(held_out * len(order)), 1), max(len(order) - 1, 0))
    return replace(motion, examples=tuple(order[kept:])), replace(
        motion, examples=tuple(order[:kept])
    )


def datasets(
    parts: Sequence[tuple[MotionClass, MotionClass]], window: Window, rng: np.random.Generator
) -> tuple[Dataset, Dataset]:
    """For training and for validation; nothing made from an example of one is in the other."""
    training, validation = zip(*parts)
    clips = [[clip_of(e, window) for e in motion.examples] for motion in training]
    unseen = [[clip_of(e, window) for e in motion.examples] for motion in validation]
    varied = _with_mirrored(training, clips)
    both = [a + b for a, b in zip(varied, _learned(validation, unseen))]
    first = _dataset(training, clips, varied, improvised(_IMPROVISED[0], window, rng), rng)
    second = _dataset(validation, unseen, both, improvised(_IMPROVISED[1], window, rng), rng)
    return replace(first, motions=varied), second


def _learned(classes: Sequence[MotionClass], clips: Sequence[Sequence[Clip]]) -> list[list[Clip]]:
    """Clips of the motions, without those of none."""
    return [list(own) for motion, own in zip(classes, clips) if motion.name != NONE]


def _dataset(
    classes: Sequence[MotionClass],
    clips: Sequence[Sequence[Clip]],
    known: Sequence[Sequence[Clip]],
    free: Sequence[Clip],
    rng: np.random.Generator,
) -> Dataset:
    """Clips of motions, and of others: recorded, and made but not too like the known clips."""
    motions = _learned(classes, clips)
    count = sum(map(len, motions))
    made = near_misses([clip for own in motions for clip in own], _MISSES * count, rng)
    recorded = [clip for m, own in zip(classes, clips) if m.name == NONE for clip in own]
    return Dataset(motions, recorded + distinct([*made, *free], known))


def _with_mirrored(
    classes: Sequence[MotionClass], clips: Sequence[Sequence[Clip]]
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
