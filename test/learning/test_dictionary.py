"""Signs found by their nearest take, and cut out of what people do."""

from dataclasses import replace
from math import exp

import numpy as np
import pytest

from pose_ros.core.motion.rules import Hand
from pose_ros.core.topology import COCO17
from pose_ros.learning.dictionary import SignDictionary, SignSegmenter, SignWatcher, ranked
from pose_ros.learning.examples import SAME, MotionClass

SHAPES = ('fist', 'point', 'victory', 'open_palm', 'call')


@pytest.fixture(scope='module')
def dictionary(make_take):
    return SignDictionary([MotionClass(s, examples=(make_take(s),)) for s in SHAPES])


@pytest.mark.parametrize('shape', SHAPES)
def test_one_take_tells_signs_that_differ_by_their_fingers(dictionary, make_take, shape):
    for seed in range(3):
        rng = np.random.default_rng(seed)
        take = make_take(shape, rng, rate=(10, 15, 30)[seed], size=150.0)
        best, second, *_ = dictionary.find(take)
        assert best.name == shape
        assert 1 > best.score > 1.1 * second.score


def test_a_sign_as_near_as_its_rival_scores_as_its_distance_and_less_near_ones_more():
    assert [(m.name, m.score) for m in ranked({'a': 0.5})] == [('a', pytest.approx(exp(-0.5)))]
    both = ranked({'a': 0.5, 'b': 0.5})
    assert [m.score for m in both] == pytest.approx([exp(-0.5)] * 2)
    first, second = ranked({'far': 1.0, 'near': 0.5})
    assert (first.name, second.name) == ('near', 'far')
    assert (first.score, second.score) == pytest.approx((exp(-0.25), exp(-2.0)))
    same, other = ranked({'a': 0.0, 'b': 0.5})
    assert (same.score, other.score) == (1.0, 0.0)


def test_a_hand_that_is_lost_for_a_while_is_made_up_for(dictionary, make_take):
    take = make_take('victory', np.random.default_rng(5), lost=[(0.7, 1.2)])
    assert dictionary.find(take)[0].name == 'victory'


def test_another_movement_of_the_same_fingers_is_far(dictionary, make_take):
    same = dictionary.find(make_take('point', np.random.default_rng(1)))[0]
    other = dictionary.find(make_take('point', sign='left_up'))[0]
    assert other.score < 0.8 * same.score


def test_without_hands_arms_are_compared(make_take):
    bare = [
        MotionClass(sign, examples=(replace(make_take('fist', sign=sign), hands=None),))
        for sign in ('right_out', 'left_up', 'both_up')
    ]
    dictionary = SignDictionary([*bare, MotionClass('none', examples=bare[0].examples)])
    assert (dictionary.names, dictionary.uses_hands) == (
        ['both_up', 'left_up', 'right_out'],
        False,
    )
    assert dictionary.find(make_take('point', sign='left_up'))[0].name == 'left_up'


def swapped(take):
    """The take in a mirror, with left and right named as they are seen."""
    names = COCO17.keypoint_names
    swap = {'left': 'right', 'right': 'left'}
    index = [names.index('_'.join(swap.get(part, part) for part in n.split('_'))) for n in names]
    flip = np.float32([-1, 1])
    people = [replace(p, keypoints=p.keypoints[index] * flip) for p in take.people]
    hands = [
        tuple(replace(h, keypoints=h.keypoints * flip, side=swap[h.side]) for h in own)
        for own in take.hands
    ]
    return replace(take, people=tuple(people), hands=tuple(hands))


def test_a_sign_that_is_its_mirror_image_is_found_with_either_hand(make_take):
    take = make_take('fist')
    other = swapped(make_take('fist', np.random.default_rng(1)))
    scores = {
        mirror: SignDictionary([MotionClass('out', Hand.BOTH, mirror, (take,))]).find(other)[0]
        for mirror in (SAME, 'none')
    }
    assert scores[SAME].score > 0.6 > 2 * scores['none'].score


def test_without_a_sign_there_is_no_dictionary():
    with pytest.raises(ValueError, match='motions record'):
        SignDictionary([MotionClass('none')])


def segments(takes, segmenter=None):
    """Signs in takes that follow each other."""
    segmenter, start, made = segmenter or SignSegmenter(), 0.0, []
    for take in takes:
        for stamp, person, hands in zip(take.stamps, take.people, take.hands):
            made += segmenter.observe(person, start + stamp, hands)
        start += take.duration + 1 / 15
    return made + segmenter.finish()


def test_signs_are_cut_where_the_arms_rest(dictionary, make_take):
    made = segments([make_take(shape) for shape in ('fist', 'victory', 'point')])
    assert [dictionary.find(one.example)[0].name for one in made] == ['fist', 'victory', 'point']
    assert [one.skeleton_id for one in made] == [1, 1, 1]
    lengths = [one.example.duration for one in made]
    assert lengths == pytest.approx([make_take('fist').duration] * 3, abs=0.5)
    assert made[1].start == pytest.approx(make_take('fist').duration, abs=0.6)


def test_who_stands_still_signs_nothing(make_take):
    take = make_take('fist')
    still = replace(take, people=take.people[:1] * 40, stamps=tuple(np.arange(40) / 15),
                    hands=take.hands[:1] * 40)  # fmt: skip
    assert segments([still]) == []


def test_people_sign_at_the_same_time(dictionary, make_take):
    takes = [make_take('fist'), make_take('call')]
    watcher, made = SignWatcher(), []
    for (stamp, *both), hands in zip(zip(takes[0].stamps, *(t.people for t in takes)),
                                     zip(*(t.hands for t in takes))):  # fmt: skip
        people = [replace(person, id=3 + number) for number, person in enumerate(both)]
        own = [replace(h, skeleton_id=3 + n) for n, (h,) in enumerate(hands)]
        made += watcher.observe(people, stamp, own)
    # Both leave; what they did so far ends.
    made += watcher.observe([], takes[0].duration + 1.0, [])
    found = {one.skeleton_id: dictionary.find(one.example)[0].name for one in made}
    assert found == {3: 'fist', 4: 'call'}
    assert watcher.finish() == []
    assert not watcher._segmenters


def test_time_that_goes_back_ends_a_sign(dictionary, make_take):
    take, watcher, made = make_take('fist'), SignWatcher(), []
    half = len(take.stamps) // 2
    for stamp, person, hands in zip(take.stamps[:half], take.people, take.hands):
        made += watcher.observe([person], 100.0 + stamp, hands)
    assert made == []
    [one] = watcher.observe([], 5.0, [])
    assert one.start == pytest.approx(100.0, abs=0.6)
    assert watcher.finish() == []
