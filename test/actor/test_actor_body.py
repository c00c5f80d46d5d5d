"""The actor's skeleton and motions: the true joints move as the motion's name says."""

import numpy as np
import pytest

from pose_ros.actor import MOTIONS, Action, Actor, Clothes, Scene, frames
from pose_ros.actor.body import ActorPose, joints
from pose_ros.actor.draw import Figure
from pose_ros.actor.motions import STAND
from pose_ros.core.topology import COCO17

HEIGHT = 360.0


def truth(motion, time=2.0, **changes):
    """Joints by name [heights] of a still actor in the middle of a motion."""
    actor = Actor(motion, height=HEIGHT, start=0.0, sway=0.0, **changes)
    figure, label = actor.at(time)
    return {
        name: point / HEIGHT for name, point in zip(COCO17.keypoint_names, figure.keypoints)
    }, label


def test_standing_body_is_as_tall_as_said():
    balls = Figure.of(STAND, Clothes(), 0.0, 100.0, 1.0).balls
    top, bottom = (balls[:, 1] - balls[:, 3]).min(), (balls[:, 1] + balls[:, 3]).max()
    assert bottom == pytest.approx(100.0)
    assert bottom - top == pytest.approx(1.0, abs=0.01)


def test_left_is_the_persons_left():
    for name, left in (('eye', 0.03), ('shoulder', 0.2), ('hip', 0.1), ('ankle', 0.1)):
        points = joints(STAND)
        assert points[f'left_{name}'][0] - points[f'right_{name}'][0] > left


def test_whoever_turns_around_has_the_left_on_the_other_side():
    points = joints(STAND._replace(body=(0.0, 180.0)))
    assert points['left_shoulder'][0] < -0.1
    assert points['nose'][2] > points['head'][2]


def test_whoever_turns_to_the_images_right_looks_there():
    points = joints(ActorPose(body=(0.0, 90.0)))
    assert points['nose'][0] - points['head'][0] > 0.04
    assert points['left_shoulder'][2] > points['right_shoulder'][2] + 0.2


def test_whoever_tips_falls_the_way_they_face():
    facing = joints(ActorPose(tip=(0.0, 80.0)))
    assert facing['nose'][2] < -0.3  # towards the camera
    aside = joints(ActorPose(body=(0.0, 90.0), tip=(0.0, 80.0)))
    assert aside['nose'][0] > 0.3
    left = joints(ActorPose(tip=(80.0, 0.0)))
    assert left['nose'][0] > 0.3
    away = joints(ActorPose(body=(0.0, 90.0), tip=(80.0, 0.0)))
    assert away['nose'][2] > 0.3


@pytest.mark.parametrize('side', ['left', 'right'])
@pytest.mark.parametrize('angles', [(0, 0), (45, 0), (90, 0), (120, 40), (20, 80)])
def test_bones_keep_their_length(side, angles):
    points = joints(ActorPose(**{f'{side}_arm': angles, f'{side}_thigh': angles}))
    rest = joints(ActorPose())
    for bone in (('shoulder', 'elbow'), ('elbow', 'wrist'), ('hip', 'knee'), ('knee', 'ankle')):
        first, last = (f'{side}_{joint}' for joint in bone)
        length = np.linalg.norm(points[last] - points[first])
        assert length == pytest.approx(np.linalg.norm(rest[last] - rest[first]))


def test_an_arm_pointing_at_the_camera_is_foreshortened():
    points = joints(ActorPose(left_arm=(0, 80), left_forearm=(0, 80)))
    arm = points['left_wrist'] - points['left_shoulder']
    assert np.linalg.norm(arm[:2]) < 0.1
    assert arm[2] < -0.25


@pytest.mark.parametrize(('side', 'sign'), [('left', 1), ('right', -1)])
def test_a_raised_arm_takes_its_shoulder_along(side, sign):
    hanging, level, up = (
        joints(ActorPose(**{f'{side}_arm': (angle, 0.0)}))[f'{side}_shoulder'] * sign
        for angle in (0.0, 90.0, 180.0)
    )
    assert level[0] == pytest.approx(hanging[0])
    assert 0.005 < hanging[0] - up[0] < 0.04


@pytest.mark.parametrize(('side', 'other', 'sign'), [('left', 'right', 1), ('right', 'left', -1)])
def test_one_hand_does_what_the_motion_says(side, other, sign):
    up, label = truth(f'raise_{side}')
    assert label == f'raise_{side}'
    assert up[f'{side}_wrist'][1] < up['nose'][1] - 0.1
    assert up[f'{other}_wrist'][1] > up[f'{other}_shoulder'][1] + 0.2

    out, _ = truth(f'point_{side}')
    reach = out[f'{side}_wrist'] - out[f'{side}_shoulder']
    assert reach[0] * sign > 0.28
    assert abs(reach[1]) < 0.05
    assert out[f'{other}_wrist'][1] > out[f'{other}_shoulder'][1] + 0.2


@pytest.mark.parametrize(('side', 'other'), [('left', 'right'), ('right', 'left')])
def test_a_waving_hand_swings_above_the_shoulder(side, other):
    moments = [truth(f'wave_{side}', time)[0] for time in np.arange(1.0, 3.0, 1 / 30)]
    hand = np.array([points[f'{side}_wrist'] - points[f'{side}_elbow'] for points in moments])
    still = np.array([points[f'{other}_wrist'] for points in moments])
    turns = np.count_nonzero(np.diff(np.sign(np.diff(hand[:, 0]))))
    assert 4 <= turns <= 7  # 1.4 Hz for two seconds
    assert np.ptp(hand[:, 0]) > 0.08
    assert all(p[f'{side}_wrist'][1] < p[f'{side}_shoulder'][1] - 0.05 for p in moments)
    assert np.ptp(still, axis=0).max() < 1e-6


def test_both_hands_up_and_both_arms_out():
    up, _ = truth('raise_both')
    out, _ = truth('t_pose')
    for side, sign in (('left', 1), ('right', -1)):
        assert up[f'{side}_wrist'][1] < up['nose'][1] - 0.1
        assert (out[f'{side}_wrist'] - out[f'{side}_shoulder'])[0] * sign > 0.28
        assert abs(out[f'{side}_wrist'][1] - out[f'{side}_shoulder'][1]) < 0.05


def test_squatting_lowers_the_hips_and_keeps_the_feet():
    stand, _ = truth('stand')
    squat, _ = truth('squat')
    assert squat['left_hip'][1] - stand['left_hip'][1] > 0.15
    assert abs(squat['left_ankle'][1] - stand['left_ankle'][1]) < 0.02
    assert squat['left_hip'][1] < squat['left_knee'][1]


@pytest.mark.parametrize(('motion', 'done', 'sign'), [('fall', 0.8, 1), ('lie_down', 2.6, -1)])
def test_lying_people_lie_and_stay_so(motion, done, sign):
    for time in (done, 20.0):
        lying, label = truth(motion, time)
        assert label == motion
        trunk = lying['left_shoulder'] - lying['left_hip']
        assert trunk[0] * sign > 0.25
        assert abs(trunk[1]) < 0.1
        # The lower side touches the ground.
        assert max(point[1] for point in lying.values()) > 460.0 / HEIGHT - 0.12


def test_a_fallen_person_gets_up_slowly_when_the_action_ends():
    actor = Actor((Action('fall', 1.0, 5.0),), sway=0.0)
    heights = {time: actor.at(time)[0].keypoints[0, 1] for time in (0.0, 1.9, 4.0, 5.0, 6.0)}
    assert heights[1.9] == pytest.approx(heights[4.0])
    assert heights[4.0] > heights[0.0] + 0.5 * HEIGHT
    assert heights[0.0] + 20 < heights[5.0] < heights[4.0] - 20
    assert heights[6.0] == pytest.approx(heights[0.0])


def test_a_fall_is_faster_than_lying_down():
    assert truth('fall', 0.5)[0]['nose'][1] > truth('lie_down', 0.5)[0]['nose'][1] + 0.2


@pytest.mark.parametrize('speed', [0.4, -0.4])
def test_a_walker_crosses_the_image_with_swinging_legs(speed):
    scene = Scene(fps=15, duration=3.5, actors=(Actor('walk', start=0.0, speed=speed),), noise=0)
    track = [frame.people[0].keypoints for frame in frames(scene)]
    names = COCO17.index
    hips = np.array([(k[names('left_hip')] + k[names('right_hip')]) / 2 for k in track])
    assert (hips[45, 0] - hips[15, 0]) / HEIGHT == pytest.approx(2 * speed, abs=0.03)
    looks = [k[names('nose')][0] - k[names('left_ear')][0] for k in track[10:]]
    assert all(look * speed > 0 for look in looks)
    gap = np.array([(k[names('left_ankle')] - k[names('right_ankle')])[0] for k in track[10:]])
    assert gap.max() > 0.05 * HEIGHT
    assert gap.min() < -0.05 * HEIGHT


def test_standing_is_still_but_alive():
    scene = Scene(fps=10, duration=4, noise=0)
    track = np.array([frame.people[0].keypoints for frame in frames(scene)])
    motion = np.ptp(track, axis=0).max(axis=1)
    assert motion.max() > 1.0
    assert motion.max() < 0.06 * HEIGHT


def test_the_label_is_on_while_the_motion_is():
    actor = Actor((Action('raise_left', 1.0, 2.0), Action('t_pose', 4.0, 1.5)), sway=0.0)
    stand = actor.at(0.0)[0].keypoints
    labels = {time: actor.at(time)[1] for time in (0.9, 1.1, 1.3, 2.7, 2.9, 3.5, 4.7, 6.0)}
    assert list(labels.values()) == [
        *('stand', 'stand', 'raise_left', 'raise_left', 'stand', 'stand', 't_pose', 'stand')
    ]
    for time in (1.0, 3.0, 3.5, 6.0):
        assert np.allclose(actor.at(time)[0].keypoints, stand)


@pytest.mark.parametrize('motion', MOTIONS)
def test_no_motion_jumps(motion):
    actor = Actor(motion, start=0.2, speed=0.4)
    track = np.array([actor.at(time)[0].keypoints for time in np.arange(0, 4, 1 / 30)])
    step = np.linalg.norm(np.diff(track, axis=0), axis=2).max()
    assert step < 0.14 * HEIGHT


def test_unknown_motion_lists_the_known():
    with pytest.raises(ValueError, match=r"unknown motion 'dance'.*stand.*fall"):
        Actor('dance')


@pytest.mark.parametrize(
    ('field', 'value'),
    [
        *(('x', np.nan), ('y', np.inf), ('height', 0), ('start', np.nan), ('speed', 9)),
        *(('distance', 0), ('sway', -1), ('height', 'tall'), ('x', True)),
    ],
)
def test_impossible_actors_are_refused(field, value):
    with pytest.raises(ValueError, match=f'^{field} must be'):
        Actor(**{field: value})


def test_impossible_actions_are_refused():
    with pytest.raises(ValueError, match=r'^duration must be positive'):
        Action('stand', duration=0)
    with pytest.raises(ValueError, match='motion must be one after another: squat starts at 2 s'):
        Actor((Action('t_pose', 1.0, 2.0), Action('squat', 2.0)))
    with pytest.raises(ValueError, match='motion must be a name or actions'):
        Actor(('wave_left',))


@pytest.mark.parametrize('colour', [(0, 0), (0, 0, 256), (-1, 0, 0)])
def test_impossible_colours_are_refused(colour):
    with pytest.raises(ValueError, match=r'^shirt must be'):
        Clothes(shirt=colour)
