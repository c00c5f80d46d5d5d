"""Gestures in many styles, and a long video of everyday motion."""

from everyday_scenes import everyday
import numpy as np
import pytest

from pose_ros.actor import Action, Actor, skeletons
from pose_ros.actor.body import joints
from pose_ros.actor.motions import BASIC
from pose_ros.actor.motions.everyday_motions import EVERYDAY, mirrored, varied
from pose_ros.actor.motions.gesture_motions import PERFORMED, GestureStyle, perform


def arm(points, side='left'):
    """Unit vector from shoulder to wrist."""
    vector = points[f'{side}_wrist'] - points[f'{side}_shoulder']
    return vector / np.linalg.norm(vector)


def at(name, facing=0.0, time=3.0, **style):
    """Points of an actor in the middle of a gesture."""
    motion = perform(name, GestureStyle(facing=facing, **style)).motion
    return Actor((Action(motion, 0.0),), sway=0.0, facing=facing).at(time)[0].points


@pytest.mark.parametrize('facing', [-45, 0, 45])
@pytest.mark.parametrize('name', ['point_at_camera', 'stop'])
@pytest.mark.parametrize('side', ['left', 'right'])
def test_what_is_meant_for_the_camera_goes_there(name, side, facing):
    points = at(f'{name}_{side}', facing)
    assert arm(points, side) == pytest.approx([0, 0, -1], abs=0.02)
    hand = points[f'{side}_hand'] - points[f'{side}_wrist']
    hand /= np.linalg.norm(hand)
    expected = [0, -1, 0] if name == 'stop' else [0, 0, -1]
    assert hand == pytest.approx(expected, abs=0.02)


def test_head_bends_with_the_neck():
    level, low = at('nod', time=3.0, size=0.01), at('nod', time=3.0, size=0.01, phase=0.25)
    assert level['nose'][1] == pytest.approx(low['nose'][1], abs=1)
    nods = [at('nod', time=time)['nose'][1] for time in np.arange(3, 4, 0.05)]
    shoulders = [at('nod', time=time)['left_shoulder'][1] for time in np.arange(3, 4, 0.05)]
    assert np.ptp(nods) > 8  # of 360 px
    assert np.ptp(shoulders) < 1


def test_styles_differ_and_say_when_the_gesture_can_be_known():
    rng = np.random.default_rng(1)
    for name in PERFORMED:
        styles = [perform(name, GestureStyle.drawn(rng)) for _ in range(3)]
        assert len({style.known for style in styles}) == 3, name
        assert all(style.motion.ramp <= style.known < 3 for style in styles), name
    with pytest.raises(ValueError, match=r"unknown gesture 'dance', known are: wave_left"):
        perform('dance', GestureStyle())


def test_mirrored_motion_is_that_of_the_other_side():
    mirror = (-1, 1, 1)
    for plain, other in (('wave_left', 'wave_right'), ('walk', 'walk')):
        before = joints(mirrored(BASIC[plain]).pose(0.7))
        after = joints(BASIC[other].pose(0.7))
        if plain == other:
            assert before['left_knee'] == pytest.approx(after['right_knee'] * mirror)
        else:
            assert before['left_wrist'] == pytest.approx(after['left_wrist'], abs=1e-6)


def test_varied_motion_is_the_same_a_little_different():
    first, second = (varied(EVERYDAY['drink'], np.random.default_rng(s)) for s in (1, 2))
    assert first.ramp != second.ramp
    assert first.upper
    ways = [np.array([joints(m.pose(t))['right_wrist'] for t in (0.5, 1.5, 2.5)])
            for m in (first, second)]  # fmt: skip
    assert 0.005 < np.abs(ways[0] - ways[1]).max() < 0.25


@pytest.mark.parametrize('seed', range(3))
def test_everyday_is_long_full_and_stays_in_the_image(seed):
    scene = everyday(seed, duration=40.0, height=200.0, fps=2.0)
    videos = list(skeletons(scene, seed))
    again = list(skeletons(everyday(seed, duration=40.0, height=200.0, fps=2.0), seed))
    assert np.array_equal(videos[-1].people[0].keypoints, again[-1].people[0].keypoints)
    assert all(len(frame.people) == 1 for frame in videos)
    assert len({frame.motions[0] for frame in videos}) > 5
    for frame in videos:
        assert frame.people[0].observed.mean() > 0.8
