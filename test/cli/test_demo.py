"""The demo as a user runs it: real processes, real DDS, the real default model."""

import csv
import json
import os
from pathlib import Path
import re
import signal
import subprocess
import time
import urllib.request
import uuid

import cv2
import numpy as np
import pytest
import yaml

from pose_ros.cli.demo_nodes import SHARED_MEMORY, shared_memory_of
from pose_ros.core.media import open_media
from pose_ros.core.runtime.store import ModelStore
from pose_ros.ros.image_sources import actor_scene

pytestmark = pytest.mark.ros

DEADLINE = 60.0  # [s] for what takes some seconds when nothing else runs
NODES = {'pose_node', 'gesture_node', 'marker_node', 'source_node'}


class Run:
    """A demo in a process of its own, its environment marked."""

    def __init__(self, folder, *arguments, **environment):
        self.folder = Path(folder)
        self.mark = f'POSE_ROS_TEST={uuid.uuid4()}'
        name, value = self.mark.split('=')
        inherited = {k: v for k, v in os.environ.items() if not k.startswith('ROS_DOMAIN')}
        self.process = subprocess.Popen(
            ['pose-ros', 'demo', '--output', str(folder), *arguments],
            env={**inherited, 'COLUMNS': '100', name: value, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def read_until(self, text):
        """Wait for a line of the output that holds a text."""
        self.find(re.escape(text))

    def find(self, pattern):
        """Wait for a line of the output with a pattern; returns the match."""
        for line in self.process.stdout:
            if match := re.search(pattern, line):
                return match
        return pytest.fail(f'no {pattern!r} in the output; errors: {self.process.stderr.read()}')

    def finish(self, expected_code):
        """Wait for the end; (output, errors)."""
        out, err = self.process.communicate(timeout=DEADLINE)
        assert self.process.returncode == expected_code, err
        return out, err

    def nodes(self):
        """Pids of the demo's nodes by name, found by the mark in their environment."""
        found = {}
        for path in Path('/proc').glob('[0-9]*'):
            try:
                if self.mark.encode() not in (path / 'environ').read_bytes():
                    continue
                words = (path / 'cmdline').read_bytes().split(b'\0')
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue  # gone, or not ours
            names = {Path(word.decode()).name for word in words} & {*NODES, 'web_node'}
            if names:
                found[names.pop()] = int(path.name)
        return found

    def summary(self):
        return json.loads((self.folder / 'summary.json').read_text())


@pytest.fixture
def start(tmp_path):
    """Start demos that do not outlive the test."""
    runs = []

    def start(*arguments, folder=tmp_path / 'demo', **environment):
        runs.append(Run(folder, *arguments, **environment))
        return runs[-1]

    yield start
    for run in runs:
        run.process.kill()
        run.process.communicate()


def wait_for(condition, what):
    """Wait until a condition on processes holds."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f'not within {DEADLINE} s: {what}')
        time.sleep(0.05)


def test_the_page_in_the_browser(start):
    run = start('--source', 'actor:wave_right', '--web')
    address = run.find(r'open (http://127.0.0.1:\d+/)')[1]

    def served():
        try:
            with urllib.request.urlopen(address, timeout=5) as response:
                return b'<canvas id="image">' in response.read()
        except OSError:
            return False  # the node is starting

    wait_for(served, 'the page')
    run.read_until(' Hz, ')
    run.process.send_signal(signal.SIGINT)
    run.finish(0)
    assert run.nodes() == {}


def test_actor_waves_and_everything_is_written(start):
    run = start('--source', 'actor:wave_right', '--duration', '6.5')
    out, err = run.finish(0)
    assert run.nodes() == {}
    assert err == ''
    assert 'person 1: wave (right) started' in out
    summary = run.summary()
    assert summary['source'] == 'actor:wave_right'
    assert summary['model'] == 'blazepose_full'
    assert summary['ended_by'] == 'duration'
    assert set(summary['gestures']) == {'wave (right)'}
    assert summary['postures'] == {'standing': 1}
    assert summary['falls'] == summary['repetitions'] == {}
    assert summary['mode'] == 'single'
    assert summary['people_max'] == 1
    (person,) = summary['people']
    assert person['id'] == 1
    assert person['gestures'] == summary['gestures']
    processed = summary['frames_processed']
    assert 20 < processed <= summary['frames_in'] + 5
    assert 3 < summary['frames_per_second'] < 31
    latency = summary['latency_ms']
    assert 0 < summary['inference_ms']['median'] < latency['median'] <= latency['p99']
    error = summary['keypoint_error']
    assert 0 < error['fraction_of_height'] < 0.03
    height = actor_scene('wave_right', 640, 480, 30.0).actors[0].height
    assert error['px'] == pytest.approx(error['fraction_of_height'] * height, rel=0.02)
    assert error['missed_share'] < 0.05

    with (run.folder / 'events.csv').open() as file:
        events = list(csv.DictReader(file))
    gestures = [event for event in events if event['kind'] == 'gesture']
    assert {(e['name'], e['hand']) for e in gestures} == {('wave', 'right')}
    assert [e['phase'] for e in gestures if e['phase'] == 'started']

    # Each image is shown at its own time: a busy machine drops some, and the rest keep their pace.
    overlay = list(open_media(run.folder / 'overlay.mp4').frames())
    stamps = [frame.stamp for frame in overlay]
    assert overlay[0].width == 640
    assert stamps[-1] == pytest.approx(6.5, abs=2.0)
    steps = np.diff(stamps) * 30
    assert (steps > 0).all()
    assert np.abs(steps - steps.round()).max() < 0.35
    sheet = cv2.imread(str(run.folder / 'contact_sheet.png'))
    assert sheet.shape[0] > 900
    assert sheet.shape[1] > 1200
    for name in ('overlay.mp4', 'contact_sheet.png', 'events.csv', 'summary.json'):
        assert name in out


def test_three_people_wave_and_each_is_told_of(start):
    run = start('--source', 'actor:wave_right', '--people', '3', '--duration', '9')
    out, err = run.finish(0)
    assert err == ''
    summary = run.summary()
    assert summary['mode'] == 'multi'
    assert summary['people_max'] == len(summary['people']) == 3
    for person in summary['people']:
        assert f'person {person["id"]}: wave (right) started' in out
        assert f'■ {person["id"]}' in out
        assert person['gestures']['wave (right)'] >= 1
        assert person['seen_for'] > 4
        assert 0 < person['keypoint_error_px'] < 15
    assert summary['keypoint_error']['missed_share'] < 0.1
    with (run.folder / 'events.csv').open() as file:
        people = {event['skeleton_id'] for event in csv.DictReader(file)}
    assert people == {str(person['id']) for person in summary['people']}
    assert (run.folder / 'contact_sheet.png').exists()


@pytest.mark.parametrize('people', ['0', '7', 'many'])
def test_a_number_of_people_that_cannot_be_is_refused(start, people):
    out, err = start('--people', people).finish(2)
    assert out == ''
    assert '--people' in err


def test_what_pose_node_lacks_is_said_at_once(start, tmp_path):
    """No checksum is known of this file, so that pose_node finds out."""
    entry = {
        'summary': 'for tests', 'family': 'movenet', 'format': 'coco17', 'input': [192, 192],
        'licence': 'MIT', 'files': [{'role': 'model', 'name': 'broken.tflite'}],
    }  # fmt: skip
    (tmp_path / 'models.yaml').write_text(yaml.safe_dump({'models': {'broken': entry}}))
    (tmp_path / 'broken.tflite').write_bytes(b'TFL3, but no model')
    run = start('--source', 'actor', '--model', 'broken', POSE_ROS_MODEL_PATH=str(tmp_path))
    _, err = run.finish(1)
    assert err.startswith('pose-ros: pose_node: ')
    assert 'broken.tflite: expected a TFLite model' in err
    assert run.nodes() == {}


def test_a_damaged_model_is_said_before_anything_starts(start, tmp_path):
    for path in ModelStore().locate('blazepose_full').values():
        (tmp_path / path.name).write_bytes(b'TFL3, but no model')
    run = start('--source', 'actor', POSE_ROS_MODEL_PATH=str(tmp_path), XDG_CACHE_HOME='/none')
    out, err = run.finish(1)
    assert out == ''
    assert 'pose_detection.tflite: wrong size: expected 2959046 bytes, found 18' in err
    assert 'pose-ros models install blazepose_full' in err


def test_ctrl_c_ends_it_with_the_summary_and_no_process_left(start):
    run = start('--source', 'actor', '--duration', '300')
    run.read_until('Hz')
    assert set(run.nodes()) == NODES
    run.process.send_signal(signal.SIGINT)
    out, err = run.finish(0)
    assert run.nodes() == {}
    assert err == ''
    assert run.summary()['ended_by'] == 'SIGINT'
    assert run.summary()['frames_processed'] > 0
    assert 'frame rate' in out


def test_ctrl_c_while_starting_is_no_success(start):
    run = start('--source', 'actor')
    wait_for(run.nodes, 'the first node')
    run.process.send_signal(signal.SIGINT)
    _, err = run.finish(1)
    assert run.nodes() == {}
    assert err.strip() == 'pose-ros: no skeleton has arrived: ended by SIGINT'
    assert run.summary()['frames_processed'] == 0


def test_node_that_dies_is_reported_and_the_rest_is_ended(start):
    run = start('--source', 'actor', '--duration', '300')
    run.read_until('Hz')
    victim = run.nodes()['pose_node']
    segments = shared_memory_of(victim)
    os.kill(victim, signal.SIGKILL)
    _, err = run.finish(1)
    assert 'pose_node was ended by SIGKILL' in err
    assert segments
    assert not [name for name in segments if (SHARED_MEMORY / name).exists()]
    assert run.nodes() == {}
    assert run.summary()['ended_by'] == 'fault'
    assert run.summary()['frames_processed'] > 0


def test_summary_is_written_also_when_no_one_reads_the_output(start):
    run = start('--source', 'actor', '--duration', '300')
    run.read_until('Hz')
    run.process.stdout.close()
    run.process.stdout = None
    wait_for(lambda: run.process.poll() is not None, 'the end of the demo')
    assert run.nodes() == {}
    assert run.summary()['frames_processed'] > 0


def test_nodes_do_not_outlive_a_demo_that_is_killed(start):
    run = start('--source', 'actor', '--duration', '300')
    wait_for(lambda: set(run.nodes()) == NODES, 'all nodes')
    run.process.kill()
    wait_for(lambda: not run.nodes(), 'the end of the nodes')


@pytest.mark.parametrize(
    ('arguments', 'environment', 'reason'),
    [
        (
            ['--source', 'no.mp4'],
            {},
            "'no.mp4' is neither auto, camera, actor nor an existing file",
        ),
        (['--source', __file__], {}, 'not a video that can be decoded, nor an image'),
        (['--source', '/dev/video77'], {}, 'camera /dev/video77: there is no such device'),
        (['--source', 'actor:fly'], {}, "unknown motion 'fly'"),
        (['--scene', 'fly'], {}, "unknown motion 'fly', there are the scenes mixed, gestures"),
        (['--model', 'no_model'], {}, "unknown model 'no_model'"),
        (['--mode', 'crowd'], {}, "mode must be one of single, multi, auto, got 'crowd'"),
        (
            ['--model', 'blazepose_full'],
            {'POSE_ROS_MODEL_PATH': '', 'XDG_CACHE_HOME': '/nonexistent'},
            'pose-ros models install blazepose_full',
        ),
        (['--output', '/proc/demo'], {}, 'cannot write to /proc/demo'),
        ([], {'ROS_DOMAIN_ID': 'x'}, "ROS_DOMAIN_ID must be a number, 0 to 232, got 'x'"),
    ],
)
def test_what_cannot_work_is_said_in_one_line(start, arguments, environment, reason):
    run = start(*arguments, **environment)
    out, err = run.finish(1)
    assert out == ''
    assert reason in err
    assert err.startswith('pose-ros: ')
    assert err.count('\n') == 1


@pytest.mark.test_data('clips/wave_full_body.mp4', 'clips/stand_full_body.mp4')
def test_two_demos_at_once_tell_waving_from_standing(start, test_data, tmp_path):
    runs = {
        name: start(
            '--source', str(test_data / f'clips/{name}_full_body.mp4'), folder=tmp_path / name
        )
        for name in ('wave', 'stand')
    }
    summaries = {}
    for name, run in runs.items():
        run.finish(0)
        summaries[name] = run.summary()
        assert summaries[name]['ended_by'] == 'end of the video'
        assert summaries[name]['people_max'] == 1
        assert 'keypoint_error' not in summaries[name]
    assert any(name.startswith('wave') for name in summaries['wave']['gestures'])
    assert summaries['stand']['gestures'] == {}
    # All of the 125 and 106 images, except what comes while the nodes find each other.
    assert 90 <= summaries['wave']['frames_in'] <= 125
    assert 71 <= summaries['stand']['frames_in'] <= 106
