"""Rays with a known error: positions, honest deviations, outliers; rounds of images."""

import numpy as np
import pytest

from pose_ros.core.camera import CameraModel
from pose_ros.core.fusion.rays import CameraImage, Rays
from pose_ros.core.fusion.rounds import Rounds
from pose_ros.core.fusion.triangulation import triangulate

ERROR = 0.02  # [m] across the rays


def views(points, places, rng, error=ERROR, distance_error=10.0):
    """Rays from places [C, 3] to points [K, 3], with errors."""
    found = []
    for place in np.asarray(places, float):
        seen = points + rng.normal(scale=error, size=points.shape)
        offsets = seen - place
        distances = np.linalg.norm(offsets, axis=1)
        count = len(points)
        found.append(
            Rays(
                place,
                offsets / distances[:, None],
                distances + rng.normal(scale=min(distance_error, 0.5), size=count),
                np.full(count, distance_error),
                np.full(count, error),
                np.zeros(count),
                np.ones(count, dtype=bool),
            )
        )
    return found


@pytest.mark.parametrize('places', [
    [(4, 0, 1), (0, 4, 1)],
    [(4, 0, 1), (3.5, 1.5, 1)],
    [(4, 0, 1), (0, 4, 1), (-3, -3, 2)],
    [(4, 0, 1), (0, 4, 1), (-3, -3, 2), (9, 9, 3)],
])  # fmt: skip
def test_error_and_deviation(places):
    rng = np.random.default_rng(1)
    points = rng.uniform(-1, 1, (2000, 3))
    found = triangulate(views(points, places, rng))
    errors = np.linalg.norm(found.points - points, axis=1)
    assert 0.9 < (errors < 2 * found.deviations).mean() < 1.0
    # The deviation is the root mean square of the errors.
    assert np.sqrt(np.mean(errors**2)) == pytest.approx(np.mean(found.deviations), rel=0.15)
    assert found.used.mean() > 0.98


def test_cameras_that_face_each_other_need_their_distances():
    rng = np.random.default_rng(1)
    points = np.column_stack([rng.uniform(-1, 1, 500), np.zeros((500, 2))])
    facing = [(5, 0, 0), (-5, 0, 0)]
    assert (
        np.isnan(triangulate(views(points, facing, rng)).reliable().points).any(axis=1).mean()
        > 0.9
    )
    found = triangulate(views(points, facing, rng, distance_error=0.1))
    errors = np.linalg.norm(found.points - points, axis=1)
    assert np.sqrt(np.mean(errors**2)) == pytest.approx(np.mean(found.deviations), rel=0.15)


def test_a_far_camera_counts_less():
    rng = np.random.default_rng(1)
    points = rng.uniform(-1, 1, (1000, 3))
    rays = views(points, [(4, 0, 1), (0, 4, 1), (40, 40, 1)], rng)
    far = rays[2]
    far.errors[:], far.angle_errors[:] = 0.0, 0.01
    far.directions[:] += rng.normal(scale=0.01, size=far.directions.shape)
    far.directions[:] /= np.linalg.norm(far.directions, axis=1, keepdims=True)
    error = {n: np.linalg.norm(triangulate(rays[:n]).points - points, axis=1) for n in (2, 3)}
    assert np.median(error[3]) < 1.05 * np.median(error[2])


def test_a_wrong_ray_is_left_out():
    rng = np.random.default_rng(1)
    points = rng.uniform(-1, 1, (200, 3))
    rays = views(points, [(4, 0, 1), (0, 4, 1), (-3, -3, 2)], rng)
    rays[1].directions[:50, 2] += 0.15
    rays[1].directions[:] /= np.linalg.norm(rays[1].directions, axis=1, keepdims=True)
    found = triangulate(rays)
    assert not found.used[1, :50].any()
    assert found.used[[0, 2], :50].mean() > 0.95
    assert np.median(np.linalg.norm(found.points - points, axis=1)[:50]) < 2 * ERROR


def test_what_no_camera_sees_is_unknown():
    rng = np.random.default_rng(1)
    points = rng.uniform(-1, 1, (10, 3))
    rays = views(points, [(4, 0, 1), (0, 4, 1)], rng)
    for view in rays:
        view.seen[3] = False
    found = triangulate(rays)
    assert np.flatnonzero(np.isnan(found.points).any(axis=1)).tolist() == [3]
    assert np.isnan(found.deviations[3])


def image(camera, stamp):
    model = CameraModel.from_field_of_view(640, 480, 1.0)
    return CameraImage(camera, stamp, [], model, (np.eye(3), np.zeros(3)), (640, 480))


def test_rounds():
    rounds = Rounds(tolerance=0.1)

    def add(camera, stamp):
        return [[(i.camera, i.stamp) for i in r] for r in rounds.add(image(camera, stamp))]

    assert add('a', 0.0) == [[('a', 0.0)]]
    assert add('b', 0.01) == []  # a is awaited
    assert add('a', 0.05) == [[('a', 0.05), ('b', 0.01)]]
    assert add('b', 0.06) == [[('a', 0.05), ('b', 0.06)]]  # the nearer one
    assert add('a', 0.10) == []
    assert add('b', 0.11) == [[('a', 0.10), ('b', 0.11)]]
    # b fails: its image counts until it is too old, and one round is late.
    assert add('a', 0.15) == []
    assert add('a', 0.20) == [[('a', 0.15), ('b', 0.11)], [('a', 0.20), ('b', 0.11)]]
    assert add('a', 0.25) == [[('a', 0.25)]]
    # It comes back.
    assert add('b', 0.26) == []
    assert add('a', 0.30) == [[('a', 0.30), ('b', 0.26)]]
    assert add('b', 0.31) == [[('a', 0.30), ('b', 0.31)]]
    # The recording starts again.
    assert add('a', 0.0) == []
    assert add('b', 0.01) == [[('a', 0.0), ('b', 0.01)]]
