import io
from pathlib import Path
import re

import numpy as np
import pytest
from rich.console import Console

from pose_ros.cli.demo_display import Display, closing_lines, event_line, summary_tables
from pose_ros.cli.demo_statistics import MAX_WAITING, DemoStatistics
from pose_ros.core.colours import colour_of
from pose_ros.core.motion.events import MotionEvent
from pose_ros.core.topology import COCO17
from pose_ros.core.types import Box, KeypointState, Person

LINE = np.repeat(np.linspace(0, 160, 17)[:, None], 2, axis=1)


def person(offset, scores, states, number):
    """Person whose keypoints lie on a line, moved by an offset [px]."""
    keypoints = (LINE + offset).astype(np.float32)
    box = Box(0.0, 0.0, 160.0, 160.0)
    return Person(COCO17, keypoints, scores, states, score=1.0, box=box, id=number)


def truth(number=1, offset=(0, 0), hidden=()):
    scores = np.ones(17, np.float32)
    scores[list(hidden)] = 0
    return person(offset, scores, np.full(17, KeypointState.OBSERVED, np.uint8), number)


def found(number, offset=(0, 0), *, seen=True):
    state = KeypointState.OBSERVED if seen else KeypointState.PREDICTED
    states = np.full(17, state, np.uint8)
    return person(offset, np.ones(17, np.float32), states, number)


def gesture(stamp, phase='started', name='wave', hand='left', person=1):
    return MotionEvent(stamp, 'gesture', name, phase, person, hand)


def feed(statistics, times, *people, latency=0.02):
    """Images and skeletons of these people, by default of one, at these times [s]."""
    for time in times:
        statistics.add_image(100.0 + time)
        statistics.add_skeletons(100.0 + time, time, latency, 0.01, list(people) or [found(1)])


def keypoint_error(true_people, found_people, heights):
    statistics = DemoStatistics(heights)
    statistics.add_truth(1.0, true_people)
    statistics.add_skeletons(1.0, 1.0, 0.1, 0.1, found_people)
    return statistics.summary().get('keypoint_error')


def test_keypoint_error_is_the_mean_distance_over_what_is_visible():
    moved = np.full((17, 2), (3, 4))
    moved[0] += 1000
    assert keypoint_error([truth(hidden=(0, 1))], [found(1, moved)], {1: 200.0}) == {
        'px': 5.0,
        'fraction_of_height': 0.025,
        'missed_share': 0.0,
    }


def test_keypoint_error_counts_people_who_were_not_found():
    people = [truth(), truth(2, (300, 300))]
    error = keypoint_error(people, [found(1, (0, 2))], {1: 200.0, 2: 200.0})
    assert (error['px'], error['missed_share']) == (2.0, 0.5)


def test_keypoint_error_pairs_the_nearest_and_weighs_by_each_height():
    near, far = truth(1), truth(2, (300, 300))
    people = [found(1, (300, 304)), found(2, (2, 0))]
    error = keypoint_error([near, far], people, {1: 100.0, 2: 400.0})
    assert error['px'] == 3.0
    assert error['fraction_of_height'] == pytest.approx((0.02 + 0.01) / 2)


def test_predicted_keypoints_do_not_count_as_found():
    assert keypoint_error([truth()], [found(1, seen=False)], {1: 200.0}) is None


@pytest.mark.parametrize('truth_first', [True, False])
def test_truth_and_skeletons_of_one_image_find_each_other(truth_first):
    statistics = DemoStatistics({1: 200.0})
    for number in range(3):
        calls = [
            lambda: statistics.add_truth(number, [truth()]),  # noqa: B023
            lambda: statistics.add_skeletons(
                number,  # noqa: B023
                arrival=number,  # noqa: B023
                latency=0.1,
                inference=0.1,
                people=[found(1, (0, number))],  # noqa: B023
            ),
        ]
        for call in calls if truth_first else reversed(calls):
            call()
    assert statistics.summary()['keypoint_error']['px'] == 1.0


def test_truth_without_skeletons_does_not_pile_up():
    statistics = DemoStatistics({1: 200.0})
    for number in range(3 * MAX_WAITING):
        statistics.add_truth(float(number), [truth()])
    assert len(statistics._waiting) == MAX_WAITING


def test_rates_latencies_and_people():
    statistics = DemoStatistics({})
    feed(statistics, np.arange(100) / 20, latency=0.02)
    feed(statistics, [5.0, 5.05], *map(found, (1, 2, 3)), latency=0.5)
    feed(statistics, [5.1], found(1, seen=False))
    statistics.add_image(200.0)
    summary = statistics.summary()
    assert summary['frames_in'] == 104
    assert summary['frames_processed'] == 103
    assert summary['frames_per_second'] == pytest.approx(20, abs=0.01)
    assert summary['latency_ms']['median'] == 20.0
    assert 20 < summary['latency_ms']['p99'] <= 500
    assert summary['inference_ms'] == {'median': 10.0}
    assert summary['people_max'] == 3
    assert statistics.people == 0
    assert 'keypoint_error' not in summary


def test_gestures_are_counted_by_hand_when_they_start():
    statistics = DemoStatistics({})
    for event in (
        gesture(1.0),
        gesture(2.0, 'ended'),
        gesture(3.0),
        gesture(4.0, hand='right'),
        gesture(5.0, name='t_pose', hand='none'),
    ):
        statistics.add_event(event)
    expected = {'wave (left)': 2, 'wave (right)': 1, 't pose': 1}
    assert statistics.summary()['gestures'] == expected


def repetition(stamp, count, faults=(), person=1, name='squat'):
    details = {
        'repetitions': count,
        'faults': [{'name': name, 'certain': certain} for name, certain in faults],
    }
    return MotionEvent(stamp, 'exercise', name, 'repetition', person, details=details)


def test_falls_postures_and_repetitions_are_counted_in_total_and_by_person():
    statistics = DemoStatistics({})
    feed(statistics, [0.0, 9.0], found(1), found(2))
    for event in (
        *(MotionEvent(100.0, 'posture', 'standing', 'started', person) for person in (1, 2)),
        MotionEvent(101.0, 'posture', 'standing', 'ended', 1, duration=1.0),
        MotionEvent(101.0, 'posture', 'lying', 'started', 1),
        MotionEvent(102.0, 'fall', 'fall', 'fallen', 1),
        repetition(103.0, 2, person=2),
        repetition(104.0, 3, [('knees_cave_in', True), ('shallow', False)], person=2),
        MotionEvent(105.0, 'fall', 'fall', 'recovered', 1),
        repetition(106.0, 1, person=2),
        repetition(107.0, 1, name='lunge', person=1),
        repetition(108.0, 2, name='lunge', person=1),
        MotionEvent(109.0, 'exercise', 'lunge', 'retracted', 1, details={'repetitions': 2}),
    ):
        statistics.add_event(event)

    summary = statistics.summary()

    assert summary['falls'] == {'fallen': 1, 'recovered': 1}
    assert summary['postures'] == {'standing': 2, 'lying': 1}
    # The first was done before it was recognised as a squat; then a new set began.
    assert summary['repetitions'] == {'squat': 4}
    assert summary['form_faults'] == {'knees_cave_in': 1}
    one, two = summary['people']
    assert (one['falls']['fallen'], one['repetitions']) == (1, {})
    assert (two['falls'], two['postures'], two['repetitions']) == (
        {}, {'standing': 1}, {'squat': 4},
    )  # fmt: skip
    lines = [event_line(event, statistics).split(': ')[1] for event in statistics.events]
    assert lines[2:] == [
        'standing ended', 'lying started', 'fallen', 'squat 2', 'squat 3', 'recovered', 'squat 1',
        'lunge 1', 'lunge 2', 'lunge 2 retracted',
    ]  # fmt: skip


def test_each_id_has_its_times():
    statistics = DemoStatistics({})
    feed(statistics, [0.0, 0.1, 0.2, 0.3], found(4), found(0), found(9))
    feed(statistics, [0.4], found(9), found(4, seen=False))
    feed(statistics, [0.5, 0.6], found(0), found(4))
    statistics.add_event(gesture(100.1, person=4))
    four, nine = statistics.summary()['people']
    assert (four['id'], nine['id']) == (4, 9)
    assert (four['first_seen'], four['last_seen']) == (0.0, 0.6)
    # Only predicted between 0.3 and 0.5.
    assert four['seen_for'] == pytest.approx(0.4)
    assert nine['seen_for'] == pytest.approx(0.4)
    assert (four['gestures'], nine['gestures']) == ({'wave (left)': 1}, {})
    assert four['keypoint_error_px'] is None


def test_the_keypoint_error_of_each_person():
    statistics = DemoStatistics({1: 200.0, 2: 200.0})
    for number in range(3):
        statistics.add_truth(number, [truth(1), truth(2, (400, 400))])
        people = [found(5 if number else 0, (406, 400)), found(1, (0, 2))]
        statistics.add_skeletons(number, number, 0.1, 0.1, people)
    errors = {p['id']: p['keypoint_error_px'] for p in statistics.summary()['people']}
    assert errors == {1: 2.0, 5: 6.0}
    assert statistics.summary()['keypoint_error']['px'] == 4.0


def test_the_live_table_has_a_row_for_each_person_in_their_colour():
    statistics = DemoStatistics({})
    feed(statistics, [0.0, 0.1], found(4), found(9))
    statistics.add_event(gesture(100.1, person=4))
    console = Console(force_terminal=True, width=100, file=io.StringIO(), color_system='truecolor')
    with Display(console, 'title') as display:
        display.update(statistics, 1.0)
    lines = console.file.getvalue().splitlines()
    assert any('person 4: wave (left) started' in line for line in lines)
    for number, words in ((4, 'wave (left) 1×'), (9, '0.1 s')):
        row = next(line for line in lines if f'■ {number}' in line)
        assert words in row
        red, green, blue = (round(255 * part) for part in colour_of(number))
        assert f'38;2;{red};{green};{blue}' in row


def test_without_a_terminal_events_and_the_state_are_lines():
    statistics = DemoStatistics({})
    console = Console(file=io.StringIO(), width=100)
    with Display(console, 'title') as display:
        display.update(statistics, None)
        feed(statistics, [0.0, 0.5], found(9), found(4))
        display.update(statistics, 0.5)
        statistics.add_event(gesture(100.4))
        display.update(statistics, 0.6)
    assert console.file.getvalue().splitlines() == [
        'title',
        '  0.5 s  2.0 Hz, latency 20 ms, people 2',
        '  0.4 s  person 1: wave (left) started',
    ]


def test_time_begins_with_whatever_comes_first():
    statistics = DemoStatistics({})
    statistics.add_event(gesture(5.0))
    statistics.add_image(6.0)
    assert statistics.since_start(6.0) == 1.0


def test_an_empty_summary_can_be_shown():
    console = Console(file=io.StringIO(), width=100)
    console.print(summary_tables(DemoStatistics({}).summary()))
    assert 'median –, p99 –' in console.file.getvalue()


def test_the_last_lines_say_what_to_open_and_what_to_try(tmp_path, monkeypatch):
    monkeypatch.setenv('MAKELEVEL', '1')
    files, video, sheet, tries = closing_lines(tmp_path, ['overlay.mp4', 'contact_sheet.png'])
    assert files == f'{tmp_path}/: overlay.mp4, contact_sheet.png'
    assert video == f'Open {tmp_path}/overlay.mp4'
    assert sheet == f'Open {tmp_path}/contact_sheet.png'
    assert 'make demo PEOPLE=3' in tries
    makefile = (Path(__file__).parents[2] / 'Makefile').read_text()
    assert re.search(r'^demo:', makefile, re.MULTILINE)
    monkeypatch.delenv('MAKELEVEL')
    _, line = closing_lines(tmp_path, ['events.csv'])
    assert 'pose-ros demo' in line
    assert 'make' not in line
