"""How well signs are found by one take each, and what hands add.

    tools/env.py python benchmarks/signs.py DIR                     prints
    tools/env.py python benchmarks/signs.py DIR --write docs/evaluation/signs.md

DIR holds real/intel__asl_gestures__*.mkv (one take each of 20 ASL signs by five signers) and
mocap/natops/natops_train.npz (180 gestures of 6 kinds). As there is one take of each ASL sign,
the tests are the same takes, distorted: this measures retrieval under distortion, not recognition
of other signers. NATOPS has other takes of the same gestures, by persons who are not named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import cv2
from motions import perform_sign
import numpy as np
from rich.console import Console
import typer

from pose_ros.actor.hand_pose import HAND_POSES, hand_points, seen_hand, turned, varied
from pose_ros.actor.motions.sign_motions import INVENTED
from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.media import open_media
from pose_ros.core.motion.normalised import Window
from pose_ros.core.motion.point_set import PointSet
from pose_ros.core.topology import BLAZEPOSE33, SIDES
from pose_ros.core.types import Frame, TrackedHand
from pose_ros.evaluation.report import markdown_table, write_block
from pose_ros.learning.clips import clip_of
from pose_ros.learning.dictionary import SignDictionary, SignWatcher, ranked
from pose_ros.learning.example_sources import Observation, examples
from pose_ros.learning.examples import Example, MotionClass
from pose_ros.learning.motion_evaluation import evaluate
from pose_ros.learning.point_sequences import PointSequence, read_point_sequences
from pose_ros.learning.training import train
from pose_ros.learning.warping import distances

CLIPS, NATOPS = 'real/intel__asl_gestures__*.mkv', 'mocap/natops/natops_train.npz'
MIN_SCORE = 0.5  # that of pose-ros signs
VARIED = 5  # distortions of each take's landmarks
SHAPES = ('fist', 'open_palm')  # of the hands of the actor's signs
STYLES = 5  # tests of each of the actor's signs
TAKES, DRAWS = (1, 3, 5), 2  # takes of each NATOPS gesture, and draws of them
console = Console()


def warped(image: np.ndarray, corners: Sequence[tuple[float, float]]) -> np.ndarray:
    """Image whose corners go to these places [share of the sides]."""
    height, width = image.shape[:2]
    square = np.array([(0, 0), (1, 0), (1, 1), (0, 1)])
    places = [np.float32(np.array(one) * (width, height)) for one in (square, corners)]
    matrix = cv2.getPerspectiveTransform(*places)
    return cv2.warpPerspective(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)


def rotated(image: np.ndarray) -> np.ndarray:
    """Image turned by 8 degrees and made smaller by 0.85."""
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 8, 0.85)
    return cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)


def dark(image: np.ndarray) -> np.ndarray:
    """Image with less than half the light, and noise."""
    noise = np.random.default_rng(0).normal(0, 9, image.shape)
    return np.clip(0.45 * image + noise, 0, 255).astype(np.uint8)


SIDE = ((0.08, 0.12), (1, 0), (1, 1), (0.08, 0.88))
# Distortion of the image, every so many frames, model of hands.
VIDEOS: dict[str, tuple[Callable[[np.ndarray], np.ndarray], int, str]] = {
    'half the size (320×240)': (lambda i: cv2.resize(i, None, fx=0.5, fy=0.5), 1, 'hand_lite'),
    'turned by 8°, 0.85 of the size': (rotated, 1, 'hand_lite'),
    'as from the side (12 % perspective)': (lambda i: warped(i, SIDE), 1, 'hand_lite'),
    '0.45 of the light, noise of 9 levels': (dark, 1, 'hand_lite'),
    'blurred (2.2 px)': (lambda i: cv2.GaussianBlur(i, (0, 0), 2.2), 1, 'hand_lite'),
    '15 frames per second': (lambda i: i, 2, 'hand_lite'),
    '10 frames per second': (lambda i: i, 3, 'hand_lite'),
    'hand_full instead of hand_lite': (lambda i: i, 1, 'hand_full'),
}


def observed(
    clips: Sequence[Path], change: Callable[[np.ndarray], np.ndarray], step: int, model: str
) -> dict[str, list[Observation]]:
    """People and hands in all clips, whose images are changed, by name."""
    estimator = PoseEstimator(EstimatorConfig(hands='tracked', hand_model=model))
    seen: dict[str, list[Observation]] = {}
    for path in clips:
        estimator.reset()
        rows = seen[path.stem.rpartition('__')[2]] = []
        for number, frame in enumerate(open_media(path).frames()):
            if number % step == 0:
                shown = Frame(np.ascontiguousarray(change(frame.image)), frame.time, 'bgr')
                rows.append((frame.time, estimator.estimate(shown), estimator.find_hands()))
    return seen


def takes_of(seen: dict[str, list[Observation]]) -> dict[str, Example]:
    """One example of each clip."""
    return {name: examples(rows, name)[0] for name, rows in seen.items()}


def distorted(take: Example, rng: np.random.Generator) -> Example:
    """Take from another side, at another speed, size and rate, with noise and lost hands.

    Bodies and hands are turned as their positions in space, which are the models' estimates.
    """
    turn = [rng.normal(0, 4), rng.uniform(-25, 25), rng.uniform(-8, 8)]
    size, speed = rng.uniform(150, 500), np.exp(rng.normal(0, 0.2))
    rate, bend = float(rng.choice([10, 15, 30])), rng.uniform(-0.08, 0.08)
    count = max(int(take.duration / speed * rate), 6)
    shares = np.linspace(0, 1, count)
    times = np.clip(shares + bend * np.sin(2 * np.pi * shares), 0, 1) * take.duration
    index = np.searchsorted(take.stamps, times).clip(0, len(take.stamps) - 1)
    lost = {side: rng.uniform(0, count, 2) for side in SIDES if rng.random() < 0.3}
    people, hands = [], []
    for number, row in enumerate(index.tolist()):
        person = take.people[row]
        points = 300 + size * turned(person.world, *turn)[:, :2]
        points += rng.normal(0, 0.006 * size, points.shape)
        people.append(replace(person, keypoints=points.astype(np.float32)))
        own = []
        for hand in take.hands[row]:
            begin, length = lost.get(hand.side, (count, 0))
            if begin <= number < begin + length:
                continue
            shape = size * turned(hand.world - hand.world[0], *turn)[:, :2]
            shape += points[BLAZEPOSE33.index(f'{hand.side}_wrist')]
            shape += rng.normal(0, 0.004 * size, shape.shape)
            own.append(replace(hand, keypoints=shape.astype(np.float32)))
        hands.append(own)
    return Example.of(people, (shares * take.duration / speed).tolist(), take.source, '', hands)


def classes_of(takes: dict[str, Example], with_hands: bool) -> list[MotionClass]:
    """One take of each sign."""
    return [
        MotionClass(name, examples=(take if with_hands else replace(take, hands=None),))
        for name, take in takes.items()
    ]


@dataclass
class Found:
    """How the tests of a distortion came out: shares of those that are right."""

    tests: int
    arms: float
    hands: float
    known: float
    cut: float | None = None

    @classmethod
    def of(cls, takes: dict[str, Example], tests: Sequence[tuple[str, Example]]) -> Found:
        """Compare with all takes, by arms alone and with hands."""
        arms, hands = (SignDictionary(classes_of(takes, flag)) for flag in (False, True))
        bests = [hands.find(test)[0] for _, test in tests]
        right = [best.name == name for best, (name, _) in zip(bests, tests)]
        return cls(
            len(tests),
            float(np.mean([arms.find(test)[0].name == name for name, test in tests])),
            float(np.mean(right)),
            float(np.mean([r and b.score >= MIN_SCORE for r, b in zip(right, bests)])),
        )


def cut_right(takes: dict[str, Example], seen: dict[str, list[Observation]]) -> float:
    """Share of the videos in which the sign, and nothing else, is reported."""
    dictionary, right = SignDictionary(classes_of(takes, True)), 0
    for name, rows in seen.items():
        watcher, made = SignWatcher(), []
        for stamp, people, hands in rows:
            made += watcher.observe(people, stamp, hands or ())
        made += watcher.finish()
        right += [dictionary.find(one.example)[0].name for one in made] == [name]
    return right / len(seen)


def related(takes: dict[str, Example]) -> tuple[list[list[str]], float]:
    """The two nearest other signs of each, and the share whose nearest is reported as known."""
    rows, reported = [], []
    for name, take in takes.items():
        rest = {other: one for other, one in takes.items() if other != name}
        first, second, *_ = SignDictionary(classes_of(rest, True)).find(take)
        reported.append(first.score >= MIN_SCORE)
        rows.append([name, *(f'{m.name} {m.score:.2f}' for m in (first, second))])
    return rows, float(np.mean(reported))


def with_fingers(example: Example, shape: str, rng: np.random.Generator) -> Example:
    """The actor's example, both hands in a shape."""
    pose, hands = varied(HAND_POSES[shape], rng, 6.0), []
    rolls = rng.normal(0, 12, 2)
    for person in example.people:
        index = person.topology.index
        own: list[TrackedHand] = []
        torso = np.hypot(
            *(person.keypoints[index('left_shoulder')] - person.keypoints[index('left_hip')])
        )
        for side, roll in zip(('left', 'right'), rolls):
            if person.observed[index(f'{side}_wrist')] and rng.random() > 0.1:
                points = turned(hand_points(pose, side), roll)
                points = points + rng.normal(0, 0.003, points.shape)
                wrist = tuple(person.keypoints[index(f'{side}_wrist')].tolist())
                own.append(seen_hand(points, wrist, torso / 0.5, side, person.id))
        hands.append(tuple(own))
    return replace(example, hands=tuple(hands))


def actors_signs() -> tuple[dict[str, Example], list[tuple[str, Example]]]:
    """One take of each of the actor's signs with each shape of the hands, and tests."""
    takes, tests = {}, []
    for number, (name, sign) in enumerate(INVENTED.items()):
        for shape in SHAPES:
            rng = np.random.default_rng((number, *shape.encode()))
            made = [with_fingers(perform_sign(sign, rng), shape, rng) for _ in range(STYLES + 1)]
            takes[f'{name}_{shape}'] = made[0]
            tests += [(f'{name}_{shape}', one) for one in made[1:]]
    return takes, tests


def few_takes(path: Path) -> Iterator[list[str]]:
    """NATOPS by few takes: nearest take with and without the hands' points, and trained."""
    motions = read_point_sequences(path)
    names = motions[0].examples[0].point_set.names
    joints = [i for i, name in enumerate(names) if name.endswith(('elbow', 'wrist'))]
    for count in TAKES:
        shares = []
        for seed in range(DRAWS):
            order = np.random.default_rng(seed).permutation(len(motions[0].examples))
            known, tests = (
                [replace(m, examples=tuple(m.examples[i] for i in part)) for m in motions]
                for part in (order[:count], order[count:])
            )
            # Training holds out each take in turn, and needs at least four.
            repeated = [replace(m, examples=m.examples * (4 if count < 4 else 1)) for m in known]
            trained = evaluate(train(repeated).model, tests).named_right
            arms = [[reduced(motion, joints) for motion in part] for part in (known, tests)]
            near = nearest_shares(known, tests)
            shares.append((nearest_shares(*arms)[0], *near, trained))
        yield [str(count), *(f'{share:.2f}' for share in np.mean(shares, axis=0))]


def reduced(motion: MotionClass, joints: list[int]) -> MotionClass:
    """Motion with some of the points only."""

    def part(example: PointSequence) -> PointSequence:
        moved = example.recorded
        point_set = PointSet(tuple(moved.point_set.names[i] for i in joints))
        moved = replace(
            moved, points=moved.points[:, joints], seen=moved.seen[:, joints], point_set=point_set
        )
        return replace(example, recorded=moved)

    return replace(motion, examples=tuple(part(example) for example in motion.examples))


def nearest_shares(
    known: Sequence[MotionClass], tests: Sequence[MotionClass]
) -> tuple[float, float, float]:
    """Shares of the tests: right, right and known; known although their class is left out."""
    window = Window(in_space=True, point_set=known[0].examples[0].point_set)
    clips, references = (
        [clip_of(e, window) for motion in part for e in motion.examples] for part in (tests, known)
    )
    truths, labels = (
        [motion.name for motion in part for _ in motion.examples] for part in (tests, known)
    )
    right, accepted, false = [], [], []
    for row, truth in zip(distances(clips, references).tolist(), truths):
        nearest: dict[str, float] = {}
        for label, distance in zip(labels, row):
            nearest[label] = min(distance, nearest.get(label, np.inf))
        best = ranked(nearest)[0]
        right.append(best.name == truth)
        accepted.append(best.name == truth and best.score >= MIN_SCORE)
        del nearest[truth]
        false.append(ranked(nearest)[0].score >= MIN_SCORE)
    return float(np.mean(right)), float(np.mean(accepted)), float(np.mean(false))


def main(
    folder: Annotated[Path, typer.Argument(help='Folder of the test data.')],
    write: Annotated[Path | None, typer.Option(help='Also write into this page.')] = None,
) -> None:
    """Measure, print, write."""
    paths = sorted(folder.glob(CLIPS))
    takes = takes_of(observed(paths, lambda image: image, 1, 'hand_lite'))
    found = {}
    for name, (change, step, model) in VIDEOS.items():
        seen = observed(paths, change, step, model)
        found[name] = Found.of(takes, list(takes_of(seen).items()))
        found[name].cut = cut_right(takes, seen)
        console.print(name, found[name])
    rng = np.random.default_rng(5)
    tests = [(name, distorted(take, rng)) for name, take in takes.items() for _ in range(VARIED)]
    found['landmarks from up to 25° aside, other speed and rate, lost hands'] = Found.of(
        takes, tests
    )
    found["the actor's 8 signs with 2 shapes of the hands, other styles"] = Found.of(
        *actors_signs()
    )
    head = (
        'test',
        'tests',
        'arms alone',
        'with hands',
        f'and scored over {MIN_SCORE}',
        'cut and named',
    )
    shares = ('arms', 'hands', 'known', 'cut')
    rows = [
        [name, str(one.tests)]
        + ['-' if (v := getattr(one, part)) is None else f'{v:.2f}' for part in shares]
        for name, one in found.items()
    ]
    nearest, reported = related(takes)
    text = [
        markdown_table(head, rows),
        f'Of a sign that is not in the dictionary, another one is reported in {reported:.2f} of '
        f'the cases ({len(takes)} signs, each left out once), else "unknown". The nearest ones:',
        markdown_table(('left out', 'nearest', 'then'), nearest),
        'NATOPS, all other takes of 6 gestures:',
        markdown_table(
            ('takes of each', 'nearest: elbows, wrists', 'nearest: with thumbs, fingertips',
             f'and scored over {MIN_SCORE}', 'unknown, reported', 'trained'),
            list(few_takes(folder / NATOPS)),
        ),
    ]  # fmt: skip
    console.print('\n\n'.join(text), soft_wrap=True)
    if write is not None:
        write_block('figures', '\n\n'.join(text), write)


if __name__ == '__main__':
    typer.run(main)
