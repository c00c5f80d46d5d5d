"""Names that users write: what an unknown one was probably meant to be."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """Known name that is most like a name; None if none is much like it."""
    near = get_close_matches(name, sorted(known))
    # Swapped letters before missing ones: modle is model, not mode.
    return min(near, key=lambda other: sorted(other) != sorted(name), default=None)


def unknown_name(kind: str, name: str, known: Iterable[str]) -> str:
    """Text of an error about an unknown name, with all known ones.

    Examples
    --------
    >>> unknown_name('gesture', 'wavve', ['clap', 'wave'])
    "unknown gesture 'wavve' (did you mean wave?), known are: clap, wave"
    """
    known = list(known)
    near = nearest_name(name, known)
    hint = '' if near is None else f' (did you mean {near}?)'
    return f'unknown {kind} {name!r}{hint}, known are: {", ".join(known)}'
