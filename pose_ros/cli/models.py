"""``pose-ros models``: which models there are, getting them, and checking their files."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
import typer

from pose_ros.cli.console import complain, messages, output

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pose_ros.core.runtime.download import Progress
    from pose_ros.core.runtime.manifest import ModelEntry
    from pose_ros.core.runtime.store import FileCheck, ModelStore

app = typer.Typer(help='List, install and verify models.', no_args_is_help=True)

_INSTALL_NAMES = typer.Argument(..., metavar='NAME', help='Models to install.')
_VERIFY_NAMES = typer.Argument(None, metavar='NAME', help='Models to check; else all there.')
_DEVICE = typer.Option('cpu', help='What the model shall run on: cpu or edgetpu.')

_STATES = {'good': 'green', 'unverified': 'yellow', 'wrong': 'red', 'missing': 'red'}


@app.command('list')
def list_models() -> None:
    """Show the models and which are installed."""
    store = _store()
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in ('model', 'device', 'installed', 'MB', 'input', 'licence'):
        table.add_column(column, no_wrap=True)
    table.add_column('what it is')
    for name in store.names:
        entry = store.entry(name)
        for device in entry.devices:
            table.add_row(
                name,
                device,
                '[green]yes' if _installed(store, name, device) else 'no',
                _megabytes(entry, device),
                '×'.join(map(str, entry.input)),
                entry.licence,
                entry.summary,
            )
    output.print(table)
    _say(f'The default is {store.default}. Models are installed into {store.folders[-1]}')


@app.command()
def install(names: list[str] = _INSTALL_NAMES, device: str = _DEVICE) -> None:
    """Download models; whatever is there and right is kept."""
    from pose_ros.core.runtime.errors import ModelError  # noqa: PLC0415

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
    from pose_ros.core.runtime.errors import ModelError  # noqa: PLC0415

    store = _store()
    wanted = list(names or [])
    table = Table(box=box.SIMPLE_HEAD)
    for column in ('model', 'device', 'state', 'file'):
        table.add_column(column, overflow='fold')
    faults = []
    for name in wanted or store.names:
        try:
            entry = store.entry(name)
        except ModelError as error:
            faults.append(str(error))
            continue
        for device in entry.devices:
            checks = store.verify(name, device)
            there = any(check.path for check in checks)
            if not there and (device != 'cpu' or not wanted):
                continue
            for check in checks:
                colour = _STATES[check.state]
                place = str(check.path or check.file.name)
                table.add_row(name, device, f'[{colour}]{check.state}', place)
                faults += _faults(name, check)
    output.print(table if table.row_count else 'no model is installed')
    for fault in dict.fromkeys(faults):
        complain(fault)
    if faults:
        raise typer.Exit(1)


def _faults(name: str, check: FileCheck) -> list[str]:
    if check.state == 'wrong':
        return [f'{check.path}: {check.fault}']
    if check.state == 'missing':
        from pose_ros.core.runtime.store import remedy  # noqa: PLC0415

        return [f'{check.file.name} is missing; {remedy(check.file, name)}']
    return []


def _recognised(check: FileCheck) -> str:
    """Say what a file without known SHA-256 was held against."""
    if check.file.git_blob:
        return f'not recorded; the file is git blob {check.file.git_blob}, as it should be'
    return 'not verified: none is recorded for this file'


def _store() -> ModelStore:
    """Open the model store; one line and exit code 2 if the manifest is unusable."""
    from pose_ros.core.runtime.errors import ModelError  # noqa: PLC0415
    from pose_ros.core.runtime.store import ModelStore  # noqa: PLC0415

    try:
        return ModelStore()
    except ModelError as error:
        complain(str(error))
        raise typer.Exit(2) from None


def _installed(store: ModelStore, name: str, device: str) -> bool:
    from pose_ros.core.runtime.errors import ModelError  # noqa: PLC0415

    try:
        store.locate(name, device)
    except ModelError:
        return False
    return True


def _megabytes(entry: ModelEntry, device: str) -> str:
    sizes = [file.size for file in entry.files_for(device)]
    return '?' if None in sizes else f'{sum(filter(None, sizes)) / 1e6:.1f}'


def _say(text: str) -> None:
    output.print(text, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def _progress() -> Iterator[Progress | None]:
    """Bars for what is being downloaded, gone afterwards; none where nobody watches."""
    if not messages.is_terminal:
        yield None
        return
    from rich import progress  # noqa: PLC0415

    columns = (
        progress.TextColumn('{task.description}'),
        progress.BarColumn(),
        progress.DownloadColumn(),
        progress.TransferSpeedColumn(),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=messages, transient=True) as bars:
        tasks: dict[str, progress.TaskID] = {}

        def show(what: str, done: int, total: int | None) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total or 0)
            bars.update(tasks[what], completed=done)

        yield show
