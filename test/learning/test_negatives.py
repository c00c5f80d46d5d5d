"""Where a movement begins and ends, how alike movements are, and what is none of them."""

from dataclasses import replace

import numpy as np
import pytest

from pose_ros.core.motion.normalised import Window
from pose_ros.core.motion.point_set import BODY
from pose_ros.core.types import KeypointState
from pose_ros.learning.clips import clip_of, mirrored
from pose_ros.learning.negatives import distinct, improvised, near_misses
from pose_ros.learning.warping import distances

WINDOW = Window(3.0)


@pytest.fixture(scope='module')
def make_clips(make_class):
    def make(name, count=6, seed=0):
        return [clip_of(example, WINDOW) for example in make_class(name, count, seed).examples]

    return make


def test_the_rest_before_and_after_is_no_part_of_the_movement(make_example):
    example = make_example('left_up_right_up')
    clip = clip_of(example, WINDOW)
    assert clip.start == pytest.approx(0.5, abs=0.25)
    # The last step is 0.15 s of rest already.
    assert clip.end == pytest.approx(example.duration - 0.65, abs=0.25)
    assert clip.movement.stamps[1] == pytest.approx(1 / 15)


def test_a_pose_that_is_held_is_all_of_it(make_example):
    example = make_example('left_up_right_up', noise=0.002)
    still = type(example).of(example.people[:7], example.stamps[:7])
    clip = clip_of(still, WINDOW)
    assert (clip.start, clip.end) == (0.0, clip.movement.duration)


def test_what_shows_no_movement_is_refused(make_example):
    example = make_example('left_up_right_up', rate=30.0)
    with pytest.raises(ValueError, match=r'lasts 0\.17 s: at least 0\.3'):
        clip_of(type(example).of(example.people[:6], example.stamps[:6]), WINDOW)
    states = np.full(17, KeypointState.BELOW_THRESHOLD, np.uint8)
    unseen = [replace(person, states=states) for person in example.people]
    with pytest.raises(ValueError, match='are unseen'):
        clip_of(type(example).of(unseen, example.stamps), WINDOW)


def test_signs_differ_by_their_order_and_not_by_their_speed(make_clips):
    first, again = make_clips('left_up_right_up'), make_clips('left_up_right_up', seed=1)
    other = make_clips('right_up_left_up')
    same, different = distances(again, first), distances(other, first)
    assert same.min(axis=1).max() < different.min(axis=1).min()
    assert np.diag(distances(first, first)) == pytest.approx(0.0, abs=1e-3)


def test_the_mirror_image_of_a_sign_is_the_other_hands(make_clips):
    signs, others = make_clips('left_out_right_up'), make_clips('right_out_left_up')
    swapped = [mirrored(clip) for clip in signs]
    assert distances(swapped, others).min(axis=1).max() < distances(signs, others).min()
    left = BODY.index('left_shoulder')
    assert swapped[0].movement.points[0, left, 0] > 0


def test_what_comes_out_as_a_class_is_no_negative(make_clips):
    names = ('left_up_right_up', 'right_up_left_up')
    classes = [make_clips(name) for name in names]
    swapped = [mirrored(clip) for clip in classes[0]]
    assert not distinct(swapped, classes).any()
    assert distinct(swapped, classes[:1]).all()


def test_near_misses_and_improvisations_are_movements_of_their_own(make_clips):
    classes = [make_clips('left_up_right_up'), make_clips('both_chest_both_out')]
    rng = np.random.default_rng(0)
    made = near_misses([clip for clips in classes for clip in clips], 48, rng)
    free = improvised(12, WINDOW, [], rng)
    assert len(made) == 48
    for clip in (*made, *free):
        assert 0.0 <= clip.start < clip.end <= clip.movement.duration
        assert np.isfinite(clip.movement.points).all()
        # No one's hands get anywhere at once.
        steps = np.linalg.norm(np.diff(clip.movement.points, axis=0), axis=2)
        assert steps.max() < 1.2
    assert 24 <= distinct(made, classes).sum() < 48
    assert distinct(free, classes).all()
