from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from pose_ros.actor import frames, line_up, mixed_scene

COMPANIES = range(2, 7)


@pytest.mark.parametrize('people', [0, 7, -1])
def test_more_people_than_there_is_room_for_are_refused(people):
    for make in (mixed_scene, line_up):
        with pytest.raises(ValueError, match=f'people must be 1 to 6, got {people}'):
            make(people)


def places(scene, time):
    """Middle of each body [px] at a time."""
    return np.array([actor.at(time)[0].keypoints[[11, 12], 0].mean() for actor in scene.actors])


@pytest.mark.parametrize('people', COMPANIES)
def test_everybody_walks_to_the_other_side_and_back(people):
    scene = mixed_scene(people)
    assert len(scene.actors) == people
    walks = [a for actor in scene.actors for a in actor.actions if a.motion == 'walk']
    assert len(walks) == 2 * (people - people % 2)
    assert max(action.end for action in walks) < scene.duration
    begin = places(scene, 0.0)
    between = (min(a.end for a in walks) + max(a.start for a in walks)) / 2
    np.testing.assert_allclose(places(scene, between), begin[::-1], atol=8)
    # It ends as it begins, so it can be repeated.
    np.testing.assert_allclose(places(scene, scene.duration), begin, atol=8)


@pytest.mark.parametrize('people', COMPANIES)
def test_each_pair_meets_once_before_the_middle_of_the_scene(people):
    scene = mixed_scene(people)
    middle = max(scene.actors[0].actions[2].end, scene.actors[people // 2].actions[2].end) + 2
    course = np.array([places(scene, time) for time in np.arange(0, middle, 0.05)])
    for left, right in combinations(range(people), 2):
        apart = course[:, left] - course[:, right]
        crossings = (np.diff(np.sign(apart)) != 0).sum()
        assert crossings == 1, (left, right)


@pytest.mark.parametrize('people', COMPANIES)
def test_neighbours_do_different_gestures_at_their_own_times(people):
    scene = mixed_scene(people)
    for one, other in zip(scene.actors, scene.actors[1:]):
        assert one.actions[0].motion != other.actions[0].motion
        assert one.actions[0].start < other.actions[0].start
    assert len({actor.clothes.shirt for actor in scene.actors}) == people
    assert len({actor.distance for actor in scene.actors}) == people


@pytest.mark.parametrize('people', COMPANIES)
def test_everybody_stands_whole_in_the_image(people):
    scene = replace(mixed_scene(people), duration=0.1)
    first = next(frames(scene, seed=1))
    assert len(first.people) == people
    for truth in first.people:
        inside = (truth.keypoints >= 0) & (truth.keypoints < (640, 480))
        assert inside.all()
        # No one is hidden by another person before they begin.
        assert truth.visible.mean() > 0.8
        assert truth.height > 150


def test_one_alone_stands_as_ever():
    (alone,) = line_up(1)
    assert (alone.x, alone.height) == (320, 360)
