from dataclasses import replace
import math

import numpy as np
import pytest

from pose_ros.core.models.pose import Pose
from pose_ros.core.topology import COCO17, COCO_SHOULDERS
from pose_ros.core.tracking.observation import Observation, distinct
from pose_ros.core.types import Box, Frame

FRAME = Frame(np.zeros((480, 640, 3), np.uint8))


def observation(points, scores=0.9, threshold=0.3):
    points = np.asarray(points, np.float32)
    scores = np.broadcast_to(np.float32(scores), 17)
    return Observation.of(Pose(points, scores, 0.9), FRAME, COCO17, threshold)


def test_seen_is_what_is_sure_and_in_the_image():
    points = np.full((17, 2), 100.0)
    points[:5] = [(-1, 50), (50, -1), (640, 50), (50, 480), (639, 479)]
    scores = np.full(17, 0.9)
    scores[5], scores[6] = 0.29, 0.3
    assert np.flatnonzero(~observation(points, scores).seen).tolist() == [0, 1, 2, 3, 5]


def test_the_box_is_around_the_part_of_the_body_in_the_image(make_body, sighting_of):
    whole = make_body()
    assert sighting_of(whole).box == Box.around(whole.joints)
    hidden = observation(whole.joints, scores=0.1)
    assert hidden.box == Box.around(whole.joints)
    cut = sighting_of(make_body(y=600.0))  # the legs are out of the image
    assert cut.box.y + cut.box.height == 479


def test_keypoints_beyond_the_edge_count_only_if_they_are_sure(make_body):
    body = make_body(y=600.0)
    scores = np.where(body.joints[:, 1] < 480, 0.9, 0.1)
    box = observation(body.joints, scores).box
    inside = body.joints[body.joints[:, 1] < 480]
    assert box == Box.around(inside)
    assert box.y + box.height < 479


def test_centre_and_size_are_those_of_the_torso_and_the_body(make_body, sighting_of):
    one = sighting_of(make_body(x=200.0, y=440.0, height=300.0))
    np.testing.assert_allclose(one.centre, [200, 440 - 0.65 * 300], atol=0.1)
    assert one.size == pytest.approx(0.92 * 300)
    # Of a person cut off at the edge only the torso is left to tell.
    cut = sighting_of(make_body(x=200.0, y=600.0, height=300.0))
    assert cut.size == pytest.approx(0.9 * 300)


def test_no_one_is_smaller_than_a_pixel():
    point = observation(np.full((17, 2), 100.0))
    assert point.size == 1.0
    assert np.isfinite(point.similarity(point))


def test_similarity_falls_with_the_distance(make_body, sighting_of):
    here = sighting_of(make_body(x=200.0))
    alike = [here.similarity(sighting_of(make_body(x=200.0 + far))) for far in (0, 5, 20, 80)]
    assert alike[0] == pytest.approx(1.0)
    assert np.all(np.diff(alike) < 0)
    assert alike[-1] < 0.2


class TestDistinct:
    def test_one_person_seen_twice_is_one(self, make_body, sighting_of):
        first, again = sighting_of(make_body()), sighting_of(make_body(x=322.0, score=0.8))
        assert distinct([first, again]) == [first]

    def test_two_people_are_two(self, make_body, sighting_of):
        both = [sighting_of(make_body(x=250.0)), sighting_of(make_body(x=390.0, shirt='blue'))]
        assert distinct(both) == both
        assert distinct([]) == []

    @pytest.mark.parametrize(('shirt', 'count'), [('red', 1), ('blue', 2)])
    def test_the_clothes_decide_where_two_stand_close(self, make_body, sighting_of, shirt, count):
        one, other = sighting_of(make_body()), sighting_of(make_body(x=338.0, shirt=shirt))
        assert 0.4 < one.similarity(other) < 0.6
        assert len(distinct([one, other])) == count

    def test_the_same_place_is_the_same_person_in_whatever_clothes(self, make_body, sighting_of):
        one, other = sighting_of(make_body()), sighting_of(make_body(shirt='blue'))
        assert distinct([one, other]) == [one]

    def test_who_is_found_at_half_of_a_known_person_is_that_person(self, make_body, sighting_of):
        known = sighting_of(make_body(), roi_track=1)
        shoulders = known.joints[5, 1]
        half = known.joints.copy()
        half[7:, 1] = shoulders + 0.15 * (half[7:, 1] - shoulders)
        pose = replace(known.pose, keypoints=half)
        found = replace(sighting_of(make_body()), pose=pose)
        assert found.similarity(known) < 0.4
        assert distinct([known, found]) == [known]
        # Tracked people may meet.
        met = replace(found, roi_track=2)
        assert distinct([known, met]) == [known, met]

    def test_without_clothes_the_place_decides(self, make_body, sighting_of):
        one, other = (
            replace(sighting_of(make_body(x=x)), frame=Frame(FRAME.image[:100]))
            for x in (320.0, 338.0)
        )
        assert one.clothing is None
        assert distinct([one, other]) == [one, other]


@pytest.mark.parametrize(
    ('shoulders', 'turn'),
    [((0, -100), 0), ((30, -90), 0), ((100, 10), 90), ((-90, -40), -90), ((20, 90), 180)],
)
def test_the_head_is_up_in_a_view_with_the_quarter_turn(shoulders, turn):
    points = np.tile(np.float32([[300, 300]]), (17, 1))
    points[list(COCO_SHOULDERS)] += shoulders
    assert math.degrees(observation(points).quarter_turn) == pytest.approx(turn)
