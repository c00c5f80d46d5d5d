"""The pose-ros command. Sub-commands import what they need when they run."""

from __future__ import annotations

import importlib
import importlib.util

import typer

from pose_ros.cli import evaluate, models, motions
from pose_ros.cli.analyse import analyse
from pose_ros.cli.console import complain, output
from pose_ros.cli.doctor import doctor
from pose_ros.cli.estimate import estimate
from pose_ros.cli.evaluate_motion import motion
from pose_ros.cli.plot import plot
from pose_ros.version import VERSION

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode='markdown',  # joins the lines of a paragraph
)
app.add_typer(models.app, name='models')
evaluate.app.command()(motion)
app.add_typer(evaluate.app, name='evaluate')
app.add_typer(motions.app, name='motions')
app.command()(estimate)
app.command()(analyse)
app.command()(plot)
app.command()(doctor)


def _show_version(wanted: bool) -> None:
    if wanted:
        output.print(f'pose_ros {VERSION}', highlight=False)
        raise typer.Exit


_VERSION = typer.Option(
    False, '--version', is_eager=True, callback=_show_version, help='Show the version and exit.'
)


@app.callback()
def options(version: bool = _VERSION) -> None:
    """Human pose from images: skeletons, gestures and what RViz needs to show them."""


_FORWARD = {'allow_extra_args': True, 'ignore_unknown_options': True, 'help_option_names': []}


@app.command(context_settings=_FORWARD)
def demo(context: typer.Context) -> None:
    """Watch it work: camera, actor or video through the real nodes. Needs ROS 2."""
    if importlib.util.find_spec('rclpy') is None:
        complain(
            'the demo needs ROS 2, and there is no rclpy here: source ROS 2 first '
            '(source /opt/ros/jazzy/setup.bash), or run make demo in the sources'
        )
        raise typer.Exit(2)
    command = typer.Typer(add_completion=False)
    command.command()(importlib.import_module('pose_ros.cli.demo').demo)
    command(args=context.args, prog_name='pose-ros demo')


def main() -> None:
    """Run the command."""
    app(prog_name='pose-ros')
