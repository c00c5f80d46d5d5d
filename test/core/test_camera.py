import cv2
import numpy as np
import pytest

from pose_ros.core.camera import CameraModel

RAW = np.array([[700.0, 0, 290], [0, 690, 130], [0, 0, 1]])
RECTIFIED = np.array([[650.0, 0, 310, 0], [0, 640, 125, 0], [0, 0, 1, 0]])
TURNED = cv2.Rodrigues(np.array([0.02, -0.03, 0.01]))[0]
LENSES = {
    'plumb_bob': [-0.31, 0.12, 0.001, -0.002, 0.01],
    'rational_polynomial': [0.4, 0.1, 0.0005, -0.0003, 0.01, 0.7, 0.15, 0.02],
    'equidistant': [-0.02, 0.01, -0.003, 0.0005],
}
# A wide and low image: what is meant for x and for y cannot be mixed up.
SIZE = (640, 240)


@pytest.fixture
def pixels():
    return np.random.default_rng(1).uniform((0, 0), SIZE, (33, 2))


def project(places, projection):
    projected = np.column_stack([places, np.ones(len(places))]) @ projection.T
    return projected[:, :2] / projected[:, 2:]


@pytest.mark.parametrize('lens', LENSES)
def test_places_are_seen_through_the_lens_at_their_pixels(lens, pixels):
    distortion = np.array(LENSES[lens])
    camera = CameraModel(RAW, RECTIFIED, distortion, lens, TURNED)
    places = camera.back_project(pixels, 2.5)
    np.testing.assert_allclose(places[:, 2], 2.5)
    # Turned back from the rectified frame to that of the lens.
    rays = (places @ TURNED)[:, None]
    look = cv2.fisheye.projectPoints if lens == 'equidistant' else cv2.projectPoints
    seen, _ = look(rays, np.zeros(3), np.zeros(3), RAW, distortion)
    np.testing.assert_allclose(seen[:, 0], pixels, atol=0.01)
    # The distortion matters: this test would see if it were ignored.
    assert np.abs(project(places, RECTIFIED) - pixels).max() > 5


def test_pixels_of_a_rectified_image_need_only_p(pixels):
    lens = np.array(LENSES['plumb_bob'])
    camera = CameraModel(RAW, RECTIFIED, lens, 'plumb_bob', TURNED, rectified=True)
    np.testing.assert_allclose(project(camera.back_project(pixels, 3.0), RECTIFIED), pixels)


@pytest.mark.parametrize('none', [np.zeros(5), np.empty(0), np.zeros(14)])
def test_a_camera_without_distortion_still_rectifies(pixels, none):
    camera = CameraModel(RAW, RECTIFIED, none, 'plumb_bob', TURNED)
    places = camera.back_project(pixels, 1.0) @ TURNED
    np.testing.assert_allclose(project(places, np.column_stack([RAW, np.zeros(3)])), pixels)


def test_the_second_camera_of_a_stereo_pair_is_displaced(pixels):
    projection = RECTIFIED.copy()
    projection[0, 3] = -0.12 * projection[0, 0]
    camera = CameraModel(RAW, projection, np.empty(0), rectified=True)
    places = camera.back_project(pixels, 2.0)
    np.testing.assert_allclose(project(places, projection), pixels)
    first = CameraModel(RAW, RECTIFIED, np.empty(0), rectified=True).back_project(pixels, 2.0)
    np.testing.assert_allclose(places - first, [[0.12, 0, 0]] * len(pixels), atol=1e-12)


def test_images_cut_out_and_binned(pixels):
    full = CameraModel(RAW, RECTIFIED, np.array(LENSES['plumb_bob']), 'plumb_bob')
    small = CameraModel(
        RAW,
        RECTIFIED,
        np.array(LENSES['plumb_bob']),
        'plumb_bob',
        scale=(2.0, 4.0),
        offset=(100.0, 60.0),
    )
    own = (pixels - (100.0, 60.0)) / (2.0, 4.0)
    np.testing.assert_allclose(small.back_project(own, 2.0), full.back_project(pixels, 2.0))
    assert small.focal == pytest.approx(RECTIFIED[0, 0] / 2)


def test_what_is_not_known_stays_unknown_and_does_not_spread(pixels):
    camera = CameraModel(RAW, RECTIFIED, np.array(LENSES['plumb_bob']), 'plumb_bob', TURNED)
    whole = camera.back_project(pixels, 2.0)
    pixels[3] = np.nan
    places = camera.back_project(pixels, 2.0)
    assert np.isnan(places[3, :2]).all()
    np.testing.assert_allclose(np.delete(places, 3, 0), np.delete(whole, 3, 0))
    assert camera.back_project(np.empty((0, 2)), 2.0).shape == (0, 3)


def test_field_of_view_is_seen_from_edge_to_edge():
    camera = CameraModel.from_field_of_view(640, 480, 1.2)
    left, right, top = camera.back_project(np.array([[0, 240], [640, 240], [320, 0]]), 1.0)
    assert np.arctan2(right[0], 1) - np.arctan2(left[0], 1) == pytest.approx(1.2)
    assert (left[1], top[0]) == pytest.approx((0, 0))
    assert top[1] / left[0] == pytest.approx(480 / 640)


@pytest.mark.parametrize(
    ('fields', 'message'),
    [
        ({'matrix': np.zeros((3, 3))}, 'not calibrated'),
        ({'projection': np.zeros((3, 4))}, 'not calibrated'),
        ({'matrix': np.full((3, 3), np.nan)}, 'finite'),
        ({'projection': np.eye(3)}, r'shape \(3, 4\)'),
        ({'projection': RECTIFIED * 1e9}, 'up to 1e[+]07'),
        ({'matrix': RAW / 700}, 'focal length of 1 px or more, got 0.98'),
        ({'distortion': np.array([np.nan] * 5)}, 'coefficients must be finite'),
        ({'distortion': np.array([0.1, np.inf, 0, 0])}, 'coefficients must be finite'),
        ({'distortion': np.zeros(1)}, 'no distortion model has 1 coefficients'),
        ({'distortion': np.zeros(13)}, 'no distortion model has 13 coefficients'),
        ({'rectification': np.full((3, 3), np.nan)}, 'must be a rotation'),
        ({'rectification': np.ones((3, 3))}, 'must be a rotation'),
        ({'rectification': np.diag([1.0, 1, -1])}, 'must be a rotation'),
        ({'distortion_model': 'bubble'}, "unknown distortion model 'bubble', known are: plumb"),
        ({'distortion': np.ones(8)}, 'plumb_bob has .* coefficients, got 8'),
    ],
)
def test_what_cannot_be_used_is_refused(fields, message):
    good = {
        'matrix': RAW,
        'projection': RECTIFIED,
        'distortion': np.array(LENSES['plumb_bob']),
        'distortion_model': 'plumb_bob',
    }
    CameraModel(**good)
    with pytest.raises(ValueError, match=message):
        CameraModel(**(good | fields))


@pytest.mark.parametrize('arguments', [(0, 480, 1.0), (640, 0, 1.0), (640, 480, 0), (640, 480, 4)])
def test_no_camera_sees_nothing(arguments):
    with pytest.raises(ValueError, match='no camera sees'):
        CameraModel.from_field_of_view(*arguments)


def test_a_rectified_image_needs_no_lens(pixels):
    camera = CameraModel(RAW, RECTIFIED, np.full(3, np.nan), rectified=True)
    np.testing.assert_allclose(project(camera.back_project(pixels, 3.0), RECTIFIED), pixels)
