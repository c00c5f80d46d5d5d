import numpy as np

from pose_ros.core.models.blazepose import refine_by_heatmap


def heatmap_with_peak(x, y, size=64, sharpness=1.0, height=6.0):
    """Logits [size, size, 1] with a round peak at a cell's coordinates."""
    rows, columns = np.mgrid[0:size, 0:size]
    squared = (columns - x) ** 2 + (rows - y) ** 2
    return (height - sharpness * squared)[..., None].clip(-20).astype(np.float32)


def refine(x, y, heatmap):
    return refine_by_heatmap(np.array([[x, y]], np.float32) / 64, heatmap)[0] * 64


def test_the_heatmap_moves_a_point_to_its_peak():
    np.testing.assert_allclose(
        refine(30.4, 20.2, heatmap_with_peak(31.5, 18.75)), [31.5, 18.75], atol=0.1
    )


def test_x_and_y_are_not_exchanged():
    x, y = refine(30.4, 10.2, heatmap_with_peak(31.5, 9.0))
    assert x > 30.4
    assert y < 10.2


def test_an_unsure_heatmap_moves_nothing():
    np.testing.assert_allclose(
        refine(30.4, 20.2, heatmap_with_peak(32, 19, height=-1)), [30.4, 20.2], rtol=1e-6
    )


def test_a_point_outside_of_the_image_stays():
    assert refine(-3.0, 20.0, heatmap_with_peak(1, 20)).tolist() == [-3.0, 20.0]


def test_a_peak_at_the_edge_is_not_drawn_to_the_other_side():
    x, _ = refine(0.5, 30.0, heatmap_with_peak(0, 30))
    assert 0.0 <= x < 1.0
