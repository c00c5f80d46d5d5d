"""``pose-ros plot`` on each kind of file, end to end."""

from __future__ import annotations

import json
import re
import sys

import cv2
import numpy as np
import pytest

from pose_ros import bags
from pose_ros.core.motion.events import MotionEvent
from pose_ros.plotting.readers import read_recording
from pose_ros.plotting.recording import Recording
from pose_ros.records import event_record

pytest.importorskip('matplotlib')
rosbag2 = pytest.importorskip('rosbags.rosbag2')

ZERO = 1_700_000_000.0  # of the bag's clock [s]


@pytest.fixture
def lines(tmp_path):
    events = [
        MotionEvent(1.0, 'gesture', 'wave', 'started', 1, 'left', 0.5),
        MotionEvent(3.0, 'gesture', 'wave', 'ended', 1, 'left', 0.5, 2.0),
        MotionEvent(4.0, 'posture', 'sitting', 'started', 2),
    ]
    path = tmp_path / 'events.jsonl'
    path.write_text(''.join(json.dumps(event_record('a.mp4', e)) + '\n' for e in events))
    return path


@pytest.fixture
def table(tmp_path):
    path = tmp_path / 'angles.csv'
    rows = [f'a.mp4,{t / 10},1,{1 + 0.1 * t % 1},0.1' for t in range(50)]
    path.write_text('\n'.join(('input,time,skeleton_id,left_knee,left_knee_deviation', *rows)))
    return path


@pytest.fixture
def bag(tmp_path):
    """A bag of a wave, a change of posture, a repetition and a fall of person 7."""
    store = bags.typestore()

    def make(kind, stamp, **fields):
        header = store.types['std_msgs/msg/Header'](stamp=time(stamp), frame_id='camera')
        return store.types[f'pose_ros/msg/{kind}'](header=header, skeleton_id=7, **fields)

    def time(stamp):
        seconds, rest = divmod(ZERO + stamp, 1)
        return store.types['builtin_interfaces/msg/Time'](int(seconds), round(rest * 1e9))

    direction = store.types['geometry_msgs/msg/Vector3'](0.0, 0.0, 0.0)
    fault = store.types['pose_ros/msg/ExerciseFault']('knees_cave_in', True, 0.7, 0.8, 0.03)
    items = [
        (
            'joint_angles',
            make(
                'JointAngles', i / 10, in_space=False, names=['left_knee', 'trunk'],
                angles=np.array([i / 50, np.nan]),
                confidences=np.ones(2, np.float32),
                standard_deviations=np.array([0.125, np.nan], np.float32),
            ),
        )
        for i in range(100)
    ]  # fmt: skip
    for stamp, phase in ((1.0, 0), (2.0, 1), (3.0, 2)):
        gesture = make(
            'GestureEvent', stamp, gesture='wave', phase=phase, hand=1, hand_id=0, score=0.5,
            duration=stamp - 0.5, direction=direction,
        )  # fmt: skip
        items.append(('gestures', gesture))
    for i in range(0, 100, 5):
        posture = make('Posture', i / 10, posture=1 if i < 60 else 5, confidence=0.5, duration=0.0)
        items.append(('postures', posture))
    for stamp, done in ((3.5, False), (4.0, True)):
        state = make(
            'ExerciseState', stamp, exercise='squat', phase=0, repetitions=3, repetition_done=done,
            angle=3.0, peak_angle=1.5, range_reached=1, confidence=0.5, outward_time=0.5,
            turn_time=0.25, return_time=0.25, hold_time=0.0, retracted=False, faults=[fault],
        )  # fmt: skip
        items.append(('exercise', state))
    for stamp, phase in ((6.0, 0), (7.5, 1)):
        landing = time(6.5) if phase else store.types['builtin_interfaces/msg/Time'](0, 0)
        fall = make(
            'FallEvent', stamp, phase=phase, confidence=0.75, onset=time(5.5), landing=landing,
            duration=stamp - 5.5, peak_descent_rate=1.5, lost=False,
        )  # fmt: skip
        items.append(('falls', fall))
    items.sort(key=lambda item: (item[1].header.stamp.sec, item[1].header.stamp.nanosec))
    with rosbag2.Writer(tmp_path / 'bag', version=9) as writer:
        connections = {}
        for number, (topic, message) in enumerate(items):
            kind = message.__msgtype__
            if topic not in connections:
                connections[topic] = writer.add_connection(
                    f'/robot/{topic}', kind, typestore=store
                )
            writer.write(connections[topic], number, store.serialize_cdr(message, kind))
    return tmp_path / 'bag'


def test_a_bag_is_read_with_all_of_our_topics(bag):
    timeline = Recording()
    read_recording(bag, timeline)

    [track] = timeline.tracks
    assert (track.source, track.person) == (str(bag), 7)
    near = pytest.approx
    [wave] = track.spans('gesture')
    assert (wave.start, wave.end, wave.label, wave.hand) == (near(0.5), near(3.0), 'wave', 'left')
    assert [(span.label, span.start) for span in track.spans('posture')] == [
        ('standing', near(0.0)), ('lying', near(6.0)),
    ]  # fmt: skip
    assert [(span.label, span.start, span.end) for span in track.falls(track.end)] == [
        ('falling', near(5.5), near(6.5)), ('fallen', near(6.5), near(9.9)),
    ]  # fmt: skip
    [squat] = [event for event in track.events if event.kind == 'exercise']
    assert (squat.time, squat.duration, squat.details['repetitions']) == (near(4.0), 1.0, 3)
    assert [fault['name'] for fault in squat.details['faults']] == ['knees_cave_in']
    curve = track.curve('left_knee')
    np.testing.assert_allclose(curve.angles, np.arange(100) / 50)
    np.testing.assert_allclose(curve.times, np.arange(100) / 10, atol=1e-6)
    assert np.isnan(track.curve('trunk').angles).all()


def test_a_bag_becomes_a_image_beside_it(pose_ros, bag):
    code, out, err = pose_ros('plot', bag)
    assert (code, out) == (0, '')
    assert err.strip() == str(bag.with_suffix('.png'))
    image = cv2.imread(err.strip())
    assert image.shape[0] > 350
    # The fall is red over four of ten seconds.
    blue, green, red = (image[..., i].astype(int) for i in range(3))
    assert ((red > green + 20) & (red > blue + 20)).mean() > 0.1


def test_events_and_angles_come_together_by_input_and_person(pose_ros, lines, table, tmp_path):
    heights = {}
    for name, arguments in {
        'lines': [lines],
        'table': [table],
        'both': [lines, table],
        'one': [lines, table, '--person', 1, '--angle', 'left_knee'],
    }.items():
        path = tmp_path / f'{name}.png'
        code, _, err = pose_ros('plot', *arguments, '--output', path)
        assert (code, err.strip()) == (0, str(path))
        heights[name] = cv2.imread(str(path)).shape[0]
    # Two people with bars; one with curves; one with both and one with bars; the first of them.
    assert heights['lines'] < heights['one'] < heights['both']
    assert heights['table'] <= heights['one']


def test_without_an_output_the_image_is_beside_the_first_file(pose_ros, lines, table):
    code, _, err = pose_ros('plot', lines, table)
    assert code == 0
    assert err.strip() == str(lines.with_suffix('.png'))
    assert lines.with_suffix('.png').is_file()


@pytest.mark.parametrize(
    ('arguments', 'reason'),
    [
        (['none.jsonl'], 'none.jsonl: No such file'),
        (['{lines}', '--person', '9'], 'there is no person 9, only: 1, 2'),
        (['{table}', '--angle', 'nose'], "unknown angle 'nose', there are: left_knee"),
        (['{lines}', '--output', '{lines}'], 'would overwrite an input'),
        (['{lines}', '--output', '{folder}/none/a.png'], 'there is no folder .*none for'),
        (['{lines}', '--output', '{folder}/a.svg'], 'a.svg: a plot ends in .png'),
    ],
)
def test_what_cannot_be_drawn_is_one_line_and_exit_code_2(
    *, pose_ros, lines, table, tmp_path, arguments, reason
):
    paths = {'lines': lines, 'table': table, 'folder': tmp_path}
    code, out, err = pose_ros('plot', *(text.format(**paths) for text in arguments))
    assert (code, out) == (2, '')
    [line] = err.strip().splitlines()
    assert line.startswith('pose-ros: ')
    assert re.search(reason, line)


@pytest.mark.parametrize(('missing', 'extra'), [('matplotlib', 'plot'), ('rosbags', 'bags')])
def test_a_missing_library_is_named_with_its_extra(pose_ros, bag, monkeypatch, missing, extra):
    for name in list(sys.modules):
        if name.partition('.')[0] == missing:
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    code, _, err = pose_ros('plot', bag)
    assert code == 2
    assert missing in err
    assert f"pip install '.[{extra}]'" in err
