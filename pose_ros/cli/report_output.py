"""Where the tables of pose-ros evaluate go."""

from __future__ import annotations

from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from pose_ros.cli.console import messages, output
from pose_ros.cli.results import write_text
from pose_ros.evaluation.report import Report, surroundings

# Minimum width of a table [characters]: figures that are cut off are of no use.
MIN_WIDTH = 160


def check_markdown(name: str, markdown: str) -> None:
    """Refuse a file into which the table cannot be written later."""
    if markdown:
        surroundings(name, Path(markdown))


def show(report: Report, json_file: str = '', markdown: str = '') -> None:
    """Print the table, unless JSON goes to the output, and write the files asked for."""
    if json_file != '-':
        _print(report)
    messages.print(report.about, highlight=False)
    if json_file:
        write_text(json_file, report.json())
    if markdown:
        report.write_markdown(Path(markdown))


def _print(report: Report) -> None:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in report.columns:
        table.add_column(column.heading, justify='right' if column.form else 'left', no_wrap=True)
    for row in report.rows:
        table.add_row(*(column.cell(row) for column in report.columns))
    Console(width=max(output.width, MIN_WIDTH)).print(table)
