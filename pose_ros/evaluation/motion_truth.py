"""What happens in videos and motion capture, as a table tells: exercises, gestures and falls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
import re

from pose_ros.core.motion.exercise_rules import load_exercises
from pose_ros.core.motion.rules import load_rules
from pose_ros.core.resources import config_file
from pose_ros.tables import open_table


@dataclass(frozen=True)
class Truth:
    """What happens in a video.

    Attributes
    ----------
    file
        Name of the video, or of the file of motion capture.
    take
        Name of the motion in a file of motion capture; empty for a video.
    exercise, gesture
        Name as in the rules; empty for none.
    count
        Repetitions of the exercise or performances of the gesture.
    falls
        When each fall begins [s].
    judged
        False for a text that cannot be read: the video is in no figure.
    """

    file: str
    take: str = ''
    exercise: str = ''
    gesture: str = ''
    count: int = 0
    falls: tuple[float, ...] = ()
    judged: bool = True


def read_truth(path: Path) -> list[Truth]:
    """Read a table of what happens in videos.

    Parameters
    ----------
    path
        Tab-separated, with the columns `file` and `truth`, one row for each file. A truth is
        ``NAME; COUNT; notes`` for an exercise or a gesture, a text with ``fall FROM-`` for a fall
        [s], or has the word ``nothing`` in it. Motion capture is named ``FILE#ARRAY``.

    Raises
    ------
    ValueError
        Names file, line and reason.
    """
    try:
        # Windows programs write a byte order mark.
        text = path.read_text(encoding='utf-8-sig')
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f'{path} cannot be read: {error}') from error
    _, rows = open_table(path, text, ('file', 'truth'), '\t')
    exercises = {one.name for one in load_exercises(config_file('exercises.yaml'))}
    gestures = {rule.name for rule in load_rules(config_file('gestures.yaml'))}
    truths: list[Truth] = []
    lines: dict[PurePath, int] = {}
    for row in rows:
        file = PurePath(row.text('file'))
        if file in lines:
            raise row.fault('file', f'have one row, but is also in line {lines[file]}')
        lines[file] = row.line
        truth = row.text('truth')
        try:
            truths.append(parse_truth(str(file), truth, exercises, gestures))
        except ValueError as error:
            raise ValueError(f'{path}, line {row.line}: {error}') from None
    return truths


def parse_truth(file: str, text: str, exercises: set[str], gestures: set[str]) -> Truth:
    """Truth from its text, see `read_truth`; ValueError without the count of a name."""
    file, _, take = file.partition('#')
    name, *rest = re.split('[;:]', text, maxsplit=1)
    name = name.strip()
    if name in exercises | gestures:
        number = re.match(r'\s*(0*[1-9]\d*)(?=[;,.]?(\s|$)|;)', ''.join(rest))
        if number is None:
            raise ValueError(
                f'truth must be "{name}; COUNT" with a whole number of at least 1, got {text!r}'
            )
        count = int(number[1])
        if name in exercises:
            return Truth(file, take, exercise=name, count=count)
        return Truth(file, take, gesture=name, count=count)
    spans = re.findall(r'\bfalls? (\d+(?:\.\d+)?)(?:-(\d+(?:\.\d+)?))?', text)
    for start, end in spans:
        if end and float(end) < float(start):
            raise ValueError(f'a fall cannot end at {end} s before it begins at {start} s')
    falls = tuple(float(start) for start, _ in spans)
    judged = bool(falls or re.search(r'\b(nothing|no gesture)\b', text))
    return Truth(file, take, falls=falls, judged=judged)


def check_files(folder: Path, truths: Sequence[Truth]) -> None:
    """ValueError if a file is missing."""
    missing = [truth.file for truth in truths if not (folder / truth.file).is_file()]
    if missing:
        raise ValueError(f'{folder} has no {missing[0]} ({len(missing)} files are missing)')
