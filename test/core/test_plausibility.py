"""Impossible keypoints are marked, merely unusual ones are not."""

from itertools import islice
import json

import numpy as np
import pytest
from random_scenes import random_scene

from pose_ros.actor import frames
from pose_ros.actor.draw import Figure
from pose_ros.actor.figure import Clothes
from pose_ros.actor.motions import STAND
from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.media import open_media
from pose_ros.core.topology import BLAZEPOSE33, COCO17, keypoint_map
from pose_ros.core.tracking.plausibility import PlausibilityChecker
from pose_ros.core.types import Frame

HEIGHT = 300.0
RATES = (30.0, 15.0, 7.5)
TO_COCO = keypoint_map(BLAZEPOSE33, COCO17)
MODELS = [
    'blazepose_full',
    pytest.param('movenet_lightning', marks=pytest.mark.model('movenet_lightning')),
]


def body(pose=STAND, height=HEIGHT, noise=1.0, seed=0):
    """Joints of the actor [17, 3] with noise [px]; z away from the camera."""
    points = Figure.of(pose, Clothes(), 320.0, 460.0, height).points
    joints = np.array([points[name] for name in COCO17.keypoint_names])
    return joints + np.random.default_rng(seed).normal(0, noise, joints.shape)


def in_format(joints, topology):
    """Keypoints [K, D] of a format; those that COCO does not have lie in the middle."""
    if topology is COCO17:
        return joints
    points = np.repeat(joints.mean(axis=0)[None], len(topology), axis=0)
    points[TO_COCO] = joints
    return points


class Watch:
    """A checker that is shown one body after another; bodies are [17, 3]."""

    def __init__(self, rate=30.0, topology=COCO17, space=False):
        self.checker = PlausibilityChecker(topology)
        self.rate, self.topology, self.space = rate, topology, space
        self.frame = 0

    def show(self, joints, unseen=()):
        """Names of the keypoints that are marked."""
        points = in_format(joints, self.topology)
        seen = np.ones(len(self.topology), dtype=bool)
        seen[[self.topology.index(name) for name in unseen]] = False
        world = points * (1.7 / HEIGHT) if self.space else None
        stamp = self.frame / self.rate
        self.frame += 1
        marked = self.checker.check(points[:, :2], seen, stamp, world)
        return {self.topology.keypoint_names[i] for i in np.flatnonzero(marked)}

    def show_all(self, poses, **how):
        """All marks of a sequence of poses."""
        return set().union(*(self.show(body(p, seed=i, **how)) for i, p in enumerate(poses)))

    def stand(self, seconds=1.0):
        assert self.show_all([STAND] * int(seconds * self.rate)) == set()
        return self


def moved(name, way, pose=STAND, seed=99):
    joints = body(pose, seed=seed)
    joints[COCO17.index(name), :2] += way
    return joints


@pytest.fixture(params=[COCO17, BLAZEPOSE33], ids=lambda topology: topology.name)
def watch(request):
    return Watch(topology=request.param).stand()


@pytest.mark.parametrize('name', ['left_wrist', 'right_ankle', 'left_elbow', 'right_knee'])
@pytest.mark.parametrize('angle', [0.0, 1.6, 3.1])
def test_a_joint_thrown_off_by_half_a_body_is_marked_alone(watch, name, angle):
    way = 0.5 * HEIGHT * np.array([np.cos(angle), np.sin(angle)])
    assert watch.show(moved(name, way)) == {name}
    assert watch.show(body()) == set()


def test_a_wrist_on_the_neighbour_is_marked(watch):
    assert watch.show(moved('left_wrist', (0.8 * HEIGHT, -20.0))) == {'left_wrist'}


def test_an_arm_on_the_neighbour_is_marked(watch):
    joints = body()
    for name in ('left_elbow', 'left_wrist'):
        joints[COCO17.index(name), 0] += 0.6 * HEIGHT
    assert watch.show(joints) == {'left_elbow', 'left_wrist'}


def test_the_joint_that_jumped_is_marked_not_the_one_beyond_it(watch):
    assert watch.show(moved('left_shoulder', (0.5 * HEIGHT, 0.0))) == {'left_shoulder'}


def test_the_first_frame_is_judged_by_usual_proportions():
    assert Watch().show(moved('left_wrist', (0.5 * HEIGHT, 0.0))) == {'left_wrist'}
    assert Watch().show(body()) == set()


@pytest.mark.parametrize('rate', RATES)
def test_limbs_that_point_at_the_camera_and_out_again_are_fine(rate):
    short = STAND._replace(left_arm=(20.0, 85.0), left_forearm=(20.0, 85.0))
    spread = STAND._replace(left_arm=(90.0, 0.0), left_forearm=(90.0, 0.0))
    poses = [short] * int(8 * rate) + [
        short.blend(spread, w) for w in np.linspace(0, 1, int(0.4 * rate))
    ]
    assert Watch(rate).show_all(poses + [spread] * 10) == set()


@pytest.mark.parametrize('rate', RATES)
@pytest.mark.parametrize('heights', [(150, 400), (400, 150)])
def test_coming_near_and_going_away_is_fine(rate, heights):
    watch = Watch(rate)
    for i, height in enumerate(np.linspace(*heights, int(3 * rate))):
        assert watch.show(body(height=height, seed=i)) == set()


def test_a_crouch_a_bow_and_sitting_are_fine():
    crouch = STAND._replace(torso=(0.0, 60.0), left_thigh=(10.0, 80.0), right_thigh=(10.0, 80.0))
    reach = crouch._replace(left_arm=(90.0, 0.0), left_forearm=(90.0, 0.0))
    lying = STAND._replace(body=(90.0, 0.0))
    poses = [STAND] * 30
    for before, after in ((STAND, crouch), (crouch, reach), (reach, STAND), (STAND, lying)):
        poses += [before.blend(after, w) for w in np.linspace(0, 1, 15)] + [after] * 60
    assert Watch().show_all(poses) == set()


def test_own_proportions_are_learned():
    """Forearms a quarter longer than usual become the measure; then half more is too long."""
    watch = Watch()

    def long_armed(factor, seed):
        joints = body(seed=seed)
        elbow, wrist = COCO17.index('left_elbow'), COCO17.index('left_wrist')
        joints[wrist] = joints[elbow] + factor * (joints[wrist] - joints[elbow])
        return joints

    assert watch.show(long_armed(2.2, 0)) == {'left_wrist'}
    for i in range(60):
        assert watch.show(long_armed(1.3, i)) == set()
    assert watch.show(long_armed(1.9, 60)) == {'left_wrist'}


def test_nothing_is_concluded_from_what_is_not_seen():
    far = moved('left_elbow', (0.5 * HEIGHT, 0.0))
    assert Watch().stand().show(far, unseen=['left_elbow']) == set()
    assert Watch().stand().show(far, unseen=COCO17.keypoint_names) == set()


def test_reset_and_a_step_back_start_anew(watch):
    watch.checker.reset()
    assert watch.show(body(height=60.0)) == set()
    watch.frame = 0
    assert watch.show(body(height=300.0)) == set()


def test_points_on_one_spot_do_no_harm():
    assert Watch().show(np.zeros((17, 3))) == set()


# Joints that bend the wrong way.

ASIDE = {
    side: STAND._replace(body=(0.0, turn)) for side, turn in (('left', -90.0), ('right', 90.0))
}
GOOD_BENDS = {
    'step': {'left_thigh': (1.0, 40.0), 'left_shin': (1.0, -30.0)},
    'heel to bottom': {'left_thigh': (1.0, 10.0), 'left_shin': (1.0, -110.0)},
    'kick': {'left_thigh': (1.0, 70.0), 'left_shin': (1.0, 65.0)},
    'sitting': {'left_thigh': (1.0, 88.0), 'left_shin': (1.0, 0.0)},
    'curl': {'left_arm': (3.0, 0.0), 'left_forearm': (3.0, 110.0)},
    'behind the head': {'left_arm': (3.0, 170.0), 'left_forearm': (3.0, 290.0)},
    'swing back': {'left_arm': (3.0, -40.0), 'left_forearm': (3.0, -30.0)},
}
WRONG_BENDS = {
    'left_ankle': {'left_thigh': (1.0, 10.0), 'left_shin': (1.0, 70.0)},
    'left_wrist': {'left_arm': (3.0, 10.0), 'left_forearm': (3.0, -60.0)},
}


@pytest.mark.parametrize('space', [False, True], ids=['picture', 'space'])
@pytest.mark.parametrize('facing', ASIDE)
class TestSideView:
    @pytest.mark.parametrize('name', WRONG_BENDS)
    def test_a_joint_bent_the_wrong_way_is_marked(self, space, facing, name):
        pose = ASIDE[facing]._replace(**WRONG_BENDS[name])
        watch = Watch(space=space)
        watch.show_all([ASIDE[facing]] * 15)
        assert watch.show(body(pose)) == {name}

    @pytest.mark.parametrize('bend', GOOD_BENDS)
    def test_a_joint_bent_the_right_way_is_not(self, space, facing, bend):
        pose = ASIDE[facing]._replace(**GOOD_BENDS[bend])
        poses = [ASIDE[facing].blend(pose, w) for w in np.linspace(0, 1, 30)]
        assert Watch(space=space).show_all(poses) == set()


@pytest.mark.parametrize('name', WRONG_BENDS)
def test_seen_from_the_front_a_bend_cannot_be_told_from_a_image_but_in_space(name):
    pose = STAND._replace(**WRONG_BENDS[name])
    assert Watch().show(body(pose)) == set()
    assert Watch(space=True).show(body(pose)) == {name}


def test_a_face_that_shows_no_direction_tells_nothing():
    pose = ASIDE['right']._replace(**WRONG_BENDS['left_ankle'])
    assert Watch().show(body(pose), unseen=['left_ear', 'right_ear']) == set()


# Real models and real people.


def people_of(model, scenes):
    """(person, stamp, truth) per scene, without smoothing."""
    for seed in scenes:
        config = EstimatorConfig(
            model=model, smoothing='none', fix_left_right=False, plausibility=False
        )
        estimator = PoseEstimator(config)
        shown = enumerate(frames(random_scene(seed), seed))
        yield [
            (person, actor_frame.stamp, actor_frame.people[0])
            for index, actor_frame in shown
            if index % 2 == 0
            for person in estimator.estimate(Frame(actor_frame.image, actor_frame.stamp))
        ]


def errors_of(person, truth):
    """Distances from the truth [heights]."""
    found = person.converted(COCO17)
    return np.hypot(*(found.keypoints - truth.keypoints).T) / truth.height


@pytest.mark.parametrize('model', MODELS)
def test_thrown_off_joints_are_caught_and_good_ones_let_pass(model, measured):
    rng = np.random.default_rng(4)
    good = falsely = thrown = caught = 0
    for people in people_of(model, range(100, 106)):
        honest, corrupted = (PlausibilityChecker(people[0][0].topology) for _ in range(2))
        for index, (person, stamp, truth) in enumerate(people):
            names = person.topology.keypoint_names
            marked = honest.check(person.keypoints, person.observed, stamp, person.world)
            sound = person.converted(COCO17).observed & (errors_of(person, truth) < 0.05)
            if person.topology is BLAZEPOSE33:
                assert not np.delete(marked, TO_COCO).any()
                marked = marked[TO_COCO]
            good += np.count_nonzero(sound)
            falsely += np.count_nonzero(marked & sound)

            points = person.keypoints.copy()
            joint = names.index(
                f'{rng.choice(["left", "right"])}_{rng.choice(["wrist", "elbow", "knee"])}'
            )
            throw = index > 10 and index % 3 == 0 and person.observed[joint]
            if throw:
                angle = rng.uniform(0, 2 * np.pi)
                points[joint] += 0.5 * truth.height * np.array([np.cos(angle), np.sin(angle)])
            marked = corrupted.check(points, person.observed, stamp, person.world)
            thrown += throw
            caught += throw and marked[joint]
    measured(
        f'{model}: {falsely} of {good} good keypoints marked ({falsely / good:.3%}); '
        f'{caught} of {thrown} joints thrown off by half a body marked'
    )
    assert falsely < 0.005 * good
    assert thrown > 30
    assert caught > 0.9 * thrown


@pytest.mark.parametrize('model', MODELS)
@pytest.mark.parametrize(
    'clip',
    [
        pytest.param(name, marks=pytest.mark.test_data(f'clips/{name}'))
        for name in ('wave_full_body.mp4', 'stand_full_body.mp4', 'two-walk-toward-camera.gif')
    ],
)
def test_real_people_are_let_pass(model, clip, test_data, measured):
    config = EstimatorConfig(model=model, smoothing='none', plausibility=False)
    estimator = PoseEstimator(config)
    checker = PlausibilityChecker(estimator.topology)
    seen = marked = 0
    for frame in islice(open_media(test_data / 'clips' / clip).frames(), 60):
        for person in estimator.estimate(frame):
            seen += np.count_nonzero(person.observed)
            marks = checker.check(person.keypoints, person.observed, frame.stamp, person.world)
            marked += np.count_nonzero(marks)
    measured(f'{model}, {clip}: {marked} of {seen} keypoints marked implausible')
    assert seen > 300
    assert marked < 0.005 * seen


@pytest.mark.test_data('coco/person_keypoints_train2017_subset.json')
def test_what_people_annotated_in_photographs_is_let_pass(test_data, measured):
    """Any pose, any view, one image each: only usual proportions to judge by."""
    path = test_data / 'coco/person_keypoints_train2017_subset.json'
    seen_count = marked = 0
    for annotation in json.loads(path.read_text())['annotations']:
        x_y_v = np.array(annotation['keypoints'], dtype=float).reshape(17, 3)
        seen = x_y_v[:, 2] > 0
        seen_count += np.count_nonzero(seen)
        marked += np.count_nonzero(PlausibilityChecker(COCO17).check(x_y_v[:, :2], seen, 0.0))
    measured(f'COCO annotations: {marked} of {seen_count} keypoints marked implausible')
    assert seen_count > 3000
    assert marked < 0.005 * seen_count
