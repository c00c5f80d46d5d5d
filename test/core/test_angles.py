"""Joint angles of one person: what they mean, when they are absent, how sure they are."""

from dataclasses import replace
import math

import numpy as np
import pytest

from pose_ros.actor import Action, Actor, Errors, Scene, skeletons
from pose_ros.actor.motions import STAND, ActorMotion
from pose_ros.core.body.angles import AngleMeter, JointAngles, measure
from pose_ros.core.topology import BLAZEPOSE33, COCO17, TOPOLOGIES
from pose_ros.core.types import Box, KeypointState, Person

EXACT = Errors(noise=0.0, drift=0.0, dropout=0.0)
SIDES = ('left', 'right')


def posing(pose, topology=COCO17, *, height=360, world=False, facing=0.0):
    """The actor as a statue, seen without errors."""
    actor = Actor(
        (Action(ActorMotion(lambda time: pose), start=-9.0),),
        height=height,
        sway=0.0,
        facing=facing,
    )
    scene = Scene(width=1280, height=480, duration=0.1, actors=(replace(actor, x=700.0),))
    return next(skeletons(scene, 0, topology, EXACT, world)).people[0]


def degrees(person, name):
    return math.degrees(measure(person).angle(name))


def without(person, *names, state=KeypointState.BELOW_THRESHOLD):
    """The person with keypoints that were not observed."""
    states = person.states.copy()
    states[[person.topology.index(name) for name in names]] = state
    return replace(person, states=states)


def turned(person, angle):
    """The person turned in the image [deg], clockwise."""
    cos, sin = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    turn = np.array([[cos, sin], [-sin, cos]], np.float32)
    middle = person.keypoints.mean(axis=0)
    return replace(person, keypoints=(person.keypoints - middle) @ turn + middle)


POSES = {
    'elbow': (
        STAND._replace(left_arm=(80.0, 0.0), left_forearm=(130.0, 0.0)),
        {'left_elbow': 130.0, 'left_shoulder': 80.0},
    ),
    'overhead': (
        STAND._replace(right_arm=(160.0, 0.0), right_forearm=(185.0, 0.0)),
        {'right_elbow': 155.0, 'right_shoulder': 160.0},
    ),
    'leg': (
        STAND._replace(left_thigh=(60.0, 0.0), left_shin=(-20.0, 0.0)),
        {'left_hip': 120.0, 'left_knee': 100.0, 'right_hip': 177.0, 'right_knee': 178.0},
    ),
    'leaning': (STAND._replace(torso=(25.0, 0.0)), {'trunk': 25.0, 'neck': 0.0}),
    'head': (STAND._replace(head=(20.0, 0.0)), {'neck': 20.0, 'trunk': 0.0}),
    'lying': (
        STAND._replace(body=(-90.0, 0.0), left_thigh=(40.0, 0.0), left_shin=(40.0, 0.0)),
        {'trunk': 90.0, 'left_hip': 140.0, 'left_knee': 180.0, 'right_hip': 177.0},
    ),
    'head down': (STAND._replace(body=(180.0, 0.0)), {'trunk': 180.0, 'neck': 0.0}),
}


@pytest.mark.parametrize('topology', [COCO17, BLAZEPOSE33], ids=lambda t: t.name)
@pytest.mark.parametrize('pose', POSES)
def test_angles_in_the_image_plane_are_those_of_the_joints(pose, topology):
    pose, expected = POSES[pose]
    person = posing(pose, topology)
    found = {name: degrees(person, name) for name in expected}
    assert found == pytest.approx(expected, abs=2.0)


def test_a_person_from_the_side_bends_knees_and_ankles():
    squatting = STAND._replace(
        body=(0.0, 90.0),
        torso=(0.0, 30.0),
        **{f'{side}_thigh': (0.0, 80.0) for side in SIDES},
        **{f'{side}_shin': (0.0, -20.0) for side in SIDES},
    )
    person = posing(squatting, BLAZEPOSE33)
    for side in SIDES:
        assert degrees(person, f'{side}_knee') == pytest.approx(80.0, abs=2.0)
        assert degrees(person, f'{side}_hip') == pytest.approx(70.0, abs=2.0)
    assert degrees(person, 'trunk') == pytest.approx(30.0, abs=2.0)
    flexed = degrees(person, 'left_ankle')
    standing = posing(STAND._replace(body=(0.0, 90.0)), BLAZEPOSE33)
    assert degrees(standing, 'left_ankle') == pytest.approx(90.0, abs=25.0)
    # The actor's foot stays level while its shin tips forward.
    assert flexed < degrees(standing, 'left_ankle') - 15.0


@pytest.mark.parametrize('topology', [COCO17, BLAZEPOSE33], ids=lambda t: t.name)
def test_the_mirrored_person_has_the_mirrored_angles(topology):
    pose = STAND._replace(left_arm=(70.0, 0.0), left_forearm=(150.0, 0.0), torso=(10.0, 0.0))
    person = posing(pose, topology)
    keypoints = person.keypoints * (-1, 1) + (1279, 0)
    mirrored = replace(person, keypoints=keypoints[topology.mirror].astype(np.float32))
    there, here = measure(mirrored), measure(person)
    for name in here.names:
        side, _, joint = name.partition('_')
        other = {'left': f'right_{joint}', 'right': f'left_{joint}'}.get(side, name)
        assert there.angle(other) == pytest.approx(here.angle(name), abs=1e-4, nan_ok=True)


@pytest.mark.parametrize('angle', [30, 90, 180, 250])
def test_only_the_trunk_knows_where_up_is(angle):
    upright = posing(STAND._replace(left_arm=(80.0, 0.0), left_forearm=(130.0, 0.0)))
    there, here = measure(turned(upright, angle)), measure(upright)
    assert math.degrees(there.angle('trunk')) == pytest.approx(min(angle, 360 - angle), abs=0.5)
    rest = [here.index(name) for name in here.names if name != 'trunk']
    assert there.angles[rest] == pytest.approx(here.angles[rest], abs=1e-4)


def test_every_format_has_its_full_set():
    names = {t.name: measure(posing(STAND, t)).names for t in (COCO17, BLAZEPOSE33)}
    assert len(names['coco17']) == 10
    assert set(names['blazepose33']) - set(names['coco17']) == {'left_ankle', 'right_ankle'}


@pytest.mark.parametrize('topology', TOPOLOGIES.values(), ids=TOPOLOGIES)
def test_a_person_of_whom_nothing_is_seen_has_no_angles(topology):
    count = len(topology)
    person = Person(
        topology,
        np.zeros((count, 2), np.float32),
        np.zeros(count, np.float32),
        np.full(count, KeypointState.BELOW_THRESHOLD, np.uint8),
        0.0,
        Box(0, 0, 1, 1),
        1,
    )
    angles = measure(person)
    assert len(angles.names) >= 10
    assert np.isnan(angles.angles).all()
    assert np.isnan(angles.deviations).all()
    assert (angles.confidences == 0).all()
    assert np.isnan(AngleMeter().measure(person, 0.0).angles).all()


@pytest.mark.parametrize('state', [1, 2, 3], ids=lambda s: KeypointState(s).name)
def test_an_angle_without_its_keypoint_is_absent(state):
    person = without(posing(STAND), 'left_wrist', 'right_knee', state=state)
    angles = measure(person)
    gone = {'left_elbow', 'right_knee', 'right_hip'}
    for name in angles.names:
        i = angles.index(name)
        absent = np.isnan(angles.angles[i]), np.isnan(angles.deviations[i])
        assert absent == (name in gone,) * 2
        assert (angles.confidences[i] == 0) == (name in gone)


def test_coordinates_that_are_no_numbers_count_as_unseen():
    person = posing(STAND)
    person.keypoints[COCO17.index('left_wrist')] = np.nan
    angles = measure(person)
    assert np.isnan(angles.angle('left_elbow'))
    assert np.isfinite(angles.angle('left_shoulder'))


def test_a_bone_that_points_at_the_camera_has_no_angle_in_the_plane():
    pointing = STAND._replace(left_arm=(10.0, 0.0), left_forearm=(0.0, 90.0))
    angles = measure(posing(pointing))
    assert np.isnan(angles.angle('left_elbow'))
    assert np.isfinite(angles.angle('right_elbow'))
    assert not angles.in_space


def test_a_speck_has_no_angles():
    assert np.isnan(measure(posing(STAND, height=20)).angle('left_elbow'))
    assert np.isfinite(measure(posing(STAND, height=60)).angle('left_elbow'))


def test_one_side_of_the_trunk_will_do_but_is_less_sure():
    whole = posing(STAND)
    half = measure(without(whole, 'right_hip'))
    for name in ('left_shoulder', 'trunk', 'left_hip'):
        i = half.index(name)
        assert abs(half.angles[i] - measure(whole).angles[i]) < 2 * half.deviations[i]
        assert half.deviations[i] > measure(whole).deviations[i]
        assert half.confidences[i] < measure(whole).confidences[i]
    none = measure(without(whole, 'left_hip', 'right_shoulder'))
    assert np.isnan([none.angle('trunk'), none.angle('neck'), none.angle('left_shoulder')]).all()
    assert np.isfinite(none.angle('left_elbow'))


@pytest.mark.parametrize('name', ['left_elbow', 'left_shoulder', 'left_hip', 'neck', 'trunk'])
def test_the_deviation_is_that_of_angles_with_so_much_noise(name):
    pose = STAND._replace(left_arm=(80.0, 0.0), left_forearm=(110.0, 0.0), head=(60.0, 0.0))
    pose = pose._replace(torso=(15.0, 0.0), left_thigh=(25.0, 0.0))
    person, rng = posing(pose), np.random.default_rng(0)
    person = replace(person, scores=np.ones(17, np.float32))
    noise = np.full((17, 2), 6.0)  # far more than the model's own bias
    told = measure(person, noise)
    shaken = [
        measure(replace(person, keypoints=person.keypoints + rng.normal(0, 6.0, (17, 2))))
        for _ in range(400)
    ]
    spread = np.std([angles.angle(name) for angles in shaken])
    assert told.deviations[told.index(name)] == pytest.approx(spread, rel=0.2)


def test_the_deviation_grows_with_jitter_and_falls_with_score_and_size():
    person = posing(STAND)
    calm, wild = (measure(person, np.full((17, 2), noise)) for noise in (0.1, 3.0))
    unsure = measure(replace(person, scores=person.scores / 2), np.full((17, 2), 0.1))
    small = measure(posing(STAND, height=120), np.full((17, 2), 3.0))
    assert (calm.deviations < wild.deviations).all()
    assert (calm.deviations < unsure.deviations).all()
    assert (calm.confidences > unsure.confidences).all()
    assert (wild.deviations < small.deviations).all()
    assert (wild.confidences > small.confidences).all()


def test_in_space_an_arm_that_points_at_the_camera_has_its_angle():
    pose = STAND._replace(left_arm=(60.0, 0.0), left_forearm=(60.0, 75.0))
    angles = measure(posing(pose, BLAZEPOSE33, world=True))
    assert angles.in_space
    assert math.degrees(angles.angle('left_elbow')) == pytest.approx(105.0, abs=6.0)


@pytest.mark.parametrize('facing', [0, 40, -70])
def test_in_space_angles_do_not_depend_on_where_the_camera_stands(facing):
    pose = STAND._replace(left_thigh=(0.0, 80.0), left_shin=(0.0, -10.0), torso=(0.0, 40.0))
    person = posing(pose, BLAZEPOSE33, world=True, facing=facing)
    for name, expected in (('left_knee', 90.0), ('left_hip', 60.0), ('trunk', 40.0)):
        assert degrees(person, name) == pytest.approx(expected, abs=12.0)


def test_positions_count_from_any_origin():
    person = posing(STAND._replace(left_forearm=(0.0, 60.0)), BLAZEPOSE33, world=True)
    moved = replace(person, world=person.world + np.float32([1.0, -2.0, 30.0]))
    assert measure(moved).angles == pytest.approx(measure(person).angles, abs=1e-3, nan_ok=True)


def test_a_keypoint_without_a_position_has_no_angle_in_space():
    person = posing(STAND, BLAZEPOSE33, world=True)
    person.world[BLAZEPOSE33.index('left_wrist')] = np.nan
    angles = measure(person)
    assert np.isnan(angles.angle('left_elbow'))
    assert np.isfinite(angles.angle('right_elbow'))
    nowhere = replace(person, world=np.full_like(person.world, np.nan))
    assert not measure(nowhere).in_space
    assert np.isfinite(measure(nowhere).angle('left_elbow'))


def test_a_small_tilt_is_taken_for_the_models_fault():
    """Models bend straight legs in depth: the angle stays, the deviation tells."""
    person = posing(STAND, BLAZEPOSE33, world=True)
    person.world[BLAZEPOSE33.index('left_knee'), 2] -= 0.08
    space, plane = measure(person), measure(replace(person, world=None))
    i = space.index('left_knee')
    assert space.angles[i] == pytest.approx(plane.angles[i], abs=math.radians(3.0))
    assert space.deviations[i] > 1.5 * plane.deviations[i]


def test_jitter_widens_the_deviations():
    calm, shaken = AngleMeter(), AngleMeter()
    person, rng = posing(STAND), np.random.default_rng(0)
    for i in range(60):
        still = calm.measure(person, i / 30)
        noisy = replace(person, keypoints=person.keypoints + rng.normal(0, 4.0, (17, 2)))
        moved = shaken.measure(noisy, i / 30)
    assert (moved.deviations > 1.3 * still.deviations).all()


def test_the_meter_can_be_told_to_stay_in_the_plane():
    person = posing(STAND, BLAZEPOSE33, world=True)
    plane = AngleMeter(in_space=False).measure(person, 0.0)
    assert not plane.in_space
    assert AngleMeter().measure(person, 0.0).in_space


def test_positions_may_come_and_go():
    person, meter = posing(STAND, BLAZEPOSE33, world=True), AngleMeter()
    for i in range(12):
        shown = person if i % 4 else replace(person, world=None)
        angles = meter.measure(shown, i / 30)
        assert angles.in_space == bool(i % 4)
        assert np.isfinite(angles.angle('left_knee'))


def test_errors_say_what_is_wrong():
    person = posing(STAND)
    with pytest.raises(
        ValueError, match=r"unknown angle 'knee' .*left_knee.*, known are: left_elbow, "
    ):
        measure(person).angle('knee')
    with pytest.raises(ValueError, match=r'jitter must have shape \(17, 2\), got \(17, 3\)'):
        measure(person, np.zeros((17, 3)))
    with pytest.raises(ValueError, match=r'deviations must have shape \(1,\), got \(2,\)'):
        JointAngles(1, ('trunk',), np.zeros(1), np.zeros(1), np.zeros(2), False)
