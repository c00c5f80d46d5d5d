"""How far joint angles are from the truth, and whether their deviations say so."""

from dataclasses import replace

import numpy as np
import pytest
from true_angles import true_angles

from pose_ros.actor import Action, Actor, Clothes, Errors, Scene, frames, skeletons
from pose_ros.core.body.angles import AngleMeter, measure
from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.models.pose import Pose
from pose_ros.core.motion.angle_observer import AngleObserver
from pose_ros.core.motion.watcher import single_observer
from pose_ros.core.topology import BLAZEPOSE33, COCO17
from pose_ros.core.tracking.keypoint_filter import KeypointFilter, Repairs
from pose_ros.core.tracking.observation import Observation
from pose_ros.core.types import Frame

MOTIONS = ('wave_left', 't_pose', 'raise_both', 'squat', 'walk', 'lie_down')
# An angle is one in the image plane if it looks in the image as it is in space [rad].
IN_PLANE = np.radians(4.0)


class Comparison:
    """Angles beside the truth."""

    def __init__(self):
        self.errors, self.deviations = [], []

    def add(self, angles, points):
        """Take in those that lie in the image plane."""
        flat, body = true_angles(points, in_space=False), true_angles(points)
        for i, name in enumerate(angles.names):
            if np.isfinite(angles.angles[i]) and abs(flat[name] - body[name]) < IN_PLANE:
                truth = body[name] if angles.in_space else flat[name]
                self.errors.append(abs(angles.angles[i] - truth))
                self.deviations.append(angles.deviations[i])

    def check(self, label, measured, least):
        """Fail unless the angles are near enough and their deviations honest."""
        errors, deviations = np.degrees(self.errors), np.degrees(self.deviations)
        median, honest = np.median(errors), np.mean(errors < 2 * deviations)
        measured(
            f'angles in the image plane, {label}: median error {median:.1f} deg, {honest:.1%} '
            f'within two deviations of {np.median(deviations):.1f} deg ({len(errors)} angles)'
        )
        assert len(errors) > least
        assert median < 5.0
        assert honest >= 0.9


@pytest.mark.parametrize('topology', [COCO17, BLAZEPOSE33], ids=lambda t: t.name)
def test_of_imitated_skeletons(topology, measured):
    in_space = topology is BLAZEPOSE33
    comparison = Comparison()
    for seed, height in enumerate((120, 200, 280, 400)):
        for motion in MOTIONS:
            actor = Actor(motion, height=height, facing=(seed % 3 - 1) * 20.0, speed=0.1)
            scene = Scene(fps=8, duration=2.5, actors=(actor,))
            observe = single_observer(AngleObserver())
            for frame in skeletons(scene, seed, topology, world=in_space):
                for angles in observe(frame.people, frame.stamp):
                    comparison.add(angles, frame.truths[0])
    comparison.check(f'imitated {topology.name}', measured, least=2500)


DRAWN = (
    ('wave_right', 360, 'room', Clothes()),
    ('squat', 300, 'gradient', Clothes(shirt=(60, 110, 70), trousers=(90, 80, 70))),
    ('t_pose', 200, 'plain', Clothes(skin=(120, 80, 60), hair=(20, 18, 16))),
    ('walk', 240, 'room', Clothes(shirt=(210, 200, 190))),
)


@pytest.mark.parametrize(
    'model',
    [
        'blazepose_full',
        pytest.param('movenet_lightning', marks=pytest.mark.model('movenet_lightning')),
    ],
)
def test_of_drawn_people_through_the_real_model(model, measured):
    estimator = PoseEstimator(EstimatorConfig(model=model))
    plane, space = Comparison(), Comparison()
    for seed, (motion, height, background, clothes) in enumerate(DRAWN):
        action = Action(motion, 0.2, speed=0.15)
        actor = Actor((action,), x=280.0, height=height, clothes=clothes, sway=0.0)
        scene = Scene(fps=15, duration=1.8, actors=(actor,), background=background)
        estimator.reset()
        meters = ((AngleMeter(in_space=False), plane), (AngleMeter(), space))
        for frame in frames(scene, seed):
            people = estimator.estimate(Frame(frame.image, frame.stamp))
            points = actor.at(frame.stamp)[0].points
            for meter, comparison in meters:
                for angles in (meter.measure(person, frame.stamp) for person in people):
                    if angles.in_space is (comparison is space):
                        comparison.add(angles, points)
    plane.check(model, measured, least=600)
    if space.errors:
        space.check(f'{model} in space', measured, least=600)


def oscillation(angles):
    """What one sees of trembling [deg]: from the least to the greatest angle within a second.

    The middle one of ten seconds; angles [frames, N] at 30 frames per second [rad].
    """
    seconds = np.degrees(angles).reshape(10, 30, -1)
    return np.median(np.ptp(seconds, axis=1), axis=0)


def trembling(config, height, motion):
    """Oscillation of all angles of a statue with 2 px of noise, before and after smoothing."""
    actor = Actor(motion, x=600.0, y=700.0, height=height, start=-9.0, sway=0.0)
    scene = Scene(width=1280, height=720, duration=0.1, actors=(actor,))
    statue = next(skeletons(scene, errors=Errors(noise=0.0, drift=0.0, dropout=0.0))).people[0]
    keypoint_filter, rng = KeypointFilter(config, COCO17, Repairs()), np.random.default_rng(0)
    image = np.zeros((720, 1280, 3), np.uint8)
    raw, smooth = [], []
    for i in range(11 * 30):
        keypoints = statue.keypoints + rng.normal(0, 2, (17, 2)).astype(np.float32)
        pose = Pose(keypoints, statue.scores, statue.score)
        observation = Observation.of(pose, Frame(image, i / 30), COCO17, config.keypoint_threshold)
        person = keypoint_filter.observe(observation)
        raw.append(measure(replace(statue, keypoints=keypoints)).angles)
        smooth.append(measure(person).angles)
    return oscillation(np.array(raw[30:])), oscillation(np.array(smooth[30:]))


@pytest.mark.parametrize(
    ('settings', 'limit'),
    [
        ({}, 3.0),
        ({'smoothing': 'one_euro'}, 6.0),
        ({'smoothing': 'one_euro', 'one_euro_beta': 10.0}, 3.0),
    ],
)
def test_a_steady_pose_keeps_steady_angles(settings, limit, measured):
    """The default, a One Euro filter that follows a wave, and one that does not."""
    config = EstimatorConfig(**settings)
    pairs = [trembling(config, 400, motion) for motion in ('point_left', 'raise_both')]
    raw, smooth = (np.concatenate(both) for both in zip(*pairs))
    shaky = raw > 10.0
    assert shaky.sum() >= 4
    before, after = np.median(raw[shaky]), np.median(smooth[shaky])
    measured(
        f'angles of a steady pose, 2 px of noise, {settings or "default smoothing"}: oscillation '
        f'{before:.1f} deg before smoothing, {after:.1f} after'
    )
    assert after < limit
