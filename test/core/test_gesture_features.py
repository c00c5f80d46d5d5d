"""Named features, and the oscillation that waving rests on."""

import math

import numpy as np
import pytest

from pose_ros.core.body.features import FEATURES
from pose_ros.core.body.hand_features import HAND_FEATURES
from pose_ros.core.body.history import History, Rise
from pose_ros.core.body.oscillation import Oscillation
from pose_ros.core.body.points import PosePoints
from pose_ros.core.body.signals import SIGNALS
from pose_ros.core.body.state import Body
from pose_ros.core.topology import BLAZEPOSE33, COCO17
from pose_ros.core.types import Box, KeypointState, Person

# Lengths in torsos.
SHOULDER, HIP, UPPER_ARM, FOREARM, NOSE, HAND = 0.3, 0.15, 0.55, 0.5, 0.3, 0.25
# Of the head, seen from the front; looked at only by what swings.
HEAD = {
    **{f'{s}_eye': (x, 1.33) for s, x in (('left', 0.06), ('right', -0.06))},
    **{f'mouth_{s}': (x, 1.2) for s, x in (('left', 0.05), ('right', -0.05))},
    **{f'{s}_ear': (x, 1.3) for s, x in (('left', 0.15), ('right', -0.15))},
}
HANGING = (0, 0)
OUT = (90, 90)
FOREARM_UP = (90, 180)


def stick_figure(left, right, turned, lean):
    """Points [torsos], y up, from the hips; an arm's angles go from hanging to its own side."""
    points = {'nose': (0.0, 1.0 + NOSE)}
    points |= HEAD
    width = math.cos(math.radians(turned))
    for side, sign, angles in (('left', width, left), ('right', -width, right)):
        upper, fore = ((sign * math.sin(a), -math.cos(a)) for a in np.radians(angles))
        shoulder = np.array([sign * SHOULDER, 1.0])
        elbow = shoulder + np.multiply(upper, UPPER_ARM)
        wrist = elbow + np.multiply(fore, FOREARM)
        points |= {
            f'{side}_shoulder': shoulder,
            f'{side}_elbow': elbow,
            f'{side}_wrist': wrist,
            f'{side}_hip': (sign * HIP, 0.0),
            f'{side}_ankle': (sign * HIP, -1.5),
            f'{side}_index': wrist + np.multiply(fore, HAND),
            f'{side}_pinky': wrist + np.multiply(fore, HAND),
        }
    angle = -math.radians(lean)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    return {name: turn @ point for name, point in points.items()}


def make_person(
    left=HANGING,
    right=HANGING,
    *,
    turned=0,
    lean=0,
    torso=80.0,
    topology=COCO17,
    unseen=(),
    at=(320.0, 240.0),
):
    """Stick figure as a person; keypoints that it has not are unseen."""
    keypoints = np.zeros((len(topology), 2), np.float32)
    states = np.full(len(topology), KeypointState.BELOW_THRESHOLD, np.uint8)
    for name, (x, y) in stick_figure(left, right, turned, lean).items():
        if name not in topology.keypoint_names:
            continue
        index = topology.index(name)
        keypoints[index] = at[0] + x * torso, at[1] - y * torso
        if not any(part in name for part in unseen):
            states[index] = KeypointState.OBSERVED
    scores = np.where(states == KeypointState.OBSERVED, 0.9, 0.1).astype(np.float32)
    return Person(topology, keypoints, scores, states, 0.9, Box.around(keypoints), id=1)


def measure(name, side='left', **options):
    return FEATURES[name].value(Body().update(make_person(**options), 0.0), side)


@pytest.mark.parametrize(
    ('name', 'side', 'pose', 'expected'),
    [
        ('elbow_angle', 'left', {'left': OUT}, 180),
        ('elbow_angle', 'right', {'right': FOREARM_UP}, 90),
        ('shoulder_angle', 'left', {'left': OUT}, 90 + math.degrees(math.atan(0.15))),
        ('arm_elevation', 'left', {'left': OUT}, 0),
        ('arm_elevation', 'left', {}, -90),
        ('forearm_elevation', 'right', {'right': FOREARM_UP}, 90),
        ('wrist_height', 'right', {'right': FOREARM_UP}, FOREARM),
        ('wrist_over_elbow', 'right', {'right': FOREARM_UP}, FOREARM),
        ('wrist_over_hip', 'left', {'left': OUT}, 1.0),
        ('wrist_over_nose', 'left', {'left': (180, 180)}, UPPER_ARM + FOREARM - NOSE),
        ('wrist_to_nose', 'left', {'left': OUT}, math.hypot(SHOULDER + 1.05, NOSE)),
        ('reach_left', 'left', {'left': OUT}, 1.05),
        ('reach_right', 'left', {'left': OUT}, -1.05),
        ('reach_out', 'left', {'left': OUT}, 1.05),
        ('reach_out', 'right', {'right': FOREARM_UP}, UPPER_ARM),
        ('reach_right', 'right', {'right': FOREARM_UP}, UPPER_ARM),
        ('reach_left', 'left', {'left': OUT, 'turned': 180}, 1.05),  # from behind
        ('reach_left', 'left', {'left': OUT, 'turned': 80}, None),  # from the side
        ('straightness', 'left', {'left': OUT}, 1.0),
        ('straightness', 'right', {'right': FOREARM_UP}, math.hypot(0.55, 0.5) / 1.05),
        ('arm_length', 'left', {'left': OUT, 'turned': 60}, 1.05 / 2),
        ('lean', 'left', {'lean': 30}, 30),
        (
            'lean',
            'left',
            {'lean': 30, 'unseen': ('left_hip',)},
            30 - math.degrees(math.atan(0.15)),
        ),
        ('elbows_apart', 'left', {'left': OUT, 'right': OUT}, 0.22 / 0.295 * (1 + 1.1 / 0.6)),
        (
            'elbows_apart',
            'left',
            {'left': OUT, 'right': OUT, 'turned': 45},
            0.22 / 0.295 * (1 + 1.1 / 0.6),
        ),
        ('frontality', 'left', {}, 0.6),
        ('frontality', 'left', {'turned': 180}, -0.6),
    ],
)
@pytest.mark.parametrize('topology', [COCO17, BLAZEPOSE33], ids=lambda t: t.name)
@pytest.mark.parametrize('torso', [12, 300])
def test_feature_is_what_the_pose_says_at_any_size(*, name, side, pose, expected, topology, torso):
    value = measure(name, side, **pose, topology=topology, torso=torso)
    tolerance = 0.1 if FEATURES[name].unit == 'deg' else 0.001
    assert value == (expected and pytest.approx(expected, abs=tolerance))


def after_a_second(person):
    """State of a body after a second in one pose."""
    body = Body()
    for i in range(20):
        state = body.update(person, i / 20)
        _ = state.history
    return state


@pytest.mark.parametrize('name', sorted(FEATURES.keys() - HAND_FEATURES.keys()))
def test_feature_is_unknown_without_the_keypoints_it_rests_on(name):
    feature = FEATURES[name]
    assert feature.value(after_a_second(make_person(left=OUT, topology=BLAZEPOSE33))) is not None
    if name.rpartition('_half')[0] in SIGNALS or name.rpartition('_')[0] in SIGNALS:
        return  # rests on the past, which stays known
    for keypoint in feature.rests_on('left'):
        blind = make_person(left=OUT, unseen=(keypoint,), topology=BLAZEPOSE33)
        assert feature.value(after_a_second(blind)) is None, keypoint


def test_shoulders_stand_in_for_hips_that_are_hidden():
    hidden = {'left': OUT, 'unseen': ('hip',)}
    # Shoulders of 0.6 torsos pass for those of a torso of 0.6 / 0.746.
    assert measure('reach_out', **hidden) == pytest.approx(1.05 / 0.6 * 0.22 / 0.295, abs=0.001)
    assert measure('lean', **hidden, lean=20) == pytest.approx(20, abs=0.1)


@pytest.mark.parametrize('score', [0.15, 0.25])
def test_hands_count_from_a_lower_score_on(score):
    person = make_person(left=OUT, topology=BLAZEPOSE33, unseen=('left_wrist', 'left_knee'))
    person.scores[person.states == KeypointState.BELOW_THRESHOLD] = score
    points = PosePoints(person)
    assert points.sees('left', 'wrist') == (score > 0.2)
    assert not points.sees('left', 'knee')
    person.states[BLAZEPOSE33.index('left_wrist')] = KeypointState.IMPLAUSIBLE
    assert not PosePoints(person).sees('left', 'wrist')


def test_travel_and_speed_of_the_wrist():
    body = Body()
    values = {}
    for i in range(31):
        # The whole body moves, too: that does not count.
        person = make_person(left=(3.0 * i, 3.0 * i), at=(10 * i, 0))
        state = body.update(person, i / 30)
        values[i] = [FEATURES[n].value(state) for n in ('wrist_travel', 'wrist_speed')]
    assert values[3] == [None, None]
    # 90 degrees in a second at an arm's length of 1.05 torsos.
    assert values[30][1] == pytest.approx(math.pi / 2 * 1.05, rel=0.05)
    assert values[30][0] == pytest.approx(math.sin(math.radians(36)) * 1.05, rel=0.1)


def swing(signal, duration, rate=30, **options):
    oscillation = Oscillation(**{'min_swing': 10.0, 'max_time': 3.0, **options})
    for i in range(round(duration * rate)):
        oscillation.update(i / rate, signal(i / rate))
    return oscillation


@pytest.mark.parametrize('frequency', [0.4, 1.0, 2.5])
@pytest.mark.parametrize('rate', [15, 30, 60])
def test_oscillation_of_a_sine(frequency, rate):
    found = swing(lambda t: 20 * math.sin(2 * math.pi * frequency * t), 5, rate)
    assert found.half_cycles == pytest.approx(5 * frequency * 2, abs=1.5)
    assert found.period == pytest.approx(1 / frequency, rel=0.1)
    assert 10 <= found.amplitude <= 40
    assert found.speed == pytest.approx(2 * found.amplitude * frequency, rel=0.1)


@pytest.mark.parametrize(
    ('turns', 'evenness', 'low'),
    [
        ([0, 40], 0.0, math.inf),
        ([0, 40, 0, 40, 0], 1.0, 0.0),
        ([40, 0, 40, 20, 60, 0], 0.5, 20.0),  # of 20 and 40
        ([0, 40, 40, 0, 40], 0.5, 0.0),  # in one second, and in two
        ([0, 40, 10, 40, 15, 40], 1.0 - 5 / 30, 15.0),
    ],
)
def test_evenness_and_lowest_points_of_an_oscillation(turns, evenness, low):
    seconds = len(turns) - 1
    found = swing(lambda t: np.interp(t, range(len(turns)), turns), seconds + 1e-6)
    found.update(seconds, turns[-1])
    assert found.evenness == pytest.approx(evenness, abs=0.07)
    assert found.low == pytest.approx(low, abs=0.5)


@pytest.mark.parametrize('seconds', [0.6, 2.0])
def test_raise_time_is_that_of_the_middle_half(seconds):
    rise = Rise()
    for i in range(91):
        rise.update(i / 30, -1 + 2 * min(1.0, max(0.0, (i / 30 - 0.5) / seconds)))
    assert rise.time == pytest.approx(seconds / 2, abs=0.04)
    for i in range(91, 91 + 60):
        rise.update(i / 30, 1.0)  # at rest up there
    assert rise.time == 0.0 if seconds == 0.6 else rise.time <= seconds / 2


@pytest.mark.parametrize(
    ('signal', 'passes'),
    [
        (lambda t: 0.0, 0),
        (lambda t: 4 * math.sin(20 * t), 0),  # under the noise
        (lambda t: 90 * min(t, 1), 1),  # up, and there
        (lambda t: 90 * min(t, 2 - t), 2),  # up and down
        (lambda t: 5 * t, 0),  # creeping
        (lambda t: 40 * math.sin(2 * math.pi * t / 8), 2),  # too slow
    ],
)
def test_what_does_not_swing_to_and_fro(signal, passes):
    assert max(swing(signal, seconds).half_cycles for seconds in (1, 2, 5, 13)) <= passes


@pytest.mark.parametrize('creep', [0.0, 2.0])
def test_oscillation_is_over_after_a_rest(creep):
    found = swing(lambda t: 20 * math.sin(2 * math.pi * 1.5 * t), 2)
    assert found.half_cycles >= 5
    assert found.pause(2.0) == pytest.approx(1 / 30)
    for i in range(40):
        found.update(2 + i / 30, creep * i / 30)
    assert found.half_cycles == 0
    assert 2.0 < found.pause(5.0) < 3.0 + 1 / 30


def test_a_long_oscillation_is_measured_by_its_end():
    half = swing(lambda t: 20 * math.sin(2 * math.pi * t), 600)
    assert half.half_cycles == pytest.approx(1200, abs=2)
    assert half.period == pytest.approx(1.0, rel=0.01)
    assert len(half._turns) < 10


def test_pause_is_infinite_before_two_half_cycles():
    assert swing(lambda t: 90 * min(t, 1), 1.2).pause(2.0) == math.inf


def test_what_drifts_on_after_swinging_does_not_swing():
    def signal(time):
        return 20 * math.sin(2 * math.pi * time) if time < 3 else 12 * (time - 3)

    assert swing(signal, 3.2).half_cycles >= 6
    assert swing(signal, 4.6).half_cycles < 2


def test_raise_start_is_where_the_hand_came_from_or_unbounded_at_rest():
    rise = Rise()
    for i in range(61):
        rise.update(i / 30, 0.1 + 0.05 * math.sin(i))
    assert rise.start == -math.inf
    for i in range(61, 80):
        rise.update(i / 30, 0.7)
    assert rise.start == pytest.approx(0.05, abs=0.01)


def test_swings_are_compared_with_the_noise_of_their_signal():
    rng = np.random.default_rng(1)
    snr = {}
    for name, swing, noise in (('moves', 20, 1), ('trembles', 0, 15)):
        history = History()
        for i in range(90):
            angle = 180 + swing * math.sin(2 * math.pi * i / 30) + rng.normal(0, noise)
            history.update(i / 30, PosePoints(make_person(left=(90, angle))))
        snr[name] = history.oscillations['forearm_swing']['left'].snr
    assert snr['moves'] > 10
    assert snr['trembles'] < 4


def sway(angles, forearm=FOREARM, rate=20):
    """Passes of the left forearm at angles from hanging [deg], and the history."""
    history = History()
    for i, angle in enumerate(angles):
        person = make_person(left=(90, angle))
        elbow, wrist = (person.keypoints[COCO17.index(f'left_{j}')] for j in ('elbow', 'wrist'))
        wrist[:] = elbow + (wrist - elbow) * forearm / FOREARM
        history.update(i / rate, PosePoints(person))
    return history.oscillations['forearm_swing']['left'].half_cycles


def test_forearm_sways_while_it_is_raised():
    to_and_fro = [180 + 25 * math.sin(2 * math.pi * i / 15) for i in range(45)]
    assert sway(to_and_fro) >= 5
    assert sway([angle - 180 for angle in to_and_fro]) == 0
    assert sway([*to_and_fro, 0]) >= 5  # one wrong image
    assert sway([*to_and_fro, 0, 0, 0, 0]) == 0


def test_forearm_of_an_impossible_length_does_not_sway():
    to_and_fro = [180 + 25 * math.sin(2 * math.pi * i / 15) for i in range(45)]
    assert sway(to_and_fro, forearm=0.1) == 0
    assert sway(to_and_fro, forearm=1.2) == 0


def test_lowering_a_hand_after_a_rest_goes_on_with_nothing():
    # Up beyond the mark and back, a rest, down again: two passes and one, not three.
    path = [(0.0, 0), (0.3, 90), (0.5, 70), (1.8, 70), (2.1, 0)]
    found = swing(lambda t: float(np.interp(t, *zip(*path))), 2.1)
    assert found.half_cycles == 1


def test_first_pass_begins_where_the_signal_rested():
    for rest in np.arange(1.5, 2.1, 1 / 30):
        # At rest for longer than a first pass may take, then at once up, down, and up.
        path = [(0, 5), (rest, 0), (rest + 0.03, 40), (rest + 0.4, 0), (rest + 0.7, 40)]
        found = swing(lambda t, path=path: float(np.interp(t, *zip(*path))), rest + 0.7,
                      max_time=1.0)  # fmt: skip
        assert found.half_cycles == 3, rest
