"""Where the command writes: results to the standard output, all else to the error output."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import os

from rich.console import Console
import typer

output = Console()
messages = Console(stderr=True)


def complain(text: str) -> None:
    """Say in one line what is wrong."""
    line = ' '.join(text.split())
    messages.print(f'pose-ros: {line}', style='red', markup=False, highlight=False, soft_wrap=True)


@contextmanager
def complaints() -> Iterator[None]:
    """Tell in one line what cannot be done, and exit with code 2."""
    # Faults of files are told in our own words; OpenCV reads these when it is imported.
    os.environ.setdefault('OPENCV_LOG_LEVEL', 'SILENT')
    os.environ.setdefault('OPENCV_FFMPEG_LOGLEVEL', '-8')
    from pose_ros.core.runtime.errors import ModelError  # noqa: PLC0415
    from pose_ros.extras import MissingLibraryError  # noqa: PLC0415

    try:
        yield
    except (ModelError, MissingLibraryError, ValueError) as error:
        complain(str(error))
        raise typer.Exit(2) from None
    except BrokenPipeError:
        raise
    except OSError as error:
        complain(f'cannot write the results: {error}')
        raise typer.Exit(2) from None
