from itertools import pairwise

import cv2
import numpy as np
import pytest

from pose_ros.actor import Actor, Clothes, Scene, frames
from pose_ros.core.models.occlusion import BodyMask
from pose_ros.core.topology import COCO17
from pose_ros.core.tracking.clothing import colour_similarity, torso_colours
from pose_ros.core.types import Frame

SHIRTS = {
    'red': (190, 45, 50),
    'green': (50, 140, 60),
    'blue': (45, 70, 170),
    'yellow': (220, 190, 60),
    'black': (30, 30, 32),
    'white': (225, 225, 220),
}


def rendered(shirt='red', seed=1, **changes):
    """Image of an actor and the truth about them."""
    actor = Actor('stand', start=0.0, clothes=Clothes(shirt=SHIRTS[shirt]))
    shown = next(iter(frames(Scene(actors=(actor,), duration=1.0, **changes), seed)))
    return shown.image, shown.people[0].keypoints


def colours(shirt='red', **changes):
    image, keypoints = rendered(shirt, **changes)
    return torso_colours(Frame(image), keypoints, COCO17)


def test_three_histograms_of_one():
    histogram = colours()
    assert histogram.shape == (38,)
    assert [part.sum() for part in np.split(histogram, [6, 22])] == pytest.approx([1, 1, 1])
    assert colour_similarity(histogram, histogram) == pytest.approx(1.0)


@pytest.mark.parametrize('shirt', SHIRTS)
@pytest.mark.parametrize(
    'change',
    [{'noise': 6.0}, {'blur': 2.0}, {'blur': 1.0, 'noise': 4.0}, {'background': 'plain'}],
    ids=str,
)
def test_the_same_clothes_in_a_worse_image(shirt, change):
    assert colour_similarity(colours(shirt), colours(shirt, **change)) > 0.8


@pytest.mark.parametrize('shirt', SHIRTS)
@pytest.mark.parametrize('brightness', [0.92, 1.08])
def test_the_same_clothes_in_a_little_other_light(shirt, brightness):
    assert colour_similarity(colours(shirt), colours(shirt, brightness=brightness)) > 0.7


@pytest.mark.parametrize('one', SHIRTS)
def test_other_clothes_are_not_alike(one):
    for other in SHIRTS:
        if other != one:
            assert colour_similarity(colours(one), colours(other)) < 0.35


def test_rgb_and_bgr_are_the_same_clothes():
    image, keypoints = rendered('red')
    swapped = np.ascontiguousarray(image[..., ::-1])
    rgb, bgr, wrong = (
        torso_colours(frame, keypoints, COCO17)
        for frame in (Frame(image), Frame(swapped, channels='bgr'), Frame(swapped))
    )
    np.testing.assert_allclose(rgb, bgr)
    assert colour_similarity(rgb, wrong) < 0.35


def test_it_moves_with_the_person_and_their_size():
    image, keypoints = rendered('green')
    matrix = np.array([[0.5, 0.1, 200.0], [-0.1, 0.5, 150.0]])
    smaller = cv2.warpAffine(image, matrix, (640, 480))
    there = keypoints @ matrix[:, :2].T + matrix[:, 2]
    moved = torso_colours(Frame(smaller), there.astype(np.float32), COCO17)
    assert colour_similarity(colours('green'), moved) > 0.9


def test_a_torso_out_of_the_image_has_no_colours():
    image, keypoints = rendered()
    beyond = keypoints + np.array([640 - keypoints[:, 0].mean() + 60, 0], np.float32)
    assert torso_colours(Frame(image), beyond, COCO17) is None
    # Half of it is enough.
    middle = keypoints[[5, 6, 11, 12], 0].mean()
    assert torso_colours(Frame(image[:, : int(middle) + 4]), keypoints, COCO17) is not None
    assert torso_colours(Frame(image[:, : int(middle) - 12]), keypoints, COCO17) is None


def test_what_others_cover_does_not_count():
    image, keypoints = rendered('red', background='plain')
    alone = torso_colours(Frame(image), keypoints, COCO17)
    height = float(np.ptp(keypoints[:, 1]))

    def covered(shift):
        """Image in which a blue body is in front, shifted by a share of the height."""
        front = BodyMask(keypoints + np.array([shift * height, 0.0]), height)
        mask = np.zeros(image.shape[:2], np.uint8)
        front.draw(mask, np.eye(2, 3), 1)
        painted = image.copy()
        painted[mask > 0] = SHIRTS['blue']
        return Frame(painted), front

    frame, front = covered(0.22)
    assert colour_similarity(torso_colours(frame, keypoints, COCO17), alone) < 0.6
    visible = torso_colours(frame, keypoints, COCO17, [front])
    assert colour_similarity(visible, alone) > 0.95
    frame, front = covered(0.0)
    assert torso_colours(frame, keypoints, COCO17, [front]) is None


def test_a_person_seen_from_the_side_has_colours():
    """Shoulders and hips lie on one line."""
    image, keypoints = rendered('blue')
    flat = keypoints.copy()
    flat[:, 0] = keypoints[[5, 6, 11, 12], 0].mean()
    histogram = torso_colours(Frame(image), flat, COCO17)
    assert colour_similarity(histogram, colours('blue')) > 0.8


def test_colours_shift_smoothly():
    """A shade next to the border of a bin is not another person's."""
    points = np.zeros((17, 2), np.float32)
    points[[5, 6, 11, 12]] = [[60, 20], [20, 20], [60, 80], [20, 80]]
    plain = [
        torso_colours(Frame(np.full((100, 80, 3), shade, np.uint8)), points, COCO17)
        for shade in range(40, 200, 4)
    ]
    alike = [colour_similarity(one, other) for one, other in pairwise(plain)]
    assert min(alike) > 0.9


@pytest.mark.parametrize(
    ('aspect', 'turn', 'shows'),
    [
        (0.3, 90, True),
        (0.12, 90, True),
        (0.05, 90, False),
        (0.05, -60, False),
        (0.0, 180, True),
        (0.05, 30, True),
    ],
)
def test_a_lying_torso_that_is_hardly_seen_shows_no_clothes(aspect, turn, shows):
    """The shirt is everywhere, so only shape and direction decide."""
    half = 50 * aspect
    torso = np.array([(half, -50), (-half, -50), (half, 50), (-half, 50)])
    sine, cosine = np.sin(np.radians(turn)), np.cos(np.radians(turn))
    keypoints = np.zeros((17, 2), np.float32)
    keypoints[[5, 6, 11, 12]] = torso @ np.array([(cosine, sine), (-sine, cosine)]) + (100, 100)
    image = np.full((200, 200, 3), SHIRTS['red'], np.uint8)
    assert (torso_colours(Frame(image), keypoints, COCO17) is not None) is shows
