import csv
import io
import json
from pathlib import Path
import re

import numpy as np
import pytest
from rich.console import Console

from pose_ros.cli.demo_display import (
    Display,
    event_line,
    next_steps,
    summary_people_table,
    summary_table,
)
from pose_ros.cli.demo_people import FoundPerson, KeypointError, TruePerson
from pose_ros.cli.demo_processes import DemoError
from pose_ros.cli.demo_recorder import FilmRecorder
from pose_ros.cli.demo_report import output_folder, write_report
from pose_ros.cli.demo_statistics import WAITING, Statistics, going_on
from pose_ros.core.colours import colour_of
from pose_ros.core.motion.events import MotionEvent

RNG = np.random.default_rng(1)


def truth(offset=0.0, hidden=(), height=200.0):
    """Person whose keypoints lie on a line, moved by an offset [px]."""
    keypoints = np.stack([np.linspace(0, 160, 17), np.linspace(0, 160, 17)], axis=1) + offset
    visible = np.ones(17, bool)
    visible[list(hidden)] = False
    return TruePerson(keypoints, visible, height)


def moment(stamp, phase='started', gesture='wave', hand='left', *, duration=0.0, person=1):
    return MotionEvent(stamp, 'gesture', gesture, phase, person, hand, duration=duration)


def found(number, offset=0.0, score=0.9, seen=True):
    return FoundPerson(number, truth(offset).keypoints, score, seen)


def feed(statistics, times, *people, latency=0.02):
    """Images and skeletons of these people, by default of one, at these times [s]."""
    for time in times:
        statistics.add_image(100.0 + time)
        statistics.add_skeletons(100.0 + time, time, latency, 0.01, people or [found(1)])


def test_keypoint_error_is_the_mean_distance_over_what_is_visible():
    error = KeypointError()
    person = truth(hidden=(0, 1))
    places = person.keypoints + np.array([3, 4])
    places[0] += 1000
    error.add([person], [places])
    assert error.summary() == {
        'px': 5.0,
        'fraction_of_height': 0.025,
        'within_5_percent_of_height': 1.0,
        'keypoints': 15,
        'missed_share': 0.0,
    }


def test_keypoint_error_counts_those_who_were_not_found():
    error = KeypointError()
    error.add([truth(), truth(300.0)], [truth().keypoints + np.array([0, 2])])
    error.add([truth()], [])
    summary = error.summary()
    assert summary['px'] == 2.0
    assert summary['missed_share'] == pytest.approx(2 / 3, abs=1e-3)


def test_keypoint_error_pairs_the_nearest_and_weighs_by_each_height():
    error = KeypointError()
    near, far = truth(height=100.0), truth(300.0, height=400.0)
    error.add([near, far], [far.keypoints + np.array([0, 4]), near.keypoints + np.array([2, 0])])
    summary = error.summary()
    assert summary['px'] == 3.0
    assert summary['fraction_of_height'] == pytest.approx((0.02 + 0.01) / 2)


def test_far_misses_are_not_left_out():
    error = KeypointError()
    error.add([truth()], [truth().keypoints + np.array([0, 900])])
    assert error.summary()['px'] == 900
    assert error.summary()['within_5_percent_of_height'] == 0


def test_nothing_compared_gives_no_figure():
    error = KeypointError()
    error.add([truth()], [])
    assert error.summary()['px'] is None


@pytest.mark.parametrize('truth_first', [True, False])
def test_truth_and_skeletons_of_one_image_find_each_other(truth_first):
    statistics = Statistics()
    for number in range(3):
        person = truth(float(number))
        people = [FoundPerson(1, person.keypoints + np.array([0, number]))]
        calls = [
            lambda: statistics.add_truth(number, [person]),  # noqa: B023
            lambda: statistics.add_skeletons(number, number, 0.1, 0.1, people),  # noqa: B023
        ]
        for call in calls if truth_first else reversed(calls):
            call()
    # The very first skeletons come before anybody knows that there is a truth.
    assert statistics.summary()['keypoint_error']['px'] == 1.0
    assert statistics.summary()['keypoint_error']['keypoints'] == 51


def test_truth_without_skeletons_does_not_pile_up():
    statistics = Statistics()
    for number in range(3 * WAITING):
        statistics.add_truth(float(number), [truth()])
    assert len(statistics._truths) == WAITING


def test_summary_of_real_people_has_no_keypoint_error():
    statistics = Statistics()
    feed(statistics, [0.0, 0.1])
    assert 'keypoint_error' not in statistics.summary()


def test_rates_latencies_and_people():
    statistics = Statistics()
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
    assert statistics.recent(5.1)[0] == pytest.approx(20, abs=0.5)
    # Nothing came for a while: the display must not go on showing the old rate.
    assert statistics.recent(60.0) == (0.0, None)


def test_gestures_are_counted_when_they_start():
    statistics = Statistics()
    for event in (
        moment(1.0),
        moment(2.0, 'ended'),
        moment(3.0),
        moment(4.0, hand='right'),
        moment(5.0, gesture='t_pose', hand='none'),
        moment(6.0, 'ended', 't_pose', 'none'),
    ):
        statistics.add_event(event)
    assert statistics.summary()['gestures'] == {'wave': 3, 't_pose': 1}
    assert statistics.summary()['gestures_by_hand'] == {
        'wave (left)': 2,
        'wave (right)': 1,
        't pose': 1,
    }


def fall(stamp, phase, person=1):
    details = {'onset': stamp - 1, 'landing': None, 'peak_descent_rate': 1.0, 'lost': False}
    return MotionEvent(stamp, 'fall', 'fall', phase, person, duration=1.0, details=details)


def repetition(stamp, count, faults=(), person=1):
    details = {
        'repetitions': count,
        'faults': [{'name': name, 'certain': certain} for name, certain in faults],
    }
    return MotionEvent(stamp, 'exercise', 'squat', 'repetition', person, details=details)


def test_falls_postures_and_repetitions_are_counted_in_all_and_of_each():
    statistics = Statistics()
    feed(statistics, [0.0, 9.0], found(1), found(2))
    events = [
        *(MotionEvent(100.0, 'posture', 'standing', 'started', person) for person in (1, 2)),
        MotionEvent(101.0, 'posture', 'standing', 'ended', 1, duration=1.0),
        MotionEvent(101.0, 'posture', 'lying', 'started', 1),
        fall(100.8, 'falling'),
        fall(102.0, 'fallen'),
        repetition(103.0, 2, person=2),
        repetition(104.0, 3, [('knees_cave_in', True), ('shallow', False)], person=2),
        fall(105.0, 'recovered'),
        repetition(106.0, 1, person=2),
    ]
    for event in events:
        statistics.add_event(event)

    summary = statistics.summary()

    assert summary['gestures'] == {}
    assert summary['falls'] == {'falling': 1, 'fallen': 1, 'recovered': 1}
    assert summary['postures'] == {'standing': 2, 'lying': 1}
    # The first was there before it was clear that it is a squat; then it began anew.
    assert summary['repetitions'] == {'squat': 4}
    assert summary['form_faults'] == {'knees_cave_in': 1}
    one, two = summary['people']
    assert (one['falls']['fallen'], one['repetitions']) == (1, {})
    assert (two['falls'], two['postures'], two['repetitions']) == (
        {}, {'standing': 1}, {'squat': 4},
    )  # fmt: skip
    assert going_on(statistics.events, 101.5) == [(1, 'falling')]
    assert going_on(statistics.events, 102.5) == [(1, 'fallen')]
    assert going_on(statistics.events, 105.5) == []
    lines = [event_line(event, 100.0).split(': ')[1] for event in statistics.events]
    assert lines[2:] == [
        'standing ended after 1.0 s', 'lying started', 'falling', 'fallen', 'squat 2', 'squat 3',
        'recovered', 'squat 1',
    ]  # fmt: skip


def test_each_person_is_told_of_by_the_id():
    statistics = Statistics()
    feed(statistics, [0.0, 0.1, 0.2, 0.3], found(4, score=0.8), found(0), found(9, score=0.6))
    feed(statistics, [0.4], found(9, score=0.2), found(4, seen=False))
    feed(statistics, [0.5, 0.6], found(0), found(4))
    for event in (moment(100.1, person=4), moment(100.3, person=4, gesture='t_pose', hand='none')):
        statistics.add_event(event)
    summary = statistics.summary()
    assert summary['distinct_ids'] == 2
    assert summary['people_max'] == 3
    four, nine = summary['people']
    assert (four['id'], nine['id']) == (4, 9)
    assert (four['first_seen'], four['last_seen'], four['images']) == (0.0, 0.6, 6)
    # Away between 0.3 and 0.5, where there was only a guess.
    assert four['seen_for'] == pytest.approx(0.4)
    assert nine['seen_for'] == pytest.approx(0.4)
    assert nine['keypoint_score'] == pytest.approx((4 * 0.6 + 0.2) / 5, abs=1e-3)
    assert (four['gestures'], nine['gestures']) == ({'wave (left)': 1, 't pose': 1}, {})
    assert four['keypoint_error_px'] is None
    assert statistics.present() == [4]


def test_the_keypoint_error_of_each_person():
    statistics = Statistics()
    people = [truth(), truth(400.0)]
    for number in range(3):
        statistics.add_truth(number, people)
        near = FoundPerson(1, people[0].keypoints + np.array([0, 2]))
        far = FoundPerson(5 if number else 0, people[1].keypoints + np.array([6, 0]))
        statistics.add_skeletons(number, number, 0.1, 0.1, [far, near])
    errors = {p['id']: p['keypoint_error_px'] for p in statistics.summary()['people']}
    assert errors == {1: 2.0, 5: 6.0}
    assert statistics.summary()['keypoint_error']['px'] == 4.0


def test_a_guess_where_somebody_is_does_not_count_as_found():
    statistics = Statistics()
    statistics.add_truth(1.0, [truth()])
    statistics.add_skeletons(1.0, 1.0, 0.1, 0.1, [found(1, seen=False)])
    assert statistics.summary()['keypoint_error']['px'] is None
    assert statistics.people_max == 0


def test_two_people_with_the_same_gesture_are_told_apart():
    events = [moment(1.0, person=1), moment(2.0, person=2), moment(3.0, 'ended', person=1)]
    assert going_on(events, 0.5) == []
    assert going_on(events, 2.5) == [(1, 'wave (left)'), (2, 'wave (left)')]
    assert going_on(events, 3.5) == [(2, 'wave (left)')]
    assert going_on([*events, moment(4.0, 'ended', person=2)], 4.5) == []


def shown_in_terminal(statistics, now=1.0):
    """What a live display shows of the statistics."""
    console = Console(force_terminal=True, width=100, file=io.StringIO(), color_system='truecolor')
    with Display(console, 'title', 10.0) as display:
        display.update(statistics, now, 1.0)
    return console.file.getvalue()


def test_the_live_table_has_a_row_per_person_in_their_colour():
    statistics = Statistics()
    feed(statistics, [0.0, 0.1], found(4), found(9))
    feed(statistics, [0.2], found(9))
    statistics.add_event(moment(100.1, person=4))
    statistics.add_event(moment(100.1, person=9, gesture='t_pose', hand='none'))
    lines = shown_in_terminal(statistics).splitlines()
    for number, words in ((4, 'away'), (9, 't pose')):
        row = next(line for line in lines if f'■ {number}' in line)
        assert words in row
        red, green, blue = (round(255 * part) for part in colour_of(number))
        assert f'38;2;{red};{green};{blue}' in row
    # Those in view come first.
    text = '\n'.join(lines)
    assert text.index('■ 9') < text.index('■ 4')


def test_the_line_without_a_terminal_names_the_ids():
    statistics = Statistics()
    feed(statistics, [0.0, 0.1], found(9), found(4), found(0))
    console = Console(file=io.StringIO(), width=100)
    with Display(console, 'title', 10.0) as display:
        display.update(statistics, 0.1, 0.1)
    assert 'people 3 (4, 9), markers' in console.file.getvalue()


def test_lines_without_a_terminal_are_in_the_order_of_the_images():
    statistics = Statistics()
    console = Console(file=io.StringIO(), width=100)
    with Display(console, 'title', 10.0) as display:
        feed(statistics, [0.0, 0.6])
        statistics.add_event(moment(100.6))
        display.update(statistics, 0.6, 0.6)
        # Of the image before, on another topic.
        statistics.add_event(moment(100.4, gesture='nod', hand='none'))
        display.update(statistics, 0.7, 0.7)
        assert 'person' not in console.file.getvalue()
        feed(statistics, [1.5])
        display.update(statistics, 1.5, 1.5)
        assert 'nod started' in console.file.getvalue()
        assert 'wave' not in console.file.getvalue()
        feed(statistics, [6.0])
        display.update(statistics, 6.0, 6.0)
        statistics.add_event(moment(105.9, 'ended', duration=5.3))
        display.update(statistics, 6.1, 6.1)
    lines = [line for line in console.file.getvalue().splitlines() if ' s  ' in line]
    assert [line.partition(' s')[0].strip() for line in lines] == [
        '0.4',
        '0.6',
        '0.6',
        '5.9',
        '6.0',
    ]
    assert 'nod started' in lines[0]
    assert 'wave (left) started' in lines[1]
    assert [event.name for event in statistics.events_by_time()] == ['nod', 'wave', 'wave']


def test_time_begins_with_whatever_comes_first():
    statistics = Statistics()
    statistics.add_event(moment(5.0))
    statistics.add_image(6.0)
    assert statistics.first_stamp == 5.0


def test_empty_summary_can_be_written_and_shown(tmp_path):
    summary = {'source': 'actor', 'model': 'm', 'mode': 'single', **Statistics().summary()}
    film = FilmRecorder(tmp_path / 'overlay.mp4', 30.0)
    film.close()
    names = write_report(tmp_path, summary, [], 0.0, film)
    assert names == ['events.csv', 'summary.json']
    assert json.loads((tmp_path / 'summary.json').read_text())['latency_ms']['median'] is None
    assert summary_table(summary).row_count == 13
    assert summary_people_table(summary) is None


def test_events_file_has_times_since_the_first_image(tmp_path):
    film = FilmRecorder(tmp_path / 'overlay.mp4', 30.0)
    events = [moment(101.5), moment(103.0, 'ended', duration=1.5)]
    write_report(tmp_path, {}, events, 100.0, film)
    with (tmp_path / 'events.csv').open() as file:
        rows = list(csv.DictReader(file))
    assert [row['time'] for row in rows] == ['1.500', '3.000']
    assert [row['phase'] for row in rows] == ['started', 'ended']
    assert rows[1]['duration'] == '1.500'
    assert [(row['kind'], row['name'], row['hand']) for row in rows] == [
        ('gesture', 'wave', 'left')
    ] * 2
    line = event_line(events[1], 100.0)
    assert line.strip() == '3.0 s  person 1: wave (left) ended after 1.5 s'


def test_output_folder_forgets_older_results_but_nothing_else(tmp_path):
    folder = tmp_path / 'a' / 'b'
    folder.mkdir(parents=True)
    for name in ('summary.json', 'overlay.mp4', 'notes.txt'):
        (folder / name).write_text('old')
    with output_folder(folder):
        assert sorted(path.name for path in folder.iterdir()) == ['log', 'notes.txt']


def test_output_folder_is_for_one_demo_at_a_time(tmp_path):
    with output_folder(tmp_path):
        (tmp_path / 'summary.json').write_text('mine')
        with pytest.raises(DemoError, match='another demo is writing to'), output_folder(tmp_path):
            pytest.fail('two demos in one folder')
        assert (tmp_path / 'summary.json').read_text() == 'mine'
    with output_folder(tmp_path):
        pass


def test_output_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / 'file').touch()
    with (
        pytest.raises(DemoError, match=r'cannot write to .*file/demo: .*--output'),
        output_folder(tmp_path / 'file' / 'demo'),
    ):
        pytest.fail('a file is no folder')
    with (
        pytest.raises(DemoError, match='cannot write to /proc/demo'),
        output_folder(type(tmp_path)('/proc/demo')),
    ):
        pytest.fail('nobody can write there')


def test_the_last_lines_say_what_to_open_and_what_to_try(tmp_path, monkeypatch):
    monkeypatch.setenv('MAKELEVEL', '1')
    first, second, *others = next_steps(tmp_path, ['overlay.mp4', 'contact_sheet.png'])
    assert first.startswith(f'Open {tmp_path}/overlay.mp4: ')
    assert second.startswith(f'Open {tmp_path}/contact_sheet.png: ')
    assert 'make demo PEOPLE=3' in others[0]
    assert 'make shell' in others[1]
    monkeypatch.delenv('MAKELEVEL')
    (line,) = next_steps(tmp_path, ['events.csv'])
    assert 'pose-ros demo' in line
    assert 'make' not in line


def test_make_has_the_targets_that_the_last_lines_name():
    makefile = (Path(__file__).parents[2] / 'Makefile').read_text()
    for target in ('demo', 'shell', 'doctor'):
        assert re.search(rf'^{target}:', makefile, re.MULTILINE)
