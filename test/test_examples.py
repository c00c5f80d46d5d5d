"""The example programs without ROS, with the real model on videos of the actor."""

from __future__ import annotations

import importlib.util
from pathlib import Path
import re
import subprocess
import sys

import cv2
import numpy as np
import pytest

from pose_ros.actor import Action, Actor, Scene, frames
from pose_ros.actor.motions.exercise_motions import exercise, usual
from pose_ros.core.media import VideoWriter

EXAMPLES = Path(__file__).parents[1] / 'examples'
PROGRAMS = sorted(EXAMPLES.glob('*.py'))


@pytest.fixture
def run(tmp_path):
    """Run an example on a video of an actor who does something; returns what it writes."""

    def run(program, *actions, duration):
        scene = Scene(duration=duration, fps=15, actors=(Actor(actions, height=380.0),))
        with VideoWriter(tmp_path / 'video.mp4', 15) as writer:
            for frame in frames(scene, seed=2):
                writer.write(frame.image[..., ::-1], frame.stamp)
        command = [sys.executable, EXAMPLES / program, tmp_path / 'video.mp4']
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    return run


def test_count_squats(run):
    squats = exercise('squat', usual('squat', repetitions=2))
    out = run('count_squats.py', Action(squats, 0.5), duration=8.0)
    assert out == ''.join(f'person 1: squat {i}, deep enough: yes\n' for i in (1, 2))


def test_count_squats_reads_a_camera(monkeypatch):
    spec = importlib.util.spec_from_file_location('count_squats', EXAMPLES / 'count_squats.py')
    count_squats = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(count_squats)

    class Camera:
        images = [np.full((4, 6, 3), (255, 0, 0), np.uint8)] * 2

        def __init__(self, number):
            assert number == 1

        def read(self):
            return (True, self.images.pop()) if self.images else (False, None)

    monkeypatch.setattr(cv2, 'VideoCapture', Camera)
    images = count_squats.camera_frames(1)
    first, second = next(images), next(images)
    assert first.channels == 'bgr'
    assert first.image[0, 0].tolist() == [255, 0, 0]
    assert first.stamp < second.stamp
    with pytest.raises(SystemExit, match='camera 1 delivers no image'):
        next(images)


def test_own_gesture(run):
    out = run('own_gesture.py', Action('hands_behind_head', 0.5, 1.5), duration=2.8)
    started, ended = re.findall(r'(\d\.\d) s: person 1, hands on head \(both\), (\w+)\n', out)
    assert (started[1], ended[1]) == ('started', 'ended')
    assert 0.8 <= float(started[0]) <= 1.6
    assert 1.6 <= float(ended[0]) <= 2.6
    assert run('own_gesture.py', Action('raise_both', 0.5, 1.5), duration=2.8) == ''


@pytest.mark.parametrize(
    ('arguments', 'reason'),
    [
        (['count_squats.py', 'none.mp4'], 'none.mp4: there is no such file\n'),
        (['own_gesture.py', 'none.mp4'], 'none.mp4: there is no such file\n'),
        (['own_gesture.py'], 'python3 own_gesture.py video.mp4'),
    ],
)
def test_a_program_says_what_is_wrong(arguments, reason):
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=EXAMPLES, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert reason in done.stderr
    assert 'Traceback' not in done.stderr


@pytest.mark.parametrize('path', PROGRAMS, ids=lambda path: path.stem)
def test_programs_are_short_listed_and_tested(path):
    assert len(path.read_text(encoding='utf-8').splitlines()) <= 60
    assert f'({path.name})' in (EXAMPLES / 'README.md').read_text(encoding='utf-8')
    tests = Path(__file__), Path(__file__).parent / 'ros/test_examples.py'
    assert any(f"'{path.name}'" in test.read_text(encoding='utf-8') for test in tests)
