"""Figures that move as recorded joints do."""

import numpy as np
import pytest

from pose_ros.actor import Scene, frames, play
from pose_ros.actor.body import joints
from pose_ros.actor.motions import STAND
from pose_ros.core.topology import COCO17

STATURE = 1.8


def recorded(count=10):
    """A standing person of 1.8 m who faces +y and raises the left arm; z up [m]."""
    points = joints(STAND)
    standing = np.array([points[name] for name in COCO17.keypoint_names]) * STATURE
    # The camera's right is the person's left, here -x; down is -z; away is -y.
    moving = np.repeat((standing * (-1, 1, -1))[None, :, [0, 2, 1]] * (1, 1, -1), count, axis=0)
    for part in ('elbow', 'wrist'):
        moving[:, COCO17.index(f'left_{part}'), 2] += np.linspace(0, 0.8, count)
    return moving


def test_the_joints_are_drawn_where_they_were_recorded():
    motion = recorded()
    actor = play(motion, 10.0, x=300.0, y=400.0, height=360.0)
    figure, label = actor.at(0.0)
    assert label == 'played'
    expected = joints(STAND)
    pelvis = figure.points['pelvis']
    assert pelvis[0] == pytest.approx(300.0)
    for name in COCO17.keypoint_names[5:]:
        # The height follows from nose and ankles, whose distance this body has 5 % different.
        assert figure.points[name] - pelvis == pytest.approx(expected[name] * 360, abs=12.0), name
    lowest = (figure.balls[:, 1] + figure.balls[:, 3]).max()
    assert lowest == pytest.approx(400.0, abs=15.0)
    later = actor.at(0.45)[0].points['left_wrist'][1]
    assert figure.points['left_wrist'][1] - later == pytest.approx(0.4 / STATURE * 360, abs=6.0)
    assert (actor.at(9.0)[0].keypoints == actor.at(0.9)[0].keypoints).all()


def test_the_camera_goes_around_the_person():
    motion = recorded()
    front, side, back, above = (
        play(motion, 10.0, azimuth=azimuth, elevation=elevation).at(0.0)[0].points
        for azimuth, elevation in ((0, 0), (90, 0), (180, 0), (0, 60))
    )
    across = [p['left_shoulder'] - p['right_shoulder'] for p in (front, side, back)]
    assert across[0][0] > 70
    assert abs(across[1][0]) < 1
    # Seen from the left, the left shoulder is nearer.
    assert across[1][2] < -70
    assert across[2][0] < -70
    assert front['nose'][2] < front['head'][2]
    assert back['nose'][2] > back['head'][2]
    heights = [p['left_ankle'][1] - p['left_hip'][1] for p in (front, above)]
    assert heights[1] == pytest.approx(heights[0] / 2, rel=0.1)


def test_gaps_are_interpolated_and_images_are_made():
    motion = recorded()
    motion[3:6, COCO17.index('left_wrist')] = np.nan
    whole, gaps = (play(m, 10.0).at(0.4)[0].points['left_wrist'] for m in (recorded(), motion))
    assert gaps == pytest.approx(whole)
    scene = Scene(fps=2.0, duration=1.0, actors=(play(motion, 10.0),))
    first, second = frames(scene, 0)
    assert (first.image != second.image).any()
    assert second.people[0].visible.sum() >= 10


def test_joints_that_cannot_be_played_are_refused():
    with pytest.raises(ValueError, match=r'\[T, 17, 3\], got \[10, 13, 3\]'):
        play(recorded()[:, :13], 30.0)
    motion = recorded()
    motion[:, 4] = np.nan
    with pytest.raises(ValueError, match='known once'):
        play(motion, 30.0)
