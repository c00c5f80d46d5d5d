import numpy as np
import pytest

from pose_ros.core.models.heatmap import METHODS, decode, windows

COUNT = 17


def paint(tops, sigma=2.0, *, noise=0.0, size=(64, 64), heights=1.0, generator=None):
    """Heatmaps [height, width, K] of round Gaussians with these tops (x, y)."""
    width, height = size
    rows, columns = np.mgrid[0:height, 0:width]
    tops = np.asarray(tops, float)
    squared = (columns[..., None] - tops[:, 0]) ** 2 + (rows[..., None] - tops[:, 1]) ** 2
    heatmaps = heights * np.exp(-squared / (2 * sigma**2))
    if noise:
        heatmaps += generator.normal(0.0, noise, heatmaps.shape)
    return heatmaps.astype(np.float32)


def mean_error(method, noise=0.0, sigma=2.0, edge=False, seed=0):
    """Mean distance from the true tops of 20 × 17 peaks [cells]."""
    generator = np.random.default_rng(seed)
    distances = []
    for _ in range(20):
        tops = generator.uniform(8, 55, (COUNT, 2))
        if edge:
            tops[:, 0] = generator.choice([0, 62], COUNT) + generator.uniform(0, 1, COUNT)
        heights = generator.uniform(0.4, 1.0, COUNT)
        painted = paint(tops, sigma, noise=noise, heights=heights, generator=generator)
        points, _ = decode(painted, method)
        distances.append(np.hypot(*(points - tops).T))
    return np.mean(distances)


@pytest.mark.parametrize('method', METHODS)
def test_x_and_y_of_heatmaps_that_are_not_square(method):
    tops = [[31.0, 7.0], [5.0, 11.0], [40.0, 12.0]]
    points, scores = decode(paint(tops, size=(48, 20), heights=[0.9, 0.5, 0.7]), method)
    assert points.dtype == scores.dtype == np.float32
    np.testing.assert_allclose(points, tops, atol=0.05)
    np.testing.assert_allclose(scores, [0.9, 0.5, 0.7], rtol=1e-5)


@pytest.mark.parametrize(
    ('method', 'share'),
    [('centroid', 0.2), ('parabola', 0.05), ('gaussian', 0.001), ('dark', 0.01)],
)
def test_refinement_of_smooth_peaks(method, share):
    """Error over argmax's, which is 0.38 cells however smooth the heatmap is."""
    assert mean_error('argmax') == pytest.approx(0.38, abs=0.02)
    assert mean_error(method) < share * mean_error('argmax')


@pytest.mark.parametrize('noise', [0.02, 0.05])
def test_refinement_of_noisy_peaks(noise):
    """The order that the benchmark's table shows."""
    errors = {method: mean_error(method, noise) for method in METHODS}
    assert sorted(errors, key=errors.get) == ['dark', 'gaussian', 'centroid', 'parabola', 'argmax']
    assert errors['parabola'] < 0.7 * errors['argmax']
    assert errors['centroid'] < 0.3 * errors['argmax']
    assert errors['gaussian'] < 0.2 * errors['argmax']


@pytest.mark.parametrize('sigma', [1.0, 3.0])
def test_peaks_of_another_width_than_expected(sigma):
    assert mean_error('gaussian', 0.02, sigma) < 0.2 * mean_error('argmax', 0.02, sigma)
    assert mean_error('dark', 0.02, sigma) < 0.2 * mean_error('argmax', 0.02, sigma)


@pytest.mark.parametrize('noise', [0.0, 0.02])
def test_peaks_at_the_edge(noise):
    errors = {method: mean_error(method, noise, edge=True) for method in METHODS}
    assert errors['gaussian'] < 0.2 * errors['argmax']
    assert errors['centroid'] < 0.8 * errors['argmax']
    assert errors['parabola'] < 0.95 * errors['argmax']
    # As its authors do, DARK leaves them alone.
    assert errors['dark'] == pytest.approx(errors['argmax'])


@pytest.mark.parametrize('method', METHODS)
@pytest.mark.parametrize('top', [(0, 0), (63, 0), (0, 63), (63, 63), (30, 0), (63, 30)])
def test_a_peak_in_the_outermost_cell_stays_there(method, top):
    points, _ = decode(paint([top]), method)
    # Three cells on one side of a peak are no parabola.
    np.testing.assert_allclose(points, [top], atol=0.25 if method == 'parabola' else 0.01)


@pytest.mark.parametrize('method', METHODS)
@pytest.mark.parametrize(
    'heatmaps',
    [
        np.zeros((8, 9, 2), np.float32),
        np.full((8, 9, 2), 0.7, np.float32),
        np.full((8, 9, 2), -3.0, np.float32),
        np.eye(9, dtype=np.float32)[..., None],
        np.full((3, 3, 1), 1e-30, np.float32),
        np.random.default_rng(0).normal(size=(16, 16, 17)).astype(np.float32),
    ],
    ids=['empty', 'flat', 'negative', 'ridge', 'faint', 'noise'],
)
def test_heatmaps_without_a_peak_give_a_finite_point_near_the_highest_cell(method, heatmaps):
    points, scores = decode(heatmaps, method)
    cells, _ = decode(heatmaps, 'argmax')
    assert np.isfinite(points).all()
    assert np.abs(points - cells).max() <= 2
    assert scores.tolist() == heatmaps.max(axis=(0, 1)).tolist()


def test_a_second_person_far_enough_away_does_not_draw():
    """Two peaks in one heatmap, eight cells apart: the higher one is found where it is."""
    both = np.maximum(paint([[20.3, 30.2]], heights=1.0), paint([[28.3, 30.2]], heights=0.8))
    points, _ = decode(both)
    np.testing.assert_allclose(points, [[20.3, 30.2]], atol=0.01)


@pytest.mark.parametrize('shape', [(64, 64), (2, 64, 17), (64, 2, 17), (1, 64, 64, 17)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(ValueError, match=r'expected heatmaps \[height, width, K\].*got \['):
        decode(np.zeros(shape, np.float32))


def test_an_unknown_method_lists_the_known():
    with pytest.raises(ValueError, match="argmax, centroid, parabola, gaussian, dark, got 'best'"):
        decode(np.zeros((8, 8, 1), np.float32), 'best')


def test_windows_know_what_lies_beyond_the_edge():
    heatmaps = np.arange(12.0).reshape(3, 4, 1)
    around = windows(heatmaps, np.array([[3, 0]]), reach=1)
    assert around.columns.tolist() == [[2, 3, 4]]
    assert around.rows.tolist() == [[-1, 0, 1]]
    assert around.inside[0].tolist() == [[False] * 3, [True, True, False], [True, True, False]]
    assert around.values[0, 1:, :2].tolist() == [[2, 3], [6, 7]]
