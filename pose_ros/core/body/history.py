"""The last seconds of one person: paths, oscillations and usual heights."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
import math

import numpy as np

from pose_ros.core.body.height import PeakHold
from pose_ros.core.body.jitter import Jitter
from pose_ros.core.body.oscillation import Oscillation
from pose_ros.core.body.points import PosePoints, UnseenError
from pose_ros.core.body.signals import SIGNALS, Signal
from pose_ros.core.topology import SIDES, Side

# Time over which the extent of a path is measured [s].
TRAVEL_WINDOW = 0.4
# Time over which a speed is measured [s].
SPEED_WINDOW = 0.2
# Time over which a rise is looked for [s]: slow repetitions of arm exercises take up to 2.3.
_RISE_WINDOW = 3.0
# Motion of the hips within 0.4 s that counts [torsos]: jumping jacks reach 0.24, people who wave
# with both arms 0.12.
_HIPS_MOVE = 0.16
# Smallest rise [torsos]: a hand that goes from the hip to the shoulder rises by 0.9.
_MIN_RISE = 0.5
# Smaller changes of height are sway of a raised hand [torsos]: a real one sways by 0.35, presses
# go up by 0.45 to 0.9.
_MIN_MOVE = 0.4
# Minimum time for a hand first seen raised to count as at rest there [s].
_MIN_REST = 2.0
# Height of a hanging hand over the shoulder [torsos].
_HANGING = -0.9
# A window counts as covered from this share of its length on [-].
_MIN_COVERED = 0.75
# Samples up to this much older than the window still belong to it [windows].
_WINDOW_SLACK = 1.15
# A limb that is out of position for longer than this ends its oscillation [s].
_OUT_OF_POSITION = 0.1
# Time constants of the usual heights of body parts [s].
_RISE_TIME = 0.3
_DECAY_TIME = 8.0
# Smallest half cycle of a signal over its noise until that is measured [-]. The noise is then
# overestimated, because jumps over three times the noise are not learned.
_SWING_TO_NOISE = 2.0

_HIPS = ('left_hip', 'right_hip')
# Heights that shrink when the body bends or crouches: from which keypoints up to which.
_HEIGHTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    'trunk': (_HIPS, ('left_shoulder', 'right_shoulder')),
    'head': (_HIPS, ('nose',)),
    'legs': (('left_ankle', 'right_ankle'), _HIPS),
}


class Path:
    """Positions of a point over the last 0.4 s."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, complex]] = deque()
        self._stamp = -math.inf

    def update(self, stamp: float, point: complex | None) -> None:
        """Take the position at a time [s], None if it is unknown."""
        self._stamp = stamp
        if point is not None:
            self._samples.append((stamp, point))
        # Keep one sample from before the window, so that the window is covered.
        while len(self._samples) > 1 and self._samples[1][0] <= stamp - TRAVEL_WINDOW:
            self._samples.popleft()

    @property
    def travel(self) -> float:
        """Extent of the path over the last 0.4 s, the larger of width and height."""
        points = [point for _, point in self._window(TRAVEL_WINDOW)]
        across = [point.real for point in points]
        upright = [point.imag for point in points]
        return max(max(across) - min(across), max(upright) - min(upright))

    @property
    def speed(self) -> float:
        """Mean speed over the last 0.2 s."""
        return abs(self._velocity)

    @property
    def climb(self) -> float:
        """Mean speed up or down over the last 0.2 s."""
        return abs(self._velocity.imag)

    @property
    def _velocity(self) -> complex:
        """Mean velocity over the last 0.2 s."""
        (start, first), *_, (end, last) = self._window(SPEED_WINDOW)
        return (last - first) / (end - start)

    def _window(self, length: float) -> list[tuple[float, complex]]:
        """Samples of the last seconds; UnseenError if they do not cover most of the window."""
        window = [s for s in self._samples if s[0] > self._stamp - length * _WINDOW_SLACK]
        if len(window) < 2 or window[-1][0] - window[0][0] < length * _MIN_COVERED:
            raise UnseenError('enough of the past')
        return window


class Rise:
    """Heights of a wrist over its shoulder in the last 3 s."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, float]] = deque()

    def update(self, stamp: float, height: float | None) -> None:
        """Take the height at a time [s], None if it is unknown."""
        if height is not None:
            self._samples.append((stamp, height))
        while self._samples and self._samples[0][0] < stamp - _RISE_WINDOW:
            self._samples.popleft()

    @property
    def time(self) -> float:
        """Time for the middle half of the way up to the last height [s].

        0 without a rise; inf for a hand that was first seen raised, less than 2 s ago.
        """
        heights = self._heights
        if heights[-1] - min(heights) < _MIN_RISE:
            seen = self._samples[-1][0] - self._samples[0][0]
            return math.inf if seen < _MIN_REST and heights[-1] > _HANGING + _MIN_RISE else 0.0
        bottom = heights.index(min(heights))
        quarter = (heights[-1] - heights[bottom]) / 4
        low, high = heights[bottom] + quarter, heights[-1] - quarter
        end = next(i for i in range(bottom, len(heights)) if heights[i] >= high)
        start = next(i for i in range(end, -1, -1) if heights[i] <= low)
        return self._samples[end][0] - self._samples[start][0]

    @property
    def start(self) -> float:
        """Lowest of the heights; -inf if the hand was at rest."""
        heights = self._heights
        return -math.inf if max(heights) - min(heights) < _MIN_MOVE else min(heights)

    @property
    def _heights(self) -> list[float]:
        """All heights; UnseenError if there are none."""
        if not self._samples:
            raise UnseenError('enough of the past')
        return [height for _, height in self._samples]


class History:
    """Follow one person: paths of wrists and hips, oscillations, usual heights."""

    def __init__(self) -> None:
        self.wrists: dict[Side, Path] = {side: Path() for side in SIDES}
        self.elbows: dict[Side, Path] = {side: Path() for side in SIDES}
        self.rises: dict[Side, Rise] = {side: Rise() for side in SIDES}
        self.hips = Path()
        self._hips_moved = -math.inf
        self._stamp = 0.0
        self.oscillations: dict[str, dict[Side, Oscillation]] = {
            name: {side: Oscillation(s.min_swing, s.max_time) for side in s.sides}
            for name, s in SIGNALS.items()
        }
        self._usual = {name: PeakHold(_RISE_TIME, _DECAY_TIME) for name in _HEIGHTS}
        self._jitter = Jitter()
        self._in_position = {(name, side): -math.inf for name in SIGNALS for side in SIDES}

    def update(self, stamp: float, points: PosePoints) -> None:
        """Take the person at a time [s]; stamps increase."""
        for side in SIDES:
            wrist = _from_shoulder(points, side, 'wrist')
            self.wrists[side].update(stamp, wrist)
            self.rises[side].update(stamp, None if wrist is None else wrist.imag)
            self.elbows[side].update(stamp, _from_shoulder(points, side, 'elbow'))
        try:
            self.hips.update(stamp, points.middle(*_HIPS))
        except UnseenError:
            self.hips.update(stamp, None)
        with suppress(UnseenError):
            if self.hips.travel > _HIPS_MOVE * points.scale:
                self._hips_moved = stamp
        self._stamp = stamp
        for name, usual in self._usual.items():
            with suppress(UnseenError):
                usual.update(stamp, _height(name, points))
        self._learn_noise(
            stamp,
            [
                self._follow(signal, side, stamp, points)
                for signal in SIGNALS.values()
                for side in signal.sides
            ],
        )

    @property
    def hips_pause(self) -> float:
        """Time since the hips last moved [s], inf if they have not; UnseenError without hips."""
        _ = self.hips.travel
        return self._stamp - self._hips_moved

    def drop(self, name: str, points: PosePoints) -> float:
        """Share by which one of the person's heights is smaller than usual [-]."""
        usual = self._usual[name].value
        if not usual > 0:
            raise UnseenError('the usual')
        return 1.0 - _height(name, points) / usual

    def _follow(self, signal: Signal, side: Side, stamp: float, points: PosePoints) -> float:
        """Take the value of one signal and return it; NaN if it is unknown or out of position."""
        try:
            value = signal.measure(points, side)
        except UnseenError:
            return math.nan
        if value is not None:
            self._in_position[signal.name, side] = stamp
            self.oscillations[signal.name][side].update(stamp, value)
            return value
        if stamp - self._in_position[signal.name, side] > _OUT_OF_POSITION:
            self.oscillations[signal.name][side].reset()
        return math.nan

    def _learn_noise(self, stamp: float, values: list[float]) -> None:
        """Measure how much the signals tremble."""
        swings = [swing for sides in self.oscillations.values() for swing in sides.values()]
        noise = self._jitter.update(
            stamp,
            np.array([values]),
            lambda: np.array([swing.min_swing for swing in swings]) / _SWING_TO_NOISE,
        )
        for swing, deviation in zip(swings, noise[0].tolist()):
            swing.noise = deviation


def _from_shoulder(points: PosePoints, side: Side, joint: str) -> complex | None:
    """Vector from a shoulder to a joint of its arm [torsos]; None if it is unknown."""
    try:
        return points.limb(side, 'shoulder', joint) / points.scale
    except UnseenError:
        return None


def _height(name: str, points: PosePoints) -> float:
    """One of the person's heights [px]; UnseenError if it is unknown."""
    low, high = _HEIGHTS[name]
    return (points.middle(*high) - points.middle(*low)).imag
