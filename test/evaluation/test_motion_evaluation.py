"""Figures about motion events in videos, from events that are made up."""

from __future__ import annotations

import pytest

from pose_ros.core.motion.events import MotionEvent
from pose_ros.evaluation.motion_events import MotionResult, clip_row, figures
from pose_ros.evaluation.motion_truth import Truth, parse_truth, read_truth

EXERCISES, GESTURES = {'squat', 'lunge'}, {'clap', 'wave'}


def retracted(name, count):
    details = {'repetitions': count}
    return MotionEvent(2.0, 'exercise', name, 'retracted', 1, details=details)


def repetitions(name, count, person=1):
    return [MotionEvent(float(i), 'exercise', name, 'repetition', person) for i in range(count)]


def fall(time, phase='fallen'):
    return MotionEvent(time, 'fall', 'fall', phase, 1)


def gesture(name, phase='started'):
    return MotionEvent(1.0, 'gesture', name, phase, 1)


def clip(truth, *events, seconds=30.0, spans=None):
    return MotionResult(truth, seconds, 1.0, tuple(events), spans or {1: (0.0, seconds)})


@pytest.mark.parametrize(
    ('text', 'truth'),
    [
        ('squat; 2; side view, 30 deg', Truth('a', exercise='squat', count=2)),
        ('clap: 8 wide claps, 1.0 s apart', Truth('a', gesture='clap', count=8)),
        ('a skater falls 2.7-3.0, lies until 4.6', Truth('a', falls=(2.7,))),
        ('fall 1-2; fall 7.5-9', Truth('a', falls=(1.0, 7.5))),
        ('nothing: reads a book', Truth('a')),
        ('signs; no gesture of the list', Truth('a')),
        ('three people dance', Truth('a', judged=False)),
    ],
)
def test_truth_is_read_from_its_text(text, truth):
    assert parse_truth('a', text, EXERCISES, GESTURES) == truth


def test_a_table_of_a_windows_program_is_read(tmp_path):
    path = tmp_path / 'truth.tsv'
    path.write_text('\ufefffile\ttruth\r\na.mp4\tsquat; 2\r\n', encoding='utf-8', newline='')
    assert read_truth(path) == [Truth('a.mp4', exercise='squat', count=2)]


@pytest.mark.parametrize('content', [None, b'\x83\xff'])
def test_a_table_that_cannot_be_read_is_named(tmp_path, content):
    path = tmp_path / 'truth.tsv'
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=r'truth\.tsv cannot be read'):
        read_truth(path)


def test_truth_file_without_a_column_is_refused(tmp_path):
    path = tmp_path / 'truth.tsv'
    path.write_text('file\tlabel\na.mp4\tsquat; 2\n')
    with pytest.raises(ValueError, match=r"truth\.tsv has no column 'truth'"):
        read_truth(path)


@pytest.mark.parametrize(
    ('rows', 'reason'),
    [
        *(
            (f'a.mp4\tsquat{text}\n', r'truth.tsv, line 2: truth must be "squat; COUNT" .*' + text)
            for text in ('; twelve', '', ';', '; 0', '; 2.5', '; -3', '; many, 30 deg')
        ),
        ('a.mp4\tfall 3-1\n', 'line 2: a fall cannot end at 1 s before it begins at 3 s'),
        ('a.mp4\t\n', r"^\S+truth.tsv, line 2: truth must not be empty, got ''"),
        ('a.mp4\n', r"truth.tsv, line 2: truth must not be empty, got ''"),
        ('\tnothing\n', r"truth.tsv, line 2: file must not be empty, got ''"),
        (
            'a.mp4\tsquat; 2\n\n./a.mp4\tnothing\n',
            r"line 4: file must have one row, but is also in line 2, got './a.mp4'",
        ),
        ('a.mp4\t"squat; 2\nb.mp4\tnothing\n', 'line 2: unexpected end of data'),
        ('a.mp4\tnothing\tb.mp4\n', 'line 2: must have 2 cells, got 3'),
    ],
)
def test_a_row_that_cannot_be_used_is_named(tmp_path, rows, reason):
    path = tmp_path / 'truth.tsv'
    path.write_text('file\ttruth\n' + rows)
    with pytest.raises(ValueError, match=reason):
        read_truth(path)


def test_motions_of_one_file_have_a_row_each(tmp_path):
    path = tmp_path / 'truth.tsv'
    path.write_text('file\ttruth\na.npz#walk\tnothing\na.npz#squats\tsquat; 3\n')
    assert [truth.take for truth in read_truth(path)] == ['walk', 'squats']


def test_exercises():
    squat = Truth('a', exercise='squat', count=3)
    found = figures(
        [
            clip(squat, *repetitions('lunge', 2), retracted('lunge', 2), *repetitions('squat', 3)),
            clip(squat, *repetitions('squat', 4)),
            clip(squat, *repetitions('squat', 3), *repetitions('lunge', 1)),
            clip(squat, *repetitions('lunge', 1)),
            clip(Truth('b'), *repetitions('lunge', 2)),
        ]
    )
    assert (found['sets'], found['sets_exact']) == (4, 0.25)
    assert found['reps_found'] == 9 / 12
    assert found['wrong_names'] == 2 / 12
    assert found['false_reps'] == 4.0  # 2 in half a minute


@pytest.mark.parametrize(('second', 'exact'), [(3, 1.0), (2, 0.0)])
def test_people_who_exercise_together_are_counted_one_by_one(second, exact):
    squat = Truth('a', exercise='squat', count=3)
    events = [*repetitions('squat', 3), *repetitions('squat', second, person=2)]
    found = figures([clip(squat, *events, spans={1: (0.0, 30.0), 2: (0.0, 29.0), 3: (2.0, 9.0)})])
    assert (found['sets_exact'], found['reps_found']) == (exact, 1.0)


def test_a_person_who_gets_another_id_has_one_set():
    squat = Truth('a', exercise='squat', count=5)
    events = [*repetitions('squat', 2), *repetitions('squat', 3, person=2)]
    found = figures([clip(squat, *events, spans={1: (0.0, 9.0), 2: (9.5, 30.0)})])
    assert (found['sets_exact'], found['reps_found']) == (1.0, 1.0)


def test_gestures():
    found = figures(
        [
            clip(Truth('a', gesture='clap', count=8), gesture('clap'), gesture('clap', 'ended')),
            clip(Truth('a', gesture='wave', count=1), gesture('clap')),
            clip(Truth('b'), gesture('wave'), gesture('wave', 'ended')),
            clip(Truth('b')),
        ]
    )
    assert found['gestures_found'] == 0.5
    assert found['false_gestures'] == 1.0  # 1 in two clips of half a minute


def test_falls():
    found = figures(
        [
            clip(Truth('a', falls=(5.0,)), fall(5.4, 'falling'), fall(6.5)),
            clip(Truth('a', falls=(5.0,)), fall(20.0)),
            clip(Truth('a', falls=(5.0, 15.0)), fall(17.0)),
            clip(Truth('b'), fall(3.0, 'falling')),
            clip(Truth('b'), fall(3.0, 'falling'), fall(4.0)),
        ]
    )
    assert (found['falls'], found['falls_found']) == (4, 0.5)
    assert found['fall_delay'] == 1.75
    assert found['specificity'] == 0.5
    assert found['warnings'] == 2.0


def test_clips_that_are_not_judged_count_for_nothing():
    found = figures([clip(Truth('a', judged=False), *repetitions('squat', 3), gesture('wave'))])
    assert found['clips'] == 0
    assert found['false_reps'] is None
    assert found['false_gestures'] is None


def test_row_of_a_clip():
    row = clip_row(clip(Truth('a', exercise='squat', count=2), *repetitions('squat', 1)))
    assert (row['file'], row['expected'], row['reported']) == ('a', 'squat 2', 'squat 1')
    assert clip_row(clip(Truth('b'), fall(3.0)))['reported'] == 'fallen 3.0 s'
    assert clip_row(MotionResult(Truth('b'), error='cut off'))['reported'] == 'cut off'


def test_motion_capture_is_named_by_file_and_array():
    truth = parse_truth('walk.npz#coco17', 'nothing', EXERCISES, GESTURES)
    assert (truth.file, truth.take, truth.judged) == ('walk.npz', 'coco17', True)
