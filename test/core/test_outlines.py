import numpy as np
import pytest

from pose_ros.core.outlines import RING_POINTS, face_keypoints, head_outline
from pose_ros.core.topology import BLAZEPOSE33, BODY25, COCO17, COCO18


def points_of(topology, **places):
    points = np.full((len(topology), 3), np.nan)
    for name, place in places.items():
        points[topology.index(name)] = place
    return points


FACE = {'nose': (0, 0, 2), 'left_eye': (0.03, -0.03, 2), 'right_eye': (-0.03, -0.03, 2)}
SHOULDERS = {'left_shoulder': (0.2, 0.3, 2), 'right_shoulder': (-0.2, 0.3, 2)}
HIPS = {'left_hip': (0.1, 0.8, 2), 'right_hip': (-0.1, 0.8, 2)}


def test_the_keypoints_of_the_face():
    assert face_keypoints(COCO17).tolist() == [0, 1, 2, 3, 4]
    assert face_keypoints(BLAZEPOSE33).tolist() == list(range(11))
    names = [BODY25.keypoint_names[i] for i in face_keypoints(BODY25)]
    assert set(names) == {'nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear'}


@pytest.mark.parametrize(
    ('known', 'radius'),
    [
        ({**FACE, **SHOULDERS, **HIPS}, 0.065 / 0.22 * 0.4),
        # From the side the shoulders are one behind the other: the trunk tells.
        ({**FACE, **HIPS, 'left_shoulder': (0, 0.3, 2), 'right_shoulder': (0.01, 0.3, 2)}, 0.11),
        # Only the face: around its keypoints.
        (FACE, 1.25 * np.hypot(0.03, 0.01)),
        # A keypoint of the face that is far off adds a little only.
        ({**FACE, **SHOULDERS, 'nose': (0, 1.0, 2)}, 1.4 * 0.065 / 0.22 * 0.4),
    ],
)
def test_the_ring_is_as_large_as_a_head(known, radius):
    ring, _ = head_outline(COCO17, points_of(COCO17, **known))
    assert ring.shape == (RING_POINTS, 3)
    middle = np.mean([known[name] for name in FACE], axis=0)
    np.testing.assert_allclose(np.linalg.norm(ring - middle, axis=1), radius, rtol=0.01)
    # Parallel to the image.
    np.testing.assert_allclose(ring[:, 2], 2)


def test_the_neck_reaches_from_the_ring_to_the_middle_of_the_shoulders():
    _, neck = head_outline(COCO17, points_of(COCO17, **FACE, **SHOULDERS))
    middle = np.mean(list(FACE.values()), axis=0)
    np.testing.assert_allclose(neck[1], (0, 0.3, 2), atol=1e-9)
    assert np.linalg.norm(neck[0] - middle) == pytest.approx(0.065 / 0.22 * 0.4)
    _, neck = head_outline(COCO17, points_of(COCO17, **FACE))
    assert np.isnan(neck).all()


def test_formats_with_a_neck_have_their_own_line():
    for topology in (COCO18, BODY25):
        ring, neck = head_outline(topology, points_of(topology, **FACE, **SHOULDERS))
        assert np.isfinite(ring).all()
        assert np.isnan(neck).all()


@pytest.mark.parametrize('known', [{}, SHOULDERS, {'nose': (0, 0, 2)}])
def test_without_a_face_of_known_size_there_is_no_head(known):
    assert head_outline(COCO17, points_of(COCO17, **known)) is None
