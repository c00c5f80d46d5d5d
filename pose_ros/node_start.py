"""Start of a node's process: Ctrl-C before the node runs ends it cleanly.

Free of ROS and of everything else: the signal must be handled before slow imports begin.
"""

from __future__ import annotations

from importlib import import_module
import os
import signal


def start(module: str) -> None:
    """Import a module of `pose_ros.ros` and call its ``main``, which handles signals from then on.

    Parameters
    ----------
    module
        Name of the module, such as 'pose_node'.
    """
    # Nothing is open yet that would have to be closed.
    signal.signal(signal.SIGINT, lambda _number, _frame: os._exit(0))
    # Launch blocks the signal until here; one that has arrived is delivered now.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    import_module(f'pose_ros.ros.{module}').main()
