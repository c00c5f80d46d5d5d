"""Examples out of what was seen."""

from dataclasses import replace

import pytest

from pose_ros.learning.example_sources import examples, observations


@pytest.fixture
def seen(make_example):
    """Ten images a second of one person with id 3."""

    def make(seconds=4.0, person_id=3, start=100.0, away=()):
        person = make_example('left_up').people[0]
        times = [round(start + i / 10, 3) for i in range(round(seconds * 10) + 1)]
        one = replace(person, id=person_id)
        return [(t, [] if any(a < t - start < b for a, b in away) else [one], None) for t in times]

    return make


def together(*videos):
    return [(rows[0][0], [p for row in rows for p in row[1]], None) for rows in zip(*videos)]


def test_all_of_it_is_one_example(seen):
    (example,) = examples(seen(), 'clip.mp4')
    assert example.duration == pytest.approx(4.0)
    assert (len(example.people), example.people[0].id) == (41, 3)
    assert example.source == 'clip.mp4 from 0 s'


def test_cuts_are_counted_from_the_first_image(seen):
    found = examples(seen(), 'clip', cuts=[(0.5, 1.5), (2.0, 4.0)])
    assert [example.duration for example in found] == pytest.approx([1.0, 2.0])


def test_a_long_recording_is_cut_into_pieces(seen):
    found = examples(seen(9.0), 'clip', every=3.0)
    assert [example.duration for example in found] == pytest.approx([3.0] * 3)
    assert [e.duration for e in examples(seen(9.0), 'clip', [(1.0, 5.0)], 2.0)] == [2.0, 2.0]


def test_the_one_who_is_seen_most_is_meant(seen):
    video = together(seen(person_id=1, away=[(1.0, 1.4)]), seen(person_id=2))
    (example,) = examples(video, 'clip')
    assert {person.id for person in example.people} == {2}


def test_hands_are_those_of_the_person(seen, make_take):
    (hand,) = make_take('fist').hands[0]
    own, other = (replace(hand, skeleton_id=number) for number in (3, 4))
    video = [(stamp, people, [other, own]) for stamp, people, _ in seen()]
    (example,) = examples(video, 'clip')
    assert all(hands == (own,) for hands in example.hands)
    assert examples(seen(), 'clip')[0].hands is None


def test_until_the_tracker_is_sure_it_is_the_only_one(seen):
    video = [*seen(0.4, person_id=0), *seen(2.0, person_id=5, start=100.5)]
    (example,) = examples(video, 'clip')
    assert example.duration == pytest.approx(2.5)


@pytest.mark.parametrize('away', [(-0.1, 1.0), (1.0, 2.0), (3.0, 4.1)])
def test_who_is_out_of_sight_for_long_makes_no_example(seen, away):
    with pytest.raises(ValueError, match=r'clip from 0 s: the person is out of sight for'):
        examples(seen(away=[away]), 'clip')


def test_no_one_makes_no_example(seen):
    with pytest.raises(ValueError, match='no person is seen'):
        examples(seen(away=[(-1.0, 9.0)]), 'clip')
    with pytest.raises(ValueError, match='nothing to see'):
        examples([], 'clip')
    with pytest.raises(ValueError, match='at least 5'):
        examples(seen(), 'clip', cuts=[(1.0, 1.2)])


def test_a_image_shows_no_motion(tmp_path):
    import cv2  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    cv2.imwrite(str(tmp_path / 'one.png'), np.zeros((20, 20, 3), np.uint8))
    with pytest.raises(ValueError, match='an image shows no motion'):
        list(observations(tmp_path / 'one.png'))
