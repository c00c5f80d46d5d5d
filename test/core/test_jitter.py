"""The noise of keypoints, told from their motion."""

import numpy as np
import pytest

from pose_ros.core.body.jitter import Jitter

GUESS = np.array([1.0, 1.0])


def followed(way, stamps, noise=0.0, seed=0):
    """Last estimate [K, D] for points that go a way (time to [K, D]) with noise on it."""
    rng, jitter = np.random.default_rng(seed), Jitter()
    for stamp in stamps:
        points = way(stamp)
        last = jitter.update(stamp, points + rng.normal(0, noise, points.shape), lambda: GUESS)
    return last


def resting(_):
    return np.full((20, 2), 100.0)


def waving(time):
    """A hand that swings 1.4 times a second by 40 px to each side, as of a body of 360 px."""
    return np.array([[100.0 + 40.0 * np.sin(2 * np.pi * 1.4 * time), 50.0]])


@pytest.mark.parametrize('fps', [8, 15, 30, 60])
def test_white_noise_measures_the_same_at_any_rate(fps):
    last = followed(resting, np.arange(0, 4, 1 / fps), noise=2.0)
    assert np.sqrt((last**2).mean()) == pytest.approx(2.0, rel=0.15)


def test_and_with_uneven_times():
    steps = np.random.default_rng(1).uniform(0.01, 0.08, 120)
    last = followed(resting, np.cumsum(steps), noise=2.0)
    assert np.sqrt((last**2).mean()) == pytest.approx(2.0, rel=0.15)


def test_motion_is_no_noise():
    last = followed(waving, np.arange(0, 4, 1 / 30))
    assert last[0, 0] < 0.6  # of 80 px that the hand swings
    assert last[0, 1] < 0.1


def test_a_slow_camera_errs_to_the_safe_side():
    slow = followed(waving, np.arange(0, 4, 1 / 8), noise=0.5)
    assert slow[0, 0] > 2.0


def test_before_anything_is_measured_it_is_the_guess():
    jitter = Jitter()
    for stamp in (0.0, 0.03, 0.06):
        assert jitter.update(stamp, resting(0.0), lambda: GUESS) == pytest.approx(1.0)
    assert np.all(jitter.update(0.09, resting(0.0), lambda: GUESS) < 1.0)


def test_a_guess_of_nothing_is_made_again():
    jitter, rng = Jitter(), np.random.default_rng(0)
    jitter.update(0.0, np.full((2, 2), np.nan), lambda: np.zeros(2))
    for i in range(1, 200):
        measured = jitter.update(i / 30, rng.normal(0.0, 3.0, (2, 2)), lambda: GUESS)
    assert measured == pytest.approx(3.0, rel=0.3)


def test_a_glitch_counts_little():
    jitter, rng = Jitter(), np.random.default_rng(2)
    for i in range(90):
        points = resting(0.0) + rng.normal(0, 1.0, (20, 2))
        points[0] += 200.0 * (i == 80)
        last = jitter.update(i / 30, points, lambda: GUESS)
    assert last[0].max() < 2.5


def test_it_follows_noise_that_grows():
    jitter, rng = Jitter(), np.random.default_rng(3)
    for i in range(180):
        points = resting(0.0) + rng.normal(0, 0.2 if i < 90 else 4.0, (20, 2))
        last = jitter.update(i / 30, points, lambda: GUESS)
    assert np.sqrt((last**2).mean()) == pytest.approx(4.0, rel=0.3)


def test_what_is_not_seen_is_not_learnt_from():
    jitter, rng = Jitter(), np.random.default_rng(4)
    for i in range(60):
        points = resting(0.0) + rng.normal(0, 3.0, (20, 2))
        points[0] = np.nan
        last = jitter.update(i / 30, points, lambda: GUESS)
    assert last[0] == pytest.approx(1.0)
    assert last[1:].mean() == pytest.approx(3.0, rel=0.3)


def test_a_gap_joins_no_motions():
    jitter = Jitter()
    for stamp in (0.0, 0.03, 0.06, 0.09):
        before = jitter.update(stamp, resting(0.0), lambda: GUESS)
    assert jitter.update(0.5, resting(0.0) + 300.0, lambda: GUESS) == pytest.approx(before)


def test_other_axes_start_anew():
    jitter = Jitter()
    for stamp in (0.0, 0.03, 0.06, 0.09):
        jitter.update(stamp, resting(0.0), lambda: GUESS)
    deep = jitter.update(0.12, np.zeros((20, 3)), lambda: np.array([2.0, 2.0, 0.01]))
    assert deep[0] == pytest.approx([2.0, 2.0, 0.01])
