"""``pose-ros analyse`` end to end: the real model on videos of the actor and on real clips."""

from __future__ import annotations

import csv
import json
import math
import re

import cv2
import numpy as np
import pytest

from pose_ros.actor import Action, Actor, Scene, frames
from pose_ros.core.motion.learned_model import Description, LearnedClass
from pose_ros.core.motion.normalised import Window
from pose_ros.core.motion.rules import Hand

KEYS = [
    *('input', 'time', 'kind', 'name', 'phase', 'skeleton_id', 'hand_id', 'hand', 'score'),
    'duration',
]
PHASES = {
    'gesture': {'started', 'ended'},
    'posture': {'started', 'ended'},
    'fall': {'falling', 'fallen', 'recovered'},
    'exercise': {'repetition', 'retracted'},
}


@pytest.fixture
def analyse(pose_ros, tmp_path):
    """Run ``pose-ros analyse --json``: exit code, records, output and error output."""

    def run(*arguments):
        lines = tmp_path / 'lines.jsonl'
        code, out, err = pose_ros('analyse', *arguments, '--json', lines)
        return code, [json.loads(line) for line in lines.read_text().splitlines()], out, err

    return run


@pytest.fixture(scope='module')
def waving(tmp_path_factory):
    """A video of an actor who waves with the left hand, at 15 images a second."""
    path = tmp_path_factory.mktemp('videos') / 'waving.mp4'
    scene = Scene(
        duration=4.0, fps=15, actors=(Actor((Action('wave_left', 0.5, 2.8),), height=380),)
    )
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'mp4v'), 15, (640, 480))
    for frame in frames(scene, seed=2):
        writer.write(cv2.cvtColor(frame.image, cv2.COLOR_RGB2BGR))
    writer.release()
    return path


def check(records):
    """Every record has the fields of the format, in their order, with fitting values."""
    for record in records:
        assert list(record)[: len(KEYS)] == KEYS
        assert record['phase'] in PHASES[record['kind']]
        assert record['hand'] in ('none', 'left', 'right', 'both')
        assert record['skeleton_id'] >= 1
        assert 0 <= record['score'] <= 1
        assert record['duration'] >= 0
    times = [record['time'] for record in records]
    assert times == sorted(times)


def test_a_video_gives_events_angles_and_a_image(analyse, waving, tmp_path):
    table, image = tmp_path / 'angles.csv', tmp_path / 'plot.png'

    code, records, out, err = analyse(waving, '--angles', table, '--plot', image)

    assert code == 0
    check(records)
    assert {record['input'] for record in records} == {str(waving)}
    waves = [record for record in records if record['name'] == 'wave']
    assert [(wave['phase'], wave['hand']) for wave in waves] == [
        ('started', 'left'), ('ended', 'left'),
    ]  # fmt: skip
    assert 0.5 < waves[0]['time'] < 3.0
    assert waves[1]['duration'] == pytest.approx(waves[1]['time'] - waves[0]['time'], abs=0.8)
    standing = [r for r in records if r['kind'] == 'posture']
    assert [(r['name'], r['phase']) for r in standing] == [
        ('standing', 'started'), ('standing', 'ended'),
    ]  # fmt: skip
    # For people to read.
    assert str(waving) in out
    assert re.search(r'gesture +wave \(left\) +started', out)
    assert f'inputs: 1, frames: 60, events: {len(records)}' in err

    rows = list(csv.DictReader(table.open()))
    # The first two images are not enough to be sure of a person.
    assert len(rows) == 58
    assert float(rows[-1]['time']) == pytest.approx(59 / 15, abs=0.01)
    assert {(row['input'], row['skeleton_id']) for row in rows} == {(str(waving), '1')}
    elbows = [float(row['left_elbow']) for row in rows if row['left_elbow']]
    assert np.ptp(elbows) > math.radians(45)
    assert 0 < float(rows[30]['left_elbow_deviation']) < math.radians(45)

    drawn = cv2.imread(str(image))
    assert drawn.shape[1] == 1430
    assert drawn.std() > 15


def test_json_lines_to_the_output_come_alone(pose_ros, waving):
    code, out, _ = pose_ros('analyse', waving, '--json', '-')
    assert code == 0
    records = [json.loads(line) for line in out.splitlines()]
    check(records)
    assert 'wave' in {record['name'] for record in records}


def test_gestures_of_ones_own_take_the_place_of_ours(analyse, waving, tmp_path):
    rules = tmp_path / 'mine.yaml'
    rules.write_text(
        'gestures:\n- name: hello\n  hand: left\n  when: {wrist_height: [-0.2, null]}\n'
    )
    code, records, _, _ = analyse(waving, '--gestures', rules)
    assert code == 0
    assert {r['name'] for r in records if r['kind'] == 'gesture'} == {'hello'}


def test_a_folder_is_analysed_video_by_video_and_of_a_image_the_posture(
    *, analyse, waving, clip, save_image, save_video, tmp_path
):
    folder = tmp_path / 'folder'
    save_image(folder / 'b.png', clip('stand', duration=0.03)[0])
    save_video(folder / 'a.mp4', clip('stand', duration=0.4))
    save_video(folder / 'c.mp4', clip('stand', duration=0.4))
    (folder / 'notes.txt').write_text('not a video')

    code, records, _, err = analyse(folder, '--angles', tmp_path / 'angles.csv')

    assert code == 0
    told = [(r['input'][-5:], r['name'], r['phase'], r['skeleton_id']) for r in records]
    assert told == [
        ('a.mp4', 'standing', 'started', 1),
        ('a.mp4', 'standing', 'ended', 1),
        ('b.png', 'standing', 'started', 1),
        ('c.mp4', 'standing', 'started', 1),
        ('c.mp4', 'standing', 'ended', 1),
    ]
    assert [records[2][key] for key in ('time', 'duration')] == [0.0, 0.0]
    rows = list(csv.DictReader((tmp_path / 'angles.csv').open()))
    [row] = [row for row in rows if row['input'].endswith('b.png')]
    assert float(row['left_knee']) > math.radians(150)
    assert 'inputs: 3' in err


def test_no_one_is_no_event_and_no_image(analyse, tmp_path):
    path, plot = tmp_path / 'grey.mp4', tmp_path / 'plot.png'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'mp4v'), 10, (320, 240))
    for _ in range(3):
        writer.write(np.full((240, 320, 3), 128, np.uint8))
    writer.release()
    code, records, out, err = analyse(path, '--plot', plot)
    assert (code, records) == (0, [])
    assert 'nothing happens' in out
    assert 'was not drawn: no person was followed in a video' in err
    assert not plot.exists()


def test_a_bad_input_is_reported_and_the_others_done(analyse, clip, save_video, tmp_path):
    good = save_video(tmp_path / 'good.mp4', clip('stand', duration=0.3))
    (tmp_path / 'bad.mp4').write_bytes(b'no video')
    code, records, out, err = analyse(tmp_path / 'bad.mp4', good)
    assert code == 1
    assert 'bad.mp4' not in out
    assert {record['input'] for record in records} == {str(good)}
    assert f'pose-ros: {tmp_path}/bad.mp4: not a video that can be decoded' in err


@pytest.mark.parametrize('arguments', [(), ('--hands', 'none')])
def test_what_is_learned_takes_the_place_of_a_rule(
    analyse, clip, save_video, wrist_model, tmp_path, *, arguments
):
    classes = (LearnedClass('hello', Hand.LEFT), LearnedClass('wave', Hand.RIGHT))
    model = wrist_model(Description(classes, Window(1.0), 0.8))
    standing = save_video(tmp_path / 'standing.mp4', clip('stand', duration=0.3))
    code, _, _, err = analyse(standing, '--learned', model, *arguments)
    assert code == 0
    assert 'wave: learned, the rule of the same name does not count\n' in err


@pytest.mark.parametrize(
    ('arguments', 'reason'),
    [
        (['--exercise', 'chess'], "unknown exercise 'chess', known are: auto, none, "),
        (['--gestures', '{folder}/none.yaml'], 'none.yaml: No such file or directory$'),
        (['--gestures', '{folder}/bad.yaml'], r'bad.yaml:\d+: '),
        (['--learned', '{folder}/none.tflite'], 'none.tflite'),
        (['--model', 'yolo'], "unknown model 'yolo'"),
        (['--mode', 'many'], 'mode must be one of single, multi, auto'),
        (['--json', '{video}'], 'would overwrite an input'),
        (['--plot', '{video}'], 'would overwrite an input'),
        (['--plot', '{folder}/none/a.png'], 'there is no folder .*none for'),
        (['--json', '{folder}/a', '--angles', '{folder}/a'], 'two results would be written'),
        (['--plot', '{folder}'], 'is a folder: name a file in it'),
        (['--plot', '{folder}/a.pdf'], 'a.pdf: a plot ends in .png'),
        (['--angles', '{folder}/none/a.csv'], 'there is no folder .*none for'),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_2(
    *, pose_ros, waving, tmp_path, arguments, reason
):
    (tmp_path / 'bad.yaml').write_text('gestures:\n- name: hello\n  hand: third\n  when: {}\n')
    before = waving.read_bytes()
    paths = {'folder': tmp_path, 'video': waving}
    code, out, err = pose_ros('analyse', waving, *(text.format(**paths) for text in arguments))
    assert (code, out) == (2, '')
    [line] = [line for line in err.splitlines() if line.startswith('pose-ros: ')]
    assert re.search(reason, line)
    assert waving.read_bytes() == before


# --- real people ------------------------------------------------------------------------------


@pytest.mark.test_data('clips/wave_full_body.mp4')
@pytest.mark.model('movenet_lightning')
def test_a_person_who_waves_is_seen_waving_and_standing(analyse, test_data):
    """First with one hand, then with both."""
    clip = test_data / 'clips/wave_full_body.mp4'
    code, records, _, _ = analyse(clip, '--model', 'movenet_lightning')
    assert code == 0
    check(records)
    waves = {r['hand'] for r in records if (r['name'], r['phase']) == ('wave', 'started')}
    assert waves >= {'both'} or waves == {'left', 'right'}
    assert {r['name'] for r in records if r['kind'] == 'posture'} == {'standing'}
    assert not [r for r in records if r['kind'] == 'fall']


@pytest.mark.test_data('clips/falls/S1_Fall_13.mp4')
@pytest.mark.model('movenet_lightning')
def test_a_person_who_falls_is_seen_falling_and_lying(analyse, test_data, tmp_path):
    clip, plot = test_data / 'clips/falls/S1_Fall_13.mp4', tmp_path / 'plot.png'
    code, records, _, _ = analyse(clip, '--model', 'movenet_lightning', '--plot', plot)
    assert code == 0
    check(records)
    falls = [record for record in records if record['kind'] == 'fall']
    assert 'fallen' in [fall['phase'] for fall in falls]
    [fallen] = [fall for fall in falls if fall['phase'] == 'fallen']
    assert fallen['name'] == 'fall'
    assert 0.2 < fallen['onset'] < fallen['landing'] < fallen['time'] < 3.5
    assert fallen['peak_descent_rate'] > 0.3
    assert fallen['lost'] is False
    assert 'lying' in {r['name'] for r in records if r['kind'] == 'posture'}
    blue, green, red = (cv2.imread(str(plot))[..., i].astype(int) for i in range(3))
    assert ((red > green + 20) & (red > blue + 20)).mean() > 0.1
