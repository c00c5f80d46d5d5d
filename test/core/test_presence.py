"""A new track gets an id only when second opinions agree that it is a person."""

from dataclasses import replace

from camera_clips import textures
from empty_scenes import count_false_people
import numpy as np
import pytest

from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.finding.search import DetectorRuns, DetectorSearch, SearchState
from pose_ros.core.models.detector import Detection
from pose_ros.core.topology import COCO17
from pose_ros.core.tracking.observation import Observation
from pose_ros.core.tracking.presence import Presence
from pose_ros.core.types import Box


class TestPresence:
    def test_two_opinions_are_needed_and_the_mean_decides(self):
        presence = Presence()
        presence.add(0.3)
        assert not presence.is_person(3)
        presence.add(-0.2)
        assert presence.is_person(3)
        presence.add(-0.2)
        assert not presence.is_person(3)
        assert presence.is_doubtful

    def test_one_is_enough_where_one_frame_is(self):
        presence = Presence()
        presence.add(0.1)
        assert presence.is_person(1)

    def test_opinions_are_due_just_before_the_id_and_rarely_after(self):
        presence, due = Presence(), []
        for observations in range(1, 15):
            for _ in range(presence.looks_due(observations, 3)):
                presence.add(-0.5)
                due.append(observations)
        assert due == [2, 3, 8, 13]

    def test_opinions_that_are_missing_are_due_at_once(self):
        assert Presence().looks_due(9, 3) == 2
        assert Presence().looks_due(1, 1) == 1

    def test_old_opinions_are_forgotten(self):
        presence = Presence()
        for _ in range(20):
            presence.add(-0.5)
        for _ in range(4):
            presence.add(0.4)
        assert presence.is_person(3)


class TestSecondOpinion:
    def test_a_person_whom_the_detector_does_not_see_gets_no_id_and_is_not_published(
        self, world, make_estimator, make_body
    ):
        estimator = make_estimator(second_opinions=True)
        body, published = make_body(), []
        for index in range(8):
            frame = world.frame(index / 10, body)
            if index == 1:
                world.detect = lambda frame, view=None: []
            published.append([person.id for person in estimator.estimate(frame)])
        # The first opinion is asked for in the second frame.
        assert published == [[0], *[[]] * 7]
        assert estimator.statistics.people == 1  # still tracked, and may be confirmed

    def test_a_weak_detection_is_published_in_a_single_image_only(
        self, world, make_estimator, make_body
    ):
        estimator = make_estimator(second_opinions=True)
        detect = world.detect
        world.detect = lambda frame, view=None: [
            replace(each, score=0.35) for each in detect(frame, view)
        ]
        body = make_body()
        assert estimator.estimate(world.frame(0.0, body)) == []
        (person,) = estimator.estimate(world.frame(None, body))
        assert person.id == 0
        assert 0.25 < person.score < 0.35

    @pytest.mark.parametrize('frames', [1, 3])
    def test_one_whom_it_sees_gets_one_after_min_hits(
        self, world, make_estimator, make_body, frames
    ):
        estimator = make_estimator(second_opinions=True, min_hits=frames)
        ids = []
        for index in range(frames):
            (person,) = estimator.estimate(world.frame(index / 10, make_body()))
            ids.append(person.id)
        assert ids == [0] * (frames - 1) + [1]

    def test_single_looks_elsewhere_while_it_follows_something_doubtful(
        self, world, make_estimator, make_body
    ):
        estimator = make_estimator(second_opinions=True, mode='single', detector_interval=5)
        thing, real = make_body(x=150.0), make_body(x=450.0, shirt='blue')
        detect = world.detect

        def detect_real_only(frame, view=None):
            return [each for each in detect(frame, view) if each.box.x > 300]

        for index in range(40):
            people = [thing] if index < 8 else [thing, real]
            shown = estimator.estimate(world.frame(index / 10, *people))
            world.detect = detect_real_only
        assert [person.id for person in shown] == [1]
        assert shown[0].box.x > 300

    def test_the_closer_views_alternate_and_the_threshold_counts(
        self, world, make_body, sighting_of
    ):
        body = make_body()
        world.frame(0.0, body)
        seen = sighting_of(body)
        search = DetectorSearch([world], DetectorRuns())
        first = search.agreement(seen, 0, 0.0)
        assert first == pytest.approx(0.9 - world.min_agreement)
        assert search.agreement(seen, 1, 0.95) == pytest.approx(-0.05)
        sides = [view.side / max(seen.box.width, seen.box.height) for _, view in world.views]
        assert sides == pytest.approx([2.2, 1.4])
        elsewhere = sighting_of(make_body(x=50.0))
        assert search.agreement(elsewhere, 0, 0.0) == -world.min_agreement

    def test_lying_people_are_shown_upright(self, world, sighting_of, make_body):
        seen = sighting_of(make_body())
        world.frame(0.0, make_body())
        turned = np.roll(seen.pose.keypoints, 1, axis=1) * (-1, 1) + (400, 0)  # by 90 degrees
        lying = Observation.of(
            replace(seen.pose, keypoints=turned), seen.frame, COCO17, threshold=0.3
        )
        DetectorSearch([world], DetectorRuns()).agreement(lying, 0, 0.0)
        assert world.views[-1][1].rotation == pytest.approx(np.pi / 2)

    def test_two_detectors_take_turns(self, world):
        class Other:
            sees_far, min_score, threshold = True, 0.3, 0.0

            def detect(self, frame, view):
                return [Detection(Box(0.0, 0.0, 1.0, 1.0), 1.0, np.zeros((2, 2)))]

        search, state = DetectorSearch([world, Other()], DetectorRuns()), SearchState()
        frame = world.frame(0.0)
        found = [search.detect(frame, state, 0.0) for _ in range(4)]
        assert [type(detector) for _, detector in found] == [type(world), Other] * 2
        assert [len(detections) for detections, _ in found] == [0, 1, 0, 1]

    def test_only_the_detector_that_misses_people_far_away_is_shown_parts(self, world):
        world.sees_far = False
        search, state = DetectorSearch([world], DetectorRuns()), SearchState()
        for _ in range(4):
            search.detect(world.frame(0.0), state, 0.0)
        far = [view.side == 640 for _, view in world.views]
        assert far == [True, False, True, False]


def test_generated_textures_hold_no_person_with_an_id():
    chosen = {'clouds', 'stripes', 'shapes_0', 'shapes_1', 'shapes_3'}
    images = [(name, image) for name, image in textures().items() if name in chosen]
    result = count_false_people(PoseEstimator(), images, 0.3)
    assert result.frames == 5 * 9
    assert result.with_id == 0, result.images


@pytest.mark.test_data('empty')
@pytest.mark.parametrize(
    'detector',
    ['blazepose_full', pytest.param('auto', marks=pytest.mark.model('yolox_nano'))],
)
def test_images_without_people_have_few_ids(detector, test_data):
    """Among them four in which BlazePose's detector and landmarks agree on a person at first."""
    from pose_ros.core.media import open_media  # noqa: PLC0415

    names = ['000000078499', '000000174632', '000000249346', '000000269196', '000000353072']
    paths = [test_data / 'empty' / f'{name}.jpg' for name in names]
    images = [(path.name, next(iter(open_media(path).frames())).image) for path in paths]
    estimator = PoseEstimator(EstimatorConfig(detector=detector))
    result = count_false_people(estimator, images, 0.4)
    assert result.frames == 5 * 12
    assert result.with_id <= 3, result.images
