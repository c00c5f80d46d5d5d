"""What keeps Ctrl-C from breaking off launch and its nodes while they start."""

from __future__ import annotations

from functools import cache
import signal
import subprocess
import threading
from typing import Any
import weakref

# Of coreutils 8.31 and later; other implementations may lack the option.
_BLOCKER = ('env', '--block-signal=INT')


@cache
def interrupt_blocker() -> str:
    """Command prefix with which a process starts with SIGINT blocked; empty where there is none.

    While Python itself starts, Ctrl-C would end it with a traceback. `pose_ros.node_start` lets
    the signal in as soon as it can be handled.
    """
    try:
        # In a session of its own: Ctrl-C at this moment must not look like a missing option.
        tried = subprocess.run(
            [*_BLOCKER, 'true'], check=False, capture_output=True, start_new_session=True
        )
    except OSError:
        return ''
    return '' if tried.returncode else ' '.join(_BLOCKER)


def leave_interrupts_to_launch(context: Any) -> None:
    """Let only launch's own handling of SIGINT see Ctrl-C, while its context lives.

    Launch hears of signals through a file descriptor, but Python raises KeyboardInterrupt as
    well, wherever launch is. In the task that starts a process it makes launch wait for ever.
    A handler that is not Python's own stays.
    """
    usual = signal.default_int_handler
    if threading.current_thread() is not threading.main_thread():
        return
    if signal.getsignal(signal.SIGINT) is usual:
        signal.signal(signal.SIGINT, lambda _number, _frame: None)
        weakref.finalize(context, signal.signal, signal.SIGINT, usual)
