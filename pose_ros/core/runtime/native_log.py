"""Lines that native libraries write to the standard error by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import os
import threading

_STDERR = 2
_INFO = b'INFO: '
_lock = threading.Lock()


@contextmanager
def without_info_lines() -> Iterator[None]:
    """Drop the INFO lines that are written to the standard error meanwhile; pass on the rest.

    For the loading of a model: LiteRT's Python package has no switch for its own messages, such
    as "INFO: Created TensorFlow Lite XNNPACK delegate for CPU."
    """
    with _lock:
        held = os.memfd_create('stderr')
        kept = os.dup(_STDERR)
        os.dup2(held, _STDERR)
        try:
            yield
        finally:
            os.dup2(kept, _STDERR)
            os.close(kept)
            with open(held, 'rb') as lines:
                lines.seek(0)
                rest = b''.join(line for line in lines if not line.startswith(_INFO))
            with open(_STDERR, 'wb', closefd=False) as stderr:
                stderr.write(rest)
