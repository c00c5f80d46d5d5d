"""``pose-ros analyse``: what people do in videos, without ROS."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
import json
from pathlib import Path
import time
from typing import TYPE_CHECKING, TextIO

from rich import box
from rich.table import Table
from rich.text import Text
import typer

from pose_ros.cli.console import (
    check_outputs,
    check_plot,
    complain,
    complaints,
    messages,
    output,
    refuse_dash,
)
from pose_ros.cli.file_runs import (
    bag_paths,
    check_bags,
    open_bag,
    open_lines,
    run_files,
    without_existing,
)
from pose_ros.cli.options import (
    BAG,
    DEPTH,
    DURATION,
    HANDS,
    MODEL,
    SKIP_EXISTING,
    START,
    THREADS,
    TOPIC,
    given_config,
)
from pose_ros.cli.results import whole_file
from pose_ros.core.body.angles import JointAngles
from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.media import Media
from pose_ros.core.motion.events import MotionEvent, describe_event, subject_label
from pose_ros.core.motion.observer import MotionConfig, Observer
from pose_ros.core.motion.observers import (
    make_observers,
    need_hands,
    replaced_rules,
)
from pose_ros.core.motion.watcher import Motion, MotionWatcher
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.types import Frame
from pose_ros.extras import library
from pose_ros.plotting.chart import draw
from pose_ros.plotting.recording import Recording
from pose_ros.plotting.table import AnglesTable
from pose_ros.recordings.inputs import InputFiles, estimated, find_inputs, watched
from pose_ros.records import event_record

if TYPE_CHECKING:
    from pose_ros.recordings.bag_writer import BagWriter

_INPUTS = typer.Argument(..., metavar='INPUT', help='Videos, GIFs, images, bags, folders or URLs.')
_JSON = typer.Option(
    '', '--json', metavar='FILE', help='Write one JSON object an event and line; - is the output.'
)
_PLOT = typer.Option('', metavar='FILE', help='Draw angles and events over time as a PNG.')
_ANGLES = typer.Option(
    '', metavar='FILE', help='Write the joint angles, in radians, as a CSV table.'
)
_MODE = typer.Option('', help='Whom to follow: single, multi or auto.', show_default='single')
_EXERCISE = typer.Option('auto', help='Exercise to watch for, auto or none.')
_GESTURES = typer.Option(
    '', metavar='FILE', help='File of rules for gestures.', show_default='config/gestures.yaml'
)
_EXERCISES = typer.Option(
    '', metavar='FILE', help='File of exercises.', show_default='config/exercises.yaml'
)
_LEARNED = typer.Option(
    '', metavar='FILE', help='Motions that pose-ros motions train has learned.'
)


def analyse(
    inputs: list[str] = _INPUTS,
    *,
    json_file: str = _JSON,
    plot: str = _PLOT,
    angles: str = _ANGLES,
    bag: str = BAG,
    model: str = MODEL,
    mode: str = _MODE,
    exercise: str = _EXERCISE,
    exercises: str = _EXERCISES,
    gestures: str = _GESTURES,
    learned: str = _LEARNED,
    hands: str = HANDS,
    threads: int = THREADS,
    topic: str = TOPIC,
    depth: str = DEPTH,
    start: float = START,
    duration: float = DURATION,
    skip_existing: bool = SKIP_EXISTING,
) -> None:
    """Recognise what people do in videos: gestures, postures, falls, exercises, joint angles.

    Events are shown as a table, unless the JSON lines go to the output. Of an image, which has
    no time, only postures and angles are reported. Exit code 1 if an input could not be read to
    its end (the others are analysed), 2 if an option is wrong or a result cannot be written.
    """
    with complaints():
        refuse_dash(bag, angles, plot)
        found = find_inputs(inputs, (topic, depth), start, duration)
        for fault in found.faults:
            complain(fault)
        motion = MotionConfig(
            rules_file=gestures,
            learned_file=learned,
            exercise=exercise,
            exercises_file=exercises,
        )
        observers = _observers(motion)
        if not hands and need_hands(observers):
            hands = 'tracked'
        config = given_config(model=model, mode=mode, threads=threads, hands=hands)
        bags = bag_paths(bag, inputs, found.media)
        files = (json_file, angles, plot)
        if skip_existing:
            found = replace(found, media=without_existing(found.media, (bags,), files))
        make = partial(_watcher, motion)
        bad = _run(found, config, make, files, bags) if found.media else 0
    if bad or found.faults:
        raise typer.Exit(1)


def _observers(config: MotionConfig) -> list[Observer]:
    """Observers for the settings, with a message on rules that they replace; ValueError."""
    observers = make_observers(config)
    for replaced in replaced_rules(observers):
        text = f'{replaced}: learned, the rule of the same name does not count'
        messages.print(text, markup=False, highlight=False, soft_wrap=True)
    return observers


def _watcher(config: MotionConfig) -> MotionWatcher:
    return MotionWatcher(make_observers(config))


def _run(
    found: InputFiles,
    config: EstimatorConfig,
    make: Callable[[], MotionWatcher],
    files: tuple[str, str, str],
    bags: Mapping[Media, Path],
) -> int:
    """Analyse all that was found; return how many files could not be read to their end."""
    json_file, angles, plot = files
    check_outputs((angles, plot), (media.path for media in found.media), json_file)
    check_plot(plot)
    check_bags(bags, found.media)
    if plot:
        library('matplotlib', 'plot')
    timeline = Recording() if plot else None
    estimator = PoseEstimator(config)
    started = time.perf_counter()
    with ExitStack() as stack:
        lines = open_lines(stack, json_file)
        table = None
        if angles:
            path = stack.enter_context(whole_file(Path(angles)))
            file = stack.enter_context(path.open('w', encoding='utf-8', newline=''))
            table = AnglesTable(file)
        work = Work(estimator, make, lines, table, timeline, bags=bags, show=json_file != '-')
        bad = run_files(found.media, work.run, not messages.is_terminal, bags)
    seconds = time.perf_counter() - started
    messages.print(
        f'inputs: {len(found.media)}, frames: {work.frames}, events: {work.events}, '
        f'frames per second: {work.frames / seconds:.1f}',
        highlight=False,
    )
    if timeline is not None and timeline.tracks:
        with whole_file(Path(plot)) as path:
            draw(timeline, path)
    elif timeline is not None:
        complain(f'{plot} was not drawn: no person was followed in a video')
    return bad


class Work:
    """Analyses files one after the other, and writes what it finds.

    Parameters
    ----------
    estimator
        Finds the people.
    make
        Makes the watcher of each file.
    lines, table, timeline
        Take events, angles, and both; None for nowhere.
    bags
        Path of the bag of each file that gets one.
    show
        Whether the events of each file go to the console.
    """

    def __init__(
        self,
        estimator: PoseEstimator,
        make: Callable[[], MotionWatcher],
        lines: TextIO | None,
        table: AnglesTable | None,
        timeline: Recording | None,
        *,
        bags: Mapping[Media, Path],
        show: bool,
    ) -> None:
        self.frames = 0
        self.events = 0
        self._estimator = estimator
        self._make = make
        self._lines = lines
        self._table = table
        self._timeline = timeline
        self._bags = bags
        self._show = show

    def run(self, media: Media, advance: Callable[[], object]) -> None:
        """Analyse a file; `advance` is called after each frame.

        MediaError or FrameError if it cannot be read to its end, OSError if a result cannot be
        written.
        """
        watcher, events, before = self._make(), [], self.frames
        path = self._bags.get(media)
        try:
            with ExitStack() as stack:
                bag = stack.enter_context(open_bag(path, self._estimator)) if path else None
                for frame, motion in self._observed(media, watcher, bag):
                    self._write(media, frame.time, motion['angles'], motion.events)
                    events += motion.events
                    self.frames += 1
                    advance()
        finally:
            # Also of a video that breaks off.
            last = watcher.finish() if media.sequence else []
            self._write(media, 0.0, [], last)
            self.events += len(events + last)
            if self._show and self.frames > before:
                show_events(media.name, events + last)

    def _observed(
        self, media: Media, watcher: MotionWatcher, bag: BagWriter | None
    ) -> Iterator[tuple[Frame, Motion]]:
        """What people do in each frame; ModelError if a learned model fails."""
        convert = watched(media)
        for frame, people, hands in estimated(self._estimator, media):
            shown = convert(people, (frame.width, frame.height))
            motion = watcher.observe(shown, frame.time, hands)
            for fault in motion.faults:
                raise ModelError(fault)
            if bag is not None:
                seconds = self._estimator.statistics.inference_time
                wanted = self._estimator.config.hands != 'none'
                bag.write(frame, people, motion, seconds, hands if wanted else None)
            yield frame, motion

    def _write(
        self,
        media: Media,
        stamp: float,
        angles: Sequence[JointAngles],
        events: Iterable[MotionEvent],
    ) -> None:

        source = media.name
        timeline = self._timeline if media.sequence else None
        for event in events:
            if self._lines is not None:
                record = event_record(source, event)
                self._lines.write(json.dumps(record, allow_nan=False) + '\n')
            if timeline is not None:
                timeline.add_event(source, event)
        for one in angles:
            if self._table is not None:
                self._table.write(source, stamp, one)
            if timeline is not None:
                values = zip(one.names, one.angles.tolist(), one.deviations.tolist())
                timeline.add_angles(source, stamp, one.skeleton_id, values)


def show_events(title: str, events: Sequence[MotionEvent]) -> None:
    """Print events for people to read."""
    if not events:
        output.print(f'{title}: nothing happens', markup=False, highlight=False, soft_wrap=True)
        return
    table = Table(title=Text(title), title_justify='left', box=box.SIMPLE_HEAD)
    for name in ('time', 'person', 'kind', 'what', 'phase', 'score', 'lasted'):
        right = name in ('time', 'score', 'lasted')
        table.add_column(name, justify='right' if right else 'left', no_wrap=name != 'what')
    for event in events:
        table.add_row(
            f'{event.time:.2f} s',
            subject_label(event.subject),
            event.kind,
            describe_event(event),
            event.phase,
            f'{event.score:.2f}',
            '' if event.phase == 'started' else f'{event.duration:.1f} s',
            style='red' if event.kind == 'fall' else None,
        )
    output.print(table)
