"""Positions of five real people, seen from behind, in a registered depth image of a Kinect."""

import os
from pathlib import Path

from depth_scene import read_scene
import numpy as np
import pytest

from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.space.depth_image import DepthImage
from pose_ros.core.space.position_estimator import PositionEstimator
from pose_ros.core.space.strategy import CameraView

SCENE = Path(os.environ.get('POSE_ROS_TEST_DATA', '')) / 'mocap/five_people'
SIZE = (640, 480)

pytestmark = pytest.mark.test_data('mocap/five_people')


@pytest.fixture(scope='module')
def scene():
    return read_scene(SCENE)


@pytest.fixture(scope='module')
def people(scene):
    """What the default detector and MoveNet find."""
    return PoseEstimator(EstimatorConfig(model='movenet_lightning', mode='multi')).estimate(
        scene.image
    )


def errors(scene, people, depth):
    view = CameraView(scene.camera, SIZE, 0.0, depth)
    return scene.errors(PositionEstimator('depth').place(people, view))


def test_all_five_are_placed_where_the_cloud_has_them(scene, people, measured):
    found = errors(scene, people, DepthImage(scene.depth, 0.001))
    assert len(found) == 5
    assert max(map(abs, found.values())) < 0.06
    measured(f'five real people: at most {100 * max(map(abs, found.values())):.1f} cm off')


def test_metres_and_nan_say_the_same(scene, people):
    metres = np.where(scene.depth, scene.depth / 1000, np.nan).astype(np.float32)
    found = errors(scene, people, DepthImage(metres))
    expected = errors(scene, people, DepthImage(scene.depth, 0.001))
    assert found == pytest.approx(expected, abs=1e-3)


def test_holes_leave_people_where_they_are(scene, people):
    rng = np.random.default_rng(0)
    holes = np.kron(rng.uniform(size=(60, 80)) < 0.3, np.ones((8, 8), bool))
    depth = np.where(holes, 0, scene.depth).astype(np.uint16)
    found = errors(scene, people, DepthImage(depth, 0.001))
    assert len(found) == 5
    assert max(map(abs, found.values())) < 0.08


@pytest.mark.parametrize('shift', [(8, 0), (-8, 0), (0, 8), (0, -8)])
def test_depth_that_is_off_by_some_pixels(scene, people, shift):
    depth = np.roll(scene.depth, shift, axis=(1, 0))
    found = [e for e in errors(scene, people, DepthImage(depth, 0.001)).values() if np.isfinite(e)]
    assert len(found) >= 4
    assert max(map(abs, found)) < 0.12


def test_a_rolling_shutter_between_image_and_depth(scene, people):
    """Rows are off by up to 8 px to either side, as when the camera turns."""
    shifts = np.linspace(-8, 8, len(scene.depth)).round().astype(int)
    depth = np.stack([np.roll(row, shift) for row, shift in zip(scene.depth, shifts)])
    found = errors(scene, people, DepthImage(depth, 0.001))
    assert len(found) == 5
    assert np.nanmax(np.abs(list(found.values()))) < 0.12


def test_without_depth_there_are_no_positions(scene, people):
    found = errors(scene, people, DepthImage(np.zeros_like(scene.depth), 0.001))
    assert np.isnan(list(found.values())).all()
