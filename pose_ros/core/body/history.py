"""The last seconds of one person: paths, oscillations and usual heights."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
import math

from pose_ros.core.body.height import PeakHold
from pose_ros.core.body.oscillation import Oscillation
from pose_ros.core.body.points import SIDES, PosePoints, Side, UnseenError
from pose_ros.core.body.signals import SIGNALS, Signal

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
# A window counts as covered from this share of its length on [-].
_MIN_COVERED = 0.75
# Samples up to this much older than the window still belong to it [windows].
_WINDOW_SLACK = 1.15
# A limb that is out of position for longer than this ends its oscillation [s].
_OUT_OF_POSITION = 0.1
# Time constants of the usual heights of body parts [s].
_RISE_TIME = 0.3
_DECAY_TIME = 8.0

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
        (start, first), *_, (end, last) = self._window(SPEED_WINDOW)
        return abs(last - first) / (end - start)

    def _window(self, length: float) -> list[tuple[float, complex]]:
        """Samples of the last seconds; UnseenError if they do not cover most of the window."""
        window = [s for s in self._samples if s[0] > self._stamp - length * _WINDOW_SLACK]
        if len(window) < 2 or window[-1][0] - window[0][0] < length * _MIN_COVERED:
            raise UnseenError('enough of the past')
        return window


class Rise:
    """Heights of a point over the last 3 s."""

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
        """Time for the middle half of the way up to the last height [s]; 0 without a rise."""
        heights = [height for _, height in self._samples]
        if not heights:
            raise UnseenError('enough of the past')
        if heights[-1] - min(heights) < _MIN_RISE:
            return 0.0
        bottom = heights.index(min(heights))
        quarter = (heights[-1] - heights[bottom]) / 4
        low, high = heights[bottom] + quarter, heights[-1] - quarter
        end = next(i for i in range(bottom, len(heights)) if heights[i] >= high)
        start = next(i for i in range(end, -1, -1) if heights[i] <= low)
        return self._samples[end][0] - self._samples[start][0]


class History:
    """Follow one person: paths of wrists and hips, oscillations, usual heights."""

    def __init__(self) -> None:
        self.wrists: dict[Side, Path] = {side: Path() for side in SIDES}
        self.rises: dict[Side, Rise] = {side: Rise() for side in SIDES}
        self.hips = Path()
        self._hips_moved = -math.inf
        self._stamp = 0.0
        self.oscillations: dict[str, dict[Side, Oscillation]] = {
            name: {side: Oscillation(s.min_swing, s.max_time) for side in s.sides}
            for name, s in SIGNALS.items()
        }
        self._usual = {name: PeakHold(_RISE_TIME, _DECAY_TIME) for name in _HEIGHTS}
        self._in_position = {(name, side): -math.inf for name in SIGNALS for side in SIDES}

    def update(self, stamp: float, points: PosePoints) -> None:
        """Take the person at a time [s]; stamps increase."""
        for side, path in self.wrists.items():
            wrist = None
            with suppress(UnseenError):
                wrist = points.limb(side, 'shoulder', 'wrist') / points.scale
            path.update(stamp, wrist)
            self.rises[side].update(stamp, None if wrist is None else wrist.imag)
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
        for signal in SIGNALS.values():
            for side in signal.sides:
                self._follow(signal, side, stamp, points)

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

    def _follow(self, signal: Signal, side: Side, stamp: float, points: PosePoints) -> None:
        """Take the value of one signal."""
        try:
            value = signal.measure(points, side)
        except UnseenError:
            return
        if value is not None:
            self._in_position[signal.name, side] = stamp
            self.oscillations[signal.name][side].update(stamp, value)
        elif stamp - self._in_position[signal.name, side] > _OUT_OF_POSITION:
            self.oscillations[signal.name][side].reset()


def _height(name: str, points: PosePoints) -> float:
    """One of the person's heights [px]; UnseenError if it is unknown."""
    low, high = _HEIGHTS[name]
    return (points.middle(*high) - points.middle(*low)).imag
