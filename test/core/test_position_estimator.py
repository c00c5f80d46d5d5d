"""People placed by the model's landmarks and by their size; and which way is taken."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from pose_ros.actor import Actor, Scene, frames
from pose_ros.core.body.angles import measure
from pose_ros.core.camera import CameraModel
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.positions import Positions, PositionSource
from pose_ros.core.space.depth_image import DepthImage
from pose_ros.core.space.height_strategy import HeightStrategy
from pose_ros.core.space.model_strategy import ModelStrategy
from pose_ros.core.space.position_estimator import PositionEstimator
from pose_ros.core.space.strategy import CameraView
from pose_ros.core.topology import BLAZEPOSE33, COCO17, keypoint_map
from pose_ros.core.types import Box, Frame, KeypointState, Person

SIZE = (640, 480)
CAMERA = CameraModel.from_field_of_view(*SIZE, 1.05)
COCO = keypoint_map(BLAZEPOSE33, COCO17)


def actor(motion, distance, x=320.0, facing=0.0):
    height = CAMERA.focal * 1.7 / distance
    return Actor(
        motion, x=x, y=240 + 0.47 * height, height=height, start=0.0, facing=facing, speed=0.2
    )


@pytest.fixture(scope='module')
def shots():
    """What BlazePose finds: (distance, person of the last image, true positions)."""
    found = []
    estimator = PoseEstimator()
    for motion, distance, x, facing in (
        ('stand', 2.2, 320.0, 0.0),
        ('wave_right', 3.0, 130.0, 0.0),
        ('squat', 2.5, 320.0, 40.0),
        ('raise_both', 3.0, 520.0, -40.0),
        ('walk', 3.5, 250.0, 60.0),
    ):
        estimator.reset()
        scene = Scene(duration=1.0, fps=6, actors=(actor(motion, distance, x, facing),))
        for shot in frames(scene, 1, CAMERA.focal):
            people = estimator.estimate(Frame(shot.image, shot.stamp))
        [person] = people
        found.append((distance, person, shot.people[0]))
    return found


def hips(points):
    """Middle of the hips [3] of COCO's keypoints."""
    return points[11:13].mean(axis=0)


@pytest.mark.parametrize(
    ('make', 'limit'), [(ModelStrategy, 0.08), (HeightStrategy, 0.10)], ids=['model', 'height']
)
def test_people_are_as_far_away_as_they_are(shots, make, limit, measured):
    misses, within = [], []
    for distance, person, truth in shots:
        found = make().place(person, CameraView(CAMERA, SIZE))
        off = hips(found.points[COCO]) - hips(truth.positions)
        misses.append(np.linalg.norm(off) / distance)
        errors = found.points[COCO][truth.visible, 2] - truth.positions[truth.visible, 2]
        within.append(np.abs(errors) < 2 * found.deviations[COCO][truth.visible])
    assert max(misses) < limit
    share = np.concatenate(within).mean()
    assert share > 0.9
    measured(
        f'positions by {make.__name__}: hips {100 * np.median(misses):.1f} % of the distance off, '
        f'at most {100 * max(misses):.1f} %; {share:.0%} of the keypoints within two deviations'
    )


def exact(offset=(0.3, -0.1, 2.8), lens=CAMERA):
    """A person whose landmarks and keypoints fit to the bit; and where they are."""
    rng = np.random.default_rng(0)
    # With the axes along the line of sight to the hips.
    [shot] = frames(Scene(duration=0.1, fps=10, actors=(actor('t_pose', 2.5),)), 1, CAMERA.focal)
    body = np.zeros((33, 3))
    body[COCO] = shot.people[0].positions - hips(shot.people[0].positions)
    others = np.setdiff1d(np.arange(33), COCO)
    body[others] = rng.normal(0, 0.3, (len(others), 3))
    offset = np.array(offset)
    ray = offset / np.linalg.norm(offset)
    right = np.cross((0, 1, 0), ray)
    right /= np.linalg.norm(right)
    turned = body @ np.array([right, np.cross(ray, right), ray])
    places = turned + offset
    projected = places @ lens.projection[:, :3].T
    keypoints = (projected[:, :2] / projected[:, 2:]).astype(np.float32)
    ones = np.ones(33, np.float32)
    states = np.zeros(33, np.uint8)
    world = body.astype(np.float32)
    person = Person(BLAZEPOSE33, keypoints, ones, states, 1.0, Box(0, 0, 9, 9), 7, world=world)
    return person, places


def test_landmarks_that_fit_are_placed_exactly():
    person, places = exact((0.0, 0.0, 2.8))
    found = ModelStrategy().place(person, CameraView(CAMERA, SIZE))
    np.testing.assert_allclose(found.points, places, atol=1e-3)
    assert found.source is PositionSource.MODEL
    # Aside, the model's axes go with the line of sight.
    person, places = exact((0.9, 0.0, 2.8))
    found = ModelStrategy().place(person, CameraView(CAMERA, SIZE))
    np.testing.assert_allclose(found.points, places, atol=0.02)


def test_some_wrong_landmarks_count_little():
    person, places = exact((0.0, 0.0, 2.8))
    person.keypoints[[15, 16, 27]] += (90, -60)
    found = ModelStrategy().place(person, CameraView(CAMERA, SIZE))
    assert np.linalg.norm(hips(found.points[COCO]) - hips(places[COCO])) < 0.1


def test_the_distance_is_steady_and_follows():
    person, _ = exact((0.0, 0.0, 2.8))
    rng = np.random.default_rng(1)
    placer, away, true = ModelStrategy(), [], []
    for i in range(90):
        stamp = i / 30
        distance = 2.8 if stamp < 1.5 else 2.8 + 1.2 * (stamp - 1.5)  # then walks away
        scale = 2.8 / distance * rng.normal(1, 0.03)
        shaken = replace(
            person,
            keypoints=((person.keypoints - 240 - [80, 0]) * scale + [320, 240]).astype(np.float32),
        )
        away.append(placer.place(shaken, CameraView(CAMERA, SIZE, stamp)).points[COCO][11, 2])
        true.append(distance)
    off = np.array(away) - true
    assert off[15:45].std() < 0.5 * 0.03 * 2.8
    assert abs(off[70:].mean()) < 0.15
    # Time that goes back starts anew.
    assert placer.place(person, CameraView(CAMERA, SIZE, 0.0)) is not None


def test_too_few_landmarks_give_nothing():
    person, _ = exact()
    assert ModelStrategy().place(replace(person, world=None), CameraView(CAMERA, SIZE)) is None
    states = np.full(33, KeypointState.BELOW_THRESHOLD, np.uint8)
    states[:5] = KeypointState.OBSERVED
    assert ModelStrategy().place(replace(person, states=states), CameraView(CAMERA, SIZE)) is None
    assert HeightStrategy().place(replace(person, states=states), CameraView(CAMERA, SIZE)) is None


def test_taller_people_are_farther_away(shots):
    _, person, _ = shots[0]
    near, far = (HeightStrategy(h).place(person, CameraView(CAMERA, SIZE)) for h in (1.0, 1.5))
    np.testing.assert_allclose(far.points, near.points * 1.5)


def test_a_lens_changes_pixels_not_places():
    matrix = np.array([[500.0, 0, 320], [0, 500, 240], [0, 0, 1]])
    projection = np.hstack([matrix, np.zeros((3, 1))])
    person, places = exact((0.2, 0.0, 2.8), CameraModel(matrix, projection, np.empty(0)))
    lens = CameraModel(matrix, projection, np.array([-0.03, 0.01, 0, 0]), 'equidistant')
    seen, _ = cv2.fisheye.projectPoints(
        places[:, None], np.zeros(3), np.zeros(3), matrix, lens.distortion
    )
    bent = replace(person, keypoints=seen[:, 0].astype(np.float32))
    assert np.abs(bent.keypoints - person.keypoints).max() > 4
    for make in (ModelStrategy, HeightStrategy):
        one = make().place(bent, CameraView(lens, SIZE))
        other = make().place(
            person, CameraView(CameraModel(matrix, projection, np.empty(0)), SIZE)
        )
        np.testing.assert_allclose(one.points, other.points, atol=1e-3)


def test_the_best_way_is_taken():
    person, _ = exact((0.0, 0.0, 2.8))
    coco = replace(person.converted(COCO17), world=None)
    flat = DepthImage(np.full((240, 320), 2.8, np.float32))
    source = PositionSource

    def sources(placement, who, stamp, depth=None):
        [placed] = placement.place([who], CameraView(CAMERA, SIZE, stamp, depth))
        return placed.positions.source if placed.positions is not None else source.NONE

    assert sources(PositionEstimator(), person, 0.0, flat) is source.DEPTH
    assert sources(PositionEstimator(), person, 0.0) is source.MODEL
    assert sources(PositionEstimator(), coco, 0.0) is source.HEIGHT
    assert sources(PositionEstimator('height'), person, 0.0, flat) is source.HEIGHT
    assert sources(PositionEstimator('model'), coco, 0.0) is source.NONE
    assert sources(PositionEstimator('depth'), person, 0.0) is source.NONE
    # Whoever was measured does not jump to where they are guessed.
    placement = PositionEstimator()
    assert sources(placement, person, 0.0, flat) is source.DEPTH
    assert sources(placement, person, 0.5) is source.NONE
    assert sources(placement, replace(person, id=8), 0.5) is source.MODEL
    assert sources(placement, person, 1.6) is source.MODEL
    # A bag that starts again.
    assert sources(placement, person, 3.0, flat) is source.DEPTH
    assert sources(placement, person, 0.0) is source.MODEL
    with pytest.raises(ValueError, match='positions must be one of auto, depth, model'):
        PositionEstimator('magic')


def test_positions_check_themselves_and_go_along():
    with pytest.raises(ValueError, match=r'points \[K, 3\]'):
        Positions(np.zeros((17, 2)), np.zeros(17), PositionSource.DEPTH)
    person, places = exact()
    positions = Positions(places, np.arange(33.0), PositionSource.MODEL)
    coco = replace(person, positions=positions).converted(COCO17)
    np.testing.assert_array_equal(coco.positions.points, places[COCO])
    np.testing.assert_array_equal(coco.positions.deviations, COCO)
    with pytest.raises(ValueError, match='17 keypoints, got 33 positions'):
        replace(coco, positions=positions)


def test_a_small_tilt_counts_if_it_was_measured():
    """A forearm of a person who stands leaves the image's plane by 12 degrees."""
    places = np.zeros((17, 3))
    places[:, 2] = 2.5
    names = ('shoulder', 'elbow', 'hip', 'knee', 'ankle')
    for side, x in (('left', 0.2), ('right', -0.2)):
        for name, y in zip(names, (-0.5, -0.2, 0.0, 0.4, 0.8)):
            places[COCO17.index(f'{side}_{name}'), :2] = (x, y)
        tilt = np.radians(12)
        wrist = (x, -0.2 + 0.25 * np.cos(tilt), 2.5 - 0.25 * np.sin(tilt))
        places[COCO17.index(f'{side}_wrist')] = wrist
    keypoints = (places[:, :2] * 200 + (320, 240)).astype(np.float32)
    ones, states = np.ones(17, np.float32), np.zeros(17, np.uint8)
    angles, deviations = {}, {}
    for source in (PositionSource.DEPTH, PositionSource.MODEL):
        positions = Positions(places, np.full(17, 0.02), source)
        measures = measure(
            Person(
                COCO17, keypoints, ones, states, 1.0, Box(0, 0, 9, 9), 1,
                world=places, positions=positions,
            )
        )  # fmt: skip
        angles[source] = np.degrees(measures.angle('left_elbow'))
        deviations[source] = measures.deviations[measures.index('left_elbow')]
    assert angles[PositionSource.DEPTH] == pytest.approx(168, abs=0.5)
    assert angles[PositionSource.MODEL] == pytest.approx(180, abs=0.5)
    assert deviations[PositionSource.DEPTH] < deviations[PositionSource.MODEL]
