"""Several people from image to id, with the real embedded model on the actor."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
import pytest

from pose_ros.actor import Action, Actor, Clothes, Scene, frames
from pose_ros.actor.demo_scenes import SCENES
from pose_ros.actor.multi_person_scenes import multi_person_scene
from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.topology import COCO17
from pose_ros.core.types import Frame

RED, BLUE = Clothes(shirt=(180, 40, 40)), Clothes(shirt=(40, 60, 190))
DETECTORS = ['blazepose_full', pytest.param('yolox_nano', marks=pytest.mark.model('yolox_nano'))]


@dataclass(frozen=True)
class Shown:
    """A person the estimator reports.

    Attributes
    ----------
    who
        Index of the actor whose skeleton it is, None where it is not clearly one's.
    seen
        Whether something of them is observed.
    """

    id: int
    who: int | None
    seen: bool


def who_is(person, truths):
    """Index of the actor of a skeleton, if it is close to one and far from all others."""
    found = person.converted(COCO17).keypoints
    errors = [np.hypot(*(found - truth.keypoints).T).mean() / truth.height for truth in truths]
    first, *others = np.argsort(errors)
    clear = errors[first] < 0.07 and all(errors[other] > 0.1 for other in others)
    return int(first) if clear else None


def watch(estimator, scene, every=2, channels='rgb', seed=1):
    """(actor's frame, people found) of every n-th frame of a scene."""
    for index, shown in enumerate(frames(scene, seed)):
        if index % every == 0:
            image = shown.image if channels == 'rgb' else shown.image[..., ::-1].copy()
            people = estimator.estimate(Frame(image, shown.stamp, channels))
            yield (
                shown,
                [
                    Shown(person.id, who_is(person, shown.people), bool(person.observed.any()))
                    for person in people
                ],
            )


def walks(*legs, **looks):
    """Actor who walks legs of (start, duration, speed)."""
    actions = tuple(Action('walk', start, lasting, speed) for start, lasting, speed in legs)
    return Actor(actions, **looks)


@pytest.mark.parametrize('detector', DETECTORS)
def test_auto_follows_one_then_two_then_one(detector, measured):
    """A second walks in and out again; no person is lost and no id changes."""
    scene = Scene(
        duration=9.5,
        actors=(
            Actor('wave_right', x=190, height=320, clothes=BLUE),
            walks((1.0, 1.5, -0.5), (4.2, 1.5, 0.5), x=700, height=320, clothes=RED),
        ),
    )
    estimator = PoseEstimator(
        EstimatorConfig(mode='auto', detector=detector, detector_interval=5, reid_time=0.0)
    )
    runs, multi = [0], [False]
    for shown, people in watch(estimator, scene, every=3):
        ids = {one.who: one.id for one in people if one.seen}
        assert 0 in ids, f'the first is lost at {shown.stamp:.2f} s'
        assert ids[0] == (1 if shown.stamp > 0.15 else 0)
        assert set(ids) <= {0, 1}
        assert ids.get(1, 0) in (0, 2)
        if 3.8 < shown.stamp < 5.0:
            assert ids == {0: 1, 1: 2}
        runs.append(estimator.statistics.detections)
        multi.append(estimator.statistics.multi)
    # It changes over once, and back once after they are gone for a while.
    changes = np.flatnonzero(np.diff(multi)) / 10
    assert len(changes) == 2
    assert 1.0 < changes[0] < 3.5
    assert changes[1] > 5.5 + 1.5
    # The detector is rarely asked while the first is alone; the first frame takes one run.
    alone, together = (
        np.diff(runs)[1:][np.array(multi[2:]) == there].mean() for there in (False, True)
    )
    measured(
        f'auto, {detector}: the detector runs in {alone:.0%} of frames, {together:.0%} of two'
    )
    assert alone < 0.5 * together


class TestJump:
    """The region of one person shows another who walks past in front: single mode."""

    scene = Scene(
        duration=4.0,
        actors=(
            Actor('stand', x=320, y=430, height=290, distance=4, clothes=BLUE),
            walks((0.4, 4.2, 0.55), x=-90, y=455, height=345, distance=3, clothes=RED),
        ),
    )

    def shown_as_the_first(self, estimator, every):
        """Whom the id of the first person showed, frame by frame; None: not clear."""
        return [
            one.who
            for _, people in watch(estimator, self.scene, every)
            for one in people
            if one.id == 1 and one.seen
        ]

    @pytest.mark.parametrize('every', [2, 3])
    def test_without_detection_the_id_goes_over_unnoticed(self, every):
        """The fault itself."""
        estimator = PoseEstimator(EstimatorConfig(jump_threshold=10.0, use_appearance=False))
        shown = self.shown_as_the_first(estimator, every)
        assert shown.count(1) >= 3
        assert estimator.statistics.reinitialised == 0

    @pytest.mark.parametrize('every', [2, 3])
    def test_with_detection_it_is_counted_and_the_id_stays(self, every):
        estimator = PoseEstimator()
        shown = self.shown_as_the_first(estimator, every)
        assert 1 not in shown
        assert shown.count(0) >= 20
        assert estimator.statistics.reinitialised >= 1

    def test_the_clothes_are_not_learnt_from_who_walks_past(self):
        """Both walk the same way, so that one is half covered for long."""
        far, near = self.scene.actors
        far = walks((0.6, 4.0, 0.12), x=240, y=430, height=290, distance=4, clothes=BLUE)
        estimator = PoseEstimator()
        for _, people in watch(estimator, replace(self.scene, actors=(far, near)), every=1):
            assert (1, 1) not in {(one.id, one.who) for one in people if one.seen}


class TestLock:
    """Single mode keeps to one of two."""

    def test_while_another_walks_past_in_front(self):
        estimator = PoseEstimator()
        locked = []
        for shown, people in watch(estimator, TestJump.scene):
            if shown.stamp == 0.4:
                assert estimator.lock('largest') == 1
            if shown.stamp > 0.4:
                assert estimator.locked_id == 1
                assert all(one.id == 1 and one.who != 1 for one in people)
                seen = [one.seen for one in people]
                assert estimator.locked_seen == any(seen)
                locked.append(estimator.locked_seen)
        # Hidden for a moment, seen before and after.
        assert all(locked[:20])
        assert not all(locked)
        assert all(locked[-6:])

    def test_away_and_back(self):
        """They leave the image for two seconds while a person nearer stands in it."""
        scene = Scene(
            duration=7.0,
            actors=(
                walks(
                    *((0.8, 1.2, 0.7), (4.0, 1.2, -0.7)), x=430, y=440, height=300, clothes=BLUE
                ),
                Actor('stand', x=150, y=465, height=370, clothes=RED),
            ),
        )
        estimator = PoseEstimator(EstimatorConfig(mode='multi'))
        before, away, after = [], [], []
        for shown, people in watch(estimator, scene):
            if shown.stamp == 0.6:
                (number,) = (one.id for one in people if one.who == 0)
                estimator.lock('id', number)
                estimator.reconfigure(replace(estimator.config, mode='single'))
            if shown.stamp > 0.6:
                part = before if shown.stamp < 1.0 else away if 2.6 < shown.stamp < 4 else after
                if part is after and shown.stamp < 6.2:
                    continue
                part.append(estimator.locked_seen)
                assert estimator.locked_id == number
                assert all(one.who != 1 and one.id == number for one in people)
        assert all(before)
        assert not any(away)
        assert len(after) > 5
        assert all(after)


def test_an_id_lasts_through_a_fall():
    """A body that lies on its side shows hardly any of its clothes."""
    (actor,) = SCENES['falls'](1).actors
    [fall] = [action for action in actor.actions if action.motion.name == 'fall_backwards']
    faller = replace(actor, motion=(replace(fall, start=0.5),))
    scene = Scene(duration=0.5 + fall.duration, actors=(faller,))
    ids = {one.id for _, people in watch(PoseEstimator(), scene) for one in people if one.seen}
    assert ids == {0, 1}


def test_the_ids_do_not_depend_on_the_order_of_the_channels():
    scene = replace(multi_person_scene('crossing', 100, 2), duration=3.5)
    told = {}
    for channels in ('rgb', 'bgr'):
        estimator = PoseEstimator(EstimatorConfig(mode='multi'))
        told[channels] = [people for _, people in watch(estimator, scene, 3, channels)]
    assert told['rgb'] == told['bgr']
    assert {one.id for one in told['rgb'][-1]} == {1, 2}


@pytest.mark.parametrize(
    ('detector', 'least'),
    [
        ('blazepose_full', 4),
        pytest.param('yolox_nano', 5, marks=pytest.mark.model('yolox_nano')),
    ],
)
def test_six_people_each_with_an_id_of_their_own(detector, least):
    """Those whom the detector finds within a moment."""
    scene = multi_person_scene('group', 100, 6)
    estimator = PoseEstimator(EstimatorConfig(mode='multi', detector=detector, max_people=6))
    ids = {}
    for _, people in watch(estimator, replace(scene, duration=1.5), 3):
        for one in people:
            if one.id and one.who is not None:
                ids.setdefault(one.who, set()).add(one.id)
    assert len(ids) >= least
    assert all(len(numbers) == 1 for numbers in ids.values())
    assert len(set.union(*ids.values())) == len(ids)


@pytest.mark.parametrize('others', [0, 1, 2])
def test_people_who_fill_the_frame_stay_as_many_as_they_are(
    world, make_estimator, make_body, others
):
    """One is looked for in the whole frame; several in a region each, however large."""
    places = (120.0, 320.0, 520.0)[: others + 1]
    people = [
        make_body(x=x, height=440.0, shirt=shirt)
        for x, shirt in zip(places, ('red', 'green', 'blue'))
    ]
    settings = {'model': 'movenet_lightning', 'crop_padding': 2.0}
    estimator = make_estimator(**settings)
    for index in range(12):
        found = estimator.estimate(world.frame(index / 10, *people))
        assert len(found) == len(people)
    assert {person.id for person in found} == set(range(1, len(people) + 1))
    crops = [crop for stamp, crop in world.looks if stamp == index / 10]
    if others:
        assert sorted(crop.centre[0] for crop in crops) == pytest.approx(places, abs=1.0)
    else:
        assert [(crop.centre, crop.side) for crop in crops] == [((320.0, 240.0), 640.0)]


def test_a_near_person_cut_off_by_the_edge_is_followed(
    world, make_estimator, make_body, monkeypatch
):
    """Only head and shoulders are in the image, the middle of the torso is not."""
    monkeypatch.setattr(world, '_shown', lambda *_: world.people)
    estimator = make_estimator()
    near = make_body(y=950.0, height=700.0)
    for index in range(6):
        people = estimator.estimate(world.frame(index / 10, near))
    assert [person.id for person in people] == [1]
    assert world.detected == [0.0]


@pytest.mark.model('movenet_lightning')
@pytest.mark.test_data('images/three_people.jpg')
def test_three_real_people_who_overlap_stay_three(test_data):
    image = cv2.imread(str(test_data / 'images/three_people.jpg'))
    estimator = PoseEstimator(EstimatorConfig(model='movenet_lightning', mode='multi'))
    counts = [len(estimator.estimate(Frame(image, index / 30, 'bgr'))) for index in range(30)]
    assert counts == [3] * 30
