"""Spans and curves of a timeline, and where they are read from."""

from __future__ import annotations

import io
import json
import math
import re

import numpy as np
import pytest

from pose_ros.cli.demo_results import write_events
from pose_ros.core.body.angles import JointAngles
from pose_ros.core.motion.events import MotionEvent
from pose_ros.plotting.readers import read_recording
from pose_ros.plotting.recording import PersonTimeline, Recording
from pose_ros.plotting.table import AnglesTable
from pose_ros.records import event_record


def event(time, phase, duration=0.0, kind='gesture', name='wave', **fields):
    return MotionEvent(time, kind, name, phase, skeleton_id=1, duration=duration, **fields)


def spans(events, kind='gesture'):
    found = PersonTimeline('video', 1, events).spans(kind)
    return [(round(s.start, 3), round(s.end, 3), s.label, s.hand) for s in found]


def test_a_span_begins_when_its_conditions_first_held():
    events = [event(1.5, 'started', 0.5, hand='left'), event(4.5, 'ended', 3.0, hand='left')]
    assert spans(events) == [(1.0, 4.0, 'wave', 'left')]


def test_both_hands_at_once_are_two_spans_and_one_without_end_goes_to_the_last_event():
    events = [
        event(1.0, 'started', hand='left'),
        event(2.0, 'started', hand='right'),
        event(3.0, 'ended', 1.0, hand='right'),
        event(9.0, 'started', name='nod'),
    ]
    assert spans(events) == [
        (1.0, 9.0, 'wave', 'left'),
        (2.0, 3.0, 'wave', 'right'),
        (9.0, 9.0, 'nod', 'none'),
    ]
    assert spans(events, 'posture') == []


def test_hands_without_a_person_have_timelines_of_their_own(tmp_path):
    events = [
        event(1.0, 'started'),
        MotionEvent(1.0, 'gesture', 'fist', 'started', skeleton_id=0, hand_id=1),
        MotionEvent(2.0, 'gesture', 'fist', 'started', skeleton_id=0, hand_id=2),
    ]
    records = [event_record('video', one) for one in events]
    del records[0]['hand_id']  # as older versions wrote them
    path = tmp_path / 'events.jsonl'
    path.write_text('\n'.join(map(json.dumps, records)), encoding='utf-8')
    timeline = Recording()
    read_recording(path, timeline)
    assert [track.person for track in timeline.tracks] == [1, -1, -2]
    assert [track.events for track in timeline.tracks] == [[one] for one in events]


def test_an_end_without_a_beginning_tells_when_it_began():
    assert spans([event(4.0, 'ended', 1.5)]) == [(2.5, 4.0, 'wave', 'none')]


def fall(time, phase, onset=1.0, landing=2.0):
    return event(
        time, phase, kind='fall', name='fall', details={'onset': onset, 'landing': landing}
    )


@pytest.mark.parametrize(
    ('events', 'expected'),
    [
        ([fall(1.5, 'falling', landing=None)], [(1.0, 1.5, 'falling')]),
        (
            [fall(1.5, 'falling', landing=None), fall(3.0, 'fallen'), fall(7.0, 'recovered')],
            [(1.0, 2.0, 'falling'), (2.0, 7.0, 'fallen')],
        ),
        ([fall(3.0, 'fallen')], [(1.0, 2.0, 'falling'), (2.0, 10.0, 'fallen')]),
        (
            [fall(1.5, 'falling', landing=None), fall(2.5, 'recovered', landing=None)],
            [(1.0, 2.5, 'falling')],
        ),
        (
            [fall(3.0, 'fallen'), fall(9.0, 'falling', onset=8.0, landing=None)],
            [(1.0, 2.0, 'falling'), (2.0, 8.0, 'fallen'), (8.0, 9.0, 'falling')],
        ),
        (
            [fall(3.0, 'fallen'), fall(5.0, 'closed')],
            [(1.0, 2.0, 'falling'), (2.0, 5.0, 'fallen')],
        ),
        ([fall(3.0, 'recovered')], []),
    ],
)
def test_falls_are_spans_of_falling_and_of_lying(events, expected):
    found = PersonTimeline('video', 1, events).falls(end=10.0)
    assert [(span.start, span.end, span.label) for span in found] == expected


def test_a_curve_is_interrupted_where_the_person_was_away():
    timeline = Recording()
    for time in (0.0, 0.1, 0.2, 3.0, 3.1):
        timeline.add_angles('video', time, 1, [('left_knee', time, 0.1)])
    timeline.add_angles('video', 3.2, 1, [('trunk', 0.5, 0.1)])
    [track] = timeline.tracks
    assert track.names == ['left_knee', 'trunk']
    curve = track.curve('left_knee')
    np.testing.assert_array_equal(curve.times, [0, 0.1, 0.2, math.nan, 3.0, 3.1, 3.2])
    np.testing.assert_array_equal(np.isnan(curve.angles), [0, 0, 0, 1, 0, 0, 1])
    assert curve.range == pytest.approx(np.percentile([0, 0.1, 0.2, 3.0, 3.1], 95) - 0.02)
    assert (track.start, track.end) == (0.0, 3.2)


def test_people_are_chosen_by_id():
    timeline = Recording()
    for number in (2, 5):
        timeline.add_angles('video', 0.0, number, [('trunk', 0.0, 0.0)])
    assert [track.person for track in timeline.of([5]).tracks] == [5]
    assert [track.person for track in timeline.of([]).tracks] == [2, 5]
    with pytest.raises(ValueError, match='there is no person 3, only: 2, 5'):
        timeline.of([3])


# --- files ------------------------------------------------------------------------------------


def read(path):
    timeline = Recording()
    read_recording(path, timeline)
    return timeline.tracks


def test_json_lines_come_back_as_the_events_that_were_written(tmp_path):
    events = [
        event(1.5, 'started', 0.5, hand='left', details={'direction': (0.6, 0.8, 0.0)}),
        fall(3.0, 'fallen'),
        event(4.0, 'started', kind='posture', name='lying'),
    ]
    path = tmp_path / 'events.jsonl'
    path.write_text(''.join(json.dumps(event_record('a.mp4', e)) + '\n' for e in events))

    [track] = read(path)

    assert (track.source, track.person) == ('a.mp4', 1)
    assert [e.details for e in track.events] == [
        {'direction': [0.6, 0.8, 0.0]}, {'onset': 1.0, 'landing': 2.0}, {},
    ]  # fmt: skip
    assert [(e.time, e.kind, e.name, e.phase, e.hand) for e in track.events] == [
        (1.5, 'gesture', 'wave', 'started', 'left'),
        (3.0, 'fall', 'fall', 'fallen', 'none'),
        (4.0, 'posture', 'lying', 'started', 'none'),
    ]


def test_a_table_comes_back_as_the_angles_that_were_written(tmp_path):
    file = io.StringIO(newline='')
    table = AnglesTable(file)
    angles, deviations = np.array([1.25, math.nan]), np.array([0.125, math.nan])
    names = ('left_knee', 'trunk')
    table.write('a.mp4', 0.5, JointAngles(3, names, angles, np.ones(2), deviations, False))
    table.write('b.mp4', 0.6, JointAngles(1, names, angles, np.ones(2), deviations, False))
    path = tmp_path / 'angles.csv'
    path.write_text(file.getvalue())

    first, second = read(path)

    assert [(t.source, t.person) for t in (first, second)] == [('a.mp4', 3), ('b.mp4', 1)]
    [[time, values]] = first.samples
    assert (time, values['left_knee']) == (0.5, (1.25, 0.125))
    assert np.isnan(values['trunk']).all()
    assert first.names == ['left_knee', 'trunk']


def test_a_table_of_ones_own_needs_only_the_time_and_an_angle(tmp_path):
    path = tmp_path / 'mine.csv'
    path.write_text('time,knee\n0.0,1.5\n0.1,\n')
    [track] = read(path)
    assert (track.source, track.person, track.names) == (str(path), 1, ['knee'])
    assert np.isnan(track.samples[1][1]['knee'][0])


def test_the_events_of_the_demo_are_read_as_it_writes_them(tmp_path):
    events = [event(101.0, 'started', hand='left'), fall(104.0, 'fallen')]
    path = tmp_path / 'events.csv'
    write_events(path, events, 100.0)
    [track] = read(path)
    assert (track.source, track.person) == (str(path), 1)
    assert [(e.time, e.kind, e.name, e.hand) for e in track.events] == [
        (1.0, 'gesture', 'wave', 'left'), (4.0, 'fall', 'fall', 'none'),
    ]  # fmt: skip
    assert [span.label for span in track.falls(9.0)] == ['falling', 'fallen']


GOOD = json.dumps(event_record('a.mp4', event(1.0, 'started')))


@pytest.mark.parametrize(
    ('name', 'content', 'reason'),
    [
        (
            'a.jsonl',
            '{"time": 1}',
            r"a.jsonl, line 1: not an event of pose-ros analyse: it has no 'kind'",
        ),
        ('a.jsonl', GOOD + '\n{"time', r'a.jsonl, line 2: .*'),
        ('a.jsonl', GOOD.replace('gesture', 'dance'), r"line 1: kind must be one of .*'dance'"),
        ('a.jsonl', GOOD.replace('1.0', '"now"'), r"line 1: time must be a number, got 'now'"),
        (
            'a.csv',
            'time,skeleton_id\n1,1\n',
            r'a.csv: a table needs the column time and at least one',
        ),
        ('a.jsonl', GOOD.replace('1.0', 'NaN'), r'line 1: time must be a number, got nan'),
        ('a.jsonl', GOOD + '\n[1]', r'line 2: must be an object, got \[1\]'),
        (
            'a.jsonl',
            re.sub('"skeleton_id": .', '"skeleton_id": 1.5', GOOD),
            r'line 1: skeleton_id',
        ),
        ('a.csv', 'time,knee\n0.1,1.0\n0.2,high\n', r"line 3: knee must be a number, got 'high'"),
        ('a.csv', 'time,knee\nnan,1.0\n', r"a.csv, line 2: time must be a number, got 'nan'"),
        ('a.csv', 'time,knee\n0,1,0\n', r'a.csv, line 2: must have 2 cells, got 3'),
        ('a.csv', 'time,knee\n0,"1\n1,1\n', r'a.csv, line 2: unexpected end of data'),
        ('a.csv', 'time,knee,knee\n0,1,2\n', r"a.csv: two columns are called 'knee'"),
        (
            'a.csv',
            'time,skeleton_id,knee\n0,first,1\n',
            r"line 2: skeleton_id must be a number, got 'first'",
        ),
        ('a.csv', '', r'a.csv: a table needs'),
        ('a.csv', 'time,kind\n1,fall\n', r"a.csv has no column 'skeleton_id'"),
        ('a.png', b'\x89PNG\xff\xfe', r'a.png: neither JSON lines, a table nor a bag'),
        ('none', None, r'none: No such file'),
        ('', None, r'a folder, but not of a bag'),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(tmp_path, name, content, reason):
    if content is not None:
        data = content if isinstance(content, bytes) else content.encode()
        (tmp_path / name).write_bytes(data)
    with pytest.raises(ValueError, match=reason):
        read(tmp_path / name if name else tmp_path)
