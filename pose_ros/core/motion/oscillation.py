"""Turning points of a signal that comes one value at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise


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
    _extreme: tuple[float, float] | None = None
    _start: tuple[float, float] | None = None

    def update(self, stamp: float, value: float) -> None:
        """Take the value at a time [s]."""
        if self._extreme is None or stamp - self._extreme[0] > self._patience:
            self.reset()
            self._start = self._extreme = (stamp, value)
        elif self._turns:
            self._follow(stamp, value)
        else:
            self._begin(stamp, value)

    def reset(self) -> None:
        """Forget all."""
        self._turns.clear()
        self._start = self._extreme = None

    @property
    def passes(self) -> int:
        """Passes so far, with the one under way."""
        return len(self._turns)

    @property
    def amplitude(self) -> float:
        """Least way of the last three passes, from turning point to turning point."""
        if self._extreme is None or not self._turns:
            return 0.0
        values = [value for _, value in [*self._turns[-3:], self._extreme]]
        return min(abs(b - a) for a, b in pairwise(values))

    @property
    def period(self) -> float:
        """Mean time for to and fro over the last four passes that are complete [s], or inf."""
        turns = self._turns[-5:]
        if len(turns) < 2:
            return float('inf')
        return 2 * (turns[-1][0] - turns[0][0]) / (len(turns) - 1)

    @property
    def _patience(self) -> float:
        """How long the signal may go without getting further [s]."""
        return min(self.longest_pass, 0.3 + self.period)

    def _begin(self, stamp: float, value: float) -> None:
        """Wait for the first pass: no direction is known yet."""
        assert self._start is not None
        if abs(value - self._start[1]) >= self.least_pass:
            self._turns.append(self._start)
            self._extreme = (stamp, value)
        elif stamp - self._start[0] > self.longest_pass / 2:
            # The pass began later than this: what has crept so slowly was at rest.
            self._start = self._extreme = (stamp, value)
        else:
            self._extreme = (stamp, self._start[1])

    def _follow(self, stamp: float, value: float) -> None:
        """Go on with the pass, or turn."""
        assert self._extreme is not None
        rising = self._extreme[1] > self._turns[-1][1]
        onwards = value - self._extreme[1] if rising else self._extreme[1] - value
        if onwards >= 0:
            self._extreme = (stamp, value)
        elif -onwards >= self.least_pass:
            if self._extreme[0] - self._turns[-1][0] > self.longest_pass:
                self._turns.clear()
            self._turns.append(self._extreme)
            self._extreme = (stamp, value)
