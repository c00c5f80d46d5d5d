import numpy as np
import pytest

from pose_ros.core.topology import BLAZEPOSE33, COCO17
from pose_ros.core.tracking.similarity import (
    coco_indices,
    keypoint_similarity,
    overlap,
    scale_of,
)
from pose_ros.core.types import Box

SHOULDER, HIP = COCO17.index('left_shoulder'), COCO17.index('left_hip')


def moved(*keypoints, by):
    """Pose of 17 points in which some stand `by` [px] to the right."""
    points = np.zeros((17, 2))
    points[list(keypoints), 0] = by
    return points


class TestKeypointSimilarity:
    """Against exp(-d² / (2 s² (2 sigma)²)) by COCO's own sigmas, worked out by hand."""

    here = np.zeros((17, 2))

    def test_a_pose_is_like_itself(self):
        assert keypoint_similarity(self.here, self.here, 100.0) == 1.0

    @pytest.mark.parametrize(
        ('name', 'expected'),
        # exp(-20² / (2 × (100 × 2 sigma)²)): sigma 0.026, 0.079 and 0.107.
        [('nose', 0.000614), ('left_shoulder', 0.448880), ('left_hip', 0.646226)],
    )
    def test_each_joint_has_its_own_falloff(self, name, expected):
        index = COCO17.index(name)
        counted = np.arange(17) == index
        alike = keypoint_similarity(self.here, moved(index, by=20.0), 100.0, counted)
        assert alike == pytest.approx(expected, rel=1e-3)

    def test_it_is_the_mean_of_the_joints(self):
        alike = keypoint_similarity(self.here, moved(SHOULDER, HIP, by=20.0), 100.0)
        assert alike == pytest.approx((15 + 0.448880 + 0.646226) / 17, rel=1e-4)

    def test_a_pose_out_of_reach_is_not_alike(self):
        assert keypoint_similarity(self.here, self.here + 500, 100.0) == pytest.approx(0.0)

    def test_what_matters_is_the_distance_over_the_scale(self):
        other = np.random.default_rng(0).normal(0, 8, (17, 2))
        small = keypoint_similarity(self.here, other, 100.0)
        assert 0.2 < small < 0.9
        assert keypoint_similarity(self.here, 3 * other, 300.0) == pytest.approx(small)

    def test_what_does_not_count_does_not_matter(self):
        counted = np.arange(17) != SHOULDER
        assert keypoint_similarity(self.here, moved(SHOULDER, by=900.0), 100.0, counted) == 1.0


class TestScale:
    def test_the_root_of_about_half_of_the_box(self):
        assert scale_of(Box(0, 0, 100, 200)) == pytest.approx(np.sqrt(0.53 * 100 * 200))

    def test_a_person_seen_from_the_side_is_not_that_thin(self):
        assert scale_of(Box(0, 0, 5, 200)) > 0.5 * scale_of(Box(0, 0, 100, 200))
        assert scale_of(Box(0, 0, 200, 5)) == pytest.approx(scale_of(Box(0, 0, 5, 200)))

    def test_nothing_divides_by_zero(self):
        assert scale_of(Box(3, 3, 0, 0)) == 1.0


class TestOverlap:
    @pytest.mark.parametrize(
        ('other', 'expected'),
        [
            (Box(0, 0, 10, 20), 1.0),
            (Box(5, 0, 10, 20), 1 / 3),
            (Box(2, 5, 4, 5), 0.1),
            (Box(10, 0, 10, 20), 0.0),
            (Box(0, 30, 10, 20), 0.0),
            (Box(5, 5, 0, 0), 0.0),
        ],
        ids=['same', 'half beside', 'inside', 'touching', 'below', 'without area'],
    )
    def test_shared_area_over_the_whole(self, other, expected):
        assert overlap(Box(0, 0, 10, 20), other) == pytest.approx(expected)
        assert overlap(other, Box(0, 0, 10, 20)) == pytest.approx(expected)


def test_every_format_is_compared_by_the_joints_of_coco():
    names = [BLAZEPOSE33.keypoint_names[i] for i in coco_indices(BLAZEPOSE33)]
    assert names == list(COCO17.keypoint_names)
