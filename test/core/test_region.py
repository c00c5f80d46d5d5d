import numpy as np
import pytest

from pose_ros.core.models.blazepose import region
from pose_ros.core.models.pose import Pose
from pose_ros.core.topology import COCO17
from pose_ros.core.tracking.continuity import jumped
from pose_ros.core.tracking.region import KeypointRegions, closer_views
from pose_ros.core.types import Frame

FRAME = Frame(np.zeros((480, 640, 3), np.uint8))


def standing_pose(scores=0.8, arm_reach=0.0):
    """A person 200 px high at (320, 240), a wrist reaching further to the image's right."""
    keypoints = np.full((17, 2), (320.0, 240.0), np.float32)
    for name, point in {
        'nose': (320, 150),
        'left_shoulder': (345, 190),
        'right_shoulder': (295, 190),
        'left_wrist': (350 + arm_reach, 260),
        'left_hip': (335, 260),
        'right_hip': (305, 260),
        'left_ankle': (330, 350),
        'right_ankle': (310, 350),
    }.items():
        keypoints[COCO17.index(name)] = point
    return Pose(keypoints, np.broadcast_to(np.float32(scores), 17).copy(), 0.8)


def test_the_whole_frame_until_somebody_is_there():
    regions = KeypointRegions(1.25)
    assert not regions.tracking
    assert regions.region(FRAME).side == 640
    assert regions.region(FRAME).centre == (320, 240)


def test_a_square_around_the_hips_with_padding():
    regions = KeypointRegions(1.25)
    regions.update(FRAME, standing_pose())
    crop = regions.region(FRAME)
    assert regions.tracking
    assert crop.centre == (320, 260)
    # The nose is farthest, 110 px away; the torso asks for 1.9 × 70.
    assert crop.side == pytest.approx(2 * max(1.25 * 110, 1.9 * 70))


def test_it_grows_when_a_limb_reaches_out():
    regions = KeypointRegions(1.25)
    regions.update(FRAME, standing_pose(arm_reach=90))
    assert regions.region(FRAME).side == pytest.approx(2 * 1.25 * 120)


def test_a_keypoint_that_is_not_seen_does_not_count():
    pose = standing_pose(arm_reach=90)
    pose.scores[COCO17.index('left_wrist')] = 0.1
    regions = KeypointRegions(1.25)
    regions.update(FRAME, pose)
    assert regions.region(FRAME).side < 2 * 1.25 * 120


@pytest.mark.parametrize('joint', ['hip', 'shoulder'])
def test_back_to_the_whole_frame_without_a_torso(joint):
    regions = KeypointRegions(1.25)
    regions.update(FRAME, standing_pose())
    pose = standing_pose()
    pose.scores[[COCO17.index(f'left_{joint}'), COCO17.index(f'right_{joint}')]] = 0.1
    regions.update(FRAME, pose)
    assert not regions.tracking


def test_back_to_the_whole_frame_when_the_person_fills_it():
    regions = KeypointRegions(3.0)
    regions.update(FRAME, standing_pose(arm_reach=200))
    assert not regions.tracking


@pytest.mark.parametrize(
    ('head', 'rotation'),
    [((100, 50), 0.0), ((150, 100), np.pi / 2), ((50, 100), -np.pi / 2), ((100, 150), np.pi)],
    ids=['upright', 'head to the right', 'head to the left', 'upside down'],
)
def test_the_region_turns_with_the_body(head, rotation):
    crop = region(np.array([[100, 100], head], np.float32))
    assert crop.centre == (100, 100)
    assert crop.side == pytest.approx(1.25 * 2 * 50)
    assert np.cos(crop.rotation) == pytest.approx(np.cos(rotation), abs=1e-6)
    assert np.sin(crop.rotation) == pytest.approx(np.sin(rotation), abs=1e-6)


@pytest.mark.parametrize(('width', 'height'), [(640, 480), (1080, 1920), (300, 300)])
def test_the_parts_cover_the_frame_and_overlap(width, height):
    views = closer_views(width, height)
    side = 0.75 * min(width, height)
    covered = np.zeros((height, width), int)
    for view in views:
        assert view.side == side
        left, top = (round(middle - side / 2) for middle in view.centre)
        assert left >= 0
        assert top >= 0
        covered[top : top + round(side), left : left + round(side)] += 1
    assert covered.min() >= 1
    # Somebody half as wide as a part is whole in one of them, wherever they stand.
    middles = sorted({view.centre[0] for view in views})
    assert np.diff(middles).max(initial=0) <= 0.6 * side + 1e-6


class TestJumped:
    seen = np.ones(17, bool)

    def check(self, now, now_seen=None, threshold=0.5):
        before = standing_pose().keypoints
        now_seen = self.seen if now_seen is None else now_seen
        return jumped(before, now.astype(np.float32), self.seen, now_seen, threshold)

    def test_not_by_walking(self):
        assert not self.check(standing_pose().keypoints + 40)

    def test_to_a_neighbour(self):
        assert self.check(standing_pose().keypoints + np.array([150, 0]))

    def test_to_somebody_much_smaller(self):
        points = standing_pose().keypoints
        assert self.check(points.mean(axis=0) + 0.4 * (points - points.mean(axis=0)))

    def test_not_when_the_legs_come_into_view(self):
        seen = self.seen.copy()
        seen[COCO17.index('left_hip') :] = False
        assert not self.check(standing_pose().keypoints, seen)

    def test_the_threshold_decides(self):
        assert self.check(standing_pose().keypoints + 40, threshold=0.1)
