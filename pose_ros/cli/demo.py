"""``pose-ros demo``: the real nodes at work on a camera, a video or the actor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
import os
from pathlib import Path
import signal
import time
from typing import TYPE_CHECKING

import typer

from pose_ros.actor.mixed_scene import MAX_ACTORS
from pose_ros.bringup.arguments import POSE
from pose_ros.bringup.pipeline import full_pipeline
from pose_ros.bringup.process import Process
from pose_ros.cli.console import complain, complaints, messages, refuse_dash
from pose_ros.cli.console import output as console
from pose_ros.cli.demo_display import Display, closing_lines, summary_tables
from pose_ros.cli.demo_nodes import (
    DemoError,
    NodeProcess,
    free_port,
    node_environment,
    own_domain,
    remove_shared_memory,
    shared_memory_of,
    stop,
)
from pose_ros.cli.demo_results import LOGS, OVERLAY, OverlayRecorder, output_folder, write_results
from pose_ros.cli.demo_source import DemoSource, choose_source
from pose_ros.cli.demo_statistics import DemoStatistics
from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.runtime.store import ModelStore

if TYPE_CHECKING:
    from pose_ros.cli.demo_observer import DemoObserver

# Until the first skeleton [s]; a Raspberry Pi under load takes half of it.
START_TIMEOUT = 60.0
# For the last image to pass through all nodes [s].
DRAIN_TIMEOUT = 2.0
# With the page in the browser, unless a duration is given [s].
WEB_DURATION = 300.0
WEB_PORT = 8090  # as config/web_node.yaml; another one if it is taken
# Between two looks at the nodes [s].
TICK = 0.05

_SOURCE = typer.Option(
    'auto', help='auto (a camera if there is one, else the actor), camera, /dev/videoN, actor, '
    'actor:MOTION, a video file or a URL.',
)  # fmt: skip
_SCENE = typer.Option(
    '',
    help="The actor's: gestures, falls, fitness, mixed, or a motion.",
    show_default='mixed',
)
_DURATION = typer.Option(
    0.0, min=0.0, show_default='once the scene, or 30',
    help='Time from the first skeleton on [s].',
)  # fmt: skip
_MODEL = typer.Option(
    '', help='Model, as pose-ros models list shows them.', show_default='blazepose_full'
)
_PEOPLE = typer.Option(
    1, min=1, max=MAX_ACTORS,
    help='Number of actors, or maximum number of people before a camera; more than one sets the '
    'mode multi.',
)  # fmt: skip
_MODE = typer.Option(
    '', help="pose_node's mode: single, multi or auto.",
    show_default='single, or multi for several people',
)  # fmt: skip
_WEB = typer.Option(False, '--web', help='Show it in the browser, too; prints the address.')
_OUTPUT = typer.Option(Path('out/demo'), help='Folder for the results.')


def demo(
    *,
    source: str = _SOURCE,
    scene: str = _SCENE,
    duration: float = _DURATION,
    model: str = _MODEL,
    people: int = _PEOPLE,
    mode: str = _MODE,
    web: bool = _WEB,
    output: Path = _OUTPUT,
) -> None:
    """Watch it work: images, skeletons, gestures and markers through the real nodes.

    Writes overlay.mp4, contact_sheet.png, events.csv and summary.json. Exit code 0 if skeletons
    arrived and all nodes stayed alive.
    """
    with complaints():
        refuse_dash(str(output))
    try:
        with stop_signals() as received:
            chosen = choose_source(source, people, scene)
            arguments = {'model': model, 'mode': mode}
            arguments['people'] = str(people) if people > 1 else ''
            arguments['hands'] = 'tracked' if scene == 'hands' else ''
            arguments |= {'web': 'true', 'port': str(free_port(WEB_PORT))} if web else {}
            length = WEB_DURATION if web else chosen.length
            Demo(chosen, duration or length, arguments, received).run(output)
    except DemoError as error:
        reason, *details = str(error).splitlines()
        complain(reason)
        for line in details:
            messages.print(f'  {line}', markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None


@contextmanager
def stop_signals() -> Iterator[list[int]]:
    """List that collects the signals that ask for the end."""
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
        arguments: dict[str, str],
        received: Sequence[int],
    ) -> None:
        self._source = source
        self._duration = duration
        self._received = received
        self._ended_by = ''
        self._nodes: list[NodeProcess] = []
        self._segments: set[str] = set()
        heights = {number: actor.height for number, actor in enumerate(source.actors, start=1)}
        self._statistics = DemoStatistics(heights)
        mode = arguments['mode'] or ('multi' if arguments['people'] else 'single')
        try:
            store = ModelStore()
            model = arguments['model'] or store.default
            store.locate(model)
            EstimatorConfig(model=model, mode=mode)
        except (ModelError, ValueError) as error:
            raise DemoError(str(error)) from error
        self._settings = {'source': source.name, 'model': model, 'mode': mode}
        self._port = arguments.get('port', '')
        self._processes = demo_processes({**arguments, 'source': source.argument})

    def run(self, path: Path) -> None:
        """Start, watch, end, report; DemoError if it was not a success."""
        if self._source.note:
            complain(f'{self._source.note}; so the actor steps in')
        with ExitStack() as stack:
            folder = stack.enter_context(output_folder(path))
            domain = stack.enter_context(own_domain())
            # Fast DDS reads its settings when the first node of this process is made.
            os.environ.update(node_environment(domain))
            recorder = OverlayRecorder(folder / OVERLAY, self._source.rate)
            try:
                for process in self._processes:
                    self._nodes.append(NodeProcess(process, os.environ, folder / LOGS))
                self._work(recorder, domain)
            finally:
                stop(self._nodes)
                recorder.close()
                remove_shared_memory(self._segments)
                self._report(folder, recorder)
            if not self._statistics.frames_processed:
                raise DemoError(f'no skeleton has arrived: ended by {self._ended_by}')
            if recorder.error:
                raise DemoError(recorder.error)

    def _work(self, recorder: OverlayRecorder, domain: int) -> None:
        # While the nodes start: this import takes as long as they need.
        from pose_ros.cli.demo_observer import DemoObserver  # noqa: PLC0415

        observer = DemoObserver(self._statistics, recorder)
        title = f'pose_ros demo: {", ".join(self._settings.values())} (ROS_DOMAIN_ID={domain})'
        if self._port:
            title += f'\nopen http://127.0.0.1:{self._port}/'
        try:
            with Display(console, title) as display:
                self._watch(observer, display)
        finally:
            self._note_segments()
            stop(self._nodes[-1:])
            self._drain()
            stop(self._nodes)
            observer.stop()

    def _watch(self, observer: DemoObserver, display: Display) -> None:
        """Show what arrives until the end; DemoError if a node dies or no skeleton comes."""
        begin = time.monotonic()
        first: float | None = None
        while not self._ended_by:
            time.sleep(TICK)
            now = time.monotonic()
            if first is None and self._statistics.frames_processed:
                first = now
                self._note_segments()
            display.update(self._statistics, None if first is None else now - first)
            if observer.error is not None:
                raise observer.error
            if self._received:
                self._ended_by = signal.Signals(self._received[0]).name
            elif dead := [node for node in self._nodes if node.exit_code is not None]:
                self._ended_by = self._end_of(dead[0])
            elif first is None:
                self._start(observer, now - begin)
            elif now - first >= self._duration:
                self._ended_by = 'duration'

    def _note_segments(self) -> None:
        """Note the shared memory in use: a process that is killed leaves it behind."""
        for pid in (os.getpid(), *(node.process.pid for node in self._nodes)):
            self._segments |= shared_memory_of(pid)

    def _start(self, observer: DemoObserver, waited: float) -> None:
        """Let the images flow once all nodes have found each other."""
        missing = observer.missing()
        if not missing:
            observer.open_gate()
        pose_node, *_ = self._nodes
        for line in pose_node.last_lines():
            _, mark, fault = line.partition('[ERROR] ')
            if mark:
                raise DemoError(f'pose_node: {fault}')
        if waited > START_TIMEOUT:
            topics = f'; not found: {", ".join(missing)}' if missing else ''
            raise DemoError(
                f'no skeleton after {waited:.0f} s, {self._statistics.frames_in} images arrived'
                f'{topics}; see {pose_node.log.parent}'
            )

    def _end_of(self, node: NodeProcess) -> str:
        """Reason of the end when a node has ended; DemoError unless a video is over."""
        code = node.exit_code or 0
        if node is self._nodes[-1] and code == 0 and not self._source.actors:
            return 'end of the video'
        how = f'ended by {signal.Signals(-code).name}' if code < 0 else f'ended: exit code {code}'
        lines = (f'{node.name} was {how}. Its last lines ({node.log}):', *node.last_lines())
        raise DemoError('\n'.join(lines))

    def _drain(self) -> None:
        """Wait for skeletons and overlay of the last image."""
        seen = self._statistics
        deadline = time.monotonic() + DRAIN_TIMEOUT
        while (
            not seen.last_overlay >= seen.last_processed >= seen.last_image
            and len(self._received) < 2
            and time.monotonic() < deadline
        ):
            time.sleep(TICK)

    def _report(self, folder: Path, recorder: OverlayRecorder) -> None:
        ended_by = self._ended_by or 'fault'
        summary = {**self._settings, 'ended_by': ended_by, **self._statistics.summary()}
        zero = self._statistics.first_stamp or 0.0
        try:
            events = self._statistics.events_by_time()
            names = write_results(folder, summary, events, zero, recorder)
        except OSError as error:
            raise DemoError(f'cannot write the results to {folder}: {error}') from error
        console.print(', '.join(self._settings.values()), summary_tables(summary), sep='\n')
        for line in closing_lines(folder, names):
            console.print(line, markup=False, highlight=False, soft_wrap=True)


def demo_processes(arguments: dict[str, str]) -> list[Process]:
    """Processes of pose.launch.py with these arguments, source_node last."""
    values = {argument.name: argument.default for argument in POSE} | arguments
    *others, source = full_pipeline(values)
    # It starts when all others see its first image.
    added = {'wait_for_subscribers': 3, 'loop': False}
    parameters = {name: {**given, **added} for name, given in source.parameters.items()}
    return [*others, replace(source, parameters=parameters)]
