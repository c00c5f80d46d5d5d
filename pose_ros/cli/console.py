"""Where the command writes: results to the standard output, all else to the error output."""

from __future__ import annotations

from rich.console import Console

output = Console()
messages = Console(stderr=True)


def complain(text: str) -> None:
    """Say in one line what is wrong."""
    line = ' '.join(text.split())
    messages.print(f'pose-ros: {line}', style='red', markup=False, highlight=False, soft_wrap=True)
