"""Several cameras around walking actors: positions, deviations, ids and failures."""

from dataclasses import replace
from math import pi

import numpy as np
import pytest
from scipy.interpolate import CubicSpline
from staged_cameras import RATE, Camera, around

from pose_ros.actor import FloorPose
from pose_ros.core.fusion.person_fusion import PersonFusion
from pose_ros.core.kinematics import MotionState
from pose_ros.core.positions import PositionSource


def walking(t):
    return FloorPose(-1.0 + 0.8 * t, 0.3, 0.0)


def standing(t):
    return FloorPose(0.0, 0.0, 0.0)


def opposite(t):
    return FloorPose(1.0 - 0.8 * t, -0.5, pi)


def run(cameras, paths, *, metric=True, lag=0.0, seen=lambda camera, t: True):
    """Times and people, from each image of all cameras; others are older than the first."""
    fusion = PersonFusion()
    for step in range(round(3.0 * RATE)):
        t = step / RATE
        images = [
            camera.image(paths, t - lag * (number > 0), metric)
            for number, camera in enumerate(cameras)
            if seen(camera, t)
        ]
        yield t, fusion.update(images)


def errors_of(camera, path, t, person):
    """Distances [17] [m] of a person's joints from the true ones."""
    return np.linalg.norm(person.positions.points - camera.truth(path, t), axis=1)


def nearest(people, path, t):
    place = np.array(path(t)[:2])
    return min(people, key=lambda p: np.linalg.norm(p.kinematics.fixed_position[:2] - place))


@pytest.mark.parametrize(
    ('count', 'limit', 'source'),
    [(1, 0.4, PositionSource.HEIGHT)]
    + [(n, limit, PositionSource.TRIANGULATED) for n, limit in ((2, 0.05), (3, 0.035), (4, 0.03))],
)
def test_positions_and_their_deviations(count, limit, source):
    cameras = around(count)
    errors, deviations = [], []
    for t, people in run(cameras, [walking]):
        [person] = people
        errors.append(errors_of(cameras[0], walking, t, person))
        deviations.append(person.positions.deviations)
    errors, deviations = np.array(errors), np.array(deviations)
    known = np.isfinite(errors)
    assert known.mean() > 0.95
    assert np.median(errors[known]) < limit
    assert (errors < 2 * deviations)[known].mean() > 0.9
    assert np.median(deviations[known]) < 3 * np.median(errors[known])  # not by being huge
    assert (person.id, person.positions.source) == (1, source)
    assert person.kinematics.motion is MotionState.MOVING
    assert person.kinematics.fixed_velocity[:2] == pytest.approx((0.8, 0.0), abs=0.25)
    assert person.kinematics.fixed_yaw == pytest.approx(0.0, abs=0.5) or count == 1


@pytest.mark.parametrize('metric', [True, False])
def test_two_people_who_pass_each_other_keep_their_ids(metric):
    cameras = around(3)
    paths = [walking, opposite]
    ids = set()
    for t, people in run(cameras, paths, metric=metric):
        if t > 0.5:
            found = [nearest(people, path, t) for path in paths]
            assert len(people) == 2
            ids.add(tuple(person.id for person in found))
    assert len(ids) == 1
    assert max(np.median(errors_of(cameras[0], p, t, f)) for p, f in zip(paths, found)) < 0.06


def test_a_person_who_walks_from_one_view_into_another_keeps_the_id():
    cameras = [Camera('a', -1.0, -4.0, (-1.0, 0.0)), Camera('b', 3.0, -4.0, (3.0, 0.0))]

    def across(t):
        return FloorPose(-1.5 + 1.0 * t, 0.3, 0.0)

    def seen(camera, t):  # 0.7 s in which no camera works
        return t < 2.0 if camera.name == 'a' else t > 2.7

    ids, fusion = [], PersonFusion()
    for step in range(round(4.5 * RATE)):
        t = step / RATE
        images = [c.image([across], t) for c in cameras if seen(c, t)]
        ids += [p.id for p in (fusion.update(images) if images else [])]
    assert set(ids) == {0, 1}
    assert ids.count(1) > 60


def test_people_side_by_side_are_not_taken_for_one_when_each_hides_the_other():
    cameras = around(2)
    paths = [standing, lambda t: FloorPose(0.0, 0.25, 0.0)]
    fusion, ids = PersonFusion(), []
    for step in range(round(3.0 * RATE)):
        t = step / RATE
        images = [camera.image(paths, t) for camera in cameras]
        if 1 < t < 2:  # the first camera sees the one, the second camera the other
            images = [
                replace(image, people=[p for p in image.people if p.id == number])
                for number, image in enumerate(images, start=1)
            ]
        ids.append([person.id for person in fusion.update(images)])
    assert ids[10:] == [[1, 2]] * len(ids[10:])


def without_hidden(image):
    """An image in which nearer people hide most of those behind them."""

    def is_hidden(box):
        overlaps = [
            min(box.x + box.width, o.x + o.width) - max(box.x, o.x)
            for o in (p.box for p in image.people)
            if o.height > 1.02 * box.height
        ]
        return max(overlaps, default=0) > 0.6 * box.width

    return replace(image, people=[p for p in image.people if not is_hidden(p.box)])


def wandering(rng, count, duration):
    """Smooth paths that stay 0.45 m apart."""
    times, paths, places = np.arange(0.0, duration, 1 / RATE), [], []
    knots = np.arange(0.0, duration + 3.0, 2.0)
    while len(paths) < count:
        spline = CubicSpline(knots, rng.uniform(-2.2, 2.2, (len(knots), 2)))
        place = spline(times)
        if all(np.linalg.norm(place - other, axis=1).min() > 0.45 for other in places):
            speed = spline.derivative()
            paths.append(lambda t, s=spline, v=speed: FloorPose(*s(t), np.arctan2(*v(t)[::-1])))
            places.append(place)
    return paths


def test_three_people_who_wander_about_keep_their_ids(sample_count):
    """Two cameras, people who hide one another, and cameras that change an id now and then."""
    motmetrics = pytest.importorskip('motmetrics')
    found = motmetrics.MOTAccumulator(auto_id=True)
    for seed in range(sample_count(1, 4)):
        rng, fusion, duration = (
            np.random.default_rng(seed),
            PersonFusion(),
            sample_count(5.0, 12.0),
        )
        paths = wandering(rng, 3, duration)
        cameras = around(2, 5.0)
        for camera in cameras:
            camera.ids = [1, 2, 3]
        for t in np.arange(0.0, duration, 1 / RATE):
            images = []
            for camera in cameras:
                image = without_hidden(camera.image(paths, t))
                if rng.random() < 0.01:
                    camera.ids[rng.integers(3)] = max(camera.ids) + 1
                people = [replace(p, id=camera.ids[p.id - 1]) for p in image.people]
                images.append(replace(image, people=people))
            people = [p for p in fusion.update(images) if p.id]
            true = np.array([path(t)[:2] for path in paths])
            places = np.array([p.kinematics.fixed_position[:2] for p in people]).reshape(-1, 2)
            distances = np.linalg.norm(true[:, None] - places, axis=2)
            distances[distances > 0.6] = np.nan
            names = [10 * seed + number for number in range(3)]
            found.update(names, [100 * seed + p.id for p in people], distances)
    figures = motmetrics.metrics.create().compute(found, metrics=['idf1', 'num_switches'])
    assert figures['idf1'].item() > 0.95
    assert figures['num_switches'].item() <= sample_count(0, 2)


def test_ids_are_not_reused():
    [camera] = around(1)
    fusion, ids = PersonFusion(track_timeout=0.5), set()
    for t in (*np.arange(0, 1, 0.05), *np.arange(5, 6, 0.05)):
        ids |= {person.id for person in fusion.update([camera.image([standing], t)])}
    assert ids == {0, 1, 2}


def test_tracks_of_two_cameras_become_one_when_they_turn_out_to_be_one_person():
    cameras = around(2)
    fusion = PersonFusion()
    for step in range(20):
        t = step / RATE
        images = [camera.image([walking], t) for camera in cameras]
        # At first one of them places the person 1.5 m too far away.
        if step < 8:
            [person] = images[1].people
            off = replace(
                person.positions,
                points=person.positions.points * 1.4,
                deviations=np.full(17, 0.1),
            )
            images[1] = replace(images[1], people=[replace(person, positions=off)])
        people = fusion.update(images)
        if step == 7:
            assert len(people) == 2
    assert [person.id for person in people] == [1]


def test_a_wrong_keypoint_of_one_of_three_cameras_is_left_out():
    cameras = around(3)
    fusion = PersonFusion()
    for step in range(5):
        t = step / RATE
        images = [camera.image([walking], t) for camera in cameras]
        [person] = images[0].people
        person.keypoints[9] += (90.0, 0.0)
        [fused] = fusion.update(images)
        assert errors_of(cameras[1], walking, t, fused)[9] < 0.15
    assert fused.observed[9]


def test_images_that_are_not_taken_at_the_same_time():
    cameras = around(3)
    errors = [
        errors_of(cameras[0], walking, t, people[0])
        for t, people in run(cameras, [walking], lag=0.08)
        if t > 1
    ]
    assert np.nanmedian(errors) < 0.05  # 0.8 m/s and 0.08 s are 6 cm


def test_a_camera_that_fails_and_comes_back_changes_no_id():
    cameras = around(3)
    ids = [
        person.id
        for t, people in run(
            cameras, [walking], seen=lambda camera, t: camera.name == 'c0' or not 1 < t < 2
        )
        for person in people
        if t > 0.5
    ]
    assert set(ids) == {1}
