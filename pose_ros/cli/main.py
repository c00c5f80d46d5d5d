"""The pose-ros command. Sub-commands import what they need when they run."""

from __future__ import annotations

import importlib
import importlib.util

import typer

from pose_ros.cli import evaluate, models, motions
from pose_ros.cli.analyse import analyse
from pose_ros.cli.console import complain
from pose_ros.cli.doctor import doctor
from pose_ros.cli.estimate import estimate
from pose_ros.cli.plot import plot

app = typer.Typer(
    help='Human pose from images: skeletons, gestures and what RViz needs to show them.',
    no_args_is_help=True,
    add_completion=False,
)
app.add_typer(models.app, name='models')
app.add_typer(evaluate.app, name='evaluate')
app.add_typer(motions.app, name='motions')
app.command()(estimate)
app.command()(analyse)
app.command()(plot)
app.command()(doctor)

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
