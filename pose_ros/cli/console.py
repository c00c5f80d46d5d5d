"""Where the command writes: results to the standard output, all else to the error output."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
import typer

from pose_ros.extras import MissingLibraryError

output = Console()
messages = Console(stderr=True)


def complain(text: str) -> None:
    """Say in one line what is wrong."""
    line = ' '.join(text.split())
    messages.print(f'pose-ros: {line}', style='red', markup=False, highlight=False, soft_wrap=True)


def check_outputs(names: Sequence[str], inputs: Iterable[Path]) -> None:
    """ValueError if results cannot go to files of these names; '' and '-' are not files."""
    kept = {path.resolve() for path in inputs}
    taken: set[Path] = set()
    for name in names:
        if name in ('', '-'):
            continue
        path = Path(name).resolve()
        if path in kept:
            raise ValueError(f'{name} would overwrite an input: choose another name')
        if path in taken:
            raise ValueError(f'two results would be written to {name}: choose a file for each')
        if path.is_dir():
            raise ValueError(f'{name} is a folder: name a file in it')
        if not path.parent.is_dir():
            raise ValueError(f'there is no folder {path.parent} for {name}: create it first')
        taken.add(path)


@contextmanager
def complaints() -> Iterator[None]:
    """Report in one line what cannot be done, and exit with code 2."""
    # With NumPy, which the help does without.
    from pose_ros.core.runtime.errors import ModelError  # noqa: PLC0415

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


@contextmanager
def progress_bars(count: str | ProgressColumn, *, quiet: bool = False) -> Iterator[Progress]:
    """Progress bars on the error output; none where that is no terminal, or if `quiet`.

    Parameters
    ----------
    count
        Column after the bar, or a text such as ``{task.completed:.0f} frames``.
    quiet
        Whether there are none in any case.
    """
    column = TextColumn(count) if isinstance(count, str) else count
    columns = (TextColumn('{task.description}'), BarColumn(), column, TimeRemainingColumn())
    hidden = quiet or not messages.is_terminal
    with Progress(*columns, console=messages, transient=True, disable=hidden) as bars:
        yield bars
