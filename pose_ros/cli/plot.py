"""``pose-ros plot``: angles, gestures, falls and more over time, as one image."""

from __future__ import annotations

from pathlib import Path

import typer

from pose_ros.cli.console import check_outputs, check_plot, complaints, messages
from pose_ros.cli.results import whole_file
from pose_ros.plotting.chart import draw
from pose_ros.plotting.readers import read_recording
from pose_ros.plotting.recording import Recording

_FILES = typer.Argument(
    ..., metavar='FILE',
    help='JSON lines or angles that pose-ros analyse wrote, events.csv of the demo, or a recorded '
    'bag; several come into one image.',
)  # fmt: skip
_IMAGE = typer.Option(
    '', '--output', metavar='FILE', help='The PNG to write; else beside the first file.'
)
_ANGLE = typer.Option(
    [], metavar='NAME', help='Angle such as left_knee; repeat for several. Else what moves most.'
)
_PERSON = typer.Option([], min=0, metavar='ID', help='Person; repeat for several. Else all.')


def plot(
    files: list[str] = _FILES,
    *,
    image: str = _IMAGE,
    angle: list[str] = _ANGLE,
    person: list[int] = _PERSON,
) -> None:
    """Draw joint angles, gestures, postures, exercises and falls over time as one PNG.

    Of a bag it draws the topics joint_angles, gestures, falls, postures and exercise. Exit code 2
    if that cannot be done.
    """
    with complaints():
        paths = [Path(text) for text in files]
        target = Path(image) if image else paths[0].with_suffix('.png')
        check_outputs([image or str(target)], paths)
        check_plot(image)
        timeline = Recording()
        for path in paths:
            read_recording(path, timeline)
        with whole_file(target) as path:
            draw(timeline.of(person), path, angle)
        messages.print(str(target), markup=False, highlight=False, soft_wrap=True)
