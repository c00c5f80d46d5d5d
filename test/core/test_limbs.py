"""Limbs lifted out of the image by their lengths."""

import math

import numpy as np
import pytest

from pose_ros.core.body.angles import measure
from pose_ros.core.body.form import Form
from pose_ros.core.body.limbs import BoneLengths, Hinges, Limb, angle_between
from pose_ros.core.body.measures import MEASURES
from pose_ros.core.body.points import PosePoints, UnseenError
from pose_ros.core.topology import COCO17
from pose_ros.core.types import Box, KeypointState, Person


def limb(x, y, length=100.0):
    return Limb(complex(x, y), length, near=4.0, far=4.0, score=0.9)


def test_bones_of_full_length_lie_in_the_image():
    angle, deviation = angle_between(limb(0, 100), limb(100, 0))
    assert math.degrees(angle) == pytest.approx(90)
    assert deviation < math.radians(5)


def test_a_thigh_that_points_at_the_camera_is_level():
    # Seen from the front: the shin upright, of the thigh nothing but a stub.
    angle, deviation = angle_between(limb(0, 10), limb(0, -100))
    assert math.degrees(angle) == pytest.approx(90, abs=8)
    # The shin may point out of the image too, and each degree of it is one of the knee.
    assert math.radians(15) < deviation < math.radians(26)


def test_beside_a_bone_that_points_away_one_a_little_short_does_so_too():
    # At the bottom of a push-up, seen from the front: upper arms 60 degrees out of the image,
    # forearms 28; held for flat, these would make 97 degrees of the elbows' 73.
    upper, fore = (Limb(seen, 100.0, 25.0, 25.0, 0.9) for seen in (45 + 22j, -88j))
    assert fore.tilt == 0.0
    angle, deviation = angle_between(upper, fore)
    true = math.acos(0.5 * 0.88 * -0.44 + math.sin(math.pi / 3) * math.sin(math.acos(0.88)))
    assert abs(angle - true) < 1.5 * deviation


def test_both_bones_tilt_to_the_same_side():
    # Half a turn in the image; each 60 degrees out of it: 60 between them, not 180.
    angle, _ = angle_between(limb(0, 50), limb(0, -50))
    assert math.degrees(angle) == pytest.approx(60, abs=6)


def test_a_bone_a_little_short_is_uncertain():
    _, sure = angle_between(limb(0, 100), limb(0, -100))
    _, unsure = angle_between(limb(0, 92), limb(0, -92))
    assert unsure > 2 * sure


def test_the_errors_of_a_straight_limb_have_a_mean_of_zero():
    hinges, rng = Hinges(), np.random.default_rng(1)
    deviation = math.radians(5)
    # Bent to one side, for all to see: nothing is told, but the side is remembered.
    assert hinges.bend('elbow', limb(60, 80), limb(60, -80), deviation) is None
    bends = [
        hinges.bend('elbow', limb(3 + error, 100), limb(3, -100), deviation)
        for error in rng.uniform(-12, 12, 400)
    ]
    assert math.degrees(np.mean(bends)) == pytest.approx(2 * math.degrees(0.03), abs=0.5)
    assert min(bends) < -math.radians(3)
    # Bent to the other side by more than errors can: from now on that is the side.
    assert hinges.bend('elbow', limb(-60, 80), limb(-60, -80), deviation) is None
    assert hinges.bend('elbow', limb(3, 100), limb(3, -100), deviation) < 0
    assert hinges.bend('elbow', limb(0, 60), limb(0, -100), deviation) is None


def standing(height=300.0, unseen=()):
    """A person who stands, seen from the front; y of the joints in heights from the ground."""
    heights = {'shoulder': 0.8, 'elbow': 0.62, 'wrist': 0.47, 'hip': 0.5, 'knee': 0.27}
    points = np.zeros((17, 2), np.float32)
    for i, name in enumerate(COCO17.keypoint_names):
        side, _, joint = name.partition('_')
        points[i] = (
            320 + (30 if side == 'left' else -30),
            460 - height * heights.get(joint, 0.04),
        )
    states = np.full(17, KeypointState.OBSERVED, np.uint8)
    states[[COCO17.index(name) for name in unseen]] = KeypointState.BELOW_THRESHOLD
    return Person(
        COCO17, points, np.full(17, 0.9, np.float32), states, 0.9, Box(0, 0, 640, 480), id=1
    )


def test_lengths_are_those_of_the_longest_views():
    lengths = BoneLengths()
    for i in range(30):
        lengths.update(i / 30, PosePoints(standing()))
    assert lengths['trunk'] == pytest.approx(90, rel=0.01)
    # Whoever goes away is smaller in all bones alike, within a few seconds.
    for i in range(30, 180):
        lengths.update(i / 30, PosePoints(standing(height=200.0)))
    assert lengths['trunk'] == pytest.approx(60, rel=0.05)
    assert lengths['thigh'] == pytest.approx(46, rel=0.05)


def test_a_bone_that_is_seldom_seen_long_has_at_least_the_length_of_people():
    # The trunk points at the camera all the time: the other bones tell how long it must be.
    person = standing()
    shoulders = [COCO17.index(f'{side}_shoulder') for side in ('left', 'right')]
    person.keypoints[shoulders, 1] = person.keypoints[COCO17.index('left_hip'), 1] - 20
    lengths = BoneLengths()
    lengths.update(0.0, PosePoints(person))
    assert lengths['trunk'] == pytest.approx(0.8 * lengths['forearm'] / 0.5, rel=0.01)


def test_bones_never_seen_have_no_length():
    lengths = BoneLengths()
    lengths.update(0.0, PosePoints(standing(unseen=('left_ankle', 'right_ankle'))))
    with pytest.raises(UnseenError):
        _ = lengths['shin']


def test_a_trunk_a_little_short_hardly_leans_for_certain():
    lengths = BoneLengths()
    for i in range(30):
        lengths.update(i / 30, PosePoints(standing()))
    leans = []
    for share in (0.85, 0.4):
        person = standing()
        shoulders = [COCO17.index(f'{side}_shoulder') for side in ('left', 'right')]
        hip = person.keypoints[COCO17.index('left_hip'), 1]
        person.keypoints[shoulders, 1] = hip - share * 90
        form = Form(PosePoints(person), lengths, Hinges(), measure(person))
        leans.append(MEASURES['trunk'].reading(form))
    little, much = leans
    assert little.value > 15
    assert little.deviation > 15
    assert much.value > 60
    assert much.deviation < 10


def test_hips_over_the_feet():
    person = standing()
    lengths = BoneLengths()
    for i in range(30):
        lengths.update(i / 30, PosePoints(person))

    def read(name):
        form = Form(PosePoints(person), lengths, Hinges(), measure(person))
        return MEASURES[name].reading(form)

    assert read('hips_height').value == pytest.approx(1.0, abs=0.05)
    ankles = [COCO17.index(f'{side}_ankle') for side in ('left', 'right')]
    person.keypoints[ankles, 0] = 320 + 30, 320 - 30
    assert read('hips_aside') is None  # the feet are too close together
    person.keypoints[ankles, 0] = 320 + 60, 320 - 60
    assert read('hips_aside').value == pytest.approx(0.0, abs=0.01)
    hips = [COCO17.index(f'{side}_hip') for side in ('left', 'right')]
    person.keypoints[hips, 0] += 45
    person.keypoints[hips, 1] += 69  # half a leg
    assert read('hips_aside').value == pytest.approx(0.75, abs=0.01)
    assert read('hips_height').value == pytest.approx(0.5, abs=0.05)


def test_one_knee_straight_one_bent():
    lengths = BoneLengths()
    for i in range(30):
        lengths.update(i / 30, PosePoints(standing()))
    person = standing()
    # The left thigh is level and the shin hangs.
    x, y = person.keypoints[COCO17.index('left_hip')]
    person.keypoints[COCO17.index('left_knee')] = x + 69, y
    person.keypoints[COCO17.index('left_ankle')] = x + 69, y + 69
    form = Form(PosePoints(person), lengths, Hinges(), measure(person))
    values = {
        name: MEASURES[name].reading(form).value
        for name in ('straighter_knee', 'bent_knee', 'uneven_knees')
    }
    assert values == pytest.approx(
        {'straighter_knee': 180, 'bent_knee': 90, 'uneven_knees': 90}, abs=15
    )
