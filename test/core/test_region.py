import numpy as np
import pytest

from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.models.blazepose import region
from pose_ros.core.models.detector import Detection, upright
from pose_ros.core.models.pose import Pose
from pose_ros.core.topology import COCO17
from pose_ros.core.tracking.matching import jumped
from pose_ros.core.tracking.region import AlignmentRegions, KeypointRegions, diameter
from pose_ros.core.types import Box, Frame

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


def test_the_whole_frame_until_a_person_is_there():
    regions = KeypointRegions(1.25)
    assert regions.region(FRAME).side == 640
    assert regions.region(FRAME).centre == (320, 240)


def test_a_square_around_the_hips_with_padding():
    regions = KeypointRegions(1.25)
    regions.update(FRAME, standing_pose())
    crop = regions.region(FRAME)
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


def only(*names):
    """Pose of a person of whom nothing else is sure."""
    pose = standing_pose(scores=0.1)
    pose.scores[[COCO17.index(name) for name in names]] = 0.8
    return pose


@pytest.mark.parametrize('joint', ['hip', 'shoulder'])
def test_around_what_is_seen_without_a_torso(joint):
    """Of a person behind a table the head and one half of the torso are enough."""
    regions = KeypointRegions(1.25)
    regions.update(FRAME, standing_pose())
    regions.update(FRAME, only('nose', f'left_{joint}', f'right_{joint}'))
    crop = regions.region(FRAME)
    seen = standing_pose().keypoints[[COCO17.index(n) for n in ('nose', f'left_{joint}')]]
    assert crop.side < 640
    assert np.abs(seen - crop.centre).max() < crop.side / 2 / 1.25


def test_back_to_the_whole_frame_when_too_little_is_seen():
    regions = KeypointRegions(1.25)
    regions.update(FRAME, standing_pose())
    regions.update(FRAME, only('nose', 'left_shoulder'))
    assert regions.region(FRAME).side == 640


def test_back_to_the_whole_frame_when_the_person_fills_it():
    regions = KeypointRegions(3.0)
    regions.update(FRAME, standing_pose(arm_reach=200))
    assert regions.region(FRAME).side == 640


def test_a_region_of_ones_own_beside_others_even_if_the_person_fills_the_frame():
    regions = KeypointRegions(3.0)
    regions.update(FRAME, standing_pose(arm_reach=200))
    crop = regions.region(FRAME, alone=False)
    assert crop.centre == (320, 260)
    assert crop.side == pytest.approx(2 * 3.0 * 230)


def test_another_padding_acts_at_once():
    regions = KeypointRegions(1.25)
    regions.update(FRAME, standing_pose())
    regions.reconfigure(EstimatorConfig(crop_padding=2.0))
    assert regions.region(FRAME).side == pytest.approx(2 * 2.0 * 110)


@pytest.mark.parametrize('box', [Box(100, 50, 80, 200), Box(100, 50, 300, 120)])
def test_a_detection_is_looked_at_whole(box):
    crop = KeypointRegions(1.25).around(Detection(box, 0.9, upright(box)))
    assert crop.centre == box.centre
    assert max(box.width, box.height) <= crop.side < 1.5 * max(box.width, box.height)


def test_a_detection_without_area_makes_a_region_all_the_same():
    box = Box(100, 50, 0, 0)
    assert KeypointRegions(1.25).around(Detection(box, 0.9, upright(box))).side >= 1


class TestAlignmentRegions:
    circle = np.array([[300, 250], [300, 150]], np.float32)

    def pose(self, alignment):
        return Pose(np.zeros((33, 2)), np.ones(33), 0.9, alignment=alignment)

    def test_the_whole_frame_until_a_person_is_there(self):
        assert AlignmentRegions().region(FRAME).side == 640

    def test_around_the_circle_of_the_last_frame(self):
        regions = AlignmentRegions()
        regions.update(FRAME, self.pose(self.circle))
        crop = regions.region(FRAME)
        assert crop.centre == pytest.approx((300, 250))
        assert crop.side == pytest.approx(1.25 * 200)

    def test_it_follows_fast_but_does_not_tremble(self):
        def centre_after(step):
            regions = AlignmentRegions()
            for number in range(10):
                frame = Frame(FRAME.image, number / 30)
                moved = self.circle + np.array([step * (number == 9), 0], np.float32)
                regions.update(frame, self.pose(moved))
            return regions.region(FRAME).centre[0] - 300

        assert centre_after(60.0) > 40
        assert centre_after(1.0) < 0.8

    def test_a_detection_says_how_the_body_is_turned(self):
        lying = np.array([[300, 250], [400, 250]], np.float32)
        crop = AlignmentRegions().around(Detection(Box(200, 200, 200, 100), 0.9, lying))
        assert crop.rotation == pytest.approx(np.pi / 2)

    def test_a_model_without_the_points_is_refused(self):
        with pytest.raises(ValueError, match='no alignment points'):
            AlignmentRegions().update(FRAME, self.pose(None))

    def test_a_circle_is_never_a_point(self):
        assert diameter(self.circle) == 200
        assert diameter(np.zeros((2, 2))) == 1.0


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


class TestJumped:
    seen = np.ones(17, bool)

    def check(self, now, now_seen=None, threshold=0.5):
        before = standing_pose().keypoints
        now_seen = self.seen if now_seen is None else now_seen
        return jumped(before, now.astype(np.float32), self.seen & now_seen, threshold)

    def test_not_by_walking(self):
        assert not self.check(standing_pose().keypoints + 40)

    def test_to_a_neighbour(self):
        assert self.check(standing_pose().keypoints + np.array([150, 0]))

    def test_to_a_person_much_smaller(self):
        points = standing_pose().keypoints
        assert self.check(points.mean(axis=0) + 0.4 * (points - points.mean(axis=0)))

    def test_not_when_the_legs_come_into_view(self):
        seen = self.seen.copy()
        seen[COCO17.index('left_hip') :] = False
        assert not self.check(standing_pose().keypoints, seen)

    def test_the_threshold_decides(self):
        assert self.check(standing_pose().keypoints + 40, threshold=0.1)
