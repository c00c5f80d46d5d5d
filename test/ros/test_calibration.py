"""camera_info: which images it is for, what is refused, and that each fault is told once."""

import math

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo, RegionOfInterest

from pose_ros.ros.calibration import Calibration, camera_model

pytestmark = pytest.mark.ros


def camera_info(width=640, height=480, focal=576.0, **fields):
    x, y = width / 2, height / 2
    info = CameraInfo(width=width, height=height, distortion_model='plumb_bob', d=[0.0] * 5)
    info.k = [focal, 0.0, x, 0.0, focal, y, 0.0, 0.0, 1.0]
    info.p = [focal, 0.0, x, 0.0, 0.0, focal, y, 0.0, 0.0, 0.0, 1.0, 0.0]
    info.r = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    for name, value in fields.items():
        setattr(info, name, value)
    return info


def region(x, y, width, height):
    return RegionOfInterest(x_offset=x, y_offset=y, width=width, height=height)


@pytest.mark.parametrize(
    ('info', 'size', 'focal'),
    [
        (camera_info(), (640, 480), 576),
        (camera_info(), (1280, 960), 1152),
        (camera_info(), (159, 119), 576 * 159 / 640),
        (camera_info(1280, 720), (848, 480), 576 * 848 / 1280),
        (camera_info(binning_x=2), (320, 480), 288),
        (camera_info(roi=region(0, 60, 640, 360)), (640, 360), 576),
        (camera_info(0, 0), (640, 360), 576),
    ],
)
def test_images_of_the_calibrated_shape(info, size, focal):
    assert camera_model(info, size).focal == pytest.approx(focal)


@pytest.mark.parametrize(
    ('info', 'size', 'reason'),
    [
        (camera_info(), (640, 360), '640×480 px, the images have 640×360 px: another shape'),
        (camera_info(), (1280, 720), '640×480 px, the images have 1280×720 px'),
        (camera_info(), (480, 640), 'another shape'),
        (camera_info(1280, 720), (1280, 800), 'another shape'),
        (camera_info(binning_x=2), (640, 480), 'it is for 320×480 px'),
        (camera_info(roi=region(0, 60, 640, 360)), (640, 480), 'it is for 640×360 px'),
        (camera_info(roi=region(0, 200, 640, 360)), (640, 360), 'reaches to 640, 560, beyond'),
        (camera_info(0, 480), (640, 480), 'a side of 0 px: 0×480'),
        (camera_info(), (0, 480), 'no size: 0×480'),
        (camera_info(d=[0.0]), (640, 480), 'no distortion model has 1'),
        (camera_info(r=[math.nan] * 9), (640, 480), 'must be a rotation'),
        (camera_info(k=[0.0] * 9, p=[0.0] * 12), (640, 480), 'not calibrated'),
    ],
)
def test_a_fault_is_named(info, size, reason):
    with pytest.raises(ValueError, match=reason):
        camera_model(info, size)


def test_a_fault_is_told_once_and_ends():
    told = []
    calibration = Calibration(warn=told.append)
    for _ in range(3):
        calibration.on_camera_info(camera_info(k=[math.nan] * 9))
        assert calibration.camera((640, 480)) is None
    assert len(told) == 1
    assert calibration.fault in told[0]
    calibration.on_camera_info(camera_info())
    assert calibration.camera((640, 480)).focal == 576
    assert not calibration.fault
    assert calibration.camera((640, 360)) is None
    assert len(told) == 2
    assert 'another shape' in told[1]


NUMBERS = st.one_of(
    st.floats(),
    st.sampled_from((0.0, 1.0, -1.0, 500.0, 320.0, 1e-300, 1e300)),
    st.floats(-2.0, 2.0),
)


@st.composite
def odd_camera_info(draw):
    """A good message, up to a few odd fields."""
    info = camera_info(d=draw(st.lists(st.floats(-1.0, 1.0), max_size=14)))
    info.distortion_model = draw(
        st.sampled_from(('plumb_bob', 'rational_polynomial', 'equidistant', ''))
    )
    for name, count in (('k', 9), ('p', 12), ('r', 9)):
        matrix = getattr(info, name)
        for index in draw(st.lists(st.integers(0, count - 1), max_size=2)):
            matrix[index] = draw(NUMBERS)
    if draw(st.booleans()):
        info.d = draw(st.lists(NUMBERS, max_size=15))
    side = st.sampled_from((0, 1, 320, 480, 640, 2**32 - 1))
    info.width, info.height = draw(st.sampled_from(((640, 480), (draw(side), draw(side)))))
    info.binning_x, info.roi.x_offset, info.roi.width = draw(
        st.sampled_from(((0, 0, 0), (draw(side), draw(side), draw(side))))
    )
    return info


@given(odd_camera_info(), st.booleans())
def test_any_camera_info_gives_finite_rays_or_a_reason(info, rectified):
    pixels = np.array([[0.0, 0.0], [320, 240], [639, 479], [np.nan, 5], [-1e4, 1e4]])
    try:
        camera = camera_model(info, (640, 480), rectified)
    except ValueError:
        return
    places = camera.back_project(pixels, 2.0)
    assert not np.isinf(places).any()
    assert np.isfinite(places[:, 2]).all()
