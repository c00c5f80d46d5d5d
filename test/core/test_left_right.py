"""Left and right swapped back: on drawn skeletons, then on what a real model confuses."""

from dataclasses import replace

import numpy as np
import pytest
from random_scenes import random_scene

from pose_ros.actor import Action, Actor, frames
from pose_ros.actor.draw import Figure
from pose_ros.actor.figure import Clothes
from pose_ros.actor.motions import MOTIONS, STAND
from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.models.pose import Pose
from pose_ros.core.topology import BLAZEPOSE33, COCO17, keypoint_map
from pose_ros.core.tracking.left_right import LeftRightCorrector
from pose_ros.core.types import Frame

RATES = (30.0, 15.0, 7.5)
TO_COCO = keypoint_map(BLAZEPOSE33, COCO17)
PAIRS = {
    'arms': ('shoulder', 'elbow', 'wrist', 'pinky', 'index', 'thumb'),
    'legs': ('hip', 'knee', 'ankle', 'heel', 'foot'),
}


def skeleton(pose, noise=2.0, seed=0):
    """Joints of the actor in a pose [17, 2] with a model's noise [px], 300 px tall."""
    points = Figure.of(pose, Clothes(), 320.0, 460.0, 300.0).keypoints
    return points + np.random.default_rng(seed).normal(0, noise, points.shape)


def as_pose(points, topology=COCO17):
    """Model's answer; every keypoint can be told by its score, z and world position."""
    if topology is BLAZEPOSE33:
        spread = np.repeat(points.mean(axis=0)[None], 33, axis=0)
        spread[TO_COCO] = points
        for joint, near in (('wrist', ('pinky', 'index', 'thumb')), ('ankle', ('heel',))):
            for side in ('left', 'right'):
                for other in near:
                    place = topology.index(f'{side}_{other}')
                    spread[place] = spread[topology.index(f'{side}_{joint}')] + 3.0
        points = spread
    count = len(topology)
    marks = np.linspace(0.5, 0.9, count).astype(np.float32)
    return Pose(
        keypoints=points.astype(np.float32),
        scores=marks,
        score=0.8,
        z=marks * 10,
        world=np.repeat(marks[:, None], 3, axis=1),
    )


def swapped(pose, topology=COCO17, which=None):
    """Pose with left and right confused, in the whole body or in one kind of limb."""
    order = topology.mirror.copy()
    if which is not None:
        for i, name in enumerate(topology.keypoint_names):
            mine = any(part in name for part in PAIRS[which])
            foot = 'foot' in name and which == 'arms'
            if not mine or foot:
                order[i] = i
    fields = ('keypoints', 'scores', 'z', 'world')
    return replace(pose, **{field: getattr(pose, field)[order] for field in fields})


def turned(degrees):
    return STAND._replace(body=(0.0, float(degrees)))


def play(repairer, poses, rate=30.0, start=0.0):
    """(pose, swaps) of each frame."""
    seen = np.ones(len(poses[0].scores), dtype=bool)
    return [repairer.apply(pose, seen, start + i / rate) for i, pose in enumerate(poses)]


def stand_for(frames_count, seed=0):
    return [as_pose(skeleton(STAND, seed=seed + i)) for i in range(frames_count)]


@pytest.fixture
def repairer():
    """Who saw a person stand for half a second."""
    repairer = LeftRightCorrector(COCO17)
    play(repairer, stand_for(15))
    return repairer


@pytest.mark.parametrize('rate', RATES)
@pytest.mark.parametrize('topology', [COCO17, BLAZEPOSE33], ids=lambda t: t.name)
@pytest.mark.parametrize('which', [None, 'arms', 'legs'])
def test_confused_sides_are_swapped_back_with_all_that_belongs_to_them(rate, topology, which):
    repairer = LeftRightCorrector(topology)
    raised = MOTIONS['raise_both'].pose(1.0)
    right = [as_pose(skeleton(STAND, seed=i), topology) for i in range(int(rate))]
    right += [as_pose(skeleton(raised, seed=i), topology) for i in range(int(rate))]
    shown = [
        swapped(pose, topology, which) if i > rate and i % 3 else pose
        for i, pose in enumerate(right)
    ]
    for (found, swaps), pose, given in zip(play(repairer, shown, rate), right, shown):
        limbs = slice(topology.index('left_shoulder'), None)
        for field in ('keypoints', 'scores', 'z', 'world'):
            np.testing.assert_array_equal(
                getattr(found, field)[limbs], getattr(pose, field)[limbs]
            )
        assert swaps == (given is not pose)


def test_hands_of_blazepose_go_with_the_arms_and_feet_stay():
    repairer = LeftRightCorrector(BLAZEPOSE33)
    pose = as_pose(skeleton(STAND), BLAZEPOSE33)
    play(repairer, [pose] * 15)
    confused = swapped(pose, BLAZEPOSE33, 'arms')
    assert (
        confused.scores[BLAZEPOSE33.index('left_index')]
        != pose.scores[BLAZEPOSE33.index('left_index')]
    )
    seen = np.ones(33, dtype=bool)
    found, swaps = repairer.apply(confused, seen, 0.55)
    assert swaps == 1
    np.testing.assert_array_equal(found.scores, pose.scores)


def test_nothing_is_repaired_before_the_person_was_seen():
    pose = swapped(as_pose(skeleton(STAND)))
    assert [swaps for _, swaps in play(LeftRightCorrector(COCO17), [pose] * 60)] == [0] * 60


def test_a_good_pose_is_handed_on_as_it_is(repairer):
    pose = as_pose(skeleton(STAND))
    found, swaps = repairer.apply(pose, np.ones(17, dtype=bool), 0.55)
    assert found is pose
    assert swaps == 0


@pytest.mark.parametrize('rate', RATES)
@pytest.mark.parametrize('seconds', [1.2, 2.0, 4.0])
def test_who_turns_around_is_left_alone(rate, seconds):
    repairer = LeftRightCorrector(COCO17)
    turn = np.concatenate([np.zeros(int(rate)), np.linspace(0, 180, int(seconds * rate))])
    turn = np.concatenate([turn, np.full(int(rate), 180.0), turn[::-1]])
    poses = [as_pose(skeleton(turned(d), seed=i)) for i, d in enumerate(turn)]
    assert sum(swaps for _, swaps in play(repairer, poses, rate)) == 0


@pytest.mark.parametrize('rate', RATES)
def test_who_turned_around_unseen_is_right_again_within_a_second(repairer, rate):
    poses = [as_pose(skeleton(turned(180), seed=i)) for i in range(int(2 * rate))]
    swaps = [swaps for _, swaps in play(repairer, poses, rate, start=0.55)]
    assert sum(swaps[int(rate) :]) == 0


def test_after_a_gap_the_model_is_believed(repairer):
    poses = [as_pose(skeleton(turned(180), seed=i)) for i in range(30)]
    assert sum(swaps for _, swaps in play(repairer, poses, start=2.0)) == 0


def test_reset_forgets(repairer):
    repairer.reset()
    pose = swapped(as_pose(skeleton(STAND)))
    assert repairer.apply(pose, np.ones(17, dtype=bool), 0.55)[1] == 0


@pytest.mark.parametrize('stamp', [13 / 30, 0.0, -5.0])
def test_a_stamp_that_goes_back_starts_anew(repairer, stamp):
    pose = as_pose(skeleton(STAND))
    assert repairer.apply(pose, np.ones(17, dtype=bool), stamp) == (pose, 0)


def test_a_repeated_stamp_changes_nothing(repairer):
    standing = stand_for(6, seed=15)
    play(repairer, standing[:1], start=14 / 30)  # the stamp of the last frame before
    shown = play(repairer, [swapped(pose) for pose in standing[1:]], start=15 / 30)
    assert sum(swaps for _, swaps in shown) == 5


def test_nothing_is_concluded_from_what_is_not_seen(repairer):
    pose = swapped(as_pose(skeleton(STAND)))
    assert repairer.apply(pose, np.zeros(17, dtype=bool), 0.55)[1] == 0


def test_a_person_lying_down_is_repaired_all_the_same():
    lying = STAND._replace(body=(-90.0, 0.0))
    repairer = LeftRightCorrector(COCO17)
    play(repairer, [as_pose(skeleton(lying, seed=i)) for i in range(15)])
    pose = as_pose(skeleton(lying))
    found, swaps = repairer.apply(swapped(pose), np.ones(17, dtype=bool), 0.55)
    assert swaps == 1
    np.testing.assert_array_equal(found.keypoints[5:], pose.keypoints[5:])


def test_points_on_one_spot_do_no_harm():
    repairer = LeftRightCorrector(COCO17)
    pose = replace(as_pose(np.zeros((17, 2))), z=None, world=None)
    assert [swaps for _, swaps in play(repairer, [pose] * 20)] == [0] * 20


# With a real model.


def doing(actions, seed, fps=30.0):
    """Scene of one person in clothes, size, light and place drawn from the seed."""
    scene = random_scene(seed)
    actor = replace(scene.actors[0], motion=actions)
    return replace(scene, fps=fps, duration=actions[-1].end + 0.3, actors=(actor,))


def seen_by(model, scene, seed):
    """(pose, stamp, truth) of the frames in which the model sees the person, unrepaired."""
    config = EstimatorConfig(
        model=model, smoothing='none', fix_left_right=False, plausibility=False
    )
    estimator = PoseEstimator(config)
    for shown in frames(scene, seed):
        for person in estimator.estimate(Frame(shown.image, shown.stamp)):
            pose = Pose(person.keypoints, person.scores, person.score)
            yield pose, shown.stamp, shown.people[0]


def wrong_sides(keypoints, truth, joints):
    """Whether joints are nearer to the truth of the other side."""
    if len(keypoints) == 33:
        keypoints = keypoints[TO_COCO]
    joints = np.array(joints)
    right = np.hypot(*(keypoints[joints] - truth.keypoints[joints]).T).mean()
    mirrored = keypoints[COCO17.mirror[joints]]
    return bool(np.hypot(*(mirrored - truth.keypoints[joints]).T).mean() < right)


CONFUSED_SEEDS = (1002, 1005, 1018, 1024, 1035, 1047, 1049, 1051)


class Acting(Actor):
    """Actor who goes from pose to pose: `script` is (time [s], pose) one after the other."""

    script = ()

    def at(self, time, phase=0.0):
        times = [moment for moment, _ in self.script]
        last = int(np.clip(np.searchsorted(times, time), 1, len(times) - 1))
        (start, before), (end, after) = self.script[last - 1 : last + 1]
        weight = float(np.clip((time - start) / (end - start), 0.0, 1.0))
        pose = before.blend(after, weight * weight * (3 - 2 * weight))
        return Figure.of(pose, self.clothes, self.x, self.y, self.height), 'acting'


CROSSED = STAND._replace(
    left_arm=(15.0, 20.0),
    right_arm=(15.0, 20.0),
    left_forearm=(-75.0, 30.0),
    right_forearm=(-70.0, 30.0),
)
SCRIPTS = {
    'turning': (
        (0.0, STAND), (1.0, STAND), (2.5, turned(180)), (4.5, turned(180)), (6.0, STAND),
    ),
    'crossing': ((0.0, STAND), (1.0, STAND), (1.6, CROSSED), (2.4, CROSSED), (3.0, STAND)),
}  # fmt: skip


ARMS, LEGS, WRISTS = (5, 6, 7, 8, 9, 10), (11, 12, 13, 14, 15, 16), (9, 10)


@pytest.mark.model('movenet_lightning')
def test_raised_arms_that_movenet_confuses_are_corrected(measured, sample_count):
    """Of seventy scenes, those with a fifth of the frames confused; not used for tuning."""
    before = after = count = 0
    for seed in CONFUSED_SEEDS[: sample_count(3, 8)]:
        repairer = LeftRightCorrector(COCO17)
        scene = doing((Action('raise_both', 0.8, 2.2),), seed)
        for pose, stamp, truth in seen_by('movenet_lightning', scene, seed):
            found, _ = repairer.apply(pose, pose.scores > 0.3, stamp)
            if truth.motion == 'raise_both':
                count += 1
                before += wrong_sides(pose.keypoints, truth, WRISTS)
                after += wrong_sides(found.keypoints, truth, WRISTS)
    measured(
        f'MoveNet, both arms up, scenes that confuse it: hands on the right side in '
        f'{1 - before / count:.1%} of {count} frames, repaired {1 - after / count:.1%}'
    )
    assert before > 0.2 * count
    assert after < 0.1 * count


@pytest.mark.parametrize(
    'model',
    [
        'blazepose_full',
        pytest.param('movenet_lightning', marks=pytest.mark.model('movenet_lightning')),
    ],
)
def test_good_poses_are_not_spoilt(model, measured, sample_count):
    good = spoilt = 0
    sequence = (
        Action('wave_left', 0.5, 1.5),
        Action('squat', 2.2, 2.0),
        Action('walk', 4.4, 1.2),
    )
    samples = ((11, 15.0), (12, 15.0), (13, 7.5))[: sample_count(1, 3)]
    for seed, rate in samples:
        topology = BLAZEPOSE33 if model == 'blazepose_full' else COCO17
        repairer = LeftRightCorrector(topology)
        for pose, stamp, truth in seen_by(model, doing(sequence, seed, rate), seed):
            found, swaps = repairer.apply(pose, pose.scores > 0.3, stamp)
            if any(wrong_sides(pose.keypoints, truth, joints) for joints in (ARMS, LEGS)):
                continue
            good += 1
            spoilt += swaps and any(
                wrong_sides(found.keypoints, truth, joints) for joints in (ARMS, LEGS)
            )
    measured(f'{model}: sides spoilt in {spoilt} of {good} good frames')
    assert good > 33 * len(samples)
    assert spoilt < 0.005 * good


@pytest.mark.model('movenet_lightning')
@pytest.mark.parametrize('doing_what', SCRIPTS)
def test_turning_around_and_crossing_arms_are_left_alone(doing_what, measured, sample_count):
    good = spoilt = 0
    seeds = (21, 22)[: sample_count(1, 2)]
    for seed in seeds:
        script = SCRIPTS[doing_what]
        scene = replace(random_scene(seed), fps=15.0, duration=script[-1][0] + 0.5)
        drawn = scene.actors[0]
        actor = type('Acting', (Acting,), {'script': script})(
            x=drawn.x, y=drawn.y, height=drawn.height, clothes=drawn.clothes
        )
        repairer = LeftRightCorrector(COCO17)
        scene = replace(scene, actors=(actor,))
        for pose, stamp, truth in seen_by('movenet_lightning', scene, seed):
            found, _ = repairer.apply(pose, pose.scores > 0.3, stamp)
            # The wrists of crossed arms are MoveNet's weak spot either way.
            joints = (LEGS, (5, 6, 7, 8))
            if not any(wrong_sides(pose.keypoints, truth, pair) for pair in joints):
                good += 1
                spoilt += any(wrong_sides(found.keypoints, truth, pair) for pair in joints)
    measured(f'MoveNet, {doing_what}: sides spoilt in {spoilt} of {good} good frames')
    assert good > 40 * len(seeds)
    assert spoilt < 0.005 * good
