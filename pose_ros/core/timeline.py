"""The order of frames in time: which stamps go on, which are late, which begin anew."""

from __future__ import annotations

from enum import Enum

# Largest step back that counts as a late frame [s]; the same as the default track timeout.
LATE_LIMIT = 1.0


class Step(Enum):
    """What a stamp means after the stamps before it."""

    NEXT = 'next'  # later than all before, or the first
    REPEATED = 'repeated'  # the same time again
    LATE = 'late'  # a little earlier: the frame is out of order
    JUMP = 'jump'  # the clock went back: a new sequence, as when a bag starts again


class Timeline:
    """Applies one rule to the stamps of a stream, wherever state is kept over time.

    A step back of up to the limit is a late frame: drop it. A larger one is a jump: start anew.
    Late frames that follow each other and together cover more than the limit are a jump too: a
    short recording that is played in a loop.

    Parameters
    ----------
    limit
        Largest step back that counts as late [s]; may be replaced at any time.

    Attributes
    ----------
    last
        Latest stamp of the sequence [s], None before the first.
    """

    def __init__(self, limit: float = LATE_LIMIT) -> None:
        self.limit = limit
        self.reset()

    def reset(self) -> None:
        """Forget the stamps before."""
        self.last: float | None = None
        self._late: float | None = None  # last stamp since a late one came, None if none did
        self._covered = 0.0  # by the frames since then [s]

    def advance(self, stamp: float) -> Step:
        """Take the stamp of the next frame [s]."""
        if self.last is None or stamp > self.last:
            self._accept(stamp)
            return Step.NEXT
        if self._late is not None:
            self._covered += max(stamp - self._late, 0.0)
        if stamp == self.last:
            self._late = stamp if self._late is not None else None
            return Step.REPEATED
        self._late = stamp
        if self.last - stamp <= self.limit and self._covered <= self.limit:
            return Step.LATE
        self._accept(stamp)
        return Step.JUMP

    def _accept(self, stamp: float) -> None:
        self.last, self._late, self._covered = stamp, None, 0.0
