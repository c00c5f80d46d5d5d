"""The pose-ros command. The module of a sub-command is imported when that is used."""

from __future__ import annotations

import importlib
import importlib.util
import os
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from pose_ros.cli.console import complain, output
from pose_ros.version import VERSION

# Each is a module of this folder with a function of that name, or with an app of sub-commands.
COMMANDS = {
    'demo': 'Watch it work: camera, actor or video through the real nodes. Needs ROS 2.',
    'estimate': 'Find people in images, videos, GIFs, folders and network streams.',
    'analyse': 'Gestures, postures, falls, exercises and joint angles in videos.',
    'batch': 'Many recordings on many cores or machines.',
    'view': 'Show a recording or its results in the browser.',
    'plot': 'Draw angles and events over time as one PNG.',
    'doctor': 'Examine this machine, the installation and the running nodes.',
    'models': 'List, install and verify models.',
    'motions': 'Learn motions of your own: record examples, train, evaluate.',
    'signs': 'Which of your recorded signs a person makes, in videos or live.',
    'evaluate': 'Measure models: keypoints, identities, recognised motion.',
}


class _LazyCommand(TyperCommand):
    """Name and help of a sub-command; the command itself is loaded when it is used."""

    def make_context(self, info_name: Any, args: Any, parent: Any = None, **extra: Any) -> Any:
        return _load(str(self.name)).make_context(info_name, args, parent, **extra)


class _LazyGroup(TyperGroup):
    def __init__(self, **arguments: Any) -> None:
        arguments['commands'] = {
            name: _LazyCommand(name, callback=lambda: None, help=text)
            for name, text in COMMANDS.items()
        }
        super().__init__(**arguments)


def _load(name: str) -> Any:
    if name == 'demo' and importlib.util.find_spec('rclpy') is None:
        complain(
            'the demo needs ROS 2, and there is no rclpy here: source ROS 2 first '
            '(source /opt/ros/jazzy/setup.bash), or run make demo in the sources'
        )
        raise typer.Exit(2)
    # Faults of files are reported in our own words; OpenCV reads these when it is imported.
    os.environ.setdefault('OPENCV_LOG_LEVEL', 'SILENT')
    os.environ.setdefault('OPENCV_FFMPEG_LOGLEVEL', '-8')
    module = importlib.import_module(f'pose_ros.cli.{name}')
    app = getattr(module, 'app', None)
    if app is None:
        app = typer.Typer(add_completion=False)
        app.command(name)(getattr(module, name))
    app.rich_markup_mode = 'markdown'  # joins the lines of a paragraph
    return typer.main.get_command(app)


app = typer.Typer(cls=_LazyGroup, no_args_is_help=True, rich_markup_mode='markdown')


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


def main() -> None:
    """Run the command."""
    app(prog_name='pose-ros')
