from dataclasses import replace

import numpy as np
import pytest
from random_scenes import random_scene

from pose_ros.actor import frames
from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.tracking.noise_aware import NoiseAwareSmoother
from pose_ros.core.tracking.smoothing import ExponentialSmoother, NoSmoothing, OneEuroSmoother
from pose_ros.core.types import Frame

RATE = 30.0
SIZE = 300.0


def still(noise, frames=300, seed=0):
    """A point at rest with noise [px]."""
    return 100.0 + np.random.default_rng(seed).normal(0, noise, (frames, 1, 2))


def smooth(smoother, values, rate=RATE):
    return np.stack([smoother.apply(v, i / rate, SIZE) for i, v in enumerate(values)])


@pytest.fixture(params=['ema', 'one_euro'])
def smoother(request):
    return {'ema': ExponentialSmoother(0.6), 'one_euro': OneEuroSmoother(0.05, 80.0)}[
        request.param
    ]


def test_jitter_at_rest_shrinks(smoother):
    values = still(2.0)
    assert smooth(smoother, values)[60:].std() < 0.75 * values[60:].std()


def test_a_step_is_followed(smoother):
    values = np.zeros((60, 1, 2))
    values[30:] = SIZE / 2
    assert smooth(smoother, values)[-1].min() > 0.98 * SIZE / 2


def test_no_smoothing_changes_nothing():
    values = still(2.0)
    assert (smooth(NoSmoothing(), values) == values).all()


def test_one_euro_is_steadier_at_rest_and_lags_less_in_motion_than_a_low_alpha():
    values = still(0.5)
    wave = SIZE * 0.3 * np.sin(2 * np.pi * np.arange(90) / 45)[:, None, None] * np.ones((1, 1, 2))
    euro, average = OneEuroSmoother(0.05, 80.0), ExponentialSmoother(0.3)
    assert smooth(euro, values)[60:].std() < smooth(average, values)[60:].std()
    euro.reset()
    average.reset()
    errors = [np.abs(smooth(s, wave) - wave).max() for s in (euro, average)]
    assert errors[0] < 0.5 * errors[1]


def test_time_counts_not_frames(smoother):
    """Half the frames over the same time end in about the same place."""
    at_30 = smooth(smoother, np.concatenate([np.zeros((1, 1, 2)), np.full((4, 1, 2), 10.0)]))
    smoother.reset()
    at_15 = smooth(smoother, np.concatenate([np.zeros((1, 1, 2)), np.full((2, 1, 2), 10.0)]), 15)
    assert at_15[-1, 0, 0] == pytest.approx(at_30[-1, 0, 0], abs=0.8)


def test_one_euro_counts_speed_in_sizes_of_the_person():
    step = [np.zeros((1, 2)), np.full((1, 2), 5.0)]
    near, far = OneEuroSmoother(0.05, 80.0), OneEuroSmoother(0.05, 80.0)
    moved_near = [near.apply(v, i / RATE, 600.0) for i, v in enumerate(step)][-1][0, 0]
    moved_far = [far.apply(v, i / RATE, 60.0) for i, v in enumerate(step)][-1][0, 0]
    assert moved_far > moved_near


def test_a_fresh_point_starts_anew_alone(smoother):
    smoother.apply(np.zeros((2, 2)), 0.0, SIZE)
    fresh = np.array([False, True])
    moved = smoother.apply(np.full((2, 2), 50.0), 1 / RATE, SIZE, fresh)
    assert moved[1].tolist() == [50.0, 50.0]
    assert moved[0, 0] < 50.0


def test_reset_forgets(smoother):
    smoother.apply(np.zeros((1, 2)), 0.0, SIZE)
    smoother.reset()
    assert smoother.apply(np.full((1, 2), 50.0), 0.1, SIZE).tolist() == [[50.0, 50.0]]


def test_a_repeated_stamp_does_no_harm(smoother):
    smoother.apply(np.zeros((1, 2)), 1.0, SIZE)
    assert np.isfinite(smoother.apply(np.full((1, 2), 50.0), 1.0, SIZE)).all()
    assert np.isfinite(smoother.apply(np.full((1, 2), 50.0), 1.1, SIZE)).all()


@pytest.mark.parametrize('stamp', [1.0, 0.9, -100.0])
def test_a_step_back_in_time_is_not_smoothed(smoother, stamp):
    smoother.apply(np.zeros((1, 2)), 1.0, SIZE)
    assert smoother.apply(np.full((1, 2), 50.0), stamp, SIZE).tolist() == [[50.0, 50.0]]


@pytest.mark.parametrize('rate', [30.0, 15.0, 7.5])
def test_the_default_one_euro_follows_a_wave_at_any_frame_rate(rate):
    """Two swings a second: behind by no more than a frame at 30 Hz, or a third of a slow one."""
    config = EstimatorConfig()
    euro = OneEuroSmoother(config.one_euro_min_cutoff, config.one_euro_beta)
    times = np.arange(0, 4, 1 / rate)
    wave = SIZE * 0.2 * np.sin(2 * np.pi * 2.0 * times)[:, None, None] * np.ones((1, 1, 2))
    found = smooth(euro, wave, rate)[len(times) // 4 :, 0, 0]
    turn = np.exp(-2j * np.pi * 2.0 * times[len(times) // 4 :])
    lag = -np.angle((found * turn).sum() * 1j) / (2 * np.pi * 2.0)
    assert 0.0 < lag < max(1 / 30, 0.35 / rate)
    assert np.ptp(found) > 0.8 * np.ptp(wave)


def test_both_filters_calm_a_person_who_stands_still(measured):
    """Real keypoints of an actor like a statue: less than half of the jitter is left."""
    scene = random_scene(500)
    statue = replace(scene.actors[0], motion='stand', sway=0.0)
    scene = replace(scene, actors=(statue,), duration=2.0, noise=6.0)
    estimator = PoseEstimator(EstimatorConfig(smoothing='none'))
    raw = []
    for shown in frames(scene, seed=1):
        (person,) = estimator.estimate(Frame(shown.image, shown.stamp))
        raw.append(person.keypoints)
    raw = np.stack(raw)
    before = np.diff(raw[15:], axis=0).std()
    for smoother in (NoiseAwareSmoother(), OneEuroSmoother(0.05, 40.0)):
        after = np.diff(smooth(smoother, raw)[15:], axis=0).std()
        name = type(smoother).__name__
        measured(f'steps of a statue from frame to frame: {before:.2f} px, {name} {after:.2f} px')
        assert after < 0.5 * before
