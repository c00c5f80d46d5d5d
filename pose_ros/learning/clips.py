"""Examples as the training sees them: in torsos, at one rate, with the movement's extent."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pose_ros.core.motion.normalised import Movement, Window
from pose_ros.learning.examples import AnyExample

# The movement's speed is judged over this many samples, and counts over this share of the
# greatest one, and over a least one [torsos/s].
_SMOOTHING, _SHARE, _LEAST = 5, 0.2, 0.6
# An example shorter than this shows no movement [s].
_SHORTEST = 0.3
# What belongs to it before and after [s].
_MARGIN = 0.1


@dataclass(frozen=True, eq=False)
class Clip:
    """A normalised movement.

    Attributes
    ----------
    movement
        In torsos, at the window's rate, with stamps from 0.
    start, end
        When a person begins to move, and comes to rest [s].
    """

    movement: Movement
    start: float
    end: float

    @property
    def length(self) -> float:
        """From start to end [s]."""
        return self.end - self.start


def clip_of(example: AnyExample, window: Window) -> Clip:
    """Clip of an example; ValueError if nothing of it can be used."""
    if window.in_space and not example.has_positions:
        raise ValueError(f'an example from {example.source} has no positions in space')
    if example.duration < _SHORTEST:
        raise ValueError(
            f'an example from {example.source} lasts {example.duration:.2f} s: at least '
            f'{_SHORTEST} s are needed'
        )
    movement = example.movement(window)
    times = np.arange(0.0, movement.duration + 1e-6, 1 / window.rate)
    movement = Movement(times, *movement.sampled(times), window.point_set).normalised()
    if movement.seen[:, window.point_set.masks].mean() < 0.2:
        raise ValueError(
            f'in an example from {example.source} the shoulders or most of the joints are unseen'
        )
    return Clip(movement, *extent(movement))


def extent(movement: Movement) -> tuple[float, float]:
    """When a person begins to move and comes to rest [s]; all of it for a still pose."""
    whole = 0.0, movement.duration
    if len(movement) <= _SMOOTHING:
        return whole
    kernel = np.ones(_SMOOTHING) / _SMOOTHING
    known = np.where(movement.seen[..., None], movement.points, np.nan)
    steps = np.nan_to_num(np.diff(known, axis=0))
    smooth = np.apply_along_axis(np.convolve, 0, steps, kernel, 'same')
    rates = np.linalg.norm(smooth, axis=2).max(axis=1) / np.diff(movement.stamps)
    if rates.max() < _LEAST:
        return whole
    moving = np.flatnonzero(rates >= max(_SHARE * np.percentile(rates, 95), _LEAST / 2))
    start, end = movement.stamps[moving[0]] - _MARGIN, movement.stamps[moving[-1] + 1] + _MARGIN
    return float(max(start, 0.0)), float(min(end, movement.duration))


def mirrored(clip: Clip) -> Clip:
    """Clip with left and right swapped."""
    swap = clip.movement.point_set.mirror
    points = clip.movement.points[:, swap].copy()
    points[..., 0] *= -1
    movement = replace(clip.movement, points=points, seen=clip.movement.seen[:, swap])
    return Clip(movement, clip.start, clip.end)


def remade(clip: Clip, points: np.ndarray, seen: np.ndarray) -> Clip:
    """Clip of other points at the same rate."""
    stamps = np.arange(len(points)) * clip.movement.stamps[1]
    movement = Movement(stamps, points, seen, clip.movement.point_set)
    return Clip(movement, *extent(movement))
