"""The actor in perspective, and depth images that belong to its images."""

import numpy as np
import pytest

from pose_ros.actor import Actor, Scene, frames
from pose_ros.actor.depth import BODY_HEIGHT, STEP, with_errors
from pose_ros.core.topology import COCO17

FOCAL = 550.0
L_WRIST, R_WRIST = COCO17.index('left_wrist'), COCO17.index('right_wrist')


def shot(motion='stand', distance=2.2, focal=FOCAL, **how):
    actor = Actor(
        motion, height=FOCAL * BODY_HEIGHT / distance, y=470.0, start=0.0, sway=0.0, **how
    )
    *_, last = frames(Scene(duration=1.5, fps=4, actors=(actor,)), 1, focal)
    return last


def test_without_a_focal_length_nothing_changes():
    flat = shot(focal=None)
    assert flat.depth is None
    assert flat.people[0].positions is None


def test_positions_are_seen_at_the_keypoints():
    truth = shot('point_at_camera_right', facing=30.0).people[0]
    seen = truth.positions[:, :2] / truth.positions[:, 2:] * FOCAL + (320, 240)
    np.testing.assert_allclose(seen, truth.keypoints, atol=1e-3)
    hips = truth.positions[11:13].mean(axis=0)
    assert hips[2] == pytest.approx(2.2)
    # The body keeps its size at any distance.
    far = shot('point_at_camera_right', distance=4.4, facing=30.0).people[0].positions
    np.testing.assert_allclose(far - far[11:13].mean(axis=0), truth.positions - hips, atol=1e-6)


def test_what_is_nearer_looks_larger():
    truth = shot('point_at_camera_right').people[0]
    assert truth.positions[R_WRIST, 2] < 1.8 < truth.positions[L_WRIST, 2]
    upper = np.linalg.norm(truth.keypoints[6] - truth.keypoints[12])
    assert np.linalg.norm(truth.keypoints[5] - truth.keypoints[11]) == pytest.approx(
        upper, rel=0.1
    )


@pytest.mark.parametrize('facing', [0.0, 50.0])
def test_depth_shows_the_flesh_before_each_joint(facing):
    image = shot('wave_right', facing=facing)
    truth = image.people[0]
    assert image.depth.shape == (240, 320)
    for (x, y), (_, _, away) in zip(
        truth.keypoints[truth.visible], truth.positions[truth.visible]
    ):
        before = away - image.depth[int(y) // STEP, int(x) // STEP]
        assert -0.04 < before < 0.12
    assert image.depth[0, 0] == pytest.approx(2.2 + 1.2)  # the wall


def test_the_errors_are_those_of_a_camera():
    image = shot()
    measured = with_errors(image.depth, np.random.default_rng(0))
    assert measured.dtype == np.uint16
    holes = measured == 0
    assert 0.01 < holes.mean() < 0.1
    off = measured[~holes] / 1000 - image.depth[~holes]
    assert 0.003 < np.median(np.abs(off)) < 0.03
    assert np.abs(off).max() > 0.5  # what edges mix
