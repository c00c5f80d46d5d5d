"""The events of a fall."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum


class FallPhase(IntEnum):
    """Phase of a fall; the values are those of ``FallEvent.msg``."""

    FALLING = 0
    FALLEN = 1
    RECOVERED = 2
    CLOSED = 3


@dataclass(frozen=True)
class Fall:
    """An event in a fall of one person; all events of a fall have the same onset.

    Attributes
    ----------
    skeleton_id
        Of the person.
    phase
        Early warning; down and staying down; up again; or closed without a known recovery: the
        fall goes on under another id, or a person who was FALLING has not been seen again.
    confidence
        0 to 1.
    onset
        Start of the descent [s], on the clock of the images.
    landing
        End of the descent [s]; None while FALLING, and if there was no fall.
    duration
        From the onset to this frame [s].
    peak_descent_rate
        Maximum speed of hips and head on the way down [body heights/s].
    lost
        Whether the person was out of sight on the way down or after it.
    """

    skeleton_id: int
    phase: FallPhase
    confidence: float
    onset: float
    landing: float | None
    duration: float
    peak_descent_rate: float
    lost: bool = False

    def __post_init__(self) -> None:
        """Validate the fields."""
        if not 0 <= self.confidence <= 1:
            raise ValueError(f'confidence must be 0 to 1, got {self.confidence}')

    def shifted(self, offset: float) -> Fall:
        """Same event with its times on another clock, which is ahead by an offset [s]."""
        landing = None if self.landing is None else self.landing + offset
        return replace(self, onset=self.onset + offset, landing=landing)
