"""The error of files and streams that cannot be read, and how they are named in messages."""

from __future__ import annotations

import os
from pathlib import Path
import re
from urllib.parse import unquote_to_bytes

# scheme://user:password@host
_PASSWORD = re.compile(r'^(\w[\w+.-]*://[^/@:]*):[^/@]*@')
_URL = re.compile(r'^\w[\w+.-]*://')


class MediaError(ValueError):
    """A file or stream that cannot be read; the message names it and the reason."""


def local_path(source: str) -> str:
    """Path that a file URL names, with its bytes as %E9; other sources as they are.

    So a file can be named whose name is not UTF-8, as ROS parameters must be.
    """
    address = source.removeprefix('file://')
    return source if address == source else os.fsdecode(unquote_to_bytes(address))


def is_url(source: str) -> bool:
    """Whether a source is a URL, such as rtsp://camera/stream, rather than a path."""
    return _URL.match(source) is not None


def resolved(source: str) -> str:
    """Name that all spellings of a source share: of a file its path without links; else itself."""
    path = local_path(source)
    return path if is_url(path) else str(Path(path).resolve())


def display_name(source: str | os.PathLike[str]) -> str:
    r"""Name of a source for messages and results: always encodable, without a password.

    Bytes of a file name that are not UTF-8 are shown as ``\xe9``.
    """
    text = os.fsencode(source).decode('utf-8', 'backslashreplace')
    return _PASSWORD.sub(r'\1:***@', text)
