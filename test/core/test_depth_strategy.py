"""Positions measured in depth images of the actor, with noise, holes, edges and a wall."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from pose_ros.actor import Actor, Scene, frames
from pose_ros.actor.depth import with_errors
from pose_ros.core.camera import CameraModel
from pose_ros.core.camera_orientation import CameraOrientation
from pose_ros.core.positions import PositionSource
from pose_ros.core.space.depth_image import DepthImage
from pose_ros.core.space.depth_strategy import DepthStrategy
from pose_ros.core.space.strategy import CameraView
from pose_ros.core.space.surfaces import Surfaces
from pose_ros.core.topology import BLAZEPOSE33, COCO17
from pose_ros.core.types import Box, KeypointState, Person

SIZE = (640, 480)
CAMERA = CameraModel.from_field_of_view(*SIZE, 1.05)
LIMBS = [
    COCO17.index(f'{side}_{part}') for side in ('left', 'right') for part in ('elbow', 'wrist')
]
L_WRIST, L_ELBOW = COCO17.index('left_wrist'), COCO17.index('left_elbow')
L_HIP, R_HIP = COCO17.index('left_hip'), COCO17.index('right_hip')


def video(motion, facing=0.0, distance=2.0):
    """Last image of a motion at a distance, without errors."""
    actor = Actor(
        motion, height=CAMERA.focal * 1.7 / distance, y=470.0, start=0.0, facing=facing, sway=0.0
    )
    *_, last = frames(Scene(duration=1.5, fps=4, actors=(actor,)), 1, CAMERA.focal)
    return last


def person_of(truth, rng=None, pixels=0.0):
    """Who a model that is off by so much finds."""
    keypoints = truth.keypoints
    if rng is not None:
        keypoints = (keypoints + rng.normal(0, pixels, keypoints.shape)).astype(np.float32)
    states = np.where(truth.visible, KeypointState.OBSERVED, KeypointState.BELOW_THRESHOLD)
    scores = np.where(truth.visible, 0.9, 0.2).astype(np.float32)
    return Person(COCO17, keypoints, scores, states.astype(np.uint8), 0.9, Box(0, 0, 9, 9), 1)


def place(person, depth, camera=CAMERA):
    return DepthStrategy().place(person, CameraView(camera, SIZE, 0.0, depth))


def test_joints_lie_where_they_are(measured):
    """The errors of a depth camera, and 3 px on every keypoint."""
    rng = np.random.default_rng(4)
    errors, deviations, misses = [], [], 0
    for motion in ('stand', 'wave_right', 't_pose', 'squat', 'point_at_camera_right'):
        for facing in (0.0, 40.0):
            shot = video(motion, facing)
            truth = shot.people[0]
            found = place(
                person_of(truth, rng, 3.0), DepthImage(with_errors(shot.depth, rng), 0.001)
            )
            assert found.source is PositionSource.DEPTH
            off = (found.points - truth.positions)[truth.visible]
            misses += np.isnan(off[:, 2]).sum()
            known = np.isfinite(off[:, 2])
            errors.append(off[known])
            deviations.append(found.deviations[truth.visible][known])
            assert np.isnan(found.points[~truth.visible]).all()
            norms = np.linalg.norm(found.points, axis=1)
            assert (norms[np.isfinite(norms)] > 1).all()  # never at the origin
    errors, deviations = np.concatenate(errors), np.concatenate(deviations)
    norms = np.linalg.norm(errors, axis=1)
    within = (np.abs(errors[:, 2]) < 2 * deviations).mean()
    assert np.median(norms) < 0.03
    assert np.quantile(norms, 0.95) < 0.10
    assert misses < 0.05 * len(norms)
    assert within > 0.9
    measured(
        f'positions from depth at 2 m: median error {100 * np.median(norms):.1f} cm, 95 % under '
        f'{100 * np.quantile(norms, 0.95):.1f} cm, {within:.0%} within two deviations'
    )


def test_a_wrist_before_a_far_wall_does_not_land_on_it():
    shot = video('t_pose')
    truth = shot.people[0]
    for shift in (-6.0, 0.0, 6.0):  # half beside the arm
        person = person_of(truth)
        person.keypoints[LIMBS] += (0, shift)
        off = place(person, DepthImage(shot.depth)).points - truth.positions
        assert np.abs(off[LIMBS, 2]).max() < 0.05


def test_a_bone_longer_than_any_takes_another_surface_or_none():
    shot = video('stand')
    truth = shot.people[0]
    person = person_of(truth)
    # Something thin hangs between the camera and the hand: nearer than an arm can be.
    x, y = (truth.keypoints[L_WRIST] / 2).astype(int)
    depth = shot.depth.copy()
    depth[y - 9 : y + 10, x - 1 : x + 2] = 1.2
    found = place(person, DepthImage(depth))
    assert found.points[L_WRIST, 2] == pytest.approx(truth.positions[L_WRIST, 2], abs=0.05)
    # A board there hides all of it.
    depth[y - 9 : y + 10, x - 9 : x + 10] = 1.2
    found = place(person, DepthImage(depth))
    assert np.isnan(found.points[L_WRIST]).all()
    assert np.isnan(found.deviations[L_WRIST])
    assert np.isfinite(found.points[L_ELBOW]).all()


def test_nothing_hangs_on_a_joint_that_is_not_known():
    """Elbow unseen: the wrist is held against the shoulder, at the length of both bones."""
    shot = video('t_pose')
    truth = shot.people[0]
    person = person_of(truth)
    person.states[L_ELBOW] = KeypointState.BELOW_THRESHOLD
    found = place(person, DepthImage(shot.depth))
    assert found.points[L_WRIST, 2] == pytest.approx(truth.positions[L_WRIST, 2], abs=0.05)
    x, y = (truth.keypoints[L_WRIST] / 2).astype(int)
    depth = shot.depth.copy()
    depth[y - 9 : y + 10, x - 9 : x + 10] = 1.4
    assert np.isnan(place(person, DepthImage(depth)).points[L_WRIST]).all()


def test_whoever_is_seen_from_the_side_has_two_hips():
    shot = video('stand', facing=90.0)
    truth = shot.people[0]
    person = person_of(truth)
    far = L_HIP if truth.positions[L_HIP, 2] > truth.positions[R_HIP, 2] else R_HIP
    near = L_HIP + R_HIP - far
    person.states[[L_HIP, R_HIP]] = KeypointState.OBSERVED
    person.scores[near], person.scores[far] = 0.9, 0.6
    found = place(person, DepthImage(shot.depth))
    apart = found.points[far, 2] - found.points[near, 2]
    assert apart == pytest.approx(0.245, abs=0.05)  # as wide as the actor
    assert found.deviations[far] > max(found.deviations[near], 0.1)


@pytest.mark.parametrize(
    'values',
    [
        np.zeros((240, 320), np.uint16),
        np.full((240, 320), np.nan, np.float32),
        np.full((240, 320), np.inf, np.float32),
        np.full((240, 320), 65535, np.uint16),
    ],
)
def test_without_depths_no_one_is_placed(values):
    unit = 0.001 if values.dtype == np.uint16 else 1.0
    assert place(person_of(video('stand').people[0]), DepthImage(values, unit)) is None


@pytest.mark.parametrize('distance', [0.5, 6.0])
def test_what_cannot_be_the_person_is_not_taken_for_them(distance):
    """As large as a person, but the depth is of a pane before, or of the wall behind."""
    person = person_of(video('stand').people[0])
    flat = np.full((240, 320), distance, np.float32)
    assert place(person, DepthImage(flat)) is None


def test_what_was_not_observed_is_not_known():
    shot = video('stand')
    person = person_of(shot.people[0])
    person.states[:] = KeypointState.PREDICTED
    assert place(person, DepthImage(shot.depth)) is None
    assert place(person_of(shot.people[0]), None) is None


@pytest.mark.parametrize('lens', ['plumb_bob', 'equidistant'])
def test_distortion_is_undone(lens):
    """A flat person 2 m away, seen through a lens."""
    coefficients = {
        'plumb_bob': np.array([-0.3, 0.1, 0.001, -0.001, 0.0]),
        'equidistant': np.array([-0.02, 0.01, -0.003, 0.0005]),
    }[lens]
    matrix = np.array([[420.0, 0, 320], [0, 420, 240], [0, 0, 1]])
    camera = CameraModel(matrix, np.hstack([matrix, np.zeros((3, 1))]), coefficients, lens)
    truth = video('t_pose').people[0]
    true = truth.positions.copy()
    true[:, 2] = 2.0
    look = cv2.fisheye.projectPoints if lens == 'equidistant' else cv2.projectPoints
    pixels, _ = look(true[:, None], np.zeros(3), np.zeros(3), matrix, coefficients)
    keypoints = pixels[:, 0].astype(np.float32)
    ones, states = np.ones(17, np.float32), np.zeros(17, np.uint8)
    person = Person(COCO17, keypoints, ones, states, 1.0, Box(0, 0, 9, 9))
    found = place(person, DepthImage(np.full((480, 640), 2.0, np.float32)), camera)
    # What lies before the joint is known; sideways nothing is left of the distortion.
    rays = found.points / found.points[:, 2:]
    np.testing.assert_allclose(rays * 2.0, true, atol=0.004)
    straight = CameraModel(matrix, camera.projection, np.empty(0))
    bent = place(person, DepthImage(np.full((480, 640), 2.0, np.float32)), straight)
    assert np.abs(bent.points[:, :2] - found.points[:, :2]).max() > 0.02


def test_the_33_keypoints_of_blazepose(measured):
    shot = video('stand')
    truth = shot.people[0]
    keypoints = np.full((33, 2), np.nan, np.float32)
    states = np.full(33, KeypointState.BELOW_THRESHOLD, np.uint8)
    shared = [BLAZEPOSE33.index(name) for name in COCO17.keypoint_names]
    keypoints[shared] = truth.keypoints
    states[shared] = np.where(truth.visible, 0, 1)
    person = Person(BLAZEPOSE33, keypoints, np.ones(33, np.float32), states, 1.0, Box(0, 0, 9, 9))
    found = place(person, DepthImage(shot.depth))
    off = np.linalg.norm(found.points[shared] - truth.positions, axis=1)[truth.visible]
    assert np.nanmedian(off) < 0.03
    assert np.isnan(np.delete(found.points, shared, axis=0)).all()


def test_surfaces_are_told_apart():
    nan = np.nan
    windows = np.array(
        [
            [2.0] * 10 + [4.0] * 30 + [nan] * 10,
            [nan] * 50,
            [2.0, 2.01, 2.02, 2.03, 2.04] * 10,
            [3.0] * 45 + [1.0] * 5,  # a stray before
        ]
    )
    found = Surfaces.of(windows)
    assert found.windows.tolist() == [0, 0, 2, 3]
    assert found.depths == pytest.approx([2.0, 4.0, 2.02, 3.0])
    assert found.shares == pytest.approx([0.2, 0.6, 1.0, 0.9])
    assert found.spreads[2] == pytest.approx(0.0148, abs=0.005)
    far = Surfaces.of(np.array([[6.0] * 10 + [6.2] * 10]))  # the noise of stereo at 6 m
    assert len(far.depths) == 1


def test_depth_images_check_themselves():
    for values, words in (
        (np.zeros((4, 4)), 'uint16 or float32'),
        (np.zeros((4, 4, 1), np.float32), 'height, width'),
        (np.zeros((0, 4), np.uint16), 'no pixels'),
    ):
        with pytest.raises(ValueError, match=words):
            DepthImage(values)
    with pytest.raises(ValueError, match='unit must be positive'):
        DepthImage(np.zeros((4, 4), np.uint16), 0.0)
    small = DepthImage(np.arange(48, dtype=np.uint16).reshape(6, 8), 0.1)
    small.check_covers((640, 480))
    small.check_covers((16, 12))
    with pytest.raises(ValueError, match='8×6 px for an image of 640×360'):
        small.check_covers((640, 360))
    # A pixel of the depth image covers 2 × 2 of the image.
    points = np.array([[0, 0], [1, 1], [2, 2], [15.4, 11.4], [15.6, 3], [-0.6, 0]])
    found = small.at(points, (16, 12))
    assert found == pytest.approx([np.nan, np.nan, 0.9, 4.7, np.nan, np.nan], nan_ok=True)


@pytest.mark.parametrize('mirrored', [False, True])
@pytest.mark.parametrize('rotate', [0, 90, 180, 270])
def test_a_turned_camera_measures_the_same(rotate, mirrored):
    """Depth images are as the camera delivers them, like the images."""
    shot = video('wave_right', 30.0)
    person = person_of(shot.people[0])
    orientation = CameraOrientation(rotate, mirrored)
    expected = place(person, DepthImage(shot.depth)).points
    depth = np.rot90(shot.depth, rotate // 90)
    depth = np.ascontiguousarray(depth[:, ::-1] if mirrored else depth)
    size = SIZE if rotate in (0, 180) else SIZE[::-1]
    ideal = CameraModel.from_field_of_view(*size, 2 * np.arctan(size[0] / 2 / CAMERA.focal))
    camera = replace(ideal, mirrored=mirrored)
    seen = orientation.person_in_image(person, size)
    found = DepthStrategy().place(seen, CameraView(camera, size, 0.0, DepthImage(depth)))
    turned = orientation.upright_person(replace(seen, positions=found), size)
    off = np.linalg.norm(turned.positions.points - expected, axis=1)
    assert np.isfinite(off).sum() > 12
    assert np.nanmax(off) < 0.03
