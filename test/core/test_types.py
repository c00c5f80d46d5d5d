import numpy as np
import pytest

from pose_ros.core.models.crop import CropReader, apply_affine, whole_frame
from pose_ros.core.topology import BLAZEPOSE33, COCO17
from pose_ros.core.types import Box, Crop, Frame, FrameError, KeypointState, Person


@pytest.mark.parametrize(
    ('image', 'reason'),
    [
        (None, 'NoneType'),
        (np.zeros((4, 4), np.uint8), r'uint8 \(4, 4\)'),
        (np.zeros((4, 4, 4), np.uint8), r'\(4, 4, 4\)'),
        (np.zeros((4, 4, 3), np.float32), 'float32'),
        (np.zeros((0, 4, 3), np.uint8), '4×0'),
        (np.zeros((1, 20000, 3), np.uint8), '20000×1'),
    ],
)
def test_what_is_no_image_is_refused(image, reason):
    with pytest.raises(FrameError, match=reason):
        Frame(image)


def test_a_frame_needs_a_finite_stamp_and_known_channels():
    image = np.zeros((2, 2, 3), np.uint8)
    with pytest.raises(FrameError, match='stamp'):
        Frame(image, float('nan'))
    with pytest.raises(FrameError, match='channels'):
        Frame(image, 0.0, 'gbr')


def test_a_crop_maps_its_corners_and_turns_clockwise():
    crop = Crop((100.0, 50.0), 20.0, np.pi / 2)
    # The crop's top left corner, turned by a quarter clockwise, is at the square's top right.
    corners = apply_affine(crop.to_image(1.0), np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 0.5]]))
    np.testing.assert_allclose(corners, [[110, 40], [110, 60], [100, 50]], atol=1e-9)


@pytest.mark.parametrize('side', [0.0, -1.0, float('nan')])
def test_a_crop_without_a_side_is_refused(side):
    with pytest.raises(ValueError, match='positive side'):
        Crop((0.0, 0.0), side)


def test_whole_frame_letterboxes_a_wide_image():
    frame = Frame(np.full((100, 300, 3), 200, np.uint8))
    sample, _ = CropReader((60, 60)).read(frame, whole_frame(frame))
    assert (sample[25:35] == 200).all()
    assert (sample[:15] == 0).all()
    assert (sample[-15:] == 0).all()


def test_the_reader_swaps_bgr_on_the_crop_and_leaves_the_frame():
    image = np.zeros((50, 50, 3), np.uint8)
    image[..., 0] = 250
    image.setflags(write=False)
    crop = Crop((25.0, 25.0), 20.0)
    for channels, expected in (('rgb', [250, 0, 0]), ('bgr', [0, 0, 250])):
        sample, _ = CropReader((8, 8)).read(Frame(image, channels=channels), crop)
        assert sample[4, 4].tolist() == expected


@pytest.mark.parametrize(
    'crop',
    [
        Crop((180.0, 100.0), 90.0, 0.7),
        Crop((180.0, 100.0), 90.0),
        Crop((180.3, 100.6), 61.7),
        Crop((190.0, 160.0), 150.0),
        Crop((160.0, 100.0), 320.0),
        Crop((280.0, 60.0), 300.0, -0.3),
    ],
    ids=['turned', 'upright', 'between pixels', 'over the edge', 'whole', 'turned over the edge'],
)
@pytest.mark.parametrize('snap', [False, True])
def test_the_way_back_leads_to_where_the_image_came_from(crop, snap):
    """A bright spot is found where it is."""
    image = np.zeros((200, 320, 3), np.uint8)
    image[117:124, 197:204] = 255
    sample, to_image = CropReader((192, 192), snap=snap).read(Frame(image), crop)
    weights = sample[..., 0].astype(float)
    rows, columns = np.mgrid[0:192, 0:192]
    spot = np.array([[(weights * columns).sum(), (weights * rows).sum()]]) / weights.sum()
    np.testing.assert_allclose(apply_affine(to_image, spot / 192), [[200, 120]], atol=0.3)


def test_a_region_beside_the_frame_is_black():
    frame = Frame(np.full((20, 20, 3), 200, np.uint8))
    for crop in (Crop((-50.0, 10.0), 30.0), Crop((10.0, 90.0), 30.0, 0.5)):
        for snap in (False, True):
            sample, _ = CropReader((8, 8), snap=snap).read(frame, crop)
            assert (sample == 0).all()


def make_person(topology, count=None, **changes):
    count = len(topology) if count is None else count
    values = {
        'keypoints': np.zeros((count, 2), np.float32),
        'scores': np.zeros(count, np.float32),
        'states': np.zeros(count, np.uint8),
    } | changes
    return Person(topology, score=0.5, box=Box(0, 0, 1, 1), **values)


def test_a_person_has_the_full_set_of_keypoints():
    with pytest.raises(ValueError, match=r'coco17 keypoints must have shape \(17, 2\), got \(16'):
        make_person(COCO17, 16)
    with pytest.raises(ValueError, match='world'):
        make_person(COCO17, world=np.zeros((17, 2)))


def test_a_person_of_33_becomes_one_of_17():
    keypoints = np.arange(66, dtype=np.float32).reshape(33, 2)
    states = np.full(33, KeypointState.BELOW_THRESHOLD, np.uint8)
    states[BLAZEPOSE33.index('right_ankle')] = KeypointState.OBSERVED
    person = make_person(BLAZEPOSE33, keypoints=keypoints, states=states).converted(COCO17)
    ankle = COCO17.index('right_ankle')
    assert person.keypoints[ankle].tolist() == [56, 57]
    assert person.observed.nonzero()[0].tolist() == [ankle]
