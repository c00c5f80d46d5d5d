"""People of a part as a file, and back."""

import numpy as np
import pytest

from pose_ros.core.positions import Positions, PositionSource
from pose_ros.core.topology import BLAZEPOSE33, COCO17
from pose_ros.core.types import Box, Person
from pose_ros.fleet.people_file import FramePeople, pack, unpack


def person(topology, person_id, world=None, positions=None):
    count = len(topology)
    generator = np.random.default_rng(person_id)
    return Person(
        topology,
        generator.uniform(0, 500, (count, 2)).astype(np.float32),
        generator.uniform(0, 1, count).astype(np.float32),
        generator.integers(0, 4, count).astype(np.uint8),
        0.75,
        Box(1.5, 2.0, 30.0, 60.0),
        person_id,
        world=world,
        positions=positions,
    )


@pytest.mark.parametrize('topology', [COCO17, BLAZEPOSE33])
def test_what_was_packed_is_unpacked(topology):
    world = np.random.default_rng(0).normal(size=(len(topology), 3)).astype(np.float32)
    frames = [
        FramePeople(0.0, (640, 480), []),
        FramePeople(0.1, (640, 480), [person(topology, 3, world), person(topology, 0)]),
        FramePeople(0.2, (320, 240), [person(topology, 3)]),
    ]
    found, fault = unpack(pack(frames, 'cut off'))
    assert fault == 'cut off'
    assert [(f.time, f.size, len(f.people)) for f in found] == [
        (f.time, f.size, len(f.people)) for f in frames
    ]
    for one, other in zip(
        (p for f in found for p in f.people), (p for f in frames for p in f.people)
    ):
        assert (one.topology, one.id, one.score, one.box) == (
            topology, other.id, other.score, other.box,
        )  # fmt: skip
        for name in ('keypoints', 'scores', 'states'):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        assert (one.world is None) == (other.world is None)
    np.testing.assert_array_equal(found[1].people[0].world, world)


def test_a_part_without_people_is_kept():
    found, fault = unpack(pack([FramePeople(0.5, (64, 48), [])]))
    assert (found, fault) == ([FramePeople(0.5, (64, 48), [])], '')


def test_positions_are_kept():
    random = np.random.default_rng(1)
    points, deviations = random.normal(size=(17, 3)), random.uniform(size=17)
    points[4] = deviations[4] = np.nan
    people = [person(COCO17, 1, positions=Positions(points, deviations, PositionSource.DEPTH))]
    frames = [FramePeople(0.0, (640, 480), [*people, person(COCO17, 2)])]
    ((found,), _) = unpack(pack(frames))
    placed, other = (one.positions for one in found.people)
    np.testing.assert_array_equal(placed.points, points)
    np.testing.assert_array_equal(placed.deviations, deviations)
    assert placed.source is PositionSource.DEPTH
    assert other is None
