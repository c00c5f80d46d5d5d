"""Exercises as data: what is read, and what is refused with line and reason."""

import pytest

from pose_ros.core.motion.exercise_rules import load_exercises
from pose_ros.core.resources import config_file

GOOD = """\
exercises:
- name: curl
  leads: elbows
  start: 150
  turn: 80
  goal: 50
  seconds: [0.5, 6]
  needs:
    - {measure: trunk, where: turn, limits: [null, 30]}
  faults:
    swings: {measure: trunk, where: worst, limits: [null, 15]}
"""


@pytest.fixture
def load(tmp_path):
    """Load exercises from a text."""

    def load(text):
        path = tmp_path / 'exercises.yaml'
        path.write_text(text, encoding='utf-8')
        return load_exercises(path)

    return load


def test_an_exercise_of_ones_own(load):
    (curl,) = load(GOOD)
    assert (curl.name, curl.leads.name, curl.goal) == ('curl', 'elbows', 50)
    assert [curl.progress(angle) for angle in (150, 115, 80)] == [0.0, 0.5, 1.0]
    assert {measure.name for measure in curl.start_measures | curl.way_measures} == {'trunk'}
    assert curl.faults[0].name == 'swings'
    assert 16 not in curl.faults[0].limits


def test_the_delivered_ones():
    names = [exercise.name for exercise in load_exercises(config_file('exercises.yaml'))]
    # If one motion fits several, the first counts: a deadlift also bends the knees.
    assert names == [
        'deadlift', 'squat', 'lunge', 'side_lunge', 'push_up', 'overhead_press', 'jumping_jack',
        'pull_up', 'biceps_curl', 'sit_to_stand', 'plank',
    ]  # fmt: skip


HOLD = """\
exercises:
- name: plank
  leads: elbows
  hold: 5
  needs:
    - {measure: trunk, where: turn, limits: [60, null]}
"""


def test_a_hold_has_a_time_and_no_levels(load):
    (plank,) = load(HOLD)
    assert (plank.hold, plank.auto, plank.from_turn) == (5, True, '')
    (chair,) = load(GOOD.replace('  needs:', '  auto: false\n  from_turn: always\n  needs:'))
    assert (chair.hold, chair.auto, chair.from_turn) == (0, False, 'always')
    assert not chair.pauses
    assert load(GOOD.replace('  needs:', '  pauses: true\n  needs:'))[0].pauses
    with pytest.raises(ValueError, match="5: unknown field 'turn'"):
        load(HOLD.replace('  needs:', '  turn: 80\n  needs:'))
    with pytest.raises(ValueError, match=r'exercises\.yaml:4: '):
        load(HOLD.replace('hold: 5', 'hold: 0'))
    for wrong, reason in [
        ('where: start', 'expected one of turn, worst'),
        ('where: turn, stays: true', "unknown field 'stays'"),
        ('where: turn, over_set: true', "unknown field 'over_set'"),
    ]:
        with pytest.raises(ValueError, match=f'6: {reason}'):
            load(HOLD.replace('where: turn', wrong))
    with pytest.raises(ValueError, match="5: unknown field 'alone'"):
        load(HOLD.replace('  needs:', '  alone: []\n  needs:'))


def test_each_of_several_other_needs_is_measured(load):
    wrists, knees = (
        f'{{measure: {name}, where: turn, limits: [900, null]' for name in ('wrists', 'knees')
    )
    text = GOOD.replace('[null, 30]}', f'[null, 30], or: {wrists}, or: {knees}}}}}}}')
    assert {one.name for one in load(text)[0].way_measures} == {'trunk', 'wrists', 'knees'}


def test_a_need_of_auto_and_a_single_repetition(load):
    text = GOOD.replace('limits: [null, 30]}', 'limits: [null, 30], auto: true}')
    rule = '{measure: wrists, where: change, limits: [0.5, null], known: true}'
    (curl,) = load(text.replace('  faults:', f'  alone:\n    - {rule}\n  faults:'))
    assert [need.auto for need in curl.needs] == [True]
    assert curl.chosen().needs == ()
    assert [(one.measure.name, one.where) for one in curl.alone] == [('wrists', 'change')]
    # A change is from the start to the turn.
    assert 'wrists' in {measure.name for measure in curl.start_measures & curl.way_measures}


def test_a_need_that_must_be_known(load):
    text = GOOD.replace('turn, limits: [null, 30]}', 'turn, limits: [null, 30], known: true}')
    (curl,) = load(text)
    assert [need.known for need in curl.needs] == [True]
    assert not load(GOOD)[0].needs[0].known
    with pytest.raises(ValueError, match="9: expected true or false, got 'perhaps'"):
        load(text.replace('known: true', 'known: perhaps'))


def test_a_need_with_another_one_that_is_enough(load):
    other = '{measure: wrists, where: turn, limits: [0, null], stays: true}'
    (curl,) = load(GOOD.replace('limits: [null, 30]}', f'limits: [null, 30], or: {other}}}'))
    (need,) = curl.needs
    assert not need.stays
    assert need.otherwise is not None
    assert (need.otherwise.measure.name, need.otherwise.stays) == ('wrists', True)
    assert 'wrists' in {measure.name for measure in curl.way_measures}
    with pytest.raises(ValueError, match="unknown field 'when'"):
        load(GOOD.replace('limits: [null, 30]}', 'limits: [null, 30], or: {when: turn}}'))


@pytest.mark.parametrize(
    ('wrong', 'right', 'line', 'reason'),
    [
        ('leads: elbows', 'leads: elbow', 3, "got 'elbow'"),
        ('leads: elbows', 'leads: stagger', 3, 'stagger is no angle'),
        ('turn: 80', 'turn: 160', 5, 'turn must lie between start and goal'),
        ('turn: 80', 'turn: deep', 5, 'expected a number'),
        ('goal: 50', 'depth: 50', 6, "unknown field 'depth'"),
        ('[0.5, 6]', '[6, 0.5]', 7, 'the low limit 6 is over the high one 0.5'),
        ('[null, 30]', '[null, null]', 9, 'at least one limit'),
        ('[null, 30]', '[30]', 9, 'limits are a pair'),
        ('where: turn', 'where: top', 9, 'expected one of start, turn, change, settle, range'),
        ('worst, limits: [null, 15]', 'worst, limits: [-15, 15]', 11, 'one limit only'),
        ('name: curl', 'name: auto', 2, 'auto has a meaning of its own'),
        ('name: curl', 'name: none', 2, 'none has a meaning of its own'),
        ('name: curl', 'name: "a\\nb"', 2, 'letters, digits, _ and -'),
        ('start: 150', 'start: 1500', 4, 'must be at most 180, got 1500'),
        ('goal: 50', 'goal: -400', 6, 'must be at least 0, got -400'),
        ('[0.5, 6]', '[0.5, null]', 7, 'has a maximum time'),
        ('[0.5, 6]', '[-5, 6]', 7, 'takes from 0 s on'),
        ('[0.5, 6]', '[0, 0]', 7, 'a maximum time over 0 s'),
        ('[null, 15]', '[null, 15], known: true', 11, "unknown field 'known'"),
        ('[null, 30]', '[null, 30], or: {auto: true}', 9, "unknown field 'auto'"),
        ('needs:', 'alone: [{auto: true}]\n  needs:', 8, "unknown field 'auto'"),
    ],
)
def test_refused(load, wrong, right, line, reason):
    with pytest.raises(ValueError, match='exercises') as error:
        load(GOOD.replace(wrong, right))
    assert f'exercises.yaml:{line}: ' in str(error.value)
    assert reason in str(error.value)


def test_two_of_a_name_and_none_at_all_are_refused(load):
    with pytest.raises(ValueError, match='curl is described twice'):
        load(GOOD + GOOD.partition('\n')[2])
    with pytest.raises(ValueError, match='no exercises'):
        load('exercises: []')
