"""The actor's exercises: what is well done, and what is not, in the true joints."""

import numpy as np
import pytest

from pose_ros.actor import MOTIONS
from pose_ros.actor.body import joints
from pose_ros.actor.motions.exercise_motions import FAULTS, duration, exercise, usual


def at_turn(name, fault='', turn=0.0):
    """Joints at the turning point."""
    manner = usual(name, fault=fault)
    motion = exercise(name, manner, turn)
    return joints(motion.pose(motion.ramp + manner.out + manner.hold / 2))


def angle(points, *names):
    """Angle [deg] at the middle one of three joints."""
    first, middle, last = (points[name] for name in names)
    a, b = first - middle, last - middle
    return np.degrees(np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b)))


def gap(points, joint):
    return points[f'left_{joint}'][0] - points[f'right_{joint}'][0]


def test_goals_are_reached():
    knees = ('left_hip', 'left_knee', 'left_ankle')
    elbows = ('left_shoulder', 'left_elbow', 'left_wrist')
    assert angle(at_turn('squat'), *knees) < 80
    assert angle(at_turn('lunge'), *knees) < 95
    assert angle(at_turn('push_up'), *elbows) < 85
    assert angle(at_turn('overhead_press'), *elbows) > 172
    lifted = at_turn('deadlift')
    assert angle(lifted, *knees) > 120
    assert angle(lifted, 'left_knee', 'left_hip', 'left_shoulder') < 85
    jack = at_turn('jumping_jack')
    assert jack['left_wrist'][1] < jack['nose'][1]
    assert gap(jack, 'ankle') > 0.4


def test_faults_show():
    assert gap(at_turn('squat', 'knees_cave_in'), 'knee') < 0.5 * gap(at_turn('squat'), 'ankle')
    for points, low in ((at_turn('push_up', 'hips_sag'), True), (at_turn('push_up'), False)):
        middle = (points['left_shoulder'] + points['left_ankle'])[1] / 2
        assert (points['left_hip'][1] > middle + 0.03) == low
    back = [np.linalg.norm(at_turn('deadlift', f)['neck']) for f in ('', 'back_rounds')]
    assert back[1] < 0.85 * back[0]
    press = at_turn('overhead_press', 'uneven_arms')
    assert press['left_wrist'][1] < press['right_wrist'][1] - 0.05


@pytest.mark.parametrize('turn', [0.0, 45.0, 90.0])
def test_feet_stay_where_they_are(turn):
    manner = usual('squat', repetitions=1)
    motion = exercise('squat', manner, turn)
    feet = []
    for time in np.linspace(0.0, duration('squat', manner), 20):
        pose = motion.pose(time)
        points = joints(pose)
        feet.append(pose.shift[0] + (points['left_ankle'] + points['right_ankle'])[0] / 2)
    assert np.ptp(feet) < 1e-6


def test_repetitions_end():
    manner = usual('squat', repetitions=2, rng=np.random.default_rng(1))
    motion = exercise('squat', manner)
    after = motion.pose(duration('squat', manner))
    assert after == motion.pose(0.0)


def test_all_can_be_asked_for_by_name():
    assert {name for name in FAULTS if name != 'squat'} | {'squats'} <= set(MOTIONS)
    assert 'squat_knees_cave_in' in MOTIONS
