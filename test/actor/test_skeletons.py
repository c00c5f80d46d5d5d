"""Skeletons of the actor with the errors of a model."""

import numpy as np
import pytest

from pose_ros.actor import SIT, Action, Actor, Errors, Scene, skeletons
from pose_ros.core.topology import BLAZEPOSE33, COCO17
from pose_ros.core.types import KeypointState

NONE = Errors(noise=0.0, drift=0.0, dropout=0.0)


def video(actor, errors=None, topology=COCO17, **options):
    return list(skeletons(Scene(duration=2.0, actors=(actor,)), 1, topology, errors, **options))


@pytest.mark.parametrize('topology', [COCO17, BLAZEPOSE33], ids=lambda t: t.name)
def test_without_errors_they_are_the_truth(topology):
    frame = video(Actor(), NONE, topology)[10]
    for name in COCO17.keypoint_names:
        seen = frame.people[0].keypoints[topology.index(name)]
        assert seen == pytest.approx(frame.truths[0][name][:2], abs=1e-3)


def test_errors_have_the_size_asked_for():
    frames = video(Actor(sway=0.0, height=300), Errors(noise=0.01, drift=0.0, dropout=0.1))
    index = COCO17.index('left_wrist')
    way = [f.people[0].keypoints[index] - f.truths[0]['left_wrist'][:2] for f in frames]
    assert np.std(way) == pytest.approx(3.0, rel=0.3)
    states = np.array([f.people[0].states for f in frames])
    assert (states == KeypointState.BELOW_THRESHOLD).mean() == pytest.approx(0.1, abs=0.03)


def test_positions_are_metres_from_the_hips():
    person = video(Actor(sway=0.0), NONE, world=True)[0].people[0]
    hips = person.world[[COCO17.index('left_hip'), COCO17.index('right_hip')]]
    assert hips.mean(axis=0) == pytest.approx([0, 0, 0], abs=1e-5)
    height = np.ptp(person.world[:, 1])
    assert 1.4 < height < 1.7
    assert person.world[COCO17.index('left_wrist'), 0] > 0.2


def test_who_is_out_of_the_image_is_not_seen():
    assert video(Actor(x=-400.0))[0].people == ()
    half = video(Actor(x=0.0), NONE)[0].people[0]
    assert half.states[COCO17.index('right_wrist')] == KeypointState.PREDICTED


def test_sitting_people_keep_their_legs_while_they_wave():
    waving = Actor((Action('wave_left', 0.2, 1.7),), rest=SIT, facing=30.0, sway=0.0)
    first, last = video(waving, NONE)[0], video(waving, NONE)[30]
    assert last.motions == ('wave_left',)
    for name in ('left_knee', 'right_ankle', 'left_hip'):
        assert last.truths[0][name] == pytest.approx(first.truths[0][name], abs=1e-6)
    wrists = [f.truths[0]['left_wrist'][1] for f in (first, last)]
    assert wrists[1] < wrists[0] - 80
    # Turned towards the image's right: the left shoulder is farther away than the right one.
    assert first.truths[0]['left_shoulder'][2] > first.truths[0]['right_shoulder'][2] + 20


def test_the_same_seed_gives_the_same():
    first, second = video(Actor()), video(Actor())
    assert np.array_equal(first[20].people[0].keypoints, second[20].people[0].keypoints)
