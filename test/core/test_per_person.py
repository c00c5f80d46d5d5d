"""What is kept of each person."""

import pytest

from pose_ros.core.motion.per_person import PerPerson


def seen(kept, person_id, stamp):
    """State of the only person in a frame."""
    kept.leave(stamp)
    return kept.take(person_id, stamp)


def test_state_stays_with_the_person():
    kept = PerPerson(list)
    kept.leave(0.0)
    kept.take(1, 0.0).append('a')
    kept.take(2, 0.0).append('b')
    kept.leave(0.1)
    assert kept.take(1, 0.1) == ['a']
    assert kept.take(2, 0.1) == ['b']


def test_the_same_time_again_is_nothing_new():
    kept = PerPerson(list)
    seen(kept, 1, 0.0)
    assert kept.take(1, 0.0) is None
    assert seen(kept, 1, 0.0) is None
    assert seen(kept, 2, 0.0) == []


@pytest.mark.parametrize(
    ('later', 'gone'), [(0.5, []), (0.51, [(1, ['a'])]), (-1.1, [(1, ['a'])])]
)
def test_who_is_away_too_long_or_before_a_jump_back_is_forgotten(later, gone):
    kept = PerPerson(list, grace=0.5)
    seen(kept, 1, 0.0).append('a')
    assert kept.leave(later) == gone
    assert kept.take(1, later) == ([] if gone else ['a'])


def test_a_late_frame_changes_nothing():
    kept = PerPerson(list, grace=0.5)
    seen(kept, 1, 10.0).append('a')
    assert kept.leave(9.999) == []
    assert kept.take(1, 9.999) is None
    assert kept.take(2, 9.999) is None
    assert seen(kept, 1, 10.4) == ['a']


def test_forgetting_one():
    kept = PerPerson(list)
    seen(kept, 1, 0.0).append('a')
    assert kept.forget(1) == ['a']
    assert kept.forget(1) is None


def test_grace_must_be_positive():
    with pytest.raises(ValueError, match='grace must be positive, got 0'):
        PerPerson(list, grace=0)
