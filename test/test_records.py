"""JSON lines of people and back."""

import json
import math

import numpy as np
import pytest

from pose_ros.core.motion.events import MotionEvent
from pose_ros.core.topology import COCO17
from pose_ros.core.types import Box, Frame, Person, TrackedHand
from pose_ros.records import event_of, event_record, frame_record, hand_of, person_of


@pytest.fixture
def person():
    points = np.random.default_rng(1).uniform(0, 300, (17, 2)).round(2).astype(np.float32)
    points[3] = np.nan
    states = np.array([0, 1, 2, 3] * 4 + [0], np.uint8)
    scores = np.linspace(0, 1, 17).round(4).astype(np.float32)
    return Person(COCO17, points, scores, states, 0.75, Box(1.0, 2.0, 30.0, 40.0), 7)


def test_a_person_is_read_as_it_was_written(person):
    record = frame_record('a.mp4', 3, Frame(np.zeros((9, 9, 3), np.uint8), 0.1), [person])
    (entry,) = json.loads(json.dumps(record))['people']
    read = person_of(entry)
    np.testing.assert_allclose(read.keypoints, person.keypoints)
    np.testing.assert_allclose(read.scores, person.scores, atol=1e-4)
    np.testing.assert_array_equal(read.states, person.states)
    assert (read.topology, read.id, read.score, read.box) == (COCO17, 7, 0.75, person.box)


@pytest.fixture
def hand():
    random = np.random.default_rng(2)
    points = random.uniform(0, 300, (21, 2)).round(2).astype(np.float32)
    world = random.normal(0, 0.05, (21, 3)).round(4).astype(np.float32)
    return TrackedHand(points, np.zeros(21, np.float32), world, 0.875, 'left', 0.0, 4, 7)


def test_a_hand_is_read_as_it_was_written(hand):
    frame = Frame(np.zeros((9, 9, 3), np.uint8), 0.1)
    (entry,) = json.loads(json.dumps(frame_record('a.mp4', 3, frame, [], [hand])))['hands']
    read = hand_of(entry)
    np.testing.assert_allclose(read.keypoints, hand.keypoints)
    np.testing.assert_allclose(read.world, hand.world)
    assert (read.side, read.score, read.id, read.skeleton_id) == ('left', 0.875, 4, 7)
    for damage in ({'keypoints': [[1, 2]]}, {'side': 'up'}, {'id': None}, {'world': 'x'}):
        with pytest.raises(ValueError, match=r'.'):
            hand_of({**entry, **damage})
    with pytest.raises(ValueError, match='not a hand of pose-ros estimate'):
        hand_of({})


@pytest.mark.parametrize(
    'damage',
    [
        *({'keypoints': value} for value in ('x', [[1, 2, 3]], [['a', 1, 1, 1]], [[10**400] * 4])),
        *({'box': value} for value in ([1], [1, 2, 'wide', 3])),
        *({'id': value} for value in (None, 1.5)),
        *({'score': value} for value in (None, 'high', math.nan, 10**400)),
        {'format': 'x'},
    ],
)
def test_what_is_no_person_is_refused(person, damage):
    record = frame_record('a.mp4', 3, Frame(np.zeros((9, 9, 3), np.uint8), 0.1), [person])
    with pytest.raises(ValueError, match=next(iter(damage))):
        person_of({**record['people'][0], **damage})
    with pytest.raises(ValueError, match='must be an object'):
        person_of([])
    with pytest.raises(ValueError, match='not a person of pose-ros estimate'):
        person_of({})


@pytest.mark.parametrize(
    'damage', [{'name': 5}, {'phase': None}, {'time': 10**400}, {'score': 'x'}]
)
def test_what_is_no_event_is_refused(damage):
    record = event_record('a.mp4', MotionEvent(0.5, 'gesture', 'wave', 'started', 1))
    assert event_of(record).name == 'wave'
    with pytest.raises(ValueError, match=next(iter(damage))):
        event_of({**record, **damage})
