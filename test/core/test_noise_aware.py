"""Smoothing that knows the noise."""

import numpy as np
import pytest

from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.tracking.noise_aware import NoiseAwareSmoother
from pose_ros.core.tracking.smoothing import OneEuroSmoother

SIZE = 300.0


def smoothed(values, rate=30.0, smoother=None):
    smoother = smoother or NoiseAwareSmoother()
    return np.stack([smoother.apply(v, i / rate, SIZE) for i, v in enumerate(values)])


def noisy(way, noise, seed=0):
    """Points [T, 20, 2] that all go one way [T] in x."""
    values = np.zeros((len(way), 20, 2))
    values[..., 0] = np.asarray(way)[:, None]
    return values + np.random.default_rng(seed).normal(0, noise, values.shape)


def one_euro():
    config = EstimatorConfig()
    return OneEuroSmoother(config.one_euro_min_cutoff, config.one_euro_beta)


@pytest.mark.parametrize('noise', [0.2, 1.0, 2.5])
def test_rest_is_calm_whatever_the_noise(noise):
    values = noisy(np.zeros(300), noise)
    calm = smoothed(values)[90:]
    assert calm.std() < 0.35 * noise
    assert np.diff(calm, axis=0).std() < 0.2 * np.diff(values, axis=0).std()


def test_and_calmer_than_by_a_one_euro_filter():
    values = noisy(np.zeros(300), 2.0)
    there, here = smoothed(values, smoother=one_euro())[90:], smoothed(values)[90:]
    assert here.std() < 0.7 * there.std()


@pytest.mark.parametrize('rate', [30.0, 15.0, 7.5])
@pytest.mark.parametrize('noise', [0.0, 1.0, 2.0])
def test_a_wave_is_followed_at_any_frame_rate(rate, noise):
    """All points at once, two swings a second, 60 px to each side."""
    times = np.arange(0, 6, 1 / rate)
    wave = 0.2 * SIZE * np.sin(2 * np.pi * 2.0 * times)
    found = smoothed(noisy(wave, noise), rate)[..., 0].mean(axis=1)
    late = slice(len(times) // 3, None)
    turn = np.exp(-2j * np.pi * 2.0 * times[late])
    lag = -np.angle((found[late] * turn).sum() * 1j) / (2 * np.pi * 2.0)
    assert -0.005 < lag < 0.015
    assert np.ptp(found[late]) > 0.94 * np.ptp(wave[late])


@pytest.mark.parametrize('rate', [30.0, 10.0])
def test_a_hand_that_waves_is_not_taken_for_noise_while_the_body_rests(rate):
    times = np.arange(0, 6, 1 / rate)
    values = noisy(np.zeros(len(times)), 0.5)
    wave = 0.2 * SIZE * np.sin(2 * np.pi * 2.0 * times)
    values[:, 3, 0] += wave
    found, late = smoothed(values, rate)[:, 3, 0], slice(len(times) // 3, None)
    assert np.corrcoef(found[late], wave[late])[0, 1] > 0.995
    assert np.ptp(found[late]) > 0.97 * np.ptp(wave[late])


def test_axes_can_be_turned():
    """What is told does not depend on how the camera is held, as long as noise does not."""
    way = np.concatenate([np.zeros(60), np.arange(60) * 2.0])
    values = noisy(way, 0.0)
    turned = values[..., ::-1]
    assert smoothed(turned)[..., ::-1] == pytest.approx(smoothed(values))


def test_a_slow_motion_is_left_behind_by_about_the_noise():
    way = np.concatenate([np.zeros(60), np.arange(240) * 0.3])  # 9 px a second
    behind = way - smoothed(noisy(way, 2.0))[..., 0].mean(axis=1)
    assert 0 < behind[150:].mean() < 2 * 2.0


def test_a_step_is_followed_within_a_tenth_of_a_second():
    way = np.concatenate([np.zeros(60), np.full(4, 100.0)])
    assert smoothed(noisy(way, 1.0))[-1, :, 0] == pytest.approx(100.0, abs=5.0)


def test_without_noise_nothing_is_smoothed():
    way = 50 * np.sin(np.arange(120) / 10)
    assert smoothed(noisy(way, 0.0))[60:, 0, 0] == pytest.approx(way[60:], abs=1.0)


def test_a_fresh_point_starts_anew_alone():
    smoother = NoiseAwareSmoother()
    for i in range(30):
        smoother.apply(np.zeros((2, 2)), i / 30, SIZE)
    moved = smoother.apply(np.full((2, 2), 3.0), 1.0, SIZE, np.array([False, True]))
    assert moved[1].tolist() == [3.0, 3.0]
    assert moved[0, 0] < 3.0


def test_reset_forgets():
    smoother = NoiseAwareSmoother()
    smoother.apply(np.zeros((1, 2)), 5.0, SIZE)
    smoother.reset()
    assert smoother.apply(np.full((1, 2), 50.0), 0.1, SIZE).tolist() == [[50.0, 50.0]]


@pytest.mark.parametrize('stamp', [1.0, 0.9, -100.0])
def test_a_step_back_in_time_is_not_smoothed(stamp):
    smoother = NoiseAwareSmoother()
    smoother.apply(np.zeros((1, 2)), 1.0, SIZE)
    assert smoother.apply(np.full((1, 2), 50.0), stamp, SIZE).tolist() == [[50.0, 50.0]]
    assert np.isfinite(smoother.apply(np.full((1, 2), 50.0), 1.1, SIZE)).all()
