"""Windows for training: what the running node would see before, at and after a motion's end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice

import numpy as np

from pose_ros.core.motion.normalised import Window, features, normalise
from pose_ros.core.motion.point_set import PointSet
from pose_ros.core.topology import SIDES
from pose_ros.learning.clips import Clip

# A motion counts as shown from this share of its length before its end to this time after [s].
_EARLY, _LATE = 0.08, 0.5
# It counts as not shown until this share of its length, and from this time after its end [s].
_UNFINISHED, _OVER = 0.7, 1.0
# Standard deviation of the factor on the speed.
_SPEEDS = 0.15
# Share of the windows in which a hand is lost for a while.
_HAND_LOST = 0.4
# Standard deviation of the direction that a person faces, in space [rad].
_TURN = np.radians(6.0)


@dataclass(frozen=True)
class Dataset:
    """Clips to draw windows from.

    Attributes
    ----------
    motions
        Clips of each class that is to be learned.
    others
        Clips of none of them.
    """

    motions: Sequence[Sequence[Clip]]
    others: Sequence[Clip]

    @property
    def none(self) -> int:
        """Number of the class none."""
        return len(self.motions)

    def draw(
        self,
        window: Window,
        rng: np.random.Generator,
        counts: Sequence[int],
        augment: bool = True,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Windows of every motion and as many of none.

        Parameters
        ----------
        window
            Their length.
        rng
            Decides everything random.
        counts
            Windows of each motion.
        augment
            Whether to vary speed, size, direction, noise and what is seen.

        Returns
        -------
        tuple
            Channels [N, T, C] and numbers of the classes [N].
        """
        drawn, labels = [], []
        spread = 1.0 if augment else 0.0
        for number, (clips, count) in enumerate(zip(self.motions, counts)):
            for clip in islice(cycle(clips), count):
                end = clip.end + rng.uniform(-_EARLY * clip.length, _LATE)
                drawn.append(self._window(clip, end, window, rng, spread))
                labels.append(number)
        for _ in range(len(drawn)):
            drawn.append(self._none(window, rng, spread))
            labels.append(self.none)
        if not drawn:
            return np.zeros((0, *window.shape), np.float32), np.zeros(0, int)
        points, seen = (np.array(parts) for parts in zip(*drawn))
        if augment:
            points, seen = vary(points, seen, rng, window.point_set)
        return features(points, seen, window.point_set), np.array(labels)

    def _none(
        self, window: Window, rng: np.random.Generator, spread: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Something else, or a motion that is not complete yet, over, or hardly seen."""
        chance = rng.random()
        if chance < 0.5 and len(self.others):
            clip = self.others[int(rng.integers(len(self.others)))]
            end = rng.uniform(min(0.5, clip.movement.duration), clip.movement.duration + 0.3)
            if rng.random() < 0.5:
                end = clip.end + rng.uniform(-_EARLY * clip.length, _LATE)
            points, seen = self._window(clip, end, window, rng, spread)
            if chance >= 0.4:
                seen = hidden(points, seen, rng, window.point_set)
            return points, seen
        filled = [clips for clips in self.motions if clips]
        clips = filled[int(rng.integers(len(filled)))]
        clip = clips[int(rng.integers(len(clips)))]
        end = clip.start + clip.length * rng.uniform(-0.1, _UNFINISHED)
        if chance < 0.62:
            end = clip.end + rng.uniform(-_EARLY * clip.length, _LATE)
            points, seen = self._window(clip, end, window, rng, spread)
            return points, hidden(points, seen, rng, window.point_set)
        if chance > 0.9:
            end = clip.end + rng.uniform(_OVER, max(window.seconds, 2 * _OVER))
        return self._window(clip, end, window, rng, spread)

    def _window(
        self, clip: Clip, end: float, window: Window, rng: np.random.Generator, spread: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Window that ends at a time of a clip [s], at another speed.

        Before and after the clip the person stands still as in its first and last moment; or did
        something else before, or was not there.
        """
        times = window.times(0.0)
        speed = float(np.exp(rng.normal(0.0, _SPEEDS * spread)))
        wobble = spread * rng.uniform(-0.12, 0.12)
        wave = np.sin(2 * np.pi * (times / window.seconds + rng.random()))
        # Faster here, slower there, but at the end it is the end.
        times = end + times * speed + wobble * (wave - wave[-1])
        points, seen = held(clip, times)
        before, chance = times < 0, spread * rng.random()
        if before.any() and chance > 0.85:
            seen = seen & ~before[:, None]
        elif before.any() and chance > 0.55:
            earlier = self._any(rng).movement
            spot = np.maximum(rng.uniform(0, earlier.duration) + times[before], 0.0)
            points[before], seen[before] = earlier.sampled(spot)
        return normalise(points, seen, window.point_set)

    def _any(self, rng: np.random.Generator) -> Clip:
        clips = self.others or [clip for own in self.motions for clip in own]
        return clips[int(rng.integers(len(clips)))]


def held(clip: Clip, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points of a clip at times [s]; before and after it, those of its first and last moment."""
    return clip.movement.sampled(np.clip(times, 0.0, clip.movement.duration))


def hidden(
    points: np.ndarray, seen: np.ndarray, rng: np.random.Generator, point_set: PointSet
) -> np.ndarray:
    """Mask [T, J] of what is still known when the joints that move most are hardly seen.

    A hand goes with its wrist: a motion is still one without fingers.
    """
    steps = np.linalg.norm(np.diff(points, axis=0), axis=2) * (seen[1:] & seen[:-1])
    travel = steps.sum(axis=0)
    travel[[i for hand in point_set.hands for i in hand]] = 0.0
    moving = travel > 0.5 * travel.max()
    moving[list(point_set.pair('shoulder') or ())] = False
    for wrist, hand in zip(point_set.pair('wrist') or (), point_set.hands):
        moving[hand] = moving[wrist]
    return seen & (~moving | (rng.random(seen.shape) < rng.uniform(0.0, 0.3)))


def vary(
    points: np.ndarray, seen: np.ndarray, rng: np.random.Generator, point_set: PointSet
) -> tuple[np.ndarray, np.ndarray]:
    """Windows by other bodies, cameras and models.

    Size, turning away from the camera, rotation in the image, noise, and points that are unseen
    now and then.

    Parameters
    ----------
    points
        [N, T, J, axes], normalised.
    seen
        [N, T, J].
    rng
        Decides everything random.
    point_set
        Names of the J points.
    """
    count, _, _, axes = points.shape
    one = (count, 1, 1)
    scale = np.exp(rng.normal(0.0, 0.08, one))
    width = scale * rng.uniform(0.82, 1.08, one)
    x, y = _turned(points[..., 0] * width, points[..., 1] * scale, rng, np.radians(4.0))
    moved = [x, y]
    if axes == 3:
        moved[0], depth = _turned(x, points[..., 2] * scale, rng, _TURN)
        moved.append(depth)
    varied = np.stack(moved, axis=-1)
    # Every model has its own idea of where a joint is, which also drifts.
    varied += rng.normal(0.0, 0.02, (count, 1, points.shape[2], axes))
    varied += rng.normal(0.0, 0.02, points.shape)
    return varied, seen & ~_unseen(seen.shape, rng, point_set)


def _turned(
    x: np.ndarray, y: np.ndarray, rng: np.random.Generator, deviation: float
) -> tuple[np.ndarray, np.ndarray]:
    """Points [N, T, J] of a plane, each window turned by an angle of this deviation [rad]."""
    angle = rng.normal(0.0, deviation, (len(x), 1, 1))
    cos, sin = np.cos(angle), np.sin(angle)
    return x * cos - y * sin, x * sin + y * cos


def _unseen(shape: tuple[int, ...], rng: np.random.Generator, point_set: PointSet) -> np.ndarray:
    """Points [N, T, J] that a model loses for a while; in some windows the legs all the time."""
    count, samples, _ = shape
    lost = rng.random(shape) < 0.01
    limbs = [limb for side in SIDES for limb in (point_set.arm(side), point_set.leg(side))]
    # The forearm alone, too.
    limbs = [part for limb in limbs for part in (limb, limb[1:]) if part]
    if limbs:
        for number in np.flatnonzero(rng.random(count) < 0.3):
            begin = int(rng.integers(samples))
            limb = limbs[int(rng.integers(len(limbs)))]
            lost[number, begin : begin + int(rng.integers(2, 7)), limb] = True
    for hand in point_set.hands:
        # Hands in fast motion, or before one another, are lost for long.
        lost[..., hand] = False
        for number in np.flatnonzero(rng.random(count) < _HAND_LOST):
            begin, length = rng.integers(0, samples, 2)
            lost[number, begin : begin + length, hand] = True
    legs = [i for side in SIDES for i in point_set.leg(side)]
    sitting = np.flatnonzero(rng.random(count) < 0.15)
    lost[np.ix_(sitting, np.arange(samples), np.array(legs, int))] = True
    return lost
