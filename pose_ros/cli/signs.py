"""``pose-ros signs``: which of the recorded signs a person makes, in videos or live."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
import json
from pathlib import Path
from typing import TextIO

import typer

from pose_ros.cli.console import (
    check_outputs,
    complain,
    complaints,
    messages,
    output,
    refuse_dash,
    refuse_options,
)
from pose_ros.cli.file_runs import open_lines, prepare_overlays, run_files
from pose_ros.cli.options import DURATION, MODEL, START, TOPIC, given_config
from pose_ros.cli.results import Overlay
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.media import Media
from pose_ros.core.types import Frame, Person, TrackedHand
from pose_ros.learning.dictionary import SignDictionary, SignMade, SignWatcher
from pose_ros.learning.example_sources import LiveSkeletons
from pose_ros.learning.examples import read_folder
from pose_ros.recordings.inputs import estimated, find_inputs

# A sign stays on the overlay for this time [s].
_SHOWN = 2.5
# The last image of a video that ends with a sign stays on the overlay for this time [s].
_AFTER = 1.0

_INPUTS = typer.Argument(
    None, metavar='INPUT', help='Videos, cameras, bags, folders or URLs; without any, the topics.'
)
_SIGNS = typer.Option('motions', '--signs', metavar='DIR', help='Folder of the recorded signs.')
_MIN_SCORE = typer.Option(
    0.5, min=0.0, max=1.0, help='Score below which a sign is reported as unknown.'
)
_JSON = typer.Option(
    '', '--json', metavar='FILE', help='Write one JSON object a sign and line; - is the output.'
)
_OVERLAY = typer.Option(
    '', metavar='FILE', help='Draw people and signs onto the video (.mp4); a folder for several.'
)


def signs(
    context: typer.Context,
    inputs: list[str] = _INPUTS,
    *,
    folder: str = _SIGNS,
    min_score: float = _MIN_SCORE,
    json_file: str = _JSON,
    overlay: str = _OVERLAY,
    model: str = MODEL,
    topic: str = TOPIC,
    start: float = START,
    duration: float = DURATION,
) -> None:
    """Tell which of your recorded signs was made: the nearest take of all, and the runner-up.

    Record the signs with pose-ros motions record --hands tracked; one take of each is enough. A
    sign ends when the arms come to rest. Exit code 1 if an input could not be read to its end, 2
    if there are no signs or an option is wrong.
    """
    with complaints():
        refuse_dash(overlay)
        if not inputs:
            refuse_options(
                context, 'overlay', 'model', 'topic', 'start', where='to live topics (no INPUT)'
            )
        dictionary = SignDictionary(read_folder(Path(folder)))
        fingers = 'with hands' if dictionary.uses_hands else 'without hands'
        count = len(dictionary.names)
        messages.print(f'{count} sign{"s" * (count != 1)}, {fingers}', highlight=False)
        bad = 0
        with ExitStack() as stack:
            check_outputs([], map(Path, inputs or ()), json_file)
            lines = open_lines(stack, json_file)
            report = SignReport(dictionary, min_score, lines, show=json_file != '-')
            if inputs:
                bad = _watch(report, inputs, overlay, model, (topic, start, duration))
            else:
                _listen(report, duration)
    if bad:
        raise typer.Exit(1)


def _watch(
    report: SignReport,
    inputs: Sequence[str],
    overlay: str,
    model: str,
    part: tuple[str, float, float],
) -> int:
    """Report the signs in all inputs; return how many could not be read to their end."""
    topic, start, duration = part
    found = find_inputs(inputs, (topic, ''), start, duration)
    for fault in found.faults:
        complain(fault)
    media = [one for one in found.media if one.sequence]
    if found.media and not media:
        raise ValueError('there is no video or bag among the inputs: an image shows no motion')
    targets = prepare_overlays(Path(overlay), inputs, media) if overlay and media else {}
    check_outputs([str(path) for path in targets.values()], (one.path for one in media))
    hands = 'tracked' if report.dictionary.uses_hands else ''
    estimator = PoseEstimator(given_config(model=model, hands=hands))
    run = SignRun(estimator, report, targets)
    return len(found.faults) + run_files(media, run.run, not messages.is_terminal)


@dataclass
class SignReport:
    """Tells the signs of all people: a line each, JSON, and labels for the overlay.

    Attributes
    ----------
    dictionary, min_score
        The signs, and the score below which one is unknown.
    lines
        Takes one JSON object a sign, or None.
    show
        Whether signs are printed.
    """

    dictionary: SignDictionary
    min_score: float
    lines: TextIO | None
    show: bool

    def add(self, source: str, made: SignMade) -> str:
        """Report a sign; returns its label."""
        try:
            best, *others = self.dictionary.find(made.example)
        except ValueError:  # the shoulders were not seen
            return ''
        known = best.score >= self.min_score
        end = made.start + made.example.duration
        if self.lines is not None:
            matches = [(one.name, round(one.score, 4)) for one in (best, *others[:1])]
            record = {
                'input': source,
                'time': round(made.start, 3),
                'duration': round(made.example.duration, 3),
                'skeleton_id': made.skeleton_id,
                'sign': best.name if known else None,
                'matches': [{'name': name, 'score': score} for name, score in matches],
            }
            self.lines.write(json.dumps(record) + '\n')
            self.lines.flush()
        words = f'{best.name} {best.score:.2f}'
        label = words if known else f'unknown, nearest {words}'
        second = ''.join(f', then {one.name} {one.score:.2f}' for one in others[:1])
        if self.show:
            text = f'{source} {made.start:.1f} to {end:.1f} s, person {made.skeleton_id}: '
            output.print(text + label + second, markup=False, highlight=False, soft_wrap=True)
        return label + second.replace(', then', '\nthen')


class SignRun:
    """Reports the signs in files, one after the other.

    Parameters
    ----------
    estimator
        Finds people and hands.
    report
        Takes the signs.
    overlays
        Path of the overlay of each file that gets one.
    """

    def __init__(
        self, estimator: PoseEstimator, report: SignReport, overlays: Mapping[Media, Path]
    ) -> None:
        self._estimator = estimator
        self._report = report
        self._overlays = overlays

    def run(self, media: Media, advance: Callable[[], object]) -> None:
        """Watch a file; `advance` is called after each frame.

        MediaError or FrameError if it cannot be read to its end, OSError if a result cannot be
        written.
        """
        watcher, target = SignWatcher(), self._overlays.get(media)
        labels: dict[int, tuple[float, str]] = {}
        with ExitStack() as stack:
            overlay = stack.enter_context(Overlay(target, media)) if target else None
            last: tuple[Frame, list[Person], list[TrackedHand]] | None = None
            try:
                for frame, people, hands in estimated(self._estimator, media):
                    told = self._tell(media, watcher.observe(people, frame.time, hands))
                    labels |= {number: (frame.time, label) for number, label in told.items()}
                    if overlay is not None:
                        recent = labels.items()
                        shown = {n: text for n, (at, text) in recent if frame.time - at <= _SHOWN}
                        overlay.add(frame, people, hands, shown)
                    last = frame, people, hands
                    advance()
            finally:
                # Also of a video that breaks off.
                told = self._tell(media, watcher.finish())
                if told and last is not None and overlay is not None:
                    frame, people, hands = last
                    for later in (_AFTER / 2, _AFTER):
                        shown_last = replace(frame, stamp=frame.time + later)
                        overlay.add(shown_last, people, hands, told)

    def _tell(self, media: Media, made: Sequence[SignMade]) -> dict[int, str]:
        """Labels of the people who just made a sign."""
        return {one.skeleton_id: self._report.add(media.name, one) for one in made}


def _listen(report: SignReport, duration: float) -> None:
    """Report the signs of the topics until the end [s] or a signal."""
    watcher = SignWatcher()
    with LiveSkeletons(with_hands=report.dictionary.uses_hands) as live:
        live.wait()
        for stamp, people, hands in live.stream(duration):
            for made in watcher.observe(people, stamp, hands or ()):
                report.add('skeletons', made)
