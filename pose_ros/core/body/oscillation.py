"""Oscillation of a signal that arrives one value at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
import math

# Turning points before there are three: uneven.
_STILL = [(0.0, 0.0), (0.0, 0.0), (1.0, 1.0)]
# Extra time for a half cycle of usual length before the oscillation counts as stopped [s].
_MARGIN = 0.3
# Number of turning points that are kept: those of the period, and the start.
_KEPT = 6


@dataclass
class Oscillation:
    """Count the half cycles of a signal that swings without a rest.

    A half cycle goes from one turning point to the next, or from the last one to the current
    value. The count restarts when the signal rests or a half cycle takes too long.

    Attributes
    ----------
    min_swing
        Half cycles smaller than this are noise; in the signal's unit.
    max_time
        Maximum time of a half cycle [s].
    noise
        Standard deviation of the signal's noise, as the caller measures it.
    half_cycles
        Number of half cycles, including the current one.
    """

    min_swing: float
    max_time: float
    noise: float = 0.0
    half_cycles: int = field(default=0, init=False)
    _swung: float = -math.inf
    _turns: list[tuple[float, float]] = field(default_factory=list)
    _extreme: tuple[float, float] = (-math.inf, 0.0)
    _progress: tuple[float, float] = (-math.inf, 0.0)
    _last: tuple[float, float] = (-math.inf, 0.0)

    def update(self, stamp: float, value: float) -> None:
        """Take the value at a time [s]."""
        if stamp - self._progress[0] > self._patience or self._overdue(stamp):
            # The first half cycle may begin with this value, at the end of the rest.
            rest = self._last if stamp - self._last[0] < self._patience else (stamp, value)
            self.reset()
            self._extreme = self._progress = rest
        if self._turns:
            self._follow(stamp, value)
        elif abs(value - self._extreme[1]) >= self.min_swing:
            self._turn(stamp, value)
        self._last = stamp, value
        if self.half_cycles > 1:
            self._swung = stamp

    def reset(self) -> None:
        """Start over."""
        self._clear()
        self._progress = self._last = (-math.inf, 0.0)

    @property
    def amplitude(self) -> float:
        """Smallest of the last three half cycles, peak to peak."""
        values = [value for _, value in [*self._turns[-3:], self._extreme]]
        return min((abs(b - a) for a, b in pairwise(values)), default=0.0)

    @property
    def snr(self) -> float:
        """Amplitude over the noise [-]."""
        return self.amplitude / self.noise if self.noise else math.inf

    @property
    def period(self) -> float:
        """Mean period over the last four complete half cycles [s]; inf before the first two."""
        # The first turning point is the start, not a turn.
        turns = self._turns[1:][-5:]
        if len(turns) < 2:
            return math.inf
        return 2 * (turns[-1][0] - turns[0][0]) / (len(turns) - 1)

    @property
    def evenness(self) -> float:
        """Smaller over larger of the last two complete half cycles, in size and in time [-]."""
        (first, a), (middle, b), (last, c) = self._turns[-3:] if len(self._turns) > 2 else _STILL
        sizes, times = sorted((abs(b - a), abs(c - b))), sorted((middle - first, last - middle))
        return min(sizes[0] / sizes[1], times[0] / times[1])

    @property
    def low(self) -> float:
        """Larger of the last two minima, the current one included; inf before there are two."""
        values = [value for _, value in [*self._turns, self._extreme]]
        if len(self._turns) > 1 and values[-1] > values[-2]:
            values.pop()  # on the way up
        return max(values[-1], values[-3]) if len(values) > 2 else math.inf

    def pause(self, stamp: float) -> float:
        """Time since there were two half cycles or more [s]; inf if never."""
        return stamp - self._swung

    @property
    def speed(self) -> float:
        """Mean speed of half cycles of this amplitude and period [unit/s]."""
        return 2 * self.amplitude / self.period

    @property
    def _patience(self) -> float:
        """Maximum time without progress [s]."""
        if len(self._turns) < 2:
            # The first half cycle begins at the end of the last rest, not long before.
            return self.max_time / 2
        turns = self._turns[-5:]
        mean_time = (turns[-1][0] - turns[0][0]) / (len(turns) - 1)
        return min(self.max_time, _MARGIN + 2 * mean_time)

    def _overdue(self, stamp: float) -> bool:
        """Whether a half cycle takes much longer than several before it: a drift, no swing."""
        return len(self._turns) > 3 and stamp - self._turns[-1][0] > self._patience

    def _follow(self, stamp: float, value: float) -> None:
        """Continue the half cycle, or turn."""
        direction = 1 if self._extreme[1] > self._turns[-1][1] else -1
        if (value - self._extreme[1]) * direction > 0:
            self._extreme = (stamp, value)
            # Creeping is a rest, too.
            if abs(value - self._progress[1]) >= self.min_swing / 3:
                self._progress = (stamp, value)
        elif abs(value - self._extreme[1]) >= self.min_swing:
            if self._extreme[0] - self._turns[-1][0] > self.max_time:
                self._clear()
            self._turn(stamp, value)

    def _turn(self, stamp: float, value: float) -> None:
        """Begin a half cycle at the last extreme; the value goes the other way."""
        self._turns.append(self._extreme)
        del self._turns[:-_KEPT]
        self.half_cycles += 1
        self._extreme = self._progress = (stamp, value)

    def _clear(self) -> None:
        """Forget the half cycles."""
        self._turns.clear()
        self.half_cycles = 0
