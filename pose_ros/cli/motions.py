"""``pose-ros motions``: learn motions of one's own from examples."""

from __future__ import annotations

from collections.abc import Iterator
import json
from math import inf
from pathlib import Path
import time

from rich import box
from rich.table import Table
import typer

from pose_ros.cli.console import (
    check_outputs,
    check_plot,
    complaints,
    messages,
    output,
    progress_bars,
    refuse_dash,
    refuse_options,
)
from pose_ros.cli.options import HANDS, MODEL, given_config
from pose_ros.cli.results import whole_file, write_text
from pose_ros.core.media import display_name
from pose_ros.core.motion.learned_model import LearnedModel
from pose_ros.core.motion.rules import Hand
from pose_ros.extras import library
from pose_ros.learning import motion_evaluation, training
from pose_ros.learning.example_sources import LiveSkeletons, Observation, examples, observations
from pose_ros.learning.examples import (
    NOT_MIRRORED,
    SUFFIX,
    Example,
    MotionClass,
    append_example,
    read_class,
    read_folder,
    read_head,
)
from pose_ros.learning.motion_evaluation import Evaluation, draw_confusion
from pose_ros.learning.point_sequences import SUFFIX as POINT_SEQUENCES
from pose_ros.learning.point_sequences import read_point_sequences
from pose_ros.learning.training import Settings, Trained
from pose_ros.learning.training_report import check_folder, write_results

app = typer.Typer(
    help='Learn motions of your own: record examples, train, evaluate.',
    add_completion=False,
    no_args_is_help=True,
)

FOLDER = 'motions'

_EXAMPLES = typer.Argument(
    FOLDER, metavar='DIR', help='Folder of the recorded examples, or .npz file of point sequences.'
)
_NAME = typer.Argument(
    ..., metavar='NAME', help='Of the motion; none is for everything else that people do.'
)
_SOURCES = typer.Argument(
    None, metavar='SOURCE', help='Videos and recorded bags; without any, the topic, live.'
)
_FOLDER = typer.Option(FOLDER, metavar='DIR', help='Folder of the recorded examples.')
_HAND = typer.Option('', help='Hand that makes the motion: left, right, both or none.')
_MIRROR = typer.Option(
    '',
    metavar='NAME',
    help='What the motion is with left and right swapped: the name of another one, same, or none '
    'of those to be learned.',
)
_PERSON = typer.Option('', metavar='NAME', help='Who makes the motion, for validation by person.')
_CUT = typer.Option(
    [],
    metavar='FROM-TO',
    help='Part of a source in seconds that is one example; repeat for several.',
)
_EVERY = typer.Option(0.0, min=0.0, metavar='S', help='Cut into examples of so many seconds.')
_TOPIC = typer.Option('skeletons', help='Topic of a bag, or live.')
_COUNT = typer.Option(10, min=1, help='Examples to record live.')
_SECONDS = typer.Option(3.0, min=0.5, help='Seconds of an example that is recorded live.')


@app.command()
def record(
    context: typer.Context,
    name: str = _NAME,
    sources: list[str] = _SOURCES,
    *,
    folder: str = _FOLDER,
    hand: str = _HAND,
    mirror: str = _MIRROR,
    person: str = _PERSON,
    cut: list[str] = _CUT,
    every: float = _EVERY,
    topic: str = _TOPIC,
    count: int = _COUNT,
    seconds: float = _SECONDS,
    model: str = MODEL,
    hands: str = HANDS,
) -> None:
    """Add examples of a motion to its file.

    Each video or bag is one example, unless --cut or --every says otherwise. Live, a countdown
    tells when to begin. Exit code 2 if that cannot be done; what was recorded before stays.
    """
    with complaints():
        if sources:
            refuse_options(
                context, 'count', 'seconds', where='to a SOURCE, only to the live topic'
            )
        else:
            refuse_options(
                context, 'cut', 'every', 'model', where='to the live topic, only to a SOURCE'
            )
        motion = _motion(Path(folder), name, hand, mirror)
        cuts = [_interval(text) for text in cut]
        config = given_config(model=model, hands=hands)
        if sources:
            recorded: list[Example] = []
            for source in sources:
                title = Path(display_name(source)).name
                seen = _counted(observations(source, config, topic), title)
                recorded += examples(seen, title, cuts, every, person)
            for example in recorded:
                append_example(Path(folder), motion, example)
        else:
            with LiveSkeletons(topic, config.hands != 'none') as live:
                _record_live(
                    motion, Path(folder), live, count=count, seconds=seconds, person=person
                )
        _tell(Path(folder), name)


def _motion(folder: Path, name: str, hand: str, mirror: str) -> MotionClass:
    """Class with what was asked for, or what its file says already."""
    hands = {hand.name.lower(): hand for hand in Hand}
    if hand and hand not in hands:
        raise ValueError(f'hand must be one of {", ".join(hands)}, got {hand!r}')
    path = folder / f'{name}{SUFFIX}'
    known = read_head(path) if path.exists() else MotionClass(name)
    return MotionClass(
        name, hands[hand] if hand else known.hand, mirror or known.mirror or NOT_MIRRORED
    )


def _interval(text: str) -> tuple[float, float]:
    try:
        begin, end = map(float, text.split('-'))
    except ValueError:
        raise ValueError(f'--cut takes two times such as 1.5-4, got {text!r}') from None
    if not 0 <= begin < end:
        raise ValueError(f'--cut {text}: the end must be after the beginning')
    return begin, end


def _counted(seen: Iterator[Observation], title: str) -> Iterator[Observation]:
    """The same, while showing how many frames there were."""
    with progress_bars('{task.completed:.0f} frames') as bars:
        task = bars.add_task(title, total=inf)  # rich 11 (Ubuntu 22.04) knows no None
        for observation in seen:
            bars.advance(task)
            yield observation


def _record_live(
    motion: MotionClass,
    folder: Path,
    live: LiveSkeletons,
    *,
    count: int,
    seconds: float,
    person: str,
) -> None:
    """Record from the topic, one example after the other."""
    live.wait()
    number = failed = 0
    while number < count:
        messages.print(f'{motion.name} {number + 1}/{count}:', end=' ', highlight=False)
        for left in (3, 2, 1):
            messages.print(left, end=' ', highlight=False)
            time.sleep(0.7)
        messages.print('go')
        try:
            (example,) = examples(live.listen(seconds), f'topic {live.topic}', person=person)
        except ValueError as error:
            failed += 1
            if failed > count:
                raise
            messages.print(f'once more: {error}', style='yellow', highlight=False)
            continue
        append_example(folder, motion, example)
        number += 1


def _tell(folder: Path, name: str) -> None:
    path = folder / f'{name}{SUFFIX}'
    motion = read_class(path)
    count = len(motion.examples)
    messages.print(
        f'{path}: {count} example{"s" * (count != 1)}, hand {motion.hand.name.lower()}, '
        f'mirror {motion.mirror}',
        highlight=False,
        soft_wrap=True,
    )


@app.command('list')
def list_motions(examples: str = _EXAMPLES) -> None:
    """Show what was recorded."""
    with complaints():
        table = Table('motion', 'examples', 'seconds', 'hand', 'mirror', box=box.SIMPLE_HEAD)
        for motion in _read(examples):
            seconds = sum(example.duration for example in motion.examples)
            row = (len(motion.examples), f'{seconds:.1f}', motion.hand.name.lower(), motion.mirror)
            table.add_row(motion.name, *map(str, row))
        output.print(table)


_RESULTS = typer.Option(
    'learned', '--output', metavar='DIR', help='Folder for the results, replaced as a whole.'
)
_WINDOW = typer.Option(
    0.0, min=0.0, metavar='S', help='Seconds that are looked back on; 0: by the examples.'
)
_IN_SPACE = typer.Option(
    False, '--in-space', help='Learn from positions in metres, not from places in the image.'
)
_SEED = typer.Option(0, help='Of all that is random.')


@app.command()
def train(
    examples: str = _EXAMPLES,
    *,
    results: str = _RESULTS,
    window: float = _WINDOW,
    in_space: bool = _IN_SPACE,
    seed: int = _SEED,
) -> None:
    """Train a model on the recorded examples.

    Writes motions.npz, which the node and pose-ros analyse run, and the confusion matrix and
    figures of a cross-validation. Exit code 2 if that cannot be done.
    """
    with complaints():
        refuse_dash(results)
        check_folder(Path(results))
        trained = _train(_read(examples), Settings(window, in_space, seed))
        write_results(trained, Path(results))
        _show(trained.evaluation)
        report = trained.model.description.report
        messages.print(
            f'cross-validation ({report["validation"]}); written: {results}',
            highlight=False,
            soft_wrap=True,
        )


def _read(examples: str) -> list[MotionClass]:
    """Classes of a folder or of an .npz file."""
    if examples.endswith(POINT_SEQUENCES):
        return read_point_sequences(Path(examples))
    return read_folder(Path(examples))


def _train(classes: list[MotionClass], settings: Settings) -> Trained:
    """Train with the current step on the terminal."""
    # A missing library is reported before the work, not after it.
    library('matplotlib', 'plot')
    with progress_bars('') as bars:
        task = bars.add_task('preparing', total=inf)
        return training.train(classes, settings, lambda s: bars.update(task, description=s))


_FILE = typer.Argument(..., metavar='MODEL', help='motions.npz of a training.')
_PLOT = typer.Option('', metavar='FILE', help='Draw the confusion matrix as a PNG.')
_JSON = typer.Option(
    '', '--json', metavar='FILE', help='Write the figures as JSON; - is the output.'
)


@app.command()
def evaluate(
    model: str = _FILE,
    examples: str = _EXAMPLES,
    *,
    plot: str = _PLOT,
    json_file: str = _JSON,
) -> None:
    """Play recorded examples to a trained model, as the node would.

    Classes that it has not learned count as none. Only examples that were not trained on tell how
    good it is. Exit code 2 if that cannot be done.
    """
    with complaints():
        recorded = [Path(examples), *Path(examples).glob('*.jsonl')]
        check_outputs([plot], [Path(model), *recorded], json_file)
        check_plot(plot)
        evaluation = motion_evaluation.evaluate(LearnedModel.load(model), _read(examples))
        if json_file != '-':
            _show(evaluation)
        if plot:
            with whole_file(Path(plot)) as path:
                draw_confusion(evaluation, path)
        if json_file:
            figures = {
                'names': evaluation.names,
                'counts': evaluation.counts.tolist(),
                'accuracy': evaluation.accuracy,
                'interval': evaluation.interval,
                'named_right': evaluation.named_right,
                'rejection': evaluation.rejection,
            }
            write_text(json_file, json.dumps(figures, indent=2) + '\n')


def _show(evaluation: Evaluation) -> None:
    """Print how many examples of each class were recognised, and as what else."""
    table = Table('motion', 'examples', 'right', 'reported instead', box=box.SIMPLE_HEAD)
    for name, row in zip(evaluation.names, evaluation.counts):
        if row.sum():
            others = zip(evaluation.names, row.tolist())
            told = [f'{other} {count}' for other, count in others if count and other != name]
            right = f'{evaluation.recall(name):.0%}'
            table.add_row(name, str(row.sum()), right, ', '.join(told))
    output.print(table)
    if count := int(evaluation.counts[:-1].sum()):
        low, high = evaluation.interval
        output.print(
            f'accuracy {evaluation.accuracy:.3f} of {count} examples (95 % confidence interval '
            f'{low:.2f} to {high:.2f}); named right at their end {evaluation.named_right:.3f}',
            highlight=False,
            soft_wrap=True,
        )
    if evaluation.counts[-1].any():
        output.print(f'unknown motions rejected {evaluation.rejection:.3f}', highlight=False)
