"""Movements without place, size, frame rate and format."""

from dataclasses import replace

import numpy as np
import pytest

from pose_ros.actor import Actor, Errors, Scene, skeletons
from pose_ros.core.motion.normalised import (
    Movement,
    Window,
    features,
    normalise,
    points_of,
)
from pose_ros.core.motion.point_set import BODY, BODY_AND_HANDS, PointSet
from pose_ros.core.topology import BLAZEPOSE33, COCO17, TOPOLOGIES
from pose_ros.core.types import Box, KeypointState, Person

EXACT = Errors(noise=0.0, drift=0.0, dropout=0.0)
WINDOW = Window(1.0)
WRIST = BODY.index('left_wrist')


def wave(fps=30.0, topology=COCO17, world=False, **actor):
    actor = Actor('wave_left', start=0.0, **{'sway': 0.0, 'height': 300.0, **actor})
    scene = Scene(duration=2.0, fps=fps, actors=(actor,))
    video = list(skeletons(scene, 0, topology, EXACT, world))
    return [frame.people[0] for frame in video], [frame.stamp for frame in video]


def unseen(people, stamps, name, first, last):
    """The same, a keypoint below the threshold for a while."""
    index = people[0].topology.index(name)
    changed = []
    for person, stamp in zip(people, stamps):
        states = person.states.copy()
        if first <= stamp <= last:
            states[index] = KeypointState.BELOW_THRESHOLD
        changed.append(replace(person, states=states))
    return changed, stamps


def seen_at(video, end=1.9, window=WINDOW):
    return window.features(Movement.of(*video, window.in_space), end)


def test_place_size_and_frame_rate_do_not_matter():
    here, there = wave(), wave(x=200.0, y=300.0, height=150.0)
    assert seen_at(there) == pytest.approx(seen_at(here), abs=1e-4)
    slow = wave(fps=12.0)
    end = slow[1][-1]
    assert seen_at(slow, end) == pytest.approx(seen_at(here, end), abs=0.06)


def test_another_moment_of_a_movement_is_something_else():
    video = wave()
    assert np.abs(seen_at(video, 1.9) - seen_at(video, 1.6)).max() > 0.3


def test_all_formats_give_the_same():
    expected = seen_at(wave())
    assert seen_at(wave(topology=BLAZEPOSE33)) == pytest.approx(expected, abs=1e-4)
    for topology in TOPOLOGIES.values():
        count = len(topology)
        points = np.arange(2 * count, dtype=np.float32).reshape(count, 2)
        states = np.zeros(count, np.uint8)
        person = Person(topology, points, np.ones(count), states, 1.0, Box(0, 0, 1, 1))
        found, seen = points_of(person)
        assert seen.all()
        assert (found == [points[topology.index(name)] for name in BODY.names]).all()


def test_a_joint_lost_for_a_moment_lies_in_between_and_later_is_unknown():
    whole = seen_at(wave())
    moment = seen_at(unseen(*wave(), 'left_wrist', 1.4, 1.6))
    assert moment[:, WRIST - len(BODY)].all()
    assert moment == pytest.approx(whole, abs=0.35)
    long = seen_at(unseen(*wave(), 'left_wrist', 1.2, 1.7))
    known = long[:, WRIST - len(BODY)]
    assert 5 < known.sum() < 11
    # An unknown point stays where it was last known.
    place, lost = long[:, 2 * WRIST : 2 * WRIST + 2], np.flatnonzero(known == 0)
    assert (place[lost] == place[lost[0] - 1]).all()
    bones = [i for i, bone in enumerate(BODY.bones) if WRIST in bone]
    changed = [WRIST, *(len(BODY) + i for i in bones)]
    changed = [2 * i + axis for i in changed for axis in (0, 1)]
    others = np.delete(np.arange(whole.shape[1]), [*changed, WRIST - len(BODY)])
    assert long[:, others] == pytest.approx(whole[:, others], abs=1e-5)


def test_without_a_shoulder_nothing_is_known():
    assert not seen_at(unseen(*wave(), 'left_shoulder', 0.0, 2.0)).any()
    later = seen_at(unseen(*wave(), 'left_shoulder', 1.5, 2.0))
    assert later[0, -len(BODY) :].any()
    assert not later[-1, -len(BODY) :].any()


def test_before_the_first_sight_nothing_is_known():
    video = wave()
    early = seen_at(video, 0.5)
    known = early[:, -len(BODY) :]
    assert not known[: WINDOW.shape[0] // 2 - 1].any()
    assert known[-1].any()


def test_hidden_hips_leave_the_size_to_the_shoulders():
    video = wave()
    for name in ('left_hip', 'right_hip'):
        video = unseen(*video, name, 0.0, 2.0)
    shoulders = 2 * BODY.index('left_shoulder')
    assert seen_at(video)[:, shoulders] == pytest.approx(0.373, abs=0.01)


def test_in_space_it_does_not_matter_where_a_person_faces():
    window = Window(1.0, in_space=True)
    front = seen_at(wave(world=True), window=window)
    turned = seen_at(wave(world=True, facing=50.0), window=window)
    assert turned == pytest.approx(front, abs=0.02)
    assert front.shape == window.shape == (15, 79)
    assert not seen_at(wave(), window=window).any()


def test_the_mirror_swaps_sides():
    swapped = [BODY.names[i] for i in BODY.mirror]
    assert swapped[:3] == ['nose', 'right_shoulder', 'left_shoulder']
    assert [BODY.mirror[i] for i in BODY.mirror] == list(range(len(BODY)))


HANDS = PointSet(
    ('left_hand_tip', 'right_hand_tip', 'left_elbow', 'left_wrist', 'right_wrist', 'left_thumb')
)


def test_names_say_what_belongs_to_what():
    bones = [(HANDS.names[a], HANDS.names[b]) for a, b in HANDS.bones]
    assert bones == [
        ('left_hand_tip', 'left_wrist'),
        ('right_hand_tip', 'right_wrist'),
        ('left_wrist', 'left_elbow'),
        ('left_thumb', 'left_wrist'),
        ('left_wrist', 'right_wrist'),
    ]
    arms = [{HANDS.names[i] for i in HANDS.arm(side)} for side in ('left', 'right')]
    assert arms[0] == {'left_elbow', 'left_wrist', 'left_hand_tip', 'left_thumb'}
    assert arms[1] == {'right_wrist', 'right_hand_tip'}
    assert (HANDS.leg('left'), HANDS.pair('shoulder')) == ([], None)
    with pytest.raises(ValueError, match='different points'):
        PointSet(('nose', 'nose'))
    with pytest.raises(ValueError, match='names of points'):
        PointSet(('left wrist',))


def test_points_without_shoulders_stay_as_they_are():
    points = np.random.default_rng(0).normal(size=(20, 6, 3))
    seen = np.ones((20, 6), bool)
    seen[4:9, 5] = False
    found, known = normalise(points, seen, HANDS)
    assert (found[seen] == points[seen]).all()
    assert (known == seen).all()
    window = Window(1.0, in_space=True, point_set=HANDS)
    channels = window.features(Movement(np.arange(20) / 15, points, seen, HANDS), 19 / 15)
    assert channels.shape == window.shape == (15, 3 * 11 + 6)
    spread = channels[:, 18 + 9 : 18 + 12] - (channels[:, 15:18] - channels[:, 9:12])
    # The thumb seen from the wrist, both on the grid of the features.
    assert np.abs(spread).max() <= 1.01 / 1024


def test_a_format_without_a_point_leaves_it_unknown():
    person = wave()[0][0]
    points, seen = points_of(person, PointSet(('left_wrist', 'left_thumb')))
    assert seen.tolist() == [True, False]
    assert (points[0] == person.keypoints[COCO17.index('left_wrist')]).all()


def test_features_are_normalised_as_they_are():
    movement = Movement.of(*wave())
    points, seen = normalise(movement.points, movement.seen)
    again, _ = normalise(points, seen)
    assert again == pytest.approx(points)
    assert features(points, seen).shape == (60, 57)


def test_what_does_not_fit_is_refused():
    points, seen = np.zeros((3, 13, 2)), np.ones((3, 13), bool)
    with pytest.raises(ValueError, match='points'):
        Movement(np.arange(4.0), points, seen)
    with pytest.raises(ValueError, match='seen'):
        Movement(np.arange(3.0), points, seen[:, :5])
    with pytest.raises(ValueError, match='increase'):
        Movement(np.zeros(3), points, seen)
    with pytest.raises(ValueError, match='window must last'):
        Window(0.1)
    with pytest.raises(ValueError, match='rate'):
        Window(1.0, 1.0)


SIGNING = Window(1.0, point_set=BODY_AND_HANDS)


def hand_channels(take, end=2.0):
    """Channels of the right hand's index finger tip (x, y), and whether it is seen."""
    movement = take.movement(SIGNING)
    channels = SIGNING.features(movement, end)
    tip = 2 * BODY_AND_HANDS.index('right_hand_index_finger_tip')
    mask = BODY_AND_HANDS.masks.index(BODY_AND_HANDS.hands[1][0])
    return channels[:, tip : tip + 2], channels[:, mask - len(BODY_AND_HANDS.masks)]


def test_a_hand_is_relative_to_its_wrist_in_palms(make_take):
    here, seen = hand_channels(make_take('point'))
    there, _ = hand_channels(make_take('point', size=90.0))
    assert seen.all()
    assert there == pytest.approx(here, abs=0.03)
    # Straight up: a palm and a finger, of 0.2 torsos a palm.
    assert np.median(here[:, 1]) == pytest.approx(-0.2 * 0.18 / 0.092, abs=0.03)
    fist, _ = hand_channels(make_take('fist'))
    assert np.abs(fist[:, 1] - here[:, 1]).min() > 0.1


def test_a_hand_out_of_sight_is_masked_as_a_whole(make_take):
    points, seen = hand_channels(make_take('point', lost=[(1.2, 3.0)]), 1.7)
    assert 3 < seen.sum() < 10
    assert (points[seen == 0] == points[seen > 0][-1]).all()
    left = BODY_AND_HANDS.masks.index(BODY_AND_HANDS.hands[0][0]) - len(BODY_AND_HANDS.masks)
    channels = SIGNING.features(make_take('point').movement(SIGNING), 2.0)
    assert not channels[:, left].any()
    assert channels.shape == SIGNING.shape == (15, 2 * (13 + 42 + 9) + 15)


def test_hands_swap_in_the_mirror_and_go_with_their_arms():
    names, mirror = BODY_AND_HANDS.names, BODY_AND_HANDS.mirror
    for left, right in zip(*BODY_AND_HANDS.hands):
        assert (names[left], mirror[left]) == (names[right].replace('right', 'left'), right)
    assert set(BODY_AND_HANDS.hands[0]) < set(BODY_AND_HANDS.arm('left'))
    assert BODY_AND_HANDS.bones == BODY.bones
    assert BODY.hands == ([], [])


def test_hands_in_space_have_the_same_shape(make_take):
    take = make_take('open_palm')
    window = replace(SIGNING, in_space=True)
    people = [
        replace(person, world=np.pad(person.keypoints / 170, ((0, 0), (0, 1))))
        for person in take.people
    ]
    channels = window.features(replace(take, people=tuple(people)).movement(window), 2.0)
    tip = 3 * BODY_AND_HANDS.index('right_hand_index_finger_tip')
    flat, _ = hand_channels(take)
    assert channels[:, tip : tip + 2] == pytest.approx(flat, abs=0.05)
