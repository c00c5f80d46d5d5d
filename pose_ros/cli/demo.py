"""``pose-ros demo``: the real nodes at work on a camera, a video or the actor."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
import os
from pathlib import Path
import signal
import time
from typing import Any

import typer

from pose_ros.actor.showreel import MOST_PEOPLE
from pose_ros.cli.console import complain, messages
from pose_ros.cli.console import output as console
from pose_ros.cli.demo_display import (
    Display,
    files_line,
    next_steps,
    summary_people_table,
    summary_table,
)
from pose_ros.cli.demo_processes import (
    DemoError,
    NodeProcess,
    Supervisor,
    find_executable,
    node_environment,
    own_domain,
)
from pose_ros.cli.demo_recorder import FilmRecorder
from pose_ros.cli.demo_report import FILM, LOGS, output_folder, write_report
from pose_ros.cli.demo_source import DemoSource, choose_source
from pose_ros.cli.demo_statistics import Statistics
from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.runtime.store import ModelStore

# The longest that the nodes may take until the first skeleton [s].
START_LIMIT = 60.0
# The longest that the last image may take through all nodes [s].
DRAIN_LIMIT = 2.0
TICK = 0.05
NODES = ('pose_node', 'gesture_node', 'marker_node', 'source_node')

_SOURCE = typer.Option(
    'auto', help='auto (a camera if there is one, else the actor), camera, /dev/videoN, actor, '
    'actor:MOTION, a video file or a URL.',
)  # fmt: skip
_SCENE = typer.Option(
    '',
    help="The actor's: gestures, falls, fitness, showreel, or a motion.",
    show_default='showreel',
)
_DURATION = typer.Option(
    0.0, min=0.0, show_default='once the scene, or 30',
    help='Time from the first skeleton on [s].',
)  # fmt: skip
_MODEL = typer.Option(
    '', help='Model, as pose-ros models list shows them.', show_default='blazepose_full'
)
_PEOPLE = typer.Option(
    1, min=1, max=MOST_PEOPLE, help='So many actors, or of those before the camera at most so '
    'many; more than one sets the mode multi.',
)  # fmt: skip
_MODE = typer.Option(
    '',
    help='Whom pose_node follows: single, multi or auto.',
    show_default='single, or multi for several people',
)
_OUTPUT = typer.Option(Path('out/demo'), help='Folder for the results.')


def demo(
    *,
    source: str = _SOURCE,
    scene: str = _SCENE,
    duration: float = _DURATION,
    model: str = _MODEL,
    people: int = _PEOPLE,
    mode: str = _MODE,
    output: Path = _OUTPUT,
) -> None:
    """Watch it work: images, skeletons, gestures and markers through the real nodes.

    Writes overlay.mp4, contact_sheet.png, events.csv and summary.json. Exit code 0 if skeletons
    arrived and all nodes stayed alive.
    """
    try:
        with stop_signals() as stopped:
            what = choose_source(source, people, scene)
            length = duration or what.length
            Demo(what, length, model, output, stopped, people=people, mode=mode).run()
    except DemoError as error:
        reason, *details = str(error).splitlines()
        complain(reason)
        for line in details:
            messages.print(f'  {line}', markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None


@contextmanager
def stop_signals() -> Iterator[list[int]]:
    """List to which the signals that ask for the end are added, instead of ending at once."""
    received: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {
        number: signal.signal(number, lambda n, frame: received.append(n)) for number in numbers
    }
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Demo:
    """One run of the demo."""

    def __init__(
        self,
        source: DemoSource,
        duration: float,
        model: str,
        folder: Path,
        stopped: Sequence[int],
        *,
        people: int = 1,
        mode: str = '',
    ) -> None:
        self._duration = duration
        self._stopped = stopped
        self._folder = folder
        self._source = source
        try:
            store = ModelStore()
            model = model or store.default
            store.locate(model)
            self._config = estimator_config(model, people, mode)
        except (ModelError, ValueError) as error:
            raise DemoError(str(error)) from error
        for name in NODES:
            find_executable(name)
        self._statistics = Statistics()
        self._ended_by = ''

    def run(self) -> None:
        """Start, watch, end, report; DemoError if it was not a success."""
        if self._source.note:
            complain(f'{self._source.note}; so the actor steps in')
        with ExitStack() as stack:
            folder = stack.enter_context(output_folder(self._folder))
            domain = stack.enter_context(own_domain())
            environment = node_environment(domain)
            # Fast DDS reads its settings when the first node of this process is made.
            os.environ.update(environment)
            supervisor = Supervisor(environment, folder / LOGS)
            film = FilmRecorder(folder / FILM, self._source.rate)
            try:
                self._work(supervisor, film, domain)
            finally:
                supervisor.stop(supervisor.nodes)
                film.close()
                supervisor.remove_shared_memory()
                self._report(folder, film)
            if not self._statistics.frames_processed:
                raise DemoError(f'no skeleton has arrived: ended by {self._ended_by}')
            if film.error:
                raise DemoError(film.error)

    def _work(self, supervisor: Supervisor, film: FilmRecorder, domain: int) -> None:
        parameters: dict[str, Mapping[str, str | int | float | bool]] = {
            'pose_node': {
                name: getattr(self._config, name) for name in ('model', 'mode', 'max_people')
            },
            # All shall see the first image: the observer comes last, when it has found all.
            'source_node': {**self._source.parameters, 'wait_for_subscribers': 3},
        }
        for name in NODES:
            supervisor.start(name, parameters.get(name, {}))
        # While they start: this import takes as long as they need.
        from pose_ros.cli.demo_observer import Observer  # noqa: PLC0415

        observer = Observer(self._statistics, film, self._source.heights)
        what = f'{self._source.name}, {self._config.model}, mode {self._config.mode}'
        title = f'pose_ros demo: {what} (ROS_DOMAIN_ID={domain})'
        observer.start()
        try:
            with Display(console, title, self._duration) as display:
                self._watch(supervisor, observer, display)
        finally:
            *others, source = supervisor.nodes
            supervisor.stop([source])
            self._drain(others)
            supervisor.stop(others)
            observer.stop()

    def _watch(self, supervisor: Supervisor, observer: Any, display: Display) -> None:
        """Show what arrives until the end; DemoError if a node dies or nothing comes."""
        begin = time.monotonic()
        first: float | None = None
        while not self._ended_by:
            time.sleep(TICK)
            now = time.monotonic()
            if first is None and not observer.missing():
                observer.open_gate()
            if first is None and self._statistics.frames_processed:
                first = now
                supervisor.note_shared_memory()
            display.update(self._statistics, now, None if first is None else now - first)
            if observer.error is not None:
                raise observer.error
            if self._stopped:
                self._ended_by = signal.Signals(self._stopped[0]).name
            elif dead := [node for node in supervisor.nodes if node.exit_code is not None]:
                self._ended_by = self._end_of(dead[0])
            elif first is not None and now - first >= self._duration:
                self._ended_by = 'duration'
            elif first is None and (fault := fault_of(supervisor.nodes[0])):
                raise DemoError(fault)
            elif first is None and now - begin > START_LIMIT:
                raise DemoError(self._why_nothing(supervisor, observer.missing()))

    def _end_of(self, node: NodeProcess) -> str:
        """Reason of the end when a node has ended: good only for a video's source."""
        if node.name == 'source_node' and node.exit_code == 0 and not self._source.heights:
            return 'end of the video'
        raise DemoError(death_notice(node))

    def _why_nothing(self, supervisor: Supervisor, missing: Sequence[str]) -> str:
        if missing:
            topics = ', '.join(missing)
            return f'the nodes have not found each other within {START_LIMIT:g} s: {topics}'
        images = self._statistics.frames_in
        pose_node, *_, source_node = supervisor.nodes
        suspect = pose_node if images else source_node
        return '\n'.join(
            (
                f'no skeleton after {START_LIMIT:g} s; {images} images have arrived. '
                f'What {suspect.name} said last:',
                *suspect.last_lines(),
            )
        )

    def _drain(self, nodes: Sequence[NodeProcess]) -> None:
        """Wait for what is still on its way: skeletons and overlay of the last image."""
        seen = self._statistics

        def arrived() -> bool:
            return seen.last_overlay >= seen.last_processed >= seen.last_image

        deadline = time.monotonic() + DRAIN_LIMIT
        wait_until(
            lambda: (
                arrived()
                or len(self._stopped) > 1
                or time.monotonic() > deadline
                or any(node.exit_code is not None for node in nodes)
            )
        )

    def _report(self, folder: Path, film: FilmRecorder) -> None:
        summary = {
            'source': self._source.name,
            'model': self._config.model,
            'mode': self._config.mode,
            'ended_by': self._ended_by or 'fault',
            **self._statistics.summary(),
            'overlay_dropped': film.dropped,
        }
        try:
            names = write_report(
                folder,
                summary,
                self._statistics.events_by_time(),
                self._statistics.first_stamp,
                film,
            )
        except OSError as error:
            raise DemoError(f'cannot write the results to {folder}: {error}') from error
        console.print(summary_table(summary))
        if people := summary_people_table(summary):
            console.print(people)
        for line in (files_line(folder, names), *next_steps(folder, names)):
            console.print(line, markup=False, highlight=False, soft_wrap=True)


def estimator_config(model: str, people: int, mode: str) -> EstimatorConfig:
    """Settings for so many people; ValueError for a mode that there is not."""
    config = EstimatorConfig(model=model, mode=mode or ('multi' if people > 1 else 'single'))
    return replace(config, max_people=people) if people > 1 else config


def fault_of(node: NodeProcess) -> str:
    """What pose_node cannot be configured for; empty if it can."""
    marks = (line.partition('[ERROR] ') for line in node.last_lines())
    return next((f'{node.name}: {text}' for _, mark, text in marks if mark), '')


def death_notice(node: NodeProcess) -> str:
    """Say that a node died, how, and its last words."""
    code = node.exit_code
    if code is not None and code < 0:
        how = f'was ended by {signal.Signals(-code).name}'
    else:
        how = f'has ended with exit code {code}'
    return '\n'.join((f'{node.name} {how}. Its last words ({node.log}):', *node.last_lines()))


def wait_until(condition: Callable[[], bool]) -> None:
    """Come back when a condition is true; it must have its own time limit."""
    while not condition():
        time.sleep(TICK)
