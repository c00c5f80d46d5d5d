"""Whether a node that ended failed, and how long to wait before it is started again."""

from __future__ import annotations

import signal

FIRST_PAUSE = 1.0  # [s] before the first restart
MAX_PAUSE = 30.0  # [s] each pause is twice the last one, up to this
STEADY = 60.0  # [s] a node that ran longer starts over with the first pause
# Ended on request, possibly during its start.
CLEAN_CODES = (0, -signal.SIGINT, -signal.SIGTERM)
# Invalid parameters or a source that cannot be opened: a restart would fail again.
REFUSED_CODE = 2


def pause_before_restart(code: int, last_pause: float, lived: float) -> float | None:
    """Pause before the restart [s]; None for no restart.

    Parameters
    ----------
    code
        Exit code; negative: the signal that ended it.
    last_pause
        Pause before the last start [s]; 0 for the first start.
    lived
        Time from the last start to the end [s].
    """
    if code in CLEAN_CODES or code == REFUSED_CODE:
        return None
    if not last_pause or lived > STEADY:
        return FIRST_PAUSE
    return min(2 * last_pause, MAX_PAUSE)


def failed(code: int) -> bool:
    """Whether a process ended by a failure, by its exit code."""
    return code not in CLEAN_CODES
