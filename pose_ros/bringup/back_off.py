"""Whether a node that ended failed, and how long to wait before it is started again."""

from __future__ import annotations

import signal

FIRST_PAUSE = 1.0  # [s]
LONGEST_PAUSE = 30.0  # [s]
STEADY = 60.0  # [s] who lived so long starts over with the first pause
# Ended as it was told to, perhaps while it started.
CLEAN_CODES = (0, -signal.SIGINT, -signal.SIGTERM)
# Refused its parameters, or cannot open what they name; it would again.
REFUSED_CODE = 2


def pause_before_restart(code: int, last_pause: float, lived: float) -> float | None:
    """Time to wait [s]; None if there is to be no restart.

    Parameters
    ----------
    code
        Exit code; negative: the signal that ended it.
    last_pause
        Before the start of the life that has just ended [s]; 0 for the first one.
    lived
        How long it was [s].
    """
    if code in CLEAN_CODES or code == REFUSED_CODE:
        return None
    if not last_pause or lived > STEADY:
        return FIRST_PAUSE
    return min(2 * last_pause, LONGEST_PAUSE)


def failed(code: int) -> bool:
    """Whether a process ended by a failure, by its exit code."""
    return code not in CLEAN_CODES
