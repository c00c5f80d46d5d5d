"""How well motions are learned: eight invented signs, and movements that are none of them.

tools/env.py python benchmarks/motions.py                          prints
tools/env.py python benchmarks/motions.py --write docs/evaluation/motions.md

The signs differ only in the order of their parts or in the hand. Models are trained on examples
of the actor in various styles, sizes and directions, with the errors of a pose model; the others
that they are tested on come from other seeds, at 10, 15 and 30 frames a second, with 17 and with
33 keypoints. Every example is played to the recogniser image by image, as the node does it;
it is right if the sign is told and nothing else. A few are drawn, and seen by real pose models.
Real people's clips are played, too, where the folder POSE_ROS_TEST_DATA holds them: they make none
of the signs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
import os
from pathlib import Path
import tempfile
import time
from typing import Annotated

from everyday_scenes import everyday
import numpy as np
from rich.console import Console
from rich.table import Table
import typer

from pose_ros.actor import MOTIONS, Action, Actor, ActorMotion, Scene, frames, skeletons
from pose_ros.actor.motions.everyday_motions import varied
from pose_ros.actor.motions.gesture_motions import GESTURES
from pose_ros.actor.motions.sign_motions import INVENTED, UNKNOWN, Sign, SignStyle
from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.media import open_media
from pose_ros.core.motion.gestures import Phase
from pose_ros.core.motion.learned import LearnedGestures
from pose_ros.core.motion.learned_model import LearnedModel
from pose_ros.core.motion.rules import Hand
from pose_ros.core.motion.watcher import single_observer
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.topology import BLAZEPOSE33, COCO17, Topology
from pose_ros.core.types import Frame
from pose_ros.evaluation.report import markdown_table, write_block
from pose_ros.learning.examples import SAME, Example, MotionClass
from pose_ros.learning.motion_evaluation import draw_confusion, evaluate
from pose_ros.learning.training import train

# Seeds of training, of testing, of other movements, of videos.
TRAINING, TESTING, OTHERS, DRAWN = 1, 1001, 2001, 3001
TRAINED, TESTED, NEAR_MISSES, STYLES, VIDEOS = 15, 50, 12, 4, 2
EVERYDAY_MINUTES = 10
# That see the videos.
MODELS = ('blazepose_full', 'movenet_lightning')
EXAMPLES = (15, 10)
CLIPS = ('*.mp4', '*.gif', 'falls/*.mp4')
console = Console()


@dataclass(frozen=True)
class Result:
    """What one training came to."""

    examples: int
    expected: str
    accuracy: float
    near_misses: float
    gestures: float
    drawn: str
    false_events: int
    real_events: str
    milliseconds: float
    kilobytes: float
    seconds: float


def perform(
    motion: str | ActorMotion,
    duration: float,
    rng: np.random.Generator,
    *,
    topology: Topology = COCO17,
    fps: float = 30.0,
    world: bool = False,
) -> Example:
    """One motion by a person of any size, anywhere, turned away by 30 degrees at most.

    Parameters
    ----------
    motion
        Of the actor.
    duration
        From its onset to its end [s].
    rng
        Decides size, place, direction, and the model's errors.
    topology, fps, world
        Of the skeletons.
    """
    start = float(rng.uniform(0.4, 1.2))
    height = float(rng.uniform(150, 420))
    actor = Actor(
        (Action(motion, start, duration),),
        x=float(rng.uniform(220, 420)),
        y=470.0,
        height=height,
        facing=float(rng.uniform(-30, 30)),
    )
    scene = Scene(fps=fps, duration=start + duration + 1.0, actors=(actor,))
    seed = int(rng.integers(2**31))
    sequence = [f for f in skeletons(scene, seed, topology, world=world) if f.people]
    return Example.of([f.people[0] for f in sequence], [f.stamp for f in sequence], 'actor')


def perform_sign(
    sign: Sign, rng: np.random.Generator, topology: Topology = COCO17, fps: float = 30.0
) -> Example:
    """One sign in a style of its own."""
    motion, duration = sign.played(SignStyle.of(rng))
    return perform(motion, duration, rng, topology=topology, fps=fps)


def mirror_of(name: str) -> str:
    """Name of the sign with left and right swapped."""
    swap = {'left': 'right', 'right': 'left'}
    mirrored = '_'.join(swap.get(part, part) for part in name.split('_'))
    return SAME if mirrored == name else mirrored


def signs(count: int, seed: int, vary: bool) -> list[MotionClass]:
    """Examples of each sign; for testing at several rates and in both formats."""
    classes = []
    for number, (name, sign) in enumerate(INVENTED.items()):
        rng = np.random.default_rng((seed, number))
        kinds = [(COCO17, 30.0)] * count
        if vary:
            rates = rng.choice([10.0, 15.0, 30.0], count).tolist()
            kinds = [((COCO17, BLAZEPOSE33)[i % 2], rate) for i, rate in enumerate(rates)]
        examples = tuple(perform_sign(sign, rng, *kind) for kind in kinds)
        classes.append(MotionClass(name, Hand.BOTH, mirror_of(name), examples))
    return classes


def others() -> tuple[list[MotionClass], list[MotionClass]]:
    """Near misses of the signs, and gestures."""
    near, gestures = [], []
    for number, (name, sign) in enumerate(UNKNOWN.items()):
        rng = np.random.default_rng((OTHERS, number))
        examples = tuple(perform_sign(sign, rng, fps=15.0) for _ in range(NEAR_MISSES))
        near.append(MotionClass(name, examples=examples))
    for number, name in enumerate(GESTURES):
        rng = np.random.default_rng((OTHERS, 1000 + number))
        motions = [varied(MOTIONS[name], rng) for _ in range(STYLES)]
        durations = [m.ramp + m.back + float(rng.uniform(0.8, 2.5)) for m in motions]
        pairs = zip(motions, durations)
        examples = tuple(perform(m, seconds, rng, fps=15.0) for m, seconds in pairs)
        gestures.append(MotionClass(name, examples=examples))
    return near, gestures


def right_of(model: LearnedModel, videos: Sequence[MotionClass]) -> str:
    """How many of the videos' signs were told right."""
    counts = evaluate(model, videos).counts
    return f'{np.trace(counts)} of {counts.sum()}'


def false_events(model: LearnedModel) -> int:
    """Motions told in minutes of what people do all day."""
    told = 0
    for minute in range(EVERYDAY_MINUTES):
        observe = single_observer(LearnedGestures(model))
        for frame in skeletons(everyday(OTHERS + minute, 60.0, fps=15.0), minute):
            events = observe(frame.people, frame.stamp)
            told += sum(event.phase is Phase.STARTED for event in events)
    return told


def drawn(model: str) -> list[MotionClass]:
    """Signs of the drawn actor, seen by a real pose model; none of it where the model is not."""
    classes = []
    for number, (name, sign) in enumerate(INVENTED.items()):
        rng = np.random.default_rng((DRAWN, number))
        examples = []
        for _ in range(VIDEOS):
            motion, duration = sign.played(SignStyle.of(rng))
            actor = Actor(
                (Action(motion, 0.6, duration),),
                x=float(rng.uniform(250, 390)),
                height=float(rng.uniform(200, 400)),
                facing=float(rng.uniform(-30, 30)),
            )
            scene = Scene(fps=15.0, duration=duration + 1.4, actors=(actor,))
            try:
                estimator = PoseEstimator(EstimatorConfig(model=model))
            except ModelError as error:
                console.print(f'left out: {error}', style='yellow')
                return []
            video = [
                (shot.stamp, estimator.estimate(Frame(shot.image, shot.stamp)))
                for shot in frames(scene, number)
            ]
            seen = [(stamp, people[0]) for stamp, people in video if people]
            examples.append(Example.of([p for _, p in seen], [t for t, _ in seen], model))
        classes.append(MotionClass(name, examples=tuple(examples)))
    return classes


def real_people() -> Iterator[list[tuple[float, list]]]:
    """Skeletons of people in clips, by the default pose model."""
    folder = Path(os.environ.get('POSE_ROS_TEST_DATA') or '/nonexistent') / 'clips'
    for path in sorted(path for pattern in CLIPS for path in folder.glob(pattern)):
        try:
            estimator = PoseEstimator(EstimatorConfig())
        except ModelError as error:
            console.print(f'left out: {error}', style='yellow')
            return
        frames = open_media(path).frames()
        yield [(frame.stamp, estimator.estimate(frame)) for frame in frames]


def events_in(model: LearnedModel, clips: Sequence[list[tuple[float, list]]]) -> str:
    """Motions told in clips, and in how long a time."""
    told, seconds = 0, 0.0
    for clip in clips:
        observe = single_observer(LearnedGestures(model))
        for stamp, people in clip:
            events = observe(people, stamp)
            told += sum(event.phase is Phase.STARTED for event in events)
        seconds += clip[-1][0] - clip[0][0]
    return f'{told} in {seconds:.0f} s' if clips else '–'


def measure(images: Path | None) -> Iterator[Result]:
    """Train and test everything."""
    with console.status('performing'):
        training, testing = signs(TRAINED, TRAINING, False), signs(TESTED, TESTING, True)
        near, gestures = others()
        clips = list(real_people())
        videos = [motion for model in MODELS for motion in drawn(model)]
    for count in EXAMPLES:
        few = [MotionClass(m.name, m.hand, m.mirror, m.examples[:count]) for m in training]
        began = time.process_time()
        with console.status(f'training on {count} examples'):
            trained = train(few)
        seconds = time.process_time() - began
        low, high = trained.evaluation.interval
        model = trained.model
        with tempfile.TemporaryDirectory() as folder, console.status('testing'):
            path = Path(folder) / 'motions.npz'
            model.save(path)
            tested = evaluate(model, [*testing, *near])
            if images is not None and count == TRAINED:
                images.mkdir(parents=True, exist_ok=True)
                draw_confusion(tested, images / 'confusion.png')
            yield Result(
                count,
                f'{trained.evaluation.accuracy:.3f} ({low:.2f} to {high:.2f})',
                tested.accuracy or 0.0,
                tested.rejection or 0.0,
                evaluate(model, gestures).rejection or 0.0,
                right_of(model, videos),
                false_events(model),
                events_in(model, clips),
                tested.milliseconds,
                path.stat().st_size / 1e3,
                seconds,
            )


HEADINGS = {
    'examples of each sign': 'examples',
    'cross-validation (95 %)': 'expected',
    'accuracy': 'accuracy',
    'near misses rejected': 'near_misses',
    'gestures rejected': 'gestures',
    'drawn signs right': 'drawn',
    f'false signs in {EVERYDAY_MINUTES} min of everyday motion': 'false_events',
    'false signs in clips of real people': 'real_events',
    'ms a frame': 'milliseconds',
    'file [kB]': 'kilobytes',
    'training [CPU s]': 'seconds',
}


def rows(results: Sequence[Result]) -> Iterator[list[str]]:
    """Cells of the table."""
    digits = {'accuracy': 3, 'near_misses': 3, 'gestures': 3, 'milliseconds': 2}
    for result in results:
        values = {name: getattr(result, name) for name in HEADINGS.values()}
        yield [
            f'{value:.{digits.get(name, 0)}f}' if isinstance(value, float) else str(value)
            for name, value in values.items()
        ]


def main(
    write: Annotated[
        Path | None, typer.Option(help='Also write into this Markdown page, with images.')
    ] = None,
) -> None:
    """Train, test, print, write."""
    images = None if write is None else write.parent / 'images' / 'motions'
    results = list(measure(images))
    table = Table(*HEADINGS)
    for row in rows(results):
        table.add_row(*row)
    console.print(table)
    if write is not None:
        write_block('figures', markdown_table(HEADINGS, rows(results)), write)
        console.print(f'written: {write}')


if __name__ == '__main__':
    typer.run(main)
