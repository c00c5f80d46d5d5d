"""``pose-ros doctor``: a table of what is well here, and what to do about the rest."""

from __future__ import annotations

from functools import partial

from rich import box
from rich.markup import escape
from rich.table import Table
import typer

from pose_ros.cli.console import messages, output
from pose_ros.doctor import edge_tpu, graph, machine, middleware, software
from pose_ros.doctor.findings import Examination, State, examine

_MODEL = typer.Option('', help='Model to try.', show_default='blazepose_full')
_WAIT = typer.Option(2.5, min=0.0, help='Time [s] to look for running nodes.')

_COLOURS = {'good': 'green', 'hint': 'yellow', 'bad': 'red'}


def doctor(model: str = _MODEL, wait: float = _WAIT) -> None:
    """Examine this machine, the installation and what is running; exit code 1 if not all works."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column('what')
    table.add_column('is', no_wrap=True)
    table.add_column('found', overflow='fold')
    examinations: list[tuple[str, Examination]] = [
        ('processor', machine.processor),
        ('clock', machine.governor),
        ('memory', machine.memory),
        ('shared memory', machine.shared_memory),
        ('libraries', software.libraries),
        ('runtime', software.runtime),
        ('model', partial(software.model, model)),
        ('Edge TPU', edge_tpu.edge_tpu),
        ('camera', machine.cameras),
        ('ROS', graph.installation),
        ('image transport', middleware.transport),
        ('topics', partial(graph.topics, wait)),
    ]
    with messages.status('examining …'):
        findings = list(examine(examinations))
    for finding in findings:
        state = finding.state.value
        found = escape(finding.found)
        table.add_row(finding.subject, f'[{_COLOURS[state]}]{state}', found)
    output.print(table)
    for finding in findings:
        if finding.advice:
            # Unbroken, so that commands can be copied.
            output.print(f'[bold]{finding.subject}[/]: {escape(finding.advice)}', soft_wrap=True)
    if any(finding.state is State.BAD for finding in findings):
        raise typer.Exit(1)
