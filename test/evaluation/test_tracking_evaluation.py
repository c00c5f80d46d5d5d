"""Tracking figures: known faults of a made-up estimator are counted as what they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pose_ros.actor import Action, Actor, Scene
from pose_ros.actor.rendering import frames
from pose_ros.core.topology import COCO17
from pose_ros.core.types import Box, KeypointState, Person
from pose_ros.evaluation.tracking import follow, score

# One stands at the left, one walks from the middle to the right and out of the image.
SCENE = Scene(
    width=320,
    height=240,
    fps=10,
    duration=4.0,
    noise=0.0,
    background='plain',
    actors=(
        Actor(x=60, y=230, height=150),
        Actor((Action('walk', 0.5, speed=0.5),), x=180, y=230, height=150),
    ),
)


class Oracle:
    """Tells the truth about a scene, or what a test makes of it."""

    def __init__(self, scene, change=lambda index, people: people):
        self._video = [frame.people for frame in frames(scene)]
        self._change = change
        self._index = 0

    def reset(self):
        self._index = 0

    def estimate(self, frame):
        index, self._index = self._index, self._index + 1
        people = [person(true.keypoints, i + 1) for i, true in enumerate(self._video[index])]
        return self._change(index, people)


def person(keypoints, id_, state=KeypointState.OBSERVED):
    return Person(
        topology=COCO17,
        keypoints=keypoints,
        scores=np.ones(17, np.float32),
        states=np.full(17, state, np.uint8),
        score=1.0,
        box=Box.around(keypoints),
        id=id_,
    )


def scored(change=lambda index, people: people, scene=SCENE):
    return score([follow(Oracle(scene, change), scene, 0)])


def with_ids(*ids):
    return lambda people: [replace(one, id=id_) for one, id_ in zip(people, ids)]


def test_the_truth_is_perfect_though_a_person_leaves():
    """A person who has left the image and is still reported is no false positive."""
    figures = scored()
    assert (figures.idf1, figures.mota, figures.found) == (1.0, 1.0, 1.0)
    assert figures.switches == figures.fragmentations == 0
    assert figures.misses == figures.false_positives == 0
    assert figures.error_px == 0.0
    assert (figures.scenes, figures.frames) == (1, 40)
    assert 60 < figures.people < 80


def test_an_exchange_of_ids_is_a_switch_of_each():
    figures = scored(lambda i, people: with_ids(2, 1)(people) if i >= 10 else people)
    assert figures.switches == 2
    assert figures.idf1 < 0.85
    assert figures.misses == figures.false_positives == 0
    assert figures.mota == pytest.approx(1 - 2 / figures.people)


def test_a_new_id_is_a_switch_a_pause_a_fragmentation():
    figures = scored(lambda i, people: with_ids(3, 2)(people) if i >= 20 else people)
    assert (figures.switches, figures.fragmentations) == (1, 0)
    figures = scored(lambda i, people: people[1:] if 5 <= i < 8 else people)
    assert (figures.switches, figures.fragmentations, figures.misses) == (0, 1, 3)
    assert figures.found == pytest.approx(1 - 3 / figures.people)


def test_no_one_where_a_person_is_claimed_is_a_false_person():
    ghost = person(np.random.default_rng(1).uniform(100, 130, (17, 2)).astype(np.float32), 9)
    figures = scored(lambda i, people: [*people, ghost] if i < 4 else people)
    assert figures.false_positives == 4
    double = lambda people: replace(people[0], id=9)  # noqa: E731
    figures = scored(lambda i, people: [*people, double(people)] if i < 4 else people)
    assert figures.false_positives == 4
    assert figures.switches == 0


def test_those_without_id_are_found_but_not_identified():
    figures = scored(lambda i, people: with_ids(0, 0)(people) if i < 3 else people)
    assert figures.misses == 6
    assert figures.found == 1.0
    assert figures.switches == figures.false_positives == 0
    assert figures.idf1 < 1


def test_the_predicted_are_neither_found_nor_false():
    def predicted(index, people):
        return [
            person(one.keypoints + 100 * (index % 2), one.id, KeypointState.PREDICTED)
            if index in (10, 11)
            else one
            for one in people
        ]

    figures = scored(predicted)
    assert (figures.misses, figures.false_positives, figures.switches) == (4, 0, 0)


def test_whoever_is_wholly_covered_is_neither_missed_nor_false():
    near = Actor(x=160, y=235, height=220, distance=2.0, sway=0.0)
    far = Actor('squat', x=160, y=150, height=60, distance=4.0, start=-2.0, sway=0.0)
    scene = replace(SCENE, duration=0.5, actors=(near, far))
    for seen in (slice(0, 1), slice(0, 2)):
        figures = scored(lambda i, people: people[seen], scene)  # noqa: B023
        assert (figures.people, figures.misses, figures.false_positives) == (5, 0, 0)
    figures = scored(lambda i, people: people[1:], scene)
    assert (figures.misses, figures.false_positives) == (5, 0)


def test_errors_are_pixels_and_shares_of_the_height():
    def shifted(index, people):
        return [person(one.keypoints + np.float32([3, 4]), one.id) for one in people]

    figures = scored(shifted)
    assert figures.error_px == pytest.approx(5.0, rel=1e-3)
    assert figures.error == pytest.approx(5.0 / 150, rel=1e-3)


def test_scenes_are_summed_up_and_ids_of_different_scenes_are_different_people():
    good = follow(Oracle(SCENE), SCENE, 0)
    swapped = follow(
        Oracle(SCENE, lambda i, people: with_ids(2, 1)(people) if i >= 10 else people), SCENE, 0
    )
    both = score([good, swapped])
    assert (both.scenes, both.frames, both.switches) == (2, 80, 2)
    assert both.idf1 == pytest.approx((1 + score([swapped]).idf1) / 2)
