"""Gestures in the actor's true joints, and the course of a gesture."""

from dataclasses import replace
from functools import cache
import math
from pathlib import Path

import numpy as np
import pytest

from pose_ros.actor import Action, Actor
from pose_ros.actor.body import ActorPose, joints
from pose_ros.actor.motions import BASIC, FALLS
from pose_ros.core.motion.gestures import GestureRecogniser, Phase
from pose_ros.core.motion.rules import Hand, load_rules
from pose_ros.core.motion.watcher import single_observer
from pose_ros.core.resources import config_file
from pose_ros.core.topology import BLAZEPOSE33, COCO17
from pose_ros.core.types import Box, KeypointState, Person

RULES = load_rules(config_file('gestures.yaml'))
GESTURES = {
    'wave_left': ('wave', Hand.LEFT),
    'wave_right': ('wave', Hand.RIGHT),
    'raise_left': ('hand_raised', Hand.LEFT),
    'raise_right': ('hand_raised', Hand.RIGHT),
    'raise_both': ('hand_raised', Hand.BOTH),
    'point_left': ('point_left', Hand.LEFT),
    'point_right': ('point_right', Hand.RIGHT),
    't_pose': ('t_pose', Hand.BOTH),
}
LIFTED = """\
gestures:
- name: lifted
  hand: left
  when: {wrist_height: [0.5, null]}
  keep: {wrist_height: [0.3, null]}
  hold: 0.3
  end: 0.2
  cooldown: 0.5
"""


def make_person(keypoints, topology=COCO17, person_id=1, score=0.9):
    """Person from COCO's 17 keypoints [17, 2]; what else the format has is unseen."""
    positions = np.zeros((len(topology), 2), np.float32)
    states = np.full(len(topology), KeypointState.BELOW_THRESHOLD, np.uint8)
    for name, position in zip(COCO17.keypoint_names, keypoints):
        positions[topology.index(name)] = position
        states[topology.index(name)] = KeypointState.OBSERVED
    scores = np.where(states == KeypointState.OBSERVED, score, 0.1).astype(np.float32)
    box = Box.around(np.asarray(keypoints))
    return Person(topology, positions, scores, states, score, box, person_id)


def posed(**angles):
    """Person in a pose of the actor."""
    points = joints(ActorPose(**angles))
    names = COCO17.keypoint_names
    return make_person(np.array([points[name][:2] for name in names]) * 300 + (320, 240))


@cache
def acted(motion, duration=4.0, rate=30, speed=0.4):
    """Stamps and the actor's true joints [17, 2] of a motion, 300 px tall."""
    # The gestures end in standing; the rest goes on, who falls stays down.
    length = duration - 1.4 if motion in GESTURES else math.inf
    video = Actor((Action(motion, 0.5, length, speed),), height=300)
    return [(i / rate, video.at(i / rate)[0].keypoints) for i in range(round(duration * rate))]


def unseen(person, *names):
    """Same person with these keypoints below the threshold."""
    index = [person.topology.index(name) for name in names]
    states, scores = person.states.copy(), person.scores.copy()
    states[index], scores[index] = KeypointState.BELOW_THRESHOLD, 0.1
    return replace(person, states=states, scores=scores)


class Watched:
    """A recogniser with a watcher of its own."""

    def __init__(self, rules, grace=0.5):
        recogniser = GestureRecogniser(rules, grace)
        self.enable, self.observe = recogniser.enable, single_observer(recogniser)


def started(gestures):
    return [(g.name, g.hand) for g in gestures if g.phase is Phase.STARTED]


def observe(video, recogniser=None):
    """Gestures in a video of (stamp, person), with their stamps in the second list."""
    recogniser = recogniser or Watched(RULES)
    events = [(g, stamp) for stamp, person in video for g in recogniser.observe([person], stamp)]
    return [g for g, _ in events], [stamp for _, stamp in events]


@pytest.fixture
def lifted(tmp_path):
    """A recogniser with one rule: left wrist lifted."""
    path = tmp_path / 'gestures.yaml'
    path.write_text(LIFTED)
    return Watched(load_rules(path), grace=0.4)


def lift(*heights, rate=10, start=0.0):
    """Video of a wrist at heights over the shoulder [torsos], one an image."""
    video = []
    for i, height in enumerate(heights):
        keypoints = np.zeros((17, 2))
        for name, (x, y) in {
            'left_shoulder': (30, -100),
            'right_shoulder': (-30, -100),
            'left_hip': (15, 0),
            'right_hip': (-15, 0),
            'left_wrist': (30, -100 - 100 * height),
        }.items():
            keypoints[COCO17.index(name)] = x, y
        video.append((start + i / rate, make_person(keypoints)))
    return video


def phases(video, recogniser):
    """Phases with their stamps, HELD left out."""
    gestures, stamps = observe(video, recogniser)
    return [
        (g.phase.name, round(stamp, 3))
        for g, stamp in zip(gestures, stamps)
        if g.phase is not Phase.HELD
    ]


@pytest.mark.parametrize('motion', GESTURES)
@pytest.mark.parametrize('topology', [COCO17, BLAZEPOSE33], ids=lambda t: t.name)
@pytest.mark.parametrize(('height', 'rate'), [(60, 10), (120, 30), (900, 15)])
def test_actor_gives_its_gesture_once_and_no_other(motion, topology, height, rate):
    video = [(t, make_person(k * (height / 300), topology)) for t, k in acted(motion, rate=rate)]
    gestures, stamps = observe(video)
    assert {(g.name, g.hand) for g in gestures} == {GESTURES[motion]}
    course = [g.phase for g in gestures]
    held = len(course) - 2
    assert course == [Phase.STARTED, *[Phase.HELD] * held, Phase.ENDED]
    assert held == pytest.approx((stamps[-1] - stamps[0]) * rate, abs=1.1)
    assert all(g.score == pytest.approx(0.9) and g.skeleton_id == 1 for g in gestures)
    # The arm is there at 1 s, and has waved there and back at 1.7 s; it comes down at 2.6 s.
    assert 0.8 < stamps[0] < (2.2 if 'wave' in motion else 1.7)
    assert 2.5 < stamps[-1] < 3.7


@pytest.mark.parametrize('motion', sorted((BASIC.keys() | FALLS.keys()) - set(GESTURES)))
@pytest.mark.parametrize('speed', [-0.4, 0.4])
def test_other_motions_give_none(motion, speed):
    video = [(t, make_person(k)) for t, k in acted(motion, 5.0, speed=speed)]
    assert observe(video) == ([], [])


@pytest.mark.parametrize('motion', GESTURES)
def test_head_and_arms_are_enough(motion):
    legs = [n for n in COCO17.keypoint_names if n.endswith(('hip', 'knee', 'ankle'))]
    video = [(t, unseen(make_person(k), *legs)) for t, k in acted(motion)]
    assert started(observe(video)[0]) == [GESTURES[motion]]


@pytest.mark.parametrize('motion', GESTURES)
def test_mirrored_image_gives_the_other_side(motion):
    mirror = COCO17.mirror
    video = [(t, make_person((k * (-1, 1) + (640, 0))[mirror])) for t, k in acted(motion)]
    name, hand = GESTURES[motion]
    name = {'point_left': 'point_right', 'point_right': 'point_left'}.get(name, name)
    hand = {Hand.LEFT: Hand.RIGHT, Hand.RIGHT: Hand.LEFT}.get(hand, hand)
    assert started(observe(video)[0]) == [(name, hand)]


def test_noise_of_the_keypoints_is_no_wave():
    rng = np.random.default_rng(1)
    for motion in ('stand', 'raise_left', 'raise_both'):
        noisy = [(t, k + rng.normal(0, 2, k.shape)) for t, k in acted(motion)]
        gestures, _ = observe([(t, make_person(k)) for t, k in noisy])
        assert all(g.name == 'hand_raised' for g in gestures)


@pytest.mark.parametrize(
    ('pose', 'expected'),
    [
        ({'left_arm': (90, 0), 'left_forearm': (90, 0)}, [('point_left', Hand.LEFT)]),
        ({'right_arm': (-90, 0), 'right_forearm': (-90, 0)}, [('point_left', Hand.RIGHT)]),
        ({'left_arm': (90, 0), 'left_forearm': (90, 0), 'body': (0, 180)}, []),
    ],
    ids=['to the side', 'across the body', 'reaching, seen from behind'],
)
def test_pointing_goes_by_the_persons_own_left(pose, expected):
    person = posed(**pose)
    gestures, _ = observe([(i / 30, person) for i in range(30)])
    assert started(gestures) == expected


def test_direction_of_pointing():
    down = posed(left_arm=(70, 0), left_forearm=(70, 0))
    world = np.full((17, 3), np.nan, np.float32)
    world[COCO17.index('left_shoulder')] = 0.2, -0.5, 0.1
    world[COCO17.index('left_wrist')] = 0.6, -0.5, -0.2
    for person, expected in (
        (down, (math.sin(math.radians(70)), math.cos(math.radians(70)), 0)),
        (replace(down, world=world), (0.8, 0, -0.6)),
        (replace(down, world=np.full_like(world, np.nan)), (math.sin(math.radians(70)), 0.342, 0)),
    ):
        gestures, _ = observe([(i / 30, person) for i in range(30)])
        assert len(gestures) > 10
        for gesture in gestures:
            assert gesture.direction == pytest.approx(expected, abs=0.01)
    waving = observe([(t, make_person(k)) for t, k in acted('wave_left')])[0]
    assert all(gesture.direction == (0, 0, 0) for gesture in waving)


@pytest.mark.parametrize('late', [0.0, 0.05, 0.1])
@pytest.mark.parametrize(
    ('angle', 'expected'),
    [(90, [('t_pose', Hand.BOTH)]), (170, [('hand_raised', Hand.BOTH)])],
)
def test_both_arms_are_not_first_one(angle, expected, late):
    recogniser = Watched(RULES)
    video = []
    for i in range(90):
        left, right = (angle if on <= i / 30 < 2 else 0 for on in (0.5, 0.5 + late))
        video.append(
            (
                i / 30,
                posed(
                    left_arm=(left, 0),
                    left_forearm=(left, 0),
                    right_arm=(right, 0),
                    right_forearm=(right, 0),
                ),
            )
        )
    assert started(observe(video, recogniser)[0]) == expected


def test_hold_hysteresis_and_end(lifted):
    up, between, down = [1.0] * 4, [0.4, 0.31, 0.45] * 5, [0.2] * 4
    # Holds from 0.3 s on; between the limits it goes on; the last time it held was 2.1 s.
    video = lift(0, 0, 0, *up, *between, *down)
    assert phases(video, lifted) == [('STARTED', 0.6), ('ENDED', 2.4)]


def test_between_the_limits_nothing_begins(lifted):
    assert phases(lift(*[0.4] * 30), lifted) == []


def test_what_is_no_longer_asked_may_be_unknown(tmp_path):
    path = tmp_path / 'gestures.yaml'
    for keep, expected in (('null, null', 1), ('-9, null', 2)):
        path.write_text(
            'gestures: [{name: up, hand: left, when: {wrist_height: [0.5, null], lean: [0, 9]},'
            f' keep: {{wrist_height: [{keep}]}}}}]'
        )
        video = [(t, unseen(p, 'left_wrist') if t > 1 else p) for t, p in lift(*[1] * 30)]
        assert len(phases(video, Watched(load_rules(path)))) == expected


def test_short_lift_is_none(lifted):
    assert phases(lift(0, 1, 1, 1, 0, 0, 1, 1, 1, 0), lifted) == []


def test_single_wrong_image_changes_nothing(lifted):
    heights = [1.0] * 10 + [-1.0] + [1.0] * 10
    assert phases(lift(*heights, rate=20), lifted) == [('STARTED', 0.3)]
    heights[4] = -1.0
    assert phases(lift(*heights, rate=20, start=9), lifted)[-1] == ('STARTED', 9.3)


def test_cooldown(lifted):
    # Over at 0.8 s (last seen at 0.5 s); up again from 0.9 s on, so no sooner than 1.3 s.
    video = lift(*[1] * 6, 0, 0, 0, *[1] * 10)
    found = phases(video, lifted)
    assert found == [('STARTED', 0.3), ('ENDED', 0.8), ('STARTED', 1.3)]


def test_duration_counts_from_and_to_when_the_conditions_held(lifted):
    gestures, _ = observe(lift(0, *[1] * 10, 0, 0, 0), lifted)
    assert gestures[0].duration == pytest.approx(0.3)
    assert gestures[3].duration == pytest.approx(0.6)
    assert gestures[-1].duration == pytest.approx(0.9)


def test_short_dropout_is_bridged_and_a_long_one_ends(lifted):
    video = lift(*[1] * 30)
    short = [(t, unseen(p, 'left_wrist') if 1.0 <= t < 1.3 else p) for t, p in video]
    assert phases(short, lifted) == [('STARTED', 0.3)]
    long = [(t + 9, unseen(p, 'left_wrist') if t >= 1.0 else p) for t, p in video]
    assert phases(long, lifted)[-1] == ('ENDED', 10.3)


def test_score_is_that_of_the_worst_keypoint(lifted):
    video = lift(*[1] * 6)
    for _, person in video:
        person.scores[COCO17.index('left_wrist')] = 0.4
        person.scores[COCO17.index('right_wrist')] = 0.35  # not of this hand
    assert [g.score for g in observe(video, lifted)[0]] == pytest.approx([0.4] * 3)


def test_person_gone_ends_the_gesture_after_the_grace(lifted):
    observe(lift(*[1] * 5), lifted)
    assert lifted.observe([], 0.7) == []
    (ended,) = lifted.observe([], 0.9)
    assert (ended.phase, ended.skeleton_id) == (Phase.ENDED, 1)
    assert ended.duration == pytest.approx(0.4)
    assert lifted.observe([], 1.0) == []


def test_rule_without_named_keypoints_has_the_persons_score(tmp_path):
    path = tmp_path / 'gestures.yaml'
    path.write_text('gestures: [{name: upright, hand: none, when: {lean: [0, 9]}}]')
    gestures, _ = observe(lift(0), Watched(load_rules(path)))
    assert [(g.name, g.hand, g.score) for g in gestures] == [('upright', Hand.NONE, 0.9)]


@pytest.mark.parametrize('motion', GESTURES)
def test_gesture_goes_on_over_a_gap_within_the_grace(motion):
    video = [(t, make_person(k)) for t, k in acted(motion) if not 2.1 < t < 2.55]
    assert started(observe(video)[0]) == [GESTURES[motion]]


def test_person_back_within_the_grace_goes_on(lifted):
    observe(lift(*[1] * 5), lifted)
    assert lifted.observe([], 0.5) == []
    (held,) = lifted.observe([lift(1)[0][1]], 0.7)
    assert held.phase is Phase.HELD
    assert held.duration == pytest.approx(0.7)


def test_time_that_goes_back_begins_anew(lifted):
    video = lift(*[1] * 10)
    shifted = [(t + 50, p) for t, p in video]
    found = phases(shifted + video, lifted)
    assert found == [('STARTED', 50.3), ('ENDED', 0.0), ('STARTED', 0.3)]


def test_a_late_frame_changes_nothing(lifted):
    video = lift(*[1] * 10)
    (_, hanging), *_ = lift(0)
    mixed = [pair for t, person in video for pair in ((t, person), (t - 0.05, hanging))]
    assert phases(mixed, lifted) == [('STARTED', 0.3)]


def test_same_time_twice_changes_nothing(lifted):
    video = lift(*[1] * 5)
    gestures, _ = observe([pair for pair in video for _ in range(2)], lifted)
    assert [g.phase.name for g in gestures] == ['STARTED', 'HELD']


def test_people_are_told_apart(lifted):
    for t, person in lift(*[1] * 5):
        hanging = replace(lift(0)[0][1], id=7)
        found = lifted.observe([hanging, replace(person, id=8)], t)
    assert [g.skeleton_id for g in found] == [8]


def test_people_without_an_identity_are_left_out(lifted):
    for t, person in lift(*[1] * 10):
        assert lifted.observe([replace(person, id=0)], t) == []


def test_unless_forbids_the_beginning_only(tmp_path):
    path = tmp_path / 'gestures.yaml'
    path.write_text(
        'gestures: [{name: up, hand: left, when: {wrist_height: [0.5, null]},'
        ' unless: {wrist_over_hip: [2, null], hand_height: [null, 0]}}]'
    )
    # The hips of these people are a torso below the shoulders; no hands in COCO's format.
    high, low = lift(*[1.2] * 5), lift(*[0.8] * 5, start=0.5)
    assert phases(high + low, Watched(load_rules(path))) == [('STARTED', 0.5)]
    again = [(t + 1.0, p) for t, p in high]
    recogniser = Watched(load_rules(path))
    assert phases(low + again, recogniser) == [('STARTED', 0.5)]


def test_gestures_are_switched_off_and_on(lifted):
    video = lift(*[1] * 12)
    assert phases(video[:5], lifted) == [('STARTED', 0.3)]
    lifted.enable([])
    assert phases(video[5:8], lifted) == [('ENDED', 0.5)]
    lifted.enable(['lifted'])
    assert phases(video[8:], lifted) == [('STARTED', 0.8)]
    with pytest.raises(ValueError, match="unknown gesture 'hop', known are: lifted"):
        lifted.enable(['hop'])


def test_gesture_that_is_off_does_not_pass_for_another():
    recogniser = Watched(RULES)
    recogniser.enable(['point_left', 'point_right'])
    video = [(t, make_person(k)) for t, k in acted('t_pose')]
    assert observe(video, recogniser)[0] == []


def test_wave_ends_a_raised_hand():
    still = [(t, make_person(k)) for t, k in acted('raise_left') if t < 2.4]
    waving = acted('wave_left', 4.4)
    video = [*still, *((t, make_person(k)) for t, k in waving if t > 2.4)]
    gestures, stamps = observe(video)
    assert started(gestures) == [('hand_raised', Hand.LEFT), ('wave', Hand.LEFT)]
    (over,) = [t for g, t in zip(gestures, stamps) if (g.name, g.phase) == ('hand_raised', 2)]
    (begun,) = [t for g, t in zip(gestures, stamps) if (g.name, g.phase) == ('wave', 0)]
    assert over <= begun


def test_one_hand_waves_while_the_other_is_raised():
    right = [COCO17.index(f'right_{joint}') for joint in ('elbow', 'wrist')]
    video = []
    for (t, raised), (_, waving) in zip(acted('raise_left'), acted('wave_right')):
        both = raised.copy()
        both[right] = waving[right]
        video.append((t, make_person(both)))
    expected = {('wave', Hand.RIGHT), ('hand_raised', Hand.LEFT)}
    gestures, stamps = observe(video)
    assert set(started(gestures)) == expected
    held = {(g.name, g.hand) for g, stamp in zip(gestures, stamps) if 2.2 < stamp < 2.3}
    assert held == expected


def test_salute_of_the_documentation(tmp_path):
    page = Path(__file__).parents[2] / 'docs/gestures.md'
    example = page.read_text(encoding='utf-8').partition('```yaml\n')[2].partition('```')[0]
    path = tmp_path / 'gestures.yaml'
    path.write_text(config_file('gestures.yaml').read_text(encoding='utf-8') + example)
    rules = load_rules(path)
    saluting = posed(right_arm=(80, 10), right_forearm=(-122, 10))
    gestures, _ = observe([(i / 30, saluting) for i in range(30)], Watched(rules))
    assert started(gestures) == [('salute', Hand.RIGHT)]
    for motion in ('wave_right', 'raise_right', 'stand'):
        video = [(t, make_person(k)) for t, k in acted(motion)]
        names = {name for name, _ in started(observe(video, Watched(rules))[0])}
        assert 'salute' not in names


def test_grace_must_be_positive():
    with pytest.raises(ValueError, match='grace must be positive, got 0'):
        Watched(RULES, grace=0)


def test_a_gesture_that_is_blocked_now_and_then_does_not_begin(tmp_path):
    path = tmp_path / 'gestures.yaml'
    path.write_text(LIFTED.replace('  hold:', '  unless: {wrist_height: [0.9, null]}\n  hold:'))
    recogniser = Watched(load_rules(path), grace=0.4)
    assert phases(lift(*[0.6, 0.6, 1.0] * 6), recogniser) == []
    assert phases(lift(*[0.6] * 5, start=3.0), recogniser) != []
