"""``pose-ros view``: a recording or its results in the browser, without ROS."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
import threading

import typer

from pose_ros.cli.console import complain, complaints
from pose_ros.cli.options import HANDS, MODEL, THREADS, TOPIC, given_config
from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.media import display_name
from pose_ros.core.motion.watcher import MotionWatcher
from pose_ros.extras import library
from pose_ros.recordings.show_files import analyse_show, open_show
from pose_ros.web.access import make_access, page_address
from pose_ros.web.show import RecordedShow

_FILES = typer.Argument(
    ..., metavar='FILE',
    help='A video or bag, and results of pose-ros estimate and analyse: JSON lines, tables of '
    'angles, bags. Without results people are looked for while it is shown.',
)  # fmt: skip
_MODE = typer.Option('', help='Whom to follow: single, multi or auto.', show_default='single')
_HOST = typer.Option('127.0.0.1', help='Address to listen on; all but this ask for a token.')
_PORT = typer.Option(8090, min=0, max=65535, help='Port of the page; 0 is a free one.')


def view(
    files: list[str] = _FILES,
    *,
    host: str = _HOST,
    port: int = _PORT,
    model: str = MODEL,
    mode: str = _MODE,
    hands: str = HANDS,
    threads: int = THREADS,
    topic: str = TOPIC,
) -> None:
    """Show a video, a bag or results in the browser, with skeletons, events and angles.

    Prints the address of the page; Ctrl-C ends it. Exit code 2 if a file cannot be shown.
    """
    with complaints():
        library('aiohttp', 'web')
        from pose_ros.web.show_server import ShowServer  # noqa: PLC0415

        show = open_show(files, topic)
        if show.fault:
            complain(show.fault)
        config = given_config(model=model, mode=mode, threads=threads, hands=hands)
        access = make_access(host)
        title = display_name(Path(files[0]).name)
        server = ShowServer(show, title, access).server
        with analysing(show, config), suppress(KeyboardInterrupt):
            server.start(host, port)
            address = page_address(host, server.port, access.token)
            typer.echo(f'open {address}')  # at once, also into a pipe
            threading.Event().wait()
        server.stop()


@contextmanager
def analysing(show: RecordedShow, config: EstimatorConfig) -> Iterator[None]:
    """Find people in a thread, unless they are known."""
    if show.has_people or show.media is None:
        show.progress = 1.0
        yield
        return
    estimator = PoseEstimator(config)
    ended = threading.Event()
    arguments = (show, estimator, MotionWatcher(), ended.is_set)
    thread = threading.Thread(target=analyse_show, args=arguments)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
