"""The line with which a node says why it failed."""

from __future__ import annotations

import re

# What rcutils writes before a message: severity, time and logger, in colours.
_FATAL = re.compile(r'\[FATAL\](?: \[[^\]]*\])*:? *(.+)')
_COLOUR = re.compile(r'\x1b\[[\d;]*m')
# Of the end of a node's output [characters]: more than its last lines.
_KEPT = 8192


class FatalLine:
    """Collects the output of a process and finds the last fatal line in it."""

    def __init__(self) -> None:
        self._output = ''

    def add(self, output: bytes) -> None:
        """Take the next piece of output."""
        self._output = (self._output + output.decode(errors='replace'))[-_KEPT:]

    def __str__(self) -> str:
        """Return the message of the last fatal line; empty without one."""
        found = _FATAL.findall(_COLOUR.sub('', self._output))
        return str(found[-1]).strip() if found else ''
