"""What is kept of a person's last moments."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
import math

from pose_ros.core.body.oscillation import Oscillation
from pose_ros.core.body.pose_geometry import SIDES, Moment, Side, UnseenError
from pose_ros.core.body.signals import SIGNALS, Signal
from pose_ros.core.body.usual import Usual

# The way of a joint is looked at over this time, its speed over the shorter one [s].
TRAVEL_WINDOW = 0.4
SPEED_WINDOW = 0.2
# A limb that is elsewhere for longer than this ends its swinging [s].
_ELSEWHERE = 0.1
# Usual heights of the body follow greater ones in the first time, smaller ones in the second [s].
_RISE, _FALL = 0.3, 8.0


class Trail:
    """Where something was in the last 0.4 s."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, complex]] = deque()
        self._stamp = -math.inf

    def update(self, stamp: float, place: complex | None) -> None:
        """Take the place at a time [s], None if it is unknown."""
        self._stamp = stamp
        if place is not None:
            self._samples.append((stamp, place))
        # One sample from before the window stays, so that the window is covered.
        while len(self._samples) > 1 and self._samples[1][0] <= stamp - TRAVEL_WINDOW:
            self._samples.popleft()

    @property
    def travel(self) -> float:
        """Greatest extent of the way in the last 0.4 s."""
        way = [place for _, place in self._window(TRAVEL_WINDOW)]
        across = [place.real for place in way]
        upright = [place.imag for place in way]
        return max(max(across) - min(across), max(upright) - min(upright))

    @property
    def speed(self) -> float:
        """Mean speed over the last 0.2 s."""
        (start, first), *_, (end, last) = self._window(SPEED_WINDOW)
        return abs(last - first) / (end - start)

    def _window(self, length: float) -> list[tuple[float, complex]]:
        """Samples of the last seconds; UnseenError where they do not cover most of them."""
        window = [s for s in self._samples if s[0] > self._stamp - length * 1.15]
        if len(window) < 2 or window[-1][0] - window[0][0] < length * 0.75:
            raise UnseenError('enough of the past')
        return window


class History:
    """Follows one person: ways of the wrists and the hips, what swings, the usual stature."""

    def __init__(self) -> None:
        self.wrists: dict[Side, Trail] = {side: Trail() for side in SIDES}
        self.hips = Trail()
        self.usual = {name: Usual(_RISE, _FALL) for name in _HEIGHTS}
        self.swings: dict[str, dict[Side, Oscillation]] = {
            name: {side: Oscillation(s.least_pass, s.longest_pass) for side in _sides(s)}
            for name, s in SIGNALS.items()
        }
        self._in_place = {(name, side): -math.inf for name in SIGNALS for side in SIDES}

    def update(self, stamp: float, moment: Moment) -> None:
        """Take in a moment at a time [s]; times go forward."""
        for side, trail in self.wrists.items():
            try:
                trail.update(stamp, moment.limb(side, 'shoulder', 'wrist') / moment.scale)
            except UnseenError:
                trail.update(stamp, None)
        try:
            self.hips.update(stamp, moment.middle('left_hip', 'right_hip'))
        except UnseenError:
            self.hips.update(stamp, None)
        for name, (low, high) in _HEIGHTS.items():
            with suppress(UnseenError):  # what was usual stays so
                self.usual[name].update(stamp, (moment.middle(*high) - moment.middle(*low)).imag)
        for signal in SIGNALS.values():
            for side in _sides(signal):
                self._follow(signal, side, stamp, moment)

    def drop(self, name: str, moment: Moment) -> float:
        """How much smaller one of the person's heights is than usual, as a share."""
        low, high = _HEIGHTS[name]
        usual = self.usual[name].value
        if not usual > 0:
            raise UnseenError('the usual')
        return 1.0 - (moment.middle(*high) - moment.middle(*low)).imag / usual

    def _follow(self, signal: Signal, side: Side, stamp: float, moment: Moment) -> None:
        """Take the value of one signal."""
        try:
            value = signal.measure(moment, side)
        except UnseenError:
            return
        if value is not None:
            self._in_place[signal.name, side] = stamp
            self.swings[signal.name][side].update(stamp, value)
        elif stamp - self._in_place[signal.name, side] > _ELSEWHERE:
            self.swings[signal.name][side].reset()


def _sides(signal: Signal) -> tuple[Side, ...]:
    """The arms that a signal is of; the person's own counts as the left."""
    return SIDES if signal.of_arm else SIDES[:1]


_HIPS = ('left_hip', 'right_hip')
# Heights of the body that are less than usual when it bends or crouches: from which keypoints
# up to which.
_HEIGHTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    'trunk': (_HIPS, ('left_shoulder', 'right_shoulder')),
    'head': (_HIPS, ('nose',)),
    'legs': (('left_ankle', 'right_ankle'), _HIPS),
}
