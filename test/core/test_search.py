"""When and where others than those followed are looked for."""

from dataclasses import replace

import numpy as np
import pytest

from pose_ros.core.finding.search import (
    DetectorRuns,
    DetectorSearch,
    SearchState,
    closer_views,
    unknown,
)
from pose_ros.core.models.detector import Detection, upright
from pose_ros.core.types import Box, Frame

FRAME = Frame(np.zeros((480, 640, 3), np.uint8))


def detection(box, score=0.9):
    return Detection(box, score, upright(box))


class TestUnknown:
    here, there = Box(100, 100, 80, 200), Box(400, 100, 80, 200)

    def test_everybody_is_unknown_at_first(self):
        both = [detection(self.here), detection(self.there)]
        assert unknown(both, []) == both
        assert unknown([], [self.here]) == []

    def test_who_is_followed_is_known(self):
        one, other = detection(Box(105, 95, 80, 210)), detection(self.there)
        assert unknown([one, other], [self.here]) == [other]

    def test_each_person_explains_one_detection(self):
        """Of two who stand close, the one followed is the one who fits better."""
        close, closer = detection(Box(120, 100, 80, 200)), detection(Box(104, 100, 80, 200))
        assert unknown([close, closer], [self.here]) == [close]

    def test_two_who_stand_close_are_both_known(self):
        boxes = [Box(100, 100, 80, 200), Box(120, 100, 80, 200)]
        found = [detection(box) for box in boxes]
        assert unknown(found, boxes) == []

    def test_a_slight_overlap_is_another_person(self):
        beside = detection(Box(160, 100, 80, 200))
        assert unknown([beside], [self.here]) == [beside]


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
    # A person half as wide as a part is whole in one of them, wherever they stand.
    middles = sorted({view.centre[0] for view in views})
    assert np.diff(middles).max(initial=0) <= 0.6 * side + 1e-6


class TestViews:
    def sides(self, world, looks):
        runs, state = DetectorRuns(), SearchState()
        search = DetectorSearch([world], runs)
        for _ in range(looks):
            search.detect(FRAME, state, 0.0)
        assert runs.count == looks
        return [view.side for _, view in world.views]

    def test_a_detector_that_sees_far_is_shown_the_whole_frame(self, world):
        assert self.sides(world, 6) == [640] * 6

    def test_another_is_shown_every_part_by_turns_with_the_whole(self, world):
        world.sees_far = False
        parts = closer_views(640, 480)
        sides = self.sides(world, 2 * len(parts) + 1)
        assert sides[::2] == [640] * (len(parts) + 1)
        assert [view for _, view in world.views[1::2]] == parts

    def test_a_new_beginning_is_with_the_whole_frame(self, world):
        world.sees_far = False
        search = DetectorSearch([world], DetectorRuns())
        search.detect(FRAME, SearchState(), 0.0)
        search.detect(FRAME, SearchState(), 0.0)
        assert [view.side for _, view in world.views] == [640, 640]

    def test_the_time_is_that_of_the_detector(self, world):
        runs = DetectorRuns()
        DetectorSearch([world], runs).detect(FRAME, SearchState(), 0.0)
        assert 0 < runs.duration == runs.total


@pytest.fixture
def show(world):
    """Show an estimator people, ten frames per second; give what it says of the last frame."""

    def show(estimator, *people, frames=1):
        for _ in range(frames):
            show.stamp += 1
            found = estimator.estimate(world.frame(show.stamp / 10, *people))
        return found

    show.stamp = 0
    return show


def gaps(world):
    """Frames between the runs of the detector."""
    return np.diff(np.round(10 * np.array(world.detected))).astype(int).tolist()


class TestCadence:
    def test_every_so_many_frames_in_multi(self, world, make_estimator, show, make_body):
        estimator = make_estimator(detector_interval=5)
        show(estimator, make_body(), frames=21)
        assert gaps(world) == [5, 5, 5, 5]
        assert estimator.statistics.detections == len(world.views) == 5
        assert estimator.statistics.multi

    def test_thrice_as_rarely_in_auto_while_alone(self, world, make_estimator, show, make_body):
        estimator = make_estimator(mode='auto', detector_interval=5)
        show(estimator, make_body(), frames=31)
        assert gaps(world) == [15, 15]
        assert not estimator.statistics.multi

    def test_auto_changes_over_and_back_with_hysteresis(
        self, world, make_estimator, show, make_body
    ):
        estimator = make_estimator(mode='auto', detector_interval=5, reid_time=0.0)
        one, other = make_body(x=150.0), make_body(x=450.0, shirt='blue')
        show(estimator, one, frames=20)
        people = show(estimator, one, other, frames=30)
        assert [person.id for person in people] == [1, 2]
        assert estimator.statistics.multi
        assert gaps(world)[-1] == 5
        # The other leaves: for a while they are expected back.
        show(estimator, one, frames=15)
        assert estimator.statistics.multi
        people = show(estimator, one, frames=25)
        assert not estimator.statistics.multi
        assert [person.id for person in people] == [1]
        before = len(world.views)
        show(estimator, one, frames=30)
        assert len(world.views) - before == 2

    def test_a_moments_absence_does_not_change_over(self, make_estimator, show, make_body):
        estimator = make_estimator(mode='auto', detector_interval=5, reid_time=0.0)
        one, other = make_body(x=150.0), make_body(x=450.0, shirt='blue')
        show(estimator, one, other, frames=10)
        multi = []
        for _ in range(5):
            show(estimator, one, frames=8)
            show(estimator, one, other, frames=4)
            multi.append(estimator.statistics.multi)
        assert all(multi)

    def test_more_often_while_a_person_is_lost(self, world, make_estimator, show, make_body):
        estimator = make_estimator(detector_interval=10)
        one, other = make_body(x=150.0), make_body(x=450.0, shirt='blue')
        show(estimator, one, other, frames=20)
        world.views.clear()
        show(estimator, one, frames=9)
        assert max(gaps(world)) <= 4
        # Also after track_timeout, while their clothes are remembered.
        show(estimator, one, frames=5)
        world.views.clear()
        show(estimator, one, frames=9)
        assert max(gaps(world)) <= 4
        # And rarely again when they are forgotten.
        show(estimator, one, frames=16)
        world.views.clear()
        show(estimator, one, frames=21)
        assert gaps(world) == [10]

    def test_no_more_often_after_a_person_has_left_the_image(
        self, world, make_estimator, show, make_body
    ):
        estimator = make_estimator(detector_interval=10)
        one = make_body(x=150.0)
        for x in range(450, 640, 15):
            show(estimator, one, make_body(x=float(x), shirt='blue'))
        show(estimator, one, frames=12)
        world.views.clear()
        show(estimator, one, frames=11)
        assert len(world.views) <= 2

    def test_at_once_when_no_one_is_followed(self, world, make_estimator, show, make_body):
        estimator = make_estimator(detector_interval=50, coast_time=0.0)
        show(estimator, frames=4)
        assert gaps(world) == [1, 1, 1]
        show(estimator, make_body(), frames=4)
        assert len(world.views) == 5
        show(estimator, frames=3)
        assert len(world.views) == 8

    @pytest.mark.parametrize('model', ['blazepose_full', 'movenet_lightning'])
    def test_single_only_when_no_one_is_followed(
        self, world, make_estimator, show, make_body, model
    ):
        estimator = make_estimator(mode='single', detector_interval=1, model=model)
        one, other = make_body(x=150.0), make_body(x=450.0, shirt='blue')
        people = show(estimator, one, other, frames=20)
        assert len(people) == 1
        # MoveNet looks for people itself where there is no better detector.
        assert len(world.views) == (1 if model == 'blazepose_full' else 0)
        assert not estimator.statistics.multi

    def test_every_part_of_the_frame_while_no_one_is_there(
        self, world, make_estimator, show, make_body
    ):
        world.sees_far = False
        estimator = make_estimator(mode='single')
        count = 2 * len(closer_views(640, 480))
        show(estimator, frames=count)
        assert len({view for _, view in world.views}) == 1 + count // 2

    def test_the_detectors_threshold_is_the_settings(self, world, make_estimator, show, make_body):
        """A person whom the detector is not sure of."""
        estimator = make_estimator(detector_threshold=0.8)
        assert show(estimator, make_body(score=0.7)) == []
        estimator.reconfigure(replace(estimator.config, detector_threshold=0.6))
        assert len(show(estimator, make_body(score=0.7))) == 1
        estimator.reconfigure(replace(estimator.config, detector_threshold=0.0))
        show(estimator)
        assert world.threshold == world.min_score


class TestMaxPeople:
    def crowd(self, make_body):
        shirts = ('red', 'green', 'blue')
        return [
            make_body(x=120.0 + 200 * i, height=200.0 + 50 * i, shirt=s)
            for i, s in enumerate(shirts)
        ]

    def test_the_largest_are_told_of(self, make_estimator, show, make_body):
        bodies = self.crowd(make_body)
        estimator = make_estimator(max_people=2, detector_interval=1)
        people = show(estimator, *bodies, frames=10)
        middles = [person.keypoints[:, 0].mean() for person in people]
        assert middles == pytest.approx([520, 320], abs=1)

    def test_the_largest_is_found_first(self, make_estimator, show, make_body):
        """Whoever the detector reports first."""
        estimator = make_estimator(max_people=1, detector_interval=100)
        small, large = make_body(height=150.0), make_body(x=520.0, height=300.0, shirt='blue')
        (person,) = show(estimator, small, large)
        assert person.box.height > 200

    def test_no_more_are_looked_at_than_wanted(self, world, make_estimator, show, make_body):
        """What a frame costs is bounded by max_people, besides those found by a detector."""
        estimator = make_estimator(max_people=2, detector_interval=100)
        show(estimator, *self.crowd(make_body), frames=3)
        world.looks.clear()
        show(estimator, *self.crowd(make_body), frames=10)
        assert len(world.looks) == 20

    def test_less_room_is_taken_live(self, world, make_estimator, show, make_body):
        estimator = make_estimator(max_people=3, detector_interval=100)
        show(estimator, *self.crowd(make_body), frames=4)
        estimator.reconfigure(replace(estimator.config, max_people=2))
        world.looks.clear()
        assert len(show(estimator, *self.crowd(make_body))) == 2
        assert len(world.looks) == 2

    @pytest.mark.parametrize('gone', [(0.0, 15), (40.0, 4)], ids=['long ago', 'out of view'])
    def test_who_cannot_be_in_sight_costs_nothing(
        self, world, make_estimator, show, make_body, gone
    ):
        """Gone for longer than track_timeout, or out of the image, but remembered."""
        estimator = make_estimator(detector_interval=100, reid_time=10.0, track_timeout=1.0)
        one = make_body(x=150.0)
        speed, unseen = gone
        for step in range(5):
            show(estimator, one, make_body(x=450.0 + speed * step, shirt='blue'))
        show(estimator, one, frames=unseen)
        world.looks.clear()
        show(estimator, one, frames=5)
        assert estimator.statistics.people == 2
        assert len(world.looks) == 5

    def test_more_room_is_taken_live(self, make_estimator, show, make_body):
        bodies = self.crowd(make_body)
        estimator = make_estimator(max_people=1, detector_interval=1)
        assert len(show(estimator, *bodies, frames=6)) == 1
        estimator.reconfigure(replace(estimator.config, max_people=3))
        people = show(estimator, *bodies, frames=6)
        areas = [person.box.width * person.box.height for person in people]
        assert len(people) == 3
        assert areas == sorted(areas, reverse=True)

    def test_a_person_seen_goes_before_a_person_out_of_sight(
        self, make_estimator, show, make_body
    ):
        small, _, large = self.crowd(make_body)
        estimator = make_estimator(max_people=1, detector_interval=1, coast_time=3.0)
        people = show(estimator, small, large, frames=8)
        assert people[0].box.height == pytest.approx(0.92 * 300, rel=0.02)
        people = show(estimator, small, frames=4)
        assert people[0].observed.all()
        assert people[0].box.height == pytest.approx(0.92 * 200, rel=0.02)


class TestNeighbours:
    def test_who_stands_in_a_persons_region_is_painted_over(
        self, world, make_estimator, show, make_body
    ):
        """The model sees one person per region: whoever is nearest to its middle."""
        me = make_body(x=240.0, y=450.0, height=400.0)
        other = make_body(x=500.0, y=480.0, height=300.0, shirt='blue')
        estimator = make_estimator(detector_interval=50)
        show(estimator, me, other, frames=4)
        for x in (470.0, 440.0, 410.0, 380.0, 350.0, 320.0, 295.0, 240.0):
            people = show(estimator, me, replace(other, x=x))
            assert [person.id for person in people] == [1, 2]
            assert all(person.observed.all() for person in people)
        assert estimator.statistics.reinitialised == 0
        # No one was lost and had to be found again.
        assert len(world.views) == 1


class TestNewcomers:
    @pytest.mark.parametrize('mode', ['single', 'multi'])
    def test_who_stands_where_another_was_is_found(self, make_estimator, show, make_body, mode):
        """The region of the other shows them; that does not make them known."""
        estimator = make_estimator(mode=mode, detector_interval=1, reid_time=10.0)
        show(estimator, make_body(), frames=4)
        people = show(estimator, make_body(x=330.0, shirt='blue'), frames=4)
        assert [person.id for person in people if person.observed.any()] == [2]


class TestStatistics:
    def test_time_per_person_is_without_the_detector(self, make_estimator, show, make_body):
        estimator = make_estimator(detector_interval=1)
        show(estimator, make_body(x=150.0), make_body(x=450.0, shirt='blue'), frames=3)
        figures = estimator.statistics
        assert figures.people == 2
        assert 0 < figures.person_time <= figures.inference_time / 2
        assert 0 < figures.detector_time < figures.inference_time
        before = figures.person_time
        show(estimator)
        assert figures.people == 2  # no person is seen, both are remembered
        assert before > 0
