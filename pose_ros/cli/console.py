"""Where the command writes: results to the standard output, all else to the error output."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
import os
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


def refuse_dash(*names: str) -> None:
    """ValueError if one of these results would go to the output, as only JSON can."""
    if '-' in names:
        raise ValueError(
            'only --json can go to the output (-): name a file or folder; one that is called so '
            'is ./-'
        )


def refuse_options(context: typer.Context, *names: str, where: str) -> None:
    """ValueError if one of these parameters of a command was given, as they do not apply there."""
    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name or '')
        if parameter.name in names and source is not None and source.name == 'COMMANDLINE':
            raise ValueError(f'{parameter.opts[0]} does not apply {where}: leave it out')


def check_plot(name: str) -> None:
    """ValueError if a plot, which is a PNG, has the name of something else; '' is no file."""
    if name and Path(name).suffix.lower() != '.png':
        raise ValueError(f'{name}: a plot ends in .png')


def check_outputs(names: Sequence[str], inputs: Iterable[Path], json_file: str = '') -> None:
    """ValueError if results cannot go to files of these names; '' is no file.

    That of JSON may also be '-', the output.
    """
    refuse_dash(*names)
    kept = {path.resolve() for path in inputs}
    taken: set[Path] = set()
    for name in (*names, json_file):
        if not name or name == json_file == '-':
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
        # Files are replaced as a whole; pipes and devices are written to.
        target = Path(name) if Path(name).exists() and not path.is_file() else path.parent
        if not os.access(target, os.W_OK):
            raise ValueError(f'{name} cannot be written: {target} is read-only for you')
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
