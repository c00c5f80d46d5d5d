"""The file of gestures: what it says, and how a wrong one is refused."""

import math
import re

import pytest

from pose_ros.core.body.features import FEATURES
from pose_ros.core.motion.rules import Hand, load_rules
from pose_ros.core.resources import config_file

GOOD = """\
gestures:
- name: salute
  hand: each
  when:
    wrist_height: [0.2, null]
    other.wrist_height: [null, 0]
    lean: [0, 40]
  keep:
    wrist_height: [0.1, null]
  hold: 0.5
  end: 0.4
  cooldown: 1
  direction: arm
  priority: 2
- name: cheer
  hand: both
  when: {wrist_height: [0.2, null]}
  unless: {hands_apart: [null, 0.5]}
- name: lopsided
  hand: none
  when:
    left.wrist_height: [0, 1]
    right.wrist_height: [-1, 0]
"""
HANDLESS = '- {name: sway, hand: none, when: {lean: [0, 1]}, priority: 1}'
TWICE = '- {name: lopsided, hand: none, when: {lean: [0, 1]}}'


@pytest.fixture
def load(tmp_path):
    def load(text):
        path = tmp_path / 'gestures.yaml'
        path.write_text(text, encoding='utf-8')
        return load_rules(path)

    return load


def test_rules_say_what_stands_in_the_file(load):
    left, right, cheer, lopsided = load(GOOD)
    assert [(r.name, r.hand) for r in (left, right)] == [('salute', hand) for hand in (1, 2)]
    assert (left.hold, left.end, left.cooldown, left.direction) == (0.5, 0.4, 1.0, 'arm')
    assert [(c.feature.name, c.side) for c in right.conditions] == [
        ('wrist_height', 'right'),
        ('wrist_height', 'left'),
        ('lean', 'left'),
    ]
    own, other, _ = right.conditions
    assert (own.start.low, own.start.high, own.keep.low) == (0.2, math.inf, 0.1)
    assert other.keep == other.start
    assert (cheer.hand, cheer.hold, cheer.end, cheer.direction) == (Hand.BOTH, 0.0, 0.3, 'none')
    assert [c.side for c in cheer.conditions] == ['left', 'right']
    assert [c.side for c in lopsided.conditions] == ['left', 'right']
    assert left.priority == 2
    assert [(c.feature.name, c.start.high) for c in cheer.unless] == [('hands_apart', 0.5)]
    assert right.keypoints == ('left_shoulder', 'left_wrist', 'right_shoulder', 'right_wrist')


def test_higher_priority_wins_where_a_hand_is_shared(load):
    left, right, cheer, lopsided, sway = load(GOOD + HANDLESS)
    assert left.outranks(cheer)
    assert not cheer.outranks(left)
    assert not left.outranks(right)
    assert not left.outranks(lopsided)  # that has no hand
    assert sway.outranks(lopsided)
    assert not sway.outranks(cheer)


def test_forms_of_a_gesture_differ_in_priority(load):
    forms = load(GOOD + TWICE.replace('hand: none', 'hand: none, priority: 7'))
    assert [rule.priority for rule in forms if rule.name == 'lopsided'] == [0, 7]


FINGERS = (
    *('open_palm', 'fist', 'thumb_up', 'thumb_down', 'victory', 'ok', 'point', 'call'),
    *(f'count_{number}' for number in range(6)),
)


def test_shipped_rules():
    rules = load_rules(config_file('gestures.yaml'))
    hands = {}
    for rule in rules:
        hands.setdefault(rule.name, []).append(rule.hand.name)
    each, both, none = ['LEFT', 'RIGHT'], ['BOTH'], ['NONE']
    assert hands == {
        'wave': each + both + both,
        'hand_raised': each + both,
        'point_left': each,
        'point_right': each,
        'point_up': each,
        'point_at_camera': each,
        'stop': each,
        'come_here': each,
        't_pose': both,
        'arms_crossed': both,
        'hands_on_hips': both,
        'clap': both,
        'bow': none,
        'head_shake': none,
        'nod': none,
        **dict.fromkeys(FINGERS, each),
    }
    assert {rule.name for rule in rules if rule.of_fingers} == set(FINGERS)
    by = {(rule.name, rule.hand.name): rule for rule in rules}
    assert by['wave', 'LEFT'].outranks(by['hand_raised', 'BOTH'])
    assert by['wave', 'BOTH'].outranks(by['wave', 'LEFT'])
    assert by['t_pose', 'BOTH'].outranks(by['point_left', 'LEFT'])
    assert {name for (name, _), rule in by.items() if rule.direction == 'arm'} == {
        *('point_left', 'point_right', 'point_up', 'point_at_camera')
    }


def test_shipped_file_lists_every_feature_and_no_other():
    text = config_file('gestures.yaml').read_text(encoding='utf-8')
    header = text[: text.index('gestures:')]
    listed = re.findall(r'^#   ([a-z_]+) +\S', header, re.MULTILINE)
    names = r'^# +((?:[a-z_]+_(?:half_cycles|amplitude|period|speed|evenness|low|pause|snr) ?)+)$'
    listed += ' '.join(re.findall(names, header, re.MULTILINE)).split()
    assert sorted(listed) == sorted(FEATURES)
    assert all(feature.meaning for feature in FEATURES.values())


def changed(old, new):
    assert GOOD.count(old) >= 1, old
    return GOOD.replace(old, new, 1)


@pytest.mark.parametrize(
    ('text', 'line', 'reason'),
    [
        ('', 1, 'empty'),
        ('gestures: []', 1, 'no gestures'),
        ('- 1', 1, 'expected names with values'),
        ('motions: []', 1, "unknown field 'motions', known are: gestures"),
        ('gestures:\n- {name: [a\n', 3, 'expected'),
        (changed('hand: both', 'hands: both'), 16, "unknown field 'hands'"),
        (changed('hand: both', 'hand: two'), 16, 'expected one of left, right, each, both, none'),
        (changed('  hand: both\n', ''), 15, 'hand is missing'),
        (changed('name: cheer', 'name: '), 15, 'expected a text'),
        (changed('name: cheer\n', 'name: cheer\n  name: cheer\n'), 16, 'name is given twice'),
        (changed('hold: 0.5', 'hold: soon'), 10, "expected a number, got 'soon'"),
        (changed('hold: 0.5', 'hold: -1'), 10, 'must be at least 0, got -1'),
        (changed('hold: 0.5', 'hold: .inf'), 10, 'expected a finite number'),
        (changed('hold: 0.5', 'hold: true'), 10, "expected a number, got 'true'"),
        (changed('lean: [0, 40]', 'leen: [0, 40]'), 7, "'leen' (did you mean lean?), known are"),
        (changed('lean: [0, 40]', 'lean: [40, 0]'), 7, 'low limit 40 is over the high one 0'),
        (changed('lean: [0, 40]', 'lean: 40'), 7, 'expected a list'),
        (changed('lean: [0, 40]', 'lean: [40]'), 7, 'limits are a pair [low, high]'),
        (changed('lean: [0, 40]', 'left.lean: [0, 40]'), 7, 'lean belongs to the person'),
        (changed('other.wrist_h', 'foot.wrist_h'), 6, "'foot' in 'foot.wrist_height' must"),
        (changed('[0.1, null]', '[0.3, null]'), 9, 'under keep are narrower than under when'),
        (changed('  wrist_height: [0.1', '  reach_out: [0.1'), 9, 'reach_out is under keep'),
        (changed('{wrist_height: [0.2, null]}', '{}'), 17, 'at least one condition'),
        (changed('left.wrist_height', 'wrist_height'), 22, 'without a hand, write left.wrist_h'),
        (changed('{wrist_height', '{other.wrist_height'), 17, 'both hands have no other'),
        (changed('hand: each', 'hand: both').replace('other.', 'left.'), 13, 'of one hand has'),
        (changed('priority: 2', 'priority: high'), 14, "expected a whole number, got 'high'"),
        (changed('priority: 2', 'priority: 2.5'), 14, "expected a whole number, got '2.5'"),
        (changed('{hands_apart', '{hands_appart'), 18, "unknown feature 'hands_appart'"),
        (changed('name: cheer', 'name: all'), 15, 'all has a meaning of its own'),
        (changed('name: cheer', 'name: "a\\nb"'), 15, 'letters, digits, _ and -, got'),
        (changed('lean: [0, 40]', 'lean: [null, null]'), 7, 'at least one limit is needed'),
        (changed('{hands_apart: [null, 0.5]}', '{}'), 18, 'at least one condition'),
        (changed('direction: arm', 'direction: index'), 13, 'index needs a condition on fingers'),
        (GOOD + TWICE, 24, 'lopsided, hand none, is described twice; another form'),
    ],
)  # fmt: skip
def test_wrong_file_is_refused_with_line_and_reason(load, tmp_path, text, line, reason):
    with pytest.raises(ValueError, match=r'gestures\.yaml') as error:
        load(text)
    place, _, said = str(error.value).partition(': ')
    assert place == f'{tmp_path / "gestures.yaml"}:{line}'
    assert reason in said


def test_missing_file_is_named(tmp_path):
    with pytest.raises(ValueError, match=r'nowhere\.yaml'):
        load_rules(tmp_path / 'nowhere.yaml')


def test_file_that_is_no_text(tmp_path):
    path = tmp_path / 'gestures.yaml'
    path.write_bytes(b'\xff\xfe\x00\x01gestures')
    with pytest.raises(ValueError, match=r'gestures\.yaml'):
        load_rules(path)
