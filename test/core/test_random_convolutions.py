"""MiniRocket's features, against those of aeon's implementation."""

from itertools import combinations

import numpy as np
import pytest

from pose_ros.core.motion.random_convolutions import RandomConvolutions


def waves():
    """Four series of 24 samples and three channels, on a grid on which sums are exact."""
    t = np.arange(24)[:, None]
    rows = [np.sin(t * (0.2 + 0.1 * n) + np.arange(3)) for n in range(4)]
    return np.round(np.array(rows) * 1024).astype(np.float32) / 1024


def test_the_features_are_those_of_aeon():
    # MiniRocket of aeon 1.6.0 with these dilations and channels, and all biases 0.5.
    codes = (np.arange(168) * 5 % 7) + 1
    channels = (codes[:, None] >> np.arange(3) & 1).astype(bool).reshape(2, 84, 3)
    biases = (np.full((84, 1), 0.5, np.float32),) * 2
    found = RandomConvolutions(np.array([1, 2]), channels, biases).transform(waves())
    expected = [0.375, 0.4375, 0.416667, 0.5625, 0.416667, 0.5625, 0.416667, 0.625]
    assert found[1, :8] == pytest.approx(expected, abs=1e-6)
    sums = [65.312500, 71.541667, 74.062500, 73.562500]
    assert found.sum(axis=1, dtype=float) == pytest.approx(sums, abs=1e-5)
    weighted = [5003.791671, 5940.250009, 6346.833357, 6096.750024]
    assert found @ np.arange(1.0, 169) == pytest.approx(weighted, abs=1e-3)


def test_a_convolution_is_the_sum_of_its_channels():
    series = waves()
    fitted = RandomConvolutions.fit(series, 84, np.random.default_rng(1))
    assert fitted.dilations.tolist() == [1]
    assert fitted.channels.any(axis=2).all()
    kernel, bias = 17, fitted.biases[0][17, 0]  # odd: only where it is all inside
    weights = np.full(9, -1.0)
    weights[list(list(combinations(range(9), 3))[kernel])] = 2.0
    summed = series[2][:, fitted.channels[0, kernel]].sum(axis=1)
    convolved = np.correlate(summed, weights, 'valid')
    assert fitted.transform(series)[2, kernel] == pytest.approx((convolved > bias).mean())


def test_about_half_of_the_moments_are_over_a_bias():
    rng = np.random.default_rng(0)
    series = rng.normal(size=(50, 45, 6)).astype(np.float32)
    fitted = RandomConvolutions.fit(series, 2520, rng)
    assert fitted.count == 2520
    assert fitted.transform(series).mean() == pytest.approx(0.5, abs=0.03)
    assert fitted.transform(series[:1]) == pytest.approx(fitted.transform(series)[:1])


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match='at least 9'):
        RandomConvolutions.fit(np.zeros((2, 8, 1), np.float32), 84, np.random.default_rng(0))
    with pytest.raises(ValueError, match='channels must be'):
        RandomConvolutions(np.array([1]), np.zeros((2, 84, 3), bool), ())
    with pytest.raises(ValueError, match='biases must be'):
        RandomConvolutions(np.array([1]), np.zeros((1, 84, 3), bool), ())
