"""What is told of a fall."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np

from pose_ros.core.motion.descent import Descent

# A faster descent of head and hips together may be a fall [body heights/s].
DESCENT_RATE = 0.38
# Confidence where nobody has seen the body stay down, over that where it was seen.
UNSEEN_TRUST = 0.7


class FallPhase(IntEnum):
    """Where in its course a fall is; the values are those of ``FallEvent.msg``."""

    FALLING = 0
    FALLEN = 1
    RECOVERED = 2
    CLOSED = 3


@dataclass(frozen=True)
class Fall:
    """An event in a fall of one person; all events of a fall have the same onset.

    Attributes
    ----------
    person_id
        Of the person.
    phase
        Early warning, down and staying down, up again, or closed: nobody is known to be up, but
        the fall goes on under another id, or who was FALLING has not been seen again.
    confidence
        0 to 1.
    onset
        When the way down began [s], on the clock of the pictures.
    landing
        When it ended [s]; None while FALLING, and if nothing came of it.
    duration
        From the onset to this picture [s].
    peak_descent_rate
        Of hips and head, the fastest on the way down [body heights/s].
    lost
        Whether the person was out of sight on the way down or after it.
    """

    person_id: int
    phase: FallPhase
    confidence: float
    onset: float
    landing: float | None
    duration: float
    peak_descent_rate: float
    lost: bool = False

    def __post_init__(self) -> None:
        """Refuse what is none."""
        if not 0 <= self.confidence <= 1:
            raise ValueError(f'confidence must be 0 to 1, got {self.confidence}')


def event_of(descent: Descent, person_id: int, phase: FallPhase, stamp: float) -> Fall:
    """What is told of a descent at a time."""
    sure = float(np.interp(descent.peak, (DESCENT_RATE, 1.2), (0.5, 0.95)))
    if phase is FallPhase.FALLING:
        sure *= UNSEEN_TRUST
    return Fall(
        person_id,
        phase,
        sure,
        descent.onset,
        descent.landing,
        stamp - descent.onset,
        descent.peak,
        descent.lost,
    )


def closing_of(descent: Descent, person_id: int, stamp: float) -> Fall:
    """Nothing more is told of a descent under an id, but nobody is known to be up."""
    return replace(event_of(descent, person_id, FallPhase.CLOSED, stamp), lost=True)
