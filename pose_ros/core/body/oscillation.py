"""Turning points of a signal that comes one value at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
import math


@dataclass
class Oscillation:
    """Counts how often a signal goes to and fro without a rest.

    A pass is a way from one turning point to the next, or from the last one to now. The count
    starts again when the signal rests, or takes too long for a pass.

    Attributes
    ----------
    least_pass
        Passes smaller than this are noise; in the signal's unit.
    longest_pass
        A pass that takes longer is no oscillation [s].
    """

    least_pass: float
    longest_pass: float
    _turns: list[tuple[float, float]] = field(default_factory=list)
    _extreme: tuple[float, float] = (-math.inf, 0.0)
    _progress: tuple[float, float] = (-math.inf, 0.0)
    _last: tuple[float, float] = (-math.inf, 0.0)

    def update(self, stamp: float, value: float) -> None:
        """Take the value at a time [s]."""
        if stamp - self._progress[0] > self._patience or self._overdue(stamp):
            # Where it rested until now, a first pass may begin with this very value.
            rest = self._last if stamp - self._last[0] < self._patience else (stamp, value)
            self.reset()
            self._extreme = self._progress = rest
        if self._turns:
            self._follow(stamp, value)
        elif abs(value - self._extreme[1]) >= self.least_pass:
            self._turns.append(self._extreme)
            self._extreme = self._progress = (stamp, value)
        self._last = stamp, value

    def reset(self) -> None:
        """Forget all."""
        self._turns.clear()
        self._progress = self._last = (-math.inf, 0.0)

    @property
    def passes(self) -> int:
        """Passes so far, with the one under way."""
        return len(self._turns)

    @property
    def amplitude(self) -> float:
        """Least way of the last three passes, from turning point to turning point."""
        values = [value for _, value in [*self._turns[-3:], self._extreme]]
        return min((abs(b - a) for a, b in pairwise(values)), default=0.0)

    @property
    def period(self) -> float:
        """Mean time for to and fro over the last four passes that are complete [s], or inf."""
        # The first is where it began, not where it turned.
        turns = self._turns[1:][-5:]
        if len(turns) < 2:
            return math.inf
        return 2 * (turns[-1][0] - turns[0][0]) / (len(turns) - 1)

    @property
    def _patience(self) -> float:
        """How long the signal may go without getting further [s]."""
        if len(self._turns) < 2:
            # The first pass begins where the signal last rested, not long before.
            return self.longest_pass / 2
        turns = self._turns[-5:]
        mean_pass = (turns[-1][0] - turns[0][0]) / (len(turns) - 1)
        return min(self.longest_pass, 0.3 + 2 * mean_pass)

    def _overdue(self, stamp: float) -> bool:
        """Whether a pass takes much longer than several before: it drifts, swings no more."""
        return len(self._turns) > 3 and stamp - self._turns[-1][0] > self._patience

    def _follow(self, stamp: float, value: float) -> None:
        """Go on with the pass, or turn."""
        direction = 1 if self._extreme[1] > self._turns[-1][1] else -1
        if (value - self._extreme[1]) * direction > 0:
            self._extreme = (stamp, value)
            # Creeping on is a rest, too.
            if abs(value - self._progress[1]) >= self.least_pass / 3:
                self._progress = (stamp, value)
        elif abs(value - self._extreme[1]) >= self.least_pass:
            if self._extreme[0] - self._turns[-1][0] > self.longest_pass:
                self._turns.clear()
            self._turns.append(self._extreme)
            self._extreme = self._progress = (stamp, value)
