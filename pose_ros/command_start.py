"""Start of the pose-ros command: Ctrl-C while it is imported ends it in silence.

Free of everything else: the signal must be handled before slow imports begin. Worker processes
import the program, too.
"""

from __future__ import annotations

import os
import signal


def main() -> None:
    """Import the command and run it."""
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.SIG_IGN:  # as of a job in the background
        signal.signal(signal.SIGINT, lambda _number, _frame: os._exit(130))
    from pose_ros.cli.main import main as run  # noqa: PLC0415

    signal.signal(signal.SIGINT, before)
    run()
