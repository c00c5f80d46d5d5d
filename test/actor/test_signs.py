"""Invented signs: what they do, in which order, in what style."""

import numpy as np
import pytest

from pose_ros.actor import MOTIONS, STAND
from pose_ros.actor.body import joints
from pose_ros.actor.motions.sign_motions import INVENTED, SIGNS, UNKNOWN, Sign, SignStyle


def heights(sign, style=None):
    """Height [heights] of both wrists above their shoulders, thirty times a second."""
    motion, duration = sign.played(style)
    found = [joints(motion.pose(time)) for time in np.arange(0.0, duration, 1 / 30)]
    return [
        np.array([one[f'{side}_shoulder'][1] - one[f'{side}_wrist'][1] for one in found])
        for side in ('left', 'right')
    ]


def test_eight_signs_and_others_can_be_played_by_name():
    assert len(INVENTED) == 8
    assert not INVENTED.keys() & UNKNOWN.keys()
    assert INVENTED.keys() | UNKNOWN.keys() == SIGNS.keys() <= MOTIONS.keys()


def test_two_signs_differ_only_in_the_order_of_the_hands():
    left, right = heights(INVENTED['left_up_right_up'])
    assert np.argmax(left > 0.2) < np.argmax(right > 0.2)
    other_left, other_right = heights(INVENTED['right_up_left_up'])
    assert other_left == pytest.approx(right)
    assert other_right == pytest.approx(left)


@pytest.mark.parametrize('name', SIGNS)
def test_a_sign_begins_and_ends_at_rest(name):
    motion, duration = (INVENTED | UNKNOWN)[name].played()
    for time in (0.0, duration, duration + 5.0):
        pose = motion.pose(time)
        assert pose.left_arm == pytest.approx(STAND.left_arm)
        assert pose.right_forearm == pytest.approx(STAND.right_forearm)


def test_styles_differ_in_speed_and_size_and_the_same_seed_gives_the_same():
    sign = INVENTED['left_up_right_out']
    styles = [SignStyle.of(np.random.default_rng(seed)) for seed in (1, 2, 2)]
    durations = [sign.played(style)[1] for style in styles]
    assert durations[0] != pytest.approx(durations[1], rel=0.02)
    assert durations[1] == durations[2]
    tops = [heights(sign, style)[0].max() for style in styles]
    assert tops[0] != pytest.approx(tops[1], abs=0.005)
    assert tops[1] == tops[2]


def test_hands_stay_where_they_are_until_a_step_moves_them():
    left, right = heights(Sign(({'left': 'up'}, {'right': 'up'})))
    top = left > 0.9 * left.max()
    # The left hand is still up when the right one is.
    assert top[np.argmax(right)]
