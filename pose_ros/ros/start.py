"""The start of ROS in a process, with errors of its surroundings in one line."""

from __future__ import annotations

import re
from typing import Any

import rclpy

from pose_ros.process_environment import domain_of_environment

_SOURCE = re.compile(r', at [^\s,]+:\d+')
_HINTS = {
    'log directory': 'set ROS_LOG_DIR to a folder that can be written to',
    'params file': 'correct the file or its permissions',
}


def init_ros(**arguments: Any) -> None:
    """Call rclpy.init with these arguments.

    Raises
    ------
    ValueError
        A wrong ROS_DOMAIN_ID, an unreadable parameter file, a log folder that cannot be written
        to, a wrong ROS argument: one line that says which and what to do.
    """
    if 'domain_id' not in arguments:
        domain_of_environment()
    try:
        rclpy.init(**arguments)
    except UnicodeEncodeError as error:
        from pose_ros.core.media import display_name  # noqa: PLC0415

        raise ValueError(
            f'the argument {display_name(error.object)} is not UTF-8, which ROS needs: rename the '
            'file, or name it by a URL: file:///videos/caf%E9.mp4'
        ) from error
    except Exception as error:  # rclpy has several for wrong arguments, without a common base
        reason = one_line(error)
        hints = [hint for words, hint in _HINTS.items() if words in reason]
        raise ValueError('; '.join([reason, *hints])) from error


def one_line(error: Exception) -> str:
    """Message of an error on one line, without the places in rcl's sources."""
    text = _SOURCE.sub('', ' '.join(str(error).split()))
    return text if text and text[0] != '[' else f'{type(error).__name__}: {text}'
