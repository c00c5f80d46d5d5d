"""``pose-ros models``: which models there are, getting them, and checking their files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich import box
from rich.markup import escape
from rich.progress import DownloadColumn, TaskID
from rich.table import Table
import typer

from pose_ros.cli.console import complain, output, progress_bars
from pose_ros.cli.options import model_names
from pose_ros.core.runtime.download import Progress
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.runtime.file_check import FileCheck
from pose_ros.core.runtime.manifest import ModelEntry
from pose_ros.core.runtime.store import ModelStore, remedy

app = typer.Typer(
    help='List, install and verify models.', add_completion=False, no_args_is_help=True
)


_INSTALL_NAMES = typer.Argument(
    ..., metavar='NAME', help='Models to install.', autocompletion=model_names
)
_VERIFY_NAMES = typer.Argument(
    None,
    metavar='NAME',
    help='Models to check.',
    show_default='all that are installed',
    autocompletion=model_names,
)
_DEVICE = typer.Option('cpu', help='Device to install the model for: cpu or edgetpu.')

_STATES = {'good': 'green', 'unverified': 'yellow', 'wrong': 'red', 'missing': 'red'}


@app.command('list')
def list_models() -> None:
    """Show the models and which are installed, for the CPU and for an Edge TPU."""
    store = _store()
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in ('model', 'CPU', 'Edge TPU', 'MB', 'licence'):
        table.add_column(column, no_wrap=True)
    table.add_column('what it is')
    for name in store.names:
        entry = store.entry(name)
        states = [_installed(store, name, device) for device in ('cpu', 'edgetpu')]
        size = _megabytes(entry, entry.devices[0])
        table.add_row(name, *states, size, escape(entry.licence), escape(entry.summary))
    output.print(table)
    _say(f'The default is {store.default}. Models are installed into {store.folders[-1]}')


@app.command()
def install(names: list[str] = _INSTALL_NAMES, device: str = _DEVICE) -> None:
    """Download models; whatever is there and right is kept."""
    store = _store()
    failed = False
    for name in names:
        try:
            with _progress() as progress:
                store.install(name, device, progress)
        except ModelError as error:
            complain(str(error))
            failed = True
            continue
        for check in store.verify(name, device):
            _say(f'{name}: {check.path}')
            if check.file.sha256 is None:
                _say(f'  SHA-256 {check.sha256} ({_recognised(check)})')
    if failed:
        raise typer.Exit(1)


@app.command()
def verify(names: list[str] = _VERIFY_NAMES) -> None:
    """Compare the installed files with their checksums; exit code 1 if one is wrong."""
    store = _store()
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in ('model', 'device', 'state', 'file'):
        table.add_column(column, overflow='fold')
    faults: list[str] = []
    folders: dict[Path, None] = {}
    for name, device in _to_verify(store, names or [], faults):
        for check in store.verify(name, device):
            state = f'[{_STATES[check.state]}]{check.state}'
            table.add_row(name, device, state, check.file.name)
            faults += _faults(name, check)
            if check.path:
                folders[check.path.parent] = None
    output.print(table if table.row_count else 'no model is installed')
    if folders:
        _say(f'Folder: {", ".join(map(str, folders))}')
    for fault in dict.fromkeys(faults):
        complain(fault)
    if faults:
        raise typer.Exit(1)


def _to_verify(
    store: ModelStore, wanted: list[str], faults: list[str]
) -> Iterator[tuple[str, str]]:
    """Models and devices to verify: those wanted, else those installed.

    Installed is a model of which there are all files, or one that no other model shares. Unknown
    names are added to the faults.
    """
    owners = Counter(
        name for model in store.names for name in {file.name for file in store.entry(model).files}
    )
    for name in wanted or store.names:
        try:
            entry = store.entry(name)
        except ModelError as error:
            faults.append(str(error))
            continue
        for device in entry.devices:
            there = [check for check in store.verify(name, device) if check.path]
            whole = len(there) >= len(entry.files_for(device))
            named = bool(wanted) and device == 'cpu'
            if named or whole or any(owners[check.file.name] == 1 for check in there):
                yield name, device


def _faults(name: str, check: FileCheck) -> list[str]:
    if check.state == 'wrong':
        return [f'{check.path}: {check.fault}']
    if check.state == 'missing':
        return [f'{check.file.name} is missing; {remedy(check.file, name)}']
    return []


def _recognised(check: FileCheck) -> str:
    """Say what a file without known SHA-256 was held against."""
    if check.file.git_blob:
        return f'not recorded; the file is git blob {check.file.git_blob}, as it should be'
    return 'not verified: none is recorded for this file'


def _store() -> ModelStore:
    """Open the model store; one line and exit code 2 if the manifest is unusable."""
    try:
        return ModelStore()
    except ModelError as error:
        complain(str(error))
        raise typer.Exit(2) from None


def _installed(store: ModelStore, name: str, device: str) -> str:
    """Say whether the build of a model for a device is installed; '-' where there is none."""
    if device not in store.entry(name).devices:
        return '-'
    states = {check.state for check in store.verify(name, device)}
    if 'wrong' in states:
        return '[red]damaged'
    return 'no' if 'missing' in states else '[green]yes'


def _megabytes(entry: ModelEntry, device: str) -> str:
    sizes = [file.size for file in entry.files_for(device)]
    return '?' if None in sizes else f'{sum(filter(None, sizes)) / 1e6:.1f}'


def _say(text: str) -> None:
    output.print(text, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def _progress() -> Iterator[Progress]:
    """Progress bars of downloads."""
    with progress_bars(DownloadColumn()) as bars:
        tasks: dict[str, TaskID] = {}

        def show(what: str, done: int, total: int | None) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what)
            bars.update(tasks[what], completed=done, total=total)

        yield show
