"""Regions of hands and which hands are followed, without models."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from pose_ros.core.camera_orientation import CameraOrientation
from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.hands.hand_region import region_from_pose
from pose_ros.core.hands.hand_tracker import HandTracker
from pose_ros.core.models.anchors import AnchorDecoder
from pose_ros.core.models.hand import HandLandmarks, region_from_landmarks, turned_region
from pose_ros.core.topology import BLAZEPOSE33, COCO17
from pose_ros.core.tracking.keypoint_filter import smoothers
from pose_ros.core.types import Box, Crop, Frame, Person, TrackedHand


def person(topology=BLAZEPOSE33, score=0.9, **points):
    keypoints = np.full((len(topology), 2), 10.0, np.float32)
    for name, place in points.items():
        keypoints[topology.index(name)] = place
    count = len(topology)
    return Person(
        topology,
        keypoints,
        np.full(count, score, np.float32),
        np.zeros(count, np.uint8),
        0.9,
        Box(0, 0, 100, 200),
        id=3,
    )


def hand_points(centre=(300.0, 200.0), size=60.0):
    """An open hand [21, 2], fingers up."""
    points = np.zeros((21, 2))
    for finger in range(5):
        x = (finger - 2) * 0.12
        points[1 + 4 * finger : 5 + 4 * finger] = [(x, -0.2 * (joint + 1)) for joint in range(4)]
    return (np.array(centre) + size * points).astype(np.float32)


def test_the_anchors_cover_the_image():
    decoder = AnchorDecoder(224, ((8, 2), (16, 2), (32, 6)), 0.3)
    assert len(decoder) == 2254
    logits = np.full((1, 2254, 1), -10.0, np.float32)
    logits[0, 4] = 10.0  # the third cell of the first row, two anchors each
    raw = np.zeros((1, 2254, 8), np.float32)
    raw[0, 4] = 0, 0, 22.4, 44.8, 11.2, 0, 0, 0
    (found,) = decoder.decode(raw, logits, 0.5)
    centre, half = np.array([2.5, 0.5]) / 28, np.array([0.05, 0.1])
    np.testing.assert_allclose(found.corners, [centre - half, centre + half], 1e-4)
    np.testing.assert_allclose(found.keypoints, [centre + half * [1, 0], centre], 1e-4)
    assert found.score == pytest.approx(1, abs=1e-3)


def test_a_region_turns_with_the_hand():
    crop = turned_region(np.array([100.0, 50.0]), np.array([1.0, 0.0]), np.array([20, 40]), 2, 0.5)
    assert crop.rotation == pytest.approx(np.pi / 2)  # fingers to the right: clockwise
    assert crop.centre == pytest.approx((120, 50))
    assert crop.side == 80


def test_the_region_of_landmarks_follows_a_turn():
    points = hand_points((0, 0))
    upright = region_from_landmarks(points)
    assert upright.rotation == pytest.approx(0, abs=1e-6)
    turned = region_from_landmarks(points @ np.array([[0, 1], [-1, 0]], np.float32))
    assert turned.rotation == pytest.approx(np.pi / 2)
    assert turned.side == pytest.approx(upright.side)
    assert turned.centre == pytest.approx((-upright.centre[1], upright.centre[0]), abs=1e-4)


def test_the_region_of_a_pose_with_knuckles():
    someone = person(left_wrist=(100, 100), left_index=(100, 80), left_pinky=(100, 80))
    crop = region_from_pose(someone, 'left')
    assert crop.centre == pytest.approx((100, 80 - 0.1 * 40))
    assert (crop.side, crop.rotation) == pytest.approx((2.7 * 40, 0))
    assert region_from_pose(person(score=0.05, left_wrist=(100, 100)), 'left') is None


def test_the_region_of_a_pose_of_elbow_and_wrist():
    arm = {'right_shoulder': (100, 0), 'left_shoulder': (200, 0), 'right_elbow': (100, 100)}
    someone = person(COCO17, right_wrist=(100, 200), **arm)
    crop = region_from_pose(someone, 'right')
    assert abs(crop.rotation) == pytest.approx(np.pi)  # fingers down
    assert crop.centre[0] == pytest.approx(100)
    assert 236 < crop.centre[1] < 250
    # A forearm towards the camera does not make the hand small.
    foreshortened = region_from_pose(person(COCO17, right_wrist=(100, 110), **arm), 'right')
    assert foreshortened.side > 0.7 * crop.side


# What the pose gives while the hand is at its first place.
OWN = region_from_landmarks(hand_points())
REFINED = Crop((OWN.centre[0] + 3, OWN.centre[1]), OWN.side * 1.1, OWN.rotation)


class FakeModels:
    """Sees one hand wherever it is asked to look, and counts."""

    min_score = 0.5

    def __init__(self, points, left_score=0.9):
        self.points, self.left_score, self.score = points, left_score, 0.9
        self.looked, self.rough = [], []

    def refine(self, frame, crop):
        self.rough.append(crop)
        return REFINED

    def estimate(self, frame, crop):
        self.looked.append(crop)
        zeros = np.zeros((21, 3), np.float32)
        return HandLandmarks(self.points, zeros[:, 0], zeros, self.score, self.left_score)

    def detect(self, frame):
        return [Crop((300, 200), 120)]


@pytest.fixture
def tracker_of(monkeypatch):
    def make(models, **options):
        for name in ('HandLandmarker', 'HandRecropper', 'PalmDetector'):
            monkeypatch.setattr(f'pose_ros.core.hands.hand_tracker.{name}', lambda *_: models)
        return HandTracker({'landmarks': 0, 'recrop': 0, 'palm': 0}, **options)

    return make


LEFT = {'left_wrist': (300, 200), 'left_index': (300, 180), 'left_pinky': (300, 180)}


def frame(number):
    return Frame(np.zeros((480, 640, 3), np.uint8), number / 30)


def only_left():
    someone = person(**LEFT)
    someone.scores[BLAZEPOSE33.index('right_wrist')] = 0.0
    return someone


def test_a_hand_is_followed_by_its_landmarks(tracker_of):
    models = FakeModels(hand_points())
    tracker = tracker_of(models)
    (first,) = tracker.find(frame(1), [only_left()], 1)
    (second,) = tracker.find(frame(2), [only_left()], 1)
    assert (first.skeleton_id, first.side, first.id) == (3, 'left', 1)
    assert second.id == 1
    assert models.looked == [REFINED, region_from_landmarks(models.points)]
    assert len(models.rough) == 1
    models.points = hand_points((500, 200))  # the landmarks have run away from the arm
    tracker.find(frame(3), [only_left()], 1)
    tracker.find(frame(4), [only_left()], 1)
    assert models.looked[3] == REFINED


def test_hands_are_steady_at_rest_and_do_not_lag(tracker_of):
    rng = np.random.default_rng(1)
    models = FakeModels(hand_points())
    world = rng.normal(0, 0.05, (21, 3)).astype(np.float32)
    models.estimate = lambda *_: HandLandmarks(models.points, world[:, 0], world, 0.9, 0.9)
    tracker = tracker_of(models, smoothers=partial(smoothers, EstimatorConfig()))
    shown, true = [], []
    for number in range(90):
        true.append(hand_points((300 + max(0, number - 60) * 2.0, 200)))
        models.points = (true[-1] + rng.normal(0, 0.5, (21, 2))).astype(np.float32)
        places = (('left_wrist', 0), ('left_index', 5), ('left_pinky', 17))
        someone = person(**{name: tuple(true[-1][i]) for name, i in places})
        someone.scores[BLAZEPOSE33.index('right_wrist')] = 0.0
        (hand,) = tracker.find(frame(number), [someone], 1)
        shown.append(hand.keypoints)
    steps = np.diff(shown[20:60], axis=0).std()
    assert steps < 0.5 * 0.5 * np.sqrt(2)
    # Half a frame of 2 px.
    assert np.abs(np.subtract(shown, true)[75:, :, 0].mean()) < 1.0


def test_lost_hands_are_searched_for_in_turns(tracker_of):
    models = FakeModels(hand_points())
    models.score = 0.0
    tracker = tracker_of(models)
    right = {name.replace('left', 'right'): (x + 200, y) for name, (x, y) in LEFT.items()}
    for number in range(1, 5):
        tracker.find(frame(number), [person(**LEFT, **right)], 1)
    sides = ['left' if crop.centre[0] < 400 else 'right' for crop in models.rough]
    assert sides == ['left', 'right', 'left', 'right']


def test_a_hand_that_is_not_there_is_not_reported(tracker_of):
    models = FakeModels(hand_points())
    models.score = 0.4
    assert tracker_of(models).find(frame(1), [only_left()], 1) == []


def test_one_hand_is_not_two(tracker_of):
    """Both wrists at one hand: it is the one whose fingers fit."""
    both = person(**LEFT, **{name.replace('left', 'right'): at for name, at in LEFT.items()})
    for left_score, side in ((0.9, 'left'), (0.1, 'right')):
        tracker = tracker_of(FakeModels(hand_points(), left_score))
        (hand,) = tracker.find(Frame(frame(1).image), [both], 1)
        assert hand.side == side


def test_no_more_people_than_asked_for(tracker_of):
    models = FakeModels(hand_points())
    tracker_of(models).find(frame(1), [only_left(), only_left()], 1)
    assert len(models.looked) == 1


def test_a_hand_alone_gets_a_side_from_its_fingers_and_a_person_from_a_wrist(tracker_of):
    tracker = tracker_of(FakeModels(hand_points(), left_score=0.2), everywhere=True)
    (hand,) = tracker.find(frame(1), [], 1)
    assert (hand.skeleton_id, hand.side, hand.side_score) == (0, 'right', pytest.approx(0.8))
    (again,) = tracker.find(frame(2), [], 1)
    assert again.id == hand.id
    (owned,) = tracker.find(frame(3), [person(score=0.0), only_left()], 1)
    assert (owned.skeleton_id, owned.side) == (3, 'left')


def test_a_hand_alone_keeps_its_id_beside_a_person_without_one(tracker_of):
    tracker = tracker_of(FakeModels(hand_points()), everywhere=True)
    unconfirmed = replace(only_left(), id=0)
    hands = [tracker.find(frame(n), [unconfirmed] if n > 1 else [], 1) for n in range(1, 9)]
    assert [[hand.id for hand in found] for found in hands] == [[1]] * 8
    (owned,) = tracker.find(frame(9), [only_left()], 1)
    assert (owned.skeleton_id, owned.id) == (3, 2)


def test_single_images_are_not_remembered(tracker_of):
    tracker = tracker_of(FakeModels(hand_points()))
    (tracked,) = tracker.find(frame(1), [only_left()], 1)
    single = Frame(np.zeros((480, 640, 3), np.uint8))
    (hand,) = tracker.find(single, [only_left()], 1)
    assert hand.id == 0
    (after,) = tracker.find(frame(2), [only_left()], 1)
    assert after.id == tracked.id


@pytest.mark.parametrize('rotate', [0, 90, 180, 270])
@pytest.mark.parametrize('mirrored', [False, True])
def test_an_upright_hand_and_back(rotate, mirrored):
    orientation = CameraOrientation(rotate, mirrored)
    world = np.random.default_rng(1).uniform(-0.1, 0.1, (21, 3)).astype(np.float32)
    hand = TrackedHand(hand_points(), np.zeros(21, np.float32), world, 0.9, 'left')
    upright = orientation.upright_hand(hand, (640, 480))
    back = orientation.hand_in_image(upright, (640, 480))
    np.testing.assert_allclose(back.keypoints, hand.keypoints, atol=1e-3)
    np.testing.assert_allclose(back.world, hand.world, atol=1e-6)
    marked = np.zeros((480, 640, 3), np.uint8)
    x, y = hand.keypoints[8].round().astype(int)
    marked[y, x] = 255
    image = orientation.upright_frame(Frame(marked)).image
    row, column = np.argwhere(image[..., 0])[0]
    np.testing.assert_allclose(upright.keypoints[8], (column, row), atol=0.6)
