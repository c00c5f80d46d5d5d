"""Cutting recordings, and joining ids."""

import math

import numpy as np
import pytest

from pose_ros.core.topology import COCO17
from pose_ros.core.types import Box, KeypointState, Person
from pose_ros.fleet.chunks import cut, join
from pose_ros.fleet.people_file import FramePeople
from pose_ros.fleet.tasks import part_of

OBSERVED = np.full(17, KeypointState.OBSERVED, np.uint8)


def person(person_id, x):
    points = np.stack([np.full(17, x), np.linspace(100, 300, 17)], axis=1).astype(np.float32)
    return Person(
        COCO17,
        points,
        np.ones(17, np.float32),
        OBSERVED,
        1.0,
        Box(x - 40, 100, 80, 200),
        person_id,
    )


def frames(start, end, people):
    """Frames at 10 Hz; `people` gives (id, x) at a time."""
    times = np.arange(round(start * 10), round(end * 10)) / 10
    return [FramePeople(float(t), (640, 480), [person(i, x) for i, x in people(t)]) for t in times]


def ids(joined):
    return [[p.id for p in frame.people] for frame in joined]


@pytest.mark.parametrize(
    ('duration', 'starts'),
    [
        (0.0, [0]),
        (None, [0]),
        (90.0, [0]),
        (149.0, [0]),
        (151.0, [0, 100]),
        (360.0, [0, 100, 200, 300]),
    ],
)
def test_chunks_cover_a_recording_once(duration, starts):
    chunks = cut('x', 'x.mp4', duration, 100.0, 10.0)
    assert [chunk.start for chunk in chunks] == starts
    assert [chunk.end for chunk in chunks] == [*starts[1:], math.inf]
    assert [chunk.first for chunk in chunks] == [max(start - 10, 0) for start in starts]


def test_parts_of_other_chunks_have_other_names():
    """Only the first chunks of 100 s are the same."""
    cuts = [(100.0, 10.0), (90.0, 10.0), (100.0, 20.0)]
    parts = [[part_of(chunk) for chunk in cut('x', 'x.mp4', 360.0, *one)] for one in cuts]
    assert parts[0][0] == parts[2][0]
    assert len({name for names in parts for name in names}) == sum(map(len, parts)) - 1


def test_people_keep_their_ids_over_the_cut():
    """The second chunk finds them in another order, and two other people later on."""
    chunks = cut('x', 'x.mp4', 20.0, 10.0, 3.0)
    first = frames(0, 10, lambda _: [(1, 100.0), (2, 400.0)])
    second = frames(7, 20, lambda t: [(1, 404.0), (2, 98.0)] + ([(3, 250.0)] if t > 12 else []))
    joined = list(join(zip(chunks, (first, second))))
    assert [frame.time for frame in joined] == pytest.approx(np.arange(200) / 10)
    assert ids(joined)[50] == [1, 2]
    assert ids(joined)[105] == [2, 1]
    assert ids(joined)[-1] == [2, 1, 3]


def test_another_person_gets_another_id():
    chunks = cut('x', 'x.mp4', 20.0, 10.0, 3.0)
    first = frames(0, 10, lambda _: [(1, 100.0)])
    second = frames(7, 20, lambda _: [(1, 300.0)])
    assert ids(join(zip(chunks, (first, second))))[::150] == [[1], [2]]


def test_paths_that_cross_are_told_apart_by_the_frames_in_common():
    chunks = cut('x', 'x.mp4', 20.0, 10.0, 3.0)

    def walk(t):
        return 100 + 60 * (t - 7), 280 - 60 * (t - 7)

    first = frames(0, 10, lambda t: list(zip((1, 2), walk(t))))
    second = frames(7, 20, lambda t: list(zip((2, 1), walk(t))))
    assert ids(join(zip(chunks, (first, second))))[110] == [1, 2]


def test_the_unconfirmed_stay_without_id():
    chunks = cut('x', 'x.mp4', 20.0, 10.0, 3.0)
    both = frames(0, 10, lambda _: [(0, 100.0)]), frames(7, 20, lambda _: [(0, 100.0)])
    assert set(map(tuple, ids(join(zip(chunks, both))))) == {(0,)}
