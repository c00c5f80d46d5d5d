"""What the estimator makes of the stamps of frames: in order, late, repeated, missing."""

import logging

import cv2
import numpy as np
import pytest

from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.types import Frame, FrameError, KeypointState

STEP = 1 / 30


@pytest.fixture
def watch(make_estimator, world):
    """Show an estimator of the small world people at given times."""

    class Watch:
        def __init__(self, **settings):
            self.estimator = make_estimator(**settings)
            self.stamp = 1000.0

        def at(self, stamp, *people):
            return self.estimator.estimate(world.frame(stamp, *people))

        def show(self, *people, frames=1):
            for _ in range(frames):
                self.stamp += STEP
                found = self.at(self.stamp, *people)
            return found

    return Watch


class TestLateFrames:
    def test_one_is_dropped_and_counted(self, watch, world, make_body):
        sees = watch()
        (person,) = sees.show(make_body(), frames=5)
        sees.estimator.lock('largest')
        looks = len(world.looks)
        # What it shows does not count.
        assert sees.at(sees.stamp - 0.001) == [person]
        assert len(world.looks) == looks
        assert sees.estimator.statistics.late == 1
        (after,) = sees.show(make_body())
        assert (after.id, sees.estimator.locked_id) == (1, 1)
        assert after.observed.any()

    def test_out_of_order_images_of_a_driver_leave_one_id(self, watch, make_body):
        """The gaps [ms] of realsense-ros issue 84."""
        gaps = [33.4, 133.7, -100.3, 155.5, -122.2, 33.4, 100.0, 66.7, -67.0, 100.1, 0.8, 24.2]
        sees = watch()
        stamp, ids = 1000.0, []
        for gap in gaps * 5:
            stamp += gap / 1000
            ids += [person.id for person in sees.at(stamp, make_body())]
        assert set(ids[3:]) == {1}
        assert sees.estimator.statistics.late >= 3 * 5

    @pytest.mark.parametrize('track_timeout', [0.2, 5.0])
    def test_a_step_back_beyond_max_gap_starts_anew(self, watch, make_body, caplog, track_timeout):
        sees = watch(track_timeout=track_timeout)
        sees.show(make_body(), frames=5)
        sees.estimator.lock('largest')
        with caplog.at_level(logging.WARNING):
            sees.at(sees.stamp - 0.9 * track_timeout, make_body())
            assert sees.estimator.locked_id == 1
            assert not caplog.records
            (person,) = sees.at(sees.stamp - 1.1 * track_timeout, make_body())
        assert (person.id, sees.estimator.locked_id) == (0, 0)
        (record,) = caplog.records
        assert 'stamps went back from 1000.167 s to' in record.message
        assert 'tracking starts anew' in record.message


class TestRepeatedStamps:
    @pytest.mark.parametrize('stamp', [0.0, 1000.0])
    def test_who_has_left_is_not_shown(self, watch, make_body, stamp):
        sees = watch()
        for _ in range(5):
            (person,) = sees.at(stamp, make_body())
        assert person.id == 1
        for _ in range(5):
            assert sees.at(stamp) == []

    def test_whoever_comes_is_found(self, watch, make_body):
        sees = watch(detector_interval=1)
        here, there = make_body(x=150.0), make_body(x=450.0, shirt='blue')
        for _ in range(4):
            sees.at(7.0, here)
        assert [len(sees.at(7.0, here, there)) for _ in range(4)] == [2, 2, 2, 2]


class TestSingleImages:
    def test_no_one_is_tracked(self, watch, make_body):
        sees = watch()
        here, there = make_body(x=150.0), make_body(x=450.0, shirt='blue')
        for people in ((here,), (here,), (), (here, there), (here,), (here,)):
            found = sees.at(None, *people)
            assert len(found) == len(people)
            assert {person.id for person in found} <= {0}
            assert all((person.states == KeypointState.OBSERVED).all() for person in found)

    def test_confirmed_at_once_they_still_have_no_id(self, watch, make_body):
        (person,) = watch(min_hits=1).at(None, make_body())
        assert person.id == 0

    def test_a_running_track_is_not_disturbed(self, watch, make_body):
        sees = watch()
        body = make_body()
        sees.show(body, frames=5)
        sees.estimator.lock('largest')
        before = vars(sees.estimator.statistics).copy()
        sees.at(None, make_body(x=450.0, shirt='blue'))
        sees.at(None)
        assert sees.estimator.locked_seen
        assert sees.estimator.statistics.people == before['people']
        (person,) = sees.show(body)
        assert person.id == sees.estimator.locked_id == 1
        assert sees.estimator.statistics.late == 0
        assert sees.estimator.statistics.reinitialised == 0

    def test_each_is_searched_from_the_beginning(self, watch, world, make_body):
        """Not in the part whose turn it would be, had the image before been of the same place."""
        world.sees_far = False
        sees = watch()
        for _ in range(3):
            sees.at(None)
        assert [view.side for _, view in world.views] == [640, 640, 640]

    def test_so_is_the_first_frame_after_a_reset(self, watch, world):
        world.sees_far = False
        sees = watch()
        for _ in range(3):
            sees.show()
            sees.estimator.reset()
        assert [view.side for _, view in world.views] == [640, 640, 640]
        sees.show(frames=2)
        assert [view.side for _, view in world.views[3:]] == [640, 360]

    def test_an_array_is_a_single_image_in_bgr(self, watch, world, make_body):
        """The models of the small world compare the bytes: they see the shirt in their order."""
        frame = world.frame(None, make_body())
        seen = []
        detect = world.detect
        world.detect = lambda frame, view: seen.append(frame.channels) or detect(frame, view)
        assert len(watch().estimator.estimate(frame.image)) == 1
        assert seen == ['bgr']

    @pytest.mark.parametrize('wrong', [None, np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3))])
    def test_what_is_no_image_is_refused(self, watch, wrong):
        with pytest.raises(FrameError, match='expected a uint8 image'):
            watch().estimator.estimate(wrong)


@pytest.mark.test_data('images')
def test_an_array_and_its_frame_give_the_same_person(test_data):
    image = cv2.imread(str(test_data / 'images/pose.jpg'))
    estimator = PoseEstimator()
    (person,) = estimator.estimate(image)
    (same,) = estimator.estimate(Frame(cv2.cvtColor(image, cv2.COLOR_BGR2RGB)))
    np.testing.assert_allclose(person.keypoints, same.keypoints, atol=0.01)
    assert person.observed.sum() > 25
