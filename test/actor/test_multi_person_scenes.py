"""People on one floor who pass, cross, leave and stand together, drawn from a seed."""

from dataclasses import replace

import numpy as np
import pytest

from pose_ros.actor import frames
from pose_ros.actor.covering import SEEN
from pose_ros.actor.multi_person_scenes import SCENE_KINDS, multi_person_scene


def shown(scene):
    """Visible joints [frames, people] and middles of the bodies [px], in small images."""
    video = list(frames(replace(scene, noise=0.0, blur=0.0, background='plain')))
    visible = np.array([[person.visible.sum() for person in frame.people] for frame in video])
    middles = np.array(
        [[person.keypoints[[11, 12], 0].mean() for person in frame.people] for frame in video]
    )
    return visible, middles


@pytest.mark.parametrize('kind', SCENE_KINDS)
def test_the_same_seed_gives_the_same_scene_at_every_rate(kind):
    scene = multi_person_scene(kind, 3)
    assert scene == multi_person_scene(kind, 3)
    assert scene != multi_person_scene(kind, 4)
    assert replace(multi_person_scene(kind, 3, fps=7.5), fps=30.0) == scene
    assert 3 < scene.duration < 12


@pytest.mark.parametrize('kind', SCENE_KINDS)
def test_all_stand_on_one_floor(kind):
    for seed in range(4):
        scene = multi_person_scene(kind, seed)
        actors = sorted(scene.actors, key=lambda actor: actor.distance)
        ground, distance = (
            np.array([getattr(a, key) for a in actors]) for key in ('y', 'distance')
        )
        assert (np.diff(ground) < 0).all()
        assert scene.height * 0.75 < ground.min()
        assert ground.max() <= scene.height
        # A camera that looks straight ahead: rows below the horizon go as one over the distance.
        slope, horizon = np.polyfit(1 / distance, ground, 1)
        assert ground == pytest.approx(slope / distance + horizon, abs=0.5)
        # People of 1.58 to 1.86 m, by the same camera.
        tall = np.array([actor.height for actor in actors]) * distance
        assert tall.max() / tall.min() < 1.86 / 1.58 + 1e-6


@pytest.mark.parametrize('people', [2, 3, 4])
def test_in_a_crossing_a_person_is_wholly_hidden_but_not_for_long(people):
    for seed in range(2):
        visible, _ = shown(multi_person_scene('crossing', seed, people, fps=15))
        assert (visible == 0).any(axis=1).sum() >= 1
        assert (visible < SEEN * 17).sum(axis=0).max() / 15 < 1.05
        assert (visible[0] >= SEEN * 17).all()


def test_crossings_go_on_and_turn_back():
    """Where they end tells whether everybody's motion went on as it was."""
    went_on = []
    for seed in range(12):
        scene = multi_person_scene('crossing', seed, 2)
        ends = [actor.at(scene.duration)[0].points['pelvis'][0] for actor in scene.actors]
        went_on += [
            (end - scene.width / 2) * (actor.x - scene.width / 2) < 0
            for end, actor in zip(ends, scene.actors)
        ]
    assert 0.2 < np.mean(went_on) < 0.8


def test_who_passes_is_covered_in_part():
    for seed in range(3):
        visible, middles = shown(multi_person_scene('passing', seed, fps=10))
        assert visible.min() < 12
        assert visible.min() > 0
        order = np.argsort(middles, axis=1)
        assert (order != order[0]).any()


@pytest.mark.parametrize(('kind', 'low', 'high'), [('leaving', 0.3, 1.0), ('returning', 1.3, 4.0)])
def test_the_first_is_away_and_comes_back(kind, low, high):
    for seed in range(2):
        visible, middles = shown(multi_person_scene(kind, seed, fps=10))
        assert low < (visible[:, 0] < SEEN * 17).sum() / 10 < high
        assert visible[:, 0].min() == 0
        assert visible[-1, 0] > 12
        assert abs(middles[0, 0] - middles[-1, 0]) < 10
        assert visible[:, 1:].min() > SEEN * 17


def test_a_group_stands_side_by_side():
    for people in (2, 6):
        visible, middles = shown(multi_person_scene('group', 1, people, fps=5))
        assert visible.shape[1] == people
        assert visible.min() > SEEN * 17
        assert (np.diff(middles[0]) > 0).all()


def test_clothes_can_be_told_apart_or_are_the_same():
    for seed in range(6):
        shirts = [np.array(a.clothes.shirt) for a in multi_person_scene('group', seed, 6).actors]
        distances = [np.linalg.norm(a - b) for i, a in enumerate(shirts) for b in shirts[:i]]
        assert min(distances) > 60
    scene = multi_person_scene('crossing', 2, 3, same_clothes=True)
    assert len({(a.clothes.shirt, a.clothes.trousers) for a in scene.actors}) == 1


def test_an_unknown_scene_is_refused():
    with pytest.raises(ValueError, match=r"unknown scene 'duel', known are: passing, crossing"):
        multi_person_scene('duel', 0)
    with pytest.raises(ValueError, match=r'people must be 2 to 4 in crossing, got 5'):
        multi_person_scene('crossing', 0, 5)
    with pytest.raises(ValueError, match=r'people must be 2 to 6 in group, got 0'):
        multi_person_scene('group', 0, 0)
