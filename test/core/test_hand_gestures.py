"""Gestures of fingers on hands posed by joint angles: sizes, turns, noise, other proportions."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from pose_ros.actor.hand_pose import HAND_POSES, hand_points, seen_hand, turned, varied
from pose_ros.core.body.hand_features import HAND_FEATURES
from pose_ros.core.body.state import Body
from pose_ros.core.motion.gestures import GestureRecogniser, Phase
from pose_ros.core.motion.rules import Hand, load_rules
from pose_ros.core.motion.watcher import MotionWatcher
from pose_ros.core.resources import config_file
from pose_ros.core.topology import BLAZEPOSE33
from pose_ros.core.types import Box, Person

RATE = 15.0  # [1/s]
# Gesture: shape of the actor's hand, roll [deg] of a right hand, and the gestures that it is.
SHOWN = {
    'open_palm': ('open_palm', 0, {'open_palm', 'count_5'}),
    'fist': ('fist', 0, {'fist', 'count_0'}),
    'thumb_up': ('thumb', -90, {'thumb_up'}),
    'thumb_down': ('thumb', 90, {'thumb_down'}),
    'victory': ('victory', 0, {'victory', 'count_2'}),
    'ok': ('ok', 0, {'ok', 'count_3', 'count_4'}),
    'point': ('point', 0, {'point', 'count_1'}),
    'call': ('call', -20, {'call', 'count_2'}),
    'count_0': ('fist', 0, {'fist', 'count_0'}),
    'count_1': ('point', 0, {'point', 'count_1'}),
    'count_2': ('victory', 0, {'victory', 'count_2'}),
    'count_3': ('three', 0, {'count_3'}),
    'count_4': ('four', 0, {'count_4'}),
    'count_5': ('open_palm', 0, {'open_palm', 'count_5'}),
}
NOISE = 0.035  # standard deviation of each coordinate [palms]: 3 mm
RULES = load_rules(config_file('gestures.yaml'))
OF_FINGERS = {rule.name for rule in RULES if rule.of_fingers}


def standing(side, torso=110.0):
    """Person who holds up the forearm of one side, and their wrist."""
    places = {'nose': (0, -0.6), 'left_ear': (0.15, -0.62), 'right_ear': (-0.15, -0.62)}
    for name, sign in (('left', 1), ('right', -1)):
        raised = name == side
        places |= {
            f'{name}_shoulder': (0.35 * sign, 0),
            f'{name}_elbow': (0.4 * sign, 0.55),
            f'{name}_wrist': (0.5 * sign, 0.1 if raised else 1.0),
            f'{name}_index': (0.5 * sign, -0.05 if raised else 1.15),
            f'{name}_pinky': (0.55 * sign, -0.05 if raised else 1.15),
            f'{name}_hip': (0.2 * sign, 1.0),
            f'{name}_knee': (0.2 * sign, 1.9),
            f'{name}_ankle': (0.2 * sign, 2.8),
            f'mouth_{name}': (0.05 * sign, -0.5),
        }
    keypoints = np.full((33, 2), (320, 60), np.float32)
    states = np.full(33, 1, np.uint8)
    for name, (x, y) in places.items():
        keypoints[BLAZEPOSE33.index(name)] = 320 + torso * x, 150 + torso * y
        states[BLAZEPOSE33.index(name)] = 0
    scores = np.where(states == 0, 0.95, 0.1).astype(np.float32)
    person = Person(BLAZEPOSE33, keypoints, scores, states, 0.9, Box.around(keypoints), id=1)
    return person, keypoints[BLAZEPOSE33.index(f'{side}_wrist')]


def recogniser():
    return MotionWatcher([GestureRecogniser(RULES)])


def reported(hands, person, seconds=1.2):
    """Gestures of fingers that start, with their hands; `hands` gives the hand of each frame."""
    watcher, started = recogniser(), set()
    for number in range(round(seconds * RATE)):
        hand = hands(number)
        motion = watcher.observe([person], number / RATE, [hand] if hand is not None else [])
        started |= {(g.name, g.hand) for g in motion['gestures'] if g.phase is Phase.STARTED}
    return {(name, hand) for name, hand in started if name in OF_FINGERS}


def sample(name, random, side, palm, noise=NOISE):
    """Function of the frame number that gives a hand with a turn, proportions and noise."""
    shape, roll, _ = SHOWN[name]
    pose = varied(HAND_POSES[shape], random, 6.0)
    roll = (roll if side == 'right' else -roll) + random.uniform(-15, 15)
    points = turned(
        hand_points(pose, side), roll, random.uniform(-25, 25), random.uniform(-15, 15)
    )
    points = points * random.uniform(0.85, 1.15, 3)
    _, wrist = standing(side)

    def hand(_):
        jitter = random.normal(0, noise * 0.09, points.shape)
        return seen_hand(points + jitter, wrist, palm / 0.092, side, skeleton_id=1)

    return hand


@pytest.mark.parametrize('side', ['left', 'right'])
@pytest.mark.parametrize(
    ('shape', 'turn', 'name', 'expected'),
    [
        ('open_palm', {}, 'fingers_extended', 5),
        ('fist', {}, 'fingers_extended', 0),
        ('call', {}, 'fingers_extended', 2),
        ('open_palm', {}, 'index_curl', 5 + 8 * 2 / 3),
        ('fist', {}, 'pinky_curl', 75 + 100 + 27),
        ('victory', {}, 'finger_spread', 22),
        ('open_palm', {}, 'palm_to_camera', 0),
        ('open_palm', {'yaw': 180}, 'palm_to_camera', 180),
        ('open_palm', {'pitch': 60}, 'palm_to_camera', 60),
        ('open_palm', {}, 'hand_elevation', 90),
        ('open_palm', {'roll': 180}, 'hand_elevation', -90),
        ('ok', {}, 'pinch', 0.1),
        ('open_palm', {}, 'pinch', 1.0),
        ('thumb', {}, 'thumb_out', 1.6),
        ('fist', {}, 'thumb_out', 0.6),
        ('open_palm', {'yaw': 60}, 'hand_size', 30),
        ('open_palm', {}, 'thumb_curl', 8),
    ],
)
def test_features_of_fingers(side, shape, turn, name, expected):
    points = turned(hand_points(HAND_POSES[shape], side), **turn)
    hand = seen_hand(points, (300, 200), 30 / 0.0923, side, 1)
    value = HAND_FEATURES[name].value(Body().update(standing(side)[0], 0.0, [hand]), side)
    tolerance = {'deg': 9, 'palm': 0.2, 'fingers': 0, 'px': 5}[HAND_FEATURES[name].unit]
    assert value == pytest.approx(expected, abs=tolerance)


def test_features_of_fingers_are_unknown_without_the_hand():
    state = Body().update(standing('left')[0], 0.0)
    assert {feature.value(state, 'left') for feature in HAND_FEATURES.values()} == {None}


@pytest.mark.parametrize('side', ['left', 'right'])
@pytest.mark.parametrize('name', SHOWN)
def test_each_gesture_is_recognised_with_its_hand(name, side):
    found = reported(sample(name, np.random.default_rng(1), side, 30.0), standing(side)[0])
    own = Hand.LEFT if side == 'left' else Hand.RIGHT
    assert (name, own) in found
    assert {n for n, _ in found} <= SHOWN[name][2]


def test_recall_and_precision(sample_count):
    """Over turns, sizes, proportions and noise, all gestures together: at least 0.95."""
    random = np.random.default_rng(7)
    hits, shown, false, total = Counter(), Counter(), Counter(), 0
    for name in SHOWN:
        for _ in range(sample_count(6, 60)):
            side = str(random.choice(['left', 'right']))
            hand = sample(name, random, side, random.uniform(14, 60))
            found = {n for n, _ in reported(hand, standing(side)[0])}
            shown[name] += 1
            hits[name] += name in found
            false.update(found - SHOWN[name][2])
            total += len(found)
    recall = sum(hits.values()) / sum(shown.values())
    precision = 1 - sum(false.values()) / total
    assert recall >= 0.95, {name: hits[name] / shown[name] for name in SHOWN}
    assert precision >= 0.95, false


def test_small_hands_show_no_gesture():
    hand = sample('open_palm', np.random.default_rng(1), 'right', 8.0)
    assert reported(hand, standing('right')[0]) == set()


def test_a_hand_that_hangs_shows_no_gesture():
    """The arm is down on this side: relaxed hands often look like a gesture."""
    for name in SHOWN:
        if name not in ('point', 'thumb_down'):
            hand = sample(name, np.random.default_rng(1), 'right', 30.0)
            assert reported(hand, standing('left')[0]) == set(), name


def test_without_hands_there_are_no_gestures_of_fingers():
    assert reported(lambda _: None, standing('right')[0]) == set()


def test_a_gesture_goes_on_through_short_losses_of_the_hand():
    hand = sample('victory', np.random.default_rng(2), 'right', 30.0)
    watcher, person = recogniser(), standing('right')[0]
    phases = []
    for number in range(45):
        lost = 20 <= number < 23
        motion = watcher.observe([person], number / RATE, [] if lost else [hand(number)])
        phases += [g.phase for g in motion['gestures'] if g.name == 'victory']
    assert phases.count(Phase.STARTED) == 1
    assert Phase.ENDED not in phases


def test_hands_of_other_people_do_not_count():
    hand = sample('victory', np.random.default_rng(2), 'right', 30.0)
    watcher, person = recogniser(), standing('right')[0]
    for number in range(20):
        points = hand(number)
        other = seen_hand(points.world.astype(float), (500, 100), 300.0, 'right', skeleton_id=2)
        motion = watcher.observe([person], number / RATE, [other])
        assert 'victory' not in {g.name for g in motion['gestures']}


@pytest.mark.parametrize(
    ('turn', 'expected'),
    [({}, (0, -1)), ({'roll': 60}, (0.87, -0.5)), ({'roll': -90}, (-1, 0))],
)
def test_a_pointing_finger_has_a_direction(turn, expected):
    person, wrist = standing('right')
    points = turned(hand_points(HAND_POSES['point'], 'right'), **turn)
    watcher = recogniser()
    for number in range(12):
        hand = seen_hand(points, wrist, 300.0, 'right', skeleton_id=1)
        motion = watcher.observe([person], number / RATE, [hand])
    (point,) = [g for g in motion['gestures'] if g.name == 'point']
    np.testing.assert_allclose(point.direction[:2], expected, atol=0.15)
    assert point.direction[2] == 0  # without positions, in the image plane


def test_stop_needs_an_open_hand_where_fingers_are_seen():
    rules = {(rule.name, rule.hand): rule for rule in RULES}
    names = [condition.feature.name for condition in rules['stop', Hand.RIGHT].unless]
    assert 'middle_curl' in names


def watch_alone(hand, seconds=1.2, gone=0.0):
    """Gestures of each frame of a hand without a person, and of those after it is gone."""
    watcher, gestures = recogniser(), []
    for number in range(round((seconds + gone) * RATE)):
        stamp = number / RATE
        found = [replace(hand(number), skeleton_id=0, id=7)] if stamp < seconds else []
        gestures += watcher.observe([], stamp, found)['gestures']
    return gestures


@pytest.mark.parametrize('side', ['left', 'right'])
@pytest.mark.parametrize('name', SHOWN)
def test_a_hand_without_a_person_shows_its_gesture_under_its_own_id(name, side):
    gestures = watch_alone(sample(name, np.random.default_rng(1), side, 30.0), gone=1.0)
    own = Hand.LEFT if side == 'left' else Hand.RIGHT
    assert {(g.skeleton_id, g.hand_id, g.hand) for g in gestures} == {(0, 7, own)}
    assert name in {g.name for g in gestures} <= SHOWN[name][2]
    phases = [g.phase for g in gestures if g.name == name]
    assert (phases[0], phases[-1]) == (Phase.STARTED, Phase.ENDED)
    assert min(g.score for g in gestures) == pytest.approx(0.95)


def test_a_hand_without_a_person_that_moves_shows_no_gesture():
    still = sample('open_palm', np.random.default_rng(1), 'right', 30.0)

    def swept(number):
        hand = still(number)
        return replace(hand, keypoints=hand.keypoints + np.float32([20 * number, 0]))

    assert {g.name for g in watch_alone(still)} == {'open_palm', 'count_5'}
    assert watch_alone(swept) == []  # 300 px/s: 1.8 torsos/s


def test_a_gesture_that_also_needs_the_arm_is_not_one_of_a_hand_alone(tmp_path):
    path = tmp_path / 'gestures.yaml'
    path.write_text(
        'gestures:\n'
        '- name: salute\n'
        '  hand: each\n'
        '  when: {index_curl: [null, 85], wrist_to_nose: [null, 0.6]}\n'
        '- name: flat\n'
        '  hand: each\n'
        '  when: {index_curl: [null, 85]}\n',
        encoding='utf-8',
    )
    watcher = MotionWatcher([GestureRecogniser(load_rules(path))])
    hand = replace(sample('open_palm', np.random.default_rng(1), 'right', 30.0)(0), skeleton_id=0)
    assert {g.name for g in watcher.observe([], 0.0, [hand])['gestures']} == {'flat'}


def test_a_hand_that_gets_a_person_ends_its_gestures():
    watcher, person = recogniser(), standing('right')[0]
    hand, ends = sample('victory', np.random.default_rng(2), 'right', 30.0), {}
    for number in range(45):
        own = replace(hand(number), skeleton_id=0 if number < 15 else person.id)
        for gesture in watcher.observe([person], number / RATE, [own])['gestures']:
            if gesture.name == 'victory':
                ends[gesture.skeleton_id, gesture.hand_id] = gesture.phase
    assert ends == {(0, 1): Phase.ENDED, (1, 0): Phase.HELD}
