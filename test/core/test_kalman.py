"""Where a person will be: the filter of tracking.motion."""

import numpy as np
import pytest

from pose_ros.core.tracking.constant_velocity import ConstantVelocity

SIZE = 300.0


def walk(stamps, velocity=(120.0, -30.0), start=(100.0, 200.0), noise=0.0, size=SIZE):
    """Filter that saw a person go at constant speed [px/s] at these times."""
    rng = np.random.default_rng(0)
    places = [np.array(start) + np.array(velocity) * stamp for stamp in stamps]
    places = [place + rng.normal(0, noise, 2) for place in places]
    motion = ConstantVelocity(places[0], stamps[0], size)
    for place, stamp in zip(places, stamps):
        motion.update(place, stamp, size)
    return motion


def test_a_person_seen_once_stays():
    motion = ConstantVelocity(np.array([10.0, 20.0]), 5.0, SIZE)
    np.testing.assert_allclose(motion.position(5.5), [10, 20])


def test_a_steady_walk_is_followed():
    motion = walk(np.arange(30) / 30)
    np.testing.assert_allclose(motion.velocity, [120, -30], rtol=0.03)
    # A tenth of a second ahead; a little less than a constant speed would give.
    expected = np.array([100, 200]) + np.array([120, -30]) * (29 / 30 + 0.1)
    np.testing.assert_allclose(motion.position(29 / 30 + 0.1), expected, atol=2.0)


def test_noise_is_smoothed():
    stamps = np.arange(60) / 30
    errors = [
        np.hypot(*(walk(stamps[:n], noise=6.0).position(stamps[n - 1]) - truth))
        for n in range(20, 60)
        for truth in [np.array([100.0, 200.0]) + np.array([120.0, -30.0]) * stamps[n - 1]]
    ]
    # The mean error of what is measured would be 6 × 1.25 px.
    assert np.mean(errors) < 5.5


def test_irregular_stamps_give_the_same_speed():
    stamps = np.cumsum(np.random.default_rng(1).uniform(0.01, 0.2, 30))
    motion = walk(stamps)
    np.testing.assert_allclose(motion.velocity, [120, -30], rtol=0.05)


def test_a_turn_is_learnt():
    motion = walk(np.arange(15) / 30)
    for step in range(15):
        motion.update(np.array([160.0 - 4 * step, 185.0]), 0.5 + step / 30, SIZE)
    assert motion.velocity[0] == pytest.approx(-120, rel=0.1)


def test_the_spread_grows_with_the_time_unseen():
    motion = walk(np.arange(10) / 30)
    spreads = [motion.spread(0.3 + gap) for gap in (0.0, 0.1, 0.3, 1.0, 3.0)]
    assert np.all(np.diff(spreads) > 0)
    assert spreads[0] < 0.05 * SIZE
    # After a second they may be anywhere within reach.
    assert 0.3 * SIZE < spreads[3] < 1.5 * SIZE


def test_the_spread_shrinks_by_seeing():
    stamps = np.arange(10) / 30
    assert walk(stamps).spread(0.3) < 0.5 * walk(stamps[:1]).spread(0.3)


def test_it_is_the_same_at_every_size():
    near, far = walk([0.0, 0.1, 0.2]), walk([0.0, 0.1, 0.2], (12, -3), (10, 20), size=SIZE / 10)
    assert near.spread(1.0) == pytest.approx(10 * far.spread(1.0))
    np.testing.assert_allclose(near.position(1.0), np.multiply(10, far.position(1.0)))


def test_who_is_unseen_slows_down_and_stops():
    motion = walk(np.arange(30) / 30)
    way = [motion.position(29 / 30 + gap)[0] for gap in (0.0, 0.5, 1.0, 5.0, 10.0)]
    first, second, *_ = np.diff(way)
    assert 0 < second < 0.8 * first
    assert first < 120 * 0.5
    assert way[-1] - way[-2] < 1.0


def test_to_ask_changes_nothing():
    motion = walk(np.arange(5) / 30)
    before = motion.position(1.0)
    motion.position(9.0), motion.spread(9.0)
    np.testing.assert_array_equal(motion.position(1.0), before)


@pytest.mark.parametrize('stamp', [0.2, 0.1], ids=['the same time', 'a time before'])
def test_a_stamp_that_does_not_go_on_stays_finite(stamp):
    motion = walk([0.0, 0.1, 0.2])
    motion.update(np.array([130.0, 194.0]), stamp, SIZE)
    assert np.isfinite(motion.position(0.3)).all()
    assert motion.spread(0.3) > 0
