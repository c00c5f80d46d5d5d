"""The start of ROS in a process, with errors of its surroundings in one line."""

from __future__ import annotations

import os
import re
from typing import Any

import rclpy

# Ports of DDS end at this domain; Fast DDS ends the process at a higher one.
LAST_DOMAIN = 232
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
    domain = os.environ.get('ROS_DOMAIN_ID') or '0'
    valid = domain.isascii() and domain.isdecimal() and int(domain) <= LAST_DOMAIN
    if not valid and 'domain_id' not in arguments:
        raise ValueError(f'ROS_DOMAIN_ID must be a number, 0 to {LAST_DOMAIN}, got {domain!r}')
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
