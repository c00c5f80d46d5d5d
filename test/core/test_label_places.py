"""Labels stand beside their people, off all joints, and stay where they are."""

import numpy as np
import pytest

from pose_ros.core.label_places import Labelled, LabelPlaces
from pose_ros.core.topology import COCO17

LOW, HIGH = np.zeros(2), np.array([640.0, 480.0])
SIZE = (120.0, 40.0)
# Facing the camera, arms down: x from the middle, y from the top, over the height.
BODY = {
    'nose': (0, 0.06), 'eye': (0.03, 0.04), 'ear': (0.05, 0.05), 'shoulder': (0.12, 0.2),
    'elbow': (0.15, 0.36), 'wrist': (0.16, 0.5), 'hip': (0.09, 0.52), 'knee': (0.1, 0.75),
    'ankle': (0.1, 0.97),
}  # fmt: skip
SIDES = {'left': 1, 'right': -1}


def body(key, x, *, top=60.0, height=360.0, size=SIZE, **moved):
    """A person; moved names keypoints with their places [px]."""
    points = []
    for name in COCO17.keypoint_names:
        side, _, part = name.rpartition('_')
        across, down = BODY[part]
        points.append((x + SIDES.get(side, 0) * across * height, top + down * height))
    points = np.array(points)
    for name, place in moved.items():
        points[COCO17.index(name)] = place
    return Labelled(key, points, np.isfinite(points).all(axis=1), COCO17, size)


def box_of(place, size=SIZE):
    return np.array([place - np.array(size) / 2, place + np.array(size) / 2])


def hidden(place, person, size=SIZE):
    """Number of joints under a label."""
    low, high = box_of(place, size)
    return ((person.points > low) & (person.points < high)).all(axis=1).sum()


@pytest.mark.parametrize(('x', 'side'), [(320, 1), (100, 1), (540, -1)])
def test_a_label_is_beside_the_chest_inside_the_area(x, side):
    person = body(1, x)
    (place,) = LabelPlaces().arrange([person], LOW, HIGH)
    box = box_of(place)
    assert (box >= LOW).all()
    assert (box <= HIGH).all()
    assert abs(place[1] - (60 + 0.2 * 360)) < 20
    if x == 320:
        side = np.sign(place[0] - x)  # either is as good
    assert side * (place[0] - x) > 0.16 * 360 + SIZE[0] / 2
    # Near, too.
    assert side * (place[0] - x) < 0.16 * 360 + SIZE[0] / 2 + 40


def test_no_joint_bone_or_hand_is_hidden_by_any_label():
    rng = np.random.default_rng(3)
    places = LabelPlaces()
    for _ in range(60):
        people = [
            body(
                i, x + rng.normal(0, 5), height=250,
                left_wrist=(x + 100, rng.uniform(60, 300)),
                right_wrist=(x - 100, rng.uniform(60, 300)),
                right_elbow=(x - 60, rng.uniform(100, 200)),
            )
            for i, x in ((1, 150), (2, 330), (3, 500))
        ]  # fmt: skip
        placed = places.arrange(people, LOW, HIGH)
        for place in placed:
            for person in people:
                assert hidden(place, person) == 0
                wrist, elbow = (
                    person.points[COCO17.index(f'right_{p}')] for p in ('wrist', 'elbow')
                )
                low, high = box_of(place)
                for share in np.linspace(0, 1.7, 18):  # along the forearm to the finger tips
                    point = elbow + share * (wrist - elbow)
                    assert not ((point > low) & (point < high)).all()
        for i, first in enumerate(placed):
            for second in placed[:i]:
                assert (np.abs(first - second) >= np.array(SIZE) - 1e-6).any()


def test_a_label_stays_while_the_person_moves_a_little_and_follows_a_walk():
    places = LabelPlaces()
    (first,) = places.arrange([body(1, 200)], LOW, HIGH)
    for jitter in (2.0, -2.0, 3.0):
        (place,) = places.arrange([body(1, 200 + jitter)], LOW, HIGH)
        np.testing.assert_array_equal(place, first)
    (place,) = places.arrange([body(1, 260)], LOW, HIGH)
    np.testing.assert_allclose(place - first, (60, 0), atol=1e-6)


def test_an_arm_that_comes_and_goes_moves_a_label_at_most_aside():
    places = LabelPlaces()
    (first,) = places.arrange([body(1, 320)], LOW, HIGH)
    name = 'left_wrist' if first[0] > 320 else 'right_wrist'
    (aside,) = places.arrange([body(1, 320, **{name: first})], LOW, HIGH)
    assert hidden(aside, body(1, 320, **{name: first})) == 0
    # On the same side of the body.
    assert np.sign(aside[0] - 320) == np.sign(first[0] - 320)
    assert 0 < np.linalg.norm(aside - first) < 120


def test_a_label_is_nearer_to_its_person_than_to_another():
    people = [body(1, 250, size=None), body(2, 330), body(3, 410, size=None)]
    for _ in range(2):
        _, place, _ = LabelPlaces().arrange(people, LOW, HIGH)
        distances = [
            np.linalg.norm(np.maximum(np.maximum(p.box[0] - place, place - p.box[1]), 0))
            for p in people
        ]
        assert np.argmin(distances) == 1


def test_without_any_free_place_a_label_is_inside_all_the_same():
    size = (600.0, 460.0)
    (place,) = LabelPlaces().arrange([body(1, 320, size=size)], LOW, HIGH)
    box = box_of(place, size)
    assert (box >= LOW - 1e-6).all()
    assert (box <= HIGH + 1e-6).all()


def test_people_without_labels_and_those_who_left_are_forgotten():
    places = LabelPlaces()
    assert places.arrange([body(1, 320, size=None)], LOW, HIGH) == [None]
    (first,) = places.arrange([body(1, 100)], LOW, HIGH)
    places.arrange([], LOW, HIGH)
    (again,) = places.arrange([body(1, 500)], LOW, HIGH)
    (fresh,) = LabelPlaces().arrange([body(1, 500)], LOW, HIGH)
    np.testing.assert_array_equal(again, fresh)
    assert (again != first).any()
