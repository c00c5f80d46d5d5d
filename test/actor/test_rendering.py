"""The actor's images: the same for the same seed, with the truth where the paint is."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from random_scenes import random_scene

from pose_ros.actor import MOTIONS, Actor, Clothes, Scene, frames, mixed_scene
from pose_ros.actor.motions import BASIC
from pose_ros.core.topology import COCO17

BARE = Scene(duration=0.01, background='plain', noise=0.0)


def first(scene, seed=0):
    return next(frames(scene, seed))


def painted(scene, seed=0):
    """Mask [height, width] of the pixels that differ from the empty scene, and the frame."""
    frame, empty = first(scene, seed), first(replace(scene, actors=()), seed)
    return (frame.image != empty.image).any(axis=2), frame


def scene_of(*actors, **changes):
    return replace(BARE, actors=actors, **changes)


def test_frames_are_what_the_scene_says():
    scene = Scene(width=320, height=200, fps=10, duration=0.5, actors=(Actor(height=150, y=190),))
    video = list(frames(scene))
    assert len(video) == 5
    assert [frame.stamp for frame in video] == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4])
    for frame in video:
        assert frame.image.shape == (200, 320, 3)
        assert frame.image.dtype == np.uint8
        (person,) = frame.people
        assert person.keypoints.shape == (17, 2)
        assert person.keypoints.dtype == np.float32
        assert person.visible.dtype == bool
        assert person.height == 150


def test_same_seed_same_pixels():
    scene = Scene(fps=5, duration=0.6, actors=(Actor('wave_left', start=0.0),), blur=0.5)
    one, two, other = (list(frames(scene, seed)) for seed in (3, 3, 4))
    for a, b, c in zip(one, two, other):
        assert np.array_equal(a.image, b.image)
        assert np.array_equal(a.people[0].keypoints, b.people[0].keypoints)
        assert not np.array_equal(a.image, c.image)


def test_frames_are_the_receivers_own():
    video = frames(Scene(fps=5, duration=1, actors=(), noise=0.0))
    before = next(video).image
    kept = before.copy()
    before[:] = 0
    assert np.array_equal(next(video).image, kept)


@pytest.mark.parametrize('motion', [name for name in MOTIONS if not name.startswith('leave')])
def test_true_joints_lie_on_the_person(motion):
    actor = Actor(motion, start=-2.8, x=300, y=440, height=300, speed=0.05)
    mask, frame = painted(scene_of(actor))
    (person,) = frame.people
    assert person.visible.sum() >= 9  # of a person who lies with the head towards the camera
    for x, y in person.keypoints[person.visible].astype(int):
        assert mask[y, x]
    # And not everywhere: the person fills its outline, not the image.
    assert 0.01 < mask.mean() < 0.25


def test_joints_are_told_to_the_pixel():
    """The eye is a dark iris around the true joint, whose (0, 0) is the first pixel's centre."""
    actor = Actor(height=900, x=320.25, y=930.5, sway=0.0)
    frame = first(scene_of(actor))
    x, y = frame.people[0].keypoints[COCO17.index('left_eye')]
    patch = frame.image[int(y) - 4 : int(y) + 6, int(x) - 6 : int(x) + 7].sum(axis=2)
    dark = np.clip(300 - patch.astype(float), 0, None)
    rows, columns = np.indices(patch.shape)
    assert np.average(columns, weights=dark) + int(x) - 6 == pytest.approx(x, abs=0.2)
    assert np.average(rows, weights=dark) + int(y) - 4 == pytest.approx(y, abs=0.2)


@pytest.mark.parametrize(('side', 'right_half'), [('left', True), ('right', False)])
def test_the_left_arm_is_on_the_images_right(side, right_half):
    still, raised = (
        first(scene_of(Actor(motion, start=-2.0, sway=0.0))).image
        for motion in ('stand', f'raise_{side}')
    )
    changed = (still != raised).any(axis=2)
    halves = changed[:, :320].sum(), changed[:, 320:].sum()
    assert halves[right_half] > 1000
    assert halves[not right_half] == 0


def test_the_nearer_covers_the_farther():
    red, blue = Clothes(shirt=(250, 0, 0)), Clothes(shirt=(0, 0, 250))
    behind = Actor(x=340, distance=4.0, clothes=blue)
    before = Actor(x=300, distance=2.0, clothes=red)
    for actors in ((behind, before), (before, behind)):
        frame = first(scene_of(*actors))
        far = frame.people[actors.index(behind)]
        near = frame.people[actors.index(before)]
        alone = first(scene_of(before)).people[0]
        assert np.array_equal(near.visible, alone.visible)
        hidden = COCO17.index('right_hip')
        assert not far.visible[hidden]
        assert far.visible[COCO17.index('left_elbow')]
        x, y = far.keypoints[hidden].astype(int)
        assert frame.image[y, x, 0] > frame.image[y, x, 2] + 100


def test_of_two_at_one_distance_the_later_covers():
    actors = Actor(x=340), Actor(x=300, clothes=Clothes(shirt=(0, 0, 250)))
    frame = first(scene_of(*actors))
    assert not frame.people[0].visible[COCO17.index('right_hip')]
    assert frame.people[1].visible.all()


def test_the_own_body_hides_joints():
    walker = first(scene_of(Actor('walk', start=-10.0, speed=0.001))).people[0]
    assert not walker.visible[COCO17.index('left_ear')]
    assert walker.visible[COCO17.index('right_ear')]
    assert first(scene_of(Actor(sway=0.0))).people[0].visible.all()


def test_leaving_the_image():
    half = first(scene_of(Actor(x=0.0, sway=0.0))).people[0]
    assert half.visible[COCO17.index('left_shoulder')]
    assert not half.visible[COCO17.index('right_shoulder')]
    assert half.keypoints[COCO17.index('right_shoulder'), 0] < 0
    mask, frame = painted(scene_of(Actor(x=-500.0)))
    assert not mask.any()
    assert len(frame.people) == 1
    assert not frame.people[0].visible.any()


def test_entering_the_image():
    walker = Actor('walk', x=-120, start=0.0, speed=0.5)
    video = list(frames(Scene(fps=5, duration=3, actors=(walker,))))
    assert not video[0].people[0].visible.any()
    assert video[-1].people[0].visible.sum() > 10


def test_size_place_and_clothes():
    small, _ = painted(scene_of(Actor(x=100, y=200, height=100, sway=0.0)))
    rows, columns = np.nonzero(small)
    assert np.ptp(rows) == pytest.approx(100, abs=3)
    assert rows.max() == pytest.approx(200, abs=2)
    assert columns.mean() == pytest.approx(100, abs=2)
    clothed = first(scene_of(Actor(clothes=Clothes(shirt=(10, 200, 30)), sway=0.0)))
    assert clothed.image[230, 320].tolist() == pytest.approx([10, 200, 30], abs=20)


def test_brightness_scales_person_and_background():
    dim, plain = (first(scene_of(Actor(), brightness=b)).image for b in (0.5, 1.0))
    assert dim.mean() == pytest.approx(plain.mean() / 2, rel=0.02)
    assert dim[230, 320].astype(float) == pytest.approx(plain[230, 320] / 2, abs=2)
    assert first(scene_of(Actor(), brightness=4.0)).image.max() == 255
    assert first(scene_of(Actor(), brightness=0.0)).image.max() == 0


def test_blur_softens_edges():
    def steepest(image):
        return np.abs(np.diff(image.astype(int), axis=1)).max()

    sharp, soft = (first(scene_of(Actor(), blur=b)).image for b in (0.0, 3.0))
    assert steepest(soft) < steepest(sharp) / 2


def test_noise_has_the_said_size_and_changes_from_frame_to_frame():
    scene = Scene(fps=10, duration=0.2, actors=(), background='plain', noise=6.0)
    one, two = (frame.image.astype(int) for frame in frames(scene))
    clean = first(replace(scene, noise=0.0)).image.astype(int)
    assert (one - clean).std() == pytest.approx(6.0, rel=0.05)
    assert (one - clean).mean() == pytest.approx(0.0, abs=0.1)
    assert (one - two).std() == pytest.approx(6.0 * 2**0.5, rel=0.05)


def test_backgrounds_differ():
    deviation = {
        name: first(Scene(duration=0.01, actors=(), noise=0.0, background=name)).image.std(
            axis=(0, 1)
        )
        for name in ('plain', 'gradient', 'room')
    }
    assert deviation['plain'].max() == 0
    assert deviation['gradient'].max() > 5
    assert deviation['room'].min() > 5


@pytest.mark.parametrize(
    ('field', 'value'),
    [
        *(('width', 0), ('height', 20000), ('width', 640.5), ('fps', 0), ('duration', -1)),
        *(('brightness', -0.1), ('blur', np.nan), ('noise', 500)),
    ],
)
def test_impossible_scenes_are_refused(field, value):
    with pytest.raises(ValueError, match=f'^{field} must be'):
        Scene(**{field: value})


def test_unknown_backgrounds_and_people_are_refused():
    with pytest.raises(ValueError, match=r"unknown background 'beach'.*plain, gradient, room"):
        Scene(background='beach')
    with pytest.raises(ValueError, match=r'^actors must be'):
        Scene(actors=('bob',))


def test_the_mixed_scene_shows_every_gesture_and_can_be_repeated():
    scene = mixed_scene()
    assert 27 <= scene.duration <= 30
    video = list(frames(replace(scene, width=64, height=48, fps=10)))
    labels = [frame.people[0].motion for frame in video]
    shown = [label for i, label in enumerate(labels) if i == 0 or labels[i - 1] != label]
    assert [label for label in shown if label not in ('stand', 'walk')] == [
        *('wave_right', 'wave_left', 'raise_right', 'raise_left', 'raise_both'),
        *('point_left', 'point_right', 't_pose', 'squat'),
    ]
    assert all('stand' in pair for pair in pairwise(shown))
    assert shown[0] == shown[-1] == 'stand'
    # Whoever takes part stays in the image, and the end joins the beginning.
    assert min(frame.people[0].keypoints.min() for frame in video) > 0
    assert max(frame.people[0].keypoints[:, 0].max() for frame in video) < 640
    jump = video[-1].people[0].keypoints - video[0].people[0].keypoints
    assert np.abs(jump).max() < 25


def test_random_scenes_are_many_and_repeatable():
    scenes = [random_scene(seed) for seed in range(24)]
    assert scenes == [random_scene(seed) for seed in range(24)]
    assert len({scene.actors[0].motion for scene in scenes}) > len(BASIC) / 2
    assert len({(scene.width, scene.height) for scene in scenes}) == 4
    for scene in scenes:
        (person,) = first(scene).people
        assert (person.keypoints >= 0).all()
        assert (person.keypoints <= (scene.width, scene.height)).all()


def test_random_scenes_with_several_people():
    scene = random_scene(7, people=3)
    assert len(scene.actors) == 3
    assert len({actor.clothes for actor in scene.actors}) == 3
